package telnyxsim_test

import (
	"strings"
	"testing"

	"telnyxsync/internal/telnyxsim"
)

func TestCivicAddresses(t *testing.T) {
	a := serveTeams(t, "")
	got := a.want(200, "GET", conn5+"/civic_addresses", "")
	want := `{"data":[{"country":"US","default_location_id":"L1","description":"","id":"A1","locations":[` +
		`{"additional_info":"","description":"","id":"L1","is_default":true},` +
		`{"additional_info":"14th Floor","description":"","id":"L2","is_default":false}],"record_type":"civic_address"},` +
		`{"country":"CA","description":"","id":"A2","locations":[` +
		`{"additional_info":"","description":"","id":"L3","is_default":false}],"record_type":"civic_address"}]}`
	same(t, "the list", strings.TrimSpace(got.raw), want)
	for path, want := range map[string]string{"A2": "A2", "A1": "A1", "L2": "A1"} {
		if id := a.want(200, "GET", conn5+"/civic_addresses/"+path, "").data()["id"]; id != want {
			t.Errorf("%s is %v", path, id)
		}
	}
	for _, path := range []string{conn5 + "/civic_addresses/B1", conn5 + "/civic_addresses/M1", "/v2/external_connections/8/civic_addresses", "/v2/external_connections/8/civic_addresses/A1"} {
		same(t, path, a.want(404, "GET", path, "").errors(), "10005")
	}
	same(t, "those of Zoom", a.want(200, "GET", "/v2/external_connections/7/civic_addresses", "").raw, "{\"data\":[]}\n")
}

// Which spelling of an array the service takes is not documented: all are understood.
func TestCivicAddressFilter(t *testing.T) {
	a := serveTeams(t, "")
	for query, want := range map[string]string{
		"filter[country][0]=US":                       "A1",
		"filter[country][0]=CA&filter[country][1]=US": "A1 A2",
		"filter[country][0]=FR":                       "",
	} {
		same(t, query, a.want(200, "GET", conn5+"/civic_addresses?"+query, "").column("id"), want)
	}
	loose := serveUnchecked(t, telnyxsim.Config{Account: teams("")}, malformed)
	for query, want := range map[string]string{
		"filter[country]=CA":                        "A2",
		"filter[country][]=CA":                      "A2",
		"filter[country][]=CA&filter[country][]=US": "A1 A2",
		"filter%5Bcountry%5D=CA":                    "A2",
	} {
		same(t, query, loose.want(200, "GET", conn5+"/civic_addresses?"+query, "").column("id"), want)
	}
	for _, query := range []string{"page[size]=5", "filter[country][x]=CA", "filter[country][0][0]=CA", "filter[id]=A1"} {
		loose.want(400, "GET", conn5+"/civic_addresses?"+query, "")
	}
}

func TestCivicAddressDefaults(t *testing.T) {
	for locations, want := range map[string]string{
		`[{"id":"a"},{"id":"b","is_default":true}]`:                       `["b",false,true]`,
		`[{"id":"a","is_default":false},{"id":"b"}]`:                      `[null,false,false]`,
		`[{"id":"a"},{"id":"b"}],"default_location_id":"b"`:               `["b",false,true]`,
		`[{"id":"a"},{"id":"b"}],"default_location_id":"elsewhere"`:       `["elsewhere",false,false]`,
		`[{"id":"a"},{"id":"b","is_default":true,"_note":["x"]}],"_n":{}`: `["b",false,true]`,
	} {
		a := serve(t, telnyxsim.Config{Account: []byte(`{"external_connections":[{"id":"5"}],
			"civic_addresses":{"5":[{"id":"A","locations":` + locations + `}]}}`)})
		d := a.want(200, "GET", conn5+"/civic_addresses/A", "").data()
		got := []any{d["default_location_id"]}
		for _, l := range d["locations"].([]any) {
			got = append(got, l.(map[string]any)["is_default"])
		}
		same(t, locations, tree(got), want)
	}
	a := serve(t, telnyxsim.Config{Account: []byte(`{"external_connections":[{"id":"5"}],"civic_addresses":{"5":[{"locations":[{},{}]},{}]}}`)})
	ids := map[string]bool{}
	list := a.want(200, "GET", conn5+"/civic_addresses", "").body["data"].([]any)
	for _, v := range list {
		ids[v.(map[string]any)["id"].(string)] = true
		for _, l := range v.(map[string]any)["locations"].([]any) {
			ids[l.(map[string]any)["id"].(string)] = true
		}
	}
	for id := range ids {
		if len(id) != 36 || strings.Count(id, "-") != 4 {
			t.Errorf("the id %q is no UUID", id)
		}
	}
	if len(ids) != 4 {
		t.Errorf("the ids are %v", ids)
	}
}

func TestPatchLocation(t *testing.T) {
	const one, two = `{"static_emergency_address_id":"E1"}`, `{"static_emergency_address_id":"E2"}`
	const l1, l2 = conn5 + "/locations/L1", conn5 + "/locations/L2"
	answer := func(id string) string {
		return `{"accepted_address_suggestions":true,"location_id":"L1","static_emergency_address_id":"` + id + `"}`
	}
	a := serveTeams(t, "")
	same(t, "patched", tree(a.want(200, "PATCH", l1, one).data()), answer("E1"))
	for _, body := range []string{one, two} {
		same(t, "patched twice", a.want(422, "PATCH", l1, body).errors(), "10027 /static_emergency_address_id")
	}
	a.want(200, "PATCH", l2, two)
	for _, path := range []string{"/civic_addresses", "/civic_addresses/A1"} {
		if got := a.want(200, "GET", conn5+path, "").raw; strings.Contains(got, "emergency") || strings.Contains(got, "E1") {
			t.Errorf("%s shows the address: %s", path, got)
		}
	}
	if doc := string(a.sim.Account()); strings.Count(doc, "_static_emergency_address_id") != 2 || !strings.Contains(doc, `"E1"`) {
		t.Errorf("the account is %s", doc)
	}
	for _, path := range []string{conn5 + "/locations/M1", conn5 + "/locations/A1", "/v2/external_connections/8/locations/L1"} {
		same(t, path, a.want(404, "PATCH", path, one).errors(), "10005")
	}

	a = serveTeams(t, `"_location_orders":"pending","_location_repatch":"accept",`)
	for _, body := range []string{one, one, two} {
		a.want(202, "PATCH", l1, body)
	}
	if doc := string(a.sim.Account()); strings.Contains(doc, `"E1"`) || !strings.Contains(doc, `"E2"`) {
		t.Errorf("the account is %s", doc)
	}

	bad := serveUnchecked(t, telnyxsim.Config{Account: teams("")}, malformed)
	for body, want := range map[string]string{
		`{}`:                                   "10027 /static_emergency_address_id",
		`{"static_emergency_address_id":null}`: "10027 /static_emergency_address_id",
		`{"static_emergency_address_id":""}`:   "10027 /static_emergency_address_id",
		`{"static_emergency_address_id":"E1","description":"x"}`: "10027 /description",
	} {
		same(t, body, bad.want(422, "PATCH", l1, body).errors(), want)
	}
}
