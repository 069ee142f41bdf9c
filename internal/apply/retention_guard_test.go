package apply_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
	"telnyxsync/internal/telnyxsim"

	"pgregory.net/rapid"
)

// limited lets one run delete so many, and no more.
func (k *keeper) limited(class plan.Class, most int) {
	k.connect(client.Config{Concurrency: 1})
	k.engine.Limits = apply.Limits{class: {Max: most, Once: true}}
}

// Whatever is due: beyond the limit nothing at all is deleted, at or below it all is, but for what bounds of policies
// leave to other runs. The limit goes by all that is due.
func TestLimitOfRetentionLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		units := []struct{ job, collection, field string }{
			{recordingJob, "recordings", "call_session_id"}, {transcriptionJob, "recording_transcriptions", "recording_id"},
		}
		unit := units[rapid.IntRange(0, 1).Draw(t, "unit")]
		class := map[string]plan.Class{recordingJob: plan.Recordings, transcriptionJob: plan.Transcriptions}[unit.job]
		id := func(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-00000000000%d", i) }
		bound := rapid.IntRange(0, 4).Draw(t, "max_deletes_per_run")
		yaml := unit.job + ":\n  all: {delete_after: 30d}\n"
		yaml += fmt.Sprintf("  one: {%s: %s, delete_after: 20d%s}\n", unit.field, id(1), map[bool]string{true: fmt.Sprintf(", max_deletes_per_run: %d", bound)}[bound > 0])
		yaml += fmt.Sprintf("  seen: {%s: %s, delete_after: 20d, observe: true}\n  kept: {%s: %s, keep: true}\n", unit.field, id(2), unit.field, id(3))
		list, due, bounded := []any{}, 0, 0
		for i := range rapid.IntRange(0, 12).Draw(t, "there are") {
			days, of := rapid.SampledFrom([]int{10, 25, 40}).Draw(t, "days"), rapid.IntRange(0, 3).Draw(t, "of")
			list = append(list, object{"id": fmt.Sprint("x", i), unit.field: id(of), "created_at": ago(time.Duration(days)*aDay + time.Duration(i)*time.Second)})
			if of == 0 && days > 30 || of == 1 && days > 20 {
				due++
			}
			if of == 1 && days > 20 {
				bounded++
			}
		}
		most := rapid.IntRange(0, 12).Draw(t, "limit")
		k := newKeeper(t, func(h http.Handler) http.Handler { return h }, object{unit.collection: list}, telnyxsim.Config{})
		defer k.close()
		k.limited(class, most)
		before := k.ids(unit.collection)
		report, err := k.run(context.Background(), unit.job, apply.Situation{Desired: k.load("a", yaml), Enforce: true})
		if err != nil {
			t.Fatal(err)
		}
		gone := len(minus(before, k.ids(unit.collection)))
		if due > most {
			if gone > 0 || report.Exit() != plan.ExitWithheld || len(writes(k.sim)) > 0 {
				t.Fatalf("%d are due of at most %d, %d were deleted, exit code %d", due, most, gone, report.Exit())
			}
			for _, w := range report.Plan.Withheld {
				if r := w.Guards[0]; r.Code != apply.OverLimit || r.Args["count"] != due || r.Args["limit"] != most || r.Args["class"] != string(class) {
					t.Fatalf("%+v", r)
				}
			}
			return
		}
		if bound > 0 {
			due -= max(bounded-bound, 0)
		}
		if gone != due || report.Exit() != plan.ExitNothing {
			t.Fatalf("%d were deleted, want %d; exit code %d: %q", gone, due, report.Exit(), linesOf(report))
		}
	})
}

