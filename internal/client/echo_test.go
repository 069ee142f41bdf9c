package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

const (
	testPEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw/gSjAgEAAoIBAQC7+VJTUt9Us8cKj\n" +
		"Gk2qPzXwV3sYd1rTb8nHfLmE5oUaC9iKyZ0QeWxN4uDpMg6Jt7RhSvFlBk+AqX=\n-----END PRIVATE KEY-----\n"
	testAWS   = "wJalrXUtnFEMI/K7MDENG+bPxRfiCY=EXAMPLEKEY"
	testOdd   = `p&<s>"w\n%41d 'é☎😀+ end`
	testQuery = "X-Amz-Credential=AKIA0123456789ABCDEF%2F20260716&X-Amz-Signature=9f86d081884c7d659a2feaa0c55ad015"
)

func testAccount() Object {
	return Object{
		"type": "service_account", "project_id": "canary-project-1", "private_key_id": "90a1b2c3d4e5f60718",
		"private_key": testPEM, "client_email": "robot@canary.example",
	}
}

func jsonText(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func inner(t testing.TB, s string) string {
	t.Helper()
	q := jsonText(t, s)
	return q[1 : len(q)-1]
}

// ways are how a server may write what it was sent.
func ways(t testing.TB) map[string]func(string) string {
	each := func(f func(b byte) string) func(string) string {
		return func(s string) string {
			var b strings.Builder
			for i := range len(s) {
				b.WriteString(f(s[i]))
			}
			return b.String()
		}
	}
	units := func(format string) func(string) string {
		return func(s string) string {
			var b strings.Builder
			for _, u := range utf16.Encode([]rune(s)) {
				fmt.Fprintf(&b, format, u)
			}
			return b.String()
		}
	}
	ascii := func(s string) string { // as Python and Ruby write JSON
		var b strings.Builder
		for _, r := range inner(t, s) {
			if r < 0x80 {
				b.WriteRune(r)
			} else {
				b.WriteString(units(`\u%04x`)(string(r)))
			}
		}
		return b.String()
	}
	b64 := func(enc *base64.Encoding, lead, tail string) func(string) string {
		return func(s string) string { return enc.EncodeToString([]byte(lead + s + tail)) }
	}
	do := func(fs ...func(string) string) func(string) string {
		return func(s string) string {
			for _, f := range fs {
				s = f(s)
			}
			return s
		}
	}
	quote := func(s string) string { return inner(t, s) }
	slashes := func(s string) string { return strings.ReplaceAll(inner(t, s), "/", `\/`) }
	std, uri := base64.StdEncoding, base64.URLEncoding
	return map[string]func(string) string{
		"plain":                 func(s string) string { return s },
		"JSON":                  quote,
		"JSON, its HTML plain":  func(s string) string { return quoted(s, false) },
		"JSON, slashes":         slashes,
		"JSON, ASCII":           ascii,
		"JSON, all escaped":     units(`\u%04x`),
		"JSON, all in capitals": units(`\u%04X`),
		"JSON in JSON":          do(quote, quote),
		"JSON in JSON in JSON":  do(slashes, slashes, slashes),
		"query":                 url.QueryEscape,
		"path":                  url.PathEscape,
		"query, small letters":  each(func(b byte) string { return fmt.Sprintf("%%%02x", b) }),
		"query in a query":      do(url.QueryEscape, url.QueryEscape),
		"JSON in a query":       do(quote, url.QueryEscape),
		"query in JSON":         do(url.QueryEscape, quote),
		"HTML":                  html.EscapeString,
		"quoted":                func(s string) string { return strings.Trim(fmt.Sprintf("%q", s), `"`) },
		"hex":                   func(s string) string { return hex.EncodeToString([]byte(s)) },
		"HEX":                   func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
		"JSON in hex":           do(quote, func(s string) string { return hex.EncodeToString([]byte(s)) }),
		"base64":                b64(std, "", ""),
		"base64, one before":    b64(std, "x", "yz"),
		"base64, two before":    b64(base64.RawStdEncoding, "xy", "z"),
		"base64url":             b64(uri, "", ""),
		"base64url, two before": b64(uri, "xy", "z"),
		"JSON in base64":        do(quote, b64(std, `{"credentials":"`, `"}`)),
		"base64 in a query":     do(b64(std, "x", ""), url.QueryEscape),
		"base64 in JSON":        do(b64(std, "", ""), slashes),
	}
}

// places are where a server may put it.
func places(t testing.TB, echo string) map[string]roundTrip {
	j := inner(t, echo)
	answer := func(status int, body string, headers ...string) roundTrip {
		return func(*http.Request) (*http.Response, error) { return respond(status, body, headers...), nil }
	}
	return map[string]roundTrip{
		"code":       answer(422, `{"errors":[{"code":"`+j+`"}]}`),
		"title":      answer(422, `{"errors":[{"code":"1","title":"bad `+j+`"}]}`),
		"detail":     answer(400, `{"errors":[{"code":"1","title":"T","detail":"`+strings.Repeat("x", maxText-20)+j+`"}]}`),
		"details":    answer(400, `{"errors":[{"code":"1","title":"T","detail":{"`+j+`":["`+j+`"]}}]}`),
		"pointer":    answer(422, `{"errors":[{"code":"1","title":"T","source":{"pointer":"/`+j+`"}}]}`),
		"fields":     answer(422, `{"errors":{"`+j+`":["`+j+`"]}}`),
		"cut JSON":   answer(500, `{"errors":[{"title":"`+j),
		"text":       answer(400, "bad "+echo, "Content-Type", "text/plain"),
		"type":       answer(400, "", "Content-Type", "text/"+echo),
		"content":    answer(200, "x", "Content-Type", "text/"+echo),
		"request id": answer(403, "", "X-Request-Id", echo, "Retry-After", echo, "X-Ratelimit-Limit", echo),
		"accepted":   answer(201, `{"data":{}}`, "X-Request-Id", echo, "X-Ratelimit-Remaining", echo),
		"moved":      answer(302, "", "Location", "https://h/"+echo+"?"+echo),
		"success":    answer(200, `{"data":{"x":"`+j+`","`+j+`":["`+j+`"]}}`),
		"not data":   answer(200, `{"data":"`+j+`"}`),
		"fails":      func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("malformed answer %s", echo) },
		"breaks off": func(*http.Request) (*http.Response, error) {
			resp := respond(200, "")
			resp.Body = struct {
				readerFunc
				closer
			}{func([]byte) (int, error) { return 0, fmt.Errorf("malformed chunk %s", echo) }, func() {}}
			return resp, nil
		},
	}
}

