package apply_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
	"telnyxsync/internal/telnyxsim"
)

// reads are the calls since the journal was cleared, in order of arrival.
func (r *rig) reads() (out []string) {
	for _, j := range r.sim.Journal() {
		out = append(out, j.Method+" "+j.Path)
	}
	return out
}

// stores is a rig with an account in which all that is written is as desired.
func stores(t *testing.T) (*rig, resource.Config) {
	t.Helper()
	r := newRig(t, checked(t), map[string]any{"external_connections": []any{
		map[string]any{"id": "foreign", "external_sip_connection": "zoom", "outbound": map[string]any{"outbound_voice_profile_id": "1"}},
	}})
	t.Cleanup(r.close)
	world := world{secrets: map[string]string{"A": "one-secret", "AGENT": agentKey("one-secret")}}
	r.engine.Secret = world.secret
	files := filesOf(t, "a content", "b content")
	storage := func(o resource.Object) resource.Object {
		o["backend"], o["configuration"] = "gcs", resource.Object{"bucket": "b", "credentials": env("A")}
		return o
	}
	desired := config("/root", nil,
		entry("external_connections", "zoom", resource.Object{"external_sip_connection": "zoom", "outbound": resource.Object{"outbound_voice_profile_id": "1"}}),
		entry("media", "a", resource.Object{"file": files["a"]}),
		entry("media", "b", resource.Object{"file": files["b"], "ttl": "90d"}),
		entry("media", "url", resource.Object{"media_url": "https://a.example.com/a.wav"}),
		entry("custom_storage_credentials", "by-id", storage(resource.Object{"connection_id": "foreign"})),
		entry("custom_storage_credentials", "by-name", storage(resource.Object{"connection": ref("external_connections", "zoom")})),
		entry("dialogflow_connections", "bot", resource.Object{
			"connection_id": "foreign", "dialogflow_api": "es", "location": "global", "service_account": env("AGENT"),
		}),
	)
	if _, result := r.apply(desired, apply.Options{Writing: true}); !result.OK() || len(result.Outcomes) != 7 {
		t.Fatalf("%+v", result)
	}
	r.sim.ClearJournal()
	return r, desired
}

// A pass that finds nothing to do makes the least number of calls that the API allows, also where a kind
// has to wait for another: and what waits is not read before it is known what is to be read.
func TestCallsOfAPassThatFindsNothing(t *testing.T) {
	r, desired := stores(t)
	made := ""
	for key := range r.objects() {
		if id, ok := strings.CutPrefix(key, "custom_storage_credentials/"); ok && id != "foreign" {
			made = id
		}
	}
	for _, o := range []apply.Options{{}, {Writing: true}, {Prune: true, Foreign: true}} {
		if made := r.plan(desired, o); len(made.Changes)+len(made.Problems) > 0 || made.Unchanged != 7 {
			t.Errorf("plan %s", words.JSON(&made, nil))
		}
		got := r.reads()
		connections := slices.Index(got, "GET /external_connections")
		if at := slices.Index(got, "GET /custom_storage_credentials/"+made); at < connections {
			t.Errorf("calls %q", got)
		}
		slices.Sort(got)
		want := []string{
			"GET /custom_storage_credentials/" + made, "GET /custom_storage_credentials/foreign", "GET /dialogflow_connections/foreign",
			"GET /external_connections", "GET /media",
		}
		same(t, "calls", got, want)
		r.sim.ClearJournal()
	}
	// What is to be compared with its content is downloaded; nothing else is.
	desired.Find(resource.Addr{Kind: "media", Name: "a"}).Object["verify_content"] = true
	r.plan(desired, apply.Options{})
	got := r.reads()
	slices.Sort(got)
	if at := slices.Index(got, "GET /media/a/download"); at < 0 || len(got) != 6 {
		t.Errorf("calls %q", got)
	}
}

