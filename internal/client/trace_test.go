package client

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		n := 0
		c := newClient(t, Config{Trace: &out, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			time.Sleep(12 * time.Millisecond)
			switch n++; n {
			case 1:
				return respond(201, `{"data":{"name":"a","auth_token":"t0ken"}}`, "X-Request-Id", "5f\x1b", "X-Ratelimit-Remaining", "9"), nil
			case 2:
				return nil, errReset
			}
			return respond(200, "<html>login</html>", "Content-Type", "text/html; charset=utf-8"), nil
		})})
		c.budget.tokens = 1
		c.SIPRECConnectors().Create(t.Context(), Object{"name": "a", "credentials": Object{"x": "y"}})
		out2 := out.String()
		want := "→ POST /v2/siprec_connectors\n" +
			`  {"credentials":"••••","name":"a"}` + "\n" +
			`← 201 12ms request-id 5f\x1b x-ratelimit-remaining 9 POST /siprec_connectors` + "\n" +
			`  {"data":{"auth_token":"••••","name":"a"}}` + "\n"
		if out2 != want {
			t.Errorf("\ngot  %s\nwant %s", out2, want)
		}
		out.Reset()
		c.PhoneNumbers().CountByConnection(t.Context(), "7")
		want = "→ GET /v2/phone_numbers?filter%5Bconnection_id%5D=7&page%5Bsize%5D=1\n" +
			"✗ 12ms GET /phone_numbers: read tcp: connection reset by peer\n" +
			"→ GET /v2/phone_numbers?filter%5Bconnection_id%5D=7&page%5Bsize%5D=1 (attempt 2)\n" +
			"← 200 12ms GET /phone_numbers\n  (text/html, 18 bytes)\n"
		if out.String() != want {
			t.Errorf("\ngot  %s\nwant %s", out.String(), want)
		}
	})
}

func TestTraceBodies(t *testing.T) {
	m := newMasker(testKey)
	for body, want := range map[string]string{
		``:    ``,
		`{}`:  `{}`,
		`[1]`: `[1]`,
		`{"aws_access_key_id":"A","aws_secret_access_key":"B","account_key":"C","credentials":{"a":1},"service_account":"{}"}`: `{"account_key":"••••","aws_access_key_id":"••••","aws_secret_access_key":"••••","credentials":"••••","service_account":"••••"}`,
		`{"data":[{"configuration":{"client_secret":1,"api_key":[1],"Password":"p","sip-password":"p","token":null}}]}`:        `{"data":[{"configuration":{"Password":"••••","api_key":"••••","client_secret":"••••","sip-password":"••••","token":"••••"}}]}`,
		`{"key":"not secret","id":1911630617284445511,"transcription_text":"hello"}`:                                           `{"id":1911630617284445511,"key":"not secret","transcription_text":"••••"}`,
		`{"download_urls":{"mp3":"https://s3.example.com/r.mp3?X-Amz-Signature=sesame&a=b"}}`:                                  `{"download_urls":"••••"}`,
		`{"media_url":"https://s3.example.com/r.mp3?X-Amz-Signature=sesame&a=b"}`:                                              `{"media_url":"https://s3.example.com/r.mp3?…"}`,
		`{"t":"see https://a:b@h/x?y and http://h/z"}`:                                                                         `{"t":"see https://h/x?… and http://h/z"}`,
		`{"` + testKey + `":"Bearer ` + testKey + `"}`:                                                                         `{"••••":"Bearer ••••"}`,
		"{\"a\":\"\u009b\u202e<&>\\u0007\"}":                                                                                   `{"a":"\u009b\u202e<&>\u0007"}`,
		`not json`:                                                                                                             `(text/plain, 8 bytes)`,
		"\x1b[2J":                                                                                                              `(text/plain, 4 bytes)`,
		`{"a":1} {"b":2}`:                                                                                                      `(text/plain, 15 bytes)`,
	} {
		if got := traceBody(m, "text/plain", []byte(body)); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", body, got, want)
		}
	}
	if got := traceBody(m, "\x1b;;", []byte("x")); got != "(unknown type, 1 bytes)" {
		t.Error(got)
	}
	long := traceBody(m, "", []byte(`"`+strings.Repeat("é", 10_000)+`"`))
	if len(long) > maxTraceBody+30 || !strings.HasSuffix(long, "… (20002 bytes)") {
		t.Errorf("%d bytes, ending %s", len(long), long[len(long)-20:])
	}
}

