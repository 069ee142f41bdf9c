package diff

import (
	"fmt"
	"slices"

	"telnyxsync/internal/resource"
)

// only leaves out what was not asked for, but for what that needs.
func (p *planner) only() {
	if p.in.Only == nil {
		return
	}
	needs := map[resource.Addr][]resource.Addr{}
	for _, c := range p.plan.Changes {
		needs[c.Addr] = c.Needs
	}
	for _, c := range p.plan.Numbers.Changes {
		needs[c.Addr] = c.Needs
	}
	want := map[resource.Addr]bool{}
	for todo := slices.Clone(p.in.Only); len(todo) > 0; {
		a := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !want[a] {
			want[a] = true
			todo = append(todo, needs[a]...)
		}
	}
	out := func(a resource.Addr) bool { return !want[a] && a.Name != "" }
	pl := &p.plan
	pl.Changes = slices.DeleteFunc(pl.Changes, func(c Change) bool { return out(c.Addr) })
	pl.Withheld = slices.DeleteFunc(pl.Withheld, func(w Withheld) bool { return out(w.Addr) })
	pl.Observed = slices.DeleteFunc(pl.Observed, func(c Change) bool { return out(c.Addr) })
	pl.Orphans = slices.DeleteFunc(pl.Orphans, func(o Orphan) bool { return out(o.Addr) })
	pl.Problems = slices.DeleteFunc(pl.Problems, func(q Problem) bool { return out(q.Addr) })
	pl.Unmanaged = slices.DeleteFunc(pl.Unmanaged, func(u Unmanaged) bool { return out(u.Addr) })
	pl.Settle = slices.DeleteFunc(pl.Settle, func(o resource.Owned) bool { return out(o.Addr) })
	numberOut := func(c NumberChange) bool { return out(c.Addr) }
	pl.Numbers.Changes = slices.DeleteFunc(pl.Numbers.Changes, numberOut)
	pl.Numbers.Waiting = slices.DeleteFunc(pl.Numbers.Waiting, numberOut)
	pl.Numbers.Observed = slices.DeleteFunc(pl.Numbers.Observed, numberOut)
	pl.Gone = slices.DeleteFunc(pl.Gone, func(o resource.Owned) bool { return out(o.Addr) })
	pl.Over = slices.DeleteFunc(pl.Over, out)
}

// block takes out the changes that wait for something which this plan does not do: they are
// problems themselves, or withheld like what they wait for. Each comes after what it needs.
func (p *planner) block() {
	planned, withheld := map[resource.Addr]bool{}, map[resource.Addr]bool{}
	for i := range p.plan.Changes {
		planned[p.plan.Changes[i].Addr] = true
	}
	for i := range p.plan.Withheld {
		withheld[p.plan.Withheld[i].Addr] = true
	}
	p.plan.Changes = slices.DeleteFunc(p.plan.Changes, func(c Change) bool {
		i := slices.IndexFunc(c.Needs, func(n resource.Addr) bool { return !planned[n] })
		if i < 0 {
			return false
		}
		delete(planned, c.Addr)
		if n := c.Needs[i]; withheld[n] {
			withheld[c.Addr] = true
			p.plan.Withheld = append(p.plan.Withheld, Withheld{c, fmt.Sprintf("it waits for %s, which is withheld", n)})
		} else if c.Op == Delete {
			p.problem(c.Addr, nil, false, "no longer written; it is not deleted before the change of %s, which refers to it", n)
		} else {
			p.problem(c.Addr, c.Source, false, "it needs %s, which is not there and will not be made by this plan", n)
		}
		return true
	})
	p.blockNumbers(planned, withheld)
	slices.SortStableFunc(p.plan.Withheld, func(a, b Withheld) int { return a.Addr.Compare(b.Addr) })
	slices.SortStableFunc(p.plan.Problems, func(a, b Problem) int { return a.Addr.Compare(b.Addr) })
}

// order sorts changes so that each comes after what it needs; ties by address; deletes last, and
// reversed.
func order(changes []Change) []Change {
	rank := func(c *Change) int {
		if c.Op == Delete || c.Op == Forget {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(changes, func(a, b Change) int {
		if r := rank(&a) - rank(&b); r != 0 {
			return r
		}
		if rank(&a) == 1 {
			return b.Addr.Compare(a.Addr)
		}
		return a.Addr.Compare(b.Addr)
	})
	byAddr := map[resource.Addr]*Change{}
	for i := range changes {
		byAddr[changes[i].Addr] = &changes[i]
	}
	out := make([]Change, 0, len(changes))
	seen := map[resource.Addr]bool{}
	var visit func(c *Change)
	visit = func(c *Change) {
		if c == nil || seen[c.Addr] {
			return
		}
		seen[c.Addr] = true // spec refuses circles
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
