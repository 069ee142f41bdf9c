package diff

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/resource"
)

// StickLimit is how often one value is written to one field before it counts as one that Telnyx
// does not keep.
const StickLimit = 3

// Observed is what was read of one kind.
type Observed struct {
	resource.Observation
	Err error // the kind as a whole could not be read
}

// Input is all that a plan depends on.
type Input struct {
	Kinds    []resource.Kind
	Desired  resource.Config
	Live     map[string]Observed // by kind; a kind that is absent was not read and is left alone
	Owned    []resource.Owned
	Intents  []resource.Intent
	Instance string // in owner tags; "" is "default"

	Prune     bool            // delete what is owned and no longer written
	Stateless bool            // there is no state to ask: ownership and origins are unknown
	Foreign   bool            // list what is not ours
	Only      []resource.Addr // nil: all
}

// Compute makes the plan.
func Compute(in Input) Plan {
	if in.Instance == "" {
		in.Instance = "default"
	}
	p := &planner{in: in, matches: map[resource.Addr]*match{}, entries: map[string][]*resource.Entry{}, kinds: map[string]*resource.Kind{}}
	p.plan.OwnedByKind = map[string]int{}
	for i := range in.Desired.Entries {
		e := &p.in.Desired.Entries[i]
		p.entries[e.Kind] = append(p.entries[e.Kind], e)
	}
	for i := range in.Owned {
		p.plan.OwnedByKind[in.Owned[i].Addr.Kind]++
	}
	kinds := slices.Clone(in.Kinds)
	slices.SortFunc(kinds, func(a, b resource.Kind) int { return strings.Compare(a.Name, b.Name) })
	matchers := map[string]*matcher{}
	for i := range kinds {
		k := &kinds[i]
		p.kinds[k.Name] = k
		if m := p.matcher(k); m != nil {
			matchers[k.Name] = m
			for a, f := range m.all(p.entries[k.Name]) {
				p.matches[a] = f
			}
		}
	}
	for i := range kinds { // after all matches: references cross kinds
		if m := matchers[kinds[i].Name]; m != nil {
			p.kind(&kinds[i], m)
		}
	}
	p.orphans(matchers)
	if in.Stateless {
		p.plan.Notes = append(p.plan.Notes,
			"no state was read: what is owned, orphaned or renamed is not known, nor whether a difference comes from the YAML or from Telnyx")
	}
	p.only()
	p.blockProblems()
	p.plan.Changes = order(p.plan.Changes)
	return p.plan
}

type planner struct {
	in      Input
	kinds   map[string]*resource.Kind
	entries map[string][]*resource.Entry
	matches map[resource.Addr]*match
	plan    Plan
}

func (p *planner) problem(a resource.Addr, source *resource.Position, held bool, format string, args ...any) {
	p.plan.Problems = append(p.plan.Problems, Problem{Addr: a, Source: source, Held: held, Text: fmt.Sprintf(format, args...)})
}

// matcher indexes what is known of a kind; nil if it was not or could not be read.
func (p *planner) matcher(k *resource.Kind) *matcher {
	seen, read := p.in.Live[k.Name]
	if !read {
		return nil
	}
	if seen.Err != nil {
		p.problem(resource.Addr{Kind: k.Name}, nil, false, "could not be read, so nothing of this kind is compared or changed: %v", seen.Err)
		return nil
	}
	m := &matcher{
		kind: k, instance: p.in.Instance,
		byID: map[string]*resource.Live{}, byKey: map[string][]*resource.Live{}, byTag: map[string][]*resource.Live{},
		rows: map[string]*resource.Owned{}, rowByID: map[string]*resource.Owned{},
		desired: map[string]*resource.Entry{}, intents: map[string]*resource.Intent{}, taken: map[string]resource.Addr{},
	}
	live := slices.Clone(seen.Objects)
	slices.SortFunc(live, func(a, b resource.Live) int { return strings.Compare(a.ID, b.ID) })
	for i := range live {
		l := &live[i]
		m.byID[l.ID] = l
		for _, key := range l.Keys {
			m.byKey[key] = append(m.byKey[key], l)
		}
		for _, o := range l.Owners {
			if o.Instance == p.in.Instance {
				m.byTag[o.Name] = append(m.byTag[o.Name], l)
			}
		}
	}
	for i := range p.in.Owned {
		if o := &p.in.Owned[i]; o.Addr.Kind == k.Name {
			m.rows[o.Addr.Name], m.rowByID[o.ID] = o, o
		}
	}
	for i := range p.in.Intents {
		if in := &p.in.Intents[i]; in.Addr.Kind == k.Name {
			m.intents[in.Addr.Name] = in
		}
	}
	for _, e := range p.entries[k.Name] {
		m.desired[e.Name] = e
	}
	return m
}

