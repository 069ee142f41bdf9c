package client

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// minPiece is the length from which a part of a secret is one too: a line, or a parameter of a presigned URL.
const minPiece = 20

// maskFor is the masker of a request with this body: of the key, and of what is secret in the body. It is nil, which
// stands for the client's own, where nothing is.
func (c *Client) maskFor(body []byte) *masker {
	found := secretsOf(body)
	if len(found) == 0 {
		return nil
	}
	return newMasker(append(found, c.key)...)
}

// secretsOf lists what is secret in a JSON body, in no order.
func secretsOf(body []byte) []string {
	v, err := decode(body)
	if err != nil {
		return nil
	}
	s := secrets{names: map[string]bool{}}
	s.walk(v, false)
	// Telnyx has to be able to say service_account, though that is also the type in every service account.
	return slices.DeleteFunc(s.found, func(text string) bool { return s.names[text] || slices.Contains(secretNames, text) })
}

// secrets collects what must not be shown of a body, whatever an answer makes of it.
type secrets struct {
	found []string
	names map[string]bool // of the fields
}

func (s *secrets) walk(v any, secret bool) {
	switch v := v.(type) {
	case string:
		if secret {
			s.add(v)
		} else {
			s.query(v)
		}
	case json.Number:
		if secret {
			s.add(v.String())
		}
	case []any:
		for _, x := range v {
			s.walk(x, secret)
		}
	case Object:
		for k, x := range v {
			s.names[k] = true
			if secretField(k) && !secret {
				s.whole(x)
			}
			s.walk(x, secret || secretField(k))
		}
	}
}

// add takes a secret text, its longer lines (a PEM key comes back with all kinds of line breaks), and what is in it where
// it is JSON, as Google's credentials are.
func (s *secrets) add(text string) {
	text = strings.TrimSpace(text)
	if len(text) < minSecret {
		return
	}
	s.found = append(s.found, text)
	s.pieces(text, "\r\n")
	if text[0] == '{' || text[0] == '[' {
		if v, err := decode([]byte(text)); err == nil {
			s.whole(v)
			s.walk(v, true)
		}
	}
}

func (s *secrets) pieces(text, separators string) {
	for _, p := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if p = strings.TrimSpace(p); len(p) >= minPiece {
			s.found = append(s.found, p)
		}
	}
}

// whole takes the JSON text of an object or list.
func (s *secrets) whole(v any) {
	switch v.(type) {
	case Object, []any:
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err == nil && b.Len() > minPiece {
			s.found = append(s.found, strings.TrimSpace(b.String()))
		}
	}
}

// query takes what urls hides of a URL: the query of one that is presigned, and a user.
func (s *secrets) query(text string) {
	if !strings.Contains(text, "://") {
		return
	}
	u, err := url.Parse(text)
	if err != nil {
		return
	}
	if len(u.RawQuery) >= minSecret {
		s.found = append(s.found, u.RawQuery)
		s.pieces(u.RawQuery, "&=")
	}
	if u.User == nil {
		return
	}
	password, _ := u.User.Password()
	for _, t := range []string{u.User.String(), u.User.Username(), password} {
		if len(t) >= minSecret {
			s.found = append(s.found, t)
		}
	}
}
