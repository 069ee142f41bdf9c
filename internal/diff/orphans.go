package diff

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"telnyxsync/internal/resource"
)

// own is what will be remembered of an entry.
func own(e *resource.Entry, live *resource.Live, row *resource.Owned, c comparison) *resource.Owned {
	o := &resource.Owned{Addr: e.Addr, Root: e.Root, Applied: resource.Overlay(c.managed, nil)}
	if live != nil {
		o.ID = live.ID
	}
	if row != nil {
		o.Protect = row.Protect
	}
	if e.Protect != nil {
		o.Protect = *e.Protect
	}
	for _, p := range e.Ignore { // a create sends them, but they are not ours to compare afterwards
		remove(o.Applied, resource.Split(p))
	}
	for _, d := range c.fixed { // the value that stands is the one to go on comparing with
		resource.Put(o.Applied, d.Path, d.Old)
	}
	return o
}

func remove(o resource.Object, names []string) {
	if len(names) == 1 {
		delete(o, names[0])
		return
	}
	if below, ok := o[names[0]].(map[string]any); ok {
		below = maps.Clone(below)
		o[names[0]] = below
		remove(below, names[1:])
	}
}

func sameOwned(a, b *resource.Owned) bool {
	return a.ID == b.ID && a.Root == b.Root && a.Protect == b.Protect &&
		len(a.Attempts) == len(b.Attempts) && resource.Text(a.Applied) == resource.Text(b.Applied)
}

// isProtected: what state remembers stays in force until `protect: false` has been applied.
func isProtected(e *resource.Entry, row *resource.Owned) bool {
	return row != nil && row.Protect || e != nil && e.Protect != nil && *e.Protect
}

func protectedWhy(a resource.Addr) string {
	return fmt.Sprintf("it is protected: write `protect: false` at %s and apply that first", a)
}

// ourTag is the tag of our instance that an object carries; nil where there is none.
func ourTag(l *resource.Live, o resource.Owner) any {
	var found any
	for _, other := range l.Owners {
		if other.Instance == o.Instance && (found == nil || other != o) {
			found = other.Tag()
		}
	}
	return found
}

func reason(deltas []Delta) string {
	var origins []string
	for _, d := range deltas {
		switch d.Origin {
		case FromConfig:
			origins = append(origins, "the YAML changed")
		case FromDrift:
			origins = append(origins, "it was changed on Telnyx")
		default:
			origins = append(origins, "it differs, and was never applied from here")
		}
	}
	slices.Sort(origins)
	return strings.Join(slices.Compact(origins), "; ")
}

func schemaAt(s *resource.Schema, path string) *resource.Schema {
	for _, name := range resource.Split(path) {
		if s = s.Field(name); s == nil {
			return nil
		}
	}
	return s
}

// orphans looks at what is owned and no longer written.
func (p *planner) orphans(matchers map[string]*matcher) {
	deletes := map[resource.Addr]*Change{}
	for i := range p.in.Owned {
		o := &p.in.Owned[i]
		root := p.in.Desired.Root(o.Root)
		m := matchers[o.Addr.Kind]
		if root == nil || p.kinds[o.Addr.Kind] == nil || p.in.Desired.Find(o.Addr) != nil {
			continue // of a root that is not part of this run, of a kind we do not know, or written
		}
		if !root.Sections[o.Addr.Kind] {
			p.orphan(o, "its section is not written: write `%s: {}` to say that there are none", o.Addr.Kind)
			continue
		}
		if m == nil {
			continue // the kind could not be read, which has been said
		}
		if _, renamed := m.taken[o.ID]; renamed {
			continue
		}
		if err := p.in.Live[o.Addr.Kind].Failed[o.ID]; err != nil {
			p.problem(o.Addr, nil, false, "no longer written, and could not be read: %v", err)
			continue
		}
		live := m.byID[o.ID]
		if live == nil {
			p.plan.Gone = append(p.plan.Gone, *o)
			continue
		}
		if !p.in.Prune {
			p.orphan(o, "no longer written; it is deleted only with --prune")
			continue
		}
		c := p.delete(m.kind, o, live)
		switch {
		case isProtected(nil, o):
			p.plan.Withheld = append(p.plan.Withheld, Withheld{c, protectedWhy(o.Addr)})
		case root.Entries == 0:
			p.plan.Withheld = append(p.plan.Withheld, Withheld{c,
				fmt.Sprintf("the configuration %s has no entry at all, which looks like a mistake: nothing of it is deleted", o.Root)})
		default:
			deletes[o.Addr] = &c
		}
	}
	p.dependents(deletes)
	for _, a := range slices.SortedFunc(maps.Keys(deletes), resource.Addr.Compare) {
		p.plan.Changes = append(p.plan.Changes, *deletes[a])
	}
}

func (p *planner) orphan(o *resource.Owned, format string, args ...any) {
	p.plan.Orphans = append(p.plan.Orphans, Orphan{Addr: o.Addr, ID: o.ID, Why: fmt.Sprintf(format, args...)})
}

func (p *planner) delete(k *resource.Kind, o *resource.Owned, live *resource.Live) Change {
	c := Change{
		Op: Delete, Addr: o.Addr, ID: o.ID, Reason: "no longer written", From: o, Live: live,
		Calls: 1, Guarded: true, Instance: p.in.Instance,
	}
	if k.DeleteCalls != nil {
		c.Calls = k.DeleteCalls(live)
	}
	if k.Forgotten != nil {
		if why := k.Forgotten(live); why != "" {
			c.Op, c.Calls, c.Guarded, c.Reason = Forget, 0, false, why
		}
	}
	return c
}

// dependents makes each deletion wait for those of the objects that refer to it.
func (p *planner) dependents(deletes map[resource.Addr]*Change) {
	byID := map[[2]string]*Change{}
	for _, c := range deletes {
		byID[[2]string{c.Addr.Kind, c.ID}] = c
	}
	for _, c := range deletes {
		p.kinds[c.Addr.Kind].Schema.Leaves(c.From.Applied, func(_ string, s *resource.Schema, v any) {
			id, _ := v.(string)
			if target := byID[[2]string{s.RefKind, id}]; s.Type == resource.RefType && target != nil {
				target.Needs = append(target.Needs, c.Addr)
			}
		})
	}
	for _, c := range deletes {
		slices.SortFunc(c.Needs, resource.Addr.Compare)
		c.Needs = slices.Compact(c.Needs)
	}
}

// only leaves out what was not asked for, but for what that needs.
func (p *planner) only() {
	if p.in.Only == nil {
		return
	}
	want := map[resource.Addr]bool{}
	for _, a := range p.in.Only {
		want[a] = true
	}
	for again := true; again; {
		again = false
		for _, c := range p.plan.Changes {
			for _, n := range c.Needs {
				if want[c.Addr] && !want[n] {
					want[n], again = true, true
				}
			}
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
	pl.Gone = slices.DeleteFunc(pl.Gone, func(o resource.Owned) bool { return out(o.Addr) })
}

// blockProblems turns changes that need an entry with a problem into problems themselves.
func (p *planner) blockProblems() {
	for again := true; again; {
		again = false
		planned := map[resource.Addr]bool{}
		for _, c := range p.plan.Changes {
			planned[c.Addr] = true
		}
		p.plan.Changes = slices.DeleteFunc(p.plan.Changes, func(c Change) bool {
			for _, n := range c.Needs {
				if !planned[n] && c.Op != Delete {
					p.problem(c.Addr, c.Source, false, "it needs %s, which is not there and will not be made by this plan", n)
					again = true
					return true
				}
			}
			return false
		})
	}
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
