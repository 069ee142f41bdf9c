package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"telnyxsync/internal/contract"
	"telnyxsync/internal/telnyxsim"
)

// operation is one of Telnyx's API, and what of telnyxsync uses it.
type operation struct {
	method, path string
	use          string // for docs/operations.md
	by           []string
}

// operations are all that telnyxsync is for. `by` is the command that is seen to use each, see coverage.
func operations() []operation {
	apply, edit, prune := []string{"apply"}, []string{"apply", "edited"}, []string{"apply", "pruned"}
	job := func(name string) []string { return []string{"jobs", name} }
	get := func(what ...string) []string { return append([]string{"get"}, what...) }
	const kinds = "`apply`, the daemon: "
	return []operation{
		{"GET", "/external_connections", "`diff`, `apply`, the daemon, `export`, `get external-connections`", []string{"diff"}},
		{"POST", "/external_connections", kinds + "a connection is created", apply},
		{"GET", "/external_connections/{id}", "`apply`, where a connection is missing in the list; `get external-connections ID`", get("external-connections", "7")},
		{"PATCH", "/external_connections/{id}", kinds + "a connection is changed", edit},
		{"DELETE", "/external_connections/{id}", "`apply --prune`, the daemon with `prune: owned`", prune},
		{"GET", "/external_connections/log_messages", "the job `log_messages`, `log-messages`, `get log-messages`", job("log_messages")},
		{"GET", "/external_connections/log_messages/{id}", "`get log-messages ID`", get("log-messages", "m2")},
		{"DELETE", "/external_connections/log_messages/{id}", "the job `log_messages`, where a rule says `dismiss: true`", job("log_messages")},
		{"GET", "/external_connections/{id}/civic_addresses", "`diff`, `apply`, before numbers or locations are written; `locations`, `export`, `get civic-addresses`", apply},
		{"GET", "/external_connections/{id}/civic_addresses/{address_id}", "`locations CONNECTION ADDRESS_ID`, `get civic-addresses ID`", []string{"locations", "7", civic}},
		{"PATCH", "/external_connections/{id}/locations/{location_id}", kinds + "a location's emergency address", apply},
		{"GET", "/external_connections/{id}/phone_numbers", "`diff`, `apply`, the daemon, `export`, `get phone-numbers --connection`", []string{"diff"}},
		{"GET", "/external_connections/{id}/phone_numbers/{phone_number_id}", "`get phone-numbers --connection C ID`", get("phone-numbers", "--connection", "7", "5000")},
		{"PATCH", "/external_connections/{id}/phone_numbers/{phone_number_id}", kinds + "a number moves to another location", edit},
		{"GET", "/external_connections/{id}/releases", "`releases`, `get releases`", []string{"releases", "--connection", "7"}},
		{"GET", "/external_connections/{id}/releases/{release_id}", "`releases TICKET`, `get releases TICKET`", []string{"releases", releaseTicket, "--connection", "7"}},
		{"GET", "/external_connections/{id}/uploads", "`diff`, `apply`, before numbers are uploaded; `uploads`, `get uploads`", apply},
		{"POST", "/external_connections/{id}/uploads", kinds + "numbers are uploaded to Microsoft Teams", apply},
		{"POST", "/external_connections/{id}/uploads/refresh", "the job `upload_refresh`", job("upload_refresh")},
		{"GET", "/external_connections/{id}/uploads/status", "the job `upload_refresh`", job("upload_refresh")},
		{"GET", "/external_connections/{id}/uploads/{ticket_id}", "`diff`, `apply`, the daemon, while an upload is on its way; `uploads TICKET`, `get uploads TICKET`", apply},
		{"POST", "/external_connections/{id}/uploads/{ticket_id}/retry", "`apply`, the daemon, the job `upload_retry`, `uploads retry`", job("upload_retry")},
		{"POST", "/operator_connect/actions/refresh", "the job `operator_connect_refresh`", job("operator_connect_refresh")},
		{"GET", "/media", "`diff`, `apply`, the daemon, `export`, `get media`", []string{"diff"}},
		{"POST", "/media", kinds + "a medium is made, or made again", apply},
		{"GET", "/media/{media_name}", "`apply`, where a medium is missing in the list; `get media NAME`", get("media", "tone")},
		{"PUT", "/media/{media_name}", kinds + "a medium is changed or renewed", edit},
		{"DELETE", "/media/{media_name}", "`apply --prune`, the daemon with `prune: owned`", prune},
		{"GET", "/media/{media_name}/download", "`diff` with `verify_content: true`, renewals, `get media download NAME`", get("media", "download", "tone")},
		{"POST", "/siprec_connectors", kinds + "a connector is created", apply},
		{"GET", "/siprec_connectors/{connector_name}", "`diff`, `apply`, the daemon, `get siprec-connectors NAME`", []string{"diff"}},
		{"PUT", "/siprec_connectors/{connector_name}", kinds + "a connector is changed", edit},
		{"DELETE", "/siprec_connectors/{connector_name}", "`apply --prune`, the daemon with `prune: owned`", prune},
		{"POST", "/custom_storage_credentials/{connection_id}", kinds + "storage credentials are created", apply},
		{"GET", "/custom_storage_credentials/{connection_id}", "`diff`, `apply`, the daemon, `get storage-credentials CONNECTION_ID`", []string{"diff"}},
		{"PUT", "/custom_storage_credentials/{connection_id}", kinds + "storage credentials are changed", edit},
		{"DELETE", "/custom_storage_credentials/{connection_id}", "`apply --prune`, the daemon with `prune: owned`", prune},
		{"POST", "/dialogflow_connections/{connection_id}", kinds + "a Dialogflow connection is created", apply},
		{"GET", "/dialogflow_connections/{connection_id}", "`diff`, `apply`, the daemon, `get dialogflow-connections CONNECTION_ID`", []string{"diff"}},
		{"PUT", "/dialogflow_connections/{connection_id}", kinds + "a Dialogflow connection is changed", edit},
		{"DELETE", "/dialogflow_connections/{connection_id}", "`apply --prune`, the daemon with `prune: owned`", prune},
		{"GET", "/recordings", "the job `recording_retention`, `diff --retention`, `get recordings`", job("recording_retention")},
		{"POST", "/recordings/actions/delete", "the job `recording_retention`, where it is enforced", job("recording_retention")},
		{"GET", "/recordings/{recording_id}", "the job `recording_retention`, before one is archived; `get recordings ID`", job("recording_retention")},
		{"DELETE", "/recordings/{recording_id}", "the job `recording_retention`, where one is due alone", job("recording_retention again")},
		{"GET", "/recording_transcriptions", "the job `transcription_retention`, `diff --retention`, `get recording-transcriptions`", job("transcription_retention")},
		{"GET", "/recording_transcriptions/{recording_transcription_id}", "`get recording-transcriptions ID`", get("recording-transcriptions", transcription)},
		{"DELETE", "/recording_transcriptions/{recording_transcription_id}", "the job `transcription_retention`, where it is enforced", job("transcription_retention")},
	}
}

