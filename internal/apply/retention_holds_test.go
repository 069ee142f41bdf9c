package apply_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
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
	for _, o := range k.snapshot().Owned {
		if strings.HasSuffix(o.Addr.Kind, "_retention") {
			out = append(out, o.Addr.String()+" of "+o.Root[strings.LastIndex(o.Root, "/")+1:])
		}
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
		t.Fatalf("%v %q", err, report.Lines)
	}
	has(t, report.Lines, "recording_retention/all: 2 recordings due, made from ")
	has(t, report.Lines, "2 recordings would be deleted; nothing is, as this only reports")
	same(t, "writes", writes(k.sim), nil)
	if got := k.holds(); got != "recording_retention/legal of a" || len(k.history()) > 0 || len(k.snapshot().Intents) > 0 {
		t.Errorf("holds %q, history %+v", got, k.history())
	}

	k.gone("of a configuration that is not loaded", calls(), without, "d41", "d42")
	has(t, k.enforce(without).Lines, "recording_retention/legal holds too, as state remembers from "+k.dir+"/a, which this run does not load or does not write")
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
			t.Errorf("%d: %q", status, report.Lines)
		}
		if !maps.Equal(k.ids("recordings"), before) {
			t.Errorf("%d: something was deleted", status)
		}
	}
	k.db(func(db *state.DB, _ state.Snapshot) {
		own := resource.Owned{Addr: resource.Addr{Kind: "external_connections", Name: "zoom"}, ID: "77", Root: k.dir + "/a"}
		if err := db.Commit(context.Background(), state.Record{Own: &own}); err != nil {
			t.Fatal(err)
		}
	})
	k.gone("deleted since, and state knows its id", connected(nil), desired, "d41")
}

// What cannot be read of a hold that state remembers forbids the run: also what nobody writes.
func TestAHoldThatStateCannotRead(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                    "its delete_after is less than a day",
		`{"delete_after":"1d"}`: "it does not say that it holds",
		`{"keep":false}`:        "its delete_after is less than a day",
		`{"keep":"true"}`:       "its delete_after is less than a day",
		`{"keep":true,"created_at":{"lte":"yesterday"}}`:            "cannot parse",
		`{"keep":true,"created_at":{"lte":"0001-01-01T00:00:00Z"}}`: "means no time",
		`{"keep":true,"connection":"external_connections/zoom"}`:    "is not known",
	} {
		k := plainly(t, connected(nil))
		k.db(func(db *state.DB, _ state.Snapshot) {
			o, err := resource.DecodeObject(text)
			if err != nil {
				t.Fatal(err)
			}
			own := resource.Owned{Addr: resource.Addr{Kind: recordingJob, Name: "legal"}, ID: "legal", Root: "/elsewhere", Applied: o}
			if err := db.Commit(context.Background(), state.Record{Own: &own}); err != nil {
				t.Fatal(err)
			}
		})
		k.refused(text, k.load("b", policyYAML), want)
	}
}

// A policy of which something is not known deletes nothing, and what it may mean is not deleted before its time.
func TestAPolicyOfAConnectionThatIsNotKnown(t *testing.T) {
	k := plainly(t, object{"recordings": aged(20, 40, 100)})
	for yaml, want := range map[string][]string{
		"  zoom: {connection: zoom, delete_after: 90d}\n":                                                                             {"d100"},
		"  zoom: {connection: zoom, delete_after: 10d}\n":                                                                             {"d40", "d100"},
		"  zoom: {connection: zoom, delete_after: 90d, archive: /nowhere}\n":                                                          {},
		"  zoom: {connection: zoom, delete_after: 90d, max_deletes_per_run: 1}\n":                                                     {},
		"  zoom: {connection: zoom, delete_after: 90d, observe: true}\n":                                                              {},
		"  zoom: {connection: zoom, from: \"+15125550199\", delete_after: 900d, observe: true}\n":                                     {"d40", "d100"},
		"  zoom: {connection: zoom, delete_after: 900d}\n  of: {from: \"+15125550100\", to: \"+4930123456789\", delete_after: 15d}\n": {"d20", "d40", "d100"},
	} {
		if err := k.sim.SetAccount(must(t, object{"recordings": aged(20, 40, 100)})); err != nil {
			t.Fatal(err)
		}
		before := k.ids("recordings")
		report, err := k.run(context.Background(), recordingJob, apply.Situation{Desired: k.load("a", zoomYAML+policyYAML+yaml), Enforce: true})
		if err != nil || !report.Failed {
			t.Errorf("%s: %v %q", yaml, err, report.Lines)
		}
		has(t, report.Lines, "recording_retention/zoom deletes nothing: the id of external_connections/zoom is not known: apply that first")
		if got := minus(before, k.ids("recordings")); !maps.Equal(got, setOf(want...)) {
			t.Errorf("%s: %v were deleted, want %v", yaml, sorted(got), want)
		}
	}
}

