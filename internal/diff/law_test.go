package diff_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

func allOf(p *plan.Plan) string {
	return string(words.JSON(p, nil)) + words.Text(p, render.TextOptions{}) + words.Markdown(p) + unseen(p)
}

// keyed tells whether an object's id is its natural key.
func keyed(kind string) bool { return kind == "boxes" || kind == "tapes" || kind == "vaults" }

// What a plan says does not depend on the order in which the world was read.
func TestLawOfOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		before := given(in)
		a := compute(in)
		if after := given(in); after != before {
			t.Fatalf("Compute changed what it was given:\n%s\n%s", before, after)
		}
		in.Kinds = rapid.Permutation(in.Kinds).Draw(t, "kinds")
		in.Owned = rapid.Permutation(in.Owned).Draw(t, "owned order")
		in.Intents = rapid.Permutation(in.Intents).Draw(t, "intents order")
		for name, seen := range in.Live {
			seen.Objects = rapid.Permutation(seen.Objects).Draw(t, "live order")
			in.Live[name] = seen
		}
		b := compute(in)
		if allOf(&a) != allOf(&b) {
			t.Fatalf("the same input made two plans:\n%s\n%s", allOf(&a), allOf(&b))
		}
	})
}

// Whatever the world is like: only what state knows is deleted, and only with prune; what could not
// be read is not touched; each change comes after what it needs; what is sent is what is shown.
func TestLawsOfPlans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		p := compute(in)
		apply.Guard(&p, unlimited)
		done, objects := map[resource.Addr]bool{}, map[string]resource.Addr{}
		for i := range p.Changes {
			c := &p.Changes[i]
			for _, n := range c.Needs {
				if !done[n] {
					t.Errorf("%s %s comes before %s, which it needs\n%s", c.Op, c.Addr, n, allOf(&p))
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
			w := diff.WorkOf(c)
			if key := w.Write.Key; c.Op == plan.Create && keyed(c.Addr.Kind) && len(c.Needs) == 0 &&
				(seen.Failed[key] != nil || slices.ContainsFunc(seen.Objects, func(l resource.Live) bool { return l.ID == key })) {
				t.Errorf("%s is made, and %s is there", c.Addr, key)
			}
			if row := w.From; (c.Op == plan.Delete || c.Op == plan.Replace) && row != nil && doubtful(row, w.Live) {
				t.Errorf("%s %s: it may be somebody else's", c.Op, c.Addr)
			}
			if w.Live != nil {
				if by, twice := objects[c.Addr.Kind+w.Live.ID]; twice {
					t.Errorf("%s and %s change one object", c.Addr, by)
				}
				objects[c.Addr.Kind+w.Live.ID] = c.Addr
				if row := rowOf(&in, c.Addr.Kind, w.Live.ID); row != nil && row.IsAnother(w.Live) {
					t.Errorf("%s %s: %s is another than the one that was ours", c.Op, c.Addr, w.Live.ID)
				}
				if !ours(&in, c, w) {
					t.Errorf("%s %s writes to %s, which state does not know, and which neither a tag, a name nor an id calls ours", c.Op, c.Addr, w.Live.ID)
				}
			}
			switch c.Op {
			case plan.Delete, plan.Forget:
				if !in.Prune || in.Desired.Find(c.Addr) != nil ||
					!slices.ContainsFunc(in.Owned, func(o resource.Owned) bool { return o.Addr == c.Addr && o.ID == c.ID && !o.Protect }) {
					t.Errorf("%s must not be deleted", c.Addr)
				}
			case plan.Update, plan.Renew, plan.Adopt, plan.Overwrite, plan.Rename:
				sent := resource.Object{}
				for _, d := range c.Deltas {
					if d.Path != plan.OwnerTagPath && d.Path != plan.RenewPath {
						resource.Put(sent, d.Path, d.New)
					}
				}
				if resource.Text(sent) != resource.Text(w.Write.Patch) {
					t.Errorf("%s shows %s and sends %s", c.Addr, resource.Text(sent), resource.Text(w.Write.Patch))
				}
			}
		}
	})
}

// rowOf is what state has of an object.
func rowOf(in *diff.Input, kind, id string) *resource.Owned {
	for i := range in.Owned {
		if o := &in.Owned[i]; o.Addr.Kind == kind && o.ID == id {
			return o
		}
	}
	return nil
}

// doubtful tells whether nothing shows that an object is what state has, and a value that was applied speaks against it.
func doubtful(row *resource.Owned, l *resource.Live) bool {
	k := toy(row.Addr.Kind)
	if k.IDs || l.Incarnation != "" && strings.TrimSuffix(row.Incarnation, "?") == l.Incarnation {
		return false
	}
	differs := false
	k.Schema.Leaves(row.Applied, func(path string, s *resource.Schema, v any) {
		have, shown := resource.Get(l.Object, path)
		differs = differs || (shown || !s.WriteOnly && !s.CreateOnly) && !resource.Equal(have, v)
	})
	return differs
}

