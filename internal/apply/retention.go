package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"
	"telnyxsync/internal/state"
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
}

// The codes of plans of retention.
const (
	NoPolicy    plan.Code = "no_policy"  // unit: nothing says that any is to be deleted
	HoldKeeps   plan.Code = "hold_keeps" // count, unit: that would be due without the hold
	CutOff      plan.Code = "cut_off"    // count, gone, unit, recorded: an earlier run was, while it deleted them
	NothingDue  plan.Code = "nothing_due"
	OnlyReports plan.Code = "only_reports" // count, unit, kind: they would be deleted

)

// PlanRetention lists all that a kind of policies is about, judges it, and lets the guards look at what is due. It
// deletes nothing, and writes nothing anywhere.
func (e *Engine) PlanRetention(ctx context.Context, kind string, desired resource.Config, snap state.Snapshot, o Options) (plan.Plan, error) {
	var p plan.Plan
	api := e.Retention[kind]
	if api == nil {
		return p, fmt.Errorf("this engine cannot read what %s is about", kind)
	}
	if err := e.CheckAccount(ctx, snap, nil, o); err != nil {
		return p, err
	}
	in, err := e.withConnections(ctx, desired, snap, o, kind)
	if err != nil {
		return p, err
	}
	in.OtherRoots = otherRoots(desired, snap)
	rules := retention.Rules(ruleInput(kind, diff.WhoseIs(in), in, snap))
	p.Problems, p.Notes, p.Remember = rules.Problems, rules.Notes, rules.Remember
	if rules.Err != nil {
		return p, rules.Err
	}
	x := &reader{Engine: e, api: api, unit: unitOf(kind), now: e.machine()}
	x.begun, x.left = begunOf(snap, x.unit)
	deletes := slices.ContainsFunc(rules.Policies, func(p retention.Policy) bool { return !p.Keep })
	if !deletes && len(x.begun) == 0 {
		p.Notes = append(p.Notes, plan.Note{Reason: plan.Reason{Code: NoPolicy, Args: plan.Args{"unit": x.unit}}})
		return p, nil
	}
	x.until = retention.Until(rules.Policies, x.begun, x.now)
	x.fold = retention.NewFold(rules.Policies, retention.Options{Unit: x.unit, Now: x.now, Only: o.Only, Batch: api.Batch()})
	if err := x.judge(ctx); err != nil {
		return p, err
	}
	resolve(&p, x.unit, x.begun, x.left, func(d resource.Deleted) resource.Event { return deletion(d, plan.Done, "", "") })
	found := x.fold.Result()
	p.Changes, p.Observed, p.Notes = found.Changes, found.Observed, append(p.Notes, found.Notes...)
	for _, h := range found.Holds {
		p.Notes = append(p.Notes, plan.Note{Addr: h.Addr, Reason: plan.Reason{Code: HoldKeeps, Args: plan.Args{"count": h.Count, "unit": x.unit}}})
	}
	if len(p.Changes) == 0 {
		p.Notes = append(p.Notes, plan.Note{Reason: plan.Reason{Code: NothingDue}})
	}
	guard(&p, nil, e.Limits)
	e.formDeletions(&p, kind)
	return p, nil
}

// formDeletions gathers the calls that delete what is due, and says what waits for another run.
func (e *Engine) formDeletions(p *plan.Plan, kind string) {
	calls, waits := retention.Calls(p.Changes, e.Retention[kind].Batch())
	p.Calls = calls
	p.Notes = append(slices.DeleteFunc(p.Notes, func(n plan.Note) bool { return n.Reason.Code == retention.Waits }), waits...)
}

func unitOf(kind string) string { return strings.TrimSuffix(kind, "_retention") }

// withConnections reads the connections, where entries of a kind name some.
func (e *Engine) withConnections(ctx context.Context, desired resource.Config, snap state.Snapshot, o Options, kind string) (diff.Input, error) {
	in := e.input(desired, snap, o)
	named := slices.ContainsFunc(desired.Entries, func(d resource.Entry) bool {
		ref, ok := d.Object["connection"].(resource.Ref)
		return d.Kind == kind && ok && ref.ID == ""
	})
	if !named {
		return in, nil
	}
	const connections = "external_connections"
	k := &e.Kinds[slices.IndexFunc(e.Kinds, func(k resource.Kind) bool { return k.Name == connections })]
	in.Live = map[string]diff.Observed{}
	if err := e.observeKinds(ctx, []*resource.Kind{k}, desired, snap, in.Live); err != nil {
		return in, err
	}
	return in, in.Live[connections].Err
}

