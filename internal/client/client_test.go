package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"telnyxsync/internal/testrun"

	"go.uber.org/goleak"
)

const testKey = "KEY0189F3+canary/9b1c=zQ"

func TestMain(m *testing.M) { goleak.VerifyTestMain(testrun.Tests{M: m}) }

// roundTrip answers in memory: nothing but that works under the clock of testing/synctest.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func respond(status int, body string, headers ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

func newClient(t *testing.T, cfg Config) *Client {
	t.Helper()
	if cfg.Key == "" {
		cfg.Key = testKey
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// serve runs a real server and a client of it.
func serve(t *testing.T, cfg Config, h http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	cfg.BaseURL = s.URL + "/v2"
	return newClient(t, cfg)
}

// always gives a client whose every request gets the same answer, and the count of requests.
func always(t *testing.T, status int, body string, headers ...string) (*Client, *atomic.Int32) {
	t.Helper()
	var n atomic.Int32
	return newClient(t, Config{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		n.Add(1)
		return respond(status, body, headers...), nil
	})}), &n
}

func apiError(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("want an *Error, got %T: %v", err, err)
	}
	return e
}

func TestNewChecksTheKey(t *testing.T) {
	for _, key := range []string{"", " ", "abc def", "abcdef\n", "abc\x00def", "abc\u202edef", "abc\u00a0def"} {
		_, err := New(Config{Key: key})
		if err == nil || !strings.Contains(err.Error(), "portal.telnyx.com") {
			t.Errorf("key %q: %v", key, err)
		}
		if key != "" && key != " " && err != nil && strings.Contains(err.Error(), key) {
			t.Errorf("key %q shows in %v", key, err)
		}
	}
}

func TestBaseURL(t *testing.T) {
	for in, want := range map[string]string{
		"":                             "https://api.telnyx.com/v2",
		"https://api.telnyx.com/v2/":   "https://api.telnyx.com/v2",
		"https://API.Telnyx.com:443":   "https://api.telnyx.com",
		"https://api.telnyx.com//":     "https://api.telnyx.com",
		"http://localhost:8080/v2":     "http://localhost:8080/v2",
		"http://127.0.0.1:80/v2":       "http://127.0.0.1/v2",
		"http://127.9.8.7:1/v2":        "http://127.9.8.7:1/v2",
		"http://[::1]:8080/v2":         "http://[::1]:8080/v2",
		"https://proxy.example/a%2Fb/": "https://proxy.example/a%2Fb",
	} {
		c, err := New(Config{Key: testKey, BaseURL: in})
		if err != nil {
			t.Errorf("%q: %v", in, err)
		} else if c.BaseURL() != want {
			t.Errorf("%q: got %q, want %q", in, c.BaseURL(), want)
		}
	}
	for _, in := range []string{
		"http://api.telnyx.com/v2", "http://10.0.0.1", "http://localhost.example.com", "http://127.0.0.1.example.com",
		"https://user:hunter2@api.telnyx.com", "https://api.telnyx.com/v2?x=1", "https://api.telnyx.com/v2?",
		"https://api.telnyx.com/v2#f", "https://api.telnyx.com/v2#", "ftp://localhost", "api.telnyx.com/v2", "https:///v2",
		"https:api.telnyx.com", "https://api.telnyx.com:99999", "https://user:hunter2@bad host", "\x00",
	} {
		if _, err := New(Config{Key: testKey, BaseURL: in}); err == nil {
			t.Errorf("%q is accepted", in)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the password shows in %v", err)
		}
	}
	if _, err := New(Config{Key: testKey, Rate: -1}); err == nil {
		t.Error("a negative rate is accepted")
	}
}

func TestPathSegmentsArriveWhole(t *testing.T) {
	var got atomic.Value
	c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		got.Store(r.RequestURI)
		fmt.Fprint(w, `{"data":{"name":"x"}}`)
	})
	for name, want := range map[string]string{
		"plain":         "plain",
		"a?b":           "a%3Fb",
		"../recordings": "..%2Frecordings",
		"x/y":           "x%2Fy",
		"ü":             "%C3%BC",
		"%":             "%25",
		"%2e%2e":        "%252e%252e",
		"a b#c":         "a%20b%23c",
		"\xff\x00":      "%FF%00",
		"...":           "...",
	} {
		if _, err := c.SIPRECConnectors().Get(t.Context(), name); err != nil {
			t.Errorf("%q: %v", name, err)
		} else if got.Load() != "/v2/siprec_connectors/"+want {
			t.Errorf("%q arrives as %s", name, got.Load())
		}
	}
	got.Store("")
	for _, name := range []string{"", ".", ".."} {
		_, err1 := c.SIPRECConnectors().Get(t.Context(), name)
		_, _, err2 := c.SIPRECConnectors().Update(t.Context(), name, Object{})
		_, err3 := c.SIPRECConnectors().Delete(t.Context(), name)
		if err1 == nil || err2 == nil || err3 == nil || got.Load() != "" {
			t.Errorf("%q: %v, %v, %v, sent %s", name, err1, err2, err3, got.Load())
		}
	}
}

func TestRequestsAndAnswers(t *testing.T) {
	type seen struct{ Method, URI, Auth, Type, Agent, Body string }
	var got seen
	c := serve(t, Config{UserAgent: "telnyxsync/1.2"}, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = seen{r.Method, r.RequestURI, r.Header.Get("Authorization"), r.Header.Get("Content-Type"), r.UserAgent(), string(b)}
		w.Header().Set("X-Request-Id", "req-1")
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusCreated)
		}
		fmt.Fprint(w, `{"data":{"id":1911630617284445511,"ok":true}}`)
	})
	ctx := t.Context()
	check := func(o Object, m Meta, err error, status int, want seen) {
		t.Helper()
		want.Auth, want.Agent = "Bearer "+testKey, "telnyxsync/1.2"
		if err != nil || got != want {
			t.Errorf("%v\ngot  %+v\nwant %+v", err, got, want)
		}
		if o["id"] != json.Number("1911630617284445511") {
			t.Errorf("the id comes as %v", o["id"])
		}
		if m != (Meta{Status: status, RequestID: "req-1"}) {
			t.Errorf("meta %+v", m)
		}
	}
	const j = "application/json"
	body := Object{"n": json.Number("12345678901234567890")}
	text := `{"n":12345678901234567890}`

	o, m, err := c.ExternalConnections().Create(ctx, body)
	check(o, m, err, 201, seen{Method: "POST", URI: "/v2/external_connections", Type: j, Body: text})
	o, m, err = c.ExternalConnections().Update(ctx, "7", body)
	check(o, m, err, 200, seen{Method: "PATCH", URI: "/v2/external_connections/7", Type: j, Body: text})
	o, err = c.ExternalConnections().Get(ctx, "7")
	check(o, Meta{200, "req-1"}, err, 200, seen{Method: "GET", URI: "/v2/external_connections/7"})
	o, m, err = c.SIPRECConnectors().Create(ctx, body)
	check(o, m, err, 201, seen{Method: "POST", URI: "/v2/siprec_connectors", Type: j, Body: text})
	o, m, err = c.SIPRECConnectors().Update(ctx, "n", nil)
	check(o, m, err, 200, seen{Method: "PUT", URI: "/v2/siprec_connectors/n", Type: j, Body: "{}"})
	m, err = c.ExternalConnections().Delete(ctx, "7")
	check(o, m, err, 200, seen{Method: "DELETE", URI: "/v2/external_connections/7"})

	if _, _, err := c.ExternalConnections().Create(ctx, Object{"x": make(chan int)}); err == nil || Unknown(err) {
		t.Errorf("a body that is no JSON: %v", err)
	}
}

func TestCountByConnection(t *testing.T) {
	for body, want := range map[string]int{
		`{"data":[{"id":"1"}],"meta":{"total_results":812}}`:          812,
		`{"data":[],"meta":{"total_results":0}}`:                      0,
		`{"data":[]}`:                                                 -1,
		`{"data":[],"meta":{}}`:                                       -1,
		`{"data":[],"meta":{"total_results":null}}`:                   -1,
		`{"data":[],"meta":{"total_results":-1}}`:                     -1,
		`{"data":[{"id":"1"},{"id":"2"}],"meta":{"total_results":1}}`: -1,
		`{"data":{},"meta":{"total_results":1}}`:                      -1,
		`{"data":[1],"meta":{"total_results":1}}`:                     -1,
		`<html>`: -1,
		`{"data":[{"id":"1"}],"meta":{"total_results":99999999999999}}`: -1,
	} {
		var query string
		c := newClient(t, Config{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			query = r.URL.RawQuery
			return respond(200, body), nil
		})})
		c.budget.tokens = 0 // the retries are tested elsewhere, and take time
		n, err := c.PhoneNumbers().CountByConnection(t.Context(), "12&3")
		if (err != nil) != (want < 0) || err == nil && n != want || n < 0 {
			t.Errorf("%s: %d, %v", body, n, err)
		}
		if query != "filter%5Bconnection_id%5D=12%263&page%5Bsize%5D=1" {
			t.Errorf("query %s", query)
		}
	}
	c, n := always(t, 200, `{"data":[],"meta":{"total_results":9}}`)
	if _, err := c.PhoneNumbers().CountByConnection(context.Background(), ""); err == nil || n.Load() != 0 {
		t.Error("the numbers of all connections are counted for one without an id")
	}
}
