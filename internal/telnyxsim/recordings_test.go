package telnyxsim_test

import (
	"fmt"
	"strings"
	"testing"

	"telnyxsync/internal/telnyxsim"
)

const (
	leg     = "84a97d76-e40f-11ed-9074-02420a0daa69"
	session = "84a97d76-e40f-11ed-9074-02420a0daa6a"
)

func TestRecordings(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"recordings":[
		{"id":"a","connection_id":"1","from":"+15125550100","to":"sip:x@y","created_at":"2026-07-01T00:00:00.500Z","_sip_call_id":"S","_note":1},
		{"id":"b","connection_id":"2","call_leg_id":"` + leg + `","call_session_id":"` + session + `","created_at":"2026-07-02T02:00:00+02:00","duration_millis":1000},
		{"id":"c","connection_id":"1","call_control_id":"v3:c","conference_id":"C","source":"conference","created_at":"yesterday","_conference_region":"us",
			"recording_started_at":"2026-07-03T00:00:00Z","recording_ended_at":"2026-07-03T01:00:00Z"},
		{}]}`)})
	last := a.sim.Now().UTC().Format("2006-01-02T15:04:05Z")
	for query, want := range map[string]string{
		"":                                             "a b c",
		"page[size]=2&page[number]=2":                  "c",
		"filter[connection_id]=1":                      "a c",
		"filter[connection_id]=9":                      "",
		"filter[from]=%2B15125550100":                  "a",
		"filter[from]=15125550100":                     "",
		"filter[to]=sip:x@y":                           "a",
		"filter[to]=SIP:x@y":                           "",
		"filter[sip_call_id]=S":                        "a",
		"filter[call_leg_id]=" + leg:                   "b",
		"filter[call_session_id]=" + session:           "b",
		"filter[call_control_id]=v3:c":                 "c",
		"filter[conference_id]=C":                      "c",
		"filter[conference_region]=us":                 "c",
		"filter[created_at][lte]=2026-07-01T00:00:00Z": "",
		"filter[created_at][lte]=2026-07-01T00:00:01Z": "a",
		"filter[created_at][lte]=2026-07-02T00:00:00Z": "a b",
		"filter[created_at][gte]=2026-07-02T00:00:00Z&filter[created_at][lte]=2026-07-03T00:00:00Z": "b",
		"filter[created_at][gte]=2026-07-01T00:00:00.501Z&filter[connection_id]=1":                  "",
		"filter[start_time][lte]=2026-07-01T23:59:59Z":                                              "a b", // as long as it lasts before its end
		"filter[start_time][gte]=2026-07-03T00:00:00Z&filter[start_time][lte]=2026-07-03T00:00:00Z": "c",
		"filter[end_time][gte]=2026-07-03T01:00:00Z&filter[connection_id]=1":                        "c",
		"filter[end_time][lte]=2026-07-03T00:59:59Z":                                                "a b",
	} {
		got := strings.Fields(a.want(200, "GET", "/v2/recordings?"+query, "").column("id"))
		if n := len(got); n > 0 && len(got[n-1]) == 36 {
			got = got[:n-1] // the one whose id was given out
		}
		same(t, query, strings.Join(got, " "), want)
	}
	for _, query := range []string{"filter[created_at][gte]=yesterday", "filter[end_time][lte]=2026-07-03"} {
		key, _, _ := strings.Cut(query, "=")
		same(t, query, a.want(400, "GET", "/v2/recordings?"+query, "").errors(), "10015 "+key)
	}
	got := a.want(200, "GET", "/v2/recordings/b", "").data()
	delete(got, "download_urls")
	same(t, "one", tree(got), `{"call_leg_id":"`+leg+`","call_session_id":"`+session+`","channels":"single","connection_id":"2",`+
		`"created_at":"2026-07-02T02:00:00+02:00","duration_millis":1000,"id":"b","record_type":"recording",`+
		`"recording_ended_at":"2026-07-02T02:00:00+02:00","recording_started_at":"2026-07-01T23:59:59.000Z","source":"call","status":"completed",`+
		`"updated_at":"2026-07-02T02:00:00+02:00"}`)
	same(t, "made now", fmt.Sprint(a.want(200, "GET", "/v2/recordings?filter[created_at][gte]="+last, "").body["meta"].(map[string]any)["total_results"]), "1")
	if raw := a.want(200, "GET", "/v2/recordings", "").raw; strings.Contains(raw, `"_`) {
		t.Errorf("private fields are in %s", raw)
	}
}

