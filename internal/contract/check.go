package contract

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// faultHeader is set by a simulator on answers that are injected faults rather than
// the API's own, with the kind of the fault as its value. They are not checked; the
// requests are.
const faultHeader = "X-Sim-Fault"

// Check wraps the handler of an API. Every request under /v2 is checked before h
// sees it, and every answer before the client sees it; each violation is reported
// with t.Errorf. What h answers reaches the client unchanged, in one piece. A
// request that h drops (a panic with http.ErrAbortHandler) has no answer to check.
//
// The handler may outlive the test: what is violated then is reported to nobody.
func (d *Document) Check(t testing.TB, h http.Handler) http.Handler {
	t.Helper()
	report := reporter(t)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path := r.URL.EscapedPath(); path != "/v2" && !strings.HasPrefix(path, "/v2/") {
			h.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler) // the client has gone
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		op, violations := d.request(r, body)
		for _, v := range violations {
			report("%s %s: request: %s", r.Method, r.URL.RequestURI(), v)
		}

		rec := &recorder{header: w.Header()}
		h.ServeHTTP(rec, r)
		if rec.status == 0 {
			rec.status = http.StatusOK
		}
		if op != nil && rec.header.Get(faultHeader) == "" {
			for _, v := range d.response(op, rec) {
				report("%s %s: answer %d: %s", r.Method, r.URL.RequestURI(), rec.status, v)
			}
		}
		w.WriteHeader(rec.status)
		_, _ = w.Write(rec.body.Bytes()) // an error here is a client that has gone
	})
}

// reporter makes t.Errorf safe to call when the test may be over.
func reporter(t testing.TB) func(format string, args ...any) {
	var mu sync.Mutex
	over := false
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
	})
	return func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			t.Errorf("contract: "+format, args...)
		}
	}
}

// recorder holds an answer back until it has been checked.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

func options() *openapi3filter.Options {
	o := &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
		// Defaults that are filled in would hide missing fields.
		SkipSettingDefaults:               true,
		IncludeResponseStatus:             true,
		RejectWhenRequestBodyNotSpecified: true,
		MultiError:                        true,
	}
	// The library's own message repeats the whole schema and the whole value.
	o.WithCustomSchemaErrorFunc(func(e *openapi3.SchemaError) string {
		return fmt.Sprintf("at /%s: %s", strings.Join(e.JSONPointer(), "/"), e.Reason)
	})
	return o
}

// request checks a request. It returns what response needs to know of it, nil if
// the document has no such operation.
func (d *Document) request(r *http.Request, body []byte) (*openapi3filter.RequestValidationInput, []string) {
	route, params, err := d.router.FindRoute(r)
	if err != nil {
		return nil, []string{"the document has no such operation: " + err.Error()}
	}
	clone := r.Clone(r.Context())
	clone.Body = io.NopCloser(bytes.NewReader(body))
	clone.ContentLength = int64(len(body)) // known now, even if it was sent in chunks
	in := &openapi3filter.RequestValidationInput{
		Request: clone, PathParams: params, Route: route, Options: options(),
	}
	violations := queryViolations(route, r.URL.RawQuery)
	if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
		violations = append(violations, flatten(err)...)
	}
	return in, violations
}

// response checks an answer.
func (d *Document) response(in *openapi3filter.RequestValidationInput, rec *recorder) []string {
	op := operation(in.Route)
	documented := in.Route.Operation.Responses
	if documented.Status(rec.status) == nil && documented.Default() == nil {
		if d.deviates(op, rec.status) {
			return nil
		}
		return []string{"the document has no such status for " + op}
	}
	body := d.without(op, rec.body.Bytes())
	// The tests of a process get the same answers thousands of times.
	this := answer{op, rec.status, rec.header.Get("Content-Type"), maphash.Bytes(d.valid.seed, body)}
	if _, known := d.valid.Load(this); known {
		return nil
	}
	err := openapi3filter.ValidateResponse(in.Request.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in,
		Status:                 rec.status,
		Header:                 rec.header,
		Body:                   io.NopCloser(bytes.NewReader(body)),
		Options:                options(),
	})
	if err != nil {
		return flatten(err)
	}
	d.valid.Store(this, nil)
	return nil
}

// answer is what an answer's validity depends on.
type answer struct {
	operation string
	status    int
	mediaType string
	body      uint64 // its hash
}

// answers are those that were found valid.
type answers struct {
	sync.Map
	seed maphash.Seed
}

func newAnswers() *answers { return &answers{seed: maphash.MakeSeed()} }

// operation is METHOD PATH as the document writes it.
func operation(r *routers.Route) string { return r.Method + " " + r.Path }

// flatten takes the library's lists of errors apart.
func flatten(err error) []string {
	if many, ok := err.(openapi3.MultiError); ok { //nolint:errorlint // wrapped lists keep their context
		var all []string
		for _, e := range many {
			all = append(all, flatten(e)...)
		}
		return all
	}
	return []string{err.Error()}
}
