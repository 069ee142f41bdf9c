package apply_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
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
	if d := c.snapshot().Deletions; len(d) > 0 {
		c.Errorf("%s: state has deletions: %+v", what, d)
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
		c.Errorf("%s: then %v %q", what, err, linesOf(report))
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
		if d := c.snapshot().Deletions; len(d) > 0 {
			t.Errorf("%s: state has deletions: %+v", what, d)
		}
		c.again(what)
	}
}
