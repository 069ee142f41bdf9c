package apply_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/telnyxsim"
)

const batchCall = "POST /recordings/actions/delete"

// A batch whose answer is lost is not sent again before it is read back, and none of it twice to the history.
func TestLostAnswersOfABatch(t *testing.T) {
	t.Parallel()
	c := newCut(t)
	for _, do := range []string{"drop-before-commit", "drop-after-commit", "html", "500", "504", "408", "404"} {
		for _, times := range []int{1, 2, -1} {
			c.reset()
			what := fmt.Sprint(do, " ", times)
			f := telnyxsim.Fault{Match: batchCall, Do: do, Times: times}
			if _, err := fmt.Sscan(do, &f.Status); err == nil {
				f.Do = "status"
			}
			if err := c.sim.AddFaults(f); err != nil {
				t.Fatal(err)
			}
			var lost []plan.Outcome
			watched := apply.Options{Progress: func(_, total int, o plan.Outcome) {
				if total != 3 {
					t.Errorf("%s: %d batches in all", what, total)
				}
				if o.Status == plan.InDoubt {
					lost = append(lost, o)
				}
			}}
			report, err := c.run(context.Background(), recordingJob, apply.Situation{Desired: c.desired, Enforce: true, Options: watched})
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if len(lost) == 0 || lost[0].Items.Len() != 100 || !strings.HasPrefix(lost[0].Error, "POST /recordings/actions/delete: ") {
				t.Errorf("%s: of which batches nobody knows is told as %+v", what, lost)
			}
			c.only(what)
			gone := minus(c.due, c.ids("recordings"))
			c.inHistory(what, gone)
			if d := c.snapshot().Deletions; len(d) > 0 {
				t.Errorf("%s: state has deletions although all is read back: %+v", what, d)
			}
			done := do == "drop-after-commit" || do == "html"
			if report.Failed == done || (len(gone) == len(c.due)) != done {
				t.Errorf("%s: %d of %d are gone; failed: %v; %q", what, len(gone), len(c.due), report.Failed, linesOf(report))
			}
			c.again(what)
		}
	}
}

// Where reading back fails as well, the next run finds out.
func TestLostAnswersThatCannotBeReadBack(t *testing.T) {
	c := newCut(t)
	for _, do := range []string{"drop-before-commit", "drop-after-commit"} {
		c.reset()
		if err := c.sim.AddFaults(telnyxsim.Fault{Match: batchCall, Do: do}); err != nil {
			t.Fatal(err)
		}
		c.stage.before = func(_ int, r *http.Request) error {
			if len(c.stage.deletes) == 3 && r.Method == http.MethodGet {
				return c.sim.AddFaults(telnyxsim.Fault{Match: "GET /recordings", Do: "status", Status: 422})
			}
			return nil
		}
		report, err := c.run(context.Background(), recordingJob, apply.Situation{Desired: c.desired, Enforce: true})
		if err == nil || !strings.HasSuffix(err.Error(), "; nothing more is deleted") {
			t.Errorf("%s: %v", do, err)
		}
		if !strings.Contains(err.Error(), "what is left could not be read again") {
			t.Errorf("%s: %v", do, err)
		}
		has(t, linesOf(report), " unknown request")
		if d := c.snapshot().Deletions; len(d) != 1 || len(d[0].Items) != 100 {
			t.Errorf("%s: state has %d deletions", do, len(d))
		}
		// A report finds out, too.
		c.stage.before = nil
		report, err = c.run(context.Background(), recordingJob, apply.Situation{Desired: c.desired})
		if err != nil {
			t.Errorf("%s: %v", do, err)
		}
		gone := map[string]int{"drop-before-commit": 0, "drop-after-commit": 100}[do]
		has(t, linesOf(report), fmt.Sprintf("an earlier run was cut off while it deleted 100 recordings: %d of them are gone, and in the history now", gone))
		c.inHistory(do, minus(c.due, c.ids("recordings")))
		c.again(do)
	}
}

