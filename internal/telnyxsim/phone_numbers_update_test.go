package telnyxsim_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

func TestPatchPhoneNumber(t *testing.T) {
	a := serveTeams(t, "")
	a.sim.Advance(time.Minute)
	got := a.want(200, "PATCH", "/v2/phone_numbers/u1", `{"connection_id":"5","tags":["a"],"external_pin":"1","hd_voice_enabled":true,
		"customer_reference":"r","billing_group_id":"g","address_id":"x"}`).data()
	same(t, "patched", tree(got), `{"billing_group_id":"g","connection_id":"5","country_iso_alpha2":"US","created_at":"2026-07-16T12:00:00.000Z",`+
		`"customer_reference":"r","deletion_lock_enabled":false,"external_pin":"1","hd_voice_enabled":true,"id":"u1","phone_number":"+15125550301",`+
		`"phone_number_type":"local","purchased_at":"2026-07-16T12:00:00.000Z","record_type":"phone_number","status":"active","tags":["a"],`+
		`"updated_at":"2026-07-16T12:01:00.000Z"}`)
	same(t, "read", tree(a.want(200, "GET", "/v2/phone_numbers/u1", "").data()), tree(got))
	same(t, "in the list", a.want(200, "GET", "/v2/phone_numbers?filter[connection_id]=5", "").column("id"), "n1 n2 n3 n4 free u1")
	a.want(200, "PATCH", "/v2/phone_numbers/u1", `{"tags":[]}`)
	same(t, "unknown", a.want(404, "PATCH", "/v2/phone_numbers/x", `{"connection_id":"5"}`).errors(), "10005")

	bad := serveUnchecked(t, telnyxsim.Config{Account: teams(`"connections":[{"id":"9","connection_name":"trunk"}],`)}, malformed)
	for body, want := range map[string]string{
		`{"connection_id":null}`:           "10027 /connection_id",
		`{"connection_id":5}`:              "10027 /connection_id",
		`{"connection_id":"8"}`:            "10027 /connection_id",
		`{"phone_number":"+1","_note":""}`: "10027 /_note; 10027 /phone_number",
	} {
		same(t, body, bad.want(422, "PATCH", "/v2/phone_numbers/u1", body).errors(), want)
	}
	for _, id := range []string{"9", "6", ""} {
		bad.want(200, "PATCH", "/v2/phone_numbers/u1", `{"connection_id":"`+id+`"}`)
	}
}

