package numbers

import (
	"slices"
	"time"

	"telnyxsync/internal/resource"
)

// settle takes every order as far as what was read allows: numbers that have arrived leave it, those
// that failed become troubles, and one without numbers is over.
func (p *planner) settle() {
	for _, o := range slices.SortedFunc(slices.Values(p.in.Orders), func(a, b resource.Order) int { return a.At.Compare(b.At) }) {
		before := o
		o.At = p.begun(o.At)
		switch o.Op {
		case resource.OrderAssign:
			p.assigned(&o)
		case resource.OrderRelocate:
			p.relocated(&o)
		default:
			p.uploaded(&o)
		}
		if len(o.Numbers) == 0 {
			p.plan.Settle.EndOrders = append(p.plan.Settle.EndOrders, o.ID)
			continue
		}
		if !o.Numbers.Equal(before.Numbers) || o.Ticket != before.Ticket || o.Settled != before.Settled || !o.At.Equal(before.At) {
			p.plan.Settle.Orders = append(p.plan.Settle.Orders, o)
		}
		p.open = append(p.open, o)
	}
	for i := range p.open {
		p.lookAt(p.poll(p.open[i].At))
	}
}

// poll is when something that was begun at a time is to be looked at again: the older, the rarer.
func (p *planner) poll(at time.Time) time.Time {
	return p.in.Now.Add(min(max(p.in.Now.Sub(at)/4, p.times.Poll), maxPoll))
}

// assigned follows a job that puts numbers on a connection.
func (p *planner) assigned(o *resource.Order) {
	lapsed := p.past(o.At, p.times.ChangeDeadline)
	if o.Ticket != "" && !o.Settled {
		job, err := p.job(o.Ticket)
		if err != nil {
			return
		}
		if job != nil {
			var failed resource.Numbers
			for n := range o.Numbers.All() {
				if _, bad := job.Failed[n]; bad {
					failed.Add(n)
				}
			}
			p.failAll(o, failed, Transient, func(n resource.Number) cause {
				return cause{code: CodeJobEntryFailed, text: clip(job.Failed[n])}
			})
			switch job.Status {
			case "completed", "failed", "expired":
			default:
				return // none of the rest needs to be looked up before it is done
			}
		}
		p.happen(o, o.Numbers, Succeeded, cause{}) // what it has done is seen in the account
	}
	var arrived resource.Numbers
	unknown := false
	for n := range o.Numbers.All() {
		switch a, owned, ok := p.account(n); {
		case !ok:
			unknown = true
		case !owned || a.Connection == o.Target.Connection:
			arrived.Add(n)
		}
	}
	p.happen(o, arrived, Listed, cause{})
	switch {
	case !lapsed || unknown:
	case o.Ticket == "":
		p.happen(o, o.Numbers, Lapsed, cause{code: CodeAssignmentLost})
	default:
		p.happen(o, o.Numbers, Lapsed, cause{code: CodeJobWithoutEffect, ticket: o.Ticket})
	}
}

// relocated follows numbers that are being moved to another location.
func (p *planner) relocated(o *resource.Order) {
	list, ok := p.onTeams(o.Target.Connection)
	if !ok {
		return
	}
	there := p.arrived(list, o.Numbers, func(l *resource.LiveNumber) bool { return p.inPlace(l, o.Target) })
	p.happen(o, there, Listed, cause{})
	if p.past(o.At, p.times.ChangeDeadline) {
		p.happen(o, o.Numbers, Lapsed, cause{code: CodeMoveWithoutEffect, at: seconds(o.At)})
	}
}

// arrived are the numbers that a connection's list shows as they are wanted.
func (p *planner) arrived(list []resource.LiveNumber, of resource.Numbers, wanted func(l *resource.LiveNumber) bool) (out resource.Numbers) {
	walk(of, list, func(n resource.Number, l *resource.LiveNumber) {
		if l != nil && wanted(l) {
			out.Add(n)
		}
	})
	return out
}
