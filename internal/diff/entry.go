package diff

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/resource"
)

// entry decides what one entry needs.
func (p *planner) entry(k *resource.Kind, m *matcher, e *resource.Entry, f *match) {
	row := f.known()
	if row != nil && p.in.OtherRoots[row.Root] {
		p.problem(e.Addr, &e.Pos, true, "its object belongs to the configuration %s, which is not part of this run: load both in one run, "+
			"or run `telnyxsync state forget %s` if it has moved here", row.Root, row.Addr)
		return
	}
	if in := m.intents[e.Name]; in != nil && !k.Blind && in.Key != "" && in.Key != k.Key(e.Name, e.Object) && (f.live == nil || !slices.Contains(f.live.Keys, in.Key)) {
		// A create or replace was begun under a key that the entry no longer has.
		made := m.free(in.Key)
		switch {
		case made != nil && f.row != nil:
			p.problem(e.Addr, &e.Pos, true, "it is %q and was to be replaced by %q, which was made, and that was taken back: delete %q, or write an entry for it; "+
				"if it is somebody else's, put the name %q back and run `telnyxsync state forget %s`", f.row.ID, made.ID, made.ID, f.row.ID, e.Addr)
			return
		case made != nil:
			p.problem(e.Addr, &e.Pos, true, "a create of %q was begun at %s and its answer lost; %s is there and may be it, and the YAML means another: "+
				"run `telnyxsync state adopt %s ID` if it is, or `telnyxsync state forget %s` if it is not",
				in.Key, in.At.UTC().Format(time.RFC3339), made.ID, e.Addr, e.Addr)
			return
		case f.row != nil && f.live != nil && !f.rekey:
			p.plan.Settle = append(p.plan.Settle, *f.row) // nothing came of it: the intent is over
		}
	}
	c := p.compare(k, e, f.live, row)
	if c.blocked != nil {
		p.problem(e.Addr, &e.Pos, false, "%s", secretProblem(c.blocked))
		return
	}
	for _, d := range c.fixed {
		p.problem(e.Addr, &e.Pos, true, "%s cannot be changed from %s to %s once the object is there: put the old value back, or write a new entry",
			d.Path, show(d.Old), show(d.New))
	}
	if c.held {
		return // whatever else differs: it may be another object than the one that is meant
	}
	if len(c.unmanaged) > 0 {
		p.plan.Unmanaged = append(p.plan.Unmanaged, Unmanaged{Addr: e.Addr, Paths: c.unmanaged})
	}
	change := Change{
		Addr: e.Addr, Source: &e.Pos, From: row, Live: f.live,
		Deltas: c.deltas, Needs: c.needs, Own: own(e, f, c), doubtful: c.doubtful,
		Write: resource.Write{
			Name: e.Name, Key: k.Key(e.Name, e.Object), Desired: c.managed, Patch: c.patch, Live: f.live,
			Owner: resource.Owner{Instance: p.in.Instance, Name: e.Name},
			Deep:  k.Deep != nil && k.Deep(e.Object),
		},
	}
	if k.Blind {
		change.Begun = m.intents[e.Name]
	}
	if change.KeyOf = keyOf(k, e); change.KeyOf != nil {
		change.Entry = e.Object
		if f.live != nil {
			p.problem(e.Addr, &e.Pos, false, "it belongs to %s, whose object is not known yet: it is compared once that is there", change.KeyOf)
			return
		}
		change.Needs = append(change.Needs, *change.KeyOf)
	}
	switch {
	case f.live == nil:
		p.create(k, m, e, f, &change)
	case f.rekey:
		p.replace(k, e, f, &change)
	default:
		p.update(k, e, f, row, &change)
	}
}