// What belongs to a connection is looked for once it is known which that is: without a state, and found
// by its tag, it is adopted and not made once more.
func TestWhatBelongsToAFoundConnectionIsFound(t *testing.T) {
	storage := map[string]any{"connection_id": "7", "backend": "gcs", "configuration": map[string]any{"backend": "gcs", "bucket": "b", "credentials": "old"}}
	r := newRig(t, checked(t), map[string]any{
		"external_connections": []any{map[string]any{
			"id": "7", "external_sip_connection": "zoom", "outbound": map[string]any{"outbound_voice_profile_id": "1"}, "tags": []any{"telnyxsync:default:zoom"},
		}},
		"custom_storage_credentials": []any{storage},
	})
	defer r.close()
	r.engine.Secret = func(resource.SecretRef) (string, error) { return "new", nil }
	desired := config("/root", nil,
		entry("external_connections", "zoom", resource.Object{"external_sip_connection": "zoom", "outbound": resource.Object{"outbound_voice_profile_id": "1"}}),
		entry("custom_storage_credentials", "zoom", resource.Object{
			"connection": ref("external_connections", "zoom"), "backend": "gcs", "configuration": resource.Object{"bucket": "b", "credentials": env("A")},
		}),
	)
	_, result := r.apply(desired, apply.Options{Writing: true})
	same(t, "outcomes", outcomes(result), []string{"adopt custom_storage_credentials/zoom: done", "adopt external_connections/zoom: done"})
	same(t, "calls", r.reads(), []string{"GET /external_connections", "GET /custom_storage_credentials/7", "PUT /custom_storage_credentials/7"})
}

// What a create that was begun may have made is looked for under the key that it had then.
func TestWhatWasBegunIsLookedFor(t *testing.T) {
	r := newRig(t, checked(t), map[string]any{})
	defer r.close()
	snap := state.Snapshot{Exists: true, Intents: []resource.Intent{{Addr: resource.Addr{Kind: "siprec_connectors", Name: "a"}, Root: "/root", Key: "then"}}}
	desired := config("/root", nil, entry("siprec_connectors", "a", resource.Object{"name": "now", "host": "h.example.com", "port": int64(1)}))
	if _, err := r.engine.Plan(t.Context(), desired, snap, apply.Options{}); err != nil {
		t.Fatal(err)
	}
	got := r.reads()
	slices.Sort(got)
	same(t, "calls", got, []string{"GET /siprec_connectors/now", "GET /siprec_connectors/then"})
}

// Where the connections cannot be read, what belongs to one of them by name waits, and nothing else does.
func TestAnUnreadableConnectionKeepsWhatBelongsToIt(t *testing.T) {
	r, desired := stores(t)
	if err := r.sim.AddFaults(telnyxsim.Fault{Match: "GET /external_connections", Do: "status", Status: 400, Times: -1}); err != nil {
		t.Fatal(err)
	}
	for i := range desired.Entries {
		if e := &desired.Entries[i]; e.Kind == "custom_storage_credentials" {
			resource.Put(e.Object, "/configuration/bucket", "other")
		}
	}
	made, result := r.apply(desired, apply.Options{Writing: true, Prune: true})
	same(t, "outcomes", outcomes(result), []string{"update custom_storage_credentials/by-id: done"})
	var problems []string
	for _, p := range made.Problems {
		problems = append(problems, p.Addr.String())
	}
	same(t, "problems", problems, []string{"custom_storage_credentials/by-name", "external_connections/"})
}

