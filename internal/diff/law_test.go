package diff_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

var names = []string{"a", "b", "c", "d"}

// drawInput is a random world of toys, of which little fits together.
func drawInput(t *rapid.T) diff.Input {
	in := diff.Input{
		Kinds: toys(), Live: map[string]diff.Observed{},
		Prune: rapid.Bool().Draw(t, "prune"), Foreign: rapid.Bool().Draw(t, "foreign"), Stateless: rapid.IntRange(0, 9).Draw(t, "stateless") == 0,
	}
	var all []resource.Entry
	for _, k := range in.Kinds {
		ids := []string{"1", "2", "3", "4", "5"}
		if k.Name == "boxes" {
			ids = []string{"a", "b", "c", "d", "e"}
		}
		seen := diff.Observed{Observation: resource.Observation{Failed: map[string]error{}}}
		for _, id := range ids {
			switch rapid.IntRange(0, 5).Draw(t, "there") {
			case 0:
				seen.Failed[id] = fmt.Errorf("GET %s: 500", id)
			case 1, 2:
			default:
				o := drawObject(t, k.Name, "live")
				if k.Name == "trunks" {
					o["tags"] = rapid.SliceOfDistinct(rapid.SampledFrom([]any{
						"x", "telnyxsync:default:a", "telnyxsync:default:b", "telnyxsync:other:a",
					}), rapid.ID).Draw(t, "tags")
				}
				seen.Objects = append(seen.Objects, live(k.Name, id, o))
			}
		}
		if rapid.IntRange(0, 9).Draw(t, "kind fails") == 0 {
			seen = diff.Observed{Err: fmt.Errorf("GET /%s: 500", k.Name)}
		}
		in.Live[k.Name] = seen
		rows := rapid.Permutation(ids).Draw(t, "rows")
		for i, n := range names {
			if rapid.Bool().Draw(t, "owned") {
				o := resource.Owned{Addr: resource.Addr{Kind: k.Name, Name: n}, ID: rows[i], Root: "/root", Applied: drawObject(t, k.Name, "applied")}
				o.Protect = rapid.IntRange(0, 4).Draw(t, "protected") == 0
				in.Owned = append(in.Owned, o)
			}
			if rapid.IntRange(0, 9).Draw(t, "intent") == 0 {
				in.Intents = append(in.Intents, resource.Intent{Addr: resource.Addr{Kind: k.Name, Name: n}, Key: rapid.SampledFrom([]string{"", "e"}).Draw(t, "key")})
			}
			if rapid.IntRange(0, 2).Draw(t, "desired") == 0 {
				continue
			}
			e := resource.Entry{Addr: resource.Addr{Kind: k.Name, Name: n}, Object: drawObject(t, k.Name, "entry")}
			e.Observe = rapid.IntRange(0, 9).Draw(t, "observe") == 0
			if rapid.IntRange(0, 9).Draw(t, "protect") == 0 {
				e.Protect = new(bool)
			}
			all = append(all, e)
		}
	}
	in.Desired = config([]string{"trunks", "boxes", "routes"}, all...)
	for _, e := range all { // spec lets nothing refer to what is not written
		maps.DeleteFunc(e.Object, func(_ string, v any) bool {
			ref, ok := v.(resource.Ref)
			return ok && ref.ID == "" && in.Desired.Find(ref.Addr) == nil
		})
	}
	return in
}

func drawObject(t *rapid.T, kind, what string) resource.Object {
	o := resource.Object{}
	maybe := func(path string, values ...any) {
		if rapid.Bool().Draw(t, path) {
			v := rapid.SampledFrom(values).Draw(t, path+" value")
			if v != nil || what != "live" {
				resource.Put(o, path, v)
			}
		}
	}
	to := func(kind string) []any {
		if what != "entry" {
			return []any{"1", "a", nil}
		}
		return []any{resource.Ref{Addr: resource.Addr{Kind: kind, Name: "a"}}, resource.Ref{Addr: resource.Addr{Kind: kind, Name: "b"}}, resource.Ref{ID: "1"}}
	}
	switch kind {
	case "trunks":
		maybe("/mode", "own", "shared")
		maybe("/on", true, false)
		maybe("/limits/in", int64(1), int64(2), nil)
		maybe("/limits/out", int64(1), int64(2))
		maybe("/codecs", []any{"x", "y"}, []any{}, nil)
		maybe("/tags", []any{"x"}, []any{}, nil)
		if what != "live" {
			maybe("/limits/profile", "p", "q")
		}
		if what == "entry" {
			maybe("/id", "1", "2")
		}
	case "boxes":
		o["host"] = rapid.SampledFrom([]any{"h1", "h2"}).Draw(t, "host")
		maybe("/app", "x", nil)
		if what == "entry" {
			maybe("/name", "a", "e")
		}
	case "routes":
		maybe("/trunk", to("trunks")...)
		maybe("/box", to("boxes")...)
		maybe("/prefix", "1", "2")
	}
	return o
}

