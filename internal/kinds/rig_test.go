package kinds_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/contract"
	"telnyxsync/internal/kinds"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/telnyxsim"
)

// rig is a simulated account behind a server that checks all traffic against Telnyx's document.
type rig struct {
	*testing.T
	sim    *telnyxsim.Sim
	client *client.Client

	mu   sync.Mutex
	sent []string // METHOD PATH BODY of what was written, in order
}

func newRig(t *testing.T, account string) *rig {
	t.Helper()
	sim, err := telnyxsim.New(telnyxsim.Config{Account: []byte(account)})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, sim: sim}
	checked := contract.Wrap(t, sim)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Method != http.MethodGet {
			body, err := io.ReadAll(q.Body)
			if err != nil {
				panic(http.ErrAbortHandler) // it was broken off
			}
			q.Body = io.NopCloser(bytes.NewReader(body))
			r.mu.Lock()
			r.sent = append(r.sent, strings.TrimSpace(q.Method+" "+strings.TrimPrefix(q.URL.EscapedPath(), "/v2")+" "+canonical(t, q.Header, body)))
			r.mu.Unlock()
		}
		checked.ServeHTTP(w, q)
	}))
	t.Cleanup(server.Close)
	r.client = newClient(t, client.Config{BaseURL: server.URL + "/v2"})
	return r
}

func newClient(t testing.TB, cfg client.Config) *client.Client {
	t.Helper()
	cfg.Key = "KEY"
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// canonical is a body with its fields in order: JSON, or a form as if it were JSON, in which a file is
// its name, its type and its content.
func canonical(t testing.TB, header http.Header, body []byte) string {
	if len(body) == 0 {
		return ""
	}
	if typ, params, _ := mime.ParseMediaType(header.Get("Content-Type")); typ == "multipart/form-data" {
		fields := map[string]any{}
		for form := multipart.NewReader(bytes.NewReader(body), params["boundary"]); ; {
			part, err := form.NextPart()
			if errors.Is(err, io.EOF) {
				return resource.Text(fields)
			}
			if err != nil {
				t.Errorf("the body is not a whole form: %v", err)
				return ""
			}
			content, _ := io.ReadAll(part)
			fields[part.FormName()] = string(content)
			if _, at, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition")); at["filename"] != "" { // FileName cuts it
				fields[part.FormName()] = at["filename"] + " " + part.Header.Get("Content-Type") + ": " + string(content)
			}
		}
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Errorf("the body is not JSON: %s", body)
	}
	return resource.Text(v)
}

func row(name string) *kinds.Row {
	rows := kinds.Table()
	return &rows[slices.IndexFunc(rows, func(r kinds.Row) bool { return r.Name == name })]
}

func (r *rig) ops(kind string) kinds.Operations { return row(kind).Open(r.client) }

// read reads one object that has to be there.
func (r *rig) read(kind, id string) *resource.Live {
	r.Helper()
	l, err := r.ops(kind).Read(r.Context(), id)
	if err != nil || l == nil {
		r.Fatalf("read %s: %v, %v", id, l, err)
	}
	return l
}

func (r *rig) fail(match, do string, status, times int) {
	r.Helper()
	if err := r.sim.AddFaults(telnyxsim.Fault{Match: match, Do: do, Status: status, Times: times}); err != nil {
		r.Fatal(err)
	}
}

// wrote compares what was sent since the last time.
func (r *rig) wrote(want ...string) {
	r.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.sent, want) {
		r.Errorf("sent\n%s\nwant\n%s", strings.Join(r.sent, "\n"), strings.Join(want, "\n"))
	}
	r.sent = nil
}

func (r *rig) reads() (paths []string) {
	for _, q := range r.sim.Journal() {
		if q.Method == http.MethodGet {
			paths = append(paths, q.Path)
		}
	}
	slices.Sort(paths)
	return paths
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// write is what an entry asks of an object: of what it manages, patch differs.
func write(l *resource.Live, desired, patch resource.Object) resource.Write {
	return resource.Write{
		Now: time.Now(), Name: "mine", Desired: desired, Patch: patch, Live: l, Owner: resource.Owner{Instance: "default", Name: "mine"},
	}
}
