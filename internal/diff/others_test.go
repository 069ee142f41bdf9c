package diff_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

// others are what others, and creates of ours that took effect too late, have put into a world.
type others struct {
	*rapid.T
	in    diff.Input
	clock time.Time
	made  map[[2]string]string // by kind and id: objects under names of ours
	late  map[string]string    // by id: trunks with the owner tag of a name
	n     int
}

// Whatever others do: what they make under a name of ours is never touched, and a person is told; what carries our owner
// tag is adopted or told, never foreign, and never deleted.
func TestLawOfOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &others{T: t, in: drawInput(t), clock: now, made: map[[2]string]string{}, late: map[string]string{}}
		w.in.Prune, w.in.Stateless, w.in.NeedSecrets, w.in.Foreign = true, false, true, true
		renews := rapid.Bool().Draw(t, "a write renews")
		pass := func() {
			p := compute(w.in)
			apply.Guard(&p, unlimited)
			w.check(&p)
			pretend(&w.in, p, renews)
			w.unharmed()
			maps.DeleteFunc(w.late, func(id, _ string) bool { return rowOf(&w.in, "trunks", id) != nil }) // it is ours now
		}
		t.Repeat(map[string]func(*rapid.T){
			"pass":                           func(*rapid.T) { pass() },
			"others remove and make anew":    w.remake,
			"a create takes effect too late": w.commitLate,
			"an entry is withdrawn":          w.withdraw,
		})
		pass()
	})
}

// remake replaces something that state knows by another object of its name.
func (w *others) remake(t *rapid.T) {
	var candidates []resource.Owned
	for _, o := range w.in.Owned {
		if l := w.object(o.Addr.Kind, o.ID); l != nil && o.IsSame(l) && !o.IsOpen() {
			candidates = append(candidates, o)
		}
	}
	if len(candidates) == 0 {
		return
	}
	o := rapid.SampledFrom(candidates).Draw(t, "remade")
	w.clock = w.clock.Add(time.Hour)
	l := live(o.Addr.Kind, o.ID, drawObject(t, o.Addr.Kind, "live"))
	l.Incarnation, l.Expires = resource.Incarnation(w.clock), now.Add(1000*day)
	w.put(o.Addr.Kind, l)
	w.made[[2]string{o.Addr.Kind, o.ID}] = resource.Text(l)
}

// commitLate makes a trunk with the owner tag of a name.
func (w *others) commitLate(t *rapid.T) {
	if w.in.Live["trunks"].Err != nil {
		return
	}
	name := rapid.SampledFrom(names).Draw(t, "late")
	w.n++
	id := fmt.Sprint(1000 + w.n)
	l := live("trunks", id, resource.Object{"tags": []any{"telnyxsync:default:" + name}})
	w.put("trunks", l)
	w.late[id] = name
}

func (w *others) withdraw(t *rapid.T) {
	if len(w.in.Desired.Entries) < 2 {
		return
	}
	gone := rapid.SampledFrom(w.in.Desired.Entries).Draw(t, "withdrawn").Addr
	if slices.ContainsFunc(w.in.Desired.Entries, func(e resource.Entry) bool { return refersTo(&e, gone) }) {
		return // spec lets nothing refer to what is not written
	}
	w.in.Desired.Entries = slices.DeleteFunc(slices.Clone(w.in.Desired.Entries), func(e resource.Entry) bool { return e.Addr == gone })
}

func refersTo(e *resource.Entry, a resource.Addr) bool {
	return slices.ContainsFunc(resource.References(toy(e.Kind).Schema, e.Object), func(r resource.Reference) bool { return r.Ref.Addr == a })
}

func (w *others) object(kind, id string) *resource.Live {
	for _, l := range w.in.Live[kind].Objects {
		if l.ID == id {
			return &l
		}
	}
	return nil
}

func (w *others) put(kind string, l resource.Live) {
	seen := w.in.Live[kind]
	seen.Objects = append(slices.DeleteFunc(slices.Clone(seen.Objects), func(o resource.Live) bool { return o.ID == l.ID }), l)
	w.in.Live[kind] = seen
}

