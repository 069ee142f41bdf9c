package apply

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

var guardNow = time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)

func rootOf(path string) resource.Config {
	return resource.Config{Roots: []resource.Root{{Path: path, Entries: 1, Sections: map[string]bool{"trunks": true, "groups": true}}}}
}

// judgeBy is what an engine judges by, of a state.
func judgeBy(snap state.Snapshot) judgement {
	e := Engine{Now: func() time.Time { return guardNow }}
	j := e.judgement(rootOf("/r"), snap)
	for i := range 60 {
		j.roots[guarded("trunks", i)] = "/r"
	}
	return j
}

// trunks deletes some of so many, each with its id.
func trunks(from, n, owned int) plan.Plan {
	p := plan.Plan{Owned: map[string]int{"trunks": owned}}
	for i := from; i < from+n; i++ {
		a := guarded("trunks", i)
		p.Changes = append(p.Changes, plan.Change{Op: plan.Delete, Addr: a, ID: a.Name, Blast: []plan.Blast{{Class: plan.Deletes, Count: 1}}})
	}
	return p
}

// passed and withheld are the changes that a guard left and took, by name.
func judgedNames(p *plan.Plan) (passed, withheld []string) {
	for i := range p.Changes {
		passed = append(passed, p.Changes[i].Addr.Name)
	}
	for i := range p.Withheld {
		withheld = append(withheld, p.Withheld[i].Addr.Name)
	}
	return passed, withheld
}

// What was taken away within 24 hours counts, each object once, of its kind and class; and it is part of what there was.
func TestTheWindow(t *testing.T) {
	row := func(name string, ago time.Duration) resource.Taken {
		return resource.Taken{Addr: resource.Addr{Kind: "trunks", Name: name}, ID: name, Class: "deletes", Count: 1, At: guardNow.Add(-ago)}
	}
	other := row("o", 0)
	other.Addr.Kind = "others"
	another := row("o", 0)
	another.Class = "vanished"
	for name, c := range map[string]struct {
		owned int
		taken []resource.Taken
		fits  int // so many more
	}{
		"nothing before":        {20, nil, 4},
		"two before":            {18, []resource.Taken{row("a", time.Hour), row("b", 2*time.Hour)}, 2}, // 20 % of 20
		"a second less than 24": {19, []resource.Taken{row("a", 24*time.Hour-time.Second)}, 3},
		"24 hours ago":          {20, []resource.Taken{row("a", 24*time.Hour)}, 4},
		"one twice":             {19, []resource.Taken{row("a", time.Hour), row("a", 2*time.Hour)}, 3},
		"of another kind":       {20, []resource.Taken{other}, 4},
		"of another class":      {20, []resource.Taken{another}, 4},
		"all that may":          {1, []resource.Taken{row("a", time.Hour)}, 0},
	} {
		for _, n := range []int{c.fits, c.fits + 1} {
			p := trunks(0, n, c.owned)
			j := judgeBy(state.Snapshot{Taken: c.taken})
			j.guard(&p)
			if withheld := len(p.Withheld) > 0; withheld != (n > c.fits) {
				t.Errorf("%s: %d more, withheld: %t", name, n, withheld)
			}
		}
	}
}

// What was withheld stays so by its address and id, and phone numbers by themselves. Nothing else does.
func TestWhatStaysWithheld(t *testing.T) {
	first := trunks(0, 6, 20)
	j := judgeBy(state.Snapshot{})
	p, err := (&Engine{}).judged(first, j, state.Snapshot{}, Options{Prune: true})
	if err != nil || len(p.Withheld) != 6 {
		t.Fatalf("%v %+v", err, p)
	}
	snap := state.Snapshot{Withheld: *p.Remember.Withheld}
	next := trunks(5, 2, 20) // one that was, and one that was not
	other := trunks(4, 1, 20).Changes[0]
	other.ID = "another object of that name"
	next.Changes = append(next.Changes, other)
	judgeBy(snap).guard(&next)
	if passed, withheld := judgedNames(&next); !slices.Equal(passed, []string{"006", "004"}) || !slices.Equal(withheld, []string{"005"}) {
		t.Errorf("%v go, %v are withheld", passed, withheld)
	}

	numbers := func(from, n resource.Number) plan.Plan {
		c := leaving(int(n))
		c.Items = resource.NumbersOf(resource.Range{From: 15125550000 + from, To: 15125550000 + from + n - 1})
		return plan.Plan{Changes: []plan.Change{c}, Counts: plan.Counts{Placed: 1000}}
	}
	p, _ = (&Engine{}).judged(numbers(0, 60), judgeBy(state.Snapshot{}), state.Snapshot{}, Options{})
	snap = state.Snapshot{Withheld: *p.Remember.Withheld}
	for from, want := range map[resource.Number]int{59: 1, 60: 0} {
		p := numbers(from, 10)
		if judgeBy(snap).guard(&p); len(p.Withheld) != want {
			t.Errorf("of numbers from the %dth on %d are withheld, want %d", from, len(p.Withheld), want)
		}
	}
}

