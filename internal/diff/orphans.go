package diff

import (
	"maps"
	"slices"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// own is what will be remembered of an entry.
func own(k *resource.Kind, e *resource.Entry, f *match, c comparison) *resource.Owned {
	o := &resource.Owned{Addr: e.Addr, Root: e.Root, File: e.File, Applied: c.applied}
	if known := f.known(); known != nil {
		o.Renewed, o.Ends = known.Renewed, known.Ends
	}
	if f.live != nil {
		o.ID, o.Incarnation = f.live.ID, incarnationOf(k, f.known(), f.live, len(c.deltas)+len(c.fixed) == 0)
	}
	// The entry stays protected whichever object it has, the object under whichever name.
	o.Protect = f.row != nil && f.row.Protect || f.from != nil && f.from.Protect
	if e.Protect != nil {
		o.Protect = *e.Protect
	}
	for _, p := range e.Ignore { // a create sends them, but they are not ours to compare afterwards
		o.Applied = resource.Without(o.Applied, p)
	}
	if len(c.fixed) > 0 {
		stands := resource.Object{}
		for _, d := range c.fixed { // the value that stands is the one to go on comparing with
			resource.Put(stands, d.Path, d.Old)
		}
		o.Applied = resource.Overlay(o.Applied, stands) // what it was made of is sent, and stays as it is
	}
	return o
}

func sameOwned(a, b *resource.Owned) bool {
	return a.ID == b.ID && a.Root == b.Root && a.File == b.File && a.Protect == b.Protect && a.TakenDown == b.TakenDown && a.Incarnation == b.Incarnation &&
		len(a.Attempts) == len(b.Attempts) && resource.Text(a.Applied) == resource.Text(b.Applied)
}

// isProtected: what state remembers stays in force until `protect: false` has been applied.
func isProtected(e *resource.Entry, row *resource.Owned) bool {
	return row != nil && row.Protect || e != nil && e.Protect != nil && *e.Protect
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

// orphans looks at what is owned and no longer written.
func (p *planner) orphans(matchers map[string]*matcher) {
	deletes := map[resource.Addr]*plan.Change{}
	for i := range p.in.Owned {
		o := &p.in.Owned[i]
		root := p.in.Desired.Root(o.Root)
		m := matchers[o.Addr.Kind]
		if root == nil || p.kinds[o.Addr.Kind] == nil || p.in.Desired.Find(o.Addr) != nil {
			continue // of a root that is not part of this run, of a kind we do not know, or written
		}
		if !root.Sections[o.Addr.Kind] {
			p.orphan(o.Addr, o.ID, reason(SectionNotWritten, plan.Args{"section": o.Addr.Kind}))
			continue
		}
		if m == nil {
			continue // the kind could not be read, which has been said
		}
		if _, renamed := m.taken[o.ID]; renamed {
			continue
		}
		if m.kind.Blind { // as with groups
			p.gone(o)
			if len(o.Applied) > 0 {
				p.plan.Unmanaged = append(p.plan.Unmanaged, plan.Unmanaged{Addr: o.Addr, Paths: slices.Sorted(maps.Keys(o.Applied))})
			}
			continue
		}
		if err := p.in.Live[o.Addr.Kind].Failed[o.ID]; err != nil {
			p.failed(o.Addr, nil, OrphanUnread, err)
			continue
		}
		live := m.byID[o.ID]
		if live == nil {
			p.gone(o)
			continue
		}
		if a, claimed := m.claimed[o.ID]; claimed {
			p.orphan(o.Addr, o.ID, reason(OrphanClaimed, plan.Args{"address": a.String()}))
			continue
		}
		if o.IsAnother(live) {
			p.problem(o.Addr, nil, true, reason(OrphanAnother, another(o, live)))
			continue
		}
		o = p.learn(m.kind, o, live)
		if !p.in.Prune {
			why := reason(OrphanKept, nil)
			if o.Protect {
				why = reason(OrphanProtected, plan.Args{"address": o.Addr.String()})
			}
			p.orphan(o.Addr, o.ID, why)
			continue
		}
		c := p.delete(m.kind, o, live)
		c.Kept = isProtected(nil, o)
		deletes[o.Addr] = &c
	}
	p.plan.Empty = p.emptyRoot()
	p.dependents(deletes)
	for _, a := range slices.SortedFunc(maps.Keys(deletes), resource.Addr.Compare) {
		p.plan.Changes = append(p.plan.Changes, *deletes[a])
	}
}

// emptyRoot is a configuration of this run that has no entry at all; "" if each has some.
func (p *planner) emptyRoot() string {
	for _, r := range p.in.Desired.Roots {
		if r.Entries == 0 {
			return r.Path
		}
	}
	return ""
}

// elsewhere says how many of our objects belong to configurations that this run does not load: a
// directory that was moved, or is given by another path, would seem to own nothing otherwise.
func (p *planner) elsewhere() {
	roots := map[string]int{}
	count := func(a resource.Addr, root string) {
		if p.in.Desired.Root(root) == nil && p.in.Desired.Find(a) == nil {
			roots[root]++
		}
	}
	for i := range p.in.Owned {
		count(p.in.Owned[i].Addr, p.in.Owned[i].Root)
	}
	for i := range p.in.Groups {
		count(p.in.Groups[i].Addr, p.in.Groups[i].Root)
	}
	for _, root := range slices.Sorted(maps.Keys(roots)) {
		if root == "" { // adopted by hand
			p.note(reason(OwnedNowhere, plan.Args{"count": roots[root]}))
			continue
		}
		p.note(reason(OwnedElsewhere, plan.Args{"count": roots[root], "root": root}))
	}
}

func (p *planner) orphan(a resource.Addr, id string, why plan.Reason) {
	p.plan.Orphans = append(p.plan.Orphans, plan.Orphan{Addr: a, ID: id, Reason: why})
}

// gone forgets what is no longer written, and of which nothing is to be deleted.
func (p *planner) gone(o *resource.Owned) { p.forget(&p.plan.Remember.Forget, o.Addr, o.ID) }

func (p *planner) forget(list *[]resource.Addr, a resource.Addr, id string) {
	*list = append(*list, a)
	p.plan.Remember.Events = append(p.plan.Remember.Events, resource.Event{
		Addr: a, Op: string(plan.Forget), ID: id, Reason: reason(Dropped, nil), Outcome: string(plan.Done),
	})
}

func (p *planner) delete(k *resource.Kind, o *resource.Owned, live *resource.Live) plan.Change {
	c := plan.Change{
		Op: plan.Delete, Addr: o.Addr, ID: o.ID, Reasons: reasons(NotWritten, nil), Live: live.Object, Incarnation: live.Incarnation,
		Cost: 1, Blast: []plan.Blast{{Class: plan.Deletes, Count: 1}}, Do: &Work{From: o, Live: live},
	}
	if k.DeleteCalls != nil {
		c.Cost = k.DeleteCalls(live)
	}
	if k.Forgotten != nil {
		if why := k.Forgotten(live); !why.IsZero() {
			c.Op, c.Cost, c.Blast, c.Reasons, c.Live = plan.Forget, 0, nil, []plan.Reason{why}, nil
		}
	}
	if c.Op == plan.Delete {
		c.Doubt = doubt(k, o, live)
	}
	return c
}

// dependents makes each deletion wait for those of the objects that refer to it, and for the
// changes of those that did so far.
func (p *planner) dependents(deletes map[resource.Addr]*plan.Change) {
	byID := map[[2]string]*plan.Change{}
	for _, c := range deletes {
		byID[[2]string{c.Addr.Kind, c.ID}] = c
	}
	last := slices.Collect(maps.Values(deletes))
	for i := range p.plan.Changes {
		if c := &p.plan.Changes[i]; former(c) != nil {
			last = append(last, c)
		}
	}
	for _, c := range last {
		if k := p.kinds[c.Addr.Kind]; k.KeyRef != "" && (c.Op == plan.Delete || c.Op == plan.Replace) {
			if target := byID[[2]string{k.Schema.At(k.KeyRef).RefKind, c.ID}]; target != nil {
				target.Needs = append(target.Needs, c.Addr)
			}
		}
		p.kinds[c.Addr.Kind].Schema.Leaves(former(c).Applied, func(_ string, s *resource.Schema, v any) {
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

// former is what state remembers of a change's object; nil of what it does not know.
func former(c *plan.Change) *resource.Owned {
	if w := WorkOf(c); w != nil {
		return w.From
	}
	return nil
}
