package apply_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/retention"
	"telnyxsync/internal/telnyxsim"
)

// inBuckets are recordings of which some lie in the customer's own bucket.
func inBuckets() []any {
	list := aged(5, 40, 41, 42)
	for i, urls := range []object{{"wav": "s3://acme-calls/young.wav"}, {"wav": "s3://acme-calls/a.wav"}, {"mp3": "gs://acme-calls/b.mp3", "wav": "gs://acme-calls/b.wav"}, nil} {
		if urls != nil {
			list[i].(object)["download_urls"] = urls
		}
	}
	return list
}

// What is in one's own storage stays, is counted, and fails nothing, run after run.
func TestRecordingsInOnesOwnStorage(t *testing.T) {
	for _, archive := range []bool{false, true} {
		a := newArchiver(t, checked(t), inBuckets()...)
		yaml := "recording_retention:\n  all: {delete_after: 30d"
		if archive {
			yaml += fmt.Sprintf(", archive: %q", a.shelf())
		}
		desired := a.load("a", yaml+"}\n")
		for run := range 3 {
			report := a.enforce(desired)
			n, noted := note(report.Plan, retention.InOwn)
			if !noted || n.Addr.Name != "all" || n.Reason.Args["count"] != 2 {
				t.Errorf("run %d: %+v", run, report.Plan.Notes)
			}
			has(t, linesOf(report), "recording_retention/all: keeps 2 recordings that are old enough and already in your storage")
			if left := a.ids("recordings"); !maps.Equal(left, setOf("d5", "d40", "d41")) {
				t.Errorf("run %d: left %v", run, sorted(left))
			}
		}
		for name := range a.files() {
			if !strings.Contains(name, "d42.") {
				t.Errorf("it archives %s", name)
			}
		}
	}
}

// Where that is asked for, what Telnyx knows of them is deleted, and the archive says where they are.
func TestOnesOwnStorageIsLeftAlone(t *testing.T) {
	a := newArchiver(t, checked(t), inBuckets()...)
	a.stage.before = func(_ int, r *http.Request) error {
		if stored(r) && !strings.Contains(r.URL.Path, "d42.") {
			t.Errorf("it downloads %s", r.URL.Path)
		}
		return nil
	}
	report := a.enforce(a.load("a", fmt.Sprintf("recording_retention:\n  all: {delete_after: 30d, archive: %q, when_in_own_storage: delete}\n", a.shelf())))
	has(t, linesOf(report), "archived: 3 recordings")
	if left := a.ids("recordings"); !maps.Equal(left, setOf("d5")) {
		t.Errorf("left %v", sorted(left))
	}
	found := 0
	for name := range a.files() {
		text, err := os.ReadFile(filepath.Join(a.shelf(), name))
		var about struct {
			ID  string            `json:"id"`
			Own map[string]string `json:"own_storage"`
		}
		if err != nil || !strings.HasSuffix(name, ".json") || json.Unmarshal(text, &about) != nil {
			continue
		}
		found++
		want := map[string]map[string]string{
			"d40": {"wav": "s3://acme-calls/a.wav"}, "d41": {"mp3": "gs://acme-calls/b.mp3", "wav": "gs://acme-calls/b.wav"},
		}[about.ID]
		if !maps.Equal(about.Own, want) {
			t.Errorf("%s: %s", name, text)
		}
	}
	if found != 3 {
		t.Errorf("the archive has %v", a.files())
	}
}

// What was archived is not asked for again, also where all of it lies in one's own storage.
func TestOnesOwnStorageIsNamedOnce(t *testing.T) {
	a := newArchiver(t, checked(t), inBuckets()[:2]...)
	desired := a.load("a", fmt.Sprintf("recording_retention:\n  all: {delete_after: 30d, archive: %q, when_in_own_storage: delete}\n", a.shelf()))
	if err := a.sim.AddFaults(telnyxsim.Fault{Match: "DELETE /recordings/*", Do: "status", Status: 422}); err != nil {
		t.Fatal(err)
	}
	if report, err := a.run(context.Background(), recordingJob, apply.Situation{Desired: desired, Enforce: true}); err != nil || !report.Failed {
		t.Fatalf("%v %q", err, linesOf(report))
	}
	a.sim.ClearJournal()
	a.enforce(desired)
	for _, r := range a.sim.Journal() {
		if r.Method == http.MethodGet && r.Path != "/recordings" {
			t.Errorf("it asks for %s", r.Path)
		}
	}
	if left := a.ids("recordings"); !maps.Equal(left, setOf("d5")) {
		t.Errorf("left %v", sorted(left))
	}
}

// A policy that leaves them hides them from no hold, and from no policy that means them more.
func TestOnesOwnStorageAndOtherRules(t *testing.T) {
	k := plainly(t, object{"recordings": inBuckets()})
	for yaml, want := range map[string][]string{
		"  all: {delete_after: 30d}\n  special: {from: \"+15125550100\", delete_after: 35d, when_in_own_storage: delete}\n": {"d40", "d41", "d42"},
		"  all: {delete_after: 30d, when_in_own_storage: delete}\n  special: {from: \"+15125550100\", delete_after: 35d}\n": {"d42"},
		"  all: {delete_after: 30d, when_in_own_storage: delete}\n  held: {from: \"+15125550100\", keep: true}\n":           nil,
		"  all: {delete_after: 30d, when_in_own_storage: keep}\n":                                                           {"d42"},
	} {
		if got := due(k.report(k.load("a", "recording_retention:\n"+yaml))); !maps.Equal(got, setOf(want...)) {
			t.Errorf("%s: %v are due, want %v", yaml, sorted(got), want)
		}
	}
}

// One that went there since it was listed is not deleted by that listing.
func TestItGoesToOnesOwnStorageMeanwhile(t *testing.T) {
	a := newArchiver(t, checked(t), aged(40)...)
	a.desired = a.load("a", fmt.Sprintf("recording_retention:\n  all: {delete_after: 30d, archive: %q}\n", a.shelf()))
	a.stage.before = func(_ int, r *http.Request) error {
		if !strings.HasSuffix(r.URL.Path, "/recordings/d40") {
			return nil
		}
		list := aged(40)
		list[0].(object)["download_urls"] = object{"wav": "s3://acme-calls/a.wav"}
		return a.sim.SetAccount(must(t, object{"recordings": list}))
	}
	a.keeps("meanwhile", "by now it is in your own storage", "d40")
	a.stage.before = nil
	report, err := a.run(context.Background(), recordingJob, apply.Situation{Desired: a.desired, Enforce: true})
	if err != nil || report.Failed || len(a.ids("recordings")) != 1 {
		t.Errorf("then %v %q", err, linesOf(report))
	}
}
