package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// Status is how a change ended.
type Status string

// The statuses.
const (
	Done       Status = "done"
	Failed     Status = "failed"
	Blocked    Status = "blocked"     // what it needs did not succeed
	InDoubt    Status = "unknown"     // it was sent and no answer came; the next run finds out
	NotStarted Status = "not started" // the run was stopped before
	Unverified Status = "unverified"  // whether it is in place cannot be read, and a person has to look
)

// Outcome is how one change ended.
type Outcome struct {
	Addr      resource.Addr `json:"address"`
	Op        diff.Op       `json:"op"`
	Status    Status        `json:"status"`
	ID        string        `json:"id,omitempty"`
	Error     string        `json:"error,omitempty"`
	BlockedBy string        `json:"blocked_by,omitempty"`
	RequestID string        `json:"request_id,omitempty"`
}

// Result is how an apply ended.
type Result struct {
	Outcomes []Outcome       `json:"outcomes"`                // in the order of the plan
	Numbers  []NumberOutcome `json:"phone_numbers,omitempty"` // calls for phone numbers
}

// Count counts the outcomes of a status.
func (r *Result) Count(s Status) (n int) {
	for _, o := range r.Outcomes {
		if o.Status == s {
			n++
		}
	}
	for _, o := range r.Numbers {
		if o.Status == s {
			n++
		}
	}
	return n
}

// OK tells whether everything was done, or submitted.
func (r *Result) OK() bool { return r.Count(Done)+r.Count(Submitted) == len(r.Outcomes)+len(r.Numbers) }

// rounds is how often creates whose answers were lost are looked for and, if they are nowhere,
// sent again within one run.
const rounds = 3

// graceAfterStop is how long a request that is under way may go on once the run was told to stop.
const graceAfterStop = 30 * time.Second

// Apply carries out a plan that was made under the writers' lock, of which db is the state. The
// error is one of the state, where nothing more is done; what goes wrong on Telnyx is in the result.
func (e *Engine) Apply(ctx context.Context, db *state.DB, desired resource.Config, plan diff.Plan, o Options) (Result, error) {
	if err := db.Bind(ctx, e.BaseURL, e.Key); err != nil {
		return Result{}, err
	}
	x := e.executor(db, desired)
	if err := settleState(ctx, db, &plan, x.fingerprint); err != nil {
		return Result{}, err
	}
	result, err := x.all(ctx, plan, nil)
	for round := 1; err == nil && round < rounds && result.Count(InDoubt) > 0 && ctx.Err() == nil; round++ {
		// What was made shows as something to adopt; what shows twice as missing is sent again.
		var snap state.Snapshot
		if snap, err = db.Snapshot(ctx); err != nil {
			break
		}
		next, planErr := e.PlanSettled(ctx, desired, snap, o)
		if planErr != nil {
			break // the outcome stays unknown, which is what the result says
		}
		keep := map[resource.Addr]bool{}
		for _, out := range result.Outcomes {
			keep[out.Addr] = out.Status == InDoubt || out.Status == Blocked
		}
		if err = settleState(ctx, db, &diff.Plan{Numbers: next.Numbers}, x.fingerprint); err != nil {
			break
		}
		restrict(&next, keep)
		lost := doubted(result.Numbers)
		var more Result
		more, err = x.all(ctx, next, &lost)
		result.merge(more)
	}
	return result, err
}

// ApplyNumbers is Apply for some of what is to be sent for phone numbers, and nothing else.
func (e *Engine) ApplyNumbers(ctx context.Context, db *state.DB, desired resource.Config, plan diff.Plan, o Options, keep func(b *numbers.Batch) bool) (Result, error) {
	only := diff.Plan{Numbers: plan.Numbers}
	for i := range plan.Settle {
		if s := plan.Settle[i]; e.grouped(s.Addr.Kind) { // which numbers are whose is remembered before they are sent
			only.Settle = append(only.Settle, s)
		}
	}
	only.Numbers.Batches = slices.DeleteFunc(slices.Clone(plan.Numbers.Batches), func(b numbers.Batch) bool { return !keep(&b) })
	return e.Apply(ctx, db, desired, only, o)
}

func (e *Engine) grouped(kind string) bool {
	return slices.ContainsFunc(e.Kinds, func(k resource.Kind) bool { return k.Name == kind && k.Groups })
}

