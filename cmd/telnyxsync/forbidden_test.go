package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/daemon"
)

// forbid lets no key of the account do some things any more, and nothing else.
func (r *rig) forbid(what ...string) { r.setAccount("_forbidden", append([]string{}, what...)) }

// setAccount sets a part of the account, and leaves the others as they are.
func (r *rig) setAccount(part string, v any) {
	r.t.Helper()
	account := map[string]any{}
	if err := json.Unmarshal(r.control("GET", "/account", nil), &account); err != nil {
		r.t.Fatal(err)
	}
	account[part] = v
	r.control("PUT", "/account", account)
}

const oneOfEach = `
external_connections:
  zoom: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: "1", channel_limit: %d}}
siprec_connectors:
  recorder: {host: srs.example.com, port: %d}
media:
  tone: {media_url: "https://media.example.com/a.mp3", ttl: %dd}
`

// One collection is forbidden: all else of the same edit is written, and what Telnyx says of the one is told, by its code.
func TestOneCollectionIsForbidden(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a.yaml", fmt.Sprintf(oneOfEach, 5, 5060, 100))
	r.run(0, "apply", "--yes")
	r.forbid("GET /media")
	r.write("a.yaml", fmt.Sprintf(oneOfEach, 6, 5061, 200))
	const says = "403 10010 Not authorized: The API key lacks the grant for GET /media."
	forbidden := func(p planDoc) {
		t.Helper()
		if len(p.Problems) != 1 || p.Problems[0].Address != "media" || p.Problems[0].Reason.Code != "kind_unread" || !strings.Contains(p.Problems[0].Reason.Text, "GET /media: "+says) ||
			strings.Contains(p.Problems[0].Reason.Text, "refused the API key") {
			t.Errorf("problems: %+v", p.Problems)
		}
	}
	d := r.plan(1, "diff", "--prune")
	forbidden(d)
	if len(d.Changes) != 2 {
		t.Errorf("diff: %+v", d.Changes)
	}
	r.clear()
	a := r.plan(1, "apply", "--yes", "--prune")
	forbidden(a)
	if len(a.Result.Outcomes) != 2 || a.Result.Outcomes[0].Status != "done" || a.Result.Outcomes[1].Status != "done" {
		t.Errorf("apply: %+v", a.Result)
	}
	account := r.account(nil)
	if port := account["siprec_connectors"][0]["port"]; fmt.Sprint(port) != "5061" || len(account["media"]) != 1 {
		t.Errorf("the account holds %v", account)
	}
	if _, writes := r.calls(); len(writes) != 2 || slices.ContainsFunc(writes, func(w string) bool { return strings.Contains(w, "/media") }) {
		t.Errorf("sent %q", writes)
	}
	for _, output := range []string{"text", "markdown"} {
		if out, _ := r.run(1, "diff", "--output", output); !strings.Contains(out, says) {
			t.Errorf("%s: %s", output, out)
		}
	}
	if out, _ := r.run(1, "jobs", "run", "reconcile"); !strings.Contains(out, says) {
		t.Errorf("reconcile: %s", out)
	}
	if _, stderr := r.run(1, "get", "media"); !strings.Contains(stderr, says) {
		t.Errorf("get: %s", stderr)
	}
	r.run(0, "get", "external-connections")
}

// The daemon goes on, and says why it needs a person.
func TestTheDaemonGoesOnBesideWhatIsForbidden(t *testing.T) {
	r, _ := newRig(t)
	r.write("a.yaml", fmt.Sprintf(oneOfEach, 5, 5060, 100))
	d := startDaemon(t, r, "prune: owned")
	d.untilStatus("a first pass", func(s *daemon.Status) bool { return s.Ready && s.OK() })
	r.forbid("GET /media")
	r.write("a.yaml", fmt.Sprintf(oneOfEach, 6, 5061, 200))
	d.untilStatus("the media unread", func(s *daemon.Status) bool {
		return len(s.Problems) == 1 && s.Problems[0].Code == "kind_unread" && strings.Contains(s.Problems[0].Text, "lacks the grant for GET /media") && s.Healthy && !s.OK()
	})
	if port := r.account(nil)["siprec_connectors"][0]["port"]; fmt.Sprint(port) != "5061" {
		t.Errorf("the connector has port %v", port)
	}
	r.forbid()
	r.write("a.yaml", fmt.Sprintf(oneOfEach, 7, 5062, 200))
	d.untilStatus("all in order", func(s *daemon.Status) bool { return s.Ready && s.OK() })
	if port := r.account(nil)["siprec_connectors"][0]["port"]; fmt.Sprint(port) != "5062" {
		t.Errorf("the connector has port %v", port)
	}
}

