package diff

import (
	"slices"

	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// groups decides on the numbers of all groups.
func (p *planner) groups() {
	var k *resource.Kind
	for i := range p.in.Kinds {
		if p.in.Kinds[i].Groups {
			k = &p.in.Kinds[i]
		}
	}
	if k == nil {
		return
	}
	p.kinds[k.Name] = k
	written := slices.ContainsFunc(p.in.Desired.Roots, func(r resource.Root) bool { return r.Sections[k.Name] })
	if !written {
		return
	}
	var entries []*resource.Entry
	var needs [][]resource.Addr
	for _, e := range p.entries[k.Name] {
		if g, need, ok := p.group(e); ok {
			p.grouped = append(p.grouped, g)
			entries = append(entries, e)
			needs = append(needs, need)
		}
	}
	decided := numbers.Decide(numbers.Input{
		Now: p.in.Now, ClocksApart: p.in.ClocksApart, Times: p.in.Times, Groups: p.grouped, Left: p.left(k), Orders: p.in.Orders, Troubles: p.in.Troubles,
		Facts: p.in.Facts, Stateless: p.in.Stateless,
	})
	civic := p.missing.Civic // of locations, see places
	p.missing = decided.Missing
	for c := range civic {
		p.missing.Civic[c] = true
	}
	p.plan.NextLook, p.plan.Counts, p.plan.Open = decided.Next, decided.Counts, decided.Open
	for i, e := range entries {
		p.verdicts(e, &p.grouped[i], &decided, &decided.Groups[i], needs[i])
	}
	r, s := &p.plan.Remember, &decided.Settle
	r.Orders, r.EndOrders, r.Troubles, r.EndTroubles = s.Orders, s.EndOrders, s.Troubles, s.EndTroubles
	p.ended(s.Ended)
	p.loose()
}

// ended says of each group what became of what was sent for it before.
func (p *planner) ended(list []numbers.Ended) {
	for _, e := range list {
		for i := range p.grouped {
			if s := e.Numbers.And(p.grouped[i].Wanted); len(s) > 0 {
				out := plan.Outcome{Addr: p.grouped[i].Addr, Op: plan.Op(e.Order.Op), Status: plan.Status(e.How), Items: s, Tickets: []string{e.Order.Ticket}}
				if out.Status != plan.Done {
					out.Reasons = []plan.Reason{e.Reason}
				}
				p.plan.Ended = append(p.plan.Ended, out)
			}
		}
	}
}

// verdicts turns what was decided on a group into changes and problems.
func (p *planner) verdicts(e *resource.Entry, g *numbers.Group, all *numbers.Plan, d *numbers.Decided, needs []resource.Addr) {
	if d.Err != nil {
		p.unread(e.Addr, &e.Pos, GroupUnread, d.Err)
		return
	}
	quiet := true
	for _, v := range d.Verdicts {
		if v.Op.Problem() {
			p.plan.Problems = append(p.plan.Problems, plan.Problem{
				Addr: e.Addr, Source: &e.Pos, Items: v.Numbers, Held: v.Op != numbers.Unread && v.Op != numbers.NotOwned && v.Op != numbers.BadPlace,
				Unread: v.Op == numbers.Unread, Reason: wrong(v),
			})
			quiet = false
			continue
		}
		c := plan.Change{
			Op: plan.Op(v.Op), Addr: e.Addr, Source: &e.Pos, To: p.where(e, g, v.From), Items: v.Numbers, Reasons: v.Reasons,
			Ticket: v.Ticket, Needs: needs, InDoubt: v.InDoubt, Drift: v.Drift, Cost: calls(v), Do: all.Work(g),
		}
		if v.Leaving > 0 {
			c.Blast = []plan.Blast{{Class: plan.Numbers, Count: v.Leaving}}
		}
		if v.Op == numbers.Adopt {
			c.Needs = nil // nothing is sent for it
		}
		switch {
		case v.Op == numbers.Wait:
			c.Do = nil
			p.plan.Waiting = append(p.plan.Waiting, c)
		case e.Observe:
			c.Do = nil
			p.plan.Observed = append(p.plan.Observed, c)
			quiet = false
		default:
			p.plan.Changes = append(p.plan.Changes, c)
			quiet = false
		}
	}
	if quiet {
		p.plan.Unchanged++
	}
	p.remember(e, g, d)
}

// wrong is why nothing is done with numbers, where that is a problem.
func wrong(v numbers.Verdict) plan.Reason {
	args := plan.Args{"how": string(v.Op), "why": v.Reasons}
	if v.Op != numbers.Parked {
		return reason(NumbersWrong, args)
	}
	args["first"] = v.Numbers[0].From.String()
	return reason(NumbersParked, args)
}

func calls(v numbers.Verdict) int {
	switch v.Op {
	case numbers.Assign, numbers.Upload:
		return (v.Numbers.Len() + numbers.MaxBatch - 1) / numbers.MaxBatch
	case numbers.Relocate:
		return v.Numbers.Len()
	case numbers.Retry:
		return 1
	default:
		return 0
	}
}

// remember takes down which numbers are the group's, before anything is sent for them.
func (p *planner) remember(e *resource.Entry, g *numbers.Group, d *numbers.Decided) {
	if p.in.Stateless || e.Observe || g.Target.Connection == "" {
		return
	}
	p.remembered[e.Addr] = true
	row := p.row(e.Addr)
	now := resource.Group{Addr: e.Addr, Root: e.Root, File: e.File, Target: g.Target, Uploaded: d.Uploaded, Placed: d.Placed, Protect: row != nil && row.Protect}
	if e.Protect != nil {
		now.Protect = *e.Protect
	}
	if row == nil || !row.Equal(&now) {
		p.plan.Remember.Groups = append(p.plan.Remember.Groups, now)
	}
}

// lostGroups forgets groups that are no longer written. Telnyx keeps all as it is.
func (p *planner) lostGroups() {
	for i := range p.in.Groups {
		g := &p.in.Groups[i]
		root := p.in.Desired.Root(g.Root)
		switch {
		case root == nil || p.kinds[g.Addr.Kind] == nil || p.in.Desired.Find(g.Addr) != nil:
		case !root.Sections[g.Addr.Kind]:
			p.orphan(g.Addr, g.Addr.Name, reason(SectionNotWritten, plan.Args{"section": g.Addr.Kind}))
		case !p.awaited(g):
			p.forget(&p.plan.Remember.ForgetGroups, g.Addr, g.Addr.Name)
		}
	}
}
