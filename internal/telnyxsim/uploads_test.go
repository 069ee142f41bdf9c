package telnyxsim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

func TestUploadLife(t *testing.T) {
	a := serveTeams(t, "")
	ticket := a.toTeams("n1", "n2")
	if len(ticket) != 36 {
		t.Errorf("the ticket %q is no UUID", ticket)
	}
	entry := func(id, number string) string {
		return `{"civic_address_id":"A1","internal_status":"pending_assignment","location_id":"L1","number_id":"` + id +
			`","phone_number":"` + number + `","status":"pending_upload"}`
	}
	same(t, "at first", tree(a.want(200, "GET", uploads+"/"+ticket, "").data()),
		`{"available_usages":["calling_user_assignment","first_party_app_assignment"],"location_id":"L1","status":"pending_upload",`+
			`"tenant_id":"ea175aba-f47c-4702-9400-efaa42688048","ticket_id":"`+ticket+`","tn_upload_entries":[`+
			entry("n1", "+15125550101")+`,`+entry("n2", "+15125550102")+`]}`)
	for _, step := range []struct {
		after             time.Duration
		status, internal  string
		listed            string
		numbers, requests float64
	}{
		{0, "pending_upload", "pending_assignment", "", 2, 1},
		{15*time.Minute - time.Second, "pending_upload", "pending_assignment", "", 2, 1},
		{time.Second, "pending", "in_progress", "", 2, 1},
		{15 * time.Minute, "in_progress", "in_progress", "", 2, 1},
		{-15 * time.Minute, "in_progress", "in_progress", "", 2, 1}, // a clock set back changes nothing
		{45*time.Minute - time.Second, "in_progress", "in_progress", "", 2, 1},
		{time.Second, "success", "all_internal_jobs_completed", "n1 n2", 0, 0},
		{1000 * hour, "success", "all_internal_jobs_completed", "n1 n2", 0, 0},
	} {
		a.sim.Advance(step.after)
		same(t, fmt.Sprint(step), a.state(ticket), fmt.Sprintf("%[1]s n1:%[1]s/%[2]s n2:%[1]s/%[2]s", step.status, step.internal))
		same(t, fmt.Sprint(step), a.listed(), step.listed)
		count := a.want(200, "GET", uploads+"/status", "").data()
		if count["pending_numbers_count"] != step.numbers || count["pending_orders_count"] != step.requests {
			t.Errorf("%v: pending are %s", step, tree(count))
		}
	}
	same(t, "the number", tree(a.want(200, "GET", conn5+"/phone_numbers/n2", "").data()),
		`{"acquired_capabilities":["FirstPartyAppAssignment","InboundCalling","Office365","OutboundCalling","UserAssignment"],`+
			`"civic_address_id":"A1","displayed_country_code":"CA","location_id":"L1","number_id":"n2",`+
			`"telephone_number":"+15125550102","ticket_id":"`+ticket+`"}`)
}

// Without a time that it takes, an upload is done when somebody looks.
func TestUploadAtOnce(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: teams("")})
	ticket := a.toTeams("n1")
	if doc := string(a.sim.Account()); !strings.Contains(doc, `"telephone_number": "+15125550101"`) {
		t.Errorf("the account is %s", doc)
	}
	same(t, "the upload", a.state(ticket), "success n1:success/all_internal_jobs_completed")
	same(t, "uploaded once more", a.state(a.toTeams("n1")), "success n1:success/all_internal_jobs_completed")
	same(t, "the list", a.listed(), "n1")
	a.want(200, "POST", uploads+"/refresh", "")
	a.want(200, "POST", uploads+"/refresh", "")
}

// By its civic address a number goes to the default location, if there is one.
func TestUploadByAddress(t *testing.T) {
	a := serveTeams(t, "")
	by := func(address string) string {
		return a.want(202, "POST", uploads, `{"civic_address_id":"`+address+`","number_ids":["`+map[string]string{"A1": "n1", "A2": "n2"}[address]+`"]}`).body["ticket_id"].(string)
	}
	withDefault, without := by("A1"), by("A2")
	if d := a.want(200, "GET", uploads+"/"+without, "").data(); d["location_id"] != nil || !strings.Contains(tree(d), `"civic_address_id":"A2"`) {
		t.Errorf("the upload is %s", tree(d))
	}
	a.sim.Advance(hour)
	same(t, "with a default", a.state(withDefault), "success n1:success/all_internal_jobs_completed")
	same(t, "without", a.state(without), "error n2:error/error/unable_to_retrieve_default_location")
	d := a.want(200, "GET", conn5+"/phone_numbers/n1", "").data()
	same(t, "where it is", fmt.Sprint(d["location_id"], d["civic_address_id"]), "L1A1")
}