func (o *operation) String() string { return o.method + " " + o.path }

const (
	civic         = "07a4dc5d-9b3b-4ba2-88a4-6ba172316c65"
	place         = "18ded4bb-b694-44c1-a89b-a35b7acd4c90"
	otherPlace    = "18ded4bb-b694-44c1-a89b-a35b7acd4c91"
	releaseTicket = "a5f03f4e-7af4-4bcb-b7f5-5013ef9657f1"
	recordingKept = "00000000-7af4-4bcb-b7f5-5013ef9657c1"
	transcription = "00000009-7af4-4bcb-b7f5-5013ef9657d1"
)

// TestOperations: each operation that the API has for us is used by the command that the table says, as the simulator's
// journal shows; docs/operations.md is the same table.
func TestOperations(t *testing.T) {
	t.Parallel()
	table := operations()
	t.Run("contract", func(t *testing.T) { checkOperations(t, contract.Open(t).Operations(), table) })
	seen := covered(t)
	for i := range table {
		o := &table[i]
		by := strings.Join(o.by, " ")
		used, ran := seen[by]
		switch {
		case !ran:
			t.Errorf("%v: nothing runs %q", o, by)
		case !used[o.String()]:
			t.Errorf("%v was not seen when %q ran; it used %v", o, by, slices.Sorted(maps.Keys(used)))
		}
	}
	sameFile(t, "../../docs/operations.md", operationsText(table))
}

// helpers are the operations that only help to use the others.
var helpers = []string{
	"GET /audit_events", "GET /connections/{id}", "GET /outbound_voice_profiles", "GET /outbound_voice_profiles/{id}", "GET /phone_numbers",
	"GET /phone_numbers/slim", "GET /phone_numbers/{id}", "PATCH /phone_numbers/{id}", "POST /phone_numbers/jobs/update_phone_numbers", "GET /phone_numbers/jobs/{id}",
}

// checkOperations: the table is the contract without the helpers.
func checkOperations(t *testing.T, all []string, table []operation) {
	t.Helper()
	var got []string
	for i := range table {
		got = append(got, table[i].String())
	}
	want := slices.DeleteFunc(all, func(o string) bool { return slices.Contains(helpers, o) })
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || len(got) != 48 {
		t.Errorf("the table has %d operations\n%s\nthe contract %d\n%s", len(got), strings.Join(got, "\n"), len(want), strings.Join(want, "\n"))
	}
}

