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
		p.happen(o, arrived, Listed, cause{})
		p.takenAway(o)
		return
	}
	u, err := p.ticket(Ticket{c, o.Ticket})
	switch {
	case err != nil:
		return
	case u == nil:
		p.happen(o, arrived, Listed, cause{})
		p.happen(o, o.Numbers, Gone, cause{code: CodeUploadGone, ticket: o.Ticket})
		return
	}
	var failed, done resource.Numbers
	going := false
	entries, before := entriesOf(u), orderRow(o)
	for n := range o.Numbers.All() {
		// A retry under the same ticket may leave numbers on Teams that were there before: the entry tells.
		e, why := entryEvent(u, entries[n])
		if e == Odd && p.past(o.At, p.times.UploadDeadline) {
			e = Late
		}
		switch p.step(before, n, e, entries[n].codeOf(u), why) {
		case Arriving:
			done.Add(n)
		case Failed, ParkedSt:
			failed.Add(n)
		default:
			going = true
		}
	}
	if len(failed) > 0 {
		o.Numbers = o.Numbers.Minus(failed)
	}
	if !going { // an order has one state: as long as some of it is going, the others are asked for again
		p.happen(o, o.Numbers, Succeeded, cause{})
	}
	p.happen(o, done.And(arrived), Listed, cause{})
}

// takenAway looks for numbers that were uploaded and will never be listed, as they are not on the connection
// any more.
func (p *planner) takenAway(o *resource.Order) {
	if !p.past(o.At, p.times.ChangeDeadline) {
		return // the list may be behind
	}
	var gone resource.Numbers
	for n := range o.Numbers.All() {
		if a, owned, ok := p.account(n); ok && (!owned || a.Connection != o.Target.Connection) {
			gone.Add(n)
		}
	}
	p.happen(o, gone, Lapsed, cause{code: CodeTakenAway, ticket: o.Ticket})
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
func entryEvent(u *resource.Upload, e *entry) (Event, cause) {
	finished := u.Status == resource.UploadSuccess || u.Status == resource.UploadPartial || u.Status == resource.UploadError
	switch {
	case e == nil && finished:
		return Transient, cause{code: CodeLeftOutOfUpload, ticket: u.Ticket}
	case e == nil:
		return Going, cause{}
	case e.Status == resource.UploadSuccess:
		return Succeeded, cause{}
	case e.Status == resource.UploadError:
		return failure(e.Code), cause{code: CodeUploadEntryFailed, label: clip(e.Code), text: clip(e.Message)}
	case u.Status == resource.UploadError:
		return Transient, cause{code: CodeUploadFailed, label: clip(u.Code), text: clip(u.Message)}
	}
	return Going, cause{}
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
			r := orderRow(o)
			r.order.Ticket, r.order.Numbers = u.Ticket, o.Numbers.Plus(OnWay(u))
			r, err := transition(r, Found)
			if err != nil {
				p.hold(o.Numbers, err)
				return false
			}
			*o = r.order
			return true
		}
	}
	r, err := transition(orderRow(o), NotFound)
	if err != nil {
		p.hold(o.Numbers, err)
		return false
	}
	p.lost, o.Numbers = p.lost.Plus(o.Numbers), r.order.Numbers
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
		return verdict{op: Unread, cause: cause{code: CodeUploadsUnread, text: r.Err.Error()}}, true
	case !ok:
		return verdict{op: Wait, cause: cause{code: CodeUploadsNotRead}}, true
	case ticket != "":
		p.follow(connection, ticket)
		return verdict{op: Wait, cause: cause{code: CodeUploadOfOthers, ticket: ticket}}, true
	}
	return verdict{}, false
}

// follow takes up an upload that somebody else began. Its target is where it goes, whatever is wanted.
func (p *planner) follow(connection, ticket string) {
	id := followedID(ticket)
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
			r := row{state: Idle, order: resource.Order{
				ID: id, Op: resource.OrderUpload, Target: resource.Target{Connection: connection, Location: u.Entries[0].Location}, At: p.in.Now,
				Numbers: OnWay(u).And(wanted),
			}}
			p.take(r, ticket)
		}
	}
}

// take takes up numbers that were sent by somebody, and found in an upload at once.
func (p *planner) take(r row, ticket string) {
	s := r.order.Numbers
	r, err := transition(r, Sent)
	if err == nil {
		r.order.Ticket = ticket
		r, err = transition(r, Found)
	}
	if err != nil {
		p.hold(s, err)
		return
	}
	p.plan.Settle.Orders = append(p.plan.Settle.Orders, r.order)
	p.open = append(p.open, r.order)
	p.lookAt(p.poll(r.order.At))
}
