package apply

import (
	"context"
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
	// Each hands over all that passes Telnyx's own filters and was made in a stretch of time, or fails. A zero time leaves
	// an end open.
	Each(ctx context.Context, filters map[string]string, since, until time.Time, take func(r *resource.Recording) error) error
	// Delete deletes at most Batch of them for good. Of what a lost answer means for each nobody knows.
	Delete(ctx context.Context, ids []string) (resource.Receipt, error)
	Batch() int
	// Archive keeps one below a directory: when it returns nil, all of it is there that Telnyx has. With own it may be one
	// in the customer's own storage, where its content stays.
	Archive(ctx context.Context, id string, created time.Time, dir string, own bool) error
}

// The codes of plans of retention.
const (
	NoPolicy           plan.Code = "no_policy"            // unit: nothing says that any is to be deleted
	HoldKeeps          plan.Code = "hold_keeps"           // count, due, unit, more: all that it means, and of these what would be due; more: there are others
	HoldMatchesNothing plan.Code = "hold_matches_nothing" // count, unit: 0
	CutOff             plan.Code = "cut_off"              // count, gone, unit, recorded: an earlier run was, while it deleted them
	NothingDue         plan.Code = "nothing_due"
	OnlyReports        plan.Code = "only_reports" // count, unit, kind: they would be deleted
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
	j := e.judgement(desired, snap)
	p.Job, p.Rules = kind, &resource.ApprovedRules{Rules: rules.InForce, Cutoff: x.now}
	deletes := slices.ContainsFunc(rules.Policies, func(p retention.Policy) bool { return !p.Keep })
	x.until = retention.Until(rules.Policies, x.begun, x.now)
	x.fold = retention.NewFold(rules.Policies, retention.Options{Unit: x.unit, Now: x.now, Only: o.Only, Batch: api.Batch()})
	idle := !deletes && len(x.begun) == 0
	if !idle {
		err = x.judge(ctx)
	}
	if err == nil {
		err = x.younger(ctx)
	}
	if err != nil {
		return p, err
	}
	if idle {
		p.Notes = append(p.Notes, plan.Note{Reason: plan.Reason{Code: NoPolicy, Args: plan.Args{"unit": x.unit}}})
		x.holds(&p, x.fold.Counts())
		p, err = e.judged(p, j, snap, o)
		p.Rules = nil // no policy was judged, so nothing was let through either
		return p, err
	}
	resolve(&p, x.unit, x.begun, x.left, func(d resource.Deleted) resource.Event { return deletion(d, plan.Done, "", "") })
	p.Rules.Silent = retention.Silent(x.fold.Counts(), rules.InForce, snap.Baselines)
	found := x.fold.Result(j.approvedRules(&p))
	p.Changes, p.Observed, p.Notes = found.Changes, found.Observed, append(p.Notes, found.Notes...)
	x.holds(&p, found.Holds)
	if len(p.Changes) == 0 {
		p.Notes = append(p.Notes, plan.Note{Reason: plan.Reason{Code: NothingDue}})
	}
	for i := range p.Changes {
		p.Rules.Count += p.Changes[i].Items.Len()
	}
	p, err = e.judged(p, j, snap, o)
	e.formDeletions(&p, kind)
	return p, err
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
	err := x.each(ctx, nil, time.Time{}, x.until, func(r *resource.Recording) error {
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
	e := resource.Event{
		Addr: d.Rule, Op: string(plan.Delete), ID: d.ID, Reason: retention.Because(d), Outcome: string(how), Error: err, RequestID: request,
	}
	if d.Counts {
		e.Losses = []resource.Loss{{Class: string(classOf(d.Rule.Kind)), Count: 1}}
	}
	return e
}

// classOf is what guards count as that a kind of policies deletes.
func classOf(kind string) plan.Class {
	if unitOf(kind) == "transcription" {
		return plan.Transcriptions
	}
	return plan.Recordings
}

// each reads a list, by clocks that agree.
func (x *reader) each(ctx context.Context, filters map[string]string, since, until time.Time, take func(r *resource.Recording) error) error {
	err := x.api.Each(ctx, filters, since, until, func(r *resource.Recording) error {
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

// narrowed leaves of what is due what somebody was shown and said yes to.
func narrowed(p, shown *plan.Plan) { p.Changes = retention.Narrow(shown.Changes, p.Changes) }