// Of a hundred and more recordings that are due at once nobody is asked to write a limit before.
func TestLimitsByDefault(t *testing.T) {
	for job, collection := range map[string]string{recordingJob: "recordings", transcriptionJob: "recording_transcriptions"} {
		for n, want := range map[int]int{100: plan.ExitNothing, 101: plan.ExitWithheld} {
			list := []any{}
			for i := range n {
				list = append(list, object{"id": fmt.Sprint("x", i), "created_at": ago(40 * aDay)})
			}
			k := newKeeper(t, func(h http.Handler) http.Handler { return h }, object{collection: list}, telnyxsim.Config{})
			t.Cleanup(k.close)
			k.engine.Limits = nil
			report, err := k.run(context.Background(), job, apply.Situation{Desired: k.load("a", job+":\n  all: {delete_after: 30d}\n"), Enforce: true})
			if left := len(k.ids(collection)); err != nil || report.Exit() != want || left != map[int]int{100: 0, 101: 101}[n] {
				t.Errorf("%s, %d: %v, exit code %d, %d left", job, n, err, report.Exit(), left)
			}
		}
	}
}

// The limit goes by all that is due, also by what a policy would leave to other runs.
func TestABoundDoesNotHideWhatIsDue(t *testing.T) {
	k := plainly(t, object{"recordings": aged(5, 40, 41, 42, 43)})
	desired := k.load("a", "recording_retention:\n  all: {delete_after: 30d, max_deletes_per_run: 2}\n")
	k.limited(plan.Recordings, 3)
	report, err := k.run(context.Background(), recordingJob, apply.Situation{Desired: desired, Enforce: true})
	if err != nil || report.Exit() != plan.ExitWithheld || len(writes(k.sim)) > 0 {
		t.Errorf("%v, exit code %d, sent %v", err, report.Exit(), writes(k.sim))
	}
	k.limited(plan.Recordings, 4)
	k.enforce(desired)
	if left := k.ids("recordings"); !maps.Equal(left, setOf("d5", "d40", "d41")) {
		t.Errorf("left %v", sorted(left))
	}
}

// What somebody said yes to is what they were shown: what came of age since then stays, and so does what is held by now.
func TestOnlyWhatWasShownIsDeleted(t *testing.T) {
	list := aged(5, 40, 41, 42)
	list[0].(object)["_sip_call_id"] = "complaint" // so that the hold means something
	k := plainly(t, object{"recordings": list})
	desired := k.load("a", policyYAML+"  legal: {sip_call_id: complaint, keep: true}\n")
	shown, err := k.engine.PlanRetention(context.Background(), recordingJob, desired, k.snapshot(), apply.Options{})
	if err != nil || len(writes(k.sim)) > 0 || k.snapshot().Exists {
		t.Fatalf("%v, sent %v", err, writes(k.sim))
	}
	list[2].(object)["_sip_call_id"] = "complaint" // d41
	if err := k.sim.SetAccount(must(t, object{"recordings": append(list, aged(43)...)})); err != nil {
		t.Fatal(err)
	}
	s := apply.Situation{Desired: desired, Enforce: true, Shown: &shown}
	report, err := k.run(context.Background(), recordingJob, s)
	if left := k.ids("recordings"); err != nil || report.Exit() != plan.ExitNothing || !maps.Equal(left, setOf("d5", "d41", "d43")) {
		t.Errorf("%v, exit code %d, left %v: %q", err, report.Exit(), sorted(left), linesOf(report))
	}
	k.inHistory("as shown", setOf("d40", "d42"))

	// By another policy than was shown nothing goes either.
	s.Desired = k.load("a", "recording_retention:\n  other: {delete_after: 30d}\n")
	if report, err = k.run(context.Background(), recordingJob, s); err != nil || len(k.ids("recordings")) != 3 {
		t.Errorf("%v, left %v: %q", err, sorted(k.ids("recordings")), linesOf(report))
	}
	// What was withheld when it was shown is not deleted because less is due by now.
	k.limited(plan.Recordings, 1)
	s.Desired = k.load("a", "recording_retention:\n  other: {delete_after: 29d}\n")
	if shown, err = k.engine.PlanRetention(context.Background(), recordingJob, s.Desired, k.snapshot(), apply.Options{}); err != nil || len(shown.Withheld) != 1 {
		t.Fatalf("%v, %+v", err, shown.Withheld)
	}
	if err := k.sim.SetAccount(must(t, object{"recordings": aged(5, 43)})); err != nil {
		t.Fatal(err)
	}
	if report, err = k.run(context.Background(), recordingJob, s); err != nil || len(k.ids("recordings")) != 2 {
		t.Errorf("%v, left %v: %q", err, sorted(k.ids("recordings")), linesOf(report))
	}
}

