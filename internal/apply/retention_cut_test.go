package apply_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/telnyxsim"
)

// cut is an account of three pages, of which three batches are due, and one is held by what is not shown.
type cut struct {
	*keeper
	desired resource.Config
	account []byte
	due     map[string]bool
}

func newCut(t *testing.T) *cut {
	t.Helper()
	var list []any
	due := map[string]bool{}
	for i := range 300 {
		r := object{"id": fmt.Sprint("r", i), "created_at": ago(time.Duration(i%4+1) * 10 * aDay), "from": "+15125550100", "to": "sip:a@example.com"}
		if i%50 == 7 {
			r["_sip_call_id"] = "complaint"
		} else if i%4 > 0 {
			due[fmt.Sprint("r", i)] = true
		}
		list = append(list, r)
	}
	// Whoever deletes one that is gone is refused, so that it shows.
	k := newKeeper(t, checked(t), object{"recordings": list, "_recordings_batch_missing": "refuse"}, telnyxsim.Config{PageCap: 110})
	t.Cleanup(k.close)
	k.connect(client.Config{Concurrency: 1})
	return &cut{
		keeper: k, due: due, account: k.sim.Account(),
		desired: k.load("a", "recording_retention:\n  all: {delete_after: 15d}\n  held: {sip_call_id: complaint, keep: true}\n"),
	}
}

func (c *cut) reset() {
	c.Helper()
	c.sim.ClearFaults()
	c.sim.ClearJournal()
	*c.stage = stage{direct: c.stage.direct}
	if err := errors.Join(c.sim.SetAccount(c.account), os.RemoveAll(c.state)); err != nil {
		c.Fatal(err)
	}
	c.connect(client.Config{Concurrency: 1})
}

// only wants that nothing has gone that is not due.
func (c *cut) only(what string) {
	c.Helper()
	if left := c.ids("recordings"); len(left)+len(c.due) < 300 || len(minus(c.due, left))+len(left) != 300 {
		c.Errorf("%s: something was deleted that is not due: %d are left", what, len(left))
	}
}

// finished wants that all is gone that is due, and nothing else, and that the history has it.
func (c *cut) finished(what string) {
	c.Helper()
	left := c.ids("recordings")
	if len(left)+len(c.due) != 300 || len(minus(c.due, left)) != len(c.due) {
		c.Errorf("%s: %d are left, of which %d are due", what, len(left), len(c.due)-len(minus(c.due, left)))
	}
	c.inHistory(what, c.due)
	if in := c.snapshot().Intents; len(in) > 0 {
		c.Errorf("%s: state has intents: %+v", what, in)
	}
}

// again runs it once more, undisturbed.
func (c *cut) again(what string) {
	c.Helper()
	c.sim.ClearFaults()
	c.stage.before, c.stage.after = nil, nil
	c.connect(client.Config{Concurrency: 1})
	report, err := c.run(context.Background(), recordingJob, apply.Situation{Desired: c.desired, Enforce: true})
	if err != nil || report.Failed {
		c.Errorf("%s: then %v %q", what, err, report.Lines)
	}
	c.finished(what)
}

// kill runs it until its n-th request, of which the answer does not come, and puts back the state that was
// on the disk then: what a process leaves that is killed. It tells whether it got that far.
func (c *cut) kill(what string, n int, committed bool) (killed bool) {
	c.Helper()
	saved := filepath.Join(c.dir, "saved")
	ctx, cancel := context.WithCancel(context.Background()) // so that it does not try again what fails
	defer cancel()
	c.stage.n = 0
	c.stage.before = func(i int, r *http.Request) error {
		if killed {
			return io.ErrUnexpectedEOF
		}
		if i < n {
			return nil
		}
		killed = true
		cancel()
		if committed {
			if _, err := c.stage.direct.RoundTrip(r.WithContext(context.Background())); err != nil {
				return err
			}
		}
		if err := errors.Join(os.RemoveAll(saved), os.CopyFS(saved, os.DirFS(c.state))); err != nil {
			c.Fatal(err)
		}
		return io.ErrUnexpectedEOF
	}
	c.stage.after = nil
	_, err := c.run(ctx, recordingJob, apply.Situation{Desired: c.desired, Enforce: true})
	c.stage.before = nil
	if !killed {
		if err != nil {
			c.Errorf("%s: %v", what, err)
		}
		return false
	}
	if err := errors.Join(os.RemoveAll(c.state), os.Rename(saved, c.state)); err != nil {
		c.Fatal(err)
	}
	c.connect(client.Config{Concurrency: 1})
	c.only(what)
	return true
}

func TestRetentionKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	c := newCut(t)
	steps := 0
	for _, committed := range []bool{false, true} {
		for n := 1; ; n++ {
			c.reset()
			what := fmt.Sprintf("killed at step %d, committed: %v", n, committed)
			if !c.kill(what, n, committed) {
				c.finished(what)
				steps = n - 1
				break
			}
			if n%3 == 0 { // and once more
				c.kill(what+", and again", n/2+3, !committed)
			}
			c.again(what)
		}
	}
	if steps < 9 {
		t.Errorf("only %d steps", steps)
	}
}

// Told to stop, it ends what is under way, and a later run does the rest.
func TestRetentionStoppedAtEveryStep(t *testing.T) {
	t.Parallel()
	c := newCut(t)
	for n := 1; ; n++ {
		c.reset()
		ctx, cancel := context.WithCancel(context.Background())
		c.stage.before = func(i int, _ *http.Request) error {
			if i == n {
				cancel()
			}
			return nil
		}
		_, err := c.run(ctx, recordingJob, apply.Situation{Desired: c.desired, Enforce: true})
		stopped := ctx.Err() != nil
		cancel()
		if !stopped {
			break
		}
		what := fmt.Sprint("stopped at step ", n)
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
		c.only(what)
		gone := minus(c.due, c.ids("recordings"))
		c.inHistory(what, gone)
		if in := c.snapshot().Intents; len(in) > 0 {
			t.Errorf("%s: state has intents: %+v", what, in)
		}
		c.again(what)
	}
}

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
			report, err := c.run(context.Background(), recordingJob, apply.Situation{Desired: c.desired, Enforce: true})
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
			has(t, report.Lines, "unknown: whether 100 recordings were deleted: POST /recordings/actions/delete")
			c.only(what)
			gone := minus(c.due, c.ids("recordings"))
			c.inHistory(what, gone)
			if in := c.snapshot().Intents; len(in) > 0 {
				t.Errorf("%s: state has intents although all is read back: %+v", what, in)
			}
			done := do == "drop-after-commit" || do == "html"
			if report.Failed == done || (len(gone) == len(c.due)) != done {
				t.Errorf("%s: %d of %d are gone; failed: %v; %q", what, len(gone), len(c.due), report.Failed, report.Lines)
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
		has(t, report.Lines, "what is left could not be read again")
		if in := c.snapshot().Intents; len(in) != 1 || len(in[0].Seen) != 100 {
			t.Errorf("%s: state has %d intents", do, len(in))
		}
		// A report finds out, too.
		c.stage.before = nil
		report, err = c.run(context.Background(), recordingJob, apply.Situation{Desired: c.desired})
		if err != nil {
			t.Errorf("%s: %v", do, err)
		}
		gone := map[string]int{"drop-before-commit": 0, "drop-after-commit": 100}[do]
		has(t, report.Lines, fmt.Sprintf("an earlier run was cut off while it deleted 100 recordings: %d of them are gone, and in the history now", gone))
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
		t.Errorf("%v, %d batches, %q", err, len(k.stage.deletes), report.Lines)
	}
	has(t, report.Lines, "stopped: of 5 batches in a row nobody knows")
}