// all carries out the changes, and then what is sent for phone numbers; of those only what holds some of
// the given ones, where any are.
func (x *executor) all(ctx context.Context, plan diff.Plan, only *resource.Numbers) (Result, error) {
	snap, err := x.db.Snapshot(ctx)
	if err != nil {
		return Result{}, err
	}
	x.troubles = snap.Troubles
	result, err := x.run(ctx, plan)
	if err != nil {
		return result, err
	}
	batches := plan.Numbers.Batches
	if only != nil {
		batches = slices.DeleteFunc(slices.Clone(batches), func(b numbers.Batch) bool { return len(b.Numbers.And(*only)) == 0 })
		for i := range batches {
			batches[i] = batches[i].Only(*only) // others were not asked for
		}
	}
	done := func(a resource.Addr) bool {
		return slices.ContainsFunc(result.Outcomes, func(o Outcome) bool { return o.Addr == a && (o.Status == Done || o.Status == Unverified) })
	}
	if only == nil {
		result.Numbers = adopted(&plan.Numbers)
	}
	sent, err := x.send(ctx, &plan.Numbers, batches, done)
	result.Numbers = append(result.Numbers, sent...)
	return result, err
}

// adopted are the outcomes of numbers that were found in place, which nothing has to be sent for.
func adopted(plan *diff.NumberPlan) (out []NumberOutcome) {
	for _, c := range plan.Changes {
		if c.Op == diff.Adopt {
			out = append(out, NumberOutcome{Op: c.Op, Groups: []resource.Addr{c.Addr}, Numbers: c.Numbers, Count: c.Numbers.Len(), Status: Done})
		}
	}
	return out
}

// settleState remembers what needs no write: fields that are as desired already, objects that are gone.
func settleState(ctx context.Context, db *state.DB, plan *diff.Plan, fingerprint string) error {
	var records []resource.Record
	if rec, any := settleNumbers(&plan.Numbers, fingerprint); any {
		records = append(records, rec)
	}
	if len(plan.Settle)+len(plan.Gone) > 0 {
		snap, err := db.Snapshot(ctx)
		if err != nil {
			return err
		}
		rec := snap.FromOld(plan.Settle, plan.Gone)
		for i := range plan.Settle {
			rec.EndIntents = append(rec.EndIntents, plan.Settle[i].Addr)
		}
		for i := range plan.Gone {
			g := &plan.Gone[i]
			rec.Events = append(rec.Events, resource.Event{
				Addr: g.Addr, Op: string(diff.Forget), ID: g.ID, Reason: resource.Said("no longer written, and nothing of it is to be deleted"), Outcome: string(Done),
			})
		}
		records = append(records, rec)
	}
	if len(plan.Over) > 0 {
		records = append(records, resource.Record{EndIntents: plan.Over})
	}
	if len(records) == 0 {
		return nil
	}
	return db.Commit(ctx, records...)
}

func restrict(plan *diff.Plan, keep map[resource.Addr]bool) {
	changes := plan.Changes[:0]
	for _, c := range plan.Changes {
		if keep[c.Addr] {
			changes = append(changes, c)
		}
	}
	plan.Changes = changes
}

// merge takes over the newer outcome of each address.
func (r *Result) merge(more Result) {
	for _, m := range more.Outcomes {
		for i := range r.Outcomes {
			if r.Outcomes[i].Addr == m.Addr {
				m.Op = r.Outcomes[i].Op // what the plan called it
				r.Outcomes[i] = m
			}
		}
	}
	r.Numbers = resolve(r.Numbers, more.Numbers)
}

func event(c *diff.Change, o Outcome, fingerprint string) resource.Event {
	deltas := make([]map[string]any, len(c.Deltas))
	for i, d := range c.Deltas {
		deltas[i] = map[string]any{"path": d.Path, "old": d.Old, "new": d.New, "origin": d.Origin}
	}
	return resource.Event{
		Addr: c.Addr, Op: string(c.Op), ID: o.ID, Reason: resource.Said(c.Reason), Deltas: json.RawMessage(resource.Text(deltas)),
		Outcome: string(o.Status), Error: o.Error, RequestID: o.RequestID, Fingerprint: fingerprint,
	}
}

func wrap(c *diff.Change, err error) string { return fmt.Sprintf("%s %s: %v", c.Op, c.Addr, err) }
