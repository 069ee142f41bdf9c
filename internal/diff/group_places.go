package diff

import (
	"slices"

	"telnyxsync/internal/numbers"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
)

// where is a target for a person.
func (p *planner) where(e *resource.Entry, g *numbers.Group) string {
	ref, _ := e.Object["connection"].(resource.Ref)
	out := ref.Addr.Name
	if out == "" {
		out = ref.ID
	}
	if at, ok := e.Object["location"].(resource.Ref); ok && at.Addr.Name != "" {
		out += ", " + at.Addr.Name
	} else if g.Target.Location != "" {
		out += ", location " + g.Target.Location
	} else if g.Target.CivicAddress != "" {
		out += ", civic address " + g.Target.CivicAddress
	}
	if words := placeWords(p.in.Facts.Civic[g.Target.Connection].Value, g.Target); words != "" {
		out += " (" + words + ")"
	}
	return out
}

func placeWords(addresses []resource.CivicAddress, t resource.Target) string {
	for i := range addresses {
		if t.Location == "" && addresses[i].ID == t.CivicAddress {
			return addresses[i].Words
		}
		for _, l := range addresses[i].Locations {
			if t.Location != "" && l.ID == t.Location {
				return render.Place(&addresses[i], l)
			}
		}
	}
	return ""
}

// unmanaged finds the numbers of the groups' connections that are in no group at all.
func (p *planner) unmanaged() {
	seen := map[string]bool{}
	var known resource.Numbers
	for i := range p.grouped {
		known = known.Plus(p.grouped[i].Wanted)
	}
	for _, row := range p.rows { // other configurations may be looking after them
		for _, s := range row.known.Uploaded {
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
			p.plan.Numbers.Unmanaged = append(p.plan.Numbers.Unmanaged, Unmanageds{Connection: c, Numbers: rest})
		}
	}
}

// places makes sure that locations which are to be written are there.
func (p *planner) places() {
	p.plan.Numbers.Missing.Civic = map[string]bool{}
	p.plan.Changes = slices.DeleteFunc(p.plan.Changes, func(c Change) bool {
		k := p.kinds[c.Addr.Kind]
		if k == nil || k.Place == nil || len(c.Deltas) == 0 || c.Write.Key == "" {
			return false
		}
		connection, location := k.Place(c.Write.Key)
		r, asked := p.in.Facts.Civic[connection]
		switch {
		case !asked:
			p.plan.Numbers.Missing.Civic[connection] = true
			return false
		case r.Err != nil:
			p.unread(c.Addr, c.Source, "the civic addresses of its connection could not be read, so nothing is sent there: %v", r.Err)
			return true
		}
		if _, ok := numbers.Find(r.Value, location, ""); !ok {
			p.problem(c.Addr, c.Source, false, "%s", inWords(numbers.NoSuchPlace(r.Value, location, "")))
			return true
		}
		return false
	})
}

// batches gathers what is sent for the groups whose changes are left in the plan.
func (p *planner) batches() {
	kept := map[resource.Addr]bool{}
	for i := range p.plan.Numbers.Changes {
		kept[p.plan.Numbers.Changes[i].Addr] = true
	}
	p.plan.Numbers.Batches = p.decided.Batch(p.grouped, func(a resource.Addr) bool { return kept[a] })
}

// Remembers tells whether carrying the plan out would change anything, be it only what is remembered.
func (p *Plan) Remembers() bool {
	s := &p.Numbers.Settle
	return len(p.Changes)+len(p.Settle)+len(p.Gone)+len(p.Over)+len(p.Numbers.Changes)+
		len(s.Orders)+len(s.EndOrders)+len(s.Troubles)+len(s.EndTroubles) > 0
}

func onlyDrift(changes []NumberChange) (out []NumberChange) {
	for _, c := range changes {
		if c.Drift {
			out = append(out, c)
		}
	}
	return out
}

// blockNumbers takes out the changes of numbers that wait for something which this plan does not do.
func (p *planner) blockNumbers(planned, withheld map[resource.Addr]bool) {
	said := map[resource.Addr]bool{}
	n := &p.plan.Numbers
	n.Changes = slices.DeleteFunc(n.Changes, func(c NumberChange) bool {
		i := slices.IndexFunc(c.Needs, func(a resource.Addr) bool { return !planned[a] })
		if i < 0 {
			return false
		}
		if !said[c.Addr] {
			said[c.Addr] = true
			what := "which is not done by this plan"
			if withheld[c.Needs[i]] {
				what = "which is withheld"
			}
			p.problem(c.Addr, c.Source, false, "its numbers wait for %s, %s", c.Needs[i], what)
		}
		return true
	})
}
