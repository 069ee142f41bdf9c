package diff

import (
	"maps"
	"slices"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// match finds the objects of the entries, those of kinds whose keys refer to others after those.
func (p *planner) match(kinds []resource.Kind) map[string]*matcher {
	matchers := map[string]*matcher{}
	for _, referring := range []bool{false, true} {
		for i := range kinds {
			k := &kinds[i]
			if (k.KeyRef != "") != referring {
				continue
			}
			p.kinds[k.Name] = k
			p.fillKeys(k)
			if m := p.matcher(k); m != nil {
				matchers[k.Name] = m
				maps.Copy(p.matches, m.all(p.entries[k.Name]))
				p.twins(k)
			}
		}
	}
	for a, m := range p.matches {
		if m.live != nil && !m.rekey {
			p.plan.Whose.Has(a, m.live.ID)
		}
	}
	return matchers
}

// Identified returns the desired state with the natural keys that refer to other entries filled in,
// as far as the objects of those have been read. What is left needs them to be made first.
func Identified(in Input) resource.Config {
	p := newPlanner(in)
	p.match(in.Kinds)
	return p.in.Desired
}

// WhoseIs says which object each entry has, as far as those have been read.
func WhoseIs(in Input) plan.Whose {
	p := newPlanner(in)
	p.match(in.Kinds)
	return p.plan.Whose
}

// fillKeys puts ids in the place of the references that natural keys are made of.
func (p *planner) fillKeys(k *resource.Kind) {
	if k.KeyRef == "" {
		return
	}
	for _, e := range p.entries[k.Name] {
		v, _ := resource.Get(e.Object, k.KeyRef)
		ref, ok := v.(resource.Ref)
		if !ok || ref.ID != "" {
			continue
		}
		if m := p.matches[ref.Addr]; m != nil && m.live != nil && !m.rekey {
			ref.ID = m.live.ID
			e.Object = resource.Overlay(e.Object, nil)
			resource.Put(e.Object, k.KeyRef, ref)
		}
	}
}

// keyOf is the entry that has to be made before the natural key of another is known.
func keyOf(k *resource.Kind, e *resource.Entry) *resource.Addr {
	if k.KeyRef == "" {
		return nil
	}
	v, _ := resource.Get(e.Object, k.KeyRef)
	if ref, ok := v.(resource.Ref); ok && ref.ID == "" {
		return &ref.Addr
	}
	return nil
}

// twins finds entries that turn out to mean one object, now that their references are followed.
func (p *planner) twins(k *resource.Kind) {
	if k.KeyRef == "" {
		return
	}
	first := map[string]*resource.Entry{}
	for _, e := range p.entries[k.Name] {
		key := k.Key(e.Name, e.Object)
		other := first[key]
		switch {
		case key == "":
		case other == nil:
			first[key] = e
		default:
			for _, both := range [][2]*resource.Entry{{e, other}, {other, e}} {
				f := *p.matches[both[0].Addr]
				f.hold(SameObject, plan.Args{"key": key, "address": both[1].String()})
				p.matches[both[0].Addr] = &f
			}
		}
	}
}

// KeysRefer tells whether natural keys of a kind's entries are known only when other kinds have been
// read.
func KeysRefer(k *resource.Kind, desired resource.Config) bool {
	return slices.ContainsFunc(desired.Entries, func(e resource.Entry) bool { return e.Kind == k.Name && keyOf(k, &e) != nil })
}
