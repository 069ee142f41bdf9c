package plan

import (
	"slices"

	"telnyxsync/internal/resource"
)

// Order sorts changes so that each comes after what it needs; ties by address; deletes last, and reversed. Changes of
// sets come after those of objects that they need, in the order in which they are given.
func Order(changes []Change) []Change {
	rank := func(c *Change) int {
		switch {
		case c.Items != nil:
			return 2
		case c.Op == Delete || c.Op == Forget:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(changes, func(a, b Change) int {
		switch r := rank(&a) - rank(&b); {
		case r != 0:
			return r
		case rank(&a) == 1:
			return b.Addr.Compare(a.Addr)
		case rank(&a) == 2:
			return 0
		}
		return a.Addr.Compare(b.Addr)
	})
	byAddr := map[resource.Addr]*Change{}
	for i := range changes {
		if changes[i].Items == nil {
			byAddr[changes[i].Addr] = &changes[i]
		}
	}
	out := make([]Change, 0, len(changes))
	seen := map[*Change]bool{}
	var visit func(c *Change)
	visit = func(c *Change) {
		if c == nil || seen[c] {
			return
		}
		seen[c] = true // spec refuses circles
		for _, n := range c.Needs {
			visit(byAddr[n])
		}
		out = append(out, *c)
	}
	for i := range changes {
		visit(&changes[i])
	}
	return out
}

// Only leaves out what was not asked for, but for what that needs.
func (p *Plan) Only(asked []resource.Addr) {
	needs := map[resource.Addr][]resource.Addr{}
	for i := range p.Changes {
		c := &p.Changes[i]
		needs[c.Addr] = append(needs[c.Addr], c.Needs...)
	}
	want := map[resource.Addr]bool{}
	for todo := slices.Clone(asked); len(todo) > 0; {
		a := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !want[a] {
			want[a] = true
			todo = append(todo, needs[a]...)
		}
	}
	out := func(a resource.Addr) bool { return !want[a] && a.Name != "" }
	change := func(c Change) bool { return out(c.Addr) }
	p.Changes = slices.DeleteFunc(p.Changes, change)
	p.Waiting = slices.DeleteFunc(p.Waiting, change)
	p.Observed = slices.DeleteFunc(p.Observed, change)
	p.Withheld = slices.DeleteFunc(p.Withheld, func(w Withheld) bool { return out(w.Addr) })
	p.Orphans = slices.DeleteFunc(p.Orphans, func(o Orphan) bool { return out(o.Addr) })
	p.Problems = slices.DeleteFunc(p.Problems, func(q Problem) bool { return out(q.Addr) })
	p.Notes = slices.DeleteFunc(p.Notes, func(n Note) bool { return out(n.Addr) })
	p.Withdrawn = slices.DeleteFunc(p.Withdrawn, func(w Withdrawn) bool { return out(w.Addr) })
	p.Unmanaged = slices.DeleteFunc(p.Unmanaged, func(u Unmanaged) bool { return out(u.Addr) })
	r := &p.Remember
	r.Own = slices.DeleteFunc(r.Own, func(o resource.Owned) bool { return out(o.Addr) })
	r.Groups = slices.DeleteFunc(r.Groups, func(g resource.Group) bool { return out(g.Addr) })
	r.Forget = slices.DeleteFunc(r.Forget, out)
	r.ForgetGroups = slices.DeleteFunc(r.ForgetGroups, out)
	r.EndIntents = slices.DeleteFunc(r.EndIntents, out)
	r.Events = slices.DeleteFunc(r.Events, func(e resource.Event) bool { return e.Op == string(Forget) && out(e.Addr) })
}
