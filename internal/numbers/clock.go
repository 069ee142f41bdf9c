package numbers

import "time"

// longAgo is how long ago nothing was begun that is still on its way: what seems to was begun by a clock that was behind.
const longAgo = 365 * 24 * 60 * time.Minute

// past tells whether a time is up for something that was begun. By clocks that differ it never is: numbers that are let
// go, or parked, by a wrong one would be sent twice, or not any more.
func (p *planner) past(begun time.Time, most time.Duration) bool {
	return !p.in.ClocksApart && p.in.Now.Sub(begun) > most
}

// begun is when something was begun. What was begun in the future, or ages ago, was so by a clock that was off: it counts
// from now on, so that it waits no longer than all else, and no time is up early.
func (p *planner) begun(at time.Time) time.Time {
	if p.in.ClocksApart {
		return at
	}
	if at.After(p.in.Now) || p.in.Now.Sub(at) > max(longAgo, 2*p.times.UploadDeadline, 2*p.times.ChangeDeadline) {
		return p.in.Now
	}
	return at
}

// capRetries mends retries that were put off by a clock that was ahead: none is further away than a failure of now would
// put it.
func (p *planner) capRetries() {
	if p.in.ClocksApart {
		return
	}
	for i := range p.in.Troubles {
		t := p.in.Troubles[i]
		ahead := t.At.After(p.in.Now) && t.Next.After(p.in.Now)
		if t.Parked() || !ahead && !t.Next.After(p.in.Now.Add(p.times.RetryCap)) {
			continue
		}
		t.At = p.begun(t.At)
		if most := p.in.Now.Add(backoff(p.times, t.Attempts)); t.Next.After(most) {
			t.Next = most
		}
		p.troubles[t.Number] = &t
		p.plan.Settle.Troubles = append(p.plan.Settle.Troubles, t)
	}
}