// A batch that is refused is told, and does not hold up the others. A refused key does.
func TestRefusedBatches(t *testing.T) {
	c := newCut(t)
	for _, status := range []int{400, 409, 422} {
		c.reset()
		if err := c.sim.AddFaults(telnyxsim.Fault{Match: batchCall, Do: "status", Status: status}); err != nil {
			t.Fatal(err)
		}
		report, err := c.run(context.Background(), recordingJob, apply.Situation{Desired: c.desired, Enforce: true})
		gone := minus(c.due, c.ids("recordings"))
		if err != nil || !report.Failed || len(gone) != len(c.due)-100 {
			t.Errorf("%d: %v, %d are gone, %q", status, err, len(gone), report.Lines)
		}
		has(t, report.Lines, "failed: 100 recordings: POST /recordings/actions/delete: ")
		failed := 0
		for _, e := range c.history() {
			if e.Outcome == string(apply.Failed) && e.Error != "" && !gone[e.ID] {
				failed++
			}
		}
		if failed != 100 {
			t.Errorf("%d: the history has %d failures", status, failed)
		}
		c.inHistory(fmt.Sprint(status), gone)
		c.again(fmt.Sprint(status))
	}
	for _, status := range []int{401, 403} {
		c.reset()
		if err := c.sim.AddFaults(telnyxsim.Fault{Match: batchCall, Do: "status", Status: status, Times: -1}); err != nil {
			t.Fatal(err)
		}
		report, err := c.run(context.Background(), recordingJob, apply.Situation{Desired: c.desired, Enforce: true})
		if !client.Unauthorized(err) || len(c.stage.deletes) != 1 || len(c.ids("recordings")) != 300 {
			t.Errorf("%d: %v, %d batches, %q", status, err, len(c.stage.deletes), report.Lines)
		}
		c.again(fmt.Sprint(status))
	}
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
			t.Errorf("%s: %v, left %v, %q", missing, err, sorted(left), report.Lines)
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
		t.Errorf("%v %q", err, report.Lines)
	}
	has(t, report.Lines, "1 recording are still there, of which 1 Telnyx called deleted")
	events := k.history()
	if last := events[len(events)-1]; last.ID != "d40" || last.Outcome != string(apply.Failed) || !strings.Contains(last.Error, "still there") {
		t.Errorf("history %+v", events)
	}
}

// What a listing is when it cannot be trusted: then nothing is deleted.
func TestListingsThatCannotBeTrusted(t *testing.T) {
	t.Parallel()
	c := newCut(t)
	for name, f := range map[string]telnyxsim.Fault{
		"a short page": {Do: "short-page"}, "a page of HTML, for ever": {Do: "html", Times: -1}, "422": {Do: "status", Status: 422}, "401": {Do: "status", Status: 401},
	} {
		for page := range 5 { // of all, and of what is held
			if f.Times < 0 && page%3 > 0 {
				continue // it is tried again, for a while
			}
			c.reset()
			f.Match = "GET /recordings"
			c.stage.before = func(n int, _ *http.Request) error {
				if n == page+1 {
					return c.sim.AddFaults(f)
				}
				return nil
			}
			c.refused(fmt.Sprint(name, " at call ", page+1), c.desired, map[bool]string{true: "incomplete listing", false: "GET /recordings"}[f.Do == "short-page"])
			c.again(name)
		}
	}
	for name, f := range map[string]telnyxsim.Fault{
		"a page of HTML": {Do: "html"}, "503": {Do: "status"}, "429": {Do: "status", Status: 429, Headers: map[string]string{"Retry-After": "0"}}, "a lost page": {Do: "drop-after-commit"},
	} {
		c.reset()
		f.Match = "GET /recordings"
		if err := c.sim.AddFaults(f); err != nil {
			t.Fatal(err)
		}
		c.enforce(c.desired)
		c.finished(name)
	}
}

func TestClocksThatDoNotAgree(t *testing.T) {
	t.Parallel()
	for ahead, want := range map[string]string{
		"6m": "the clocks of Telnyx and of this machine are", "-6m": "set that of this machine", "8760h": "are 8", "-8760h": "are -8", "4m50s": "", "-4m50s": "", "0s": "",
	} {
		k := plainly(t, object{"recordings": aged(5, 40), "_date_ahead": ahead})
		desired := k.load("a", "recording_retention:\n  all: {delete_after: 15d}\n")
		if want != "" {
			k.refused(ahead, desired, want)
			continue
		}
		k.enforce(desired)
		if left := k.ids("recordings"); !maps.Equal(left, setOf("d5")) {
			t.Errorf("%s: left %v", ahead, sorted(left))
		}
	}
	// One page of many is enough, and so is none that says what time it is.
	for name, date := range map[string]string{"another day": "Mon, 02 Nov 2026 10:00:00 GMT", "no Date": "", "no time": "now"} {
		c := newCut(t)
		for call := 1; call <= 5; call++ {
			c.reset()
			c.stage.after = func(n int, _ *http.Request, res *http.Response) (*http.Response, error) {
				if res.Header.Del("Date"); n != call {
					res.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
				} else if date != "" {
					res.Header.Set("Date", date)
				}
				return res, nil
			}
			c.refused(fmt.Sprint(name, " at call ", call), c.desired, "Telnyx")
		}
	}
}
