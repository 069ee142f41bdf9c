package plan_test

import (
	"slices"
	"testing"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

// numbers are some in a row, by the last digits of the first.
func numbers(first resource.Number, n int) resource.Numbers {
	return resource.NumbersOf(resource.Range{From: 15125550000 + first, To: 15125550000 + first + resource.Number(n) - 1})
}

// set is a change of phone numbers of a group.
func set(op plan.Op, name string, items resource.Numbers, needs ...resource.Addr) plan.Change {
	return plan.Change{
		Op: op, Addr: addr("groups/" + name), Items: items, Needs: needs,
		To: &plan.Place{Target: resource.Target{Connection: "7", Location: "l"}, From: "8"},
	}
}

// shown are changes in their order, each in a word.
func shown(changes []plan.Change) (out []string) {
	for i := range changes {
		out = append(out, string(changes[i].Op)+" "+changes[i].Addr.Name)
	}
	return out
}

func alike(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// Objects come by address, then deletes in reverse, then sets as they were given; what is needed comes before.
func TestOrder(t *testing.T) {
	of := func(op plan.Op, name string, needs ...resource.Addr) plan.Change {
		return plan.Change{Op: op, Addr: addr("trunks/" + name), Needs: needs}
	}
	got := plan.Order([]plan.Change{
		set(plan.Upload, "z", numbers(1, 2), addr("trunks/d")), of(plan.Delete, "a"), of(plan.Forget, "b"), set(plan.Assign, "y", numbers(1, 1)),
		of(plan.Update, "c", addr("trunks/e")), of(plan.Create, "d"), of(plan.Create, "e"), set(plan.Assign, "z", numbers(9, 1)),
	})
	alike(t, "order", shown(got), []string{"create e", "update c", "create d", "forget b", "delete a", "upload z", "assign y", "assign z"})
	if got := plan.Order(nil); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

// Whatever is planned: all of it is there once, what is needed before what needs it, and sets keep their order.
func TestLawOfOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var changes []plan.Change
		for i := range rapid.IntRange(0, 12).Draw(t, "changes") {
			c := plan.Change{Op: rapid.SampledFrom(plan.Ops()).Draw(t, "op"), Addr: addr("trunks/" + string(rune('a'+i))), Cost: i}
			if rapid.Bool().Draw(t, "set") {
				c.Items = numbers(resource.Number(i), 1)
			}
			for range rapid.IntRange(0, 2).Draw(t, "needs") {
				if i > 0 {
					c.Needs = append(c.Needs, changes[rapid.IntRange(0, i-1).Draw(t, "which")].Addr)
				}
			}
			changes = append(changes, c)
		}
		changes = rapid.Permutation(changes).Draw(t, "order")
		given := slices.Clone(changes)
		ordered := plan.Order(changes)
		if len(ordered) != len(given) {
			t.Fatalf("%d became %d", len(given), len(ordered))
		}
		at := map[int]int{}
		for i := range ordered {
			at[ordered[i].Cost] = i
		}
		if len(at) != len(given) {
			t.Error("one is there twice")
		}
		last := -1
		for i := range given {
			c := &given[i]
			if c.Items != nil {
				if at[c.Cost] < last {
					t.Errorf("the set %s is not in its order", c.Addr)
				}
				last = at[c.Cost]
			}
			for j := range given {
				if n := &given[j]; n.Items == nil && slices.Contains(c.Needs, n.Addr) && at[n.Cost] > at[c.Cost] {
					t.Errorf("%s comes before %s, which it needs", c.Addr, n.Addr)
				}
			}
		}
	})
}

