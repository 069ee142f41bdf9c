package telnyxsim_test

import (
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

const create = `{"external_sip_connection":"zoom","outbound":{"outbound_voice_profile_id":"77"}}`

func TestExternalConnectionLife(t *testing.T) {
	a := serve(t, telnyxsim.Config{})
	got := a.want(201, "POST", "/v2/external_connections", `{
		"external_sip_connection": "zoom", "active": false, "tags": ["a"],
		"inbound": {"channel_limit": 5, "outbound_voice_profile_id": "78"},
		"outbound": {"outbound_voice_profile_id": "77"}}`)
	id, _ := got.data()["id"].(string)
	if len(id) != 19 {
		t.Errorf("the id %q has not 19 digits", id)
	}
	want := `{"active":false,"created_at":"2026-07-16T12:00:00.000Z","credential_active":false,` +
		`"external_sip_connection":"zoom","id":"` + id + `","inbound":{"channel_limit":5},` +
		`"outbound":{"outbound_voice_profile_id":"77"},"record_type":"external_connection","tags":["a"],` +
		`"updated_at":"2026-07-16T12:00:00.000Z","webhook_api_version":"1","webhook_event_failover_url":"",` +
		`"webhook_timeout_secs":null}`
	if tree(got.data()) != want {
		t.Errorf("created\n%s, want\n%s", tree(got.data()), want)
	}
	if !strings.Contains(string(a.sim.Account()), `"_inbound_outbound_voice_profile_id": "78"`) {
		t.Error("the account does not keep the inbound profile")
	}
	path := "/v2/external_connections/" + id
	if read := a.want(200, "GET", path, "").data(); tree(read) != want {
		t.Errorf("read\n%s, want\n%s", tree(read), want)
	}

	a.sim.Advance(time.Minute)
	got = a.want(200, "PATCH", path, `{"outbound":{"outbound_voice_profile_id":"79","channel_limit":3},
		"inbound":{}, "tags":["b"], "webhook_timeout_secs":30, "webhook_event_url":"https://x.example/a",
		"webhook_event_failover_url":null, "active":true}`)
	want = `{"active":true,"created_at":"2026-07-16T12:00:00.000Z","credential_active":false,` +
		`"external_sip_connection":"zoom","id":"` + id + `","inbound":{"channel_limit":5},` +
		`"outbound":{"channel_limit":3,"outbound_voice_profile_id":"79"},"record_type":"external_connection","tags":["b"],` +
		`"updated_at":"2026-07-16T12:01:00.000Z","webhook_api_version":"1","webhook_event_failover_url":null,` +
		`"webhook_event_url":"https://x.example/a","webhook_timeout_secs":30}`
	if tree(got.data()) != want {
		t.Errorf("patched\n%s, want\n%s", tree(got.data()), want)
	}

	if e := a.want(422, "DELETE", path, "").errors(); e != "10027 /active" {
		t.Errorf("deleting an active connection: %s", e)
	}
	a.want(200, "PATCH", path, `{"active":false,"outbound":{"outbound_voice_profile_id":"79"}}`)
	if got := a.want(200, "DELETE", path, ""); got.data()["id"] != id || got.data()["active"] != false {
		t.Errorf("deleted %s", got.raw)
	}
	for _, method := range []string{"GET", "DELETE"} {
		if e := a.want(404, method, path, "").errors(); e != "10005" {
			t.Errorf("%s of a deleted connection: %s", method, e)
		}
	}
	a.want(404, "PATCH", path, `{"outbound":{"outbound_voice_profile_id":"1"}}`)
	if second := a.want(201, "POST", "/v2/external_connections", create).data()["id"]; second == id {
		t.Error("an id was given out twice")
	}
}

func TestExternalConnectionPatchOfNull(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"external_connections":[
		{"id":"1","inbound":null,"outbound":{"outbound_voice_profile_id":"7","channel_limit":null}}]}`)})
	got := a.want(200, "PATCH", "/v2/external_connections/1",
		`{"inbound":{"channel_limit":2},"outbound":{"outbound_voice_profile_id":"7"}}`).data()
	if s := tree(got["inbound"]) + tree(got["outbound"]); s != `{"channel_limit":2}{"channel_limit":null,"outbound_voice_profile_id":"7"}` {
		t.Errorf("patched to %s", s)
	}
}

func TestTagsPatchMerges(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"_tags_patch":"merge","external_connections":[{"id":"1","tags":["a","b"]}]}`)})
	got := a.want(200, "PATCH", "/v2/external_connections/1", `{"tags":["c","a"],"outbound":{"outbound_voice_profile_id":"7"}}`)
	if s := tree(got.data()["tags"]); s != `["a","b","c"]` {
		t.Errorf("merged to %s", s)
	}
}

