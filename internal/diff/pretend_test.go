package diff_test

import (
	"fmt"
	"slices"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/resource"
)

// pretend does what a plan says to the live objects and to the state.
func pretend(in *diff.Input, p diff.Plan) {
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
	for _, o := range p.Settle {
		remember(o, o.ID)
	}
	for _, o := range p.Gone {
		forget(o.Addr)
	}
	for _, c := range p.Changes {
		seen := in.Live[c.Addr.Kind]
		without := func(id string) {
			seen.Objects = slices.DeleteFunc(slices.Clone(seen.Objects), func(l resource.Live) bool { return l.ID == id })
		}
		put := func(id string, o resource.Object, old *resource.Live) {
			without(id)
			k := toy(c.Addr.Kind)
			l := live(c.Addr.Kind, id, shown(k.Schema, filled(o, made).(resource.Object), c.Write.Deep))
			if k.Renewal != nil { // any write renews
				life, _ := k.Renewal(in.Desired.Find(c.Addr).Object)
				l.Expires = in.Now.Add(life)
			}
			if old != nil {
				l.Owners = slices.DeleteFunc(slices.Clone(old.Owners), func(o resource.Owner) bool { return c.Write.Retag && o.Instance == "default" })
			}
			if toy(c.Addr.Kind).Tagged && (old == nil || c.Write.Retag) {
				l.Owners = append(l.Owners, c.Write.Owner)
			}
			seen.Objects = append(seen.Objects, l)
			made[c.Addr] = id
		}
		switch c.Op {
		case diff.Create, diff.Replace:
			id := c.Write.Key
			if c.KeyOf != nil {
				id = made[*c.KeyOf]
			}
			if !keyed(c.Addr.Kind) {
				id = unused(in, c.Addr.Kind)
			}
			put(id, c.Write.Desired, nil)
			if c.Op == diff.Replace {
				without(c.ID)
			}
			c.Own.Renewed = in.Now
			remember(*c.Own, id)
		case diff.Delete, diff.Forget:
			if c.Op == diff.Delete {
				without(c.ID)
			}
			forget(c.Addr)
		default:
			if len(c.Deltas) > 0 {
				put(c.ID, resource.Overlay(c.Live.Object, c.Write.Patch), c.Live)
				c.Own.Renewed = in.Now
			}
			if c.Op == diff.Rename {
				forget(c.From.Addr)
			}
			remember(*c.Own, c.ID)
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
