package resource

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Opaque is a value that is compared and remembered by its digest: a secret, or the content of a
// file. The value itself only goes over the wire.
type Opaque interface{ Digest() string }

// noDigest stands for the digest of a secret where there is no state to give one: it is no digest that
// was applied, and not nothing either.
const noDigest = "(no digest)"

// Remembered returns a value with digests in the place of what is opaque. Trees are copied.
func Remembered(v any) any {
	switch v := v.(type) {
	case string, int64, bool: // most values are one of these
	case Opaque:
		if d := v.Digest(); d != "" {
			return d
		}
		return noDigest
	case Object:
		out := make(Object, len(v))
		for k, e := range v {
			out[k] = Remembered(e)
		}
		return out
	}
	return v // lists hold nothing opaque, see listOf
}

// Secret takes a reference to a secret and nothing else: {env: …}, {file: …} or {credential: …}. As
// a value it is what the reference led to: however it is printed, marshalled or logged, it shows as
// dots.
type Secret struct{ at **secret }

// secret is behind a pointer to a pointer, so that printing what holds a Secret shows an address at
// most: in a field that is not exported fmt calls no method, and with a verb that does not fit (%s) it
// writes out what a plain pointer leads to.
type secret struct{ value, digest string }

// NewSecret makes the value; digest is a keyed hash of it, "" where there is no key.
func NewSecret(value, digest string) Secret {
	s := &secret{value, digest}
	return Secret{&s}
}

// Reveal gives the secret itself, for the body of a request.
func (s Secret) Reveal() string {
	if s.at == nil {
		return ""
	}
	return (*s.at).value
}

// Digest is the keyed hash.
func (s Secret) Digest() string {
	if s.at == nil {
		return ""
	}
	return (*s.at).digest
}

// Object is the secret itself where it is the text of a JSON object; else nil.
func (s Secret) Object() Object {
	d := json.NewDecoder(strings.NewReader(s.Reveal()))
	d.UseNumber()
	var o Object
	if err := d.Decode(&o); err != nil {
		return nil
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil // there is more behind it
	}
	return o
}

// Dots is what a secret is shown as.
const Dots = "••••"

// String is dots.
func (Secret) String() string { return Dots }

// Format writes dots, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, Dots) }

// MarshalText gives dots.
func (Secret) MarshalText() ([]byte, error) { return []byte(Dots), nil }

// SecretRef says where a secret is read from; exactly one field is set. It is not the secret.
type SecretRef struct {
	Env        string `json:"env,omitempty"`
	File       string `json:"file,omitempty"` // absolute
	Credential string `json:"credential,omitempty"`
}

// String is the reference as it is written in the YAML.
func (r SecretRef) String() string {
	switch {
	case r.Env != "":
		return "{env: " + r.Env + "}"
	case r.File != "":
		return "{file: " + r.File + "}"
	}
	return "{credential: " + r.Credential + "}"
}

// Resolved is what a reference led to: the secret, or why there is none.
type Resolved struct {
	Secret Secret
	Err    error
}

// File takes the path of a file, relative to the YAML file. As a value it is the file as it was when
// the configuration was read.
type File struct {
	Root   string // absolute: the directory that the path may not leave
	Name   string // below Root
	Size   int64  // in bytes
	SHA256 string // of the content, in hexadecimal
	Type   string // MIME type, by the content: "audio/mpeg"
}

const fileDigest = "sha256:"

// Digest is that of the content: a file that is renamed is the same.
func (f File) Digest() string { return fileDigest + f.SHA256 }

// FileDigest is the digest of a content with this SHA-256 sum.
func FileDigest(sha256 []byte) string { return fmt.Sprintf("%s%x", fileDigest, sha256) }

// MarshalJSON shows the name and the digest.
func (f File) MarshalJSON() ([]byte, error) {
	return json.Marshal(fmt.Sprintf("%s (%s, %d bytes)", f.Name, f.Digest(), f.Size))
}

// Short shortens the digest of a file for the eye.
func Short(text string) string {
	const shown = 12
	i := strings.Index(text, fileDigest)
	if i < 0 || len(text) < i+len(fileDigest)+64 {
		return text
	}
	end := i + len(fileDigest)
	return text[:end+shown] + "…" + text[end+64:]
}
