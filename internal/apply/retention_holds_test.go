package apply_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
	"telnyxsync/internal/telnyxsim"
)

// gone wants that exactly these recordings have gone, and puts the account back.
func (k *keeper) gone(what string, account any, desired resource.Config, want ...string) {
	k.Helper()
	if err := k.sim.SetAccount(must(k, account)); err != nil {
		k.Fatal(err)
	}
	before := k.ids("recordings")
	k.enforce(desired)
	if got := minus(before, k.ids("recordings")); !maps.Equal(got, setOf(want...)) {
		k.Errorf("%s: %v were deleted, want %v", what, sorted(got), want)
	}
}

func (k *keeper) holds() string {
	k.Helper()
	out := []string{}
	for _, r := range k.snapshot().Rules {
		if !r.Hold {
			continue
		}
		out = append(out, r.Addr.String()+" of "+r.Root[strings.LastIndex(r.Root, "/")+1:])
	}
	return strings.Join(out, ", ")
}

const policyYAML = "recording_retention:\n  all: {delete_after: 30d}\n"

// calls are recordings of three calls, that are 40 days old.
func calls() object {
	list := aged(40, 41, 42)
	for i, r := range list {
		r.(object)["call_session_id"] = fmt.Sprintf("00000000-0000-4000-8000-00000000000%d", i)
	}
	return object{"recordings": list}
}

const (
	holdYAML  = "  legal: {call_session_id: 00000000-0000-4000-8000-000000000000, keep: true}\n"
	otherYAML = "  legal: {call_session_id: 00000000-0000-4000-8000-000000000001, keep: true}\n"
)

// A hold stays in force until a run over the whole of its configuration no longer has it.
func TestHoldsAreRemembered(t *testing.T) {
	k := plainly(t, calls())
	withHold := k.load("a", policyYAML+holdYAML)
	without := k.load("b", policyYAML)

	// A report remembers it, and does nothing else.
	k.sim.ClearJournal()
	report, err := k.run(context.Background(), recordingJob, apply.Situation{Desired: withHold})
	if err != nil || report.Failed {
		t.Fatalf("%v %q", err, linesOf(report))
	}
	has(t, linesOf(report), "recording_retention/all: 2 recordings due, made from ")
	has(t, linesOf(report), "2 recordings would be deleted; nothing is, as this only reports")
	same(t, "writes", writes(k.sim), nil)
	if got := k.holds(); got != "recording_retention/legal of a" || len(k.history()) > 0 || len(k.snapshot().Deletions) > 0 {
		t.Errorf("holds %q, history %+v", got, k.history())
	}

	k.gone("of a configuration that is not loaded", calls(), without, "d41", "d42")
	has(t, linesOf(k.enforce(without)), "recording_retention/legal: holds too, as state remembers from "+k.dir+"/a, which this run does not load or does not write")
	k.gone("its section is not written", calls(), k.load("a", "siprec_connectors:\n  x: {host: a.example.com, port: 5060}\n"))
	k.gone("neither here nor there", calls(), without, "d41", "d42")
	if err := os.RemoveAll(k.dir + "/a"); err != nil {
		t.Fatal(err)
	}
	k.gone("its configuration is not there", calls(), without, "d41", "d42")
	k.gone("changed", calls(), k.load("a", policyYAML+otherYAML), "d40", "d42")
	k.gone("as changed", calls(), without, "d40", "d42")
	if _, err := k.run(context.Background(), recordingJob, apply.Situation{Desired: k.load("a", policyYAML), Observe: true}); err != nil {
		t.Fatal(err)
	}
	k.gone("released by a run that only observes", calls(), without, "d40", "d42")
	k.gone("released", calls(), k.load("a", policyYAML), "d40", "d41", "d42")
	k.gone("as released", calls(), without, "d40", "d41", "d42")
	if got := k.holds(); got != "" {
		t.Errorf("holds %q", got)
	}
}

