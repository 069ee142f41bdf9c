package telnyxsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"telnyxsync/internal/telnyxsim"
)

func TestUploadRefusals(t *testing.T) {
	a := serveTeams(t, "")
	loose := serveUnchecked(t, telnyxsim.Config{Account: teams(""), UploadTime: hour}, malformed)
	before := string(a.sim.Account())
	for body, want := range map[string]string{
		`{"number_ids":["n1"]}`: "10027 /location_id",
		`{"number_ids":["n1"],"location_id":"L1","civic_address_id":"A1"}`:                           "10027 /location_id",
		`{"number_ids":["n1"],"location_id":"L9"}`:                                                   "10027 /location_id",
		`{"number_ids":["n1"],"location_id":"A1"}`:                                                   "10027 /location_id",
		`{"number_ids":["n1"],"location_id":"M1"}`:                                                   "10027 /location_id",
		`{"number_ids":["n1"],"civic_address_id":"B1"}`:                                              "10027 /civic_address_id",
		`{"number_ids":["n1"],"civic_address_id":"L1"}`:                                              "10027 /civic_address_id",
		`{"number_ids":["n9","n1","m1","u1","+15125550101"],"location_id":"L1"}`:                     "10027 /number_ids/0; 10027 /number_ids/2; 10027 /number_ids/3; 10027 /number_ids/4",
		`{"number_ids":["n1","n2","n1"],"location_id":"L1"}`:                                         "10027 /number_ids/2",
		`{"number_ids":["n1","free"],"location_id":"L1","usage":"calling_user_assignment"}`:          "10027 /number_ids/1",
		`{"number_ids":["free"],"location_id":"L1","additional_usages":["calling_user_assignment"]}`: "10027 /number_ids/0",
	} {
		same(t, body, a.want(422, "POST", uploads, body).errors(), want)
	}
	for body, want := range map[string]string{
		`{"location_id":"L1"}`:                                               "10027 /number_ids",
		`{"number_ids":[],"location_id":"L1"}`:                               "10027 /number_ids",
		`{"number_ids":"n1","location_id":"L1"}`:                             "10027 /number_ids",
		`{"number_ids":["n1",1],"location_id":"L1"}`:                         "10027 /number_ids",
		`{"number_ids":["n1"],"location_id":null}`:                           "10027 /location_id",
		`{"number_ids":["n1"],"location_id":""}`:                             "10027 /location_id",
		`{"number_ids":["n1"],"location_id":"L1","usage":"fax"}`:             "10032 /usage",
		`{"number_ids":["n1"],"location_id":"L1","additional_usages":["x"]}`: "10032 /additional_usages",
		`{"number_ids":["n1"],"location_id":"L1","additional_usages":"x"}`:   "10027 /additional_usages",
		`{"number_ids":["n1"],"location_id":"L1","status":"success","_x":1}`: "10027 /_x; 10027 /status",
	} {
		same(t, body, loose.want(422, "POST", uploads, body).errors(), want)
	}
	zoom := a.want(422, "POST", "/v2/external_connections/7/uploads", `{"number_ids":["n1"],"location_id":"L1"}`)
	same(t, "to Zoom", zoom.errors(), "10027")
	if string(a.sim.Account()) != before {
		t.Error("what was refused changed the account")
	}
	if v := a.sim.Violations(); v == nil || len(v) != 0 {
		t.Errorf("violations: %q", v)
	}
}

// A thousand numbers are an upload, one more is too much, whatever else is wrong.
func TestLargeUpload(t *testing.T) {
	var numbers []string
	ids := make([]string, 1001)
	for i := range ids {
		ids[i] = fmt.Sprint("k", i)
		numbers = append(numbers, fmt.Sprintf(`{"id":"k%d","phone_number":"+1512555%04d","connection_id":"5"}`, i, i))
	}
	doc := strings.Replace(string(teams("")), `"phone_numbers": [`, `"phone_numbers": [`+strings.Join(numbers, ",")+",", 1)
	a := serve(t, telnyxsim.Config{Account: []byte(doc)})
	body := func(ids []string) string {
		list, _ := json.Marshal(ids)
		return `{"location_id":"L1","number_ids":` + string(list) + `}`
	}
	same(t, "1001 numbers", a.want(413, "POST", uploads, body(ids)).errors(), "10015 /number_ids")
	same(t, "1001 numbers to nowhere", a.want(413, "POST", uploads, strings.Replace(body(ids), "L1", "L9", 1)).errors(), "10015 /number_ids")
	a.want(202, "POST", uploads, body(ids[:1000]))
	got := a.want(200, "GET", conn5+"/phone_numbers?page[number]=4", "")
	same(t, "the list", tree(got.body["meta"]), `{"page_number":4,"page_size":250,"total_pages":4,"total_results":1000}`)
}

func TestUploadTimeout(t *testing.T) {
	a := serveTeams(t, "")
	a.fault(`[{"match":"POST /external_connections/5/uploads","do":"status","status":504},
		{"match":"POST /external_connections/5/uploads","do":"drop-after-commit"}]`)
	const body = `{"location_id":"L1","number_ids":["n1"]}`
	a.want(504, "POST", uploads, body)
	a.dropped("POST", uploads, body)
	if list := strings.Fields(a.want(200, "GET", uploads, "").column("ticket_id")); len(list) != 1 {
		t.Errorf("uploads: %q", list)
	}
	if v := a.sim.Violations(); len(v) != 0 {
		t.Errorf("violations: %q", v)
	}
}

// A number that is on its way is not uploaded again, whether by the same connection,
// another one, or after a restart with the same account.
func TestViolations(t *testing.T) {
	a := serveTeams(t, "")
	ticket := a.toTeams("n1", "n2")
	const again = `{"location_id":"L1","number_ids":["n3","n2"]}`
	same(t, "again", a.want(422, "POST", uploads, again).errors(), "10036 /number_ids/1")
	want := []string{"upload of +15125550102 (n2) to the external connection 5: it is on its way already, in the upload " + ticket}
	same(t, "violations", tree(a.sim.Violations()), tree(want))

	a.want(200, "PATCH", "/v2/phone_numbers/n1", `{"connection_id":"6"}`)
	elsewhere := `{"location_id":"M1","number_ids":["n1"]}`
	same(t, "elsewhere", a.want(422, "POST", "/v2/external_connections/6/uploads", elsewhere).errors(), "10036 /number_ids/0")
	want = append(want, "upload of +15125550101 (n1) to the external connection 6: it is on its way already, in the upload "+ticket)

	if err := a.sim.SetAccount(a.sim.Account()); err != nil {
		t.Fatal(err)
	}
	a.fault(`[{"match":"POST /external_connections/5/uploads","do":"drop-after-commit"}]`)
	a.dropped("POST", uploads, again)
	want = append(want, want[0])
	same(t, "violations", compact(a.want(200, "GET", "/_sim/violations", "").raw), tree(want))

	a.sim.Advance(hour)
	same(t, "the upload", a.state(ticket), "partial_success n1:error/error/internal_error n2:success/all_internal_jobs_completed")
	a.toTeams("n2", "n3")
	a.want(202, "POST", "/v2/external_connections/6/uploads", elsewhere)
	same(t, "violations", tree(a.sim.Violations()), tree(want))

	if got := a.want(405, http.MethodPost, "/_sim/violations", "{}").header.Get("Allow"); got != "GET, DELETE" {
		t.Errorf("Allow is %q", got)
	}
	a.want(204, "DELETE", "/_sim/violations", "")
	same(t, "cleared", compact(a.want(200, "GET", "/_sim/violations", "").raw), "[]")
}