func TestExternalConnectionRefusals(t *testing.T) {
	a := serveUnchecked(t, telnyxsim.Config{Account: []byte(`{
		"external_connections": [{"id":"1"}], "outbound_voice_profiles": [{"id":"77"}]}`)}, malformed)
	for name, test := range map[string]struct{ method, body, want string }{
		"create: nothing":          {"POST", `{}`, "10027 /external_sip_connection; 10027 /outbound"},
		"create: operator connect": {"POST", `{"external_sip_connection":"operator_connect","outbound":{"outbound_voice_profile_id":"77"}}`, "10032 /external_sip_connection"},
		"create: no profile":       {"POST", `{"external_sip_connection":"zoom","outbound":{}}`, "10027 /outbound/outbound_voice_profile_id"},
		"create: empty profile":    {"POST", `{"external_sip_connection":"zoom","outbound":{"outbound_voice_profile_id":""}}`, "10027 /outbound/outbound_voice_profile_id"},
		"create: unknown profile":  {"POST", `{"external_sip_connection":"zoom","outbound":{"outbound_voice_profile_id":"78"}}`, "10027 /outbound/outbound_voice_profile_id"},
		"create: inbound without":  {"POST", `{"inbound":{},` + create[1:], "10027 /inbound/outbound_voice_profile_id"},
		"create: inbound unknown":  {"POST", `{"inbound":{"outbound_voice_profile_id":"78"},` + create[1:], "10027 /inbound/outbound_voice_profile_id"},
		"create: name":             {"POST", `{"name":"x","_x":1,` + create[1:], "10027 /_x; 10027 /name"},
		"create: read-only":        {"POST", `{"id":"1","webhook_api_version":"2","credential_active":true,` + create[1:], "10027 /credential_active; 10027 /id; 10027 /webhook_api_version"},
		"create: types": {
			"POST", `{"external_sip_connection":1,"active":"yes","tags":["a",1],"outbound":[],"inbound":"x","webhook_timeout_secs":1.5,"webhook_event_url":7,"webhook_event_failover_url":true}`,
			"10027 /active; 10027 /external_sip_connection; 10027 /inbound; 10027 /outbound; 10027 /tags; 10027 /webhook_event_failover_url; 10027 /webhook_event_url; 10027 /webhook_timeout_secs",
		},
		"patch: no outbound":          {"PATCH", `{"active":false}`, "10027 /outbound"},
		"patch: no profile":           {"PATCH", `{"outbound":{"channel_limit":1}}`, "10027 /outbound/outbound_voice_profile_id"},
		"patch: unknown profile":      {"PATCH", `{"outbound":{"outbound_voice_profile_id":"78"}}`, "10027 /outbound/outbound_voice_profile_id"},
		"patch: type of connection":   {"PATCH", create, "10027 /external_sip_connection"},
		"patch: inbound's profile":    {"PATCH", `{"inbound":{"outbound_voice_profile_id":"77"},"outbound":{"outbound_voice_profile_id":"77"}}`, "10027 /inbound/outbound_voice_profile_id"},
		"patch: null limits":          {"PATCH", `{"inbound":{"channel_limit":null},"outbound":{"outbound_voice_profile_id":"77","channel_limit":null}}`, "10027 /inbound/channel_limit; 10027 /outbound/channel_limit"},
		"patch: negative limit":       {"PATCH", `{"outbound":{"outbound_voice_profile_id":"77","channel_limit":-1}}`, "10027 /outbound/channel_limit"},
		"patch: timeout out of range": {"PATCH", `{"webhook_timeout_secs":31,"outbound":{"outbound_voice_profile_id":"77"}}`, "10027 /webhook_timeout_secs"},
		"patch: nulls":                {"PATCH", `{"webhook_event_url":null,"active":null,"tags":null,"outbound":{"outbound_voice_profile_id":"77"}}`, "10027 /active; 10027 /tags; 10027 /webhook_event_url"},
		"patch: URL without scheme":   {"PATCH", `{"webhook_event_url":"x.example","webhook_event_failover_url":"x.example/a","outbound":{"outbound_voice_profile_id":"77"}}`, "10027 /webhook_event_failover_url; 10027 /webhook_event_url"},
		"patch: pointer is escaped":   {"PATCH", `{"a/b~c":1,"outbound":{"outbound_voice_profile_id":"77"}}`, "10027 /a~1b~0c"},
	} {
		t.Run(name, func(t *testing.T) {
			before := string(a.sim.Account())
			path := map[string]string{"POST": "/v2/external_connections", "PATCH": "/v2/external_connections/1"}[test.method]
			if got := a.want(422, test.method, path, test.body).errors(); got != test.want {
				t.Errorf("refused with %s, want %s", got, test.want)
			}
			if string(a.sim.Account()) != before {
				t.Error("what was refused changed the account")
			}
		})
	}
	a.want(201, "POST", "/v2/external_connections", create)
}