// Applying remembers holds as well, so that a change of the files counts before the job's next run.
func TestApplyRemembersHolds(t *testing.T) {
	k := plainly(t, calls())
	r := &rig{tb: t, sim: k.sim, engine: k.engine, dir: k.state}
	const none, connector = "recording_retention: {}\n", "siprec_connectors:\n  x: {host: a.example.com, port: 5060}\n"
	for _, test := range [][2]string{
		{policyYAML + holdYAML, "recording_retention/legal of a"},
		{policyYAML + holdYAML, "recording_retention/legal of a"},
		{connector, "recording_retention/legal of a"},
		{none, "recording_retention/legal of a"}, // a configuration without any entry says nothing
		{none + connector, ""},
		{policyYAML + holdYAML, "recording_retention/legal of a"},
		{policyYAML, ""},
	} {
		r.apply(k.load("a", test[0]), apply.Options{Prune: true})
		if got := k.holds(); got != test[1] {
			t.Errorf("holds %q after\n%s", got, test[0])
		}
	}
	k.gone("applied", calls(), k.load("a", policyYAML+holdYAML), "d41", "d42")
	k.load("a", none)
	k.load("b", policyYAML)
	k.gone("a configuration without any entry", calls(), k.loaded(k.dir+"/a", k.dir+"/b"), "d41", "d42")
}

// Two configurations may have holds of one name: neither takes the other's away.
func TestHoldsOfOneNameInTwoConfigurations(t *testing.T) {
	k := plainly(t, calls())
	a, b := k.load("a", policyYAML+holdYAML), k.load("b", policyYAML+otherYAML)
	other := k.load("c", policyYAML)
	k.gone("a", calls(), a, "d41", "d42")
	k.gone("b", calls(), b, "d42")
	k.gone("b again", calls(), b, "d42")
	k.gone("neither", calls(), other, "d42")
	k.gone("a again", calls(), a, "d42")
	k.gone("a releases it", calls(), k.load("a", policyYAML), "d40", "d42")
	k.gone("b's is left", calls(), other, "d40", "d42")
	k.gone("b takes its name", calls(), b, "d40", "d42")
	if got := k.holds(); got != "recording_retention/legal of b" {
		t.Errorf("holds %q", got)
	}
	k.gone("b releases it", calls(), k.load("b", policyYAML), "d40", "d41", "d42")

	// One that moved, and holds what it held, is not held for ever.
	k.gone("a", calls(), k.load("a", policyYAML+holdYAML), "d41", "d42")
	if err := os.Rename(k.dir+"/a", k.dir+"/moved"); err != nil {
		t.Fatal(err)
	}
	k.gone("moved", calls(), k.loaded(k.dir+"/moved"), "d41", "d42")
	k.gone("moved and released", calls(), k.load("moved", policyYAML), "d40", "d41", "d42")

	// While it is still there, the same words elsewhere do not take it over.
	k.gone("a", calls(), k.load("a", policyYAML+holdYAML), "d41", "d42")
	k.gone("the same", calls(), k.load("b", policyYAML+holdYAML), "d41", "d42")
	k.gone("the same, released", calls(), k.load("b", policyYAML), "d41", "d42")
	k.gone("a releases it", calls(), k.load("a", policyYAML), "d40", "d41", "d42")
}

// A policy and a hold of one name in two configurations are two things.
func TestAPolicyDoesNotHideAHoldOfItsName(t *testing.T) {
	k := plainly(t, calls())
	k.gone("a", calls(), k.load("a", "recording_retention:\n  x: {call_session_id: 00000000-0000-4000-8000-000000000000, keep: true}\n"))
	k.gone("b", calls(), k.load("b", "recording_retention:\n  x: {delete_after: 30d}\n"), "d41", "d42")
	k.gone("b again", calls(), k.load("b", "recording_retention:\n  x: {delete_after: 30d}\n"), "d41", "d42")
	k.gone("c", calls(), k.load("c", policyYAML), "d41", "d42")
}