// What an approval is about is that very change: another operation, object, value or kind is none of it.
func TestWhatAnApprovalIsAbout(t *testing.T) {
	change := plan.Change{
		Op: plan.Update, Addr: guarded("trunks", 0), ID: "1", Incarnation: "2026", Doubt: plan.Reason{Code: "doubt"},
		Deltas: []plan.Delta{{Path: "/active", Old: true, New: false}},
	}
	j := judgeBy(state.Snapshot{})
	p := plan.Plan{Changes: []plan.Change{change}}
	if j.guard(&p); len(p.Withheld) != 1 || p.Withheld[0].Code == "" || p.Withheld[0].Code != p.Sets[0].Code {
		t.Fatalf("a doubt is not withheld: %+v", p)
	}
	approval := Approve(&Withheld(&p, guardNow)[0], "somebody", guardNow)
	codes := map[string]bool{}
	for name, edit := range map[string]func(c *plan.Change, a *resource.Approval){
		"":            func(*plan.Change, *resource.Approval) {},
		"op":          func(c *plan.Change, _ *resource.Approval) { c.Op = plan.Delete },
		"name":        func(c *plan.Change, _ *resource.Approval) { c.Addr.Name = "x" },
		"id":          func(c *plan.Change, _ *resource.Approval) { c.ID = "2" },
		"incarnation": func(c *plan.Change, _ *resource.Approval) { c.Incarnation = "2027" },
		"new value": func(c *plan.Change, _ *resource.Approval) {
			c.Deltas = []plan.Delta{{Path: "/active", Old: true, New: nil}}
		},
		"old value": func(c *plan.Change, _ *resource.Approval) {
			c.Deltas = []plan.Delta{{Path: "/active", Old: nil, New: false}}
		},
		"one more": func(c *plan.Change, _ *resource.Approval) {
			c.Deltas = append(slices.Clip(c.Deltas), plan.Delta{Path: "/x"})
		},
		"another kind": func(_ *plan.Change, a *resource.Approval) { a.Set = "others" },
		"over":         func(_ *plan.Change, a *resource.Approval) { a.At = guardNow.Add(-resource.ApprovalLasts) },
		"revoked":      func(_ *plan.Change, a *resource.Approval) { a.Revoked = guardNow },
	} {
		c, a := change, approval
		edit(&c, &a)
		p := plan.Plan{Changes: []plan.Change{c}}
		judgeBy(state.Snapshot{Approvals: []resource.Approval{a}}).guard(&p)
		if let := len(p.Changes) == 1 && p.Changes[0].Let == a.Code; let != (name == "") {
			t.Errorf("with another %s it is let through: %t", name, let)
		}
		fresh := plan.Plan{Changes: []plan.Change{c}}
		judgeBy(state.Snapshot{}).guard(&fresh)
		codes[fresh.Sets[0].Code] = true
	}
	if len(codes) != 8 {
		t.Errorf("%d codes of 8 different sets", len(codes))
	}
	// Nor is it of another account, instance, configuration, kind or job.
	s := plan.Set{Name: "trunks", Changes: p.Sets[0].Changes}
	codes = map[string]bool{}
	for _, i := range []identity{{}, {Configuration: "x"}, {Instance: "x"}, {BaseURL: "x"}} {
		codes[(&judgement{identity: i}).code(&s)] = true
	}
	s.Name = "others"
	codes[j.code(&s)] = true
	if len(codes) != 5 {
		t.Errorf("%d codes of 5", len(codes))
	}
	// What nobody can let through has none.
	kept := change
	kept.Kept = true
	p = plan.Plan{Changes: []plan.Change{kept}}
	if j.guard(&p); len(p.Sets) != 0 || p.Withheld[0].Code != "" {
		t.Errorf("%+v", p.Withheld)
	}
}

