package telnyxsim_test

import (
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

const releases = conn5 + "/releases"

func TestReleaseLife(t *testing.T) {
	a := serveTeams(t, "")
	ticket := a.toTeams("n1", "n2")
	a.sim.Advance(hour)
	same(t, "the list", a.listed(), "n1 n2")
	a.want(200, "PATCH", "/v2/phone_numbers/n1", `{"connection_id":"5","tags":["x"]}`) // no other one
	same(t, "no release", a.want(200, "GET", releases, "").column("ticket_id"), "")
	if got := a.want(200, "PATCH", "/v2/phone_numbers/n1", `{"connection_id":"6"}`).data()["connection_id"]; got != "6" {
		t.Errorf("the number is on %v", got)
	}
	same(t, "the list", a.listed(), "n2")
	id := a.want(200, "GET", releases, "").column("ticket_id")
	for _, step := range []struct {
		after            time.Duration
		status, internal string
	}{
		{0, "pending_upload", "release_requested"},
		{hour / 4, "pending", "release_requested"},
		{hour / 4, "in_progress", "release_requested"},
		{hour/2 - time.Second, "in_progress", "release_requested"},
		{time.Second, "complete", "release_completed"},
	} {
		a.sim.Advance(step.after)
		same(t, step.status, tree(a.want(200, "GET", releases+"/"+id, "").data()),
			`{"created_at":"2026-07-16T13:00:00.000Z","status":"`+step.status+`","telephone_numbers":[{"number_id":"n1","phone_number":"+15125550101"}],`+
				`"tenant_id":"ea175aba-f47c-4702-9400-efaa42688048","ticket_id":"`+id+`"}`)
		same(t, step.status, a.state(ticket), "success n1:success/"+step.internal+" n2:success/all_internal_jobs_completed")
	}
	// It can come back.
	a.want(200, "PATCH", "/v2/phone_numbers/n1", `{"connection_id":"5"}`)
	a.toTeams("n1")
	a.sim.Advance(hour)
	same(t, "the list", a.listed(), "n2 n1")
	a.want(200, "PATCH", "/v2/phone_numbers/n1", `{"connection_id":""}`) // of none
	same(t, "releases", a.want(200, "GET", releases, "").column("status"), "complete pending_upload")
	if got := a.want(200, "GET", "/v2/phone_numbers/n1", "").data()["connection_id"]; got != nil {
		t.Errorf("the number is on %v", got)
	}
	same(t, "moved again", a.want(200, "PATCH", "/v2/phone_numbers/n1", `{"connection_id":"6"}`).raw[:8], `{"data":`)
	same(t, "releases", a.want(200, "GET", releases, "").column("status"), "complete pending_upload")
}

func TestReleaseFilters(t *testing.T) {
	const two = `"releases":{"5":[
		{"ticket_id":"a","status":"failed","error_message":"x","telephone_numbers":[
			{"number_id":"n1","phone_number":"+15125550101","_location_id":"L1","_civic_address_id":"A1"},{"number_id":"n2","phone_number":"+15125550102"}]},
		{"ticket_id":"b","_submitted_at":"2026-07-16T11:45:00Z"}, {"ticket_id":"c","status":"unknown"}],
		"8":[{"ticket_id":"d"}]},`
	a := serveTeams(t, two)
	for query, want := range map[string]string{
		"":                             "a b c",
		"filter[status][eq][0]=failed": "a",
		"filter[status][eq][0]=pending&filter[status][eq][1]=unknown": "b c",
		"filter[location_id][eq]=L1":                                  "a",
		"filter[location_id][eq]=L2":                                  "",
		"filter[civic_address_id][eq]=A1":                             "a",
		"filter[phone_number][eq]=%2B15125550102":                     "a",
		"filter[phone_number][contains]=%2B151":                       "a",
		"filter[phone_number][contains]=999":                          "",
		"page[size]=1&page[number]=2":                                 "b",
	} {
		same(t, query, a.want(200, "GET", releases+"?"+query, "").column("ticket_id"), want)
	}
	if got := a.want(200, "GET", releases+"/a", ""); strings.Contains(got.raw, `"_`) {
		t.Errorf("read %s", got.raw)
	}
	for _, path := range []string{releases + "/d", "/v2/external_connections/8/releases", "/v2/external_connections/8/releases/d"} {
		same(t, path, a.want(404, "GET", path, "").errors(), "10005")
	}
	same(t, "two digits", a.want(422, "GET", releases+"?filter[phone_number][contains]=%2B12", "").errors(), "10015 filter[phone_number][contains]")
	bad := serveUnchecked(t, telnyxsim.Config{Account: teams(two)}, malformed)
	same(t, "status", bad.want(422, "GET", releases+"?filter[status][eq][0]=lost", "").errors(), "10015 filter[status][eq][]")
}
