package diff

import (
	"maps"
	"slices"
	"strings"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// entry decides what one entry needs.
func (p *planner) entry(k *resource.Kind, m *matcher, e *resource.Entry, f *match) {
	row := f.known()
	if row != nil && p.in.OtherRoots[row.Root] {
		p.problem(e.Addr, &e.Pos, true, reason(OtherConfiguration, plan.Args{"root": row.Root, "address": row.Addr.String()}))
		return
	}
	if in := m.intents[e.Name]; in != nil && !k.Blind && in.Key != "" && in.Key != k.Key(e.Name, e.Object) && (f.live == nil || !slices.Contains(f.live.Keys, in.Key)) {
		// A create or replace was begun under a key that the entry no longer has.
		made := m.free(in.Key)
		switch {
		case made != nil && f.row != nil:
			p.problem(e.Addr, &e.Pos, true, reason(ReplaceTakenBack, plan.Args{"id": f.row.ID, "made": made.ID, "address": e.String()}))
			return
		case made != nil:
			p.problem(e.Addr, &e.Pos, true, reason(CreateOfAnother, plan.Args{"key": in.Key, "at": clock(in.At), "made": made.ID, "address": e.String()}))
			return
		case f.row != nil && f.live != nil && !f.rekey:
			p.settle(f.row) // nothing came of it: the intent is over
		}
	}
	c := p.compare(k, e, f.live, row)
	if c.blocked != nil {
		p.problem(e.Addr, &e.Pos, false, reason(SecretsMissing, plan.Args{"why": c.blocked}))
		return
	}
	for _, d := range c.fixed {
		p.problem(e.Addr, &e.Pos, true, reason(CannotChange, plan.Args{"path": d.Path, "old": d.Old, "new": d.New}))
	}
	if c.held {
		return // whatever else differs: it may be another object than the one that is meant
	}
	if len(c.unmanaged) > 0 {
		p.plan.Unmanaged = append(p.plan.Unmanaged, plan.Unmanaged{Addr: e.Addr, Paths: c.unmanaged})
	}
	w := &Work{
		From: row, Live: f.live, Own: own(k, e, f, c),
		Write: resource.Write{
			Name: e.Name, Key: k.Key(e.Name, e.Object), Desired: c.managed, Patch: c.patch, Live: f.live,
			Owner: resource.Owner{Instance: p.in.Instance, Name: e.Name},
			Deep:  k.Deep != nil && k.Deep(e.Object),
		},
	}
	change := plan.Change{Addr: e.Addr, Source: &e.Pos, Deltas: c.deltas, Needs: c.needs, Do: w}
	if k.Blind {
		w.Begun = m.intents[e.Name]
	}
	if w.KeyOf = keyOf(k, e); w.KeyOf != nil {
		w.Entry = e.Object
		if f.live != nil {
			p.problem(e.Addr, &e.Pos, false, reason(KeyNotKnown, plan.Args{"address": w.KeyOf.String()}))
			return
		}
		change.Needs = append(change.Needs, *w.KeyOf)
	}
	switch {
	case f.live == nil:
		p.create(k, m, e, f, &change, w)
	case f.rekey:
		p.replace(k, e, f, &change, w)
	default:
		p.update(k, e, f, row, &change, w, c.doubtful)
	}
}

func (p *planner) create(k *resource.Kind, m *matcher, e *resource.Entry, f *match, c *plan.Change, w *Work) {
	if k.Uncreatable != nil {
		if why := k.Uncreatable(e.Object); !why.IsZero() {
			p.problem(e.Addr, &e.Pos, false, why)
			return
		}
	}
	c.Op, c.Cost = plan.Create, 1
	why := reason(New, nil)
	// Which object it will be is part of what is reviewed: no other delta tells.
	switch {
	case w.KeyOf != nil:
		c.Deltas = append([]plan.Delta{{Path: k.KeyField, New: resource.Pending{Addr: *w.KeyOf}}}, c.Deltas...)
	case k.KeyField != "" && w.Write.Key != e.Name:
		c.Deltas = append([]plan.Delta{{Path: k.KeyField, New: w.Write.Key}}, c.Deltas...)
	}
	if k.Renewal != nil {
		life, _ := k.Renewal(e.Object)
		c.Deltas = append(c.Deltas, plan.Delta{Path: plan.RenewPath, New: resource.LifeText(life)})
	}
	for i := range c.Deltas {
		c.Deltas[i].Origin = plan.FromConfig
	}
	if f.row != nil {
		c.ID, why = f.row.ID, reason(DeletedThere, plan.Args{"id": f.row.ID})
		if k.Renewal != nil { // that many of them end at once is nothing strange
			why.Code = EndedOrDeleted
		} else {
			c.Blast = []plan.Blast{{Class: plan.Vanished, Count: 1}}
		}
		for i := range c.Deltas {
			c.Deltas[i].Origin = plan.FromDrift
		}
	}
	if former := p.formerly(k, w.Own); former != nil && f.row == nil {
		why = reason(NewOrRenamed, plan.Args{"address": former.Addr.String(), "id": former.ID})
	}
	if f.after != nil {
		c.Needs = append(c.Needs, *f.after)
	}
	if in := m.intents[e.Name]; in != nil {
		c.InDoubt = true
		why = reason(CreateInDoubt, plan.Args{"at": clock(in.At)})
		if suspects := p.suspects(m, in); len(suspects) > 0 {
			p.problem(e.Addr, &e.Pos, true, reason(CreateSuspects, plan.Args{"at": clock(in.At), "ids": ids(suspects), "address": e.String()}))
			return
		}
	}
	p.dueAgain(k, e)
	if w.Write.Key == "" && w.KeyOf == nil {
		w.Seen = slices.Sorted(maps.Keys(m.byID))
	}
	c.Reasons = []plan.Reason{why}
	p.add(e, *c)
}

// formerly is an orphan that was applied with the very settings of a new entry: perhaps the entry
// was renamed, which nothing but an id can tell where a kind has no natural key.
func (p *planner) formerly(k *resource.Kind, o *resource.Owned) *resource.Owned {
	if !k.Tagged {
		return nil
	}
	if p.former == nil {
		p.former = map[string]*resource.Owned{}
		for i := range p.in.Owned {
			if row := &p.in.Owned[i]; p.in.Desired.Find(row.Addr) == nil {
				p.former[row.Addr.Kind+resource.Text(row.Applied)] = row
			}
		}
	}
	return p.former[k.Name+resource.Text(o.Applied)]
}

// suspects are objects that may be what a lost create has made: they were not there before, and
// nothing tells whose they are.
func (p *planner) suspects(m *matcher, in *resource.Intent) (out []*resource.Live) {
	if in.Key != "" {
		return nil // the natural key would have found it
	}
	for id, l := range m.byID {
		if _, taken := m.taken[id]; !taken && !p.spokenFor(m, l) && m.rowByID[id] == nil && !slices.Contains(in.Seen, id) {
			out = append(out, l)
		}
	}
	return out
}

// spokenFor tells whether an owner tag names another instance, or another entry that we know, or have begun to create.
func (p *planner) spokenFor(m *matcher, l *resource.Live) bool {
	return slices.ContainsFunc(l.Owners, func(o resource.Owner) bool {
		return o.Instance != p.in.Instance || m.desired[o.Name] != nil || m.rows[o.Name] != nil || m.intents[o.Name] != nil
	})
}

func (p *planner) replace(k *resource.Kind, e *resource.Entry, f *match, c *plan.Change, w *Work) {
	if f.resume != nil && !covers(k.Schema, f.resume, w.Write.Desired) {
		p.problem(e.Addr, &e.Pos, true, reason(ReplaceDiffers, plan.Args{"made": f.resume.ID}))
		return
	}
	if k.Uncreatable != nil {
		if why := k.Uncreatable(e.Object); !why.IsZero() {
			p.problem(e.Addr, &e.Pos, true, reason(CannotBecome, plan.Args{"id": f.live.ID, "key": w.Write.Key, "why": why}))
			return
		}
	}
	c.Op, c.ID, c.Cost, w.Resume = plan.Replace, f.live.ID, 2, f.resume
	c.Incarnation = f.live.Incarnation
	c.Blast = []plan.Blast{{Class: plan.Deletes, Count: 1}}
	c.InDoubt = f.begun && f.resume == nil
	c.Reasons = reasons(KeyChanges, plan.Args{"field": strings.TrimPrefix(k.KeyField, "/"), "id": f.live.ID, "key": w.Write.Key})
	c.Deltas = append([]plan.Delta{{Path: k.KeyField, Old: f.live.ID, New: w.Write.Key, Origin: plan.FromConfig}}, c.Deltas...)
	w.Write.Desired = resource.Overlay(f.live.Object, w.Write.Desired)
	c.Kept, c.Doubt = isProtected(e, f.row), doubt(k, f.row, f.live)
	p.dueAgain(k, e)
	p.add(e, *c)
}

// update makes the entry's object as desired; row is what state knows of that object.
func (p *planner) update(k *resource.Kind, e *resource.Entry, f *match, row *resource.Owned, c *plan.Change, w *Work, doubtful bool) {
	c.ID, c.Incarnation = f.live.ID, f.live.Incarnation
	owner := w.Write.Owner
	if k.Tagged && !e.Observe && !e.Ignores("/tags") && !f.live.OnlyOwnedBy(owner) {
		w.Write.Retag = true
		from := plan.FromConfig // it comes with the new owner
		if row != nil && f.from == nil {
			from = plan.FromDrift
		}
		c.Deltas = append(c.Deltas, plan.Delta{Path: plan.OwnerTagPath, Old: ourTag(f.live, owner), New: owner.Tag(), Origin: from})
	}
	due := p.renewal(k, e, row, c, w)
	held := p.hold(e, row, c, w)
	switch {
	case e.Observe: // renewed by nobody
	case len(c.Deltas) > 0:
		p.dueAgain(k, e) // any write renews
	case !due.IsZero():
		p.dueAt(due)
	}
	c.Blast = blast(k, c)
	if len(c.Deltas) > 0 {
		c.Cost = 1
		if end := w.Live.Expires; !end.IsZero() && !p.in.Now.Before(end) {
			c.Cost = 2 // should it be shown and no longer be there, it is made anew
		}
	}
	switch {
	case f.from != nil:
		c.Op, c.Reasons = plan.Rename, reasons(WasNamed, plan.Args{"address": f.from.Addr.String()})
	case row == nil && !p.in.Stateless:
		c.Op, c.Reasons = plan.Adopt, reasons(UnknownToState, nil)
		if overwrites(c) {
			c.Op, c.Blast = plan.Overwrite, append(c.Blast, plan.Blast{Class: plan.Adoptions, Count: 1})
		}
		if f.live.OwnedBy(owner) {
			c.Reasons = reasons(TaggedAsOurs, nil)
		}
	case len(c.Deltas) == 1 && c.Deltas[0].Path == plan.RenewPath:
		c.Op, c.Reasons = plan.Renew, []plan.Reason{renewReason(c.Deltas[0], p.in.Now)}
	case len(c.Deltas) > 0:
		c.Op, c.Reasons = plan.Update, plan.Origins(c.Deltas)
	default:
		if !held && !doubtful {
			p.plan.Unchanged++
		}
		if row != nil && !e.Observe && !sameOwned(row, w.Own) {
			p.settle(w.Own)
		}
		return
	}
	p.add(e, *c)
}

// blast is what an update takes away: calls, or the capacity for them.
func blast(k *resource.Kind, c *plan.Change) (out []plan.Blast) {
	counted := map[plan.Class]bool{}
	count := func(class plan.Class) {
		if !counted[class] {
			counted[class] = true
			out = append(out, plan.Blast{Class: class, Count: 1})
		}
	}
	for _, d := range c.Deltas {
		switch s := k.Schema.At(d.Path); {
		case s == nil:
		case s.Outage != nil && d.New == s.Outage:
			count(plan.Deletes)
		case s.Capacity == "zero" && d.New == int64(0), s.Capacity == "any" && d.Old != nil:
			count(plan.Capacity)
		}
	}
	return out
}

// overwrites tells whether an adoption changes a value that is live.
func overwrites(c *plan.Change) bool {
	return slices.ContainsFunc(c.Deltas, func(d plan.Delta) bool {
		return d.Path != plan.OwnerTagPath && d.Path != plan.RenewPath && d.Old != nil
	})
}

// settle remembers an object as it is to be known from now on, without any write.
func (p *planner) settle(o *resource.Owned) {
	r := &p.plan.Remember
	r.Own, r.EndIntents = append(r.Own, *o), append(r.EndIntents, o.Addr)
}

// add puts a change where it belongs.
func (p *planner) add(e *resource.Entry, c plan.Change) {
	if !e.Observe {
		p.plan.Changes = append(p.plan.Changes, c)
		return
	}
	if len(c.Deltas) == 0 {
		p.plan.Unchanged++ // an adopt that only state would see
		return
	}
	WorkOf(&c).Own, c.Cost = nil, 0
	p.plan.Observed = append(p.plan.Observed, c)
}