// reader reads for one plan of retention.
type reader struct {
	*Engine
	api   Retention
	unit  string
	now   time.Time // by this machine's clock, which what is read has to agree with: how far it was off before says nothing
	until time.Time // what is younger is not looked at: it cannot be due, and comes while the pages are read
	fold  *retention.Fold

	begun []resource.Deletion         // by a run that was cut off
	left  map[string]resource.Deleted // what that is about, and is not known to be there
}

// judge lists all, and judges each. Holds are asked about last: what came while the pages were read, and is
// held, shows then.
func (x *reader) judge(ctx context.Context) error {
	err := x.each(ctx, nil, func(r *resource.Recording) error {
		delete(x.left, r.ID)
		return x.fold.Look(r)
	})
	if err != nil {
		return err
	}
	for {
		asked, err := x.fold.Ask()
		if err != nil || len(asked) == 0 {
			return err
		}
		for _, i := range asked {
			if err := x.ask(ctx, i); err != nil {
				return err
			}
		}
	}
}

// resolve takes down what became of what an earlier run had begun to delete: what is not left of it is gone. A row is what
// the history says of one.
func resolve(p *plan.Plan, unit string, begun []resource.Deletion, gone map[string]resource.Deleted, row func(resource.Deleted) resource.Event) {
	if len(begun) == 0 {
		return
	}
	n := 0
	for _, d := range begun {
		n += len(d.Items)
		p.Remember.EndDeletions = append(p.Remember.EndDeletions, d.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(gone)) {
		p.Remember.Events = append(p.Remember.Events, row(gone[id]))
	}
	p.Notes = append(p.Notes, plan.Note{Reason: plan.Reason{Code: CutOff, Args: plan.Args{
		"count": n, "gone": len(gone), "unit": unit, "recorded": false,
	}}})
}

// begunOf are the deletions of a unit that an earlier run had begun, and their items by id.
func begunOf(snap state.Snapshot, unit string) (begun []resource.Deletion, items map[string]resource.Deleted) {
	items = map[string]resource.Deleted{}
	for _, d := range snap.Deletions {
		if d.Unit != unit {
			continue
		}
		begun = append(begun, d)
		for _, item := range d.Items {
			items[item.ID] = item
		}
	}
	return begun, items
}

// recorded says of a plan whose findings are stored that the history has what became of what was cut off.
func recorded(p *plan.Plan) {
	for i := range p.Notes {
		if r := &p.Notes[i].Reason; r.Code == CutOff {
			r.Args["recorded"] = true
		}
	}
}

// deletion is the row of the history for one that was deleted, or was to be.
func deletion(d resource.Deleted, how plan.Status, err, request string) resource.Event {
	return resource.Event{
		Addr: d.Rule, Op: string(plan.Delete), ID: d.ID, Reason: retention.Because(d), Outcome: string(how), Error: err, RequestID: request,
	}
}

// each reads a list, by clocks that agree.
func (x *reader) each(ctx context.Context, filters map[string]string, take func(r *resource.Recording) error) error {
	err := x.api.Each(ctx, filters, x.until, func(r *resource.Recording) error {
		if err := x.clocksSince(x.now); err != nil {
			return err
		}
		return take(r)
	})
	if err != nil {
		return err
	}
	return x.clocksSince(x.now)
}

// How often a list is read to see it twice the same, and an id that nothing has.
const (
	maxReadings = 5
	nobody      = "00000000-0000-4000-8000-000000000000"
)

var errUnfiltered = errors.New("unfiltered")

// ask asks Telnyx's own filter about a policy, until two readings find the same: where some come and others
// go while pages are read, one that was there all the time may be on none of them.
func (x *reader) ask(ctx context.Context, i int) error {
	p := x.fold.Policy(i)
	var before map[string]bool
	for range maxReadings {
		ids, hidden := map[string]bool{}, map[string]bool{}
		err := x.each(ctx, p.Filters, func(r *resource.Recording) error {
			for field := range p.Filters {
				if _, shown := r.Fields[field]; !shown {
					hidden[field] = true
				}
			}
			within, err := x.fold.Within(i, r)
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
			x.fold.Tell(i, ids)
			return nil
		}
		before = ids
	}
	return fmt.Errorf("what %s means could not be read: it changed each time in %d readings", p.Addr, maxReadings)
}

// prove makes sure that Telnyx filters by fields that nothing shows: a filter that it ignored would mean all.
func (x *reader) prove(ctx context.Context, fields map[string]bool) error {
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

// narrowed leaves of what is due what somebody was shown and said yes to.
func narrowed(p, shown *plan.Plan) { p.Changes = retention.Narrow(shown.Changes, p.Changes) }
