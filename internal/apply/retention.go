package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"
)

// Retention reads and deletes what policies of retention are about.
type Retention interface {
	// Each hands over all that passes Telnyx's own filters and was made by a time, or fails.
	Each(ctx context.Context, filters map[string]string, until time.Time, take func(r *resource.Recording) error) error
	// Delete deletes at most Batch of them for good. Of what a lost answer means for each nobody knows.
	Delete(ctx context.Context, ids []string) (resource.Receipt, error)
	Batch() int
	// Archive keeps one below a directory: when it returns nil, all of it is there.
	Archive(ctx context.Context, id string, created time.Time, dir string) error
	// ClockSkew is how far Telnyx's clock is ahead of ours, by its last answer.
	ClockSkew() (skew time.Duration, known bool)
}

// maxSkew is how far the clocks may be apart: by a wrong one, everything is old.
const maxSkew = 5 * time.Minute

// retain is a job that deletes what the policies of a kind say, or tells what it would delete.
func retain(kind string) func(ctx context.Context, e *Engine, s Situation) (Report, error) {
	return func(ctx context.Context, e *Engine, s Situation) (Report, error) {
		api := e.Retention[kind]
		if api == nil {
			return Report{}, fmt.Errorf("this engine cannot read what %s is about", kind)
		}
		x := &retainer{Engine: e, s: &s, kind: kind, api: api, noun: strings.TrimSuffix(kind, "_retention"), fingerprint: Fingerprint(s.Desired)}
		err := x.run(ctx)
		if err != nil {
			err = fmt.Errorf("%w; nothing more is deleted", err)
		}
		return x.report, err
	}
}

// retainer is one run of retention.
type retainer struct {
	*Engine
	s           *Situation
	kind        string
	noun        string
	api         Retention
	report      Report
	fingerprint string // of what is desired
	now         time.Time
	until       time.Time // what is younger is not looked at: it cannot be due, and comes while the pages are read
	judge       *retention.Judge

	left    map[string]begun // what an earlier run had begun to delete when it was cut off
	there   map[string]bool  // that of it which is still there
	deleted map[string]begun // by this run
	doubt   map[string]begun // whose deletion's answer was lost
	open    []string         // ids of the batches of those
}

func (x *retainer) say(format string, args ...any) {
	x.report.Lines = append(x.report.Lines, fmt.Sprintf(format, args...))
}

func (x *retainer) run(ctx context.Context) error {
	if err := x.CheckAccount(ctx, x.s.Snap, nil, x.s.Options); err != nil {
		return err
	}
	policies, err := x.policies(ctx)
	if err != nil {
		return err
	}
	x.left = x.unfinished()
	deletes := slices.ContainsFunc(policies, func(p retention.Policy) bool { return !p.Keep })
	if !deletes && len(x.left) == 0 {
		x.say("no policy says that any %s is to be deleted", x.noun)
		return nil
	}
	x.now = time.Now()
	x.judge, x.until = retention.NewJudge(policies, x.now), until(policies, x.left, x.now)
	due, err := x.due(ctx)
	if err != nil {
		return err
	}
	if err := x.resolve(ctx); err != nil {
		return err
	}
	doing := x.tell(due)
	if !x.enforces() || len(doing) == 0 {
		return nil
	}
	return x.enforce(ctx, doing)
}

// enforces tells whether this run deletes.
func (x *retainer) enforces() bool { return x.s.Enforce && !x.s.Observe }

// tell says what is due, and returns what of it this run is to delete.
func (x *retainer) tell(due []retention.Due) (doing []retention.Due) {
	silent := map[resource.Addr]string{}
	acting := slices.DeleteFunc(slices.Clone(due), func(d retention.Due) bool {
		switch a := d.Policy.Addr; {
		case d.Policy.Observe:
			silent[a] = "; it only observes, and deletes nothing"
		case x.s.Options.Only != nil && !slices.Contains(x.s.Options.Only, a):
			silent[a] = "; it is not asked for in this run"
		}
		return silent[d.Policy.Addr] != ""
	})
	doing, later := retention.Cut(acting)
	for _, sum := range retention.SumUp(due) {
		x.say("%s: %s due, made from %s to %s, %.1f hours of audio%s", sum.Addr, x.count(sum.Count),
			sum.Oldest.UTC().Format(time.RFC3339), sum.Newest.UTC().Format(time.RFC3339), float64(sum.Millis)/3.6e6, silent[sum.Addr])
	}
	switch {
	case len(acting) == 0:
		x.say("nothing is due to be deleted")
	case !x.enforces():
		x.say("%s would be deleted; nothing is, as this only reports: the daemon's `retention: enforce`, or `telnyxsync jobs run %s --enforce`, deletes",
			x.count(len(doing)), x.kind)
	}
	if len(later) > 0 {
		x.say("%s wait for another run, as max_deletes_per_run says", x.count(len(later)))
	}
	return doing
}

