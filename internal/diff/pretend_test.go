package diff_test

import (
	"fmt"
	"slices"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// pretend does what a plan says to the live objects and to the state. renews: a write gives an object another incarnation.
func pretend(in *diff.Input, p plan.Plan, renews bool) {
	made := map[resource.Addr]string{}
	forget := func(a resource.Addr) {
		in.Owned = slices.DeleteFunc(in.Owned, func(o resource.Owned) bool { return o.Addr == a })
	}
	remember := func(o resource.Owned, id string) {
		in.Owned = slices.DeleteFunc(in.Owned, func(other resource.Owned) bool { // an object has one entry
			return other.Addr == o.Addr || other.Addr.Kind == o.Addr.Kind && other.ID == id
		})
		o.ID, o.Applied = id, filled(o.Applied, made).(resource.Object)
		in.Owned = append(in.Owned, o)
		in.Intents = slices.DeleteFunc(in.Intents, func(i resource.Intent) bool { return i.Addr == o.Addr })
	}
	p.Settle(&p) // another look shows the same
	for _, o := range p.Remember.Forget {
		forget(o)
	}
	for _, o := range p.Remember.Own {
		remember(o, o.ID)
	}
	in.Intents = slices.DeleteFunc(in.Intents, func(i resource.Intent) bool { return slices.Contains(p.Remember.EndIntents, i.Addr) })
	for _, c := range p.Changes {
		w := diff.WorkOf(&c)
		seen := in.Live[c.Addr.Kind]
		without := func(id string) {
			seen.Objects = slices.DeleteFunc(slices.Clone(seen.Objects), func(l resource.Live) bool { return l.ID == id })
		}
		put := func(id string, o resource.Object, old *resource.Live) {
			without(id)
			k := toy(c.Addr.Kind)
			l := live(c.Addr.Kind, id, shown(k.Schema, filled(o, made).(resource.Object), w.Write.Deep))
			if k.Renewal != nil { // any write renews
				life, _ := k.Renewal(in.Desired.Find(c.Addr).Object)
				l.Expires = in.Now.Add(life)
			}
			if k.Incarnation != "" {
				l.Incarnation = resource.Incarnation(in.Now)
				if old != nil && !renews {
					l.Incarnation = old.Incarnation
				}
				w.Own.Incarnation = l.Incarnation
			}
			if old != nil {
				l.Owners = slices.DeleteFunc(slices.Clone(old.Owners), func(o resource.Owner) bool { return w.Write.Retag && o.Instance == "default" })
			}
			if toy(c.Addr.Kind).Tagged && (old == nil || w.Write.Retag) {
				l.Owners = append(l.Owners, w.Write.Owner)
			}
			seen.Objects = append(seen.Objects, l)
			made[c.Addr] = id
		}
		switch c.Op {
		case plan.Create, plan.Replace:
			id := w.Write.Key
			if w.KeyOf != nil {
				id = made[*w.KeyOf]
			}
			if !keyed(c.Addr.Kind) {
				id = unused(in, c.Addr.Kind)
			}
			put(id, w.Write.Desired, nil)
			if c.Op == plan.Replace {
				without(c.ID)
			}
			w.Own.Renewed = in.Now
			remember(*w.Own, id)
		case plan.Delete, plan.Forget:
			if c.Op == plan.Delete {
				without(c.ID)
			}
			forget(c.Addr)
		default:
			if len(c.Deltas) > 0 {
				put(c.ID, resource.Overlay(w.Live.Object, w.Write.Patch), w.Live)
				w.Own.Renewed = in.Now
			}
			if c.Op == plan.Rename {
				forget(w.From.Addr)
			}
			remember(*w.Own, c.ID)
		}
		in.Live[c.Addr.Kind] = seen
	}
}

// unused is an id that no object has and no entry remembers.
func unused(in *diff.Input, kind string) string {
	for n := 100; ; n++ {
		id := fmt.Sprint(n)
		if !slices.ContainsFunc(in.Live[kind].Objects, func(l resource.Live) bool { return l.ID == id }) &&
			!slices.ContainsFunc(in.Owned, func(o resource.Owned) bool { return o.Addr.Kind == kind && o.ID == id }) {
			return id
		}
	}
}

// shown is an object as a GET returns it: without nulls, secrets and what is written only. A closer look
// shows what the latter are.
func shown(s *resource.Schema, o resource.Object, deep bool) resource.Object {
	out := resource.Object{}
	s.Leaves(o, func(path string, s *resource.Schema, v any) {
		hidden := s.CreateOnly || s.Type == resource.SecretType || s.WriteOnly && (!deep || s.Type != resource.FileType)
		if v != nil && !hidden {
			resource.Put(out, path, resource.Remembered(v))
		}
	})
	return out
}

func filled(v any, made map[resource.Addr]string) any {
	switch v := v.(type) {
	case resource.Pending:
		return made[v.Addr]
	case resource.Object:
		out := resource.Object{}
		for name, field := range v {
			out[name] = filled(field, made)
		}
		return out
	}
	return v
}
