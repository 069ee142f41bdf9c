package numbers

import (
	"errors"
	"strings"
	"time"

	"telnyxsync/internal/resource"
)

// verdict is one on a single number; those that are alike become a [Verdict].
type verdict struct {
	op Op
	cause
	inDoubt bool
	drift   bool
}

// group is a group that is being decided.
type group struct {
	*Group
	out      *Decided
	verdicts map[verdict]*resource.Numbers
	place    string   // the location to move numbers to
	wrong    *verdict // why nothing is written to the target
	looked   bool
}

func (g *group) add(n resource.Number, v verdict) {
	s := g.verdicts[v]
	if s == nil {
		s = &resource.Numbers{}
		g.verdicts[v] = s
	}
	s.Add(n)
}

// group decides on each number of a group.
func (p *planner) group(in *Group, out *Decided) *group {
	g := &group{Group: in, out: out, verdicts: map[verdict]*resource.Numbers{}}
	if !in.Target.Placed() {
		p.assignOnly(g)
		return g
	}
	var list []resource.LiveNumber
	if c := in.Target.Connection; c != "" {
		r := p.in.Facts.OnTeams[c]
		var ok bool
		if list, ok = p.onTeams(c); !ok {
			out.Err = r.Err
			return g
		}
	}
	walk(in.Wanted, list, func(n resource.Number, l *resource.LiveNumber) {
		if l != nil && p.inPlace(l, in.Target) || l != nil && in.AnyPlace && onTeams(l) {
			out.Placed.Add(n)
			return
		}
		g.add(n, p.decide(g, n, l))
	})
	return g
}

func onTeams(l *resource.LiveNumber) bool { return l.Location != "" || l.CivicAddress != "" }

// inPlace tells whether a number is where a target wants it.
func (p *planner) inPlace(l *resource.LiveNumber, t resource.Target) bool {
	if t.Location != "" {
		return l.Location == t.Location
	}
	return t.CivicAddress != "" && l.CivicAddress == t.CivicAddress
}

// assignOnly decides on numbers of which nothing is wanted but their connection.
func (p *planner) assignOnly(g *group) {
	c := g.Target.Connection
	var list []resource.LiveNumber
	if c != "" {
		r, asked := p.in.Facts.Assigned[c]
		if !asked {
			p.plan.Missing.Assigned[c] = true
			return
		}
		if g.out.Err = r.Err; r.Err != nil {
			return
		}
		list = r.Value
	}
	walk(g.Wanted, list, func(n resource.Number, l *resource.LiveNumber) {
		if l != nil {
			g.out.Placed.Add(n)
			return
		}
		if v, over := p.underWay(g, n, nil); over {
			g.add(n, v)
			return
		}
		g.add(n, p.owned(g, n))
	})
}

// decide says what is to be done with a number of Teams that is not in place.
//
//	on its way by an order of ours         wait
//	failed, for this very target           retry, wait until that is due, or parked
//	listed at another place                relocate
//	listed without place, or assigned      upload, unless an unfinished upload of anybody has it: wait
//	on no connection, or another           assign
func (p *planner) decide(g *group, n resource.Number, l *resource.LiveNumber) verdict {
	if v, over := p.underWay(g, n, l); over {
		return v
	}
	switch {
	case l != nil && onTeams(l):
		p.plan.ids[n] = l.ID
		return p.relocate(g, n, l)
	case l != nil:
		p.plan.ids[n] = l.ID
		return p.upload(g, n)
	}
	return p.owned(g, n)
}

// underWay is the verdict on a number that something was sent for, or that failed.
func (p *planner) underWay(g *group, n resource.Number, l *resource.LiveNumber) (verdict, bool) {
	if o := p.order(n, g.Target); o != nil {
		v := verdict{op: Wait, cause: waiting(o)}
		if p.past(o.At, p.times.UploadDeadline) {
			v.op, v.at = Stuck, seconds(o.At)
		}
		return v, true
	}
	t := p.troubles[n]
	moved := l != nil && onTeams(l)
	switch {
	case t == nil || moved != (t.Op == resource.OrderRelocate):
		return verdict{}, false
	case t.Parked():
		return verdict{op: Parked, cause: cause{inner: p.keep(t.Reason)}}, true
	}
	due := t.Next
	r := p.retryOf(t)
	if r != nil {
		due = r.due
	}
	if due.After(p.in.Now) {
		p.lookAt(due)
		return verdict{op: Wait, cause: cause{code: CodeRetryWaits, text: t.Op, inner: p.keep(t.Reason), at: seconds(due)}}, true
	}
	switch ok, err := p.retriable(r); {
	case errors.Is(err, errNotRead):
		return verdict{op: Wait, cause: cause{code: CodeFailureNotRead, ticket: t.Ticket}}, true
	case err != nil:
		return verdict{op: Wait, cause: cause{code: CodeFailureUnread, ticket: t.Ticket, text: err.Error()}}, true
	case !ok || !r.numbers.Has(n):
		return verdict{}, false // it is sent anew
	}
	if _, ok := p.uploads(t.Target.Connection); !ok { // should the answer be lost, those that were there before tell the new one
		return verdict{op: Wait, cause: cause{code: CodeRetryBlocked, ticket: t.Ticket}}, true
	}
	if p.uploadedByOthers(r) {
		return verdict{}, false
	}
	return verdict{op: Retry, cause: cause{code: CodeRetryDue, ticket: t.Ticket, inner: p.keep(t.Reason)}, inDoubt: p.lost.Has(n)}, true
}