// What the key may not write fails alone.
func TestOneWriteIsForbidden(t *testing.T) {
	t.Parallel()
	for kind, match := range map[string]string{
		"external_connections": "PATCH /external_connections/*", "siprec_connectors": "PUT /siprec_connectors/*", "media": "PUT /media/*",
	} {
		r, _ := newRig(t)
		r.write("a.yaml", fmt.Sprintf(oneOfEach, 5, 5060, 100))
		r.run(0, "apply", "--yes")
		r.forbid(match)
		r.write("a.yaml", fmt.Sprintf(oneOfEach, 6, 5061, 200))
		p := r.plan(1, "apply", "--yes")
		for _, o := range p.Result.Outcomes {
			want := "done"
			if strings.HasPrefix(o.Address, kind+"/") {
				want = "failed"
				if !strings.Contains(o.Error, "403 10010 Not authorized: The API key lacks the grant for "+match[:3]) {
					t.Errorf("%s: %q", o.Address, o.Error)
				}
			}
			if o.Status != want {
				t.Errorf("%s forbidden: %+v", match, o)
			}
		}
		r.forbid()
		r.run(0, "apply", "--yes")
		r.run(0, "diff")
	}
}

// A plan with what is due of retention is none the worse where the recordings cannot be read.
func TestDiffWithRetentionThatIsForbidden(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a.yaml", "recording_retention:\n  all: {delete_after: 30d}\ntranscription_retention:\n  all: {delete_after: 30d}\n"+
		"siprec_connectors:\n  recorder: {host: srs.example.com, port: 5060}\n")
	r.account(func(a map[string][]map[string]any) {
		a["recordings"] = []map[string]any{recordingOf("00000000-7af4-4bcb-b7f5-5013ef9657c1", 100)}
		a["recording_transcriptions"] = []map[string]any{{"id": transcription, "created_at": "2020-01-01T00:00:00Z"}}
	})
	if p := r.plan(2, "diff", "--retention"); len(p.Changes) != 3 {
		t.Fatalf("%+v", p)
	}
	r.forbid("GET /recordings")
	p := r.plan(1, "diff", "--retention")
	if len(p.Changes) != 2 || len(p.Problems) != 1 || p.Problems[0].Address != "recording_retention" || p.Problems[0].Reason.Code != "kind_unread" ||
		!strings.Contains(p.Problems[0].Reason.Text, "lacks the grant for GET /recordings") {
		t.Errorf("%+v", p)
	}
	if _, stderr := r.run(1, "jobs", "run", "recording_retention"); !strings.Contains(stderr, "lacks the grant for GET /recordings") {
		t.Errorf("%s", stderr)
	}
	r.run(0, "jobs", "run", "transcription_retention", "--enforce", "--yes")
	r.write("a.yaml", "recording_retention:\n  all: {delete_after: 30d}\n") // so that nothing else is read
	r.setAccount("api_keys", []string{"KEY-of-others"})
	if out, stderr := r.run(1, "diff", "--retention"); out != "" || !strings.Contains(stderr, "Telnyx refused the API key") {
		t.Errorf("a refused key: %s%s", out, stderr)
	}
}

