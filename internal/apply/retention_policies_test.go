package apply_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

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
			t.Errorf("%s: %v %q", yaml, err, linesOf(report))
		}
		has(t, linesOf(report), "recording_retention/zoom: deletes nothing: the id of external_connections/zoom is not known: apply that first")
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
	has(t, linesOf(report), "recording_retention/mine: 1 recording due, made from ")
	has(t, linesOf(report), "hours of audio; it only observes, and deletes nothing")
	has(t, linesOf(report), "done: delete 1 recording of recording_retention/all")
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
		t.Errorf("%v %q", err, linesOf(report))
	}
	has(t, linesOf(report), "recording_retention/all: 1 recording due")
	has(t, linesOf(report), "; it is not asked for in this run")
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
			t.Errorf("left %v, want %v: %q", sorted(left), sorted(want), linesOf(report))
		}
		if len(want) == 4 {
			has(t, linesOf(report), "3 recordings wait for another run, as max_deletes_per_run says")
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
	has(t, linesOf(k.enforce(k.load("a", policyYAML+"  x: {sip_call_id: x, keep: true}\n"))), "nothing is due")
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
	if _, err := k.run(context.Background(), "log_messages", apply.Situation{Desired: desired}); err == nil || !strings.Contains(words.Error(err), "another account") {
		t.Errorf("log messages: %v", err)
	}
	k.engine.Key, k.engine.BaseURL = "KEY", "https://elsewhere.example.com/v2"
	k.refused("another URL", desired, "the state belongs to http://127.0.0.1/v2")
	k.connect(client.Config{})
	k.enforce(desired)
}

// What a report counts: the oldest, the newest, the hours.
func TestReport(t *testing.T) {
	k := plainly(t, object{"recordings": []any{
		object{"id": "a", "created_at": "2020-02-29T23:59:59.5+02:00", "duration_millis": json.Number("5400000")},
		object{"id": "b", "created_at": "2021-01-01T00:00:00Z", "duration_millis": json.Number("1800000")},
		object{"id": "c", "created_at": ago(0), "duration_millis": json.Number("1800000")},
	}})
	for i, s := range []apply.Situation{{}, {Observe: true}, {Observe: true, Enforce: true}} {
		s.Desired = k.load("a", policyYAML)
		report, err := k.run(context.Background(), recordingJob, s)
		if err != nil {
			t.Fatal(err)
		}
		lines := linesOf(report)
		if i == 0 { // state hears of the policy by this run
			lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "recording_retention/all: it is new") })
		}
		same(t, "lines", lines, []string{
			"recording_retention/all: 2 recordings due, made from 2020-02-29T21:59:59Z to 2021-01-01T00:00:00Z, 2.0 hours of audio",
			"2 recordings would be deleted; nothing is, as this only reports: the daemon's `retention: enforce`, or `telnyxsync jobs run recording_retention --enforce`, deletes",
		})
	}
	same(t, "writes", writes(k.sim), nil)
	report, err := k.run(context.Background(), recordingJob, apply.Situation{Desired: k.load("b", "siprec_connectors:\n  x: {host: a.example.com, port: 5060}\n"), Enforce: true})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "lines", linesOf(report), []string{"no policy says that any recording is to be deleted"})
}
