package apply

import (
	"context"
	"slices"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// rounds is how often creates whose answers were lost are looked for and, if they are nowhere,
// sent again within one run.
const rounds = 3

// recover looks again for what a run left in doubt: what was made shows as something to adopt; what shows twice as
// missing is sent again. Nothing else is, beside what waited for it.
func (x *executor) recover(ctx context.Context, result plan.Result, o Options) (plan.Result, error) {
	for round := 1; round < rounds && result.Count(plan.InDoubt) > 0 && ctx.Err() == nil; round++ {
		snap, err := x.db.Snapshot(ctx)
		if err != nil {
			return result, err
		}
		next, err := x.PlanSettled(ctx, *x.desired, snap, o)
		if err != nil {
			return result, nil //nolint:nilerr // the outcome stays unknown, which is what the result says
		}
		open := map[resource.Addr]bool{} // objects
		var lost resource.Numbers
		for i := range result.Outcomes {
			out := &result.Outcomes[i]
			open[out.Addr] = open[out.Addr] || out.Items == nil && (out.Status == plan.InDoubt || out.Status == plan.Blocked)
			unknown, _ := out.Unknown.(resource.Numbers)
			lost = lost.Plus(unknown)
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

// onlyNumbers is what a plan remembers of phone numbers that are on their way.
func onlyNumbers(p *plan.Plan) *plan.Plan {
	r := &p.Remember
	return &plan.Plan{
		Ended:    p.Ended,
		Remember: resource.Record{Orders: r.Orders, EndOrders: r.EndOrders, Troubles: r.Troubles, EndTroubles: r.EndTroubles},
	}
}

// narrow leaves of changes of phone numbers those numbers that are asked for: with an assignment of one, nobody wants
// others taken from their connections. A retry is one as it is; what nothing is sent for is left out.
func narrow(changes []plan.Change, s resource.Numbers) (out []plan.Change) {
	retried := map[string]bool{} // uploads, which are tried again as a whole: other changes may have numbers in them
	for i := range changes {
		if c := &changes[i]; c.Op == plan.Retry && len(numbersOf(c).And(s)) > 0 {
			retried[c.Ticket] = true
		}
	}
	for _, c := range changes {
		all, ok := c.Items.(resource.Numbers)
		if !ok {
			out = append(out, c)
			continue
		}
		asked := all.And(s)
		switch {
		case c.Op == plan.Retry && retried[c.Ticket]:
		case len(asked) == 0 || c.Op == plan.Adopt:
			continue
		default:
			c.Items = asked
		}
		out = append(out, c)
	}
	return out
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
	var out []plan.Outcome
	for _, o := range r.Outcomes {
		if settled(&o, again) {
			out = append(out, o)
		}
	}
	r.Outcomes = append(out, again...)
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
	o.Unknown, o.Error, o.Err = nil, "", nil
	if o.Items = left; len(left) == 0 {
		return false
	}
	if failed, _ := o.Failed.(resource.Numbers); len(failed) == 0 {
		o.Status = plan.Submitted
	} else {
		o.Status = plan.Failed
	}
	return true
}