// What the key may not read is left out of an export, which says so in every file and on stderr; the rest is whole. What
// fails otherwise ends it.
func TestExportOfWhatIsForbidden(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		forbid       []string
		says         []string
		without, has []string // sections
	}{
		"a kind": {
			[]string{"GET /media"},
			[]string{"not exported: media: GET /media: 403 10010"},
			[]string{"media:"},
			[]string{"external_connections:", "siprec_connectors:", "phone_numbers:", "locations:"},
		},
		"connections": {
			[]string{"GET /external_connections"},
			[]string{"not exported: external_connections, locations, phone_numbers: GET /external_connections: 403 10010"},
			[]string{"external_connections:", "phone_numbers:", "locations:"},
			[]string{"media:", "siprec_connectors:"},
		},
		"an object": {
			[]string{"GET /siprec_connectors/*"},
			[]string{"not exported: siprec_connectors/recorder: GET /siprec_connectors/recorder: 403 10010"},
			[]string{"siprec_connectors:"},
			[]string{"external_connections:", "media:"},
		},
		"numbers": {
			[]string{"GET /external_connections/*/phone_numbers", "GET /phone_numbers/slim"},
			[]string{
				"not exported: the phone numbers of the connection 7: GET /external_connections/7/phone_numbers: 403 10010",
				"not exported: the phone numbers of the connection 8: GET /phone_numbers/slim: 403 10010",
			},
			[]string{"phone_numbers:"},
			[]string{"external_connections:", "locations:", "media:"},
		},
		"all": {
			[]string{"external_connections", "media", "siprec_connectors"},
			[]string{"not exported: media: ", "not exported: siprec_connectors/recorder: ", "# there is nothing to export"},
			[]string{":\n  "},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, sim := newRig(t)
			if err := sim.SetAccount([]byte(forbiddenExport)); err != nil {
				t.Fatal(err)
			}
			r.forbid(c.forbid...)
			args := []string{"export", "--siprec", "recorder"}
			out, stderr := r.run(1, args...)
			for _, text := range c.says {
				if !strings.Contains(out, "# "+strings.TrimPrefix(text, "# ")) || !strings.HasPrefix(text, "#") && !strings.Contains(stderr, "telnyxsync: "+text) {
					t.Errorf("no %q in\n%s%s", text, out, stderr)
				}
			}
			for _, section := range c.without {
				if strings.Contains(out, "\n"+section) {
					t.Errorf("it has %q:\n%s", section, out)
				}
			}
			for _, section := range c.has {
				if !strings.Contains(out, "\n"+section) {
					t.Errorf("it has no %q:\n%s", section, out)
				}
			}
			if again, _ := r.run(1, args...); again != out {
				t.Errorf("then it exports\n%s", again)
			}
			dir := filepath.Join(t.TempDir(), "configs")
			r.run(1, append(args, "--out", dir)...)
			files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
			if err != nil || len(files) < len(c.has) {
				t.Errorf("files %q, %v", files, err)
			}
			for _, path := range files {
				if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), "\n# "+c.says[0]) {
					t.Errorf("%s: %v\n%s", path, err, text)
				}
			}
			if len(files) > 0 {
				r.run(0, "validate", dir)
			}
			r.setAccount("api_keys", []string{"KEY-of-others"})
			if out, stderr := r.run(1, args...); out != "" || !strings.Contains(stderr, "refused the API key") {
				t.Errorf("a refused key exports %s%s", out, stderr)
			}
		})
	}
}

const forbiddenExport = `{
	"external_connections": [
		{"id": "7", "external_sip_connection": "operator_connect", "outbound": {"outbound_voice_profile_id": "1"}},
		{"id": "8", "external_sip_connection": "zoom", "outbound": {"outbound_voice_profile_id": "1"}}
	],
	"civic_addresses": {"7": [{"id": "` + civic + `", "locations": [{"id": "` + place + `"}]}]},
	"phone_numbers": [{"id": "1", "phone_number": "+15125550001", "connection_id": "7"}, {"id": "2", "phone_number": "+15125550002", "connection_id": "8"}],
	"connection_phone_numbers": {"7": [{"number_id": "1", "telephone_number": "+15125550001", "location_id": "` + place + `", "civic_address_id": "` + civic + `"}]},
	"media": [{"media_name": "tone"}],
	"siprec_connectors": [{"name": "recorder", "host": "srs.example.com", "port": 5060}]
}`

// A key that is refused ends whatever runs, with that as the reason, and is not tried over and over.
func TestAKeyThatIsRefused(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a.yaml", fmt.Sprintf(oneOfEach, 5, 5060, 100)+
		"log_message_rules:\n  noise: {code: \"10\"}\nrecording_retention:\n  all: {delete_after: 30d}\ntranscription_retention:\n  all: {delete_after: 30d}\n")
	r.run(0, "apply", "--yes")
	r.setAccount("api_keys", []string{"KEY-of-others"})
	for _, args := range [][]string{
		{"diff"},
		{"diff", "--retention"},
		{"apply", "--yes"},
		{"export"},
		{"get", "media"},
		{"get", "media", "tone"},
		{"get", "recordings"},
		{"log-messages"},
		{"uploads", "--connection", "7"},
		{"releases", "--connection", "7"},
		{"locations", "7"},
		{"state", "adopt", "media/other", "other"},
		{"jobs", "run", "reconcile"},
		{"jobs", "run", "operator_connect_refresh"},
		{"jobs", "run", "upload_retry"},
		{"jobs", "run", "recording_retention"},
		{"jobs", "run", "recording_retention", "--enforce", "--yes"},
		{"jobs", "run", "transcription_retention"},
		{"jobs", "run", "log_messages"},
	} {
		r.clear()
		out, stderr := r.run(1, args...)
		calls, writes := r.calls()
		if !strings.Contains(stderr, "401 10009 Authentication failed") || !strings.Contains(stderr, "Telnyx refused the API key") {
			t.Errorf("%q says %s%s", args, out, stderr)
		}
		if len(calls) > 3 || len(writes) > 0 && args[2] != "operator_connect_refresh" { // the kinds are read at the same time
			t.Errorf("%q calls %q", args, calls)
		}
	}
}
