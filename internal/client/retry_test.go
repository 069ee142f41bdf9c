package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

var calls = map[string]func(context.Context, *Client) error{
	"GET": func(ctx context.Context, c *Client) error {
		_, err := c.ExternalConnections().Get(ctx, "1")
		return err
	},
	"POST": func(ctx context.Context, c *Client) error {
		_, _, err := c.ExternalConnections().Create(ctx, Object{})
		return err
	},
	"PATCH": func(ctx context.Context, c *Client) error {
		_, _, err := c.ExternalConnections().Update(ctx, "1", Object{})
		return err
	},
	"PUT": func(ctx context.Context, c *Client) error {
		_, _, err := c.SIPRECConnectors().Update(ctx, "1", Object{})
		return err
	},
	"DELETE": func(ctx context.Context, c *Client) error {
		_, err := c.SIPRECConnectors().Delete(ctx, "1")
		return err
	},
}

var (
	errDial  = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	errReset = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
)

func TestAttempts(t *testing.T) {
	for _, tc := range []struct {
		name                       string
		status                     int
		err                        error
		get, post, patch, put, del int
		unknown                    bool // of the writes that fail
		deleted                    bool
	}{
		{name: "200", status: 200, get: 1, post: 1, patch: 1, put: 1, del: 1, deleted: true},
		{name: "400", status: 400, get: 1, post: 1, patch: 1, put: 1, del: 1},
		{name: "401", status: 401, get: 1, post: 1, patch: 1, put: 1, del: 1},
		{name: "403", status: 403, get: 1, post: 1, patch: 1, put: 1, del: 1},
		{name: "404", status: 404, get: 1, post: 1, patch: 1, put: 1, del: 1, deleted: true},
		{name: "408", status: 408, get: 4, post: 1, patch: 4, put: 4, del: 4, unknown: true},
		{name: "409", status: 409, get: 1, post: 1, patch: 1, put: 1, del: 1},
		{name: "413", status: 413, get: 1, post: 1, patch: 1, put: 1, del: 1},
		{name: "422", status: 422, get: 1, post: 1, patch: 1, put: 1, del: 1},
		{name: "429", status: 429, get: 4, post: 4, patch: 4, put: 4, del: 4},
		{name: "500", status: 500, get: 4, post: 1, patch: 4, put: 4, del: 4, unknown: true},
		{name: "501", status: 501, get: 1, post: 1, patch: 1, put: 1, del: 1, unknown: true},
		{name: "502", status: 502, get: 4, post: 1, patch: 4, put: 4, del: 4, unknown: true},
		{name: "503", status: 503, get: 4, post: 1, patch: 4, put: 4, del: 4, unknown: true},
		{name: "504", status: 504, get: 4, post: 1, patch: 4, put: 4, del: 4, unknown: true},
		{name: "dial", err: errDial, get: 4, post: 4, patch: 4, put: 4, del: 4},
		{name: "reset", err: errReset, get: 4, post: 1, patch: 4, put: 4, del: 4, unknown: true},
		{name: "in doubt", err: errors.New("?"), get: 4, post: 1, patch: 4, put: 4, del: 4, unknown: true},
	} {
		for method, want := range map[string]int{"GET": tc.get, "POST": tc.post, "PATCH": tc.patch, "PUT": tc.put, "DELETE": tc.del} {
			t.Run(tc.name+" "+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					n := 0
					c := newClient(t, Config{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
						if n++; tc.err != nil {
							return nil, tc.err
						}
						return respond(tc.status, `{"data":{}}`), nil
					})})
					start := time.Now()
					err := calls[method](t.Context(), c)
					took := time.Since(start)
					if n != want {
						t.Errorf("%d attempts, want %d", n, want)
					}
					if ok := tc.status == 200 || method == "DELETE" && tc.deleted; ok != (err == nil) {
						t.Fatal(err)
					}
					if err != nil && Unknown(err) != (tc.unknown && method != "GET") {
						t.Errorf("unknown is %v: %v", Unknown(err), err)
					}
					if most := 7 * backoffBase; took > most {
						t.Errorf("it took %v, at most %v", took, most)
					}
					if tc.err != nil && !errors.Is(err, tc.err) {
						t.Errorf("the cause is lost in %v", err)
					}
				})
			})
		}
	}
}