func TestUploadUsages(t *testing.T) {
	const all = `["FirstPartyAppAssignment","InboundCalling","Office365","OutboundCalling","UserAssignment"]`
	const user = `["InboundCalling","Office365","OutboundCalling","UserAssignment"]`
	const app = `["FirstPartyAppAssignment","InboundCalling","Office365","OutboundCalling"]`
	both := `["calling_user_assignment","first_party_app_assignment"]`
	for _, test := range []struct{ body, ids, usages, of1, ofFree string }{
		{``, `"n1","free"`, both, all, app},
		{``, `"free"`, `["first_party_app_assignment"]`, "", app},
		// Without additional ones it is all that are supported.
		{`"usage":"first_party_app_assignment",`, `"n1","free"`, both, all, app},
		{`"usage":"calling_user_assignment",`, `"n1"`, both, all, ""},
		{`"usage":"calling_user_assignment","additional_usages":[],`, `"n1"`, `["calling_user_assignment"]`, user, ""},
		{`"usage":"first_party_app_assignment","additional_usages":["calling_user_assignment"],`, `"n1"`, both, all, ""},
		{`"additional_usages":["first_party_app_assignment"],`, `"free","n1"`, `["first_party_app_assignment"]`, app, app},
		{`"additional_usages":[],`, `"n1"`, both, all, ""},
	} {
		a := serve(t, telnyxsim.Config{Account: teams("")})
		ticket := a.want(202, "POST", uploads, `{`+test.body+`"location_id":"L1","number_ids":[`+test.ids+`]}`).body["ticket_id"].(string)
		same(t, test.body+test.ids, tree(a.want(200, "GET", uploads+"/"+ticket, "").data()["available_usages"]), test.usages)
		for id, want := range map[string]string{"n1": test.of1, "free": test.ofFree} {
			if want != "" {
				same(t, test.body+id, tree(a.want(200, "GET", conn5+"/phone_numbers/"+id, "").data()["acquired_capabilities"]), want)
			}
		}
	}
}

// An upload that is handed in begins to move then, or when it says; it never goes back.
func TestUploadsOfAnAccount(t *testing.T) {
	a := serveTeams(t, `"uploads":{"5":[
		{"ticket_id":"new","location_id":"L2","tn_upload_entries":[{"number_id":"n1"}]},
		{"ticket_id":"begun","status":"in_progress","_submitted_at":"2026-07-16T11:30:00Z","tn_upload_entries":[{"number_id":"n2"},{"number_id":"n3","status":"success"}]},
		{"ticket_id":"behind","status":"pending_upload","_submitted_at":"2026-07-16T11:30:00Z","tn_upload_entries":[{"number_id":"n4"}]},
		{"ticket_id":"ahead","status":"in_progress","tn_upload_entries":[{"number_id":"m1"}]},
		{"ticket_id":"hangs","_submitted_at":"9999-01-01T00:00:00Z","tn_upload_entries":[{"number_id":"free"}]},
		{"ticket_id":"empty"},
		{"ticket_id":"mixed","status":"partial_success","tn_upload_entries":[{"number_id":"n4","status":"error","error_code":"internal_error"},{"number_id":"n3"}]}]},`)
	states := func() string {
		var all []string
		for _, ticket := range []string{"new", "begun", "behind", "ahead", "hangs", "empty", "mixed"} {
			all = append(all, a.state(ticket))
		}
		return strings.Join(all, "\n")
	}
	const hangs = "pending_upload free:pending_upload/pending_assignment\n"
	const mixed = "partial_success n4:error/error/internal_error n3:success/all_internal_jobs_completed"
	same(t, "at first", states(), "pending_upload n1:pending_upload/pending_assignment\n"+
		"in_progress n2:in_progress/in_progress n3:success/all_internal_jobs_completed\n"+
		"in_progress n4:in_progress/in_progress\nin_progress m1:in_progress/in_progress\n"+hangs+"pending_upload\n"+mixed)
	a.sim.Advance(30 * time.Minute)
	const done = "success n2:success/all_internal_jobs_completed n3:success/all_internal_jobs_completed\nsuccess n4:success/all_internal_jobs_completed\n"
	same(t, "later", states(), "in_progress n1:in_progress/in_progress\n"+done+"in_progress m1:in_progress/in_progress\n"+hangs+"in_progress\n"+mixed)
	a.sim.Advance(100 * hour)
	same(t, "at last", states(), "success n1:success/all_internal_jobs_completed\n"+done+
		"error m1:error/error/internal_error\n"+hangs+"success\n"+mixed) // m1 is not assigned here
	same(t, "the list", a.listed(), "n2 n4 n1")
	same(t, "where", a.want(200, "GET", conn5+"/phone_numbers", "").column("location_id"), "<nil> <nil> L2")
}

