package contract

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// probe is a testing.TB that takes notes.
type probe struct {
	testing.TB
	mu       sync.Mutex
	errors   []string
	logs     []string
	skipped  string
	cleanups []func()
}

func (p *probe) Helper() {}

func (p *probe) Errorf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.errors = append(p.errors, fmt.Sprintf(format, args...))
}

func (p *probe) Logf(format string, args ...any) {
	p.logs = append(p.logs, fmt.Sprintf(format, args...))
}

func (p *probe) Skip(args ...any) {
	p.skipped = fmt.Sprint(args...)
	panic(p)
}

func (p *probe) Cleanup(f func()) { p.cleanups = append(p.cleanups, f) }

// exchange is a request and what a handler answers to it.
type exchange struct {
	method, target, contentType, body string
	status                            int
	answer                            string
	header                            map[string]string
}

const (
	conn      = `{"id":"1930241863466354012","external_sip_connection":"zoom","active":true}`
	empty     = `{"data":[],"meta":{"page_number":1,"page_size":250,"total_pages":0,"total_results":0}}`
	s3Generic = `{"backend":"s3-generic","configuration":{"backend":"s3-generic","bucket":"b","endpoint":"https://s3.example.com","region":"r","aws_access_key_id":"k","aws_secret_access_key":"s"}}`
	creation  = `{"external_sip_connection":"zoom","outbound":{"outbound_voice_profile_id":"1"}}`
)

// violations sends one request through the wrapper.
func violations(t *testing.T, d *Document, x exchange) []string {
	t.Helper()
	p := &probe{TB: t}
	h := d.Check(p, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got, _ := io.ReadAll(r.Body); string(got) != x.body {
			t.Errorf("the handler got the body %q, not %q", got, x.body)
		}
		w.Header().Set("Content-Type", "application/json")
		for k, v := range x.header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(x.status)
		_, _ = io.WriteString(w, x.answer)
	}))
	r := httptest.NewRequest(x.method, x.target, strings.NewReader(x.body))
	if x.contentType != "" {
		r.Header.Set("Content-Type", x.contentType)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != x.status || w.Body.String() != x.answer {
		t.Errorf("the client got %d %q, not %d %q", w.Code, w.Body, x.status, x.answer)
	}
	return p.errors
}