// After some batches in a row whose answers are lost it stops: Telnyx is in trouble.
func TestTooManyLostAnswers(t *testing.T) {
	var list []any
	for i := range 1200 {
		list = append(list, object{"id": fmt.Sprint("r", i), "created_at": ago(50 * aDay)})
	}
	k := newKeeper(t, func(h http.Handler) http.Handler { return h }, object{"recordings": list}, telnyxsim.Config{})
	t.Cleanup(k.close)
	if err := k.sim.AddFaults(telnyxsim.Fault{Match: batchCall, Do: "status", Status: 502, Times: -1}); err != nil {
		t.Fatal(err)
	}
	report, err := k.run(context.Background(), recordingJob, apply.Situation{Desired: k.load("a", "recording_retention:\n  all: {delete_after: 15d}\n"), Enforce: true})
	if err != nil || !report.Failed || len(k.stage.deletes) != 5 || len(k.ids("recordings")) != 1200 {
		t.Errorf("%v, %d batches, %q", err, len(k.stage.deletes), linesOf(report))
	}
	has(t, linesOf(report), "stopped: of 5 batches in a row nobody knows")
	has(t, linesOf(report), "500 recordings still there, of which 0 Telnyx called deleted")
	if o := report.Result.Outcomes[0]; o.Failed.Len() != 1200 || o.Unknown != nil {
		t.Errorf("%d are there for all that is known, of %v nobody knows", o.Failed.Len(), o.Unknown)
	}
}

// Only those in a row count: where one answer in five comes, all are tried.
func TestManyLostAnswersThatAreNotInARow(t *testing.T) {
	var list []any
	for i := range 1000 {
		list = append(list, object{"id": fmt.Sprint("r", i), "created_at": ago(50 * aDay)})
	}
	k := plainly(t, object{"recordings": list})
	k.stage.after = func(_ int, r *http.Request, res *http.Response) (*http.Response, error) {
		if r.Method == http.MethodPost && len(k.stage.deletes)%5 != 0 {
			return nil, errors.New("lost")
		}
		return res, nil
	}
	report, err := k.run(context.Background(), recordingJob, apply.Situation{Desired: k.load("a", "recording_retention:\n  all: {delete_after: 15d}\n"), Enforce: true})
	if left := k.ids("recordings"); err != nil || report.Failed || len(k.stage.deletes) != 10 || len(left) > 0 {
		t.Errorf("%v, %d batches, %d are left, %q", err, len(k.stage.deletes), len(left), linesOf(report))
	}
}

// A batch that is refused is told, and does not hold up the others. A refused key does.
func TestRefusedBatches(t *testing.T) {
	c := newCut(t)
	for _, status := range []int{400, 403, 409, 422} {
		c.reset()
		if err := c.sim.AddFaults(telnyxsim.Fault{Match: batchCall, Do: "status", Status: status}); err != nil {
			t.Fatal(err)
		}
		report, err := c.run(context.Background(), recordingJob, apply.Situation{Desired: c.desired, Enforce: true})
		gone := minus(c.due, c.ids("recordings"))
		if err != nil || !report.Failed || len(gone) != len(c.due)-100 {
			t.Errorf("%d: %v, %d are gone, %q", status, err, len(gone), linesOf(report))
		}
		if o := report.Result.Outcomes; len(o) != 1 || o[0].Status != plan.Failed || o[0].Failed.Len() != 100 || !strings.HasPrefix(o[0].Error, "POST /recordings/actions/delete: ") {
			t.Errorf("%d: %+v", status, o)
		}
		has(t, linesOf(report), " and 97 more) failed request")
		failed := 0
		for _, e := range c.history() {
			if e.Outcome == string(plan.Failed) && e.Error != "" && !gone[e.ID] {
				failed++
			}
		}
		if failed != 100 {
			t.Errorf("%d: the history has %d failures", status, failed)
		}
		c.inHistory(fmt.Sprint(status), gone)
		c.again(fmt.Sprint(status))
	}
	c.reset()
	if err := c.sim.AddFaults(telnyxsim.Fault{Match: batchCall, Do: "status", Status: 401, Times: -1}); err != nil {
		t.Fatal(err)
	}
	report, err := c.run(context.Background(), recordingJob, apply.Situation{Desired: c.desired, Enforce: true})
	if !client.Unauthorized(err) || len(c.stage.deletes) != 1 || len(c.ids("recordings")) != 300 {
		t.Errorf("401: %v, %d batches, %q", err, len(c.stage.deletes), linesOf(report))
	}
	c.again("401")
	c.reset()
	if err := c.sim.AddFaults(telnyxsim.Fault{Match: batchCall, Do: "status", Status: 429, Headers: map[string]string{"Retry-After": "0"}}); err != nil {
		t.Fatal(err)
	}
	c.enforce(c.desired)
	c.finished("429")
}

