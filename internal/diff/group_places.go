package diff

import (
	"cmp"
	"slices"

	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// where is where numbers of a group go, as people know it.
func (p *planner) where(e *resource.Entry, g *numbers.Group, from string) *plan.Place {
	ref, _ := e.Object["connection"].(resource.Ref)
	out := &plan.Place{Target: g.Target, Name: cmp.Or(ref.Addr.Name, ref.ID), From: from}
	if at, ok := e.Object["location"].(resource.Ref); ok {
		out.At = at.Addr.Name
	}
	out.Full = placeWords(p.in.Facts.Civic[g.Target.Connection].Value, g.Target)
	return out
}

func placeWords(addresses []resource.CivicAddress, t resource.Target) []string {
	for i := range addresses {
		if t.Location == "" && addresses[i].ID == t.CivicAddress {
			return []string{addresses[i].Words}
		}
		for _, l := range addresses[i].Locations {
			if t.Location != "" && l.ID == t.Location {
				return []string{l.Words, addresses[i].Words}
			}
		}
	}
	return nil
}

// loose finds the numbers of the groups' connections that are in no group at all.
func (p *planner) loose() {
	seen := map[string]bool{}
	var known resource.Numbers
	for i := range p.grouped {
		known = known.Plus(p.grouped[i].Wanted)
	}
	for _, row := range p.in.Groups { // other configurations may be looking after them
		for _, s := range row.Uploaded {
			known = known.Plus(s)
		}
	}
	for i := range p.grouped {
		c := p.grouped[i].Target.Connection
		list := p.in.Facts.OnTeams[c].Value
		if !p.grouped[i].Target.Placed() {
			list = p.in.Facts.Assigned[c].Value
		}
		if seen[c] || len(list) == 0 {
			continue
		}
		seen[c] = true
		var all resource.Numbers
		for _, l := range list {
			all.Add(l.Number)
		}
		if rest := all.Minus(known); len(rest) > 0 {
			p.plan.Loose = append(p.plan.Loose, plan.Loose{Connection: c, Numbers: rest})
		}
	}
}

// places makes sure that locations which are to be written are there.
func (p *planner) places() {
	p.missing.Civic = map[string]bool{}
	p.plan.Changes = slices.DeleteFunc(p.plan.Changes, func(c plan.Change) bool {
		k := p.kinds[c.Addr.Kind]
		if k == nil || k.Place == nil || len(c.Deltas) == 0 || WorkOf(&c).Write.Key == "" {
			return false
		}
		connection, location := k.Place(WorkOf(&c).Write.Key)
		r, asked := p.in.Facts.Civic[connection]
		switch {
		case !asked:
			p.missing.Civic[connection] = true
			return false
		case r.Err != nil:
			p.unread(c.Addr, c.Source, LocationAddressesUnread, r.Err)
			return true
		}
		if _, ok := numbers.Find(r.Value, location, ""); !ok {
			p.problem(c.Addr, c.Source, false, numbers.NoSuchPlace(r.Value, location, ""))
			return true
		}
		return false
	})
}