func TestExternalConnectionDeleteRefusals(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{
		"external_connections": [{"id":"used","active":false}, {"id":"teams","active":false,"external_sip_connection":"operator_connect"}],
		"phone_numbers": [{"phone_number":"+15125550100","connection_id":"used"}]}`)})
	for id, want := range map[string]string{"used": "10021", "teams": "10027 /external_sip_connection"} {
		if got := a.want(422, "DELETE", "/v2/external_connections/"+id, "").errors(); got != want {
			t.Errorf("deleting %s: %s, want %s", id, got, want)
		}
	}
	a.want(200, "GET", "/v2/external_connections/used", "")
	a.want(404, "GET", "/v2/external_connections/none", "")
}

func TestExternalConnectionFilters(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{
		"external_connections": [
			{"id":"3","created_at":"2026-01-02T23:30:00-02:00"},
			{"id":"1","external_sip_connection":"operator_connect","created_at":"2026-01-02T00:00:00Z"},
			{"id":"2","created_at":"2026-01-03T23:59:59Z"}],
		"phone_numbers": [
			{"phone_number":"+15125550100","connection_id":"2"}, {"phone_number":"+15125550101","connection_id":"1"},
			{"phone_number":"+15125550102","connection_id":null}]}`)})
	for query, want := range map[string]string{
		"":                                     "3 1 2",
		"filter[id]=1":                         "1",
		"filter[id]=4":                         "",
		"filter[external_sip_connection]=zoom": "3 2",
		"filter[external_sip_connection]=operator_connect":      "1",
		"filter[external_sip_connection]=zoom&filter[id]=1":     "",
		"filter[connection_name][contains]=abc":                 "",
		"filter[created_at]=2026-01-03":                         "3 2",
		"filter[created_at]=2026-01-02":                         "1",
		"filter[phone_number][contains]=%2B15125550100":         "2",
		"filter[phone_number][contains]=15125550100":            "",
		"filter[phone_number][contains]=%2B1512555010":          "",
		"filter%5Bphone_number%5D%5Bcontains%5D=%2B15125550101": "1",
	} {
		got := a.want(200, "GET", "/v2/external_connections?"+query, "")
		if got.column("id") != want {
			t.Errorf("%s: %q, want %q", query, got.column("id"), want)
		}
	}
	if got := a.want(400, "GET", "/v2/external_connections?filter[created_at]=yesterday", "").errors(); got != "10015 filter[created_at]" {
		t.Errorf("bad date: %s", got)
	}
}

func TestLogMessagesAreNoConnection(t *testing.T) {
	a := serveUnchecked(t, telnyxsim.Config{Account: []byte(`{"external_connections":[{"id":"log_messages"}]}`)}, malformed)
	if got := a.want(200, "GET", "/v2/external_connections/log_messages", ""); got.data() != nil {
		t.Errorf("read %s", got.raw)
	}
	a.want(405, "DELETE", "/v2/external_connections/log_messages", "")
	for _, path := range []string{"/x", "/uploads"} {
		a.want(404, "GET", "/v2/external_connections/log_messages"+path, "")
	}
}