// A set is kept with what it needs, and all of one address is asked for together.
func TestOnly(t *testing.T) {
	trunk, other := addr("trunks/a"), addr("trunks/b")
	of := func(a resource.Addr) plan.Change { return plan.Change{Op: plan.Create, Addr: a} }
	hq, lab := addr("groups/hq"), addr("groups/lab")
	p := func() plan.Plan {
		return plan.Plan{
			Changes:  []plan.Change{of(trunk), of(other), set(plan.Assign, "hq", numbers(1, 1), trunk), set(plan.Upload, "hq", numbers(2, 1), trunk), set(plan.Upload, "lab", numbers(3, 1), other)},
			Waiting:  []plan.Change{set(plan.Wait, "hq", numbers(4, 1)), set(plan.Wait, "lab", numbers(5, 1))},
			Observed: []plan.Change{set(plan.Upload, "lab", numbers(6, 1))},
			Withheld: []plan.Withheld{{Change: set(plan.Assign, "lab", numbers(7, 1))}},
			Problems: []plan.Problem{{Addr: hq, Items: numbers(8, 1)}, {Addr: lab, Items: numbers(9, 1)}, {Addr: resource.Addr{Kind: "groups"}}},
			Remember: resource.Record{Groups: []resource.Group{{Addr: hq}, {Addr: lab}}, ForgetGroups: []resource.Addr{lab}, Orders: []resource.Order{{ID: "1"}}},
		}
	}
	got := p()
	got.Only([]resource.Addr{hq})
	alike(t, "changes", shown(got.Changes), []string{"create a", "assign hq", "upload hq"})
	alike(t, "waiting", shown(got.Waiting), []string{"wait hq"})
	if len(got.Observed)+len(got.Withheld) > 0 || len(got.Problems) != 2 || got.Problems[1].Addr.Kind != "groups" {
		t.Errorf("observed %v, withheld %v, problems %v", got.Observed, got.Withheld, got.Problems)
	}
	if r := got.Remember; len(r.Groups) != 1 || r.Groups[0].Addr != hq || len(r.ForgetGroups) > 0 || len(r.Orders) != 1 {
		t.Errorf("%+v", r) // what became of what was sent before is remembered whatever is asked for
	}
	got = p()
	got.Only([]resource.Addr{trunk})
	alike(t, "what it is needed by is not asked for", shown(got.Changes), []string{"create a"})
	got = p()
	got.Only([]resource.Addr{hq, lab})
	alike(t, "both", shown(got.Changes), shown(p().Changes))
}

// What several planners found is in one plan, with calls that send the same changes as before.
func TestMerge(t *testing.T) {
	note := func(name, text string) plan.Note {
		return plan.Note{Addr: addr("groups/" + name), Reason: resource.Said(text)}
	}
	one := plan.Plan{
		Changes: []plan.Change{set(plan.Assign, "a", numbers(1, 1)), set(plan.Upload, "b", numbers(2, 1))}, Calls: []plan.Call{{Op: plan.Assign, Changes: []int{0}}},
		Notes: []plan.Note{note("a", "x")}, Problems: []plan.Problem{{Addr: addr("groups/a")}}, Unchanged: 3,
	}
	other := plan.Plan{
		Changes:  []plan.Change{set(plan.Delete, "c", numbers(3, 1)), set(plan.Delete, "d", numbers(4, 1))},
		Calls:    []plan.Call{{Op: plan.Delete, Changes: []int{0, 1}}, {Op: plan.Delete, Changes: []int{1}}},
		Withheld: []plan.Withheld{{Change: set(plan.Delete, "e", numbers(5, 1))}}, Waiting: []plan.Change{set(plan.Wait, "f", numbers(6, 1))},
		Observed: []plan.Change{set(plan.Delete, "g", numbers(7, 1))}, Problems: []plan.Problem{{Addr: addr("groups/h")}},
		Notes: []plan.Note{note("a", "x"), note("b", "x"), note("a", "y")}, Ended: []plan.Outcome{{Op: plan.Upload}},
	}
	one.Merge(other)
	alike(t, "changes", shown(one.Changes), []string{"assign a", "upload b", "delete c", "delete d"})
	if len(one.Calls) != 3 || !slices.Equal(one.Calls[0].Changes, []int{0}) || !slices.Equal(one.Calls[1].Changes, []int{2, 3}) || !slices.Equal(one.Calls[2].Changes, []int{3}) {
		t.Errorf("calls %+v", one.Calls)
	}
	if !slices.Equal(other.Calls[0].Changes, []int{0, 1}) {
		t.Errorf("the calls of the other were changed: %+v", other.Calls)
	}
	if len(one.Withheld) != 1 || len(one.Waiting) != 1 || len(one.Observed) != 1 || len(one.Problems) != 2 || len(one.Ended) != 1 || len(one.Notes) != 3 || one.Unchanged != 3 {
		t.Errorf("%+v", one)
	}
}

