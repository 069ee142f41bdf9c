package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestReadOnlyClientCannotWrite(t *testing.T) {
	var writes, reads atomic.Int32
	c := serve(t, Config{ReadOnly: true}, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			writes.Add(1)
		}
		reads.Add(1)
		fmt.Fprint(w, `{"data":{}}`)
	})
	ctx := t.Context()
	if _, err := c.ExternalConnections().Get(ctx, "1"); err != nil {
		t.Fatal(err)
	}
	_, _, create := c.ExternalConnections().Create(ctx, Object{"a": 1})
	_, _, patch := c.ExternalConnections().Update(ctx, "1", Object{"a": 1})
	_, del := c.ExternalConnections().Delete(ctx, "1")
	_, _, post := c.SIPRECConnectors().Create(ctx, Object{"a": 1})
	_, _, put := c.SIPRECConnectors().Update(ctx, "1", Object{"a": 1})
	_, del2 := c.SIPRECConnectors().Delete(ctx, "1")
	for i, err := range []error{create, patch, del, post, put, del2} {
		if !errors.Is(err, ErrReadOnly) || Unknown(err) || apiError(t, err).Sent {
			t.Errorf("write %d: %v", i, err)
		}
	}
	// Around the collections as well: the guard sits in the transport.
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get", "CONNECT"} {
		req, err := http.NewRequest(method, c.BaseURL()+"/x", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := c.http.Do(req); !errors.Is(err, ErrReadOnly) {
			resp.Body.Close()
			t.Errorf("%s is sent", method)
		}
	}
	if writes.Load() != 0 || reads.Load() != 1 {
		t.Errorf("%d writes and %d requests reached the server", writes.Load(), reads.Load())
	}
}

func TestRedirects(t *testing.T) {
	var mu sync.Mutex
	var elsewhere []string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		elsewhere = append(elsewhere, r.Method+" "+r.Header.Get("Authorization"))
		fmt.Fprint(w, `{"data":{}}`)
	}))
	defer other.Close()
	var hits atomic.Int32
	var target string
	status := 302
	c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		if r.URL.Path == "/v2/moved" {
			fmt.Fprintf(w, `{"data":{"auth":%q}}`, r.Header.Get("Authorization"))
			return
		}
		w.Header().Set("Location", target)
		w.WriteHeader(status)
	})
	get := func() (Object, error) { return c.ExternalConnections().Get(t.Context(), "1") }

	target = "/v2/moved"
	if o, err := get(); err != nil || o["auth"] != "Bearer "+testKey {
		t.Errorf("GET on the same host is not followed: %v, %v", o, err)
	}
	for _, target = range []string{
		other.URL + "/v2/moved", "https://" + strings.TrimPrefix(c.BaseURL(), "http://") + "/moved",
		"http://u:p@" + strings.TrimPrefix(c.BaseURL(), "http://") + "/moved", "http://localhost:1/?X-Signature=sesame", "/v2/loop",
	} {
		_, err := get()
		if e := apiError(t, err); e.Status != 302 || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v", target, err)
		}
	}
	for _, status = range []int{301, 302, 303, 307, 308} {
		target = "/v2/moved"
		hits.Store(0)
		_, _, err := c.ExternalConnections().Create(t.Context(), Object{})
		_, _, err2 := c.SIPRECConnectors().Update(t.Context(), "x", Object{})
		_, err3 := c.SIPRECConnectors().Delete(t.Context(), "x")
		for _, err := range []error{err, err2, err3} {
			if apiError(t, err).Status != status || !Unknown(err) {
				t.Errorf("%d: %v", status, err)
			}
		}
		if hits.Load() != 3 {
			t.Errorf("%d: a write is redirected: %d requests", status, hits.Load())
		}
	}
	if len(elsewhere) != 0 {
		t.Errorf("the other host has got %q", elsewhere)
	}
}

func TestLargeAnswers(t *testing.T) {
	big := strings.Repeat(" ", maxAnswer) + `{"data":{}}`
	c, n := always(t, 200, big)
	if _, err := c.ExternalConnections().Get(t.Context(), "1"); !errors.Is(err, errTooLarge) || n.Load() != 1 {
		t.Errorf("%v after %d requests", err, n.Load())
	}
	if _, _, err := c.ExternalConnections().Create(t.Context(), Object{}); !Unknown(err) {
		t.Errorf("a POST whose answer is too large: %v", err)
	}
	whole := `{"data":{"x":"` + strings.Repeat("x", 1<<20) + `"}}`
	c, _ = always(t, 200, whole)
	if _, err := c.ExternalConnections().Get(t.Context(), "1"); err != nil {
		t.Error(err)
	}
}

func TestConcurrencyIsBounded(t *testing.T) {
	var now, most atomic.Int32
	c := serve(t, Config{Concurrency: 3}, func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		for {
			m := most.Load()
			if n <= m || most.CompareAndSwap(m, n) {
				break
			}
		}
		time.Sleep(5 * time.Millisecond)
		now.Add(-1)
		fmt.Fprint(w, `{"data":{}}`)
	})
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			if _, err := c.ExternalConnections().Get(t.Context(), "1"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most.Load() != 3 {
		t.Errorf("%d requests at once, want 3", most.Load())
	}
}

func TestOnCall(t *testing.T) {
	var calls []Call
	n := 0
	c := newClient(t, Config{
		OnCall: func(c Call) { calls = append(calls, c) },
		Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			if n++; n == 1 {
				return respond(503, ""), nil
			}
			return respond(200, `{"data":{}}`, "X-Request-Id", "r2"), nil
		}),
	})
	if _, err := c.SIPRECConnectors().Get(t.Context(), "a/b"); err != nil {
		t.Fatal(err)
	}
	if len(calls) != 2 {
		t.Fatalf("%d calls", len(calls))
	}
	first, second := calls[0], calls[1]
	if first.Status != 503 || first.Attempt != 1 || apiError(t, first.Err).Status != 503 || first.Path != "/siprec_connectors/a%2Fb" {
		t.Errorf("first: %+v", first)
	}
	if second.Status != 200 || second.Attempt != 2 || second.Err != nil || second.RequestID != "r2" || second.Method != "GET" {
		t.Errorf("second: %+v", second)
	}
}
