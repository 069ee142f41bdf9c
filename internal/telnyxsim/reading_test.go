package telnyxsim_test

import (
	"fmt"
	"strings"
	"testing"

	"telnyxsync/internal/telnyxsim"
)

func TestPhoneNumbers(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"phone_numbers":[
		{"id":"a","phone_number":"+15125550100","connection_id":"1","tags":["x","y"],"customer_reference":"R","source_type":"port_request"},
		{"id":"b","phone_number":"+15125550101","connection_id":"2","status":"port-pending","country_iso_alpha2":"CA","billing_group_id":"G","connection_name":"Head Office"},
		{"id":"c","phone_number":"+14415550100","connection_id":"1","emergency_address_id":"E","source_type":"number_order","phone_number_type":"mobile","_usage_payment_method":"channel"}]}`)})
	for query, want := range map[string]string{
		"":                                                 "a b c",
		"filter[phone_number]=15125550100":                 "a",
		"filter[phone_number]=5550100":                     "a c",
		"filter[phone_number]=%2B15125550100":              "",
		"filter[connection_id]=1":                          "a c",
		"filter[connection_id]=1&filter[tag]=y":            "a",
		"filter[connection_id]=3":                          "",
		"filter[status]=port-pending":                      "b",
		"filter[tag]=y":                                    "a",
		"filter[tag]=xy":                                   "",
		"filter[customer_reference]=R":                     "a",
		"filter[country_iso_alpha2]=CA":                    "b",
		"filter[billing_group_id]=G":                       "b",
		"filter[billing_group_id]=null":                    "a c",
		"filter[emergency_address_id]=E":                   "c",
		"filter[emergency_address_id]=null":                "a b",
		"filter[number_type][eq]=mobile":                   "c",
		"filter[source]=ported":                            "a",
		"filter[source]=purchased":                         "c",
		"filter[voice.usage_payment_method]=channel":       "c",
		"filter[voice.connection_name][eq]=Head Office":    "b",
		"filter[voice.connection_name][contains]=d+o":      "b",
		"filter[voice.connection_name][starts_with]=head":  "b",
		"filter[voice.connection_name][ends_with]=head":    "",
		"filter[without_tags]=true":                        "b c",
		"filter[without_tags]=false":                       "a b c",
		"sort=phone_number":                                "c a b",
		"handle_messaging_profile_error=true&page[size]=2": "a b",
	} {
		got := a.want(200, "GET", "/v2/phone_numbers?"+strings.ReplaceAll(query, " ", "%20"), "")
		if got.column("id") != want {
			t.Errorf("%s: %q, want %q", query, got.column("id"), want)
		}
	}
	if got := a.want(200, "GET", "/v2/phone_numbers/c", ""); got.data()["phone_number"] != "+14415550100" || got.data()["_usage_payment_method"] != nil {
		t.Errorf("read %s", got.raw)
	}
	a.want(404, "GET", "/v2/phone_numbers/d", "")
	if got := a.want(400, "GET", "/v2/phone_numbers?filter[phone_number]=15", "").errors(); got != "10015 filter[phone_number]" {
		t.Errorf("two digits: %s", got)
	}
}

func TestPhoneNumberPathsOfOthers(t *testing.T) {
	a := serveUnchecked(t, telnyxsim.Config{Account: []byte(`{"phone_numbers":[{"id":"slim","phone_number":"+15125550100"}]}`)}, malformed)
	if got := a.want(200, "GET", "/v2/phone_numbers/slim", "").column("id"); got != "slim" {
		t.Errorf("the slim list has %q", got)
	}
	for _, path := range []string{"jobs", "jobs/1", "slim/1"} {
		a.want(404, "GET", "/v2/phone_numbers/"+path, "")
	}
}

func TestOutboundVoiceProfiles(t *testing.T) {
	a := serve(t, telnyxsim.Config{})
	if got := a.want(200, "GET", "/v2/outbound_voice_profiles", ""); got.raw != `{"data":[],"meta":{"page_number":1,"page_size":20,"total_pages":0,"total_results":0}}`+"\n" {
		t.Errorf("no profiles: %s", got.raw)
	}
	a.want(404, "GET", "/v2/outbound_voice_profiles/1", "")
	if err := a.sim.SetAccount([]byte(`{"outbound_voice_profiles":[
		{"id":"1","name":"Office","concurrent_call_limit":null,"max_destination_rate":0.25},
		{"id":"2","name":"backoffice","call_recording":{"call_recording_type":"all"}}, {"name":"Lab"}]}`)); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"": "Office backoffice Lab", "filter[name][contains]=office": "Office backoffice",
		"sort=name": "Lab Office backoffice", "sort=-name": "backoffice Office Lab",
	} {
		if got := a.want(200, "GET", "/v2/outbound_voice_profiles?"+query, "").column("name"); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	if got := a.want(200, "GET", "/v2/outbound_voice_profiles/2", ""); got.data()["name"] != "backoffice" {
		t.Errorf("read %s", got.raw)
	}
	a.want(404, "GET", "/v2/outbound_voice_profiles/3", "")
}

func TestConnections(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"external_connections":[
		{"id":"1","outbound":{"outbound_voice_profile_id":"7"},"tags":["x"],"webhook_event_url":"https://x.example"}, {"id":"2"}]}`)})
	got := a.want(200, "GET", "/v2/connections/1", "").data()
	if got["record_type"] != "external_connection" || got["outbound_voice_profile_id"] != "7" || got["webhook_event_url"] != "https://x.example" {
		t.Errorf("read %s", tree(got))
	}
	a.want(404, "GET", "/v2/connections/5", "")
	if err := a.sim.SetAccount([]byte(`{"connections":[{"id":"5"}],"external_connections":[{"id":"2"}]}`)); err != nil {
		t.Fatal(err)
	}
	a.want(404, "GET", "/v2/connections/1", "")
	for id, want := range map[string]string{"5": "ip_connection", "2": "external_connection"} {
		if got := a.want(200, "GET", "/v2/connections/"+id, "").data()["record_type"]; got != want {
			t.Errorf("connection %s is a %v, want %s", id, got, want)
		}
	}
}

