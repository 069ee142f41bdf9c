package client

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// masked stands for what must not be shown.
const masked = "••••"

// minSecret is the length from which a text is looked for. A shorter one hides nothing: masking it would only tear words
// apart.
const minSecret = 6

// layers is how many escapes on top of each other are seen through.
const layers = 4

// masker keeps secrets out of every text that leaves the package: the API key, and what is secret in the body of a
// request. Fields are masked by their names; this is the last line of defence, for a server that echoes what it was sent.
type masker struct{ forms *strings.Replacer }

func newMasker(secrets ...string) *masker {
	var forms []string
	for _, s := range slices.Compact(slices.Sorted(slices.Values(secrets))) {
		if len(s) >= minSecret {
			forms = append(forms, formsOf(s)...)
		}
	}
	// Longest first: the replacer takes the first that fits.
	slices.SortFunc(forms, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	var pairs []string
	for _, f := range slices.Compact(forms) {
		if len(f) >= minSecret {
			pairs = append(pairs, f, masked)
		}
	}
	return &masker{forms: strings.NewReplacer(pairs...)}
}

// formsOf gives a secret as it is, JSON- and URL-escaped, in hexadecimal, and in base64 wherever it stands in a longer
// text.
func formsOf(secret string) []string {
	written := slices.Compact([]string{secret, quoted(secret, true), quoted(secret, false)})
	forms := append(slices.Clone(written), strings.ReplaceAll(secret, "/", `\/`), url.QueryEscape(secret), url.PathEscape(secret))
	for _, f := range slices.Clone(forms) {
		// A secret that looks escaped itself, or with a + for each space, is changed when an escape is undone.
		for range layers {
			f = unescape(f)
			forms = append(forms, f)
		}
	}
	for _, w := range written {
		digits := hex.EncodeToString([]byte(w))
		forms = append(forms, digits, strings.ToUpper(digits))
		for lead := range 3 {
			// What stands before it shifts its base64 by 0, 2 or 4 bits. The characters that also hold bits of the
			// neighbours are left out; the rest is the same in any text.
			raw := append(make([]byte, lead), w...)
			for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
				s := enc.EncodeToString(raw)[(lead*8+5)/6:]
				if len(raw)%3 != 0 {
					s = s[:len(s)-1]
				}
				forms = append(forms, s)
			}
		}
	}
	return forms
}

// quoted is a text as it stands between the quotes of a JSON string.
func quoted(s string, escapeHTML bool) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(escapeHTML)
	if err := e.Encode(s); err != nil {
		return s
	}
	return strings.TrimSuffix(b.String()[1:], "\"\n")
}

// text takes the secrets out of a text. One that is found only when escapes are undone comes out in a text without them.
func (m *masker) text(s string) string {
	s = m.forms.Replace(s)
	plain := s
	for range layers {
		next := unescape(plain)
		if next == plain {
			break
		}
		plain = m.forms.Replace(next)
		if plain != next {
			s = plain
		}
	}
	return s
}

var withQuery = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)(?:[^\s"'<>/?#]*@)?([^\s"'<>?]*)(\?[^\s"'<>]*)?`)

// urls takes user info and query strings out of the URLs in a text: a presigned URL is a key to what it points at.
func urls(s string) string {
	if !strings.Contains(s, "://") {
		return s
	}
	return withQuery.ReplaceAllStringFunc(s, func(u string) string {
		p := withQuery.FindStringSubmatch(u)
		if p[3] != "" {
			p[3] = "?…"
		}
		return p[1] + p[2] + p[3]
	})
}

// clean makes a foreign text fit to print: without secrets, without URL queries, on one line, at most limit characters.
func (m *masker) clean(s string, limit int) string {
	// Secrets are looked for in the whole text, before any cut can tear them apart.
	s = m.text(s)
	if far := 100 * limit; len(s) > far {
		s = s[:far]
	}
	return cut(escape(urls(s)), limit)
}

// cut bounds a text to limit characters.
func cut(s string, limit int) string {
	if len(s) <= limit || utf8.RuneCountInString(s) <= limit {
		return s
	}
	n := 0
	for i := range s {
		if n == limit-1 {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// secretNames and secretEndings name the JSON fields that are never shown: credentials of storage and Dialogflow, what
// looks like one, the PIN that keeps a number from being ported away, and what people said on the phone, as text or as
// URLs that lead there.
var (
	secretNames = []string{
		"account_key", "authorization", "aws_access_key_id", "aws_secret_access_key", "credentials",
		"download_urls", "external_pin", "secret", "service_account", "transcription_text",
	}
	secretEndings = []string{"_secret", "_key", "password", "token"}
)

func secretField(name string) bool {
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	if slices.Contains(secretNames, name) {
		return true
	}
	return slices.ContainsFunc(secretEndings, func(end string) bool { return strings.HasSuffix(name, end) })
}

// Masked is an object without secrets, for people: fields that hold one, and addresses that are as good as keys, show as
// dots. A transcription keeps its text, which is what somebody reads one for.
func (c *Client) Masked(o Object) Object {
	out, _ := c.mask.fields(o).(Object)
	const spoken = "transcription_text"
	if text, ok := o[spoken]; ok {
		out[spoken] = text
	}
	return out
}

// fields gives a copy of a decoded value with secret fields, URL queries and secrets masked.
func (m *masker) fields(v any) any {
	switch v := v.(type) {
	case string:
		return urls(m.text(v))
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = m.fields(v[i])
		}
		return out
	case Object:
		out := make(Object, len(v))
		for k, x := range v {
			if secretField(k) {
				out[m.text(k)] = masked
			} else {
				out[m.text(k)] = m.fields(x)
			}
		}
		return out
	}
	return v
}
