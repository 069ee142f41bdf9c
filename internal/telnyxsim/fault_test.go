package telnyxsim_test

import (
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

// fault arms faults, given as JSON, through the control.
func (a *api) fault(json string) {
	a.t.Helper()
	a.want(204, "POST", "/_sim/faults", json)
}

// dropped sends a request that must not be answered.
func (a *api) dropped(method, path, body string) {
	a.t.Helper()
	if got, err := a.try(method, path, body); err == nil {
		a.t.Errorf("%s %s was answered: %d %s", method, path, got.status, got.raw)
	}
}

// connections counts the account's external connections.
func (a *api) connections() int {
	return strings.Count(string(a.sim.Account()), `"record_type": "external_connection"`)
}

func TestDropFaults(t *testing.T) {
	a := serve(t, telnyxsim.Config{})
	a.fault(`[{"match":"POST /external_connections","do":"drop-before-commit"},
		{"match":"POST /external_connections","do":"drop-after-commit","times":2}]`)
	for i, want := range []int{0, 1, 2} {
		a.dropped("POST", "/v2/external_connections", create)
		if got := a.connections(); got != want {
			t.Errorf("after drop %d there are %d connections, want %d", i, got, want)
		}
	}
	a.want(201, "POST", "/v2/external_connections", create)
	var statuses []int
	for _, r := range a.sim.Journal() {
		statuses = append(statuses, r.Status)
		if r.RequestID == "" {
			t.Error("a dropped request has no id")
		}
	}
	if s := tree(statuses); s != "[0,0,0,201]" {
		t.Errorf("journal: %s", s)
	}
}

func TestStatusFaults(t *testing.T) {
	a := serve(t, telnyxsim.Config{})
	a.fault(`[{"match":"POST /external_connections","do":"status"},
		{"match":"POST /external_connections","do":"status","status":429,"headers":{"Retry-After":"3"}},
		{"match":"GET /siprec_connectors/{name}","do":"status","status":500},
		{"match":"GET /connections/1","do":"status","status":204}]`)
	got := a.want(503, "POST", "/v2/external_connections", create)
	if got.errors() != "10007" || got.header.Get("X-Sim-Fault") != "status" {
		t.Errorf("the fault is %s, %v", got.raw, got.header)
	}
	got = a.want(429, "POST", "/v2/external_connections", create)
	if got.errors() != "10011" || got.header.Get("Retry-After") != "3" {
		t.Errorf("the fault is %s, %v", got.raw, got.header)
	}
	if n := a.connections(); n != 0 {
		t.Errorf("faults created %d connections", n)
	}
	if got := a.want(500, "GET", "/v2/siprec_connectors/x", ""); got.errors() != "int 10007" {
		t.Errorf("the fault is %s", got.raw)
	}
	if got := a.want(204, "GET", "/v2/connections/1", ""); got.raw != "" {
		t.Errorf("the fault is %s", got.raw)
	}
	a.want(201, "POST", "/v2/external_connections", create)
}

func TestAnswerFaults(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"external_connections":[{"id":"1"},{"id":"2"}]}`)})
	a.fault(`[{"match":"GET /external_connections","do":"short-page","times":2},
		{"match":"* /external_connections","do":"html","times":2},
		{"match":"GET /external_connections/*","do":"short-page"}]`)
	got := a.want(200, "GET", "/v2/external_connections", "")
	if got.column("id") != "1" || got.body["meta"].(map[string]any)["total_results"] != 2.0 {
		t.Errorf("short page: %s", got.raw)
	}
	if got = a.want(200, "GET", "/v2/external_connections?filter[id]=1", ""); !strings.Contains(got.raw, `"data":[]`) {
		t.Errorf("short page of one: %s", got.raw)
	}
	for method, body := range map[string]string{"GET": "", "POST": create} {
		got = a.want(200, method, "/v2/external_connections", body)
		if !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") || !strings.Contains(got.raw, "<html>") {
			t.Errorf("HTML: %s, %v", got.raw, got.header)
		}
	}
	if n := a.connections(); n != 3 {
		t.Errorf("there are %d connections, want 3: a write behind an HTML answer counts", n)
	}
	if got = a.want(200, "GET", "/v2/external_connections/1", ""); got.data()["id"] != "1" {
		t.Errorf("short page of no list: %s", got.raw)
	}
	if s := string(a.sim.Account()); !strings.Contains(s, `"2"`) {
		t.Errorf("short pages changed the account: %s", s)
	}
}

func TestDelayFault(t *testing.T) {
	a := serve(t, telnyxsim.Config{})
	a.fault(`[{"match":"GET /external_connections","do":"delay","delay":"50ms"},
		{"match":"GET /external_connections","do":"status","status":500,"delay":"50ms"}]`)
	for _, status := range []int{200, 500} {
		begun := time.Now()
		a.want(status, "GET", "/v2/external_connections", "")
		if d := time.Since(begun); d < 50*time.Millisecond {
			t.Errorf("the delayed answer came after %v", d)
		}
	}
}

func TestFaultMatching(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"siprec_connectors":[{"name":"a?b","host":"h","port":1},{"name":"c","host":"h","port":1}]}`)})
	a.fault(`[{"match":"GET /siprec_connectors/a%3Fb","do":"status","times":-1},
		{"match":"DELETE /siprec_connectors/{x}","do":"status","times":2},
		{"match":"PUT /siprec_connectors","do":"status"}]`)
	a.want(200, "GET", "/v2/siprec_connectors/c", "")
	for range 3 {
		a.want(503, "GET", "/v2/siprec_connectors/a%3Fb", "")
	}
	a.want(503, "DELETE", "/v2/siprec_connectors/c", "")
	got := a.want(200, "GET", "/_sim/faults", "").raw
	want := `[{"match":"GET /siprec_connectors/a%3Fb","times":-1,"do":"status","status":503},` +
		`{"match":"DELETE /siprec_connectors/{x}","times":1,"do":"status","status":503},` +
		`{"match":"PUT /siprec_connectors","times":1,"do":"status","status":503}]`
	if compact(got) != want {
		t.Errorf("left are %s, want %s", compact(got), want)
	}
	a.want(503, "DELETE", "/v2/siprec_connectors/c", "")
	a.want(204, "DELETE", "/v2/siprec_connectors/c", "")
	a.want(204, "DELETE", "/_sim/faults", "")
	a.want(200, "GET", "/v2/siprec_connectors/a%3Fb", "")
	if got := a.want(200, "GET", "/_sim/faults", "").raw; compact(got) != "[]" {
		t.Errorf("left are %s", got)
	}
}