// Another client deletes one of a batch meanwhile. Whatever Telnyx does with the others, the next run has it.
func TestOneOfABatchIsGone(t *testing.T) {
	for _, missing := range []string{"ignore", "refuse", "partial"} {
		k := plainly(t, object{"recordings": aged(5, 40, 41, 42), "_recordings_batch_missing": missing})
		desired := k.load("a", "recording_retention:\n  all: {delete_after: 15d}\n")
		k.stage.before = func(_ int, r *http.Request) error {
			if r.Method == http.MethodPost {
				d := r.Clone(context.Background())
				d.Method, d.URL.Path, d.Body = http.MethodDelete, "/v2/recordings/d41", http.NoBody
				d.Header.Del("Content-Type")
				if res, err := k.stage.direct.RoundTrip(d); err != nil || res.StatusCode != http.StatusOK {
					t.Errorf("%v %v", res, err)
				}
			}
			return nil
		}
		report, err := k.run(context.Background(), recordingJob, apply.Situation{Desired: desired, Enforce: true})
		k.stage.before = nil
		left, want := k.ids("recordings"), map[string]map[string]bool{"refuse": setOf("d5", "d40", "d42")}[missing]
		if want == nil {
			want = setOf("d5")
		}
		if err != nil || !maps.Equal(left, want) || report.Failed != (missing == "refuse") {
			t.Errorf("%s: %v, left %v, %q", missing, err, sorted(left), linesOf(report))
		}
		k.inHistory(missing, minus(setOf("d40", "d41", "d42"), left))
		k.enforce(desired)
		if left := k.ids("recordings"); !maps.Equal(left, setOf("d5")) {
			t.Errorf("%s: then %v are left", missing, sorted(left))
		}
		k.inHistory(missing, setOf("d40", "d41", "d42"))
	}
}

// Telnyx says "ok", and it is still there: the history does not say otherwise.
func TestCalledDeletedAndStillThere(t *testing.T) {
	k := plainly(t, object{"recordings": aged(40, 41)})
	desired := k.load("a", "recording_retention:\n  all: {delete_after: 15d}\n")
	k.stage.after = func(_ int, r *http.Request, res *http.Response) (*http.Response, error) {
		if r.Method == http.MethodPost {
			if err := k.sim.SetAccount(must(t, object{"recordings": aged(40)})); err != nil {
				t.Fatal(err)
			}
		}
		return res, nil
	}
	report, err := k.run(context.Background(), recordingJob, apply.Situation{Desired: desired, Enforce: true})
	k.stage.after = nil
	if err != nil || !report.Failed {
		t.Errorf("%v %q", err, linesOf(report))
	}
	has(t, linesOf(report), "Telnyx called it deleted, and it is still there; 1 recording still there, of which 1 Telnyx called deleted: the next run tries again")
	events := k.history()
	if last := events[len(events)-1]; last.ID != "d40" || last.Outcome != string(plan.Failed) || !strings.Contains(last.Error, "still there") {
		t.Errorf("history %+v", events)
	}
}
