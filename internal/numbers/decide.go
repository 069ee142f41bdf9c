package numbers

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"telnyxsync/internal/resource"
)

// verdict is one on a single number; those that are alike become a [Verdict].
type verdict struct {
	op      Op
	why     string
	from    string
	ticket  string
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
		v := verdict{op: Wait, ticket: o.Ticket, why: waiting(o)}
		late := p.times.UploadDeadline
		if p.in.Now.Sub(o.At) > late {
			v.op, v.why = Stuck, fmt.Sprintf("%s since %s: ask Telnyx support", v.why, clock(o.At))
		}
		return v, true
	}
	t := p.troubles[n]
	moved := l != nil && onTeams(l)
	switch {
	case t == nil || moved != (t.Op == resource.OrderRelocate):
		return verdict{}, false
	case t.Parked():
		return verdict{op: Parked, why: t.Reason}, true
	}
	due := t.Next
	r := p.retryOf(t)
	if r != nil {
		due = r.due
	}
	if due.After(p.in.Now) {
		p.lookAt(due)
		return verdict{op: Wait, why: fmt.Sprintf("the %s failed (%s) and is tried again at %s", t.Op, t.Reason, clock(due))}, true
	}
	switch ok, err := p.retriable(r); {
	case err != nil:
		return verdict{op: Wait, ticket: t.Ticket, why: "the upload " + t.Ticket + " failed, and how could not be read: " + err.Error()}, true
	case !ok || !r.numbers.Has(n):
		return verdict{}, false // it is sent anew
	}
	if _, ok := p.uploads(t.Target.Connection); !ok { // should the answer be lost, those that were there before tell the new one
		return verdict{op: Wait, ticket: t.Ticket, why: "the upload failed, and what is being uploaded could not be read"}, true
	}
	return verdict{op: Retry, ticket: t.Ticket, why: "the upload failed: " + t.Reason, inDoubt: p.lost.Has(n)}, true
}

func waiting(o *resource.Order) string {
	switch {
	case o.Op == resource.OrderAssign && o.Ticket == "":
		return "an assignment was sent and its answer lost: whether it is done shows"
	case o.Op == resource.OrderAssign:
		return "it is being assigned (job " + o.Ticket + ")"
	case o.Op == resource.OrderRelocate:
		return "it is being moved to another location"
	case o.Settled:
		return "it was uploaded (ticket " + o.Ticket + ") and is not listed yet"
	case o.Ticket == "":
		return "an upload was sent and its answer lost"
	}
	return "it is being uploaded (ticket " + o.Ticket + ")"
}

// owned decides on a number by what the account says of it.
func (p *planner) owned(g *group, n resource.Number) verdict {
	a, owned, ok := p.account(n)
	switch {
	case !ok && p.in.Facts.AccountErr != nil:
		return verdict{op: Unread, why: "the account's numbers could not be read: " + p.in.Facts.AccountErr.Error()}
	case !ok:
		return verdict{op: Wait, why: "it was not looked up yet"}
	case !owned:
		return verdict{op: NotOwned, why: "the account does not own it: order it, port it in, or take it out of the group"}
	}
	p.plan.ids[n] = a.ID
	c := g.Target.Connection
	switch {
	case a.TollFree && (g.Target.Usage == callingUser || strings.Contains(g.Target.Additional, callingUser)):
		return verdict{op: BadUsage, why: "it is toll-free, and those cannot be used for " + callingUser}
	case c != "" && a.Connection == c && !g.Target.Placed():
		return verdict{op: Wait, why: "it is assigned, and not listed yet"}
	case c != "" && a.Connection == c:
		return p.upload(g, n)
	}
	drift := drifted(g, n)
	if a.Connection == "" {
		return p.writable(g, verdict{op: Assign, why: because("it is on no connection", drift), drift: drift})
	}
	from, asked := p.in.Facts.Connections[a.Connection]
	if !asked {
		p.plan.Missing.Connections[a.Connection] = true
	}
	on := "it is on the connection " + a.Connection
	if from.Value.Label != "" {
		on += " (" + from.Value.Label + ")"
	}
	switch {
	case !g.AllowMove:
		return verdict{op: Elsewhere, from: a.Connection, why: on + ": write allow_move: true to take it from there" + released(from.Value)}
	case from.Err != nil:
		return verdict{op: Unread, why: on + ", which could not be read, so whether that releases it from Microsoft Teams is not known: " + from.Err.Error()}
	case from.Value.Teams:
		if v, over := p.coming(a.Connection, n); over { // what comes of it there would be lost, and what is sent here refused
			return v
		}
	}
	return p.writable(g, verdict{op: Assign, from: a.Connection, why: because(on, drift), drift: drift})
}

func released(c Connection) string {
	if c.Teams {
		return ", which releases it from Microsoft Teams and disconnects its user"
	}
	return ""
}

const callingUser = "calling_user_assignment"

func because(why string, drift bool) string {
	if drift {
		return why + "; it was in place before"
	}
	return why
}

// drifted tells whether a number was as its group wants it.
func drifted(g *group, n resource.Number) bool { return g.Had.Has(n) }

func (p *planner) upload(g *group, n resource.Number) verdict {
	if v, over := p.coming(g.Target.Connection, n); over {
		return v
	}
	drift := drifted(g, n)
	return p.writable(g, verdict{op: Upload, why: because("it is not on Microsoft Teams", drift), inDoubt: p.lost.Has(n), drift: drift})
}

func (p *planner) relocate(g *group, n resource.Number, l *resource.LiveNumber) verdict {
	drift := drifted(g, n)
	where := "the location " + cmp.Or(l.Location, "(none)")
	return p.writable(g, verdict{op: Relocate, why: because("it is at "+where, drift), drift: drift})
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
		return verdict{op: BadPlace, why: "the civic address " + g.Target.CivicAddress + " has no default location to move it to: write location_id"}
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
		g.wrong = &verdict{op: Wait, why: "the places were not read yet"}
	case r.Err != nil:
		g.wrong = &verdict{op: Unread, why: "the civic addresses of the connection could not be read, so nothing is sent there: " + r.Err.Error()}
	default:
		place, ok := Find(r.Value, g.Target.Location, g.Target.CivicAddress)
		p.plan.places[g.Target] = place
		if g.place = place; !ok {
			g.wrong = &verdict{op: BadPlace, why: NoSuchPlace(r.Value, g.Target.Location, g.Target.CivicAddress)}
		}
	}
	g.looked = true
}

func (p *planner) lookAt(t time.Time) {
	if p.plan.Next.IsZero() || t.Before(p.plan.Next) {
		p.plan.Next = t
	}
}

func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }
