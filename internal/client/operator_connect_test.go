package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// Every call is the request that Telnyx documents, with each id whole in its path, and gives what the answer has.
func TestTeamsRequests(t *testing.T) {
	type seen struct{ Method, URI, Type, Body string }
	for name, tc := range teamsCalls() {
		var got seen
		c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			got = seen{r.Method, r.RequestURI, r.Header.Get("Content-Type"), string(b)}
			w.Header().Set("X-Request-Id", "req-1")
			w.WriteHeader(tc.status)
			io.WriteString(w, tc.answer)
		})
		v, m, err := tc.call(t.Context(), c, "a?b/..", "../recordings#1")
		uri := strings.Replace("/v2"+tc.path, "%s", "a%3Fb%2F..", 1)
		want := seen{Method: tc.method, URI: strings.Replace(uri, "%s", "..%2Frecordings%231", 1), Body: tc.body}
		if tc.body != "" {
			want.Type = "application/json"
		}
		if err != nil || got != want || jsonText(t, v) != tc.want {
			t.Errorf("%s: %v, %v\ngot  %+v\nwant %+v", name, jsonText(t, v), err, got, want)
		}
		if tc.method != http.MethodGet && m != (Meta{Status: tc.status, RequestID: "req-1"}) {
			t.Errorf("%s: meta %+v", name, m)
		}
	}
}

func TestTeamsIDsThatCannotStandInAPath(t *testing.T) {
	for name, tc := range teamsCalls() {
		c, n := always(t, tc.status, tc.answer)
		ids := strings.Count(tc.path, "%s")
		for i := range ids {
			for _, bad := range []string{"", ".", ".."} {
				args := []string{"1", "2"}
				args[i] = bad
				if _, m, err := tc.call(t.Context(), c, args...); err == nil || Unknown(err) || n.Load() != 0 || m != (Meta{}) {
					t.Errorf("%s: id %d is %q: %v, %+v", name, i+1, bad, err, m)
				}
			}
		}
	}
}

func TestReadOnlyClientOnlyReadsTeams(t *testing.T) {
	for name, tc := range teamsCalls() {
		var sent []string
		c := newClient(t, Config{ReadOnly: true, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			sent = append(sent, r.Method)
			return respond(tc.status, tc.answer), nil
		})})
		_, _, err := tc.call(t.Context(), c, "1", "2")
		if read := tc.method == http.MethodGet; read && (err != nil || !slices.Equal(sent, []string{"GET"})) ||
			!read && (!errors.Is(err, ErrReadOnly) || Unknown(err) || apiError(t, err).Sent || sent != nil) {
			t.Errorf("%s: %v, sent %q", name, err, sent)
		}
	}
}

// A POST is sent again only where it was surely not sent, or was refused for its rate.
func TestTeamsAttempts(t *testing.T) {
	for name, tc := range teamsCalls() {
		for _, first := range []any{408, 429, 500, 502, 503, 504, 413, 422, errDial, errReset} {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				c := newClient(t, Config{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
					if n++; n > 1 {
						return respond(tc.status, tc.answer), nil
					}
					if err, ok := first.(error); ok {
						return nil, err
					}
					return respond(first.(int), `{"errors":[{"code":"10015","title":"no"}]}`), nil
				})})
				v, _, err := tc.call(t.Context(), c, "1", "2")
				again := first == 429 || first == any(errDial)
				unknown := !again && first != 413 && first != 422
				if tc.method != http.MethodPost {
					again, unknown = again || unknown, false
				}
				want := 1
				if again {
					want = 2
				}
				if n != want || (err == nil) != again || Unknown(err) != unknown {
					t.Errorf("%s, first %v: %d attempts, %v, %v", name, first, n, jsonText(t, v), err)
				}
				if err != nil && !slices.Contains([]string{"null", `""`, "false"}, jsonText(t, v)) {
					t.Errorf("%s, first %v: %s beside %v", name, first, jsonText(t, v), err)
				}
			})
		}
	}
}