func operationsText(table []operation) string {
	var b strings.Builder
	b.WriteString("# Operations\n\nThe 48 operations of the Telnyx API that telnyxsync is for, and what uses each. A test runs the commands against\n" +
		"the simulator and finds each operation in its journal; this page is generated from its table.\n\n| Operation | Used by |\n|---|---|\n")
	for i := range table {
		fmt.Fprintf(&b, "| `%v` | %s |\n", &table[i], table[i].use)
	}
	return b.String()
}

func sameFile(t *testing.T, path, text string) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil || string(have) != text {
		t.Errorf("%s is not what the table says (%v): run the test with UPDATE=1", path, err)
	}
}

var (
	coverOnce sync.Once
	cover     map[string]map[string]bool
)

// covered is what coverage tells, which is asked for once.
func covered(t *testing.T) map[string]map[string]bool {
	t.Helper()
	coverOnce.Do(func() { cover = coverage(t) })
	if cover == nil {
		t.Fatal("the commands did not run to their end, see the other test")
	}
	return cover
}

// coverage runs the commands of a whole life, and tells which operations each used.
func coverage(t *testing.T) map[string]map[string]bool {
	sim, err := telnyxsim.New(telnyxsim.Config{Account: coverageAccount(t)})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(contract.Wrap(t, sim))
	t.Cleanup(srv.Close)
	r := newRigAt(t, srv.URL)
	seen := map[string]map[string]bool{}
	run := func(name string, want int, args ...string) {
		t.Helper()
		r.clear()
		r.run(want, args...)
		seen[name] = r.operations()
	}
	archive := filepath.Join(t.TempDir(), "archive")
	r.write("a.yaml", strings.ReplaceAll(coverageYAML, "ARCHIVE", archive))
	flags := []string{"--settle", "1ms", "--retry-base", "1h"}
	run("apply", 0, append([]string{"apply", "--yes", "--wait=5s", "."}, flags...)...)
	run("diff", 0, "diff", ".")
	run("jobs upload_retry", 0, "uploads", "retry", "+15125550003")
	run("jobs upload_refresh", 0, "jobs", "run", "upload_refresh")
	run("jobs operator_connect_refresh", 0, "jobs", "run", "operator_connect_refresh")
	run("jobs log_messages", 0, "jobs", "run", "log_messages", ".")
	run("jobs recording_retention reports", 0, "jobs", "run", "recording_retention", ".")
	run("jobs transcription_retention reports", 0, "jobs", "run", "transcription_retention", ".")
	run("jobs recording_retention", 0, "jobs", "run", "recording_retention", "--enforce", "--yes", ".")
	r.account(func(a map[string][]map[string]any) {
		a["recordings"] = append(a["recordings"], recordingOf("00000099-7af4-4bcb-b7f5-5013ef9657c1", 100))
	})
	run("jobs recording_retention again", 0, "jobs", "run", "recording_retention", "--enforce", "--yes", ".")
	run("get recording-transcriptions "+transcription, 0, "get", "recording-transcriptions", transcription)
	run("jobs transcription_retention", 0, "jobs", "run", "transcription_retention", "--enforce", "--yes", ".")
	for _, args := range [][]string{
		{"get", "external-connections"},
		{"get", "external-connections", "7"},
		{"get", "log-messages"},
		{"get", "log-messages", "m2"},
		{"get", "phone-numbers"},
		{"get", "phone-numbers", "5000"},
		{"get", "phone-numbers", "--connection", "7"},
		{"get", "phone-numbers", "--connection", "7", "5000"},
		{"get", "media"},
		{"get", "media", "tone"},
		{"get", "media", "download", "tone"},
		{"get", "recordings"},
		{"get", "recordings", recordingKept},
		{"get", "recording-transcriptions"},
		{"get", "siprec-connectors", "recorder"},
		{"get", "storage-credentials", "77"},
		{"get", "dialogflow-connections", "78"},
		{"export"},
		{"log-messages"},
		{"uploads", "--connection", "7"},
		{"locations", "7"},
		{"locations", "7", civic},
		{"releases", "--connection", "7"},
		{"releases", releaseTicket, "--connection", "7"},
	} {
		run(strings.Join(args, " "), 0, args...)
	}
	edited := strings.NewReplacer("ARCHIVE", archive, "port: 5060", "port: 5061", "ttl: 20d", "ttl: 30d", "channel_limit: 5", "channel_limit: 6",
		"bucket: calls", "bucket: others", "environment: test", "environment: production", "location: hq", "location_id: "+otherPlace).Replace(coverageYAML)
	r.write("a.yaml", edited)
	run("apply edited", 0, append([]string{"apply", "--yes", "."}, flags...)...)
	r.write("a.yaml", "external_connections:\n  teams: {external_sip_connection: operator_connect, outbound: {outbound_voice_profile_id: \"1\"}}\nsiprec_connectors: {}\nmedia: {}\ncustom_storage_credentials: {}\ndialogflow_connections: {}\n")
	run("apply pruned", 0, "apply", "--yes", "--prune", ".")
	return seen
}