// secretCall is a call that sends secrets: texts as a server may take them out of it, each with what in it is secret.
type secretCall struct {
	call    func(context.Context, *Client) (Meta, error)
	secrets map[string][]string
}

func secretCalls(t testing.TB) map[string]secretCall {
	storage := func(put bool, configuration Object) func(context.Context, *Client) (Meta, error) {
		body := Object{"backend": "x", "configuration": configuration}
		return func(ctx context.Context, c *Client) (m Meta, err error) {
			if put {
				_, m, err = c.StorageCredentials().Update(ctx, "1", body)
			} else {
				_, m, err = c.StorageCredentials().Create(ctx, "1", body)
			}
			return m, err
		}
	}
	self := func(secrets ...string) map[string][]string {
		m := map[string][]string{}
		for _, s := range secrets {
			m[s] = []string{s}
		}
		return m
	}
	account := jsonText(t, testAccount())
	lines := strings.Split(strings.TrimSpace(testPEM), "\n")
	values := []string{"90a1b2c3d4e5f60718", "robot@canary.example", "canary-project-1"}
	google := map[string][]string{
		account:                       append(slices.Clone(values), lines...),
		testPEM:                       lines,
		strings.Join(lines, "\r\n"):   lines,
		strings.Join(values, ", or "): values,
	}
	return map[string]secretCall{
		"s3": {
			storage(false, Object{"bucket": "b", "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": testAWS}),
			self("AKIAIOSFODNN7EXAMPLE", testAWS),
		},
		"azure":  {storage(true, Object{"bucket": "b", "account_key": testOdd}), self(testOdd)},
		"nested": {storage(true, Object{"credentials": []any{Object{"deep": []any{testAWS}}}}), self(testAWS)},
		"gcs":    {storage(false, Object{"credentials": account}), google},
		"dialogflow": {func(ctx context.Context, c *Client) (Meta, error) {
			_, m, err := c.DialogflowConnections().Create(ctx, "1", Object{"service_account": testAccount(), "environment": "x"})
			return m, err
		}, google},
		"media": {func(ctx context.Context, c *Client) (Meta, error) {
			_, m, err := c.Media().Update(ctx, "a", MediaContent{URL: "https://u:hunter22@h/x.mp3?" + testQuery, TTL: time.Hour})
			return m, err
		}, map[string][]string{
			testQuery:  {"AKIA0123456789ABCDEF%2F20260716", "9f86d081884c7d659a2feaa0c55ad015"},
			"hunter22": {"hunter22"},
		}},
	}
}