// Everything is what can be listed, and of the rest what is known or named.
func TestEverything(t *testing.T) {
	r, _ := stores(t)
	if err := r.sim.SetAccount([]byte(strings.Replace(string(r.sim.Account()), `"siprec_connectors": []`,
		`"siprec_connectors": [{"name":"named","host":"h.example.com","port":5060},{"name":"nobody's","host":"h.example.com","port":5060}]`, 1))); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	name := func(kind string, ids ...string) func(string) []string {
		return func(k string) []string {
			if k != kind {
				return nil
			}
			return ids
		}
	}
	ids := func(lives []resource.Live) (out []string) {
		for _, l := range lives {
			out = append(out, l.ID)
		}
		slices.Sort(out)
		return out
	}
	live, _, err := r.engine.Everything(ctx, r.snapshot(), name("siprec_connectors", "named"))
	if err != nil {
		t.Fatal(err)
	}
	if got := live["custom_storage_credentials"]; len(got) != 2 {
		t.Errorf("storage %q", ids(got))
	}
	same(t, "media", ids(live["media"]), []string{"a", "b", "url"})
	same(t, "connectors", ids(live["siprec_connectors"]), []string{"named"})
	same(t, "agents", ids(live["dialogflow_connections"]), []string{"foreign"})
	if got := ids(live["external_connections"]); len(got) != 2 || got[1] != "foreign" {
		t.Errorf("connections %q", got)
	}
	for _, call := range r.reads() {
		if strings.HasSuffix(call, "/download") || !strings.HasPrefix(call, "GET ") {
			t.Errorf("%s", call)
		}
	}
	// Without a state, only what is named can be found.
	if live, _, err = r.engine.Everything(ctx, state.Snapshot{}, name("dialogflow_connections", "foreign", "foreign")); err != nil || len(live["dialogflow_connections"]) != 1 || len(live["custom_storage_credentials"]) != 0 {
		t.Errorf("%v %v", live, err)
	}

	for what, test := range map[string]struct {
		fault string
		named func(string) []string
		err   string // "" where it is none
	}{
		"named, and not there":            {named: name("siprec_connectors", "gone"), err: `telnyx has no object "gone" of siprec_connectors`},
		"named, of what is listed":        {named: name("media", "a")},
		"named, listed, and not there":    {named: name("media", "gone"), err: `telnyx has no object "gone" of media`},
		"a list that cannot be read":      {fault: "GET /media", named: name(""), err: "read media: GET /media: 400"},
		"one that cannot be read":         {fault: "GET /dialogflow_connections/foreign", named: name(""), err: "read dialogflow_connections/foreign: GET /dialogflow_connections/foreign: 400"},
		"one of no name that is not read": {fault: "GET /siprec_connectors/named", named: name("")},
	} {
		if test.fault != "" {
			if err := r.sim.AddFaults(telnyxsim.Fault{Match: test.fault, Do: "status", Status: 400, Times: -1}); err != nil {
				t.Fatal(err)
			}
		}
		live, _, err := r.engine.Everything(ctx, r.snapshot(), test.named)
		if (err == nil) != (test.err == "") || err != nil && (!strings.HasPrefix(err.Error(), test.err) || live != nil) {
			t.Errorf("%s: %v, want %s", what, err, test.err)
		}
		r.sim.ClearFaults()
	}

	// What the key may not read is left out, and told: a kind, or one object.
	for _, match := range []string{"GET /media", "GET /dialogflow_connections/foreign"} {
		if err := r.sim.AddFaults(telnyxsim.Fault{Match: match, Do: "status", Status: 403, Times: -1}); err != nil {
			t.Fatal(err)
		}
	}
	live, unread, err := r.engine.Everything(ctx, r.snapshot(), name("dialogflow_connections", "foreign"))
	if err != nil || len(unread) != 2 || unread[0].Addr != (resource.Addr{Kind: "media"}) || unread[1].Addr != (resource.Addr{Kind: "dialogflow_connections", Name: "foreign"}) {
		t.Errorf("unread %v, %v", unread, err)
	}
	if _, there := live["media"]; there || len(live["custom_storage_credentials"]) != 2 || len(live["external_connections"]) != 2 {
		t.Errorf("read %v", live)
	}
	r.sim.ClearFaults()

	// What state knows and is gone is no error: there is nothing to export of it.
	if err := r.sim.SetAccount([]byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	r.sim.ClearJournal()
	if live, _, err = r.engine.Everything(ctx, r.snapshot(), name("")); err != nil || len(live["custom_storage_credentials"]) > 0 {
		t.Errorf("%v %v", live, err)
	}
	if calls := r.reads(); len(calls) != 5 { // two lists, and one by one what has none
		t.Errorf("calls %q", calls)
	}
}