// ours tells whether a change may write to its object: state knows it, or a written entry is named by its owner tag, answers
// to its natural key, or has its id.
func ours(in *diff.Input, c *plan.Change, w *diff.Work) bool {
	if slices.ContainsFunc(in.Owned, func(o resource.Owned) bool { return o.Addr.Kind == c.Addr.Kind && o.ID == w.Live.ID }) {
		return true
	}
	e := in.Desired.Find(c.Addr)
	if e == nil {
		return false
	}
	tagged := slices.Contains(w.Live.Owners, resource.Owner{Instance: cmp.Or(in.Instance, "default"), Name: e.Name})
	return tagged || slices.Contains(w.Live.Keys, w.Write.Key) || resource.GetString(e.Object, "/id") == w.Live.ID
}

// What a plan says nothing of is there and lives for long enough.
func TestLawOfSilence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		p := compute(in)
		said := map[resource.Addr]bool{}
		for _, changes := range [][]plan.Change{p.Changes, p.Observed} {
			for i := range changes {
				said[changes[i].Addr] = true
			}
		}
		for i := range p.Withheld {
			said[p.Withheld[i].Addr] = true
		}
		for i := range p.Problems {
			said[p.Problems[i].Addr] = true
		}
		desired := diff.Identified(in)
		for i := range desired.Entries {
			e := &desired.Entries[i]
			if said[e.Addr] || said[resource.Addr{Kind: e.Kind}] || !keyed(e.Kind) {
				continue
			}
			k, seen := toy(e.Kind), in.Live[e.Kind].Objects
			at := slices.IndexFunc(seen, func(l resource.Live) bool { return l.ID == k.Key(e.Name, e.Object) })
			if at < 0 {
				t.Errorf("%s is not there, and the plan says nothing of it\n%s", e.Addr, allOf(&p))
				continue
			}
			if k.Renewal == nil {
				continue
			}
			// An end that is not known is always said.
			if _, before := k.Renewal(e.Object); seen[at].Expires.IsZero() || !in.Now.Before(seen[at].Expires.Add(-before)) {
				t.Errorf("%s ends at %v, and the plan says nothing of it\n%s", e.Addr, seen[at].Expires, allOf(&p))
			}
			if p.NextRenewal.IsZero() && !e.Observe {
				t.Errorf("%s will end, and no renewal is to come\n%s", e.Addr, allOf(&p))
			}
		}
	})
}

// No secret is in anything that is shown, or remembered. Of an entry with one that cannot be had a run
// that writes does nothing.
func TestLawOfSecrets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		p := compute(in)
		essence := plan.EssenceOf(&p)
		all := string(words.JSON(&p, nil)) + words.Text(&p, render.TextOptions{}) + words.Markdown(&p) + resource.Text(essence) + fmt.Sprintf("%+v", p)
		for i := range p.Changes {
			all += resource.Text(diff.WorkOf(&p.Changes[i]).Own) + resource.Text(resource.Remembered(diff.WorkOf(&p.Changes[i]).Write.Desired))
		}
		if strings.Contains(all, canary) {
			t.Errorf("a secret is shown:\n%s", all)
		}
		if !in.NeedSecrets {
			return
		}
		changes := map[resource.Addr]bool{}
		for i := range p.Changes {
			changes[p.Changes[i].Addr] = true
		}
		for i := range in.Desired.Entries {
			e := &in.Desired.Entries[i]
			toy(e.Kind).Schema.Leaves(e.Object, func(path string, _ *resource.Schema, v any) {
				ref, ok := v.(resource.SecretRef)
				r, read := in.Secrets[ref]
				if bad := !read || r.Err != nil; ok && bad && changes[e.Addr] {
					t.Errorf("%s is changed, and %s cannot be read\n%s", e.Addr, path, allOf(&p))
				}
			})
		}
	})
}

// Once what a plan wants to write is there, nothing is left to write: what waits for a problem comes
// when the problem is gone, at most once for each name that is handed on, and nothing is written for ever.
func TestLawOfConvergence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		in.Prune, in.Stateless, in.NeedSecrets = true, false, true // as a run that writes
		renews := rapid.Bool().Draw(t, "a write renews")
		for range len(names) + 3 { // what a withdrawn create made is taken for ours, then deleted
			pretend(&in, compute(in), renews)
		}
		if p := compute(in); len(p.Changes) > 0 {
			t.Errorf("still there:\n%s", words.Text(&p, render.TextOptions{}))
		}
	})
}