// The name of the connection goes with it, where a number has it at all.
func TestConnectionNameOfAMovedNumber(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"connections":[{"id":"9","connection_name":"trunk"}],"external_connections":[{"id":"5"}],
		"phone_numbers":[{"id":"a","phone_number":"+15125550101","connection_name":"old","connection_id":"1"}]}`)})
	for _, step := range [][2]string{{"9", "trunk"}, {"9", "trunk"}, {"5", "<nil>"}, {"9", "trunk"}, {"", "<nil>"}} {
		got := a.want(200, "PATCH", "/v2/phone_numbers/a", `{"connection_id":"`+step[0]+`"}`).data()
		if name := fmt.Sprint(got["connection_name"]); name != step[1] {
			t.Errorf("on %s it is named %s", step[0], name)
		}
	}
}

func TestSlimPhoneNumbers(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"phone_numbers":[
		{"id":"a","phone_number":"+15125550100","connection_id":"1","tags":["x"],"customer_reference":"R","source_type":"port_request","hd_voice_enabled":true,"activated_at":null},
		{"id":"b","phone_number":"+15125550101","status":"port-pending","country_iso_alpha2":"CA","billing_group_id":"G","connection_name":"Office"},
		{"id":"c","phone_number":"+151255501000","connection_id":"1","emergency_address_id":"E","phone_number_type":"mobile","_usage_payment_method":"channel"}]}`)})
	for query, want := range map[string]string{
		"":                                    "a b c",
		"page[size]=2&page[number]=2":         "c",
		"filter[phone_number]=15125550100":    "a c", // a substring
		"filter[phone_number]=%2B15125550100": "",
		"filter[phone_number]=5125550":        "a b c",
		"filter[connection_id]=1":             "a c",
		"filter[status]=port_pending":         "b",
		"filter[status]=active":               "a c",
		"filter[tag]=x&include_tags=true":     "a",
		"filter[customer_reference]=R":        "a",
		"filter[country_iso_alpha2]=CA":       "b",
		"filter[country_iso_alpha2][0]=CA":    "b",
		"filter[country_iso_alpha2][0]=CA&filter[country_iso_alpha2][1]=US":   "a b c",
		"filter[billing_group_id]=null":                                       "a c",
		"filter[emergency_address_id]=E":                                      "c",
		"filter[number_type][eq]=mobile":                                      "c",
		"filter[source]=ported":                                               "a",
		"filter[voice.usage_payment_method]=channel":                          "c",
		"filter[voice.connection_name][contains]=off&include_connection=true": "b",
		"sort=phone_number":                                                   "a c b",
	} {
		same(t, query, a.want(200, "GET", "/v2/phone_numbers/slim?"+query, "").column("id"), want)
	}
	got := a.want(200, "GET", "/v2/phone_numbers/slim?filter[customer_reference]=R", "").body["data"].([]any)[0]
	same(t, "a number", tree(got), `{"connection_id":"1","country_iso_alpha2":"US","created_at":"2026-07-16T12:00:00.000Z","customer_reference":"R",`+
		`"hd_voice_enabled":true,"id":"a","phone_number":"+15125550100","phone_number_type":"local","purchased_at":"2026-07-16T12:00:00.000Z",`+
		`"record_type":"phone_number_slim","status":"active","updated_at":"2026-07-16T12:00:00.000Z"}`)
	for query, want := range map[string]string{
		"filter[phone_number]=15":                  "10015 filter[phone_number]",
		"filter[tag]=x":                            "10015 filter[tag]",
		"filter[tag]=x&include_tags=false":         "10015 filter[tag]",
		"filter[voice.connection_name][eq]=Office": "10015 filter[voice.connection_name][eq]",
	} {
		same(t, query, a.want(400, "GET", "/v2/phone_numbers/slim?"+query, "").errors(), want)
	}
	const short = "filter[voice.connection_name][contains]=of&include_connection=true"
	same(t, short, a.want(400, "GET", "/v2/phone_numbers/slim?"+short, "").errors(), "10015 filter[voice.connection_name][contains]")
	bad := serveUnchecked(t, telnyxsim.Config{}, malformed)
	for _, query := range []string{"include_tags=yes", "filter[status]=port-pending", "filter[without_tags]=true", "filter[has_bundle]=x", "sort=-phone_number"} {
		bad.want(400, "GET", "/v2/phone_numbers/slim?"+query, "")
	}
}

const jobs = "/v2/phone_numbers/jobs"

func TestJobLife(t *testing.T) {
	a := serveTeams(t, onTeams)
	a.want(200, "PATCH", "/v2/phone_numbers/n4", `{"connection_id":"6"}`)
	ids := `{"phone_numbers":["n1","u1","n3","n4"],"connection_id":"6","tags":["moved"],"deletion_lock_enabled":true}`
	got := a.want(202, "POST", jobs+"/update_phone_numbers", ids).data()
	id, _ := got["id"].(string)
	op := func(id, number string) string { return `{"id":"` + id + `","phone_number":"+1512555` + number + `"}` }
	ops := "[" + op("n1", "0101") + "," + op("u1", "0301") + "," + op("n3", "0103") + "," + op("n4", "0104") + "]"
	job := func(status, updated, pending, successful string) string {
		return `{"created_at":"2026-07-16T12:00:00.000Z","etc":"2026-07-16T13:00:00.000Z","failed_operations":[],"id":"` + id + `",` +
			`"pending_operations":` + pending + `,"phone_numbers":[{"id":"n1"},{"id":"u1"},{"id":"n3"},{"id":"n4"}],"record_type":"phone_numbers_job",` +
			`"status":"` + status + `","successful_operations":` + successful + `,"type":"update_phone_numbers","updated_at":"2026-07-16T` + updated + `.000Z"}`
	}
	same(t, "made", tree(got), job("pending", "12:00:00", ops, "[]"))
	a.sim.Advance(hour / 2)
	same(t, "half way", tree(a.want(200, "GET", jobs+"/"+id, "").data()), job("in_progress", "12:30:00", ops, "[]"))
	same(t, "the list", a.listed(), "n1 n2 n3")
	a.sim.Advance(2 * hour)
	same(t, "done", tree(a.want(200, "GET", jobs+"/"+id, "").data()), job("completed", "13:00:00", "[]", ops))
	same(t, "the list", a.listed(), "n2")
	same(t, "moved", a.want(200, "GET", "/v2/phone_numbers?filter[connection_id]=6", "").column("id"), "n1 n3 n4 m1 u1")
	d := a.want(200, "GET", "/v2/phone_numbers/n1", "").data()
	same(t, "a number", fmt.Sprint(d["tags"], d["deletion_lock_enabled"], " ", d["updated_at"]), "[moved] true 2026-07-16T13:00:00.000Z")

	list := a.want(200, "GET", releases, "").body["data"].([]any)
	if len(list) != 1 {
		t.Fatalf("releases: %s", tree(list))
	}
	release := list[0].(map[string]any)
	same(t, "the release", tree([]any{release["telephone_numbers"], release["status"], release["created_at"]}),
		`[[{"number_id":"n1","phone_number":"+15125550101"},{"number_id":"n3","phone_number":"+15125550103"}],"complete","2026-07-16T13:00:00.000Z"]`)
	same(t, "unknown", a.want(404, "GET", jobs+"/x", "").errors(), "10005")
}

