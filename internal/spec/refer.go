package spec

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"telnyxsync/internal/resource"

	"github.com/gabriel-vasile/mimetype"
	"gopkg.in/yaml.v3"
)

// content reads the path of a file and looks at the file: what is wrong with it is to be known
// before anything is sent. Its content is not kept.
func (d *decoder) content(s *resource.Schema, n *yaml.Node, path string) (resource.File, bool) {
	f, text, ok := d.within(n, path)
	if !ok {
		return f, false
	}
	if err := look(&f, s.MaxBytes); err != nil {
		d.failReferred(n, path, text, err)
		return f, false
	}
	return f, true
}

// within reads the path of a file, which may not leave the configuration's root; text is how it was
// written. Of the file, only where it lies is known.
func (d *decoder) within(n *yaml.Node, path string) (f resource.File, text string, ok bool) {
	text, ok = d.string(&resource.Schema{Type: resource.String, Required: true}, n, path)
	if !ok {
		return f, text, false
	}
	f = resource.File{Root: d.at.root, Name: filepath.Join(filepath.Dir(d.at.name), text)}
	if filepath.IsAbs(text) {
		rel, err := filepath.Rel(d.at.root, text)
		if err != nil {
			rel = text
		}
		f.Name = rel
	}
	if !filepath.IsLocal(f.Name) {
		d.fail(n, path, "%s lies outside of the configuration's root %s: move it there, or give the directory above as PATH", clip(text), d.at.shownRoot())
		return f, text, false
	}
	d.files = append(d.files, filepath.Join(f.Root, f.Name)) // also one that is wrong: it may be mended
	return f, text, true
}

// failReferred reports what is wrong with a file that is referred to.
func (d *decoder) failReferred(n *yaml.Node, path, text string, err error) {
	hint := ""
	if strings.HasPrefix(text, "~") {
		hint = "; ~ is not expanded"
	}
	d.fail(n, path, "the file %s: %s%s", clip(text), why(err), hint)
}

var errChanged = errors.New("it changed while it was read: run this again")

// open opens a file that is referred to: a plain one that is not empty.
func open(f resource.File) (*os.File, int64, error) {
	root, err := os.OpenRoot(f.Root)
	if err != nil {
		return nil, 0, err
	}
	defer root.Close()
	if info, err := root.Stat(f.Name); err != nil { // before opening it: a device may act on that
		return nil, 0, err
	} else if !info.Mode().IsRegular() {
		return nil, 0, errNotRegular
	}
	file, err := root.OpenFile(f.Name, readOnly, 0)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = errNotRegular
	case info.Size() == 0:
		err = errors.New("it is empty: was it written completely?")
	default:
		return file, info.Size(), nil
	}
	file.Close()
	return nil, 0, err
}

// look takes down what a file is.
func look(f *resource.File, most int64) error {
	file, size, err := open(*f)
	if err != nil {
		return err
	}
	defer file.Close()
	if most > 0 && size > most {
		return fmt.Errorf("it has %d bytes, more than the %d MB that Telnyx takes: make it shorter or compress it more", size, most>>20)
	}
	kind, err := mimetype.DetectReader(file)
	if err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	sum := sha256.New()
	f.Size, err = io.Copy(sum, io.LimitReader(file, size+1))
	if err == nil && f.Size != size {
		err = errChanged
	}
	f.SHA256 = hex.EncodeToString(sum.Sum(nil))
	f.Type, _, _ = strings.Cut(kind.String(), ";")
	return err
}

// isSecretRef tells whether a value looks like a reference to a secret.
func isSecretRef(n *yaml.Node) bool {
	return n.Kind == yaml.MappingNode && len(n.Content) == 2 && slices.Contains([]string{"env", "file", "credential"}, n.Content[0].Value)
}

var (
	envName        = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	credentialName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,255}$`)
)

// The API key's own places: what stands in the YAML may not send the key anywhere.
const (
	keyEnv        = "TELNYX_API_KEY"
	keyCredential = "api-key"
)

// secret reads a reference to a secret. The secret itself has no business in the YAML.
func (d *decoder) secret(n *yaml.Node, path string) (any, bool) {
	f, ok := d.texts(n, path, "a reference to a secret, {env: NAME}, {file: PATH} or {credential: NAME}; a secret never stands in the YAML", "env", "file", "credential")
	if !ok {
		return nil, false
	}
	r := resource.SecretRef{Env: f["env"], File: f["file"], Credential: f["credential"]}
	switch {
	case r.Env == keyEnv, r.Credential == keyCredential:
		d.fail(n, path, "this is the API key, which no field may hold: give the secret a place of its own")
		return nil, false
	case r.Env != "" && !envName.MatchString(r.Env):
		d.fail(n, path, "what stands behind env is no name of an environment variable: write letters, digits and underscores")
		return nil, false
	case r.Credential != "" && (!credentialName.MatchString(r.Credential) || r.Credential == "." || r.Credential == ".."):
		d.fail(n, path, "what stands behind credential is no name of a systemd credential: write letters, digits, dots and dashes")
		return nil, false
	}
	if r.File != "" {
		if !filepath.IsAbs(r.File) {
			r.File = filepath.Join(d.at.root, filepath.Dir(d.at.name), r.File)
		}
		r.File = filepath.Clean(r.File)
		d.files = append(d.files, r.File)
	}
	return r, true
}
