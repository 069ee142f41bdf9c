package diff

import (
	"slices"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// comparison is the outcome of comparing one entry with its object.
type comparison struct {
	deltas    []plan.Delta
	managed   resource.Object // what the entry manages: desired without local and ignored fields
	applied   resource.Object // managed as it is to be remembered once it is applied
	patch     resource.Object // of managed, what differs
	needs     []resource.Addr
	unknown   []string      // paths that nothing is known to compare with
	unmanaged []string      // paths that were applied and are no longer written
	fixed     []plan.Delta  // differences that nothing can remove: the field is set once
	held      bool          // one of them shows that the object is not what the entry means
	doubtful  bool          // something of it cannot be compared here
	blocked   []plan.Reason // secrets that are needed cannot be had
}

// origin is the third way of the comparison: where a difference comes from, given what was last
// applied. applied is nil if we never applied the entry.
//
//	applied          desired     the difference is
//	not the entry    any         unknown
//	the same value   the same    drift: we had it right, Telnyx changed
//	another, none    changed     config
func origin(applied resource.Object, last any, was bool, desired any) plan.Origin {
	if applied == nil {
		return plan.Unknown
	}
	if was && resource.Equal(last, desired) {
		return plan.FromDrift
	}
	return plan.FromConfig
}

// compare goes through the leaves that an entry manages. live is nil for a create.
func (p *planner) compare(k *resource.Kind, e *resource.Entry, live *resource.Live, row *resource.Owned) comparison {
	c := comparison{managed: resource.Object{}, patch: resource.Object{}}
	apart := false // what is to be remembered is not what is sent
	var applied resource.Object
	if row != nil {
		applied = row.Applied
	}
	k.Schema.Leaves(e.Object, func(path string, s *resource.Schema, desired any) {
		ignored := e.Ignores(path) && live != nil
		if s.Local || s.Policy || ignored && (!s.WriteOnly || e.Observe) {
			return
		}
		switch v := desired.(type) {
		case resource.Ref:
			desired = p.resolve(v, &c)
		case resource.SecretRef:
			secret, why := p.secret(v, s)
			if !why.IsZero() {
				p.noSecret(e, path, why, live, &c)
				apart = true
				return
			}
			desired = secret
		}
		resource.Put(c.managed, path, desired) // also one that is ignored: a PUT would reset what it does not hold
		apart = apart || ignored || s.Type == resource.SecretType || s.Type == resource.FileType
		if ignored {
			return
		}
		c.leaf(s, path, desired, live, applied, p.in.Stateless)
	})
	if c.applied = c.managed; apart {
		c.applied = resource.Object{}
		k.Schema.Leaves(c.managed, func(path string, _ *resource.Schema, v any) {
			known := true
			if v == any(resource.Secret{}) { // it could not be had, see noSecret: what is known of it stays known
				v, known = resource.Get(applied, path)
			}
			if known && (!e.Ignores(path) || live == nil) {
				resource.Put(c.applied, path, resource.Remembered(v))
			}
		})
	}
	for _, path := range c.unknown {
		c.doubtful = true
		p.plan.NotCompared = append(p.plan.NotCompared, plan.NotCompared{Addr: e.Addr, Path: path, Reason: reason(NotReturned, nil)})
	}
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

// leaf compares one leaf. What is opaque is compared by its digest.
func (c *comparison) leaf(s *resource.Schema, path string, desired any, live *resource.Live, applied resource.Object, stateless bool) {
	same := resource.Remembered(desired)
	var have any
	shown := false
	if live != nil {
		have, shown = resource.Get(live.Object, path)
	}
	last, was := resource.Get(applied, path)
	if s.WriteOnly && !shown {
		have = last
	}
	// Of what is written only, nothing is known before it was applied, not even that it is nothing.
	known := !s.WriteOnly || shown || was
	if live != nil && !s.CreateOnly && known && resource.Equal(have, same) {
		return // as nearly always
	}
	delta := plan.Delta{Path: path, Old: have, New: desired, Origin: origin(applied, last, was, same), Blind: live != nil && !known, Set: s.Set}
	if s.Type == resource.SecretType {
		delta.Old = nil
		if was {
			delta.Old, delta.Origin = resource.Secret{}, plan.FromSecret
		}
	}
	switch {
	case live == nil && desired == nil: // nothing is there to be cleared
	case live == nil:
		c.deltas = append(c.deltas, delta)
	case s.CreateOnly:
		// No GET returns it: what was applied is all there is to compare with.
		if was && !resource.Equal(last, same) {
			c.fixed = append(c.fixed, plan.Delta{Path: path, Old: last, New: desired, Origin: plan.FromConfig})
		}
	case !known && stateless:
		c.unknown = append(c.unknown, path)
	case !known && s.Assumed && applied == nil:
	case s.Fixed:
		c.fixed, c.held = append(c.fixed, delta), true
	default:
		c.deltas = append(c.deltas, delta)
		resource.Put(c.patch, path, desired)
	}
}

// secret is what a reference leads to, or why it cannot be had.
func (p *planner) secret(ref resource.SecretRef, s *resource.Schema) (secret resource.Secret, why plan.Reason) {
	r, ok := p.in.Secrets[ref]
	switch {
	case !ok:
		why = reason(SecretNotRead, plan.Args{"secret": ref.String()})
	case r.Err != nil:
		why = reason(SecretUnread, plan.Args{"error": r.Err.Error()})
	case s.JSON && r.Secret.Object() == nil:
		why = reason(SecretNotObject, plan.Args{"secret": ref.String()})
	}
	return r.Secret, why
}

// noSecret leaves out of a dry run what cannot be compared there, and out of any other the entry. A
// secret that is there and wrong is a problem in both. Of what is only watched no run writes anything.
func (p *planner) noSecret(e *resource.Entry, path string, why plan.Reason, live *resource.Live, c *comparison) {
	if p.in.NeedSecrets && !e.Observe || why.Code == SecretNotObject {
		c.blocked = append(c.blocked, why)
		return
	}
	resource.Put(c.managed, path, resource.Secret{}) // it is managed all the same
	if live == nil {
		c.deltas = append(c.deltas, plan.Delta{Path: path, New: resource.Secret{}, Origin: plan.FromConfig})
	}
	c.doubtful = true
	p.plan.NotCompared = append(p.plan.NotCompared, plan.NotCompared{Addr: e.Addr, Path: path, Reason: reason(SecretNotCompared, plan.Args{"why": why})})
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
			c.deltas = append(c.deltas, plan.Delta{Path: path, Old: have, New: !down, Origin: plan.FromDrift})
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