// A run that only observes writes nothing, neither to Telnyx nor to the state, also where a run was cut off before.
func TestObservingRetentionWritesNothing(t *testing.T) {
	c := newCut(t)
	if !c.kill("killed", 7, true) {
		t.Fatal("it was not killed")
	}
	sent, before := len(writes(c.sim)), fmt.Sprintf("%+v", c.snapshot())
	report, err := c.run(context.Background(), recordingJob, apply.Situation{Desired: c.desired, Enforce: true, Observe: true})
	if err != nil || report.Result != nil || len(writes(c.sim)) != sent || fmt.Sprintf("%+v", c.snapshot()) != before {
		t.Errorf("%v, sent %v", err, writes(c.sim)[sent:])
	}
	for _, line := range linesOf(report) {
		if line == "an earlier run was cut off while it deleted 100 recordings: 100 of them are gone" {
			c.again("then")
			return
		}
	}
	t.Errorf("what was cut off is not said as it is: %q", linesOf(report))
}

// That a run was let through counts for all rules that it went by, and for none where something was left out or withheld.
func TestWhichRunsAreLetThrough(t *testing.T) {
	k := plainly(t, object{"recordings": aged(5, 40, 41)})
	s := apply.Situation{Desired: k.load("a", policyYAML+"  legal: {sip_call_id: complaint, keep: true}\n"), Enforce: true}
	let := func(what string, want bool) {
		t.Helper()
		if _, err := k.run(context.Background(), recordingJob, s); err != nil {
			t.Fatal(err)
		}
		got := slices.DeleteFunc(k.snapshot().Baselines, func(b resource.Baseline) bool { return b.Root == "/nowhere" })
		if (len(got) == 1) != want || want && (len(got[0].Rules) != 2 || got[0].Kind != recordingJob || got[0].At.IsZero()) {
			t.Errorf("%s: %+v", what, got)
		}
	}
	k.limited(plan.Recordings, 1)
	let("withheld", false)
	k.limited(plan.Recordings, 2)
	s.Options.Only = []resource.Addr{{Kind: recordingJob, Name: "legal"}}
	let("left out", false)
	s.Options.Only, s.Enforce = nil, false
	let("reported", false)
	s.Enforce = true
	let("all", true)
}

// One plan may hold recordings and transcriptions: each are deleted as what they are, though their ids are the same.
func TestRecordingsAndTranscriptionsOfOnePlan(t *testing.T) {
	var said []any
	for _, days := range []int{40, 42} {
		said = append(said, object{"id": fmt.Sprint("d", days), "recording_id": "00000000-0000-4000-8000-000000000000", "created_at": ago(time.Duration(days) * aDay)})
	}
	k := plainly(t, object{"recordings": aged(5, 40, 41), "recording_transcriptions": said})
	desired := k.load("a", policyYAML+"transcription_retention:\n  all: {delete_after: 41d}\n")
	var all plan.Plan
	for _, job := range []string{recordingJob, transcriptionJob} {
		p, err := k.engine.PlanRetention(context.Background(), job, desired, k.snapshot(), apply.Options{})
		if err != nil {
			t.Fatal(err)
		}
		all.Merge(p)
	}
	k.db(func(db *state.DB, _ state.Snapshot) {
		result, err := k.engine.Apply(context.Background(), db, desired, all, apply.Options{})
		if err != nil || !result.OK() || len(result.Outcomes) != 2 {
			t.Errorf("%v %+v", err, result)
		}
	})
	if r, s := k.ids("recordings"), k.ids("recording_transcriptions"); !maps.Equal(r, setOf("d5")) || !maps.Equal(s, setOf("d40")) {
		t.Errorf("left %v and %v", sorted(r), sorted(s))
	}
}
