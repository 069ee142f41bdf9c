package apply

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"

	"pgregory.net/rapid"
)

// guardWorld is an account of one kind over days: who edits, what passes goes, and what the state remembers of it.
type guardWorld struct {
	*rapid.T
	now     time.Time
	there   map[string]bool // by id
	wanted  map[string]bool // to be deleted
	snap    state.Snapshot
	held    map[string]bool      // withheld by the last run, and still planned
	agreed  map[string]time.Time // when it was approved
	desired resource.Config
}

func (w *guardWorld) edit() {
	for _, id := range w.ids() {
		switch rapid.IntRange(0, 9).Draw(w.T, "edit of "+id) {
		case 0, 1:
			w.wanted[id] = true
		case 2:
			delete(w.wanted, id)
			delete(w.held, id)
		}
	}
}

func (w *guardWorld) one() {
	ids := w.ids()
	if len(ids) > 0 {
		w.wanted[ids[rapid.IntRange(0, len(ids)-1).Draw(w.T, "one")]] = true
	}
}

func (w *guardWorld) ids() (ids []string) {
	for id := range w.there {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (w *guardWorld) wait() {
	w.now = w.now.Add(time.Duration(rapid.IntRange(1, 30*60).Draw(w.T, "minutes")) * time.Minute)
}

// approve says yes to what is withheld.
func (w *guardWorld) approve() {
	for i := range w.snap.Withheld {
		w.snap.Approvals = append(w.snap.Approvals, Approve(&w.snap.Withheld[i], "somebody", w.now))
		for _, c := range w.snap.Withheld[i].Changes {
			w.agreed[c.ID] = w.now
		}
	}
}

func (w *guardWorld) judgement() judgement {
	e := Engine{Now: func() time.Time { return w.now }}
	return e.judgement(w.desired, w.snap)
}

// run plans, lets the guards look and carries out what they leave, or is killed after some of it.
func (w *guardWorld) run() {
	j := w.judgement()
	roots := map[resource.Addr]string{}
	p := plan.Plan{Owned: map[string]int{"trunks": len(w.there)}}
	for _, id := range w.ids() {
		if w.wanted[id] {
			a := resource.Addr{Kind: "trunks", Name: id}
			roots[a] = "/r"
			p.Changes = append(p.Changes, plan.Change{Op: plan.Delete, Addr: a, ID: id, Blast: []plan.Blast{{Class: plan.Deletes, Count: 1}}})
		}
	}
	j.roots = roots
	planned, before := len(p.Changes), 0
	for _, row := range w.snap.Taken {
		if w.now.Sub(row.At) < 24*time.Hour {
			before++
		}
	}
	limit := max(1, min(10, ((len(w.there)+before)*20+99)/100))
	quiet := before == 0 && len(w.held) == 0
	j.guard(&p)
	if planned == 1 && quiet && len(p.Withheld) > 0 {
		w.Fatalf("a single change is withheld: %+v", p.Withheld[0].Guards)
	}
	j.rememberWithheld(&p, w.snap, Options{Prune: true})
	if p.Remember.Withheld != nil {
		w.snap.Withheld = *p.Remember.Withheld
	}
	counted := before
	cut := rapid.IntRange(0, len(p.Changes)*2).Draw(w.T, "killed after") // mostly it is not
	for i := range p.Changes {
		c := &p.Changes[i]
		at, agreed := w.agreed[c.ID]
		agreed = agreed && w.now.Sub(at) < resource.ApprovalLasts
		switch {
		case agreed != (c.Let != ""):
			w.Fatalf("%s is let through by %q, approved: %t", c.ID, c.Let, agreed)
		case w.held[c.ID] && c.Let == "":
			w.Fatalf("%s was withheld, and goes", c.ID)
		}
		if i >= cut && cut < len(p.Changes) {
			continue
		}
		delete(w.there, c.ID)
		delete(w.wanted, c.ID)
		if c.Let == "" {
			counted++
			w.snap.Taken = append(w.snap.Taken, resource.Taken{Addr: c.Addr, ID: c.ID, Class: string(plan.Deletes), Count: 1, At: w.now})
		}
	}
	if counted > limit && counted > before {
		w.Fatalf("%d went within 24 hours, at most %d may", counted, limit)
	}
	w.held = map[string]bool{}
	for i := range p.Withheld {
		w.held[p.Withheld[i].ID] = true
	}
}

// Whatever is edited, approved and killed, in whatever steps: in no 24 hours goes more than the limit but by an approval
// of exactly that, what was withheld stays so, and a single change is never withheld.
func TestLawOfGuards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &guardWorld{
			T: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), there: map[string]bool{}, wanted: map[string]bool{},
			held: map[string]bool{}, agreed: map[string]time.Time{},
			desired: resource.Config{Roots: []resource.Root{{Path: "/r", Entries: 1, Sections: map[string]bool{"trunks": true}}}},
		}
		for i := range rapid.IntRange(1, 60).Draw(t, "there are") {
			w.there[fmt.Sprintf("%02d", i)] = true
		}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"edit", "one", "wait", "approve", "run", "run"}).Draw(t, "step") {
			case "edit":
				w.edit()
			case "one":
				w.one()
			case "wait":
				w.wait()
			case "approve":
				w.approve()
			default:
			}
			w.run()
		}
	})
}
