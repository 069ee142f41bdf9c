package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/contract"
	"telnyxsync/internal/telnyxsim"
)

// lifeOf is what the entries of a kind go through: the operations that it needs are read from the simulator's journal.
type lifeOf struct {
	kind    string // as docs/permissions.md calls it
	account string
	files   map[string]string // beside the configuration
	steps   []step
}

// step runs a command.
type step struct {
	to     string       // what it is for: a column of docs/permissions.md
	yaml   string       // the configuration from here on; "" is the one before
	change func(r *rig) // changes the account before; may be nil
	args   []string
	want   int // the exit code
}

// The columns. What comparing needs, all others do, too.
const (
	toCompare = "compare"
	toMake    = "make"
	toChange  = "change"
	toDelete  = "delete"
)

var (
	diffs    = []string{"diff"}
	applies  = []string{"apply", "--yes", "--settle", "1ms"}
	retries  = []string{"apply", "--yes", "--settle", "1ms", "--retry-base", "1ms"}
	prunes   = []string{"apply", "--yes", "--settle", "1ms", "--prune"}
	notEmpty = "log_message_rules:\n  noise: {code: \"10\"}\n" // no deletion rests on a configuration without any entry
)

// life is what becomes of an object from its making to its end, and that it is found missing.
func life(kind, section, entry, edit, edited string) lifeOf {
	made := section + ":\n  a: " + entry + "\n" + notEmpty
	return lifeOf{kind: kind, account: "{}", steps: []step{
		{to: toCompare, yaml: made, args: diffs, want: 2},
		{to: toMake, args: applies},
		{to: toCompare, args: diffs},
		{to: toChange, yaml: strings.ReplaceAll(made, edit, edited), args: applies},
		{to: toDelete, yaml: section + ": {}\n" + notEmpty, args: prunes},
		{to: toMake, yaml: made, args: applies},
		{to: toCompare, change: func(r *rig) { r.setAccount(section, []any{}) }, args: diffs, want: 3},
	}}
}

func lives() []lifeOf {
	verified := life("`media` with `verify_content: true`", "media", "{file: hold.xml, verify_content: true, ttl: 20d}", "ttl: 20d", "ttl: 30d")
	verified.files = map[string]string{"hold.xml": "<?xml version=\"1.0\"?><Response/>\n"}
	const (
		teams = "phone_numbers:\n  users: {connection: {id: \"7\"}, location_id: " + place + ", usage: calling_user_assignment, numbers: [\"+15125550000-+15125550011\"]}\n"
		zoom  = "phone_numbers:\n  trunk: {connection: {id: \"8\"}, numbers: [\"+15125550000-+15125550011\"]}\n"
		at    = "locations:\n  hq: {connection: {id: \"7\"}, location_id: " + place + ", static_emergency_address_id: 182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e}\n"
	)
	taken := strings.NewReplacer("+15125550011", "+15125550012", "usage:", "allow_move: true, usage:").Replace(teams)
	return []lifeOf{
		life("`external_connections`", "external_connections", `{external_sip_connection: zoom, outbound: {outbound_voice_profile_id: "1", channel_limit: 5}}`, "limit: 5", "limit: 6"),
		{kind: "`locations`", account: numbersAccount(), steps: []step{
			{to: toCompare, yaml: at, args: diffs, want: 2},
			{to: toChange, args: applies},
			{to: toCompare, args: diffs},
		}},
		{kind: "`phone_numbers` on Microsoft Teams", account: numbersAccount(), steps: []step{
			{to: toCompare, yaml: teams, args: diffs, want: 2},
			{to: toMake, args: retries}, // they are assigned
			{to: toMake, args: retries}, // uploaded
			{to: toMake, args: retries}, // that which failed is uploaded again
			{to: toMake, args: retries},
			{to: toCompare, args: diffs},
			{to: toChange, yaml: strings.Replace(teams, place, otherPlace, 1), args: retries},
			{to: toChange, args: retries},
			{to: toMake, yaml: strings.Replace(taken, place, otherPlace, 1), args: retries},
			{to: toMake, args: retries},
			{to: toMake, args: retries},
			{to: toCompare, args: diffs},
		}},
		{kind: "`phone_numbers` on Zoom", account: numbersAccount(), steps: []step{
			{to: toCompare, yaml: zoom, args: diffs, want: 2},
			{to: toMake, args: retries},
			{to: toMake, args: retries},
			{to: toCompare, args: diffs},
		}},
		life("`siprec_connectors`", "siprec_connectors", "{host: srs.example.com, port: 5060}", "5060", "5061"),
		life("`media`", "media", `{media_url: "https://media.example.com/a.mp3", ttl: 20d}`, "ttl: 20d", "ttl: 30d"),
		verified,
		life("`custom_storage_credentials`", "custom_storage_credentials",
			`{connection_id: "77", backend: gcs, configuration: {bucket: calls, credentials: {env: ACCOUNT_A}}}`, "bucket: calls", "bucket: others"),
		life("`dialogflow_connections`", "dialogflow_connections",
			`{connection_id: "78", dialogflow_api: es, location: global, conversation_profile_id: p, environment: test, service_account: {env: ACCOUNT_A}}`,
			"environment: test", "environment: production"),
	}
}