// Of sets, those are drift that are nothing else; they stay whole.
func TestDriftOfSets(t *testing.T) {
	drift := set(plan.Upload, "drift", numbers(1, 3))
	drift.Drift = true
	p := plan.Plan{
		Changes: []plan.Change{set(plan.Upload, "new", numbers(9, 1)), drift}, Observed: []plan.Change{drift, set(plan.Assign, "new", numbers(9, 1))},
		Withheld: []plan.Withheld{{Change: drift, Guards: said("w")}, {Change: set(plan.Delete, "old", numbers(9, 1))}},
		Waiting:  []plan.Change{set(plan.Wait, "w", numbers(9, 1))},
	}
	if exit := p.Exit(); exit != plan.ExitWithheld {
		t.Errorf("exit %d", exit)
	}
	got := p.DriftOnly()
	alike(t, "changes", shown(got.Changes), []string{"upload drift"})
	alike(t, "observed", shown(got.Observed), []string{"upload drift"})
	if c := &got.Changes[0]; c.Items.Len() != 3 || c.Items.Unit() != "number" {
		t.Errorf("%+v", c)
	}
	if len(got.Withheld) != 1 || got.Withheld[0].Addr.Name != "drift" || len(got.Waiting) > 0 {
		t.Errorf("withheld %+v, waiting %+v", got.Withheld, got.Waiting)
	}
	for name, c := range map[string]struct {
		changes []plan.Change
		want    int
	}{
		"drift alone": {[]plan.Change{drift}, plan.ExitDrift}, "both": {p.Changes, plan.ExitChanges}, "none": {nil, plan.ExitNothing},
	} {
		q := plan.Plan{Changes: c.changes}
		if exit := q.Exit(); exit != c.want {
			t.Errorf("%s: exit %d, want %d", name, exit, c.want)
		}
	}
}

// Two plans of sets are the same if they would do the same with the same items; why, and what it costs, may differ.
func TestEssenceOfSets(t *testing.T) {
	of := func(edit func(c *plan.Change)) plan.Essence {
		c := set(plan.Retry, "hq", numbers(100, 10))
		c.Ticket = "t"
		if edit != nil {
			edit(&c)
		}
		return plan.EssenceOf(&plan.Plan{Changes: []plan.Change{c}})
	}
	first := of(nil)
	for what, edit := range map[string]func(c *plan.Change){
		"nothing":       func(*plan.Change) {},
		"its reasons":   func(c *plan.Change) { c.Reasons = said("another") },
		"its cost":      func(c *plan.Change) { c.Cost, c.Blast, c.Drift, c.InDoubt = 7, []plan.Blast{{Count: 1}}, true, true },
		"its place":     func(c *plan.Change) { c.Source = &resource.Position{File: "x", Line: 1} },
		"how it is put": func(c *plan.Change) { c.Items = numbers(100, 4).Plus(numbers(104, 6)); c.To.Name = "zoom" },
	} {
		if other := of(edit); !first.Same(&other) {
			t.Errorf("with another of %s, it is another plan: %s", what, plan.Canonical(other))
		}
	}
	for what, edit := range map[string]func(c *plan.Change){
		"one item more":           func(c *plan.Change) { c.Items = numbers(100, 11) },
		"one item less":           func(c *plan.Change) { c.Items = numbers(100, 9) },
		"as many others":          func(c *plan.Change) { c.Items = numbers(101, 10) },
		"another target":          func(c *plan.Change) { c.To.Location = "m" },
		"another connection":      func(c *plan.Change) { c.To.Connection = "9" },
		"another use":             func(c *plan.Change) { c.To.Usage = "u" },
		"from another connection": func(c *plan.Change) { c.To.From = "9" },
		"another ticket":          func(c *plan.Change) { c.Ticket = "s" },
		"another op":              func(c *plan.Change) { c.Op = plan.Upload },
		"another need":            func(c *plan.Change) { c.Needs = []resource.Addr{addr("trunks/a")} },
	} {
		if other := of(edit); first.Same(&other) {
			t.Errorf("with %s, it is the same plan: %s", what, plan.Canonical(other))
		}
	}
	withheld := plan.EssenceOf(&plan.Plan{Withheld: []plan.Withheld{{Change: set(plan.Retry, "hq", numbers(100, 10))}}})
	if first.Same(&withheld) {
		t.Error("what is withheld passes for what is done")
	}
}
