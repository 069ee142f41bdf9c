package telnyxsim_test

import (
	"net/url"
	"strings"
	"testing"

	"telnyxsync/internal/telnyxsim"
)

// agent is all that can be sent for a Dialogflow connection.
const agent = `{"service_account":{"type":"service_account","private_key":"SECRET<&>"},"conversation_profile_id":"c",` +
	`"environment":"development","location":"global","dialogflow_api":"cx"}`

func TestDialogflowLife(t *testing.T) {
	a := serve(t, telnyxsim.Config{})
	for _, id := range []string{"1930000000000000001", "a?b", "x/y", ".."} {
		path := "/v2/dialogflow_connections/" + url.PathEscape(id)
		if e := a.want(404, "PUT", path, agent).errors(); e != "10005 /connection_id" {
			t.Errorf("PUT of a missing connection: %s", e)
		}
		want := `{"connection_id":` + tree(id) + `,"conversation_profile_id":"c","environment":"development",` +
			`"record_type":"dialogflow_connections","service_account":"****"}`
		if got := a.want(201, "POST", path, agent).data(); tree(got) != want {
			t.Errorf("created\n%s, want\n%s", tree(got), want)
		}
		if got := a.want(200, "GET", path, "").data(); tree(got) != want {
			t.Errorf("read\n%s, want\n%s", tree(got), want)
		}
		if e := a.want(422, "POST", path, agent).errors(); e != "10012 /connection_id" {
			t.Errorf("creating it twice: %s", e)
		}
		for _, kept := range []string{`"_dialogflow_api": "cx"`, `"_location": "global"`, `"private_key": "SECRET<&>"`} {
			if doc := string(a.sim.Account()); !strings.Contains(doc, kept) {
				t.Errorf("the account does not keep %s: %s", kept, doc)
			}
		}
		// What is left out is gone.
		want = `{"connection_id":` + tree(id) + `,"record_type":"dialogflow_connections","service_account":"****"}`
		for _, got := range []answer{a.want(200, "PUT", path, `{"service_account":{"a":1}}`), a.want(200, "GET", path, "")} {
			if tree(got.data()) != want {
				t.Errorf("put\n%s, want\n%s", got.raw, want)
			}
		}
		if doc := string(a.sim.Account()); strings.Contains(doc, "_location") || !strings.Contains(doc, `"_dialogflow_api": "es"`) {
			t.Errorf("the account keeps what is gone: %s", doc)
		}
		if got := a.want(204, "DELETE", path, ""); got.raw != "" {
			t.Errorf("DELETE answered %q", got.raw)
		}
		for method, body := range map[string]string{"GET": "", "DELETE": "", "PUT": agent} {
			if e := a.want(404, method, path, body).errors(); e != "10005 /connection_id" {
				t.Errorf("%s of a deleted connection: %s", method, e)
			}
		}
	}
}

func TestDialogflowRefusals(t *testing.T) {
	a := serveUnchecked(t, telnyxsim.Config{Account: []byte(`{"dialogflow_connections":[{"connection_id":"1"}]}`)}, malformed)
	before := string(a.sim.Account())
	for body, want := range map[string]string{
		`{}`:                       "10027 /service_account",
		`{"service_account":{}}`:   "10027 /service_account",
		`{"service_account":"{}"}`: "10027 /service_account",
		`{"service_account":null}`: "10027 /service_account",
		`{"service_account":{"a":1},"dialogflow_api":"xs"}`:               "10032 /dialogflow_api",
		`{"service_account":{"a":1},"dialogflow_api":"cx"}`:               "10027 /conversation_profile_id; 10027 /location",
		`{"service_account":{"a":1},"location":1,"environment":null}`:     "10027 /environment; 10027 /location",
		`{"service_account":{"a":1},"connection_id":"1","_location":"x"}`: "10027 /_location; 10027 /connection_id",
	} {
		for method, id := range map[string]string{"POST": "2", "PUT": "1"} {
			if got := a.want(422, method, "/v2/dialogflow_connections/"+id, body).errors(); got != want {
				t.Errorf("%s %s: %s, want %s", method, body, got, want)
			}
		}
	}
	if string(a.sim.Account()) != before {
		t.Errorf("what was refused changed the account to %s", a.sim.Account())
	}
	a.want(404, "GET", "/v2/dialogflow_connections", "")
	a.want(405, "PATCH", "/v2/dialogflow_connections/1", `{}`)
}

func TestDialogflowServiceAccount(t *testing.T) {
	for shown, want := range map[string]any{"masked": "****", "returned": `{"private_key":"SECRET<&>","type":"service_account"}`, "omitted": nil} {
		a := serve(t, telnyxsim.Config{Account: []byte(`{"_dialogflow_service_account":"` + shown + `"}`)})
		for _, got := range []answer{
			a.want(201, "POST", "/v2/dialogflow_connections/1", agent), a.want(200, "GET", "/v2/dialogflow_connections/1", ""),
			a.want(200, "PUT", "/v2/dialogflow_connections/1", agent),
		} {
			if v, there := got.data()["service_account"]; v != want || there != (want != nil) {
				t.Errorf("%s: %s, want %v", shown, got.raw, want)
			}
		}
	}
}