func waiting(o *resource.Order) cause {
	c := cause{code: CodeBeingUploaded, ticket: o.Ticket}
	switch {
	case o.Op == resource.OrderRelocate:
		c.code = CodeBeingMoved
	case o.Settled && o.Op != resource.OrderAssign:
		c.code = CodeUploadedUnlisted
	case o.Ticket == "":
		c.code, c.text = CodeAnswerLost, o.Op
	case o.Op == resource.OrderAssign:
		c.code = CodeBeingAssigned
	}
	return c
}

// owned decides on a number by what the account says of it.
func (p *planner) owned(g *group, n resource.Number) verdict {
	a, owned, ok := p.account(n)
	switch {
	case !ok && p.in.Facts.AccountErr != nil:
		return verdict{op: Unread, cause: cause{code: CodeAccountUnread, text: p.in.Facts.AccountErr.Error()}}
	case !ok:
		return verdict{op: Wait, cause: cause{code: CodeNotLookedUp}}
	case !owned:
		return verdict{op: NotOwned, cause: cause{code: CodeNotInAccount}}
	}
	p.plan.ids[n] = a.ID
	c := g.Target.Connection
	switch {
	case a.TollFree && (g.Target.Usage == callingUser || strings.Contains(g.Target.Additional, callingUser)):
		return verdict{op: BadUsage, cause: cause{code: CodeTollFree, text: callingUser}}
	case c != "" && a.Connection == c && !g.Target.Placed():
		return verdict{op: Wait, cause: cause{code: CodeAssignedUnlisted}}
	case c != "" && a.Connection == c:
		return p.upload(g, n)
	}
	drift := drifted(g, n)
	if a.Connection == "" {
		return p.writable(g, verdict{op: Assign, cause: cause{code: CodeOnNoConnection}, drift: drift})
	}
	from, asked := p.in.Facts.Connections[a.Connection]
	if !asked {
		p.plan.Missing.Connections[a.Connection] = true
	}
	on := cause{code: CodeOnConnection, connection: a.Connection, label: from.Value.Label}
	switch {
	case !g.AllowMove:
		on.code, on.flag = CodeMoveNotAllowed, from.Value.Teams
		return verdict{op: Elsewhere, cause: on}
	case from.Err != nil: // whether that releases it from Microsoft Teams is not known
		on.code, on.text = CodeConnectionUnread, from.Err.Error()
		return verdict{op: Unread, cause: on}
	case from.Value.Teams:
		if v, over := p.coming(a.Connection, n); over { // what comes of it there would be lost, and what is sent here refused
			return v
		}
	}
	return p.writable(g, verdict{op: Assign, cause: on, drift: drift})
}

const callingUser = "calling_user_assignment"

// drifted tells whether a number was as its group wants it.
func drifted(g *group, n resource.Number) bool { return g.Had.Has(n) }

func (p *planner) upload(g *group, n resource.Number) verdict {
	if v, over := p.coming(g.Target.Connection, n); over {
		return v
	}
	return p.writable(g, verdict{op: Upload, cause: cause{code: CodeNotOnTeams}, inDoubt: p.lost.Has(n), drift: drifted(g, n)})
}

func (p *planner) relocate(g *group, n resource.Number, l *resource.LiveNumber) verdict {
	return p.writable(g, verdict{op: Relocate, cause: cause{code: CodeAtLocation, text: l.Location}, drift: drifted(g, n)})
}

// writable is a verdict that writes, or why nothing can be written: the connection has to have the place.
func (p *planner) writable(g *group, v verdict) verdict {
	if !g.Target.Placed() || g.Target.Connection == "" {
		return v
	}
	if !g.looked {
		p.lookFor(g)
	}
	switch {
	case g.wrong != nil:
		return *g.wrong
	case v.op == Relocate && g.place == "":
		return verdict{op: BadPlace, cause: cause{code: CodeNoDefaultLocation, text: g.Target.CivicAddress}}
	}
	return v
}

// lookFor looks for the place of a group among the connection's civic addresses.
func (p *planner) lookFor(g *group) {
	c := g.Target.Connection
	r, asked := p.in.Facts.Civic[c]
	switch {
	case !asked:
		p.plan.Missing.Civic[c] = true
		g.wrong = &verdict{op: Wait, cause: cause{code: CodePlacesNotRead}}
	case r.Err != nil:
		g.wrong = &verdict{op: Unread, cause: cause{code: CodeCivicAddressesUnread, text: r.Err.Error()}}
	default:
		place, ok := Find(r.Value, g.Target.Location, g.Target.CivicAddress)
		p.plan.places[g.Target] = place
		if g.place = place; !ok {
			g.wrong = &verdict{op: BadPlace, cause: cause{inner: p.keep(NoSuchPlace(r.Value, g.Target.Location, g.Target.CivicAddress))}}
		}
	}
	g.looked = true
}

func (p *planner) lookAt(t time.Time) {
	if p.plan.Next.IsZero() || t.Before(p.plan.Next) {
		p.plan.Next = t
	}
}