const coverageYAML = `
external_connections:
  teams: {external_sip_connection: operator_connect, outbound: {outbound_voice_profile_id: "1"}}
  zoom: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: "1", channel_limit: 5}}
locations:
  hq: {connection: teams, location_id: ` + place + `, static_emergency_address_id: 182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e}
phone_numbers:
  users: {connection: teams, location: hq, usage: calling_user_assignment, numbers: ["+15125550000-+15125550003"]}
siprec_connectors:
  recorder: {host: srs.example.com, port: 5060}
media:
  tone: {media_url: "https://media.example.com/a.mp3", ttl: 20d}
custom_storage_credentials:
  calls: {connection_id: "77", backend: gcs, configuration: {bucket: calls, credentials: {env: ACCOUNT_A}}}
dialogflow_connections:
  bot: {connection_id: "78", dialogflow_api: es, location: global, conversation_profile_id: p, environment: test, service_account: {env: ACCOUNT_A}}
recording_retention:
  default: {delete_after: 90d, archive: ARCHIVE}
transcription_retention:
  default: {delete_after: 30d}
log_message_rules:
  noise: {code: "10015", dismiss: true}
`

func recordingOf(id string, days int) map[string]any {
	return map[string]any{"id": id, "created_at": time.Now().AddDate(0, 0, -days).UTC().Format(time.RFC3339), "from": "+15125550100", "to": "+15125559999", "duration_millis": 1000}
}

func coverageAccount(t *testing.T) []byte {
	t.Helper()
	var numbers, recordings, transcriptions []map[string]any
	for i := range 4 {
		numbers = append(numbers, map[string]any{"id": fmt.Sprint(5000 + i), "phone_number": fmt.Sprintf("+1512555%04d", i)})
		recordings = append(recordings, recordingOf(fmt.Sprintf("%08d-7af4-4bcb-b7f5-5013ef9657c1", i), 80+10*i))
	}
	transcriptions = append(transcriptions, map[string]any{"id": transcription, "created_at": time.Now().AddDate(0, 0, -40).UTC().Format(time.RFC3339), "transcription_text": "hello"})
	text, err := json.Marshal(map[string]any{
		"external_connections": []any{map[string]any{"id": "7", "external_sip_connection": "operator_connect", "outbound": map[string]any{"outbound_voice_profile_id": "1"}}},
		"civic_addresses": map[string]any{"7": []any{map[string]any{"id": civic, "default_location_id": place, "locations": []any{
			map[string]any{"id": place, "is_default": true}, map[string]any{"id": otherPlace, "is_default": false},
		}}}},
		"releases":      map[string]any{"7": []any{map[string]any{"ticket_id": releaseTicket, "status": "complete", "telephone_numbers": []any{}}}},
		"phone_numbers": numbers, "recordings": recordings, "recording_transcriptions": transcriptions,
		"log_messages": []any{map[string]any{"id": "m1", "code": "10015", "title": "Invalid"}, map[string]any{"id": "m2", "code": "20000", "title": "Other"}}, "_log_message_ids": "shown",
		"_upload_failures": []any{map[string]any{"telephone_number": "+15125550003", "error_code": "internal_error"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// allOperations are those of the table, and the helpers.
func allOperations() (all []string) {
	table := operations()
	for i := range table {
		all = append(all, table[i].String())
	}
	return append(all, helpers...)
}

// operationOf is the operation of a request: of those that fit, the one with the fewest parameters.
func operationOf(call string) string {
	method, path, _ := strings.Cut(call, " ")
	path, _, _ = strings.Cut(path, "?")
	best, fewest := call, 100
	for _, o := range allOperations() {
		of, pattern, _ := strings.Cut(o, " ")
		have, want := strings.Split(path, "/"), strings.Split(pattern, "/")
		if of != method || len(have) != len(want) {
			continue
		}
		params, fits := 0, true
		for i := range want {
			if strings.HasPrefix(want[i], "{") {
				params++
			} else {
				fits = fits && want[i] == have[i]
			}
		}
		if fits && params < fewest {
			best, fewest = o, params
		}
	}
	return best
}