// check holds a plan against what must not be touched and must be told.
func (w *others) check(p *plan.Plan) {
	for i := range p.Changes {
		c := &p.Changes[i]
		if _, theirs := w.made[[2]string{c.Addr.Kind, c.ID}]; theirs && c.ID != "" {
			w.Errorf("%s %s touches what others made\n%s", c.Op, c.Addr, allOf(p))
		}
		if _, late := w.late[c.ID]; late && c.Op == plan.Delete && rowOf(&w.in, c.Addr.Kind, c.ID) == nil {
			w.Errorf("%s is deleted, and only a tag calls it ours\n%s", c.ID, allOf(p))
		}
	}
	for key := range w.made {
		row := rowOf(&w.in, key[0], key[1])
		if w.in.Live[key[0]].Err == nil && !w.told(p, row.Addr, key[1]) {
			w.Errorf("nobody is told that %v is another\n%s", key, allOf(p))
		}
	}
	for _, f := range p.Foreign {
		if w.late[f.ID] != "" {
			w.Errorf("%s is called foreign\n%s", f.ID, allOf(p))
		}
	}
	for id, name := range w.late {
		w.tagged(p, id, name)
	}
}

// told: there is a problem about the row, or about what else means its object.
func (w *others) told(p *plan.Plan, a resource.Addr, id string) bool {
	if w.in.Live[a.Kind].Failed[id] != nil {
		return true
	}
	if slices.ContainsFunc(p.Orphans, func(o plan.Orphan) bool { return o.Addr == a && o.Reason.Code == diff.OrphanClaimed }) {
		return true // what is wrong with the entry that may mean it is said
	}
	if slices.ContainsFunc(p.Observed, func(c plan.Change) bool {
		return c.Addr.Kind == a.Kind && slices.ContainsFunc(c.Deltas, func(d plan.Delta) bool { return d.New == id })
	}) {
		return true // an entry that is only observed means it
	}
	return slices.ContainsFunc(p.Problems, func(q plan.Problem) bool {
		return q.Addr == a || q.Reason.Args["id"] == id || q.Addr.Kind == a.Kind && (q.Reason.Args["key"] == id || q.Reason.Args["made"] == id) ||
			slices.Contains(idsOf(q.Reason), id)
	})
}

// tagged: an object with our tag belongs to somebody now, or is named.
func (w *others) tagged(p *plan.Plan, id, name string) {
	if w.in.Live["trunks"].Err != nil || rowOf(&w.in, "trunks", id) != nil {
		return
	}
	a := resource.Addr{Kind: "trunks", Name: name}
	for _, e := range w.in.Desired.Entries {
		if p.Whose.ID(e.Addr) == id {
			return
		}
	}
	if slices.ContainsFunc(p.Orphans, func(o plan.Orphan) bool { return o.ID == id }) {
		return // a create whose entry is gone made it
	}
	own := p.Whose.ID(a)
	if own == "" && slices.ContainsFunc(p.Notes, func(n plan.Note) bool { return n.Reason.Code == diff.TaggedElsewhere }) {
		return
	}
	for _, q := range p.Problems {
		if q.Addr == a && (own == "" || q.Reason.Code == diff.Duplicate && slices.Contains(idsOf(q.Reason), id)) {
			return
		}
	}
	w.Errorf("%s carries the tag of %s, and nobody is told\n%s", id, name, allOf(p))
}

func idsOf(r plan.Reason) []string {
	list, _ := r.Args["ids"].([]string)
	return list
}

// unharmed: what others made is as they made it, and what carries our tag is there.
func (w *others) unharmed() {
	for key, was := range w.made {
		if l := w.object(key[0], key[1]); l == nil || resource.Text(*l) != was {
			w.Errorf("%v was touched", key)
		}
	}
	for id := range w.late {
		if w.object("trunks", id) == nil {
			w.Errorf("%s was deleted", id)
		}
	}
}