func TestTraceLinesDoNotMix(t *testing.T) {
	var mu sync.Mutex
	var writes []string
	c := newClient(t, Config{
		Trace: writer(func(p []byte) {
			mu.Lock()
			defer mu.Unlock()
			writes = append(writes, string(p))
		}),
		Transport: roundTrip(func(*http.Request) (*http.Response, error) { return respond(200, `{"data":{}}`), nil }),
	})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() { c.ExternalConnections().Get(t.Context(), fmt.Sprint(i)) })
	}
	wg.Wait()
	if len(writes) != 100 {
		t.Errorf("%d writes for 50 requests", len(writes))
	}
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

// Wherever a server echoes the key, it comes out of nowhere.
func TestTheKeyNeverShows(t *testing.T) {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	forms := []string{
		testKey, url.QueryEscape(testKey), url.PathEscape(testKey), hex.EncodeToString([]byte(testKey)), b64(testKey), b64("Bearer " + testKey), b64("x" + testKey + "y"),
		b64("user:" + testKey), base64.RawURLEncoding.EncodeToString([]byte("xy" + testKey)),
	}
	// What betrays the key: a stretch from the middle of each form.
	var canaries []string
	for _, f := range forms {
		canaries = append(canaries, f[len(f)/3:len(f)/3+8])
	}
	for _, form := range forms {
		for name, rt := range map[string]roundTrip{
			"json": func(*http.Request) (*http.Response, error) {
				return respond(422, `{"errors":[{"code":"`+form+`","title":"`+form+`","detail":{"`+form+`":"`+form+`"},"source":{"pointer":"`+form+`"}}]}`), nil
			},
			"text": func(*http.Request) (*http.Response, error) {
				return respond(400, "bad "+form, "Content-Type", form), nil
			},
			"header": func(*http.Request) (*http.Response, error) {
				return respond(403, "", "X-Request-Id", form, "Retry-After", form), nil
			},
			"content": func(*http.Request) (*http.Response, error) {
				return respond(200, form, "Content-Type", "text/"+form), nil
			},
			"moved": func(*http.Request) (*http.Response, error) {
				return respond(302, "", "Location", "https://h/"+form+"?"+form), nil
			},
			"astray":  func(*http.Request) (*http.Response, error) { return respond(302, "", "Location", "://"+form), nil },
			"fails":   func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("malformed answer %q", form) },
			"success": func(*http.Request) (*http.Response, error) { return respond(200, `{"data":{"x":"`+form+`"}}`), nil },
			"list": func(*http.Request) (*http.Response, error) {
				return respond(200, `{"data":[{"id":"`+form+`"},{"id":"`+form+`"}],"meta":{"total_results":2}}`), nil
			},
		} {
			var out bytes.Buffer
			var seen strings.Builder
			c := newClient(t, Config{Trace: &out, Transport: rt, OnCall: func(c Call) { fmt.Fprintf(&seen, "%+v\n", c) }})
			c.budget.tokens = 0
			_, err1 := c.SIPRECConnectors().Get(t.Context(), form)
			_, m, err2 := c.SIPRECConnectors().Create(t.Context(), Object{"key-in-" + form: form})
			_, err3 := c.ExternalConnections().List(t.Context())
			for _, err := range []error{err1, err2, err3} {
				fmt.Fprintf(&seen, "%v %+v %#v\n", err, err, err)
				if e, ok := err.(*Error); ok {
					fmt.Fprintf(&seen, "%+v\n", *e)
				}
			}
			fmt.Fprintf(&seen, "%+v", m)
			for _, canary := range canaries {
				if strings.Contains(out.String(), canary) {
					t.Errorf("%s, %s: the trace shows %s:\n%s", name, form, canary, out.String())
				}
				if strings.Contains(seen.String(), canary) {
					t.Errorf("%s, %s: an error shows %s:\n%s", name, form, canary, seen.String())
				}
			}
			if strings.Contains(out.String()+seen.String(), "Authorization") {
				t.Error("the header is printed")
			}
		}
	}
}