func TestUploadFilters(t *testing.T) {
	a := serveTeams(t, `"uploads":{"5":[
		{"ticket_id":"a","status":"error","tn_upload_entries":[{"number_id":"n1","phone_number":"+15125550101","location_id":"L1","civic_address_id":"A1"}]},
		{"ticket_id":"b","status":"partial_success","tn_upload_entries":[{"number_id":"n2","phone_number":"+15125550102","location_id":"L2","civic_address_id":"A1"},{"number_id":"n1","phone_number":"+15125550101"}]},
		{"ticket_id":"c","status":"success"}, {"ticket_id":"d","_submitted_at":"9999-01-01T00:00:00Z"}]},`)
	for query, want := range map[string]string{
		"":                            "a b c d",
		"filter[status][eq][0]=error": "a", // and not those that failed in part
		"filter[status][eq][0]=error&filter[status][eq][1]=pending_upload": "a d",
		"filter[location_id][eq]=L2":                                       "b",
		"filter[civic_address_id][eq]=A1":                                  "a b",
		"filter[civic_address_id][eq]=A2":                                  "",
		"filter[phone_number][eq]=%2B15125550102":                          "b",
		"filter[phone_number][eq]=15125550102":                             "",
		"filter[phone_number][contains]=%2B151255501":                      "a b",
		"filter[phone_number][contains]=50102":                             "b",
		"page[size]=3&page[number]=2":                                      "d",
	} {
		same(t, query, a.want(200, "GET", uploads+"?"+query, "").column("ticket_id"), want)
	}
	got := a.want(200, "GET", uploads, "")
	same(t, "the meta", tree(got.body["meta"]), `{"page_number":1,"page_size":250,"total_pages":1,"total_results":4}`)
	bad := serveUnchecked(t, telnyxsim.Config{Account: teams("")}, malformed)
	for query, want := range map[string]string{
		"filter[status][eq][0]=partial_success": "10015 filter[status][eq][]",
		"filter[status][eq][]=lost":             "10015 filter[status][eq][]",
		"page[size]=251":                        "10015 page[size]",
		"page[number]=0":                        "10015 page[number]",
	} {
		same(t, query, bad.want(422, "GET", uploads+"?"+query, "").errors(), want)
	}
	bad.want(400, "GET", uploads+"?sort=status", "")
}

func TestUploadPathsOfNothing(t *testing.T) {
	a := serveTeams(t, `"uploads":{"6":[{"ticket_id":"other","status":"error"}],"8":[{"ticket_id":"T"}]},`)
	for path, methods := range map[string]string{
		"/v2/external_connections/8/uploads":         "GET",
		"/v2/external_connections/8/uploads/T":       "GET",
		"/v2/external_connections/8/uploads/T/retry": "POST",
		"/v2/external_connections/8/uploads/refresh": "POST",
		"/v2/external_connections/8/uploads/status":  "GET",
		uploads + "/other":                           "GET",
		uploads + "/other/retry":                     "POST",
	} {
		same(t, path, a.want(404, methods, path, "").errors(), "10005")
	}
	same(t, "POST", a.want(404, "POST", "/v2/external_connections/8/uploads", `{"location_id":"L1","number_ids":["n1"]}`).errors(), "10005")
	same(t, "those of another", a.want(200, "GET", uploads, "").column("ticket_id"), "")
}

func TestUploadRefresh(t *testing.T) {
	a := serveTeams(t, "")
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 200}, {0, 409}, {hour - time.Second, 409}, {time.Second, 200}, {0, 409}, {2 * hour, 200}} {
		a.sim.Advance(step.after)
		got := a.want(step.want, "POST", uploads+"/refresh", "")
		if step.want == 409 {
			same(t, "refused", got.errors(), "10036")
		} else {
			same(t, "answered", tree(got.body), `{"success":true}`)
		}
	}
	a.want(200, "POST", "/v2/external_connections/6/uploads/refresh", "") // each connection for itself
	if got := a.want(200, "GET", conn5, "").raw; strings.Contains(got, "refreshed") {
		t.Errorf("the connection is %s", got)
	}
	a = serve(t, telnyxsim.Config{Account: teams(`"_upload_refresh":"in_progress",`)})
	a.want(409, "POST", uploads+"/refresh", "")
}