func (p *planner) create(k *resource.Kind, m *matcher, e *resource.Entry, f *match, c *Change) {
	if k.Uncreatable != nil {
		if why := k.Uncreatable(e.Object); why != "" {
			p.problem(e.Addr, &e.Pos, false, "%s", why)
			return
		}
	}
	c.Op, c.Calls, c.Reason = Create, 1, "new"
	// Which object it will be is part of what is reviewed: no other delta tells.
	switch {
	case c.KeyOf != nil:
		c.Deltas = append([]Delta{{Path: k.KeyField, New: resource.Pending{Addr: *c.KeyOf}}}, c.Deltas...)
	case k.KeyField != "" && c.Write.Key != e.Name:
		c.Deltas = append([]Delta{{Path: k.KeyField, New: c.Write.Key}}, c.Deltas...)
	}
	if k.Renewal != nil {
		life, _ := k.Renewal(e.Object)
		c.Deltas = append(c.Deltas, Delta{Path: RenewPath, New: "in " + resource.DurationText(life)})
	}
	for i := range c.Deltas {
		c.Deltas[i].Origin = FromConfig
	}
	if f.row != nil {
		c.ID, c.Reason, c.Vanished = f.row.ID, fmt.Sprintf("it was deleted on Telnyx (%s)", f.row.ID), true
		if k.Renewal != nil { // that many of them end at once is nothing strange
			c.Reason, c.Vanished = fmt.Sprintf("it expired, or was deleted on Telnyx (%s)", f.row.ID), false
		}
		for i := range c.Deltas {
			c.Deltas[i].Origin = FromDrift
		}
	}
	if former := p.formerly(k, c.Own); former != nil && f.row == nil {
		c.Reason = fmt.Sprintf("new; if it is what %s was, write id: %q beside it instead of having another made", former.Addr, former.ID)
	}
	if f.after != nil {
		c.Needs = append(c.Needs, *f.after)
	}
	if in := m.intents[e.Name]; in != nil {
		c.InDoubt = true
		c.Reason = fmt.Sprintf("a create was begun at %s and its answer lost; it is looked for once more before another is sent",
			in.At.UTC().Format(time.RFC3339))
		if suspects := p.suspects(m, in); len(suspects) > 0 {
			p.problem(e.Addr, &e.Pos, true, "a create was begun at %s and its answer lost; %s appeared since and may be it: "+
				"run `telnyxsync state adopt %s ID` if one of them is, or `telnyxsync state forget %s` if none is",
				in.At.UTC().Format(time.RFC3339), ids(suspects), e.Addr, e.Addr)
			return
		}
	}
	p.dueAgain(k, e)
	if c.Write.Key == "" && c.KeyOf == nil {
		c.Seen = slices.Sorted(maps.Keys(m.byID))
	}
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

// spokenFor tells whether an owner tag names another instance, or another entry that we know.
func (p *planner) spokenFor(m *matcher, l *resource.Live) bool {
	return slices.ContainsFunc(l.Owners, func(o resource.Owner) bool {
		return o.Instance != p.in.Instance || m.desired[o.Name] != nil || m.rows[o.Name] != nil
	})
}

func (p *planner) replace(k *resource.Kind, e *resource.Entry, f *match, c *Change) {
	if f.resume != nil && !covers(k.Schema, f.resume, c.Write.Desired) {
		p.problem(e.Addr, &e.Pos, true, "it was to be replaced by %q, which is there and is not what was sent: if it is ours, delete it and run this again; if not, choose another name",
			f.resume.ID)
		return
	}
	if k.Uncreatable != nil {
		if why := k.Uncreatable(e.Object); why != "" {
			p.problem(e.Addr, &e.Pos, true, "it is %q, and would become %q: %s", f.live.ID, c.Write.Key, why)
			return
		}
	}
	c.Op, c.ID, c.Calls, c.Guarded, c.Resume = Replace, f.live.ID, 2, true, f.resume
	c.InDoubt = f.begun && f.resume == nil
	c.Reason = fmt.Sprintf("its %s changes from %q to %q, which Telnyx cannot do: the new one is made, then the old one deleted",
		strings.TrimPrefix(k.KeyField, "/"), f.live.ID, c.Write.Key)
	c.Deltas = append([]Delta{{Path: k.KeyField, Old: f.live.ID, New: c.Write.Key, Origin: FromConfig}}, c.Deltas...)
	c.Write.Desired = resource.Overlay(f.live.Object, c.Write.Desired)
	if isProtected(e, f.row) && !e.Observe {
		p.plan.Withheld = append(p.plan.Withheld, Withheld{*c, protectedWhy(c.Addr)})
		return
	}
	p.dueAgain(k, e)
	p.add(e, *c)
}

// update makes the entry's object as desired; row is what state knows of that object.
func (p *planner) update(k *resource.Kind, e *resource.Entry, f *match, row *resource.Owned, c *Change) {
	c.ID = f.live.ID
	owner := c.Write.Owner
	if k.Tagged && !e.Observe && !e.Ignores("/tags") && !f.live.OnlyOwnedBy(owner) {
		c.Write.Retag = true
		from := FromConfig // it comes with the new owner
		if row != nil && f.from == nil {
			from = FromDrift
		}
		c.Deltas = append(c.Deltas, Delta{Path: OwnerTagPath, Old: ourTag(f.live, owner), New: owner.Tag(), Origin: from})
	}
	due := p.renewal(k, e, row, c)
	held := p.hold(e, row, c)
	switch {
	case e.Observe: // renewed by nobody
	case len(c.Deltas) > 0:
		p.dueAgain(k, e) // any write renews
	case !due.IsZero():
		p.dueAt(due)
	}
	for _, d := range c.Deltas {
		if s := k.Schema.At(d.Path); s != nil && s.Outage != nil && d.New == s.Outage {
			c.Guarded = true
		}
	}
	if len(c.Deltas) > 0 {
		c.Calls = 1
		if end := c.Live.Expires; !end.IsZero() && !p.in.Now.Before(end) {
			c.Calls = 2 // should it be shown and no longer be there, it is made anew
		}
	}
	switch {
	case f.from != nil:
		c.Op, c.Reason = Rename, fmt.Sprintf("it was %s", f.from.Addr)
	case row == nil && !p.in.Stateless:
		c.Op, c.Reason = Adopt, "it exists already and state does not know it"
		if f.live.OwnedBy(owner) {
			c.Reason = "it carries our owner tag and state does not know it"
		}
	case len(c.Deltas) == 1 && c.Deltas[0].Path == RenewPath:
		c.Op, c.Reason = Renew, renewReason(c.Deltas[0], p.in.Now)
	case len(c.Deltas) > 0:
		c.Op, c.Reason = Update, reason(c.Deltas)
	default:
		if !held && !c.doubtful {
			p.plan.Unchanged++
		}
		if row != nil && !e.Observe && !sameOwned(row, c.Own) {
			p.plan.Settle = append(p.plan.Settle, *c.Own)
		}
		return
	}
	p.add(e, *c)
}

// add puts a change where it belongs.
func (p *planner) add(e *resource.Entry, c Change) {
	if !e.Observe {
		p.plan.Changes = append(p.plan.Changes, c)
		return
	}
	if len(c.Deltas) == 0 {
		p.plan.Unchanged++ // an adopt that only state would see
		return
	}
	c.Own, c.Calls = nil, 0
	p.plan.Observed = append(p.plan.Observed, c)
}

// NotApplied takes out of what is to be remembered a value that did not get in place, or may not have: what
// stood there before goes on being compared with.
func NotApplied(own, before *resource.Owned, path string) {
	own.Applied = resource.Without(own.Applied, path)
	if before == nil {
		return
	}
	if v, known := resource.Get(before.Applied, path); known {
		resource.Put(own.Applied, path, v)
	}
}

// hold takes out what was written often enough and came back each time.
func (p *planner) hold(e *resource.Entry, row *resource.Owned, c *Change) (held bool) {
	if row == nil {
		return false
	}
	c.Own.Attempts = nil
	c.Deltas = slices.DeleteFunc(c.Deltas, func(d Delta) bool {
		a := row.Attempts[d.Path]
		if a.Value != resource.Text(resource.Remembered(d.New)) {
			return false
		}
		if c.Own.Attempts == nil {
			c.Own.Attempts = map[string]resource.Attempt{}
		}
		c.Own.Attempts[d.Path] = a
		if a.Count < StickLimit {
			return false
		}
		held = true
		if !a.Note.IsZero() {
			NotApplied(c.Own, row, d.Path)
			p.problem(e.Addr, &e.Pos, true, "%s: %s", d.Path, a.Note)
			return true
		}
		ignore := d.Path
		switch ignore {
		case OwnerTagPath: // no field of the YAML
			ignore = "/tags"
		case RenewPath:
			p.problem(e.Addr, &e.Pos, true, "it was renewed %d times, and Telnyx shows %s as the end of its life again: look at the clocks and at ttl, and run `telnyxsync state forget %s` to have it tried again",
				a.Count, show(d.Old), e.Addr)
			return true
		}
		p.problem(e.Addr, &e.Pos, true, "%s does not stick: %s was written %d times, and Telnyx shows %s again; correct the value, or leave it out with ignore: [%s]",
			d.Path, show(d.New), a.Count, show(d.Old), ignore)
		return true
	})
	c.Write.Patch = resource.Object{}
	c.Write.Retag = false
	for _, d := range c.Deltas {
		switch d.Path {
		case OwnerTagPath:
			c.Write.Retag = true
		case RenewPath: // any write renews
		default:
			resource.Put(c.Write.Patch, d.Path, d.New)
		}
	}
	return held
}
