package diff

import (
	"slices"

	"telnyxsync/internal/resource"
)

// comparison is the outcome of comparing one entry with its object.
type comparison struct {
	deltas    []Delta
	managed   resource.Object // what the entry manages: desired without local and ignored fields
	patch     resource.Object // of managed, what differs
	needs     []resource.Addr
	unmanaged []string // paths that were applied and are no longer written
	fixed     []Delta  // differences that nothing can remove: the field is set once
	held      bool     // one of them shows that the object is not what the entry means
}

// origin is the third way of the comparison: where a difference comes from, given what was last
// applied. applied is nil if we never applied the entry.
//
//	applied          desired     the difference is
//	not the entry    any         unknown
//	the same value   the same    drift: we had it right, Telnyx changed
//	another, none    changed     config
func origin(applied resource.Object, path string, desired any) Origin {
	if applied == nil {
		return Unknown
	}
	last, was := resource.Get(applied, path)
	if was && resource.Equal(last, desired) {
		return FromDrift
	}
	return FromConfig
}

// compare goes through the leaves that an entry manages. live is nil for a create.
func (p *planner) compare(k *resource.Kind, e *resource.Entry, live *resource.Live, row *resource.Owned) comparison {
	c := comparison{managed: resource.Object{}, patch: resource.Object{}}
	var applied resource.Object
	if row != nil {
		applied = row.Applied
	}
	k.Schema.Leaves(e.Object, func(path string, s *resource.Schema, desired any) {
		if s.Local || e.Ignores(path) && live != nil {
			return
		}
		if ref, ok := desired.(resource.Ref); ok {
			desired = p.resolve(ref, &c)
		}
		resource.Put(c.managed, path, desired)
		var have any
		if live != nil {
			have, _ = resource.Get(live.Object, path)
		}
		delta := Delta{Path: path, Old: have, New: desired, Origin: origin(applied, path, desired)}
		switch {
		case live == nil && desired == nil: // nothing is there to be cleared
		case live == nil:
			c.deltas = append(c.deltas, delta)
		case s.CreateOnly:
			// No GET returns it: what was applied is all there is to compare with.
			last, was := resource.Get(applied, path)
			if was && !resource.Equal(last, desired) {
				c.fixed = append(c.fixed, Delta{Path: path, Old: last, New: desired, Origin: FromConfig})
			}
		case resource.Equal(have, desired):
		case s.Fixed:
			c.fixed, c.held = append(c.fixed, delta), true
		default:
			c.deltas = append(c.deltas, delta)
			resource.Put(c.patch, path, desired)
		}
	})
	if row != nil && row.TakenDown && live != nil {
		c.putUp(k.Schema, "", e, live)
	}
	k.Schema.Leaves(applied, func(path string, _ *resource.Schema, _ any) {
		if _, still := resource.Get(c.managed, path); !still {
			c.unmanaged = append(c.unmanaged, path)
		}
	})
	slices.SortFunc(c.needs, resource.Addr.Compare)
	c.needs = slices.Compact(c.needs)
	return c
}

// putUp undoes what we did to an object in order to delete it, where the entry is back and does not
// say itself how it is to be.
func (c *comparison) putUp(s *resource.Schema, at string, e *resource.Entry, live *resource.Live) {
	for _, f := range s.Fields {
		path := at + resource.Pointer(f.Name)
		down, isBool := f.Outage.(bool)
		_, managed := resource.Get(c.managed, path)
		have, _ := resource.Get(live.Object, path)
		if isBool && !managed && !e.Ignores(path) && have == down {
			c.deltas = append(c.deltas, Delta{Path: path, Old: have, New: !down, Origin: FromDrift})
			resource.Put(c.patch, path, !down)
		}
		c.putUp(f.Schema, path, e, live)
	}
}

// resolve turns a reference into the id that goes over the wire, or into a promise of it.
func (p *planner) resolve(ref resource.Ref, c *comparison) any {
	if ref.ID != "" {
		return ref.ID
	}
	m := p.matches[ref.Addr]
	if m != nil && m.live != nil && !m.rekey {
		return m.live.ID
	}
	c.needs = append(c.needs, ref.Addr)
	return resource.Pending{Addr: ref.Addr}
}