// A policy that only observes is told of, and what it means is nobody else's either.
func TestAPolicyThatObserves(t *testing.T) {
	k := plainly(t, connected(nil))
	desired := k.load("a", policyYAML+"  mine: {connection_id: \"77\", delete_after: 35d, observe: true}\n")
	report := k.enforce(desired)
	has(t, report.Lines, "recording_retention/mine: 1 recording due, made from ")
	has(t, report.Lines, "hours of audio; it only observes, and deletes nothing")
	has(t, report.Lines, "deleted: 1 recording")
	if left := k.ids("recordings"); !maps.Equal(left, setOf("d40")) {
		t.Errorf("left %v", sorted(left))
	}
	k.gone("a hold that observes holds", connected(nil), k.load("a", policyYAML+"  mine: {connection_id: \"77\", keep: true, observe: true}\n"), "d41")
}

// With --only the others are judged, and delete nothing.
func TestRetentionOfOnePolicyAlone(t *testing.T) {
	k := plainly(t, connected(nil))
	desired := k.load("a", policyYAML+"  mine: {connection_id: \"77\", delete_after: 35d}\n")
	only := apply.Options{Only: []resource.Addr{{Kind: recordingJob, Name: "mine"}}}
	report, err := k.run(context.Background(), recordingJob, apply.Situation{Desired: desired, Enforce: true, Options: only})
	if err != nil || report.Failed {
		t.Errorf("%v %q", err, report.Lines)
	}
	has(t, report.Lines, "recording_retention/all: 1 recording due")
	has(t, report.Lines, "; it is not asked for in this run")
	if left := k.ids("recordings"); !maps.Equal(left, setOf("d41")) {
		t.Errorf("left %v", sorted(left))
	}
}

func TestMaxDeletesPerRun(t *testing.T) {
	k := plainly(t, object{"recordings": aged(5, 40, 41, 42, 43, 44)})
	desired := k.load("a", "recording_retention:\n  all: {delete_after: 30d, max_deletes_per_run: 2}\n")
	for _, want := range []map[string]bool{setOf("d5", "d40", "d41", "d42"), setOf("d5", "d40"), setOf("d5"), setOf("d5")} {
		report := k.enforce(desired)
		if left := k.ids("recordings"); !maps.Equal(left, want) {
			t.Errorf("left %v, want %v: %q", sorted(left), sorted(want), report.Lines)
		}
		if len(want) == 4 {
			has(t, report.Lines, "3 recordings wait for another run, as max_deletes_per_run says")
		}
	}
}

// unfiltered stands before a simulator and ignores a filter, as a service does that does not know it.
func unfiltered(field string) func(int, *http.Request) error {
	return func(_ int, r *http.Request) error {
		q := r.URL.Query()
		q.Del("filter[" + field + "]")
		r.URL.RawQuery = q.Encode()
		return nil
	}
}

// A filter that Telnyx ignored would mean all: a policy by it deletes nothing. A hold by it holds all.
func TestAFilterThatTelnyxIgnores(t *testing.T) {
	k := plainly(t, object{"recordings": aged(5, 40)})
	k.stage.before = unfiltered("sip_call_id")
	k.refused("a policy", k.load("a", "recording_retention:\n  x: {sip_call_id: x, delete_after: 2d}\n"), "filter by sip_call_id: Telnyx ignores it")
	k.refused("one that keeps longer", k.load("a", policyYAML+"  x: {sip_call_id: x, delete_after: 35d}\n"), "filter by sip_call_id: Telnyx ignores it")
	has(t, k.enforce(k.load("a", policyYAML+"  x: {sip_call_id: x, keep: true}\n")).Lines, "nothing is due")
	// What is shown is compared, whatever Telnyx finds.
	k.stage.before = unfiltered("from")
	k.gone("shown", object{"recordings": aged(5, 40)}, k.load("b", "recording_retention:\n  x: {from: \"+15125550199\", delete_after: 2d}\n"))
}

