package numbers

import (
	"fmt"
	"slices"
	"time"

	"telnyxsync/internal/resource"
)

// trouble takes down that something went wrong with a number: when it is tried again, or that it is not.
func (p *planner) trouble(n resource.Number, o *resource.Order, e Event, code, reason string) {
	t := resource.Trouble{
		Number: n, Target: o.Target, Op: o.Op, Code: code, Reason: clip(reason), Attempts: 1, At: p.in.Now,
	}
	if t.Op == resource.OrderRetry {
		t.Op = resource.OrderUpload
	}
	switch {
	case t.Op != resource.OrderUpload, e == Lapsed: // what did not fail in an upload is not retried with it
	case !Followed(o):
		t.Ticket = o.Ticket
	case e == Permanent: // somebody else's upload may go to another place, and is not for us to retry: ours has not failed yet
		e = Transient
	}
	if old := p.troubles[n]; old != nil && old.Target == t.Target && old.Op == t.Op {
		t.Attempts = old.Attempts + 1
	}
	state := Following
	if e == Lapsed {
		state = Arriving
	}
	if t.Attempts >= p.attempts(t.Op, e) {
		e = Exhausted
	}
	if next(state, e) == Failed {
		t.Next = p.in.Now.Add(backoff(p.times, t.Attempts))
	} else if e == Exhausted {
		t.Reason = clip(fmt.Sprintf("it failed %d times, the last time with: %s", t.Attempts, reason))
	}
	p.troubles[n] = &t
	p.plan.Settle.Troubles = append(p.plan.Settle.Troubles, t)
	how := "failed"
	if t.Parked() {
		how = "parked"
	}
	p.ended(o, n, how, t.Reason)
}

// void ends the troubles of numbers of which something else is wanted now, or nothing any more.
func (p *planner) void() {
	if len(p.troubles) == 0 {
		return
	}
	end := func(n resource.Number) {
		delete(p.troubles, n)
		p.plan.Settle.EndTroubles = append(p.plan.Settle.EndTroubles, n)
	}
	for n, t := range p.troubles {
		edited := func(g Group) bool { return g.Wanted.Has(n) && t.Target != g.Target }
		if p.in.Left.Has(n) || slices.ContainsFunc(p.in.Groups, edited) {
			_ = next(stateOf(t), Edited)
			end(n)
		}
	}
	s := &p.plan.Settle
	s.Troubles = slices.DeleteFunc(s.Troubles, func(t resource.Trouble) bool { return p.troubles[t.Number] == nil })
	slices.Sort(s.EndTroubles)
}

func stateOf(t *resource.Trouble) State {
	if t.Parked() {
		return ParkedSt
	}
	return Failed
}

// ended takes down how it ended for one number, together with those for which it ended so too.
func (p *planner) ended(o *resource.Order, n resource.Number, how, why string) {
	for i := range p.plan.Settle.Ended {
		if e := &p.plan.Settle.Ended[i]; e.Order.ID == o.ID && e.How == how && e.Why == why {
			e.Numbers = e.Numbers.Plus(resource.Numbers{{From: n, To: n}})
			return
		}
	}
	p.plan.Settle.Ended = append(p.plan.Settle.Ended, Ended{Order: *o, Numbers: resource.Numbers{{From: n, To: n}}, How: how, Why: why})
}

// moves is how often a move is sent that never shows.
const moves = 3

func (p *planner) attempts(op string, e Event) int {
	if op == resource.OrderRelocate && e == Lapsed {
		return moves
	}
	return p.times.Attempts
}

// backoff is how long to wait after so many failures.
func backoff(t Times, attempts int) time.Duration {
	d := t.RetryBase
	for range attempts - 1 {
		if d *= 2; d >= t.RetryCap {
			break
		}
	}
	return min(d, t.RetryCap)
}

// clip keeps a text from outside to what a line bears.
func clip(s string) string {
	if r := []rune(s); len(r) > 300 {
		return string(r[:300]) + "…"
	}
	return s
}

// Refused is what to remember of numbers that Telnyx refused when they were sent: which of them are
// not tried again as they are, by the reasons that it gave for single ones, and when the others are.
func Refused(o resource.Order, before []resource.Trouble, named map[resource.Number]string, reason string, times Times, now time.Time) (out []resource.Trouble) {
	p := planner{times: times.filled(), troubles: map[resource.Number]*resource.Trouble{}}
	p.in.Now = now
	for i := range before {
		p.troubles[before[i].Number] = &before[i]
	}
	o.Ticket = ""
	for n := range o.Numbers.All() {
		why, isNamed := named[n]
		switch {
		case isNamed:
			p.trouble(n, &o, Permanent, "", why)
		case len(named) == 0:
			p.trouble(n, &o, Transient, "", reason)
		}
	}
	return p.plan.Settle.Troubles
}

// Later is what to remember of numbers that Telnyx is not ready for: they are tried again after a while,
// and that does not count as a failure.
func Later(s resource.Numbers, before []resource.Trouble, times Times, now time.Time) (out []resource.Trouble) {
	for _, t := range before {
		if s.Has(t.Number) && !t.Parked() {
			t.Next = now.Add(times.filled().RetryBase)
			out = append(out, t)
		}
	}
	return out
}

// Anew is what to remember of numbers whose upload Telnyx does not retry: they are uploaded anew.
func Anew(s resource.Numbers, before []resource.Trouble, now time.Time) (out []resource.Trouble) {
	for _, t := range before {
		if s.Has(t.Number) && !t.Parked() {
			t.Ticket, t.Next = "", now
			out = append(out, t)
		}
	}
	return out
}