// What is no answer of the API's is no success of a write, and nothing of it is repeated.
func TestTeamsAnswersInTheWrongShape(t *testing.T) {
	for name, tc := range teamsCalls() {
		for _, body := range []string{
			"<html>portal</html>", "", "null", "[]", "7", "{}", `{"data":null}`, `{"data":[]}`, `{"data":[1]}`, `{"data":"x"}`, `{"data":{}`, "oops",
			`{"data":[{}],"meta":{"total_results":2}}`,
		} {
			var n atomic.Int32
			c := newClient(t, Config{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				n.Add(1)
				return respond(tc.status, body), nil
			})})
			c.budget.tokens = 0
			v, m, err := tc.call(t.Context(), c, "1", "2")
			_, notJSON := decode([]byte(body))
			var lenient bool
			switch name {
			case "refresh uploads": // promises nothing
				lenient = body[:min(len(body), 1)] != "<"
			case "emergency address": // shows nothing
				lenient = notJSON == nil && body[0] == '{'
			case "civic addresses":
				lenient = body == `{"data":[]}`
			}
			if lenient {
				if err != nil || n.Load() != 1 {
					t.Errorf("%s, %s: %v", name, body, err)
				}
				continue
			}
			if err == nil || Unknown(err) != (tc.method != http.MethodGet) || len(jsonText(t, v)) > 5 || n.Load() > 3*listReadings {
				t.Errorf("%s, %s: %s, %v, after %d requests", name, body, jsonText(t, v), err, n.Load())
			}
			if tc.method != http.MethodGet && (m.Status != tc.status || n.Load() != 1) {
				t.Errorf("%s, %s: %+v after %d requests", name, body, m, n.Load())
			}
		}
	}
}

// Lists are told apart by the keys that their entries have.
func TestTeamsLists(t *testing.T) {
	for name, tc := range map[string]struct {
		key, path string
		plain     int // entries in an answer without pages; 0: pages are always asked for
		list      func(context.Context, *Client) ([]Object, error)
	}{
		"civic addresses": {"id", "/v2/external_connections/1/civic_addresses?", 900, func(ctx context.Context, c *Client) ([]Object, error) { return c.CivicAddresses().List(ctx, "1") }},
		"numbers": {"number_id", "/v2/external_connections/1/phone_numbers?", 0, func(ctx context.Context, c *Client) ([]Object, error) {
			return c.ConnectionPhoneNumbers().List(ctx, "1")
		}},
		"uploads":  {"ticket_id", "/v2/external_connections/1/uploads?", 0, func(ctx context.Context, c *Client) ([]Object, error) { return c.Uploads().List(ctx, "1") }},
		"releases": {"ticket_id", "/v2/external_connections/1/releases?", 0, func(ctx context.Context, c *Client) ([]Object, error) { return c.Releases().List(ctx, "1") }},
		"slim":     {"id", "/v2/phone_numbers/slim?", 0, func(ctx context.Context, c *Client) ([]Object, error) { return c.PhoneNumbers().Slim(ctx) }},
	} {
		entry := func(o Object, i int) Object { return o["data"].([]any)[i].(Object) }
		for fault, f := range map[string]struct {
			after func(o Object)
			want  string
		}{
			"none":       {func(Object) {}, ""},
			"no key":     {func(o Object) { delete(entry(o, 3), tc.key) }, "without " + tc.key},
			"twice":      {func(o Object) { entry(o, 3)[tc.key] = entry(o, 4)[tc.key] }, "is on page 1 and on page 1"},
			"short":      {func(o Object) { o["data"] = o["data"].([]any)[1:] }, "expected 600 entries"},
			"no totals":  {func(o Object) { o["meta"] = Object{} }, "no meta.total_results"},
			"other page": {func(o Object) { o["meta"].(Object)["page_number"] = 7 }, "got page 7"},
			"as numbers": {func(o Object) {
				for i := range o["data"].([]any) {
					entry(o, i)[tc.key] = json.Number(entry(o, i)[tc.key].(string))
				}
			}, ""},
		} {
			s := &shelf{ids: ids(600), key: tc.key, plain: tc.plain}
			s.after = func(_, _ int, o Object) *http.Response {
				f.after(o)
				return nil
			}
			items, err := tc.list(t.Context(), newClient(t, Config{Transport: s}))
			for _, r := range s.requests {
				if !strings.HasPrefix(r, tc.path) || tc.plain == 0 && !strings.HasSuffix(r, "page%5Bsize%5D=250") {
					t.Errorf("%s, %s: %s", name, fault, r)
				}
			}
			if f.want == "" {
				if want := (len(s.ids) + pageSize - 1) / pageSize; err != nil || len(items) != len(s.ids) || tc.plain == 0 && len(s.requests) != want {
					t.Errorf("%s, %s: %d entries by %d requests, %v", name, fault, len(items), len(s.requests), err)
				}
			} else if !errors.Is(err, ErrIncomplete) || items != nil || !strings.Contains(err.Error(), f.want) {
				t.Errorf("%s, %s: %d entries, %v", name, fault, len(items), err)
			}
		}
	}
	c, _ := always(t, 200, `{"data":[{"id":"a"},{"id":"b"}]}`)
	if items, err := c.CivicAddresses().List(t.Context(), "1"); err != nil || len(items) != 2 {
		t.Errorf("civic addresses without meta: %v, %v", items, err)
	}
}
