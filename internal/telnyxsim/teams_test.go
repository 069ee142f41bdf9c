package telnyxsim_test

import (
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

const (
	conn5   = "/v2/external_connections/5"
	uploads = conn5 + "/uploads"
	// hour is how long uploads take in these tests, unless it is something else.
	hour = time.Hour
)

// teams is an account on Microsoft Teams: the connections 5 and 6, and 7 of Zoom. more is
// switches and other collections, with a comma behind each.
func teams(more string) []byte {
	return []byte(`{` + more + `
		"external_connections": [
			{"id": "5", "external_sip_connection": "operator_connect"},
			{"id": "6", "external_sip_connection": "operator_connect"}, {"id": "7"}],
		"civic_addresses": {
			"5": [
				{"id": "A1", "locations": [{"id": "L1"}, {"id": "L2", "additional_info": "14th Floor"}]},
				{"id": "A2", "country": "CA", "locations": [{"id": "L3", "is_default": false}], "_note": "x"}],
			"6": [{"id": "B1", "locations": [{"id": "M1"}]}]},
		"phone_numbers": [
			{"id": "n1", "phone_number": "+15125550101", "connection_id": "5"},
			{"id": "n2", "phone_number": "+15125550102", "connection_id": "5", "country_iso_alpha2": "CA"},
			{"id": "n3", "phone_number": "+15125550103", "connection_id": "5"},
			{"id": "n4", "phone_number": "+15125550104", "connection_id": "5"},
			{"id": "free", "phone_number": "+18005550100", "connection_id": "5", "phone_number_type": "toll_free"},
			{"id": "m1", "phone_number": "+15125550201", "connection_id": "6"},
			{"id": "u1", "phone_number": "+15125550301"}]}`)
}

// serveTeams starts a simulator of teams in which uploads take an hour.
func serveTeams(t *testing.T, more string) *api {
	t.Helper()
	return serve(t, telnyxsim.Config{Account: teams(more), UploadTime: hour})
}

// toTeams uploads numbers to L1 and returns the ticket.
func (a *api) toTeams(ids ...string) string {
	a.t.Helper()
	got := a.want(202, "POST", uploads, `{"location_id":"L1","number_ids":["`+strings.Join(ids, `","`)+`"]}`)
	ticket, _ := got.body["ticket_id"].(string)
	if ticket == "" || got.body["success"] != true {
		a.t.Fatalf("uploaded: %s", got.raw)
	}
	return ticket
}

// state is the state of an upload and of its entries: "error n1:error/error/internal_error".
func (a *api) state(ticket string) string {
	a.t.Helper()
	d := a.want(200, "GET", uploads+"/"+ticket, "").data()
	words := []string{d["status"].(string)}
	for _, v := range d["tn_upload_entries"].([]any) {
		e := v.(map[string]any)
		word := e["number_id"].(string) + ":" + e["status"].(string) + "/" + e["internal_status"].(string)
		if e["error_code"] != nil {
			word += "/" + e["error_code"].(string)
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// listed is the ids of the numbers in the list of connection 5.
func (a *api) listed() string {
	a.t.Helper()
	return a.want(200, "GET", conn5+"/phone_numbers", "").column("number_id")
}

// same fails the test where two texts differ.
func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%s, want\n%s", what, got, want)
	}
}