// What recordings do not show, or show as nothing, is asked of Telnyx.
func TestFiltersOfWhatIsNotShown(t *testing.T) {
	list := aged(5, 40, 41)
	list[0].(object)["_sip_call_id"], list[1].(object)["_sip_call_id"], list[2].(object)["_conference_region"] = "x", "x", "eu"
	account := object{"recordings": list}
	k := plainly(t, account)
	k.gone("a policy", account, k.load("a", "recording_retention:\n  x: {sip_call_id: x, delete_after: 2d}\n"), "d5", "d40")
	k.gone("one that keeps longer", account, k.load("a", policyYAML+"  x: {sip_call_id: x, delete_after: 41d}\n"), "d41")
	k.gone("a hold", account, k.load("a", policyYAML+"  x: {sip_call_id: x, keep: true}\n"), "d41")
	k.gone("by both", account, k.load("a", policyYAML+"  x: {sip_call_id: x, conference_region: eu, keep: true}\n"), "d40", "d41")
	k.gone("by two", account, k.load("a", "recording_retention:\n  x: {sip_call_id: x, delete_after: 2d}\n  y: {conference_region: eu, delete_after: 50d}\n"), "d5", "d40")

	// Telnyx answers with null where it knows better.
	k.stage.after = func(_ int, r *http.Request, res *http.Response) (*http.Response, error) {
		text, err := io.ReadAll(res.Body)
		res.Body = io.NopCloser(strings.NewReader(strings.ReplaceAll(string(text), `"connection_id":"77"`, `"connection_id":null`)))
		return res, err
	}
	k.gone("null", connected(nil), k.load("b", policyYAML+"  mine: {connection_id: \"77\", delete_after: 90d}\n"), "d41")
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

// A state that was made with another account's key is not for this one: all of it would be old.
func TestRetentionOfAnotherAccount(t *testing.T) {
	k := plainly(t, connected(object{"external_connections": zoom("telnyxsync:default:zoom")}))
	r := &rig{tb: t, sim: k.sim, engine: k.engine, dir: k.state}
	desired := k.load("a", zoomYAML+policyYAML+"log_message_rules:\n  x: {code: \"1\", dismiss: true}\n")
	r.apply(desired, apply.Options{})
	k.engine.Key = "another"
	if err := k.sim.SetAccount(must(t, connected(nil))); err != nil {
		t.Fatal(err)
	}
	k.refused("another key", desired, "the API key seems to be of another account")
	if _, err := k.run(context.Background(), "log_messages", apply.Situation{Desired: desired}); err == nil || !strings.Contains(err.Error(), "another account") {
		t.Errorf("log messages: %v", err)
	}
	k.engine.Key, k.engine.BaseURL = "KEY", "https://elsewhere.example.com/v2"
	k.refused("another URL", desired, "the state belongs to http://127.0.0.1/v2")
	k.connect(client.Config{})
	k.enforce(desired)
}

// An entry cannot have the name by which state knows what is being deleted.
func TestAHoldOfAnyName(t *testing.T) {
	for _, name := range []string{"deleting", "batch 1", "recordings"} {
		c := newCut(t)
		c.desired = c.load("a", fmt.Sprintf("recording_retention:\n  all: {delete_after: 15d}\n  %q: {sip_call_id: complaint, keep: true}\n", name))
		if !c.kill(name, 7, true) {
			t.Fatal("it was not killed")
		}
		if n := len(c.snapshot().Intents); n != 1 {
			t.Fatalf("%d intents", n)
		}
		r := &rig{tb: t, sim: c.sim, engine: c.engine, dir: c.state}
		r.apply(c.desired, apply.Options{Prune: true})
		c.again(name)
	}
}

// What a report counts: the oldest, the newest, the hours.
func TestReport(t *testing.T) {
	k := plainly(t, object{"recordings": []any{
		object{"id": "a", "created_at": "2020-02-29T23:59:59.5+02:00", "duration_millis": json.Number("5400000")},
		object{"id": "b", "created_at": "2021-01-01T00:00:00Z", "duration_millis": json.Number("1800000")},
		object{"id": "c", "created_at": ago(0), "duration_millis": json.Number("1800000")},
	}})
	for _, s := range []apply.Situation{{}, {Observe: true}, {Observe: true, Enforce: true}} {
		s.Desired = k.load("a", policyYAML)
		report, err := k.run(context.Background(), recordingJob, s)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "lines", report.Lines, []string{
			"recording_retention/all: 2 recordings due, made from 2020-02-29T21:59:59Z to 2021-01-01T00:00:00Z, 2.0 hours of audio",
			"2 recordings would be deleted; nothing is, as this only reports: the daemon's `retention: enforce`, or `telnyxsync jobs run recording_retention --enforce`, deletes",
		})
	}
	same(t, "writes", writes(k.sim), nil)
	report, err := k.run(context.Background(), recordingJob, apply.Situation{Desired: k.load("b", "siprec_connectors:\n  x: {host: a.example.com, port: 5060}\n"), Enforce: true})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "lines", report.Lines, []string{"no policy says that any recording is to be deleted"})
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
