package client

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// masked stands for what must not be shown.
const masked = "••••"

// masker keeps the API key out of every text that leaves the package. Secrets proper are masked by field; this is the
// last line of defence, for a server that echoes what it was sent.
type masker struct{ forms *strings.Replacer }

// newMasker prepares the key's forms: as it is, URL-escaped, in hexadecimal, and in base64 wherever it stands in a longer
// text. A key of less than 6 characters hides nothing and is left: masking it would only tear words apart.
func newMasker(key string) *masker {
	if len(key) < 6 {
		return &masker{forms: strings.NewReplacer()}
	}
	forms := []string{
		key, strings.ReplaceAll(key, "/", `\/`), url.QueryEscape(key), url.PathEscape(key),
		hex.EncodeToString([]byte(key)), strings.ToUpper(hex.EncodeToString([]byte(key))),
	}
	for lead := range 3 {
		// What stands before the key shifts its base64 by 0, 2 or 4 bits. The characters that also hold bits of the
		// neighbours are left out; the rest is the same in any text.
		raw := append(make([]byte, lead), key...)
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			s := enc.EncodeToString(raw)[(lead*8+5)/6:]
			if len(raw)%3 != 0 {
				s = s[:len(s)-1]
			}
			forms = append(forms, s)
		}
	}
	for _, f := range slices.Clone(forms) {
		forms = append(forms, url.QueryEscape(f), url.PathEscape(f)) // as a part of our own URLs
	}
	// Longest first: the replacer takes the first that fits.
	slices.SortFunc(forms, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	var pairs []string
	for _, f := range slices.Compact(forms) {
		pairs = append(pairs, f, masked)
	}
	return &masker{forms: strings.NewReplacer(pairs...)}
}

// text takes the key out of a text.
func (m *masker) text(s string) string { return m.forms.Replace(s) }

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

// clean makes a foreign text fit to print: without the key, without URL queries, on one line, at most limit characters.
func (m *masker) clean(s string, limit int) string {
	// The key is looked for in the whole text, before any cut can tear it apart.
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
// looks like one, and what people said on the phone.
var (
	secretNames = []string{
		"account_key", "authorization", "aws_access_key_id", "aws_secret_access_key", "credentials",
		"secret", "service_account", "transcription_text",
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

// fields gives a copy of a decoded value with secret fields, URL queries and the key masked.
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