func TestJobFailures(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"connections":[],"external_connections":[{"id":"5"}],"phone_numbers":[
		{"id":"a","phone_number":"+15125550101"},{"id":"b","phone_number":"+15125550102","_job_error":"It is being ported."}]}`)})
	for _, test := range [][4]string{
		{"5", "completed", `[{"id":"a","phone_number":"+15125550101"}]`, `It is being ported.`},
		{"8", "failed", `[]`, `There is no such connection.`},
	} {
		got := a.want(202, "POST", jobs+"/update_phone_numbers", `{"phone_numbers":["+15125550101","+15125550102"],"connection_id":"`+test[0]+`"}`).data()
		same(t, "asked for", tree(got["phone_numbers"]), `[{"phone_number":"+15125550101"},{"phone_number":"+15125550102"}]`)
		d := a.want(200, "GET", jobs+"/"+got["id"].(string), "").data()
		same(t, test[0], d["status"].(string)+tree(d["successful_operations"]), test[1]+test[2])
		if failed := tree(d["failed_operations"]); !strings.Contains(failed, test[3]) || !strings.Contains(failed, `"id":"b"`) || !strings.Contains(failed, `"code":"10015"`) {
			t.Errorf("failed: %s", failed)
		}
	}
}

func TestJobRefusals(t *testing.T) {
	a := serveTeams(t, "")
	post := func(body string) string { return a.want(422, "POST", jobs+"/update_phone_numbers", body).errors() }
	many, _ := json.Marshal(make([]string, 1001))
	for body, want := range map[string]string{
		`{"phone_numbers":[],"connection_id":"5"}`:                    "10015 /phone_numbers",
		`{"phone_numbers":` + string(many) + `,"connection_id":"5"}`:  "10015 /phone_numbers",
		`{"phone_numbers":["n1"]}`:                                    "10015 /updateable_fields",
		`{"phone_numbers":["n1","+15125550102"],"connection_id":"5"}`: "10015 /phone_numbers",
		`{"phone_numbers":["+15125550102","n1"],"connection_id":"5"}`: "10015 /phone_numbers",
		`{"phone_numbers":["n1","n9"],"connection_id":"5"}`:           "10015 /phone_numbers",
		`{"phone_numbers":["+15125550999"],"connection_id":"5"}`:      "10015 /phone_numbers",
	} {
		same(t, body, post(body), want)
	}
	for i := range 20 {
		a.want(202, "POST", jobs+"/update_phone_numbers", `{"phone_numbers":["n1"],"tags":["`+fmt.Sprint(i)+`"]}`)
		if i == 10 {
			a.sim.Advance(hour / 2) // in progress, and still counted
		}
	}
	same(t, "too many", post(`{"phone_numbers":["n1"],"tags":[]}`), "10015 /base")
	a.sim.Advance(hour / 2)
	a.want(202, "POST", jobs+"/update_phone_numbers", `{"phone_numbers":["n1"],"tags":["last"]}`)
	a.sim.Advance(hour)
	same(t, "in their order", tree(a.want(200, "GET", "/v2/phone_numbers/n1", "").data()["tags"]), `["last"]`)

	bad := serveUnchecked(t, telnyxsim.Config{Account: teams("")}, malformed)
	for body, want := range map[string]string{
		`{"connection_id":"5"}`: "10027 /phone_numbers",
		`{"phone_numbers":"n1","connection_id":null,"status":"pending"}`: "10027 /connection_id; 10027 /phone_numbers; 10027 /status",
	} {
		same(t, body, bad.want(422, "POST", jobs+"/update_phone_numbers", body).errors(), want)
	}
	// By a filter it would be whatever matches.
	bad.want(400, "POST", jobs+"/update_phone_numbers?filter[connection_id]=5", `{"phone_numbers":["n1"],"connection_id":"6"}`)
	bad.want(404, "GET", jobs, "")
	bad.want(405, "GET", jobs+"/update_phone_numbers", "")
}
