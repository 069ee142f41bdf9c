package telnyxsim_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/contract"
	"telnyxsync/internal/telnyxsim"
)

// start is the time at which tests begin, on the simulator's clock.
func start() time.Time { return time.Date(2026, 7, 16, 12, 0, 0, 0, time.UTC) }

// api is a simulator behind a real server, and a client that takes no part.
type api struct {
	t      *testing.T
	sim    *telnyxsim.Sim
	url    string
	client *http.Client
	key    string // "": no Authorization header
}

// serve starts a simulator whose traffic is checked against the contract.
func serve(t *testing.T, cfg telnyxsim.Config) *api {
	t.Helper()
	return serveUnchecked(t, cfg, contract.Wrap)
}

// malformed is a wrapper for tests whose requests violate the contract on purpose.
func malformed(_ testing.TB, h http.Handler) http.Handler { return h }

func serveUnchecked(t *testing.T, cfg telnyxsim.Config, wrap func(testing.TB, http.Handler) http.Handler) *api {
	t.Helper()
	if cfg.Now == nil {
		cfg.Now = start
	}
	sim, err := telnyxsim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(wrap(t, sim))
	transport := &http.Transport{DisableKeepAlives: true} // so that it never sends anything twice
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	return &api{t: t, sim: sim, url: server.URL, client: client, key: "KEY"}
}

// answer is what came back; body is the decoded JSON, if it was any.
type answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// try sends a request and returns its outcome. A body is sent as JSON.
func (a *api) try(method, path, body string) (answer, error) {
	a.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, r)
	if err != nil {
		a.t.Fatal(err)
	}
	if a.key != "" {
		req.Header.Set("Authorization", "Bearer "+a.key)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return a.send(req)
}

func (a *api) send(req *http.Request) (answer, error) {
	a.t.Helper()
	resp, err := a.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err
	}
	got := answer{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		_ = json.Unmarshal(raw, &got.body) // arrays stay raw
	}
	if got.status >= 500 && got.header.Get("X-Sim-Fault") == "" {
		a.t.Errorf("%s %s: the simulator answered %d by itself", req.Method, req.URL, got.status)
	}
	if strings.HasPrefix(req.URL.Path, "/v2/") && got.header.Get("X-Request-Id") == "" {
		a.t.Errorf("%s %s: no request id", req.Method, req.URL)
	}
	return got, nil
}

// want sends a request and insists on the status.
func (a *api) want(status int, method, path, body string) answer {
	a.t.Helper()
	got, err := a.try(method, path, body)
	if err != nil {
		a.t.Fatal(err)
	}
	if got.status != status {
		a.t.Fatalf("%s %s: %d %s, want %d", method, path, got.status, got.raw, status)
	}
	return got
}

// data is the object in an answer.
func (g answer) data() map[string]any {
	d, _ := g.body["data"].(map[string]any)
	return d
}

// column is a field of all objects in a list, blanks between.
func (g answer) column(field string) string {
	list, _ := g.body["data"].([]any)
	var col []string
	for _, o := range list {
		col = append(col, fmt.Sprint(o.(map[string]any)[field]))
	}
	return strings.Join(col, " ")
}

// errors shows each error of a refusal as "code where", sorted.
func (g answer) errors() string {
	list, _ := g.body["errors"].([]any)
	var all []string
	for _, e := range list {
		e := e.(map[string]any)
		source, _ := e["source"].(map[string]any)
		where := ""
		for _, v := range source {
			where = fmt.Sprint(" ", v)
		}
		if e["title"] == "" || e["detail"] == "" {
			where += " without words"
		}
		code := fmt.Sprint(e["code"])
		if _, isText := e["code"].(string); !isText {
			code = "int " + code
		}
		all = append(all, code+where)
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

// tree is a JSON object as comparable text.
func tree(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
