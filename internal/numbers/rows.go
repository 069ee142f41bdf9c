package numbers

import (
	"errors"
	"slices"

	"telnyxsync/internal/resource"
)

// happen is what an event does to some numbers of an order: they leave it, or all of it goes on in another state.
func (p *planner) happen(o *resource.Order, s resource.Numbers, e Event, why cause) {
	if s = s.And(o.Numbers); len(s) == 0 {
		return
	}
	r, err := transition(orderRow(o), e)
	switch {
	case err != nil:
		p.hold(s, err)
	case r.state == Idle:
		how := "done"
		if e != Listed {
			how = "failed"
		}
		p.plan.Settle.Ended = append(p.plan.Settle.Ended, Ended{Order: *o, Numbers: s, How: how, Reason: p.reason(why)})
		o.Numbers = o.Numbers.Minus(s)
	case r.state == Failed || r.state == ParkedSt:
		p.failAll(o, s, e, func(resource.Number) cause { return why })
	default:
		*o = r.order
	}
}

// failAll is what an event does to numbers of an order that each fail by it: they leave it, with troubles of their own.
func (p *planner) failAll(o *resource.Order, s resource.Numbers, e Event, why func(n resource.Number) cause) {
	var gone resource.Numbers
	for n := range s.All() {
		if st := p.step(orderRow(o), n, e, "", why(n)); st == Failed || st == ParkedSt {
			gone.Add(n)
		}
	}
	o.Numbers = o.Numbers.Minus(gone)
}

// step is what an event does to a single number of an order, and the state in which it is then. Where it has failed,
// that is remembered: when it is tried again, or that it is not.
func (p *planner) step(r row, n resource.Number, e Event, code string, why cause) State {
	o := r.order
	if e.fails() {
		if Followed(&o) && e == Permanent { // it may go to another place, and is not for us to retry: ours has not failed yet
			e = Transient
		}
		r.trouble = p.trouble(n, &o, e)
		if r.trouble.Attempts >= p.most(r.trouble.Op, e) {
			why = cause{code: CodeExhausted, count: r.trouble.Attempts, inner: p.keep(p.reason(why))}
			e = Exhausted
		}
	}
	r, err := transition(r, e)
	if err != nil {
		p.hold(resource.Numbers{{From: n, To: n}}, err)
		return r.state
	}
	if r.state == Failed || r.state == ParkedSt {
		t := r.trouble
		t.Code, t.Reason = code, p.reason(why)
		p.troubles[n] = &t
		p.plan.Settle.Troubles = append(p.plan.Settle.Troubles, t)
		how := "failed"
		if r.state == ParkedSt {
			how = "parked"
		}
		p.ended(&o, n, how, why)
	}
	return r.state
}

// over tells whether an event ends what is remembered of a number that failed.
func (p *planner) over(t *resource.Trouble, e Event) bool {
	r, err := transition(troubleRow(t), e)
	if err != nil {
		p.hold(resource.Numbers{{From: t.Number, To: t.Number}}, err)
		return false
	}
	return r.state == Idle
}

// hold takes down that something happened to numbers that cannot happen. What is remembered of them stays as it is, and
// a person has to look.
func (p *planner) hold(s resource.Numbers, err error) {
	c := cause{code: CodeImpossibleEvent}
	if i := (*impossible)(nil); errors.As(err, &i) {
		c.label, c.text = string(i.state), string(i.event)
	}
	if p.held == nil {
		p.held = map[resource.Number]cause{}
	}
	for n := range s.All() {
		p.held[n] = c
	}
}

// confuse says of the numbers that are held nothing else than that.
func (p *planner) confuse(g *group) {
	var held []resource.Number
	for n := range p.held {
		if g.Wanted.Has(n) {
			held = append(held, n)
		}
	}
	slices.Sort(held)
	for _, n := range held {
		for v, s := range g.verdicts {
			if rest := s.Minus(resource.Numbers{{From: n, To: n}}); len(rest) == 0 {
				delete(g.verdicts, v)
			} else {
				*s = rest
			}
		}
	}
	for _, n := range held {
		g.add(n, verdict{op: Confused, cause: p.held[n]})
	}
}