// What was approved does not count, and of phone numbers only those are let through that it is about.
func TestBesideAnApproval(t *testing.T) {
	p := trunks(0, 8, 20)
	judgeBy(state.Snapshot{}).guard(&p)
	approval := Approve(&Withheld(&p, guardNow)[0], "somebody", guardNow)
	p = trunks(0, 12, 20) // four more, which is what fits
	if judgeBy(state.Snapshot{Approvals: []resource.Approval{approval}}).guard(&p); len(p.Changes) != 12 {
		t.Errorf("%d go, want 12", len(p.Changes))
	}

	p = plan.Plan{Changes: []plan.Change{leaving(60)}, Counts: plan.Counts{Placed: 1000}}
	judgeBy(state.Snapshot{}).guard(&p)
	approval = Approve(&Withheld(&p, guardNow)[0], "somebody", guardNow)
	for n, want := range map[int]string{20: "[20]", 60: "[60]", 100: "[60 40]", 160: "[60] withheld [100]"} {
		p := plan.Plan{Changes: []plan.Change{leaving(n)}, Counts: plan.Counts{Placed: 1000}}
		judgeBy(state.Snapshot{Approvals: []resource.Approval{approval}}).guard(&p)
		var got, held []int
		for i := range p.Changes {
			got = append(got, p.Changes[i].Items.Len())
		}
		for i := range p.Withheld {
			held = append(held, p.Withheld[i].Items.Len())
		}
		said := fmt.Sprint(got)
		if len(held) > 0 {
			said += " withheld " + fmt.Sprint(held)
		}
		if said != want {
			t.Errorf("of %d numbers %s, want %s", n, said, want)
		}
		if p.Changes[0].Let != approval.Code || len(p.Changes) > 1 && p.Changes[1].Let != "" {
			t.Errorf("of %d: %+v", n, p.Changes)
		}
	}
}

// A run forgets that something is withheld only where it would have planned it.
func TestWhatARunLooksAt(t *testing.T) {
	p, err := (&Engine{}).judged(trunks(0, 6, 20), judgeBy(state.Snapshot{}), state.Snapshot{}, Options{Prune: true})
	if err != nil {
		t.Fatal(err)
	}
	snap := state.Snapshot{Withheld: *p.Remember.Withheld}
	for name, c := range map[string]struct {
		root string
		plan plan.Plan
		o    Options
		left int
	}{
		"the same, without them":  {"/r", plan.Plan{}, Options{Prune: true}, 0},
		"of other files":          {"/other", plan.Plan{}, Options{Prune: true}, 6},
		"that deletes nothing":    {"/r", plan.Plan{}, Options{}, 6},
		"of one of them":          {"/r", plan.Plan{}, Options{Prune: true, Only: []resource.Addr{guarded("trunks", 3)}}, 5},
		"that cannot read them":   {"/r", plan.Plan{Problems: []plan.Problem{{Addr: resource.Addr{Kind: "trunks"}, Unread: true}}}, Options{Prune: true}, 6},
		"that cannot tell of one": {"/r", plan.Plan{Problems: []plan.Problem{{Addr: guarded("trunks", 3)}}}, Options{Prune: true}, 1},
		"of retention":            {"/r", plan.Plan{Job: "job", Rules: &resource.ApprovedRules{}}, Options{Prune: true}, 6},
	} {
		e := Engine{Now: func() time.Time { return guardNow }}
		out, err := e.judged(c.plan, e.judgement(rootOf(c.root), snap), snap, c.o)
		if err != nil {
			t.Fatal(err)
		}
		left := snap.Withheld
		if out.Remember.Withheld != nil {
			left = *out.Remember.Withheld
		}
		n := 0
		for i := range left {
			n += len(left[i].Changes)
		}
		if n != c.left {
			t.Errorf("after a run %s %d are withheld, want %d", name, n, c.left)
		}
	}
}

// Where any of a retention is withheld, all of it is, also what counts to nothing; what was approved goes.
func TestRetentionIsWithheldAsAWhole(t *testing.T) {
	counted, steady, let := aged(plan.Recordings, "recording", 101), aged(plan.Recordings, "recording", 7), aged(plan.Recordings, "recording", 9)
	steady.Blast, let.Let = nil, "CODE"
	p := plan.Plan{Job: "policies", Rules: &resource.ApprovedRules{}, Changes: []plan.Change{counted, steady, let}}
	judgeBy(state.Snapshot{}).guard(&p)
	if passed, _ := judgedNames(&p); strings.Join(passed, " ") != "009" || len(p.Withheld) != 2 {
		t.Errorf("%v go", passed)
	}
}
