package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/client"
)

const teamsAccount = `{
 "external_connections": [{"id": "129", "external_sip_connection": "operator_connect", "outbound": {"outbound_voice_profile_id": "1"}}],
 "civic_addresses": {"129": [{"id": "a1", "city_or_town": "Austin", "locations": [{"id": "l1", "description": "Floor 14"}]}]},
 "phone_numbers": [
  {"id": "9000", "phone_number": "+15125550100", "connection_id": "129"},
  {"id": "9001", "phone_number": "+15125550101", "connection_id": "129"},
  {"id": "9002", "phone_number": "+15125550102", "connection_id": "129"},
  {"id": "9003", "phone_number": "+15125550103", "connection_id": "129"}],
 "_upload_failures": [
  {"telephone_number": "+15125550100", "error_code": "unable_to_retrieve_location", "times": 2},
  {"telephone_number": "+15125550101", "error_code": "internal_error", "times": 2}],
 "uploads": {"129": [{"ticket_id": "theirs", "status": "pending", "location_id": "l1", "_submitted_at": "2099-01-01T00:00:00Z",
   "tn_upload_entries": [{"number_id": "9003", "phone_number": "+15125550103"}]}]}}`

const teamsFiles = `
external_connections: {teams-hq: {external_sip_connection: operator_connect, id: "129"}}
phone_numbers: {hq: {connection: teams-hq, location_id: l1, usage: calling_user_assignment, numbers: ["+15125550100-+15125550103"]}}
`

// newTeamsRig has one number in place, one parked, one that waits, and one in somebody else's upload.
func newTeamsRig(t *testing.T) *rig {
	r, sim := newRig(t)
	if err := sim.SetAccount([]byte(teamsAccount)); err != nil {
		t.Fatal(err)
	}
	r.write("a.yaml", teamsFiles)
	r.run(1, "apply", "--yes", "--wait=1ms", "--retry-base=1h")
	r.clear()
	return r
}

var times = []struct {
	is   *regexp.Regexp
	text string
}{
	{regexp.MustCompile(`"\d{4}-\d\d-\d\dT[\d:.]+Z"`), `"TIME"`},
	{regexp.MustCompile(`\d+[smh] ago|for \d+[smh]|in \d\dm, [\d-]+ [\d:]+`), "AGE"},
}

// golden compares what a command says, but for its times.
func golden(t *testing.T, name, got string) {
	t.Helper()
	for _, r := range times {
		got = r.is.ReplaceAllString(got, r.text)
	}
	path := filepath.Join("testdata", "teams", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func TestUploadsWithState(t *testing.T) {
	t.Parallel()
	r := newTeamsRig(t)
	for name, args := range map[string][]string{
		"uploads.json": {"uploads", "--output", "json"},
		"uploads.txt":  {"uploads"},
		"verbose.txt":  {"uploads", "--verbose"},
		"one.txt":      {"uploads", "theirs"},
		"state.txt":    {"state", "list"},
	} {
		out, _ := r.run(0, args...)
		golden(t, name, strings.ReplaceAll(out, r.dir, "DIR"))
	}
	r.wrote()
}

func TestWhichTeamsCommandsCanWrite(t *testing.T) {
	t.Parallel()
	r := newTeamsRig(t)
	for _, c := range []struct {
		args     []string
		readOnly bool
	}{
		{args: []string{"uploads"}, readOnly: true},
		{args: []string{"uploads", "theirs", "-o", "json"}, readOnly: true},
		{args: []string{"releases"}, readOnly: true},
		{args: []string{"locations", "teams-hq"}, readOnly: true},
		{args: []string{"uploads", "retry", "+15125550199", "--configs", r.dir}},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		var connected []bool
		a := &app{in: strings.NewReader(""), out: io.Discard, err: io.Discard}
		a.onConnect = func(cfg *client.Config) { connected = append(connected, cfg.ReadOnly) }
		a.execute(ctx, append([]string{"--api-url", r.url, "--state", r.state}, c.args...))
		if len(connected) != 1 || connected[0] != c.readOnly {
			t.Errorf("%v: read-only: %v, want [%t]", c.args, connected, c.readOnly)
		}
	}
}

// Where Telnyx does not retry an upload, as somebody did so in the portal, what is due of it is uploaded
// anew at once.
func TestRetryOfWhatWasRetriedElsewhere(t *testing.T) {
	t.Parallel()
	r := newTeamsRig(t)
	out, _ := r.run(0, "uploads", "--status", "partial_success", "--output", "json")
	ticket := regexp.MustCompile(`"ticket_id": "(f5[^"]+)"`).FindStringSubmatch(out)
	if ticket == nil {
		t.Fatalf("no upload of ours in %s", out)
	}
	retry := "/external_connections/129/uploads/" + ticket[1] + "/retry"
	req, err := http.NewRequest(http.MethodPost, r.url+"/v2"+retry, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer somebody")
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != http.StatusAccepted {
		t.Fatal(res, err)
	}
	res.Body.Close()
	r.run(0, "uploads")
	r.clear()
	out, _ = r.run(0, "uploads", "retry", "+15125550100")
	r.wrote("POST "+retry, "POST /external_connections/129/uploads")
	if !strings.HasPrefix(out, "submitted: upload 2 numbers of phone_numbers/hq [") || strings.Contains(out, "failed") {
		t.Errorf("it said %s", out)
	}
}

// A retry of one number takes no other along that merely is to be sent.
func TestRetryOfOneTakesNoOtherAlong(t *testing.T) {
	t.Parallel()
	r, sim := newRig(t)
	if err := sim.SetAccount([]byte(`{
	 "external_connections": [
	  {"id": "55", "external_sip_connection": "zoom", "outbound": {"outbound_voice_profile_id": "1"}},
	  {"id": "129", "external_sip_connection": "operator_connect", "outbound": {"outbound_voice_profile_id": "1"}}],
	 "phone_numbers": [{"id": "9000", "phone_number": "+15125550100", "_job_error": "not now"}, {"id": "9001", "phone_number": "+15125550101", "connection_id": "129"}],
	 "connection_phone_numbers": {"129": [{"number_id": "9001", "telephone_number": "+15125550101", "location_id": "l1"}]}}`)); err != nil {
		t.Fatal(err)
	}
	files := `
external_connections: {zoom: {external_sip_connection: zoom, id: "55", outbound: {outbound_voice_profile_id: "1"}}}
phone_numbers: {zoom: {connection: zoom, allow_move: true, numbers: ["+15125550100"`
	r.write("a.yaml", files+"]}}")
	r.run(0, "apply", "--yes", "--retry-base=1h")
	r.run(0, "apply", "--yes", "--retry-base=1h") // it sees the failure
	r.write("a.yaml", files+`, "+15125550101"]}}`)
	r.clear()
	out, _ := r.run(0, "uploads", "retry", "+15125550100")
	r.wrote("POST /phone_numbers/jobs/update_phone_numbers")
	if !strings.HasPrefix(out, "submitted: assign 1 number of phone_numbers/zoom") {
		t.Errorf("it said %s", out)
	}
	if out, _ := r.run(0, "releases"); out != "no such releases on 129\n" {
		t.Errorf("a number was taken from Teams that nobody asked for: %s", out)
	}
}
