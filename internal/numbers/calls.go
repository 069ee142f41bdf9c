package numbers

import (
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// Work is what a change of phone numbers needs to be carried out: [plan.Change.Do].
type Work struct {
	Target  resource.Target
	Waits   resource.Addr // the connection that is to be made first, while Target has none; else zero
	decided *Plan
}

// Work is that of a verdict on a group of the plan.
func (p *Plan) Work(g *Group) *Work { return &Work{g.Target, g.Waits, p} }

// Calls gathers what is to be sent for the changes of phone numbers among some, in their order: numbers of several
// groups that go to one place go there together, as many at a time as Telnyx takes. Guards come before: what is
// withheld is in no call.
func Calls(changes []plan.Change) (calls []plan.Call) {
	type key struct {
		op     plan.Op
		target resource.Target
		waits  resource.Addr
		ticket string
	}
	gathered := map[key]*gathering{}
	var order []key
	for i := range changes {
		c := &changes[i]
		w, ours := c.Do.(*Work)
		if !ours || c.Op == plan.Adopt {
			continue
		}
		k := key{c.Op, w.Target, w.Waits, c.Ticket}
		g := gathered[k]
		if g == nil {
			g = &gathering{Batch: Batch{Op: Op(c.Op), Target: w.Target, Waits: w.Waits, Ticket: c.Ticket}, decided: w.decided}
			gathered[k] = g
			order = append(order, k)
		}
		s, _ := c.Items.(resource.Numbers)
		g.Numbers = g.Numbers.Plus(s)
		g.from = append(g.from, i)
	}
	for _, k := range order {
		g := gathered[k]
		g.Place, g.Seen = g.decided.places[k.target], g.decided.tickets[k.target.Connection]
		for _, b := range g.split(g.decided.ids) {
			calls = append(calls, b.call(changes, g.from))
		}
	}
	return calls
}

// gathering is a batch of any size, with the changes that it is made of.
type gathering struct {
	Batch
	decided *Plan
	from    []int
}

// call is a batch as a call, with those of some changes that have numbers in it.
func (b *Batch) call(changes []plan.Change, from []int) plan.Call {
	call := plan.Call{Op: plan.Op(b.Op), Items: b.Numbers, Cost: 1, Do: b}
	if b.Op == Relocate {
		call.Cost = b.Numbers.Len()
	}
	for _, i := range from {
		if s, _ := changes[i].Items.(resource.Numbers); len(s.And(b.Numbers)) > 0 {
			call.Changes = append(call.Changes, i)
		}
	}
	return call
}

// split makes batches of what one call takes; a retry is one as it is.
func (b *Batch) split(ids map[resource.Number]string) (out []*Batch) {
	if b.Op == Retry {
		return []*Batch{b}
	}
	part := *b
	part.Numbers = nil
	for n := range b.Numbers.All() {
		part.Numbers.Add(n)
		if part.IDs = append(part.IDs, ids[n]); len(part.IDs) == MaxBatch {
			full := part
			out = append(out, &full)
			part.Numbers, part.IDs = nil, nil
		}
	}
	if len(part.IDs) > 0 {
		out = append(out, &part)
	}
	return out
}