// answers gives a client that meets these in turn: a status, or an error.
func answers(t *testing.T, list ...any) (*Client, *int) {
	n := new(int)
	return newClient(t, Config{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		x := list[*n]
		*n++
		if err, ok := x.(error); ok {
			return nil, err
		}
		return respond(x.(int), `{"data":{}}`), nil
	})}), n
}

func TestSequences(t *testing.T) {
	for _, tc := range []struct {
		name, method string
		list         []any
		ok, unknown  bool
	}{
		{"a GET recovers", "GET", []any{503, errReset, 200}, true, false},
		{"a DELETE that succeeded before", "DELETE", []any{errReset, 404}, true, false},
		{"a POST that was refused for its rate", "POST", []any{429, errDial, 201}, true, false},
		{"a POST that was lost at last", "POST", []any{429, errReset}, false, true},
		{"a PATCH that perhaps succeeded, then was refused", "PATCH", []any{504, 422}, false, true},
		{"a PUT that perhaps succeeded, then was never sent", "PUT", []any{errReset, errDial, errDial, errDial}, false, true},
		{"a PUT that was never sent, then refused", "PUT", []any{errDial, 422}, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, n := answers(t, tc.list...)
				err := calls[tc.method](t.Context(), c)
				if (err == nil) != tc.ok || Unknown(err) != tc.unknown || *n != len(tc.list) {
					t.Errorf("%v, unknown %v, %d attempts", err, Unknown(err), *n)
				}
			})
		})
	}
}

func TestPostIsNotResentOnceWritten(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"connection closed": func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },
		"answer cut": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, `{"data":`)
			panic(http.ErrAbortHandler)
		},
		"too slow": func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(time.Second):
			}
		},
		"503": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) },
	} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int32
			c := serve(t, Config{Timeout: 200 * time.Millisecond}, func(w http.ResponseWriter, r *http.Request) {
				// Warm the connection first: one that is reused is what a transport is tempted to replay on.
				if r.Method == http.MethodGet {
					fmt.Fprint(w, `{"data":{}}`)
					return
				}
				n.Add(1)
				_, _ = io.ReadAll(r.Body) // or the server would not see the client go
				h(w, r)
			})
			if err := calls["GET"](t.Context(), c); err != nil {
				t.Fatal(err)
			}
			err := calls["POST"](t.Context(), c)
			if !Unknown(err) || !apiError(t, err).Sent || n.Load() != 1 {
				t.Errorf("sent %d times: %v", n.Load(), err)
			}
		})
	}
}

func TestPostIsResentWhenNeverWritten(t *testing.T) {
	var n atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		w.WriteHeader(201)
		fmt.Fprint(w, `{"data":{}}`)
	}))
	defer s.Close()
	var dials atomic.Int32
	tr := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if dials.Add(1) <= 2 {
			return nil, errors.New("some failure") // not even a *net.OpError
		}
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}}
	c := newClient(t, Config{BaseURL: s.URL, Transport: tr})
	if err := calls["POST"](t.Context(), c); err != nil || n.Load() != 1 || dials.Load() != 3 {
		t.Errorf("%v: %d dials, %d requests", err, dials.Load(), n.Load())
	}
	dials.Store(-100)
	tr.CloseIdleConnections()
	err := calls["POST"](t.Context(), c)
	if Unknown(err) || apiError(t, err).Sent || !strings.Contains(err.Error(), "after 4 attempts") {
		t.Errorf("%v", err)
	}
}

func TestUntrustedServerIsNotTriedAgain(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	var n atomic.Int32
	c := newClient(t, Config{BaseURL: s.URL, OnCall: func(Call) { n.Add(1) }})
	if err := calls["POST"](t.Context(), c); Unknown(err) || apiError(t, err).Sent || n.Load() != 1 {
		t.Errorf("%v after %d attempts", err, n.Load())
	}
}

func TestRetriesAreATenthOfRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c := newClient(t, Config{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			n++
			return respond(503, ""), nil
		})})
		const requests = 1000
		spoken := false
		for range requests {
			err := calls["GET"](t.Context(), c)
			spoken = spoken || strings.Contains(err.Error(), "not retried")
		}
		if retries := n - requests; retries < requests/10 || retries > requests/10+budgetCap {
			t.Errorf("%d retries of %d requests", retries, requests)
		}
		if !spoken {
			t.Error("the errors do not say why nothing was retried")
		}
	})
}