func TestDeleteRecordings(t *testing.T) {
	const account = `"recordings":[{"id":"a"},{"id":"b"},{"id":"c"},{"id":"d"}],"recording_transcriptions":[{"id":"t","recording_id":"a"}]}`
	a := serve(t, telnyxsim.Config{Account: []byte(`{` + account)})
	left := func(want string) {
		t.Helper()
		same(t, "left", a.want(200, "GET", "/v2/recordings", "").column("id"), want)
	}
	same(t, "deleted", a.want(200, "DELETE", "/v2/recordings/a", "").data()["id"].(string), "a")
	for _, method := range []string{"GET", "DELETE"} {
		same(t, method, a.want(404, method, "/v2/recordings/a", "").errors(), "10005")
	}
	left("b c d")
	a.want(200, "GET", "/v2/recording_transcriptions/t", "")

	batch := func(status int, ids string) answer {
		t.Helper()
		return a.want(status, "POST", "/v2/recordings/actions/delete", `{"ids":[`+ids+`]}`)
	}
	same(t, "batch", tree(batch(200, `"b","c"`).body), `{"status":"ok"}`)
	left("d")
	same(t, "again", tree(batch(200, `"b","d","b"`).body), `{"status":"ok"}`)
	left("")

	a = serve(t, telnyxsim.Config{Account: []byte(`{"_recordings_batch_missing":"refuse",` + account)})
	same(t, "refused", batch(404, `"a","x","b"`).errors(), "10005")
	left("a b c d")
	a = serve(t, telnyxsim.Config{Account: []byte(`{"_recordings_batch_missing":"partial",` + account)})
	same(t, "done in part", batch(404, `"a","x","b"`).errors(), "10005")
	left("c d")

	a = serveUnchecked(t, telnyxsim.Config{Account: []byte(`{` + account)}, malformed)
	for body, want := range map[string]string{
		`{}`: "10027 /ids", `{"ids":"a"}`: "10027 /ids", `{"ids":[1]}`: "10027 /ids", `{"ids":[]}`: "10027 /ids", `{"ids":["a"],"all":true}`: "10027 /all",
	} {
		same(t, body, a.want(422, "POST", "/v2/recordings/actions/delete", body).errors(), want)
	}
	left("a b c d")
	same(t, "violations", strings.Join(a.sim.Violations(), "; "), "POST /recordings/actions/delete: there are no ids")
	a.want(405, "POST", "/v2/recordings", `{}`)
	a.want(404, "GET", "/v2/recordings/actions", "")
}

// A recording may lie in the bucket of the customer: then the account says where, and nothing is signed.
func TestRecordingsInABucket(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"recordings":[{"id":"a","download_urls":{"wav":"s3://acme-calls/a.wav"}}]}`)})
	for _, got := range []map[string]any{
		a.want(200, "GET", "/v2/recordings/a", "").data(), a.want(200, "GET", "/v2/recordings", "").body["data"].([]any)[0].(map[string]any),
	} {
		same(t, "URLs", tree(got["download_urls"].(map[string]any)), `{"wav":"s3://acme-calls/a.wav"}`)
	}
}

// Pages shift where something goes while they are read.
func TestDeletionsShiftPages(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"recordings":[{"id":"a"},{"id":"b"},{"id":"c"},{"id":"d"},{"id":"e"}]}`)})
	page := func(n, want string) {
		t.Helper()
		same(t, "page "+n, a.want(200, "GET", "/v2/recordings?filter[created_at][lte]=2026-07-16T12:00:00Z&page[size]=2&page[number]="+n, "").column("id"), want)
	}
	page("1", "a b")
	a.want(200, "DELETE", "/v2/recordings/a", "")
	page("2", "d e")
	page("1", "b c")
	a.fault(`[{"match":"GET /recordings","do":"short-page"}]`)
	page("1", "b")
}