// pieces are all pieces of eight bytes in secrets and in how they were written: any one of them in what is shown betrays
// a secret.
func pieces(way string, write func(string) string, secrets ...string) map[string]bool {
	out := map[string]bool{}
	for _, s := range secrets {
		texts := append(encoded(s), s, escape(s))
		if !strings.Contains(way, "base64") { // which also holds the neighbours
			texts = append(texts, write(s), escape(write(s)))
		}
		for _, t := range texts {
			for i := 0; i+8 <= len(t); i++ {
				out[t[i:i+8]] = true
			}
		}
	}
	return out
}

func check(t *testing.T, where, shown string, betray map[string]bool) {
	t.Helper()
	for i := 0; i+8 <= len(shown); i++ {
		if betray[shown[i:i+8]] {
			t.Fatalf("%s: %q shows in\n%.2000s", where, shown[i:i+8], shown)
		}
	}
}

// encoded are a secret's own characters in base64, wherever it stands in what was encoded.
func encoded(secret string) []string {
	var out []string
	for lead := range 3 {
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			s := enc.EncodeToString([]byte(strings.Repeat("x", lead) + secret))
			out = append(out, s[3:len(s)-1])
		}
	}
	return out
}

// Wherever and however a server echoes the secrets of a body, they come out of nowhere.
func TestSecretsOfABodyNeverShow(t *testing.T) {
	for kind, sc := range secretCalls(t) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			for way, write := range ways(t) {
				for text, secrets := range sc.secrets {
					betray := pieces(way, write, secrets...)
					for place, rt := range places(t, write(text)) {
						if len(sc.secrets) > 2 && !slices.Contains([]string{"details", "cut JSON", "fails", "success"}, place) {
							continue // the others go through all places
						}
						check(t, way+" in "+place, exchangeWith(t, testKey, sc.call, rt), betray)
					}
				}
			}
		})
	}
}

// exchangeWith makes a call and gives everything that can be seen of it.
func exchangeWith(t testing.TB, key string, call func(context.Context, *Client) (Meta, error), rt roundTrip) string {
	var out bytes.Buffer
	c, err := New(Config{Key: key, Trace: &out, Transport: rt, OnCall: func(c Call) { fmt.Fprintf(&out, "%+v\n", c) }})
	if err != nil {
		t.Fatal(err)
	}
	c.budget.tokens = 0
	m, err := call(context.Background(), c)
	fmt.Fprintf(&out, "%+v %v %+v %#v\n", m, err, err, err)
	if e, ok := err.(*Error); ok {
		fmt.Fprintf(&out, "%+v\n", *e)
	}
	return out.String()
}

// As the secrets of bodies, so the key, though it should be one that all escapes change.
func TestAnOddKeyNeverShows(t *testing.T) {
	const key = `KEY"a<b>&c\d/canary+9b1c%41é`
	call := func(ctx context.Context, c *Client) (Meta, error) {
		_, m, err := c.SIPRECConnectors().Create(ctx, Object{"name": "a"})
		return m, err
	}
	for way, write := range ways(t) {
		betray := pieces(way, write, key)
		for place, rt := range places(t, write(key)) {
			check(t, way+" in "+place, exchangeWith(t, key, call, rt), betray)
		}
	}
}