func zoom(tags ...any) []any {
	return []any{object{"id": "77", "external_sip_connection": "zoom", "outbound": object{"outbound_voice_profile_id": "1"}, "tags": tags}}
}

const zoomYAML = "external_connections:\n  zoom: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: \"1\"}}\n"

// connected are recordings that are 40 days old, one of the connection 77.
func connected(more object) object {
	list := aged(40, 41)
	list[0].(object)["connection_id"] = "77"
	out := object{"recordings": list}
	maps.Copy(out, more)
	return out
}

// A hold of a connection that is not known forbids the run: by that it could be any.
func TestAHoldOfAConnectionThatIsNotKnown(t *testing.T) {
	k := plainly(t, connected(nil))
	desired := k.load("a", zoomYAML+policyYAML+"  legal: {connection: zoom, keep: true}\n")
	k.refused("not there", desired, "the hold recording_retention/legal: the id of external_connections/zoom is not known: apply that first")
	// It is remembered, and forbids runs over other files as well.
	k.refused("from elsewhere", k.load("b", policyYAML), "the hold recording_retention/legal, which state remembers from "+k.dir+"/a: the id of external_connections/zoom is not known")
	k.gone("there, as its tag tells", connected(object{"external_connections": zoom("telnyxsync:default:zoom")}), desired, "d41")
	k.gone("by its id then", connected(nil), k.load("b", policyYAML), "d41")
	for _, status := range []int{422, 403} {
		if err := k.sim.AddFaults(telnyxsim.Fault{Match: "GET /external_connections", Do: "status", Status: status}); err != nil {
			t.Fatal(err)
		}
		before := k.ids("recordings")
		if report, err := k.run(context.Background(), recordingJob, apply.Situation{Desired: desired, Enforce: true}); err == nil {
			t.Errorf("%d: %q", status, linesOf(report))
		}
		if !maps.Equal(k.ids("recordings"), before) {
			t.Errorf("%d: something was deleted", status)
		}
	}
	k.db(func(db *state.DB, _ state.Snapshot) {
		own := resource.Owned{Addr: resource.Addr{Kind: "external_connections", Name: "zoom"}, ID: "77", Root: k.dir + "/a"}
		if err := db.Commit(context.Background(), resource.Record{Own: []resource.Owned{own}}); err != nil {
			t.Fatal(err)
		}
	})
	k.gone("deleted since, and state knows its id", connected(nil), desired, "d41")
}

// What cannot be read of a hold that state remembers forbids the run: also what nobody writes.
func TestAHoldThatStateCannotRead(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                    "it does not say that it holds",
		`{"delete_after":"1d"}`: "it does not say that it holds",
		`{"keep":false}`:        "it does not say that it holds",
		`{"keep":"true"}`:       "it does not say that it holds",
		`{"keep":true,"created_at":{"lte":"yesterday"}}`:            "is no time",
		`{"keep":true,"created_at":{"lte":"0001-01-01T00:00:00Z"}}`: "is no time",
		`{"keep":true,"connection":"external_connections/zoom"}`:    "is not known",
	} {
		k := plainly(t, connected(nil))
		k.db(func(db *state.DB, _ state.Snapshot) {
			o, err := resource.DecodeObject(text)
			if err != nil {
				t.Fatal(err)
			}
			hold := resource.Rule{Addr: resource.Addr{Kind: recordingJob, Name: "legal"}, Root: "/elsewhere", Hold: true, Says: o}
			if err := db.Commit(context.Background(), resource.Record{Rules: []resource.Rule{hold}}); err != nil {
				t.Fatal(err)
			}
		})
		k.refused(text, k.load("b", policyYAML), want)
	}
}

