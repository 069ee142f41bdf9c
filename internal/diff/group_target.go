package diff

import (
	"fmt"
	"slices"
	"strings"

	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// group is what an entry wants of its numbers; ok is false where that cannot be told, which is a problem.
func (p *planner) group(e *resource.Entry) (g numbers.Group, needs []resource.Addr, ok bool) {
	row := p.row(e.Addr)
	if row != nil && p.in.OtherRoots[row.Root] {
		p.problem(e.Addr, &e.Pos, true, reason(GroupOfOtherConfiguration, plan.Args{"root": row.Root, "address": row.Addr.String()}))
		return g, nil, false
	}
	g = numbers.Group{Addr: e.Addr, Known: map[string]resource.Numbers{}, Wanted: WantedNumbers(e.Object)}
	g.AllowMove, _ = e.Object["allow_move"].(bool)
	g.Observe = e.Observe || p.in.Only != nil && !slices.Contains(p.in.Only, e.Addr)
	g.AnyPlace = slices.ContainsFunc([]string{"/location", "/location_id", "/civic_address_id"}, e.Ignores)
	ref, _ := e.Object["connection"].(resource.Ref)
	var c comparison
	switch id := p.resolve(ref, &c).(type) {
	case string:
		g.Target.Connection = id
	default:
		if err := p.in.Live[ref.Addr.Kind].Err; err != nil {
			p.unread(e.Addr, &e.Pos, GroupConnectionUnread, err)
			return g, nil, false
		}
		if !p.planned(ref.Addr) {
			p.problem(e.Addr, &e.Pos, false, reason(NeedsMissing, plan.Args{"address": ref.Addr.String()}))
			return g, nil, false
		}
		g.Waits = ref.Addr
		needs = append(needs, ref.Addr)
	}
	g.Target.Location, g.Target.CivicAddress = resource.GetString(e.Object, "/location_id"), resource.GetString(e.Object, "/civic_address_id")
	if at, ok := e.Object["location"].(resource.Ref); ok {
		g.Target.Location = at.ID
		if place := p.in.Desired.Find(at.Addr); place != nil {
			g.Target.Location = resource.GetString(place.Object, "/location_id")
		}
		if p.planned(at.Addr) {
			needs = append(needs, at.Addr) // the emergency address comes before the first call
		}
	}
	g.Target.Usage = resource.GetString(e.Object, "/usage")
	if more, written := e.Object["additional_usages"].([]any); written {
		g.Target.Additional = "none"
		if len(more) > 0 {
			usages := make([]string, len(more))
			for i, usage := range more {
				usages[i] = fmt.Sprint(usage)
			}
			g.Target.Additional = strings.Join(usages, ",")
		}
	}
	others := p.others(e, &g)
	g.Wanted = g.Wanted.Minus(others)
	if row != nil && row.Target == g.Target {
		g.Had = row.Placed
	}
	return g, needs, true
}

// planned tells whether the plan changes an entry's object.
func (p *planner) planned(a resource.Addr) bool {
	return slices.ContainsFunc(p.plan.Changes, func(c plan.Change) bool {
		return c.Addr == a && c.Items == nil && (len(c.Deltas) > 0 || c.Op == plan.Create)
	})
}

func (p *planner) row(a resource.Addr) *resource.Group {
	for i := range p.in.Groups {
		if p.in.Groups[i].Addr == a {
			return &p.in.Groups[i]
		}
	}
	return nil
}

// WantedNumbers are the numbers of a group's entry.
func WantedNumbers(o resource.Object) resource.Numbers {
	list, _ := o["numbers"].(resource.Numbers)
	file, _ := o["numbers_file"].(resource.Numbers)
	return list.Plus(file)
}

// others fills in what is known of a group's numbers, whichever group they were in, and returns those
// that belong to a configuration which is not part of this run.
func (p *planner) others(e *resource.Entry, g *numbers.Group) (theirs resource.Numbers) {
	for _, row := range p.in.Groups {
		for usage, known := range row.Uploaded {
			known = known.And(g.Wanted)
			if len(known) == 0 {
				continue
			}
			if p.in.OtherRoots[row.Root] {
				p.problem(e.Addr, &e.Pos, true, reason(NumbersOfOther, plan.Args{"root": row.Root, "address": row.Addr.String()})).Items = known
				theirs = theirs.Plus(known)
				continue
			}
			g.Known[usage] = g.Known[usage].Plus(known)
		}
	}
	return theirs
}

// awaited tells whether numbers of a group that is no longer written are wanted by one of which nothing is
// remembered in this run, be it that they could not be read: until it is, this row knows what they are used for.
func (p *planner) awaited(g *resource.Group) bool {
	known := g.All()
	return slices.ContainsFunc(p.entries[g.Addr.Kind], func(e *resource.Entry) bool {
		return !p.remembered[e.Addr] && len(known.And(WantedNumbers(e.Object))) > 0
	})
}

// left finds the numbers that left a group of this run, and are in none any more.
func (p *planner) left(k *resource.Kind) (all resource.Numbers) {
	var wanted, others resource.Numbers
	for _, e := range p.entries[k.Name] {
		wanted = wanted.Plus(WantedNumbers(e.Object))
	}
	for _, row := range p.in.Groups {
		root := p.in.Desired.Root(row.Root)
		ours := root != nil && root.Sections[k.Name]
		var gone resource.Numbers
		for _, known := range row.Uploaded {
			if !ours {
				others = others.Plus(known)
				continue
			}
			gone = gone.Plus(known.Minus(wanted))
		}
		if len(gone) == 0 {
			continue
		}
		all = all.Plus(gone)
		p.plan.Unmanaged = append(p.plan.Unmanaged, plan.Unmanaged{Addr: row.Addr, Items: gone})
	}
	// Those that were on their way when they left may fail after their group has forgotten them.
	var begun []resource.Range
	for i := range p.in.Orders {
		begun = append(begun, p.in.Orders[i].Numbers...)
	}
	for i := range p.in.Troubles {
		n := p.in.Troubles[i].Number
		begun = append(begun, resource.Range{From: n, To: n})
	}
	return all.Plus(resource.NumbersOf(begun...).Minus(wanted).Minus(others))
}
