package telnyxsim_test

import (
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

// onTeams is three numbers of connection 5 on Teams.
const onTeams = `"connection_phone_numbers":{"5":[
	{"number_id":"n1","telephone_number":"+15125550101","location_id":"L1","civic_address_id":"A1","ticket_id":"T","acquired_capabilities":["UserAssignment"],"_note":"x"},
	{"number_id":"n2","telephone_number":"+15125550102","location_id":"L2","civic_address_id":"A1"},
	{"number_id":"n3","telephone_number":"+15125550103","location_id":"L3","civic_address_id":"A2"}]},`

func TestConnectionPhoneNumbers(t *testing.T) {
	a := serveTeams(t, onTeams)
	same(t, "a number", tree(a.want(200, "GET", conn5+"/phone_numbers/n1", "").data()),
		`{"acquired_capabilities":["UserAssignment"],"civic_address_id":"A1","displayed_country_code":"US","location_id":"L1",`+
			`"number_id":"n1","telephone_number":"+15125550101","ticket_id":"T"}`)
	for query, want := range map[string]string{
		"":                                "n1 n2 n3",
		"filter[location_id][eq]=L2":      "n2",
		"filter[location_id][eq]=l2":      "",
		"filter[civic_address_id][eq]=A1": "n1 n2",
		"filter[phone_number][eq]=%2B15125550103":     "n3",
		"filter[phone_number][eq]=15125550103":        "",
		"filter[phone_number][contains]=%2B151255501": "n1 n2 n3",
		"filter[phone_number][contains]=0102":         "n2",
		"page[size]=2&page[number]=2":                 "n3",
	} {
		same(t, query, a.want(200, "GET", conn5+"/phone_numbers?"+query, "").column("number_id"), want)
	}
	same(t, "the meta", tree(a.want(200, "GET", conn5+"/phone_numbers", "").body["meta"]),
		`{"page_number":1,"page_size":250,"total_pages":1,"total_results":3}`)
	for _, path := range []string{
		conn5 + "/phone_numbers/n4", conn5 + "/phone_numbers/m1", "/v2/external_connections/6/phone_numbers/n1",
		"/v2/external_connections/8/phone_numbers", "/v2/external_connections/8/phone_numbers/n1",
	} {
		same(t, path, a.want(404, "GET", path, "").errors(), "10005")
	}
	same(t, "of another", a.want(200, "GET", "/v2/external_connections/6/phone_numbers", "").column("number_id"), "")
}

func TestRelocation(t *testing.T) {
	a := serveTeams(t, onTeams)
	const n1 = conn5 + "/phone_numbers/n1"
	where := func() string {
		d := a.want(200, "GET", n1, "").data()
		return d["location_id"].(string) + " " + d["civic_address_id"].(string)
	}
	if got := a.want(200, "PATCH", n1, `{"location_id":"L3"}`); got.data()["location_id"] != "L1" || strings.Contains(got.raw, `"_`) {
		t.Errorf("answered %s", got.raw)
	}
	a.sim.Advance(hour - time.Second)
	same(t, "before", where(), "L1 A1")
	a.sim.Advance(time.Second)
	same(t, "after", where(), "L3 A2")
	same(t, "the list", a.want(200, "GET", conn5+"/phone_numbers?filter[location_id][eq]=L3", "").column("number_id"), "n1 n3")

	// The last one wins, an hour after it was asked for.
	a.want(200, "PATCH", n1, `{"location_id":"L1"}`)
	a.sim.Advance(hour / 2)
	a.want(200, "PATCH", n1, `{"location_id":"L2"}`)
	a.sim.Advance(hour / 2)
	same(t, "half way", where(), "L3 A2")
	a.sim.Advance(hour / 2)
	same(t, "at last", where(), "L2 A1")

	at := serve(t, telnyxsim.Config{Account: teams(onTeams)})
	at.want(200, "PATCH", n1, `{"location_id":"L2"}`)
	if got := at.want(200, "GET", n1, "").data()["location_id"]; got != "L2" {
		t.Errorf("at once it is at %v", got)
	}
}

func TestRelocationRefusals(t *testing.T) {
	a := serveUnchecked(t, telnyxsim.Config{Account: teams(onTeams + `"_numbers_listed":"when_assigned",`)}, malformed)
	const n1 = conn5 + "/phone_numbers/n1"
	for body, want := range map[string]string{
		`{}`:                   "10027 /location_id",
		`{"location_id":null}`: "10027 /location_id",
		`{"location_id":"L9"}`: "10027 /location_id",
		`{"location_id":"M1"}`: "10027 /location_id",
		`{"location_id":"L1","civic_address_id":"A1"}`: "10027 /civic_address_id",
	} {
		same(t, body, a.want(422, "PATCH", n1, body).errors(), want)
	}
	same(t, "assigned", a.want(422, "PATCH", conn5+"/phone_numbers/n4", `{"location_id":"L1"}`).errors(), "10027")
	a.want(404, "PATCH", conn5+"/phone_numbers/m1", `{"location_id":"L1"}`)
	a.want(404, "PATCH", "/v2/external_connections/8/phone_numbers/n1", `{"location_id":"L1"}`)
}

// Whether assigned numbers are listed before they are uploaded is not documented.
func TestNumbersListedWhenAssigned(t *testing.T) {
	a := serveTeams(t, onTeams+`"_numbers_listed":"when_assigned","_numbers_lag":"30m",`)
	same(t, "the list", a.listed(), "n1 n2 n3 n4 free")
	const bare = `{"acquired_capabilities":[],"number_id":"n4","telephone_number":"+15125550104"}`
	same(t, "an assigned one", tree(a.want(200, "GET", conn5+"/phone_numbers/n4", "").data()), bare)
	same(t, "filtered", a.want(200, "GET", conn5+"/phone_numbers?filter[phone_number][eq]=%2B15125550104", "").column("number_id"), "n4")
	same(t, "page 3", a.want(200, "GET", conn5+"/phone_numbers?page[size]=2&page[number]=3", "").column("number_id"), "free")
	a.want(200, "PATCH", "/v2/phone_numbers/u1", `{"connection_id":"5"}`)
	a.want(200, "PATCH", "/v2/phone_numbers/n4", `{"connection_id":"6"}`)
	same(t, "the list", a.listed(), "n1 n2 n3 free u1")
	a.toTeams("u1")
	a.sim.Advance(hour)
	same(t, "uploaded, not shown", a.listed(), "n1 n2 n3 free u1")
	if d := a.want(200, "GET", conn5+"/phone_numbers/u1", "").data(); d["ticket_id"] != nil {
		t.Errorf("before the list has it: %s", tree(d))
	}
	a.sim.Advance(hour / 2)
	same(t, "shown", a.listed(), "n1 n2 n3 u1 free")
	if d := a.want(200, "GET", conn5+"/phone_numbers/u1", "").data(); d["ticket_id"] == nil || d["location_id"] != "L1" {
		t.Errorf("at last: %s", tree(d))
	}
}

func TestNumbersLag(t *testing.T) {
	a := serveTeams(t, onTeams+`"_numbers_lag":"90s",`)
	ticket := a.toTeams("n3", "n4")
	a.sim.Advance(hour)
	same(t, "the upload", a.state(ticket), "success n3:success/all_internal_jobs_completed n4:success/all_internal_jobs_completed")
	for _, step := range []struct {
		after time.Duration
		want  string
	}{{0, "n1 n2 n3 at L3"}, {89 * time.Second, "n1 n2 n3 at L3"}, {time.Second, "n1 n2 n3 n4 at L1"}} {
		a.sim.Advance(step.after)
		at := a.want(200, "GET", conn5+"/phone_numbers/n3", "").data()["location_id"].(string)
		same(t, "the list", a.listed()+" at "+at, step.want)
	}
	for _, bad := range []string{`"soon"`, `"-1s"`, `90`} {
		if err := a.sim.SetAccount([]byte(`{"_numbers_lag":` + bad + `}`)); err == nil || !strings.Contains(err.Error(), "_numbers_lag") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	// A number that is listed nowhere is on Teams nevertheless: it is released.
	a = serveTeams(t, `"_numbers_lag":"90s",`)
	ticket = a.toTeams("n1")
	a.sim.Advance(hour)
	a.want(404, "GET", conn5+"/phone_numbers/n1", "")
	a.want(200, "PATCH", "/v2/phone_numbers/n1", `{"connection_id":"6"}`)
	same(t, "released", a.want(200, "GET", conn5+"/releases?filter[location_id][eq]=L1", "").column("status"), "pending_upload")
	same(t, "the upload", a.state(ticket), "success n1:success/release_requested")
	a.sim.Advance(hour)
	same(t, "the list", a.listed(), "")
}