func (p *planner) kind(k *resource.Kind, m *matcher) {
	failed := p.in.Live[k.Name].Failed
	for _, e := range p.entries[k.Name] {
		f := p.matches[e.Addr]
		err := failed[k.Key(e.Name, e.Object)]
		if err == nil && f.row != nil {
			err = failed[f.row.ID]
		}
		switch {
		case err != nil:
			p.problem(e.Addr, &e.Pos, false, "could not be read, so it is not compared or changed: %v", err)
		case f.problem != "":
			p.problem(e.Addr, &e.Pos, f.held, "%s", f.problem)
		default:
			p.entry(k, m, e, f)
		}
	}
	if p.in.Foreign && k.Listed {
		for id, l := range m.byID {
			if _, taken := m.taken[id]; !taken && m.rowByID[id] == nil {
				p.plan.Foreign = append(p.plan.Foreign, Foreign{Kind: k.Name, ID: id, Label: l.Label})
			}
		}
		slices.SortFunc(p.plan.Foreign, func(a, b Foreign) int {
			return strings.Compare(a.Kind+"\x00"+a.ID, b.Kind+"\x00"+b.ID)
		})
	}
}

// entry decides what one entry needs.
func (p *planner) entry(k *resource.Kind, m *matcher, e *resource.Entry, f *match) {
	row := f.row
	if row == nil {
		row = f.from
	}
	var applied resource.Object
	if row != nil {
		applied = row.Applied
	}
	c := p.compare(k, e, f.live, applied)
	for _, d := range c.fixed {
		p.problem(e.Addr, &e.Pos, true, "%s cannot be changed from %s to %s once the object is there: put the old value back, or write a new entry",
			d.Path, show(d.Old), show(d.New))
	}
	if len(c.unmanaged) > 0 {
		p.plan.Unmanaged = append(p.plan.Unmanaged, Unmanaged{Addr: e.Addr, Paths: c.unmanaged})
	}
	change := Change{
		Addr: e.Addr, Source: &e.Pos, From: row, Live: f.live, Instance: p.in.Instance,
		Deltas: c.deltas, Needs: c.needs, Own: own(e, f.live, row, c),
		Write: resource.Write{
			Name: e.Name, Key: k.Key(e.Name, e.Object), Desired: c.managed, Patch: c.patch, Live: f.live,
			Owner: resource.Owner{Instance: p.in.Instance, Name: e.Name},
		},
	}
	switch {
	case f.live == nil:
		p.create(k, m, e, f, &change)
	case f.rekey:
		p.replace(e, f, &change)
	default:
		p.update(k, e, f, &change)
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
	for i := range c.Deltas {
		c.Deltas[i].Origin = FromConfig
	}
	if f.row != nil {
		c.ID, c.Reason = f.row.ID, fmt.Sprintf("it was deleted on Telnyx (%s)", f.row.ID)
		for i := range c.Deltas {
			c.Deltas[i].Origin = FromDrift
		}
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
	if c.Write.Key == "" {
		c.Seen = slices.Sorted(maps.Keys(m.byID))
	}
	p.add(e, *c)
}

// suspects are objects that may be what a lost create has made: they were not there before, and
// nothing tells whose they are.
func (p *planner) suspects(m *matcher, in *resource.Intent) (out []*resource.Live) {
	if in.Key != "" {
		return nil // the natural key would have found it
	}
	for id, l := range m.byID {
		if _, taken := m.taken[id]; !taken && len(l.Owners) == 0 && m.rowByID[id] == nil && !slices.Contains(in.Seen, id) {
			out = append(out, l)
		}
	}
	return out
}

func (p *planner) replace(e *resource.Entry, f *match, c *Change) {
	c.Op, c.ID, c.Calls, c.Guarded, c.Resume = Replace, f.live.ID, 2, true, f.resume
	c.InDoubt = f.begun && f.resume == nil
	c.Reason = fmt.Sprintf("its name changes from %q to %q, which Telnyx cannot do: the new one is made, then the old one deleted", f.live.ID, c.Write.Key)
	c.Deltas = append([]Delta{{Path: "/name", Old: f.live.ID, New: c.Write.Key, Origin: FromConfig}}, c.Deltas...)
	c.Write.Desired = resource.Overlay(f.live.Object, c.Write.Desired)
	if isProtected(e, f.row) {
		p.plan.Withheld = append(p.plan.Withheld, Withheld{*c, protectedWhy(c.Addr)})
		return
	}
	p.add(e, *c)
}

func (p *planner) update(k *resource.Kind, e *resource.Entry, f *match, c *Change) {
	c.ID = f.live.ID
	owner := c.Write.Owner
	if k.Tagged && !e.Ignores("/tags") && !f.live.OnlyOwnedBy(owner) {
		c.Write.Retag = true
		from := FromConfig // it comes with the new owner
		if f.row != nil {
			from = FromDrift
		}
		c.Deltas = append(c.Deltas, Delta{Path: OwnerTagPath, Old: ourTag(f.live, owner), New: owner.Tag(), Origin: from})
	}
	held := p.hold(e, f.row, c)
	for _, d := range c.Deltas {
		if s := schemaAt(k.Schema, d.Path); s != nil && s.Outage != nil && d.New == s.Outage {
			c.Guarded = true
		}
	}
	if len(c.Deltas) > 0 {
		c.Calls = 1
	}
	switch {
	case f.from != nil:
		c.Op, c.Reason = Rename, fmt.Sprintf("it was %s", f.from.Addr)
	case f.row == nil && !p.in.Stateless:
		c.Op, c.Reason = Adopt, "it exists already and state does not know it"
		if f.live.OwnedBy(owner) {
			c.Reason = "it carries our owner tag and state does not know it"
		}
	case len(c.Deltas) > 0:
		c.Op, c.Reason = Update, reason(c.Deltas)
	default:
		if !held {
			p.plan.Unchanged++
		}
		if f.row != nil && !e.Observe && !sameOwned(f.row, c.Own) {
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

// hold takes out what was written often enough and came back each time.
func (p *planner) hold(e *resource.Entry, row *resource.Owned, c *Change) (held bool) {
	if row == nil {
		return false
	}
	c.Own.Attempts = nil
	c.Deltas = slices.DeleteFunc(c.Deltas, func(d Delta) bool {
		a := row.Attempts[d.Path]
		if a.Value != resource.Text(d.New) {
			return false
		}
		if c.Own.Attempts == nil {
			c.Own.Attempts = map[string]resource.Attempt{}
		}
		c.Own.Attempts[d.Path] = a
		if a.Count < StickLimit {
			return false
		}
		p.problem(e.Addr, &e.Pos, true, "%s does not stick: %s was written %d times, and Telnyx shows %s again; correct the value, or leave it out with ignore: [%s]",
			d.Path, show(d.New), a.Count, show(d.Old), d.Path)
		held = true
		return true
	})
	c.Write.Patch = resource.Object{}
	c.Write.Retag = false
	for _, d := range c.Deltas {
		if d.Path == OwnerTagPath {
			c.Write.Retag = true
			continue
		}
		resource.Put(c.Write.Patch, d.Path, d.New)
	}
	return held
}
