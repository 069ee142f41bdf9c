package telnyxsim_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

// compact takes the indentation out of JSON.
func compact(s string) string {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(s)); err != nil {
		return err.Error()
	}
	return b.String()
}

func TestJournal(t *testing.T) {
	a := serve(t, telnyxsim.Config{})
	got := a.want(200, "GET", "/v2/external_connections?filter[id]=1&page%5Bsize%5D=5", "")
	a.sim.Advance(time.Second)
	a.want(404, "GET", "/v2/siprec_connectors/a%3Fb%2f..", "")
	want := `[{"seq":1,"time":"2026-07-16T12:00:00Z","method":"GET","path":"/external_connections",` +
		`"query":"filter[id]=1&page%5Bsize%5D=5","status":200,"request_id":"` + got.header.Get("X-Request-Id") + `"},` +
		`{"seq":2,"time":"2026-07-16T12:00:01Z","method":"GET","path":"/siprec_connectors/a%3Fb%2f..",` +
		`"query":"","status":404,"request_id":"` + a.sim.Journal()[1].RequestID + `"}]`
	if got := a.want(200, "GET", "/_sim/journal", "").raw; compact(got) != want {
		t.Errorf("journal\n%s, want\n%s", compact(got), want)
	}
	a.want(204, "DELETE", "/_sim/journal", "")
	if got := a.want(200, "GET", "/_sim/journal", "").raw; compact(got) != "[]" {
		t.Errorf("cleared, the journal is %s", got)
	}
	a.want(404, "GET", "/v2/connections/1", "")
	if j := a.sim.Journal(); len(j) != 1 || j[0].Seq != 3 {
		t.Errorf("numbering does not go on: %+v", j)
	}
	a.sim.ClearJournal()
	if j := a.sim.Journal(); j == nil || len(j) != 0 {
		t.Errorf("cleared, the journal is %v", j)
	}
}

func TestClock(t *testing.T) {
	a := serve(t, telnyxsim.Config{})
	if got := a.want(200, "POST", "/_sim/clock", `{"advance":"10m"}`).raw; compact(got) != `{"now":"2026-07-16T12:10:00Z"}` {
		t.Errorf("the clock says %s", got)
	}
	got := a.want(201, "POST", "/v2/external_connections", create)
	if got.data()["created_at"] != "2026-07-16T12:10:00.000Z" {
		t.Errorf("created at %v", got.data()["created_at"])
	}
	date, err := time.Parse(time.RFC1123, got.header.Get("Date"))
	if err != nil || time.Since(date).Abs() > time.Minute {
		t.Errorf("Date is %q, not the real time", got.header.Get("Date"))
	}
	for _, bad := range []string{"", `{}`, `{"advance":10}`, `{"advance":"soon"}`, `{"advance":"1h","by":"2h"}`, `{"advance":"1h"} 1`} {
		a.want(400, "POST", "/_sim/clock", bad)
	}
	for _, d := range []string{"2562047h", "2562047h"} { // 292 years each
		a.want(200, "POST", "/_sim/clock", `{"advance":"`+d+`"}`)
	}
	if year := a.sim.Now().Year(); year != 2318 {
		t.Errorf("far in the future it is %d", year)
	}
	a.want(200, "POST", "/_sim/clock", `{"advance":"-1000h"}`)
	if year := a.sim.Now().Year(); year != 2318 {
		t.Errorf("going back led to %d", year)
	}
	a.want(200, "GET", "/_sim/journal", "")
}

func TestAccountControl(t *testing.T) {
	a := serve(t, telnyxsim.Config{})
	empty := a.want(200, "GET", "/_sim/account", "").raw
	if compact(empty) != `{"civic_addresses":{},"connection_phone_numbers":{},"custom_storage_credentials":[],"dialogflow_connections":[],`+
		`"external_connections":[],"log_messages":[],"media":[],"phone_numbers":[],"phone_numbers_jobs":[],"recording_transcriptions":[],"recordings":[],"releases":{},"siprec_connectors":[],"uploads":{}}` {
		t.Errorf("an empty account is %s", empty)
	}
	a.want(204, "PUT", "/_sim/account", `{"api_keys":["k"],"connections":[],"external_connections":[{"id":"1"}]}`)
	a.key = "k"
	a.want(200, "GET", "/v2/external_connections/1", "")
	full := a.want(200, "GET", "/_sim/account", "").raw
	if full != string(a.sim.Account()) || !strings.Contains(full, `"connections": []`) {
		t.Errorf("the account is %s", full)
	}
	if got := a.want(400, "PUT", "/_sim/account", `{"external_connections":[{"id":1}]}`); !strings.Contains(got.raw, "external_connections/0/id") {
		t.Errorf("a wrong account: %s", got.raw)
	}
	if got := a.want(200, "GET", "/_sim/account", "").raw; got != full {
		t.Errorf("a wrong account changed it to %s", got)
	}
	a.want(413, "PUT", "/_sim/account", `"`+strings.Repeat("x", 64<<20)+`"`)
	if got := a.want(405, "POST", "/_sim/account", `{}`).header.Get("Allow"); got != "GET, PUT" {
		t.Errorf("Allow is %q", got)
	}
	if j := a.sim.Journal(); len(j) != 1 {
		t.Errorf("the controls are in the journal: %+v", j)
	}
}
