package state

import (
	"slices"

	"telnyxsync/internal/resource"
)

// What callers expect that are yet to be rewritten: groups and holds among the owned objects, as they were stored until
// format 4. This file goes with the last of them.

// OldOwned are the objects, and the groups and rules as rows of owned. Of rules that share a name, the first has it
// alone.
func (s *Snapshot) OldOwned() []resource.Owned {
	out := slices.Clone(s.Owned)
	for i := range s.Groups {
		out = append(out, oldGroup(&s.Groups[i]))
	}
	for i := range s.Rules {
		r := &s.Rules[i]
		row := resource.Owned{Addr: r.Addr, Root: r.Root, File: r.File, Applied: r.Says}
		if i > 0 && s.Rules[i-1].Addr == r.Addr {
			row.Addr.Name += besides(r.Root)
		}
		row.ID = row.Addr.Name
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b resource.Owned) int { return a.Addr.Compare(b.Addr) })
	return out
}

// oldGroup is a group as a row of owned.
func oldGroup(g *resource.Group) resource.Owned {
	row := resource.GroupRow{Target: g.Target, Uploaded: g.Uploaded, Placed: g.Placed}
	return resource.Owned{Addr: g.Addr, ID: g.Addr.Name, Root: g.Root, File: g.File, Applied: row.Applied(), Protect: g.Protect}
}

// FromOld is what to commit for rows of that view that are to be remembered, and others that are to be forgotten.
func (s *Snapshot) FromOld(put, gone []resource.Owned) (r resource.Record) {
	gone = slices.Clone(gone)
	for _, was := range s.OldOwned() { // a rule that another configuration took over has another key now
		if slices.ContainsFunc(put, func(o resource.Owned) bool { return o.Addr == was.Addr && o.Root != was.Root }) {
			gone = append(gone, was)
		}
	}
	forget, own := sortOut(gone, nil), sortOut(put, nil)
	for i := range forget.owned {
		r.Forget = append(r.Forget, forget.owned[i].Addr)
	}
	for i := range forget.groups {
		r.ForgetGroups = append(r.ForgetGroups, forget.groups[i].Addr)
	}
	for i := range forget.rules {
		r.ForgetRules = append(r.ForgetRules, forget.rules[i].Key())
	}
	r.Own, r.Groups, r.Rules = own.owned, own.groups, own.rules
	return r
}
