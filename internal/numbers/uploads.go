package numbers

import (
	"slices"

	"telnyxsync/internal/resource"
)

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

// inUpload is the unfinished upload of a connection that has a number; "" where none has.
func (p *planner) inUpload(connection string, n resource.Number) (ticket string, ok bool) {
	uploads, ok := p.uploads(connection)
	if !ok {
		return "", false
	}
	index := p.uploadsOf[connection]
	if index == nil {
		index = map[resource.Number]string{}
		for i := range uploads {
			for _, e := range uploads[i].Entries {
				if unfinished(&uploads[i]) && e.Status != resource.UploadSuccess && e.Status != resource.UploadError {
					index[e.Number] = uploads[i].Ticket
				}
			}
		}
		p.uploadsOf[connection] = index
	}
	return index[n], true
}

// coming is the verdict on a number that an unfinished upload of a connection may have.
func (p *planner) coming(connection string, n resource.Number) (verdict, bool) {
	ticket, ok := p.inUpload(connection, n)
	switch r := p.in.Facts.Uploads[connection]; {
	case !ok && r.Err != nil:
		return verdict{op: Unread, why: "what is being uploaded could not be read: " + r.Err.Error()}, true
	case !ok:
		return verdict{op: Wait, why: "what is being uploaded was not read yet"}, true
	case ticket != "":
		p.follow(connection, ticket)
		return verdict{op: Wait, ticket: ticket, why: "it is being uploaded (ticket " + ticket + "), which was not begun here"}, true
	}
	return verdict{}, false
}

// follow takes up an upload that somebody else began. Its target is where it goes, whatever is wanted.
func (p *planner) follow(connection, ticket string) {
	id := "upload " + ticket
	if slices.ContainsFunc(p.plan.Settle.Orders, func(o resource.Order) bool { return o.ID == id }) {
		return
	}
	var wanted resource.Numbers
	for i := range p.in.Groups {
		wanted = wanted.Plus(p.in.Groups[i].Wanted)
	}
	uploads, _ := p.uploads(connection)
	for i := range uploads {
		if u := &uploads[i]; u.Ticket == ticket {
			o := resource.Order{
				ID: id, Op: resource.OrderUpload, Target: resource.Target{Connection: connection, Location: u.Entries[0].Location}, Ticket: ticket, At: p.in.Now,
				Numbers: OnWay(u).And(wanted),
			}
			p.plan.Settle.Orders = append(p.plan.Settle.Orders, o)
			p.open = append(p.open, o)
			p.lookAt(p.poll(o.At))
		}
	}
}
