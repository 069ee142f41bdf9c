package telnyxsim_test

import (
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

// refresh asks for a refresh and insists on the answer.
func (a *api) refresh(status int, message string) {
	a.t.Helper()
	got := a.want(status, "POST", "/v2/operator_connect/actions/refresh", "")
	same(a.t, "the refresh", tree(got.body), `{"message":"`+message+`","success":true}`)
}

const (
	started = "Operator connect refresh started"
	running = "Operator connect refresh already in progress"
)

func TestOperatorConnectRefresh(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"_operator_connect_pending": [{"id": "5", "outbound": {"outbound_voice_profile_id": "1"}}]}`)})
	a.want(404, "GET", "/v2/external_connections/5", "")
	a.refresh(202, started)
	if got := a.want(200, "GET", "/v2/external_connections/5", ""); got.data()["external_sip_connection"] != "operator_connect" {
		t.Errorf("after the refresh: %s", got.raw)
	}
	a.refresh(202, started) // there is nothing more to bring
	same(t, "connections", a.want(200, "GET", "/v2/external_connections", "").column("id"), "5")
	if err := a.sim.SetAccount([]byte(`{"_operator_connect_refresh": "in_progress"}`)); err != nil {
		t.Fatal(err)
	}
	a.refresh(200, running)
}

// What a refresh finds appears later, as connections and as log messages.
func TestOperatorConnectRefreshInTheBackground(t *testing.T) {
	a := serve(t, telnyxsim.Config{UploadTime: hour, Account: []byte(`{"external_connections":[{"id":"1"}],
		"_operator_connect_pending":[{"id":"5"},{}],
		"_operator_connect_log_messages":[{"code":"10015","title":"Consent is missing"},{"id":"3","code":"1","title":"x","meta":{"external_connection_id":"5"}}]}`)})
	found := func() string {
		messages, _ := a.want(200, "GET", "/v2/external_connections/log_messages", "").body["log_messages"].([]any)
		return a.want(200, "GET", "/v2/external_connections?filter[external_sip_connection]=operator_connect", "").column("external_sip_connection") + tree(messages)
	}
	a.sim.Advance(hour)
	same(t, "before", found(), "[]")
	a.refresh(202, started)
	a.sim.Advance(hour - time.Second)
	a.refresh(200, running)
	same(t, "not yet", found(), "[]")
	if doc := string(a.sim.Account()); strings.Count(doc, `"_arrives_at"`) != 4 {
		t.Errorf("the account is %s", doc)
	}
	a.sim.Advance(time.Second)
	const both = `operator_connect operator_connect[{"code":"10015","title":"Consent is missing"},{"code":"1","meta":{"external_connection_id":"5"},"title":"x"}]`
	same(t, "then", found(), both)
	if doc := string(a.sim.Account()); strings.Contains(doc, "_arrives_at") || strings.Contains(doc, "_operator_connect_pending") {
		t.Errorf("the account is %s", doc)
	}
	a.refresh(202, started)
	a.sim.Advance(hour)
	same(t, "nothing new", found(), both)
}

func TestLogMessages(t *testing.T) {
	const account = `"log_messages":[
		{"id":"1","code":"10015","title":"Invalid attribute","detail":"d","source":{"pointer":"/a"},"_note":1,
			"meta":{"external_connection_id":"5","telephone_number":"+15125550101","ticket_id":"T"}},
		{"id":"2","code":"20000","title":"y","meta":{"external_connection_id":"6"}}, {"id":"3","code":"1","title":"z"}]}`
	const all = "/v2/external_connections/log_messages"
	a := serve(t, telnyxsim.Config{Account: []byte(`{"_log_message_ids":"shown",` + account)})
	ids := func(query string) string {
		got := a.want(200, "GET", all+query, "")
		got.body["data"] = got.body["log_messages"]
		return got.column("id")
	}
	for query, want := range map[string]string{
		"":                                     "1 2 3",
		"?page[size]=2&page[number]=2":         "3",
		"?filter[external_connection_id]=6":    "2",
		"?filter[external_connection_id]=null": "3",
		"?filter[telephone_number][eq]=%2B15125550101": "1",
		"?filter[telephone_number][eq]=null":           "2 3",
		"?filter[telephone_number][contains]=%2B1512":  "1",
		"?filter[telephone_number][contains]=999":      "",
	} {
		same(t, query, ids(query), want)
	}
	same(t, "two digits", a.want(422, "GET", all+"?filter[telephone_number][contains]=12", "").errors(), "10015 filter[telephone_number][contains]")
	same(t, "one", strings.TrimSpace(a.want(200, "GET", all+"/1", "").raw), `{"log_messages":[{"code":"10015","detail":"d","id":"1",`+
		`"meta":{"external_connection_id":"5","telephone_number":"+15125550101","ticket_id":"T"},"source":{"pointer":"/a"},"title":"Invalid attribute"}]}`)
	same(t, "dismissed", tree(a.want(200, "DELETE", all+"/1", "").body), `{"success":true}`)
	for _, method := range []string{"GET", "DELETE"} {
		same(t, method, a.want(404, method, all+"/1", "").errors(), "10005")
	}
	same(t, "left", ids(""), "2 3")
	a.fault(`[{"match":"GET /external_connections/log_messages","do":"short-page"}]`)
	same(t, "short", ids(""), "2")

	a = serve(t, telnyxsim.Config{Account: []byte(`{` + account)})
	same(t, "hidden", ids(""), "<nil> <nil> <nil>")
	if got := a.want(200, "GET", all+"/2", "").raw; strings.Contains(got, `"id"`) {
		t.Errorf("read %s", got)
	}
}
