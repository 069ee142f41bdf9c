// Package contract checks HTTP traffic against Telnyx's OpenAPI document: it wraps
// a handler that stands for the API, and reports to the test every request that a
// client should not have sent and every answer that a simulator should not have
// given. Where the documented behaviour differs from the document, [Deviations]
// says so and why.
//
// It is for tests only. It knows neither a client nor a simulator, and nothing of
// what operations mean: whether a valid answer is the right one is for the test to
// say. Authentication is not checked.
package contract

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// env names the document where it does not stand in its usual place.
const env = "TELNYX_OPENAPI"

// usual is where the document stands, seen from the project's root.
const usual = "../shared/telnyx-openapi.json"

// Document is the API's contract.
type Document struct {
	path       string
	doc        *openapi3.T
	router     routers.Router
	deviations []Deviation
	valid      *answers
}

// Operations lists all that the document has, as "GET /media/{media_name}", sorted.
func (d *Document) Operations() (list []string) {
	for path, item := range d.doc.Paths.Map() {
		for method := range item.Operations() {
			list = append(list, method+" "+path)
		}
	}
	slices.Sort(list)
	return list
}

// parsed keeps the first document of the process: loading one takes a while, and
// there is hardly ever a second.
var parsed = sync.OnceValues(func() (*Document, error) {
	path, err := locate()
	if err != nil {
		return nil, err
	}
	return load(path, Deviations())
})

// Open returns the document that $TELNYX_OPENAPI names, or else
// ../shared/telnyx-openapi.json from the project's root. Without it the test is
// skipped; with one that cannot be read the test fails.
func Open(t testing.TB) *Document {
	t.Helper()
	d, err := open()
	if missing := (*missingError)(nil); errors.As(err, &missing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Wrap is Check for tests that are worth running without the document too: where it
// is missing, h is returned as it is.
func Wrap(t testing.TB, h http.Handler) http.Handler {
	t.Helper()
	d, err := open()
	if missing := (*missingError)(nil); errors.As(err, &missing) {
		t.Logf("traffic is not checked: %v", err)
		return h
	}
	if err != nil {
		t.Fatal(err)
	}
	return d.Check(t, h)
}

func open() (*Document, error) {
	path, err := locate()
	if err != nil {
		return nil, err
	}
	if d, err := parsed(); err == nil && d.path == path {
		return d, nil
	}
	return load(path, Deviations())
}

// missingError says that there is no document, which is no fault of the test's.
type missingError struct{ path string }

func (e *missingError) Error() string {
	return fmt.Sprintf("Telnyx's OpenAPI document is missing: there is no %s; put it there or name it in $%s", e.path, env)
}

// locate finds the document's file.
func locate() (string, error) {
	path := os.Getenv(env)
	if path == "" {
		root, err := moduleRoot()
		if err != nil {
			return "", err
		}
		path = filepath.Join(root, usual)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("locate the OpenAPI document: %w", err)
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return "", &missingError{path}
	} else if err != nil {
		return "", fmt.Errorf("locate the OpenAPI document: %w", err)
	}
	return path, nil
}

// moduleRoot walks up from the working directory to go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("locate the OpenAPI document: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", &missingError{filepath.Join("PROJECT", usual)}
		}
		dir = parent
	}
}

// load reads and validates a document, and adds to it what the deviations say that it
// lacks.
func load(path string, deviations []Deviation) (*Document, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the OpenAPI document %s: %w", path, err)
	}
	// The handler is reached at any host.
	doc.Servers = openapi3.Servers{{URL: "/v2"}}
	if err := doc.Validate(loader.Context); err != nil {
		return nil, fmt.Errorf("validate the OpenAPI document %s: %w", path, err)
	}
	for _, v := range deviations {
		v.amend(doc)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("route the OpenAPI document %s: %w", path, err)
	}
	return &Document{path: path, doc: doc, router: router, deviations: deviations, valid: newAnswers()}, nil
}
