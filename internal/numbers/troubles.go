package numbers

import (
	"slices"
	"time"

	"telnyxsync/internal/resource"
)

// trouble is what is to be remembered of a number that failed, were it tried again.
func (p *planner) trouble(n resource.Number, o *resource.Order, e Event) resource.Trouble {
	t := resource.Trouble{Number: n, Target: o.Target, Op: o.Op, Attempts: 1, At: p.in.Now}
	if t.Op == resource.OrderRetry {
		t.Op = resource.OrderUpload
	}
	if t.Op == resource.OrderUpload && e != Lapsed && !Followed(o) { // what did not fail in an upload of ours is not retried with it
		t.Ticket = o.Ticket
	}
	if old := p.troubles[n]; old != nil && old.Target == t.Target && old.Op == t.Op {
		t.Attempts = old.Attempts + 1
	}
	t.Next = p.in.Now.Add(backoff(p.times, t.Attempts))
	return t
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
			if p.over(t, Edited) {
				end(n)
			}
		}
	}
	s := &p.plan.Settle
	s.Troubles = slices.DeleteFunc(s.Troubles, func(t resource.Trouble) bool { return p.troubles[t.Number] == nil })
	slices.Sort(s.EndTroubles)
}

// ending is what the numbers of an order have in common that ended so.
type ending struct {
	order, how string
	why        cause
}

// ended takes down how it ended for one number, together with those for which it ended so too.
func (p *planner) ended(o *resource.Order, n resource.Number, how string, why cause) {
	one := resource.Numbers{{From: n, To: n}}
	k := ending{o.ID, how, why}
	if i, known := p.endings[k]; known {
		e := &p.plan.Settle.Ended[i]
		e.Numbers = e.Numbers.Plus(one)
		return
	}
	if p.endings == nil {
		p.endings = map[ending]int{}
	}
	p.endings[k] = len(p.plan.Settle.Ended)
	p.plan.Settle.Ended = append(p.plan.Settle.Ended, Ended{Order: *o, Numbers: one, How: how, Reason: p.reason(why)})
}

// moves is how often a move is sent that never shows.
const moves = 3

// most is how many attempts an operation has.
func (p *planner) most(op string, e Event) int {
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
	sent := row{state: Submitted, order: o}
	for n := range o.Numbers.All() {
		why, isNamed := named[n]
		switch {
		case isNamed:
			p.step(sent, n, Permanent, "", cause{code: CodeRefused, text: clip(why)})
		case len(named) == 0:
			p.step(sent, n, Transient, "", cause{code: CodeRefused, text: clip(reason)})
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