// until is when the youngest was made that can be due, or that was begun to be deleted before.
func until(policies []retention.Policy, left map[string]begun, now time.Time) (t time.Time) {
	for _, p := range policies {
		if at := now.Add(-p.After); !p.Keep && at.After(t) {
			t = at
		}
	}
	for _, b := range left {
		if at := b.Created.Add(time.Second); at.After(t) { // it is asked for in whole seconds
			t = at
		}
	}
	return t
}

func (x *retainer) count(n int) string {
	if n == 1 {
		return "1 " + x.noun
	}
	return fmt.Sprintf("%d %ss", n, x.noun)
}

// due lists all, and judges each. Holds are asked about last: what came while the pages were read, and is
// held, shows then.
func (x *retainer) due(ctx context.Context) (due []retention.Due, err error) {
	x.there = map[string]bool{}
	var aside []resource.Recording
	asked := map[int]bool{}
	look := func(r *resource.Recording) error {
		if _, was := x.left[r.ID]; was {
			x.there[r.ID] = true
		}
		d, ask, err := x.judge.Look(r)
		switch {
		case err != nil:
			return err
		case ask >= 0:
			aside = append(aside, *r)
			asked[ask] = true
		case d != nil:
			due = append(due, *d)
		}
		return nil
	}
	if err := x.each(ctx, nil, look); err != nil {
		return nil, err
	}
	for len(asked) > 0 { // each round answers for one policy more
		for _, i := range slices.Sorted(maps.Keys(asked)) {
			if err := x.ask(ctx, i); err != nil {
				return nil, err
			}
		}
		again := aside
		aside, asked = nil, map[int]bool{}
		for i := range again {
			if err := look(&again[i]); err != nil {
				return nil, err
			}
		}
	}
	if len(due) == 0 {
		return nil, nil
	}
	for _, i := range x.judge.Holds() {
		if err := x.ask(ctx, i); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(due, func(d retention.Due) bool { return x.judge.Held(d.ID) }), nil
}

// each reads a list, by clocks that agree.
func (x *retainer) each(ctx context.Context, filters map[string]string, take func(r *resource.Recording) error) error {
	err := x.api.Each(ctx, filters, x.until, func(r *resource.Recording) error {
		if err := x.clocks(); err != nil {
			return err
		}
		return take(r)
	})
	if err != nil {
		return err
	}
	return x.clocks()
}

// clocks compares Telnyx's clock, this machine's, and what that said when the run began.
func (x *retainer) clocks() error {
	switch skew, known := x.api.ClockSkew(); {
	case !known:
		return errors.New("what time it is for Telnyx is not known: its answer has no Date")
	case skew.Abs() > maxSkew:
		return fmt.Errorf("the clocks of Telnyx and of this machine are %v apart: set that of this machine", skew.Round(time.Second))
	}
	// Without its monotonic part a time is what the clock said.
	if by := time.Since(x.now) - time.Now().Round(0).Sub(x.now.Round(0)); by > maxSkew {
		return fmt.Errorf("this machine's clock was set back by %v while this ran", by.Round(time.Second))
	}
	return nil
}

// How often a list is read to see it twice the same, and an id that nothing has.
const (
	maxReadings = 5
	nobody      = "00000000-0000-4000-8000-000000000000"
)

var errUnfiltered = errors.New("unfiltered")

// ask asks Telnyx's own filter about a policy, until two readings find the same: where some come and others
// go while pages are read, one that was there all the time may be on none of them.
func (x *retainer) ask(ctx context.Context, i int) error {
	p := &x.judge.Policies()[i]
	var before map[string]bool
	for range maxReadings {
		ids, hidden := map[string]bool{}, map[string]bool{}
		err := x.each(ctx, p.Filters, func(r *resource.Recording) error {
			for field := range p.Filters {
				if _, shown := r.Fields[field]; !shown {
					hidden[field] = true
				}
			}
			within, err := x.judge.Within(i, r)
			if within {
				ids[r.ID] = true
			}
			return err
		})
		if err == nil && !p.Keep {
			err = x.prove(ctx, hidden)
		}
		if err != nil {
			return fmt.Errorf("what %s means could not be read: %w", p.Addr, err)
		}
		if before != nil && maps.Equal(ids, before) {
			x.judge.Tell(i, ids)
			return nil
		}
		before = ids
	}
	return fmt.Errorf("what %s means could not be read: it changed each time in %d readings", p.Addr, maxReadings)
}

// prove makes sure that Telnyx filters by fields that nothing shows: a filter that it ignored would mean all.
func (x *retainer) prove(ctx context.Context, fields map[string]bool) error {
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		err := x.each(ctx, map[string]string{field: nobody}, func(*resource.Recording) error { return errUnfiltered })
		if errors.Is(err, errUnfiltered) {
			return fmt.Errorf("filter by %s: Telnyx ignores it, as it finds some with %s, which nothing has", field, nobody)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
