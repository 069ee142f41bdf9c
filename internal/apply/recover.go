package apply

import (
	"context"
	"slices"

	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// rounds is how often creates whose answers were lost are looked for and, if they are nowhere,
// sent again within one run.
const rounds = 3

// recover looks again for what a run left in doubt: what was made shows as something to adopt; what shows twice as
// missing is sent again. Nothing else is, beside what waited for it.
func (x *executor) recover(ctx context.Context, result plan.Result, o Options) (plan.Result, error) {
	for round := 1; round < rounds && ctx.Err() == nil; round++ {
		open, lost := inDoubt(&result)
		if len(open) == 0 && len(lost) == 0 {
			break
		}
		snap, err := x.db.Snapshot(ctx)
		if err != nil {
			return result, err
		}
		next, err := x.PlanSettled(ctx, *x.desired, snap, o)
		if err != nil {
			return result, nil //nolint:nilerr // the outcome stays unknown, which is what the result says
		}
		next.Changes = slices.DeleteFunc(narrow(next.Changes, lost), func(c plan.Change) bool { return c.Items == nil && !open[c.Addr] })
		form(&next)
		if err := x.remember(ctx, onlyNumbers(&next)); err != nil {
			return result, err
		}
		more, err := x.execute(ctx, &next)
		merge(&result, more)
		if err != nil {
			return result, err
		}
	}
	return result, nil
}

// inDoubt is what a run left in doubt: objects, with those that are blocked, and phone numbers, also where others of
// their change were refused. Nothing is where nothing is in doubt.
func inDoubt(r *plan.Result) (open map[resource.Addr]bool, lost resource.Numbers) {
	open, any := map[resource.Addr]bool{}, false
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		if o.Items == nil && (o.Status == plan.InDoubt || o.Status == plan.Blocked) {
			open[o.Addr] = true
			any = any || o.Status == plan.InDoubt
		}
		unknown, _ := o.Unknown.(resource.Numbers)
		lost = lost.Plus(unknown)
	}
	if !any && len(lost) == 0 {
		return nil, nil
	}
	return open, lost
}

// onlyNumbers is what a plan remembers of phone numbers that are on their way.
func onlyNumbers(p *plan.Plan) *plan.Plan {
	r := &p.Remember
	return &plan.Plan{
		Ended:    p.Ended,
		Remember: resource.Record{Orders: r.Orders, EndOrders: r.EndOrders, Troubles: r.Troubles, EndTroubles: r.EndTroubles},
	}
}

// narrow leaves of changes of phone numbers those numbers that are asked for: with an assignment of one, nobody wants
// others taken from their connections. A retry is one as it is, with all groups that have numbers in it; what nothing
// is sent for is left out.
func narrow(changes []plan.Change, s resource.Numbers) (out []plan.Change) {
	retried := map[numbers.Ticket]bool{}
	for i := range changes {
		if c := &changes[i]; c.Op == plan.Retry && len(numbersOf(c).And(s)) > 0 {
			retried[ticketOf(c)] = true
		}
	}
	for _, c := range changes {
		asked := numbersOf(&c).And(s)
		switch {
		case numbersOf(&c) == nil, c.Op == plan.Retry && retried[ticketOf(&c)]:
			out = append(out, c)
		case len(asked) > 0 && c.Op != plan.Adopt:
			c.Items = asked
			out = append(out, c)
		}
	}
	return out
}

// ticketOf is the upload that a change retries.
func ticketOf(c *plan.Change) numbers.Ticket {
	t := numbers.Ticket{Ticket: c.Ticket}
	if w, ok := c.Do.(*numbers.Work); ok {
		t.Connection = w.Target.Connection
	}
	return t
}

// merge takes over the newer outcome of each object, and tells what became of calls for phone numbers whose answers
// were lost: those that show are under way, the others were sent again, with their own outcomes.
func merge(r *plan.Result, more plan.Result) {
	var again []plan.Outcome
	for _, m := range more.Outcomes {
		if m.Items != nil {
			again = append(again, m)
			continue
		}
		for i := range r.Outcomes {
			if o := &r.Outcomes[i]; o.Addr == m.Addr && o.Items == nil {
				m.Op = o.Op // what the plan called it
				*o = m
			}
		}
	}
	before := r.Outcomes
	r.Outcomes = nil
	for _, o := range before {
		if settled(&o, again) {
			r.Outcomes = append(r.Outcomes, o)
		}
	}
	r.Outcomes = append(r.Outcomes, again...)
}

// settled takes out of an outcome what was sent again; it is false where nothing is left of it.
func settled(o *plan.Outcome, again []plan.Outcome) bool {
	unknown, isNumbers := o.Unknown.(resource.Numbers)
	if !isNumbers {
		return true
	}
	var repeated resource.Numbers
	for _, a := range again {
		sent, _ := a.Items.(resource.Numbers)
		if a.Addr == o.Addr && (a.Op == o.Op || o.Op != plan.Assign) { // what is assigned is uploaded next
			repeated = repeated.Plus(sent.And(unknown))
		}
	}
	all, _ := o.Items.(resource.Numbers)
	left := all.Minus(repeated)
	o.Unknown, o.Sent = nil, o.Sent || len(unknown.Minus(repeated)) > 0
	if o.Items = left; len(left) == 0 {
		return false
	}
	if failed, _ := o.Failed.(resource.Numbers); len(failed) > 0 {
		return true
	}
	if o.Status, o.Error, o.Err = plan.Submitted, "", nil; o.BlockedBy != "" { // others of its calls were not sent
		o.Status = plan.Blocked
	}
	return true
}