func render(p *diff.Plan) string {
	return string(diff.JSON(p, nil)) + diff.Text(p, diff.TextOptions{}) + unseen(p)
}

// What a plan says does not depend on the order in which the world was read.
func TestLawOfOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		before := resource.Text(in.Desired) + resource.Text(in.Owned)
		a := diff.Compute(in)
		if after := resource.Text(in.Desired) + resource.Text(in.Owned); after != before {
			t.Fatalf("Compute changed what it was given:\n%s\n%s", before, after)
		}
		in.Kinds = rapid.Permutation(in.Kinds).Draw(t, "kinds")
		in.Owned = rapid.Permutation(in.Owned).Draw(t, "owned order")
		in.Intents = rapid.Permutation(in.Intents).Draw(t, "intents order")
		for name, seen := range in.Live {
			seen.Objects = rapid.Permutation(seen.Objects).Draw(t, "live order")
			in.Live[name] = seen
		}
		b := diff.Compute(in)
		if render(&a) != render(&b) {
			t.Fatalf("the same input made two plans:\n%s\n%s", render(&a), render(&b))
		}
	})
}

// Whatever the world is like: only what state knows is deleted, and only with prune; what could not
// be read is not touched; each change comes after what it needs; what is sent is what is shown.
func TestLawsOfPlans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		p := diff.Compute(in)
		done, objects := map[resource.Addr]bool{}, map[string]resource.Addr{}
		for i := range p.Changes {
			c := &p.Changes[i]
			for _, n := range c.Needs {
				if !done[n] {
					t.Errorf("%s %s comes before %s, which it needs\n%s", c.Op, c.Addr, n, render(&p))
				}
			}
			if done[c.Addr] {
				t.Errorf("%s is there twice", c.Addr)
			}
			done[c.Addr] = true
			seen := in.Live[c.Addr.Kind]
			if seen.Err != nil || seen.Failed[c.ID] != nil && c.ID != "" {
				t.Errorf("%s %s: it could not be read", c.Op, c.Addr)
			}
			if key := c.Write.Key; c.Op == diff.Create && c.Addr.Kind == "boxes" && len(c.Needs) == 0 &&
				(seen.Failed[key] != nil || slices.ContainsFunc(seen.Objects, func(l resource.Live) bool { return l.ID == key })) {
				t.Errorf("%s is made, and %s is there", c.Addr, key)
			}
			if c.Live != nil {
				if by, twice := objects[c.Addr.Kind+c.Live.ID]; twice {
					t.Errorf("%s and %s change one object", c.Addr, by)
				}
				objects[c.Addr.Kind+c.Live.ID] = c.Addr
			}
			switch c.Op {
			case diff.Delete, diff.Forget:
				if !in.Prune || in.Desired.Find(c.Addr) != nil ||
					!slices.ContainsFunc(in.Owned, func(o resource.Owned) bool { return o.Addr == c.Addr && o.ID == c.ID && !o.Protect }) {
					t.Errorf("%s must not be deleted", c.Addr)
				}
			case diff.Update, diff.Adopt, diff.Rename:
				sent := resource.Object{}
				for _, d := range c.Deltas {
					if d.Path != diff.OwnerTagPath {
						resource.Put(sent, d.Path, d.New)
					}
				}
				if resource.Text(sent) != resource.Text(c.Write.Patch) {
					t.Errorf("%s shows %s and sends %s", c.Addr, resource.Text(sent), resource.Text(c.Write.Patch))
				}
			}
		}
	})
}

// Once what a plan wants to write is there, nothing is left to write: what waits for a problem comes
// when the problem is gone, at most once for each name that is handed on, and nothing is written for ever.
func TestLawOfConvergence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		in.Prune, in.Stateless = true, false
		for range len(names) + 1 {
			pretend(&in, diff.Compute(in))
		}
		if p := diff.Compute(in); len(p.Changes) > 0 {
			t.Errorf("still there:\n%s", diff.Text(&p, diff.TextOptions{}))
		}
	})
}
