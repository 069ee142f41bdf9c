package numbers

import (
	"fmt"
	"slices"
	"time"

	"telnyxsync/internal/resource"
)

// settle takes every order as far as what was read allows: numbers that have arrived leave it, those
// that failed become troubles, and one without numbers is over.
func (p *planner) settle() {
	for _, o := range slices.SortedFunc(slices.Values(p.in.Orders), func(a, b resource.Order) int { return a.At.Compare(b.At) }) {
		before := o
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
		if !o.Numbers.Equal(before.Numbers) || o.Ticket != before.Ticket || o.Settled != before.Settled {
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

// uploaded follows an upload or a retry of one.
func (p *planner) uploaded(o *resource.Order) {
	c := o.Target.Connection
	list, ok := p.onTeams(c)
	if !ok {
		return // as long as nobody can say otherwise it is on its way
	}
	arrived := p.arrived(list, o.Numbers, func(l *resource.LiveNumber) bool { return l.Location != "" || l.CivicAddress != "" })
	if !o.Settled && o.Ticket == "" && !p.find(o) {
		return
	}
	if o.Settled {
		p.leave(o, arrived, Arriving, Listed, "")
		p.takenAway(o)
		return
	}
	u, err := p.ticket(Ticket{c, o.Ticket})
	switch {
	case err != nil:
		return
	case u == nil:
		p.leave(o, arrived, Following, Listed, "")
		p.leave(o, o.Numbers, Following, Gone, "Telnyx no longer knows the upload "+o.Ticket)
		return
	}
	var failed, done resource.Numbers
	going := false
	entries := entriesOf(u)
	for n := range o.Numbers.All() {
		// A retry under the same ticket may leave numbers on Teams that were there before: the entry tells.
		e, reason := entryEvent(u, entries[n])
		if e == Odd && p.in.Now.Sub(o.At) > p.times.UploadDeadline {
			e = Late
		}
		switch st := next(Following, e); st {
		case Arriving:
			done.Add(n)
		case Failed, ParkedSt:
			p.trouble(n, o, e, entries[n].codeOf(u), reason)
			failed.Add(n)
		default:
			going = true
		}
	}
	o.Settled = !going
	if len(failed) > 0 {
		o.Numbers = o.Numbers.Minus(failed)
	}
	p.leave(o, done.And(arrived), Arriving, Listed, "")
}

// takenAway looks for numbers that were uploaded and will never be listed, as they are not on the connection
// any more.
func (p *planner) takenAway(o *resource.Order) {
	if p.in.Now.Sub(o.At) <= p.times.ChangeDeadline {
		return // the list may be behind
	}
	var gone resource.Numbers
	for n := range o.Numbers.All() {
		if a, owned, ok := p.account(n); ok && (!owned || a.Connection != o.Target.Connection) {
			p.trouble(n, o, Lapsed, "", "it was uploaded (ticket "+o.Ticket+"), and then taken from the connection")
			gone.Add(n)
		}
	}
	o.Numbers = o.Numbers.Minus(gone)
}

// entry is an entry of an upload; nil where a number has none.
type entry resource.UploadEntry

func (e *entry) codeOf(u *resource.Upload) string {
	if e == nil || e.Code == "" {
		return u.Code
	}
	return e.Code
}

func entriesOf(u *resource.Upload) map[resource.Number]*entry {
	out := make(map[resource.Number]*entry, len(u.Entries))
	for i := range u.Entries {
		out[u.Entries[i].Number] = (*entry)(&u.Entries[i])
	}
	return out
}

// entryEvent is what an entry says of its number. A failure of the upload as a whole is that of each
// entry that has not succeeded; what Microsoft calls it is free text, and says nothing of whether it
// can pass.
func entryEvent(u *resource.Upload, e *entry) (Event, string) {
	finished := u.Status == resource.UploadSuccess || u.Status == resource.UploadPartial || u.Status == resource.UploadError
	switch {
	case e == nil && finished:
		return Transient, "the upload " + u.Ticket + " ended without it"
	case e == nil:
		return Going, ""
	case e.Status == resource.UploadSuccess:
		return Succeeded, ""
	case e.Status == resource.UploadError:
		return failure(e.Code), reasonOf(e.Code, e.Message)
	case u.Status == resource.UploadError:
		return Transient, reasonOf(u.Code, u.Message)
	}
	return Going, ""
}

func reasonOf(code, message string) string {
	switch {
	case code == "" && message == "":
		return "Telnyx gives no reason"
	case code == "":
		return message
	case message == "":
		return code
	}
	return code + ": " + message
}

// find looks for the ticket of an upload whose answer was lost: one that was not there before and holds
// all of its numbers. It is false as long as there is none; then the numbers are free again.
func (p *planner) find(o *resource.Order) bool {
	uploads, ok := p.uploads(o.Target.Connection)
	if !ok {
		return false
	}
	for i := range uploads {
		u := &uploads[i]
		// A retry may go on under the same ticket, and be over by now: then something of it has not failed again.
		again := u.Ticket == o.Retried && (unfinished(u) || len(o.Numbers.Minus(numbersOf(u, hasFailed))) > 0)
		if !again && slices.Contains(o.Seen, u.Ticket) {
			continue
		}
		if len(o.Numbers.Minus(numbersOf(u, nil))) == 0 {
			o.Ticket, o.Numbers = u.Ticket, o.Numbers.Plus(OnWay(u))
			_ = next(Submitted, Found)
			return true
		}
	}
	_ = next(Submitted, NotFound)
	p.lost = p.lost.Plus(o.Numbers)
	o.Numbers = nil
	return false
}

func unfinished(u *resource.Upload) bool {
	return u.Status != resource.UploadSuccess && u.Status != resource.UploadPartial && u.Status != resource.UploadError
}

// numbersOf are the numbers of an upload's entries, or of those that fit.
func numbersOf(u *resource.Upload, fits func(e *resource.UploadEntry) bool) resource.Numbers {
	ranges := make([]resource.Range, 0, len(u.Entries))
	for i := range u.Entries {
		if e := &u.Entries[i]; e.Number != 0 && (fits == nil || fits(e)) {
			ranges = append(ranges, resource.Range{From: e.Number, To: e.Number})
		}
	}
	return resource.NumbersOf(ranges...)
}

// OnWay are the numbers of an upload that it has not finished with. A retry holds all that failed before,
// those too that are parked.
func OnWay(u *resource.Upload) resource.Numbers {
	return numbersOf(u, func(e *resource.UploadEntry) bool { return !hasFailed(e) && e.Status != resource.UploadSuccess })
}

func hasFailed(e *resource.UploadEntry) bool { return e.Status == resource.UploadError }

// assigned follows a job that puts numbers on a connection.
func (p *planner) assigned(o *resource.Order) {
	lapsed := p.in.Now.Sub(o.At) > p.times.ChangeDeadline
	if o.Ticket != "" && !o.Settled {
		job, err := p.job(o.Ticket)
		if err != nil {
			return
		}
		if job != nil {
			var failed resource.Numbers
			for n := range o.Numbers.All() {
				if why, bad := job.Failed[n]; bad {
					p.trouble(n, o, Transient, "", why)
					failed.Add(n)
				}
			}
			o.Numbers = o.Numbers.Minus(failed)
			switch job.Status {
			case "completed", "failed", "expired":
			default:
				return // none of the rest needs to be looked up before it is done
			}
		}
		o.Settled = true // what it has done is seen in the account
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
	p.leave(o, arrived, Arriving, Listed, "")
	switch {
	case !lapsed || unknown:
	case o.Ticket == "":
		p.leave(o, o.Numbers, Submitted, Lapsed, "nothing came of an assignment whose answer was lost")
	default:
		for n := range o.Numbers.All() {
			p.trouble(n, o, Lapsed, "", "the job "+o.Ticket+" has ended, and the number is not on the connection")
		}
		o.Numbers = nil
	}
}

// relocated follows numbers that are being moved to another location.
func (p *planner) relocated(o *resource.Order) {
	list, ok := p.onTeams(o.Target.Connection)
	if !ok {
		return
	}
	there := p.arrived(list, o.Numbers, func(l *resource.LiveNumber) bool { return p.inPlace(l, o.Target) })
	p.leave(o, there, Arriving, Listed, "")
	if p.in.Now.Sub(o.At) <= p.times.ChangeDeadline {
		return
	}
	for n := range o.Numbers.All() {
		p.trouble(n, o, Lapsed, "", fmt.Sprintf("Telnyx took the move of %s, and it is still where it was", o.At.UTC().Format(time.RFC3339)))
	}
	o.Numbers = nil
}

// leave takes numbers out of an order.
func (p *planner) leave(o *resource.Order, gone resource.Numbers, from State, e Event, why string) {
	gone = gone.And(o.Numbers)
	if len(gone) == 0 {
		return
	}
	_ = next(from, e)
	how := "done"
	if e != Listed {
		how = "failed"
	}
	p.plan.Settle.Ended = append(p.plan.Settle.Ended, Ended{Order: *o, Numbers: gone, How: how, Why: why})
	o.Numbers = o.Numbers.Minus(gone)
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