// A hold of some time holds what was made then, and no more.
func TestAHoldOfSomeTime(t *testing.T) {
	k := plainly(t, object{"recordings": aged(5, 40, 41, 42)})
	hold := func(filters string) resource.Config {
		return k.load("a", policyYAML+fmt.Sprintf("  legal: {%s, created_at: {gte: %q, lte: %q}, keep: true}\n", filters, ago(41*aDay+2*3600e9), ago(41*aDay)))
	}
	k.gone("by what is shown", object{"recordings": aged(5, 40, 41, 42)}, hold(`from: "+15125550100"`), "d40", "d42")
	list := aged(5, 40, 41, 42)
	for _, r := range list {
		r.(object)["_sip_call_id"] = "x"
	}
	k.gone("by what is not", object{"recordings": list}, hold("sip_call_id: x"), "d40", "d42")
}

// An entry cannot have the name by which state knows what is being deleted.
func TestAHoldOfAnyName(t *testing.T) {
	for _, name := range []string{"deleting", "batch 1", "recordings"} {
		c := newCut(t)
		c.desired = c.load("a", fmt.Sprintf("recording_retention:\n  all: {delete_after: 15d}\n  %q: {sip_call_id: complaint, keep: true}\n", name))
		if !c.kill(name, 7, true) {
			t.Fatal("it was not killed")
		}
		if n := len(c.snapshot().Deletions); n != 1 {
			t.Fatalf("%d deletions", n)
		}
		r := &rig{tb: t, sim: c.sim, engine: c.engine, dir: c.state}
		r.apply(c.desired, apply.Options{Prune: true})
		c.again(name)
	}
}

// While the list of what is held is read, one goes from its first page and another comes: what moves to the
// page that was read already is on none. It is held all the same, and so is what comes after all was listed.
func TestAHoldWhileOthersComeAndGo(t *testing.T) {
	for name, test := range map[string]struct {
		at     int // the request before which the account changes
		remove int
		add    bool
		want   []string
	}{
		"on another page":      {at: 5, remove: 0, add: true, want: []string{"d45"}},
		"while all was listed": {at: 4, remove: -1, add: true, want: []string{"d45"}},
		"undisturbed":          {at: 100, want: []string{"d45"}},
	} {
		list := aged(40, 41, 42, 43, 45)
		for _, r := range list[:4] {
			r.(object)["_sip_call_id"] = "x"
		}
		k := plainly(t, object{"recordings": list})
		k.stage.size = 2
		k.connect(client.Config{Concurrency: 1})
		desired := k.load("a", policyYAML+"  x: {sip_call_id: x, keep: true}\n")
		k.stage.before = func(n int, _ *http.Request) error {
			if n != test.at {
				return nil
			}
			now := append([]any{}, list...)
			if test.remove >= 0 {
				now = append(now[:test.remove:test.remove], now[test.remove+1:]...)
			}
			if test.add {
				late := aged(44)
				late[0].(object)["_sip_call_id"] = "x"
				now = append(now, late...)
			}
			return k.sim.SetAccount(must(t, object{"recordings": now}))
		}
		before := k.ids("recordings")
		k.enforce(desired)
		got := minus(before, k.ids("recordings"))
		delete(got, "d40") // by the other client
		if !maps.Equal(got, setOf(test.want...)) {
			t.Errorf("%s: %v were deleted, want %v", name, sorted(got), test.want)
		}
	}
	// One that never comes to rest ends the run.
	list := aged(40, 41, 42, 43, 45)
	for _, r := range list[:4] {
		r.(object)["_sip_call_id"] = "x"
	}
	k := plainly(t, object{"recordings": list})
	k.stage.before = func(n int, r *http.Request) error {
		if !r.URL.Query().Has("filter[sip_call_id]") {
			return nil
		}
		return k.sim.SetAccount(must(t, object{"recordings": list[n%2:]}))
	}
	if _, err := k.run(context.Background(), recordingJob, apply.Situation{Desired: k.load("a", policyYAML+"  x: {sip_call_id: x, keep: true}\n"), Enforce: true}); err == nil ||
		!strings.Contains(err.Error(), "what recording_retention/x means could not be read: it changed each time in 5 readings") {
		t.Error(err)
	}
	if len(writes(k.sim)) > 0 {
		t.Error("something was deleted")
	}
}