func TestPaging(t *testing.T) {
	var objs []string
	for i := range 55 {
		objs = append(objs, fmt.Sprintf(`{"id":"%d"}`, i))
	}
	account := []byte(`{"external_connections":[` + strings.Join(objs, ",") + `]}`)
	for _, test := range []struct {
		pageCap            int
		query, first, meta string
		n                  int
	}{
		{0, "", "0", `{"page_number":1,"page_size":250,"total_pages":1,"total_results":55}`, 55},
		{0, "page[size]=25", "0", `{"page_number":1,"page_size":25,"total_pages":3,"total_results":55}`, 25},
		{0, "page[size]=25&page[number]=3", "50", `{"page_number":3,"page_size":25,"total_pages":3,"total_results":55}`, 5},
		{0, "page[size]=25&page[number]=4", "", `{"page_number":4,"page_size":25,"total_pages":3,"total_results":55}`, 0},
		{0, "page[number]=2147483647", "", `{"page_number":2147483647,"page_size":250,"total_pages":1,"total_results":55}`, 0},
		{10, "page[size]=250&page[number]=2", "10", `{"page_number":2,"page_size":10,"total_pages":6,"total_results":55}`, 10},
		{10, "page[size]=5", "0", `{"page_number":1,"page_size":5,"total_pages":11,"total_results":55}`, 5},
	} {
		a := serve(t, telnyxsim.Config{Account: account, PageCap: test.pageCap})
		got := a.want(200, "GET", "/v2/external_connections?"+test.query, "")
		ids := strings.Fields(got.column("id"))
		if tree(got.body["meta"]) != test.meta || len(ids) != test.n || test.n > 0 && ids[0] != test.first {
			t.Errorf("%q: %d from %v, %s; want %d from %s, %s", test.query, len(ids), ids, tree(got.body["meta"]), test.n, test.first, test.meta)
		}
	}
}

func TestBadQueries(t *testing.T) {
	a := serveUnchecked(t, telnyxsim.Config{Account: []byte(`{"external_connections":[{"id":"1"}]}`)}, malformed)
	for target, want := range map[string]string{
		"external_connections?page[bogus]=1":                       "10015 page[bogus]",
		"external_connections?limit=1":                             "10015 limit",
		"external_connections?page[size]=0":                        "10015 page[size]",
		"external_connections?page[size]=251":                      "10015 page[size]",
		"external_connections?page[size]=":                         "10015 page[size]",
		"external_connections?page[number]=0":                      "10015 page[number]",
		"external_connections?page[number]=x":                      "10015 page[number]",
		"external_connections?page[number]=99999999999999999999":   "10015 page[number]",
		"external_connections?filter[tags]=x":                      "10015 filter[tags]",
		"external_connections?filter[external_sip_connection]=sip": "10015 filter[external_sip_connection]",
		"external_connections?filter[id]=1&filter[id]=2":           "10015 filter[id]",
		"external_connections?a;b":                                 "10015",
		"external_connections?sort=id":                             "10015 sort",
		"external_connections/1?page[size]=1":                      "10015 page[size]",
		"phone_numbers?filter[status]=lost":                        "10015 filter[status]",
		"phone_numbers?filter[status][eq]=active":                  "10015 filter[status][eq]",
		"phone_numbers?sort=-phone_number":                         "10015 sort",
		"phone_numbers?handle_messaging_profile_error=maybe":       "10015 handle_messaging_profile_error",
	} {
		if got := a.want(400, "GET", "/v2/"+target, "").errors(); got != want {
			t.Errorf("%s: %s, want %s", target, got, want)
		}
	}
}