func TestBadFaults(t *testing.T) {
	a := serve(t, telnyxsim.Config{})
	for _, bad := range []string{
		`{}`, `[{}]`, `[`, `[]x`, `[{"match":"GET /x","do":"explode"}]`, `[{"match":"GET /x","do":"status","status":99}]`,
		`[{"match":"GET /x","do":"status","status":600}]`, `[{"match":"GET /x","do":"delay"}]`,
		`[{"match":"GET /x","do":"delay","delay":"soon"}]`, `[{"match":"GET /x","do":"delay","delay":"-1s"}]`,
		`[{"match":"/x","do":"html"}]`, `[{"match":"GET x","do":"html"}]`, `[{"match":"get /x","do":"html"}]`,
		`[{"match":"GET /%zz","do":"html"}]`, `[{"match":"GET /x","do":"html","times":-2}]`,
		`[{"match":"GET /x","do":"html","status":500}]`, `[{"match":"GET /x","do":"html","headers":{"A":"b"}}]`,
		`[{"match":"POST /x","do":"commit-late"}]`, `[{"match":"POST /x","do":"commit-late","after":"soon"}]`,
		`[{"match":"POST /x","do":"commit-late","after":"-1s"}]`, `[{"match":"POST /x","do":"commit-late","after":"1s","status":99}]`,
		`[{"match":"POST /x","do":"status","after":"1s"}]`,
		`[{"match":"GET /x","do":"html","when":"now"}]`, `[{"match":"GET /x","do":"html"},{"match":"GET /x","do":"?"}]`,
	} {
		if got := a.want(400, "POST", "/_sim/faults", bad); got.body["error"] == "" {
			t.Errorf("%s: %s", bad, got.raw)
		}
	}
	if got := a.want(200, "GET", "/_sim/faults", "").raw; compact(got) != "[]" {
		t.Errorf("armed nevertheless: %s", got)
	}
	if err := a.sim.AddFaults(telnyxsim.Fault{Match: "GET /x", Do: "html"}); err != nil {
		t.Error(err)
	}
	a.sim.ClearFaults()
}
