package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"

	"github.com/spf13/cobra"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// timesFlags are the flags of what phone numbers wait for.
func timesFlags(cmd *cobra.Command, t *numbers.Times) {
	f := cmd.Flags()
	f.DurationVar(&t.RetryBase, "retry-base", numbers.DefaultRetryBase, "until numbers that failed are tried again; each further time twice as long")
	f.DurationVar(&t.RetryCap, "retry-cap", numbers.DefaultRetryCap, "but never longer than this")
	f.IntVar(&t.Attempts, "retry-attempts", numbers.DefaultAttempts, "after so many failures a number is parked")
	f.DurationVar(&t.UploadDeadline, "upload-deadline", numbers.DefaultUploadDeadline, "an upload that takes longer is reported as stuck")
	f.DurationVar(&t.BatchSettle, "batch-settle", numbers.DefaultBatchSettle, "how long an upload that is not full waits for numbers that are being assigned")
}

// The times between two passes of apply --wait.
const (
	soonest = time.Second
	latest  = 15 * time.Second
)

var errStopped = errors.New("stopped waiting: what is on its way goes on, and `telnyxsync uploads` follows it")

// follow repeats passes until no phone number is on its way, and returns the last plan; what the passes
// sent is added to the result. Nothing but phone numbers is touched: the rest was seen and is done.
func (a *app) follow(ctx context.Context, engine *apply.Engine, dir string, desired resource.Config, p plan.Plan, result *plan.Result, o apply.Options, flags *applyFlags) (plan.Plan, error) {
	if !result.Sent() && len(p.Waiting) == 0 {
		return p, nil // there is nothing to wait for, and what was looked at is what there is
	}
	end := time.Now().Add(flags.wait)
	bar := a.numberBar()
	defer bar.stop()
	for {
		err := state.Write(ctx, dir, flags.lockWait, func(db *state.DB, snap state.Snapshot) (err error) {
			if p, err = engine.PlanSettled(ctx, desired, snap, o); err != nil {
				return err
			}
			r, err := engine.ApplyNumbers(ctx, db, desired, p, o, func(all []plan.Change) []plan.Change { return all })
			result.Outcomes = append(result.Outcomes, r.Outcomes...)
			return err
		})
		if ctx.Err() != nil {
			return p, errStopped
		}
		if err != nil {
			return p, err
		}
		bar.show(p.Counts)
		if len(p.Waiting)+len(p.Calls) == 0 {
			return p, nil
		}
		pause := latest
		if !p.NextLook.IsZero() {
			pause = min(max(time.Until(p.NextLook), soonest), latest)
		}
		if time.Now().Add(pause).After(end) {
			fmt.Fprintf(a.err, "telnyxsync: after %v some numbers are still on their way: they go on, and `telnyxsync uploads` follows them\n", flags.wait)
			return p, nil
		}
		if sleep(ctx, pause) != nil {
			return p, errStopped
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// numberBar is a bar on stderr that counts phone numbers; on no terminal it is lines, one for each change.
type numberBar struct {
	app       *app
	container *mpb.Progress
	bar       *mpb.Bar
	counts    atomic.Pointer[plan.Counts] // the bar reads them while they change
}

func (a *app) numberBar() *numberBar {
	b := &numberBar{app: a}
	b.counts.Store(&plan.Counts{})
	if !isTerminal(a.err) {
		return b
	}
	b.container = mpb.New(mpb.WithOutput(a.err), mpb.WithWidth(40))
	b.bar = b.container.AddBar(0,
		mpb.PrependDecorators(decor.Name("numbers "), decor.CountersNoUnit("%d/%d")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return b.words() })),
	)
	return b
}

func (b *numberBar) words() string {
	c := b.counts.Load()
	text := fmt.Sprintf("%d in place, %d failed, %d waiting", c.Placed, c.Parked, c.Waiting+c.Todo)
	if c.Wrong > 0 {
		text += fmt.Sprintf(", %d with another problem", c.Wrong)
	}
	return text
}

func (b *numberBar) show(c plan.Counts) {
	before := b.words()
	b.counts.Store(&c)
	switch {
	case b.bar != nil:
		b.bar.SetTotal(int64(c.Placed+c.Parked+c.Wrong+c.Waiting+c.Todo), false)
		b.bar.SetCurrent(int64(c.Placed + c.Parked + c.Wrong))
	case before != b.words():
		fmt.Fprintln(b.app.err, "telnyxsync: phone numbers: "+b.words())
	}
}

func (b *numberBar) stop() {
	if b.bar != nil {
		b.bar.SetTotal(-1, true)
		b.container.Wait()
	}
}
