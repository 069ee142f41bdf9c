package telnyxsim_test

import (
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

func TestUploadFailures(t *testing.T) {
	for name, test := range map[string]struct{ rules, want, left string }{
		"one, once": {
			`{"telephone_number":"+15125550102"}`,
			"partial_success n1:success n2:error/internal_error n3:success n4:success", `[]`,
		},
		"one, twice": {
			`{"_id":"r","telephone_number":"+15125550102","error_code":"unknown_country_code","times":2}`,
			"partial_success n1:success n2:error/unknown_country_code n3:success n4:success",
			`[{"_id":"r","error_code":"unknown_country_code","telephone_number":"+15125550102","times":1}]`,
		},
		"a part of them, for ever": {
			`{"_id":"r","match":"0[123]$","error_code":"unable_to_retrieve_partner_info","times":-1}`,
			"partial_success n1:error/unable_to_retrieve_partner_info n2:error/unable_to_retrieve_partner_info n3:error/unable_to_retrieve_partner_info n4:success",
			`[{"_id":"r","error_code":"unable_to_retrieve_partner_info","match":"0[123]$","times":-1}]`,
		},
		"all": {
			`{"_id":"r","times":-1}`,
			"error n1:error/internal_error n2:error/internal_error n3:error/internal_error n4:error/internal_error",
			`[{"_id":"r","error_code":"internal_error","times":-1}]`,
		},
		"every third": {
			`{"_id":"r","every":3}`, "partial_success n1:success n2:success n3:error/internal_error n4:success",
			`[{"_id":"r","_seen":4,"error_code":"internal_error","every":3,"times":-1}]`,
		},
		"every second, once, counted before": {
			`{"_id":"r","every":2,"times":1,"_seen":1}`, "partial_success n1:error/internal_error n2:success n3:success n4:success", `[]`,
		},
		"the first rule wins": {
			`{"match":"0[12]","error_code":"unknown_country_code","times":1},{"telephone_number":"+15125550101","times":1},{"match":"3","times":0},{"_id":"r","match":"no","times":5}`,
			"partial_success n1:error/unknown_country_code n2:success n3:success n4:success",
			`kept`,
		},
	} {
		a := serveTeams(t, `"_upload_failures":[`+test.rules+`],`)
		ticket := a.toTeams("n1", "n2", "n3", "n4")
		a.sim.Advance(hour)
		got := a.state(ticket)
		for _, internal := range []string{"/all_internal_jobs_completed", "/error"} {
			got = strings.ReplaceAll(got, internal, "")
		}
		same(t, name, got, test.want)
		if test.left != "kept" {
			_, left, _ := strings.Cut(compact(string(a.sim.Account())), `"_upload_failures":`)
			same(t, name+": left", left[:len(test.left)], test.left)
		}
	}
}

func TestFailedUpload(t *testing.T) {
	a := serveTeams(t, `"_upload_failures":[{"times":2}],`)
	ticket := a.toTeams("n1", "n2")
	a.sim.Advance(hour)
	d := a.want(200, "GET", uploads+"/"+ticket, "").data()
	if d["status"] != "error" || d["error_code"] == nil || d["error_message"] == nil {
		t.Errorf("failed: %s", tree(d))
	}
	entry := d["tn_upload_entries"].([]any)[0].(map[string]any)
	if entry["error_message"] != "The upload failed: internal error." || a.listed() != "" {
		t.Errorf("failed: %s, listed %q", tree(entry), a.listed())
	}
}

func TestRetryInANewUpload(t *testing.T) {
	a := serveTeams(t, `"_upload_failures":[{"match":"0[12]$","times":3}],`)
	ticket := a.toTeams("n1", "n2", "n3")
	retry := func(status int, ticket string) answer { return a.want(status, "POST", uploads+"/"+ticket+"/retry", "") }
	same(t, "too early", retry(409, ticket).errors(), "10036")
	a.sim.Advance(hour)
	const failed = "partial_success n1:error/error/internal_error n2:error/error/internal_error n3:success/all_internal_jobs_completed"
	same(t, "failed", a.state(ticket), failed)
	second, _ := retry(202, ticket).data()["ticket_id"].(string)
	if second == ticket || len(second) != 36 {
		t.Fatalf("retried as %q", second)
	}
	same(t, "retried", a.state(second), "pending_upload n1:pending_upload/pending_assignment n2:pending_upload/pending_assignment")
	same(t, "before", a.state(ticket), failed)
	for _, busy := range []string{ticket, second} {
		same(t, "too early", retry(409, busy).errors(), "10036")
	}
	a.sim.Advance(hour)
	same(t, "failed again", a.state(second), "partial_success n1:error/error/internal_error n2:success/all_internal_jobs_completed")
	same(t, "what was retried", retry(422, ticket).errors(), "10027 /ticket_id")
	third, _ := retry(202, second).data()["ticket_id"].(string)
	a.sim.Advance(hour)
	same(t, "at last", a.state(third), "success n1:success/all_internal_jobs_completed")
	same(t, "nothing failed", retry(422, third).errors(), "10027 /ticket_id")
	same(t, "the list", a.listed(), "n3 n2 n1")
	same(t, "tickets", a.want(200, "GET", uploads, "").column("ticket_id"), ticket+" "+second+" "+third)
	if v := a.sim.Violations(); len(v) != 0 {
		t.Errorf("violations: %q", v)
	}
}

func TestRetryOfTheSameUpload(t *testing.T) {
	a := serveTeams(t, `"_retry_ticket":"same","_upload_failures":[{"match":"0[12]$","times":2}],`)
	ticket := a.toTeams("n1", "n2", "n3")
	a.sim.Advance(hour)
	got := a.want(202, "POST", uploads+"/"+ticket+"/retry", "")
	if got.data()["ticket_id"] != ticket || got.data()["error_code"] != nil {
		t.Errorf("retried: %s", got.raw)
	}
	const done = " n3:success/all_internal_jobs_completed"
	same(t, "retried", a.state(ticket), "pending_upload n1:pending_upload/pending_assignment n2:pending_upload/pending_assignment"+done)
	a.want(409, "POST", uploads+"/"+ticket+"/retry", "")
	count := a.want(200, "GET", uploads+"/status", "").data()
	same(t, "pending", tree(count), `{"pending_numbers_count":2,"pending_orders_count":1}`)
	a.sim.Advance(hour)
	same(t, "done", a.state(ticket), "success n1:success/all_internal_jobs_completed n2:success/all_internal_jobs_completed"+done)
	a.want(422, "POST", uploads+"/"+ticket+"/retry", "")
}

// What failed may be on its way by other means when it is retried.
func TestRetryOfWhatIsOnItsWay(t *testing.T) {
	a := serveTeams(t, `"_upload_failures":[{"times":2}],`)
	ticket := a.toTeams("n1", "n2")
	a.sim.Advance(hour)
	other := a.toTeams("n2")
	same(t, "retried", a.want(422, "POST", uploads+"/"+ticket+"/retry", "").errors(), "10036 /ticket_id")
	same(t, "violations", tree(a.sim.Violations()),
		`["upload of +15125550102 (n2) to the external connection 5: it is on its way already, in the upload `+other+`"]`)
	a.sim.Advance(hour)
	a.want(202, "POST", uploads+"/"+ticket+"/retry", "")
}

// One in twenty fails, whoever it is, and passes when it is retried.
func TestTransientFailures(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: teams(`"_upload_failures":[{"every":2}],`), UploadTime: 4 * time.Second})
	a.toTeams("n1", "n2", "n3", "n4")
	for range 5 {
		a.sim.Advance(4 * time.Second)
		for _, ticket := range strings.Fields(a.want(200, "GET", uploads, "").column("ticket_id")) {
			if got, err := a.try("POST", uploads+"/"+ticket+"/retry", ""); err != nil || got.status != 202 && got.status != 422 && got.status != 409 {
				t.Fatal(got, err)
			}
		}
	}
	same(t, "the list", a.listed(), "n1 n3 n2 n4")
}