// numbersAccount has twelve numbers on no connection, of which one fails at first, and one on a trunk to Zoom.
func numbersAccount() string {
	var list []any
	for i := range 13 {
		number := map[string]any{"id": fmt.Sprint(5000 + i), "phone_number": fmt.Sprintf("+1512555%04d", i)}
		if i == 12 {
			number["connection_id"] = "8"
		}
		list = append(list, number)
	}
	connection := func(id, kind string) any {
		return map[string]any{"id": id, "external_sip_connection": kind, "outbound": map[string]any{"outbound_voice_profile_id": "1"}}
	}
	text, err := json.Marshal(map[string]any{
		"external_connections": []any{connection("7", "operator_connect"), connection("8", "zoom")},
		"civic_addresses": map[string]any{"7": []any{map[string]any{"id": civic, "default_location_id": place, "locations": []any{
			map[string]any{"id": place, "is_default": true}, map[string]any{"id": otherPlace, "is_default": false},
		}}}},
		"phone_numbers": list, "_upload_failures": []any{map[string]any{"telephone_number": "+15125550003", "error_code": "internal_error"}},
	})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// tell runs a story with some operations forbidden. It gives what each column used, and what went otherwise than it
// should: then the story ends.
func (s *lifeOf) tell(t *testing.T, forbidden []string) (used map[string][]string, otherwise string) {
	t.Helper()
	sim, err := telnyxsim.New(telnyxsim.Config{Account: []byte(s.account)})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(contract.Wrap(t, sim))
	defer srv.Close()
	r := newRigAt(t, srv.URL)
	for name, text := range s.files {
		r.write(name, text)
	}
	if len(forbidden) > 0 {
		r.forbid(forbidden...)
	}
	found := map[string]map[string]bool{}
	for i, st := range s.steps {
		if st.yaml != "" {
			r.write("a.yaml", st.yaml)
		}
		if st.change != nil {
			st.change(r)
		}
		r.clear()
		var out strings.Builder
		if code := r.command(&out, &out, st.args...); code != st.want {
			return nil, fmt.Sprintf("step %d, %s: exit code %d, want %d\n%s", i, strings.Join(st.args, " "), code, st.want, out.String())
		}
		if found[st.to] == nil {
			found[st.to] = map[string]bool{}
		}
		for o := range r.operations() {
			found[st.to][o] = true
		}
	}
	used = map[string][]string{}
	for to, set := range found {
		used[to] = inOrder(set)
	}
	return used, ""
}

// operations are those that were used since the journal was last cleared.
func (r *rig) operations() map[string]bool {
	calls, _ := r.calls()
	used := map[string]bool{}
	for _, c := range calls {
		used[operationOf(c)] = true
	}
	return used
}

// inOrder lists operations as all of them are listed.
func inOrder(set map[string]bool) (out []string) {
	for _, o := range allOperations() {
		if set[o] {
			out = append(out, o)
		}
	}
	return out
}

// helpful are the operations that tell sooner, or more closely, what shows otherwise too.
var helpful = []string{"GET /external_connections/{id}/uploads/{ticket_id}", "GET /phone_numbers/jobs/{id}"}

// TestPermissions: with the operations that docs/permissions.md says of a kind, and no others, all is done with it that is
// done with all of them; without any one of them it is not.
func TestPermissions(t *testing.T) {
	t.Parallel()
	var rows []map[string][]string
	all := lives()
	for i := range all {
		s := &all[i]
		used, otherwise := s.tell(t, nil)
		if otherwise != "" {
			t.Fatalf("%s: %s", s.kind, otherwise)
		}
		needs := map[string]bool{}
		for _, list := range used {
			for _, o := range list {
				needs[o] = true
			}
		}
		others := slices.DeleteFunc(allOperations(), func(o string) bool { return needs[o] })
		if _, otherwise := s.tell(t, others); otherwise != "" {
			t.Errorf("%s, with what it needs: %s", s.kind, otherwise)
		}
		for _, o := range inOrder(needs) {
			if _, otherwise := s.tell(t, []string{o}); (otherwise == "") != slices.Contains(helpful, o) {
				t.Errorf("%s needs %s: %v", s.kind, o, otherwise != "")
			}
		}
		for to, list := range used { // what comparing needs stands there alone
			if to != toCompare {
				used[to] = slices.DeleteFunc(list, func(o string) bool { return slices.Contains(used[toCompare], o) })
			}
		}
		rows = append(rows, used)
	}
	sameFile(t, "../../docs/permissions.md", permissionsText(all, rows, covered(t)))
}

// commandRows are the commands beside diff, apply and the daemon, with the runs of coverage that show what they need.
func commandRows() [][]string {
	return [][]string{
		{"`export`", "export"},
		{"the job `operator_connect_refresh`", "jobs operator_connect_refresh"},
		{"the job `upload_refresh`", "jobs upload_refresh"},
		{"the job `upload_retry`, `uploads retry`, which compare all that is written", "jobs upload_retry"},
		{"the job `recording_retention`, `diff --retention`: to report", "jobs recording_retention reports"},
		{"the job `recording_retention`: to delete, with `archive`", "jobs recording_retention", "jobs recording_retention again"},
		{"the job `transcription_retention`, `diff --retention`: to report", "jobs transcription_retention reports"},
		{"the job `transcription_retention`: to delete", "jobs transcription_retention"},
		{"the job `log_messages`, with a rule that dismisses", "jobs log_messages"},
		{"`log-messages`", "log-messages"},
		{"`uploads`", "uploads --connection 7"},
		{"`releases`, `releases TICKET`", "releases --connection 7", "releases " + releaseTicket + " --connection 7"},
		{"`locations CONNECTION`, `locations CONNECTION ADDRESS_ID`", "locations 7", "locations 7 " + civic},
		{"`get external-connections`, `get external-connections ID`", "get external-connections", "get external-connections 7"},
		{"`get phone-numbers`, `get phone-numbers ID`", "get phone-numbers", "get phone-numbers 5000"},
		{"the same with `--connection`", "get phone-numbers --connection 7", "get phone-numbers --connection 7 5000"},
		{"`get log-messages`, `get log-messages ID`", "get log-messages", "get log-messages m2"},
		{"`get media`, `get media NAME`", "get media", "get media tone"},
		{"`get media download NAME`", "get media download tone"},
		{"`get recordings`, `get recordings ID`", "get recordings", "get recordings " + recordingKept},
		{"`get recording-transcriptions`, `get recording-transcriptions ID`", "get recording-transcriptions", "get recording-transcriptions " + transcription},
		{"`get siprec-connectors NAME`", "get siprec-connectors recorder"},
		{"`get storage-credentials CONNECTION_ID`", "get storage-credentials 77"},
		{"`get dialogflow-connections CONNECTION_ID`", "get dialogflow-connections 78"},
	}
}

const permissionsHead = `# Permissions

API keys can be restricted by action. This is what telnyxsync asks of the API, for keys that may do no more than they
need. The page is generated: a test goes through the life of each kind on the simulator with a key that may do exactly
this, and finds that without any one of the operations something fails. Which of them a run asks for depends on what it
finds. Two it can do without, though they tell sooner and more closely how something ended:
` + "`GET /phone_numbers/jobs/{id}` and `GET /external_connections/{id}/uploads/{ticket_id}`" + `.

What a key may not do is answered with 403 and what it lacks; telnyxsync says that for the kind or the change that it is
about, and goes on with the others. A kind that cannot be read is neither compared nor changed, and nothing of it is
deleted; the exit code is 1. ` + "`export`" + ` leaves such kinds out. Only a key that is refused altogether (401) ends a run.

To see that another key is of the same account as the state, an external connection that the state knows has to be
readable with it; otherwise say so once with ` + "`--accept-account`" + `.

## Kinds

` + "`diff`" + ` needs what comparing needs, and can send nothing but GET. ` + "`apply`" + `, the daemon and the job ` + "`reconcile`" + ` need what
their changes need beside. Deletions are made with ` + "`--prune`" + ` or ` + "`prune: owned`" + ` alone. A kind that no file writes is not asked for.

| Kind | To compare | To make, or make anew | To change, renew or move | To delete |
|---|---|---|---|---|
`

func permissionsText(all []lifeOf, rows []map[string][]string, seen map[string]map[string]bool) string {
	var b strings.Builder
	b.WriteString(permissionsHead)
	for i := range all {
		fmt.Fprintf(&b, "| %s |", all[i].kind)
		for _, to := range []string{toCompare, toMake, toChange, toDelete} {
			fmt.Fprintf(&b, " %s |", operationCell(rows[i][to]))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n## Commands and jobs\n\nJobs need `GET /external_connections` beside, where a policy, a hold or a rule of theirs names an entry of that kind.\n\n| Command or job | Operations |\n|---|---|\n")
	for _, row := range commandRows() {
		used := map[string]bool{}
		for _, run := range row[1:] {
			maps.Copy(used, seen[run])
		}
		fmt.Fprintf(&b, "| %s | %s |\n", row[0], operationCell(inOrder(used)))
	}
	return b.String()
}

func operationCell(list []string) string {
	var cells []string
	for _, o := range list {
		cells = append(cells, "`"+o+"`")
	}
	return strings.Join(cells, "<br>")
}
