package apply

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"
	"telnyxsync/internal/state"

	"pgregory.net/rapid"
)

// The guard sees values and does nothing else: its files know nobody who could read or write anything.
func TestTheGuardIsPure(t *testing.T) {
	for _, name := range []string{"guard.go", "window.go", "limits.go", "approvals.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		pure := []string{"crypto/sha256", "encoding/base32", "maps", "slices", "strings", "time", "telnyxsync/internal/plan", "telnyxsync/internal/resource", "telnyxsync/internal/numbers"}
		for _, i := range file.Imports {
			if path, _ := strconv.Unquote(i.Path.Value); !slices.Contains(pure, path) {
				t.Errorf("%s imports %s", name, path)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if id, is := n.(*ast.Ident); is && slices.Contains([]string{"Engine", "executor", "Situation", "Operations", "Retention", "Messages", "DB", "Now"}, id.Name) {
				t.Errorf("%s speaks of %s", name, id.Name)
			}
			return true
		})
	}
}

func guarded(kind string, i int) resource.Addr {
	return resource.Addr{Kind: kind, Name: fmt.Sprintf("%03d", i)}
}

// taking are n changes of an op that each take something of a class away.
func taking(op plan.Op, class plan.Class, n int) (list []plan.Change) {
	for i := range n {
		list = append(list, plan.Change{Op: op, Addr: guarded("trunks", i), Blast: []plan.Blast{{Class: class, Count: 1}}})
	}
	return list
}

// aged are recordings that a policy deletes.
func aged(class plan.Class, unit string, n int) plan.Change {
	items := retention.Items{Of: unit}
	for i := range n {
		items.List = append(items.List, retention.Item{ID: fmt.Sprint(i), Created: time.Unix(int64(i), 0)})
	}
	return plan.Change{Op: plan.Delete, Addr: guarded("policies", n), Items: items, Blast: []plan.Blast{{Class: class, Count: n}}}
}

// leaving are phone numbers that leave Microsoft Teams.
func leaving(n int) plan.Change {
	return plan.Change{
		Op: plan.Assign, Addr: guarded("groups", 0), Items: resource.NumbersOf(resource.Range{From: 15125550000, To: 15125550000 + resource.Number(n) - 1}),
		Blast: []plan.Blast{{Class: plan.Numbers, Count: n}},
	}
}

// guardCase is the least that a guard says something of.
type guardCase struct {
	plan     plan.Plan
	known    map[resource.Addr]dependents
	limits   Limits
	args     plan.Args
	says     string
	withheld []resource.WithheldSet
	passes   bool // it is said of a change that is done all the same
}

func guardCases() map[plan.Code]guardCase {
	one := guarded("trunks", 0)
	waits := plan.Change{Op: plan.Update, Addr: guarded("users", 1), Needs: []resource.Addr{one}}
	kept := taking(plan.Replace, plan.Deletes, 1)
	kept[0].Kept = true
	return map[plan.Code]guardCase{
		Protected: {
			plan: plan.Plan{Changes: kept}, args: plan.Args{"address": "trunks/000"},
			says: "it is protected: write `protect: false` at trunks/000 and apply that first",
		},
		RootEmpty: {
			plan: plan.Plan{Changes: taking(plan.Delete, plan.Deletes, 1), Empty: "/r"}, args: plan.Args{"root": "/r"},
			says: "the configuration /r has no entry at all, which looks like a mistake: nothing is deleted in this run",
		},
		DependentsUnread: {
			plan:  plan.Plan{Changes: taking(plan.Delete, plan.Deletes, 1)},
			known: map[resource.Addr]dependents{one: {err: errors.New("broken")}},
			args:  plan.Args{"error": "broken"}, says: "how many phone numbers depend on it could not be read: broken",
		},
		HoldsNumbers: {
			plan: plan.Plan{Changes: taking(plan.Replace, plan.Deletes, 1)}, known: map[resource.Addr]dependents{one: {count: 1}},
			args: plan.Args{"count": 1}, says: "it still holds 1 number and would disconnect them: move them to another connection first",
		},
		Disconnects: {
			plan: plan.Plan{Changes: taking(plan.Update, plan.Deletes, 1)}, known: map[resource.Addr]dependents{one: {count: 3}},
			args: plan.Args{"count": 3}, says: "it disconnects 3 numbers", passes: true,
		},
		OverLimit: {
			plan:  plan.Plan{Changes: taking(plan.Delete, plan.Deletes, 5), Owned: map[string]int{"trunks": 20}},
			known: map[resource.Addr]dependents{guarded("trunks", 9): {count: 3}},
			args:  plan.Args{"class": "deletes", "count": 5, "kind": "trunks", "taken": 0, "limit": 4, "base": 20, "disconnects": 0, "users": 0},
			says:  "deletions, replacements and deactivations of trunks: 5 planned, at most 4 in 24 hours (limits: deletes, of 20)",
		},
		AllOfKind: {
			plan:  plan.Plan{Changes: taking(plan.Update, plan.Deletes, 2), Owned: map[string]int{"trunks": 2}},
			known: map[resource.Addr]dependents{one: {count: 3}},
			args:  plan.Args{"class": "deletes", "count": 2, "kind": "trunks", "disconnects": 3, "users": 0},
			says:  "deletions, replacements and deactivations of trunks: 2 planned, which is all there is; they would disconnect 3 numbers",
		},
		HoldSilent: {
			plan: plan.Plan{
				Changes: []plan.Change{aged(plan.Recordings, "recording", 1)},
				Rules:   &resource.ApprovedRules{Silent: []resource.RuleKey{{Addr: guarded("policies", 7)}}},
			},
			args: plan.Args{"policy": "policies/007"},
			says: "the hold policies/007 matches nothing, and may be mistyped: nothing is deleted until somebody says that it is meant",
		},
		WithheldBefore: {
			plan: plan.Plan{Changes: taking(plan.Delete, plan.Deletes, 1), Owned: map[string]int{"trunks": 20}},
			withheld: []resource.WithheldSet{{Name: "trunks", At: time.Unix(0, 0), Guards: []plan.Reason{{Code: RootEmpty, Args: plan.Args{"root": "/r"}}}, Changes: []resource.WithheldChange{{
				Approved: resource.Approved{Op: "delete", Address: "trunks/000"}, Losses: []resource.Loss{{Class: "deletes", Count: 1}},
			}}}},
			args: plan.Args{"at": "1970-01-01T00:00:00Z", "why": []plan.Reason{{Code: RootEmpty, Args: plan.Args{"root": "/r"}}}},
			says: "it was withheld at 1970-01-01T00:00:00Z, and neither time nor other edits let it through: the configuration /r has no entry at all, which looks like a mistake: nothing is deleted in this run",
		},
		WaitsForWithheld: {
			plan:  plan.Plan{Changes: append(taking(plan.Delete, plan.Deletes, 1), waits)},
			known: map[resource.Addr]dependents{one: {count: 1}},
			args:  plan.Args{"address": "trunks/000"}, says: "it waits for trunks/000, which is withheld",
		},
	}
}

// Each code of a guard comes of something, with its arguments, in these words.
func TestEveryGuardReason(t *testing.T) {
	cases, words := guardCases(), render.NewWords(nil)
	for name, code := range guardCodes(t) {
		if _, is := cases[code]; !is {
			t.Errorf("%s has no row", name)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(cases)) {
		t.Run(string(code), func(t *testing.T) {
			c := cases[code]
			limits := c.limits
			if limits == nil {
				limits = DefaultLimits()
			}
			judgement{dependents: c.known, limits: limits, withheld: c.withheld}.guard(&c.plan)
			var all []plan.Reason
			for _, w := range c.plan.Withheld {
				all = append(all, w.Guards...)
			}
			if c.passes {
				if len(all) > 0 {
					t.Fatalf("it is withheld: %+v", all)
				}
				for i := range c.plan.Changes {
					all = append(all, c.plan.Changes[i].Reasons...)
				}
			}
			i := slices.IndexFunc(all, func(r plan.Reason) bool { return r.Code == code })
			if i < 0 {
				t.Fatalf("it does not come out: %+v", all)
			}
			if !reflect.DeepEqual(all[i].Args, c.args) {
				t.Errorf("its arguments are %#v, want %#v", all[i].Args, c.args)
			}
			if says := words.Of(all[i]); says != c.says {
				t.Errorf("it says\n%s\nwant\n%s", says, c.says)
			}
		})
	}
}

// What is protected stays, whatever the limits, and counts to none; what waits for it, phone numbers too, waits. An empty
// configuration keeps objects from being deleted and nothing else.
func TestWhatIsKept(t *testing.T) {
	changes := taking(plan.Delete, plan.Deletes, 13)
	for i := range 3 {
		changes[i].Kept = true
	}
	waits := plan.Change{Op: plan.Assign, Addr: guarded("groups", 0), Items: resource.NumbersOf(resource.Range{From: 1, To: 2}), Needs: []resource.Addr{changes[0].Addr}}
	p := plan.Plan{Changes: append(changes, waits), Owned: map[string]int{"trunks": 50}}
	Guard(&p, DefaultLimits())
	if len(p.Changes) != 10 || len(p.Withheld) != 4 || p.Withheld[0].Addr != waits.Addr || p.Withheld[0].Guards[0].Code != WaitsForWithheld || p.Withheld[3].Guards[0].Code != Protected {
		t.Errorf("%d are done, withheld are %+v", len(p.Changes), p.Withheld)
	}
	p = plan.Plan{Empty: "/r", Changes: slices.Concat(taking(plan.Delete, plan.Deletes, 1), taking(plan.Forget, plan.Deletes, 1), taking(plan.Update, plan.Deletes, 1), []plan.Change{aged(plan.Recordings, "recording", 1)})}
	Guard(&p, DefaultLimits())
	if len(p.Changes) != 2 || len(p.Withheld) != 2 {
		t.Errorf("with an empty configuration %+v are done, withheld are %+v", p.Changes, p.Withheld)
	}
}

// guardCodes are the codes that guard.go declares, by their names in the code.
func guardCodes(t *testing.T) map[string]plan.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "guard.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]plan.Code{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, is := n.(*ast.ValueSpec)
		if !is || len(spec.Values) != 1 {
			return true
		}
		if typed, is := spec.Type.(*ast.SelectorExpr); is && typed.Sel.Name == "Code" {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			found[spec.Names[0].Name] = plan.Code(text)
		}
		return true
	})
	if len(found) < 9 {
		t.Errorf("only %d codes were found", len(found))
	}
	return found
}

// As many as a limit says pass, and one more withholds all of them, or those of its kind. What is in no class passes.
func TestGuardLimits(t *testing.T) {
	other := plan.Change{Op: plan.Update, Addr: guarded("others", 0)}
	for name, c := range map[string]struct {
		changes func(n int) []plan.Change
		limits  Limits
		owned   int
		most    int
	}{
		"deletes":             {func(n int) []plan.Change { return taking(plan.Delete, plan.Deletes, n) }, DefaultLimits(), 1000, 10},
		"deactivations":       {func(n int) []plan.Change { return taking(plan.Update, plan.Deletes, n) }, nil, 1000, 10},
		"none at all":         {func(n int) []plan.Change { return taking(plan.Delete, plan.Deletes, n) }, Limits{plan.Deletes: {Percent: 100}}, 1000, 0},
		"none at all, once":   {func(n int) []plan.Change { return taking(plan.Delete, plan.Deletes, n) }, Limits{plan.Deletes: {Once: true}}, 1000, 0},
		"a share":             {func(n int) []plan.Change { return taking(plan.Delete, plan.Deletes, n) }, nil, 20, 4},
		"rounded up":          {func(n int) []plan.Change { return taking(plan.Delete, plan.Deletes, n) }, nil, 21, 5},
		"one of few":          {func(n int) []plan.Change { return taking(plan.Delete, plan.Deletes, n) }, nil, 3, 1},
		"the only one":        {func(n int) []plan.Change { return taking(plan.Delete, plan.Deletes, n) }, nil, 1, 1},
		"a share that is all": {func(n int) []plan.Change { return taking(plan.Delete, plan.Deletes, n) }, Limits{plan.Deletes: {Max: 30, Percent: 100}}, 30, 29},
		"once, all":           {func(n int) []plan.Change { return taking(plan.Delete, plan.Deletes, n) }, Limits{plan.Deletes: {Max: 30, Once: true}}, 30, 30},
		"capacity":            {func(n int) []plan.Change { return taking(plan.Update, plan.Capacity, n) }, nil, 30, 6},
		"adoptions":           {func(n int) []plan.Change { return taking(plan.Adopt, plan.Adoptions, n) }, nil, 1000, 10},
		"vanished":            {func(n int) []plan.Change { return taking(plan.Create, plan.Vanished, n) }, nil, 1000, 10},
		"numbers":             {func(n int) []plan.Change { return []plan.Change{leaving(n)} }, nil, 1000, 50},
		"recordings":          {func(n int) []plan.Change { return []plan.Change{aged(plan.Recordings, "recording", n)} }, nil, 0, 100},
		"transcriptions":      {func(n int) []plan.Change { return []plan.Change{aged(plan.Transcriptions, "transcription", n)} }, Limits{plan.Transcriptions: {Max: 7}}, 0, 7},
		"of two policies": {func(n int) []plan.Change {
			return []plan.Change{aged(plan.Recordings, "recording", n/2), aged(plan.Recordings, "recording", n-n/2)}
		}, Limits{plan.Recordings: {Max: 9}}, 0, 9},
	} {
		t.Run(name, func(t *testing.T) {
			for _, n := range []int{c.most, c.most + 1} {
				changes := c.changes(n)
				p := plan.Plan{Changes: append(slices.Clone(changes), other), Owned: map[string]int{"trunks": c.owned}, Entries: map[string]int{"trunks": c.owned}, Counts: plan.Counts{Placed: c.owned}}
				Guard(&p, c.limits)
				want := 0
				if n > c.most {
					want = len(changes)
				}
				if len(p.Withheld) != want || len(p.Changes) != len(changes)+1-want {
					t.Errorf("of %d, %d changes are withheld, want %d", n, len(p.Withheld), want)
				}
			}
		})
	}
}

// Whatever is planned: guards only ever withhold, and of what is in no class only what waits for something withheld.
func TestGuardOnlyWithholds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ops := rapid.SampledFrom([]plan.Op{plan.Create, plan.Update, plan.Replace, plan.Delete, plan.Forget, plan.Rename})
		kinds := rapid.SampledFrom([]string{"a", "b"})
		limits := Limits{}
		for _, class := range LimitClasses() {
			limits[class] = Limit{Max: rapid.IntRange(0, 5).Draw(t, "max"), Percent: rapid.IntRange(0, 100).Draw(t, "percent")}
		}
		p := plan.Plan{Owned: map[string]int{"a": rapid.IntRange(0, 40).Draw(t, "owned"), "b": 100}}
		known := map[resource.Addr]dependents{}
		for i := range rapid.IntRange(0, 14).Draw(t, "changes") {
			c := plan.Change{Op: ops.Draw(t, "op"), Addr: guarded(kinds.Draw(t, "kind"), i), ID: fmt.Sprint(i)}
			for _, class := range []plan.Class{plan.Deletes, plan.Vanished} {
				if rapid.IntRange(0, 2).Draw(t, "counts") == 0 {
					c.Blast = append(c.Blast, plan.Blast{Class: class, Count: 1})
				}
			}
			if rapid.IntRange(0, 4).Draw(t, "set") == 0 {
				n := rapid.IntRange(1, 4).Draw(t, "items")
				unit := rapid.SampledFrom([]string{"recording", "transcription"}).Draw(t, "unit")
				set := aged(plan.Class(unit+"s"), unit, n)
				c.Op, c.Items, c.Blast = plan.Delete, set.Items, set.Blast
			}
			if c.Class(plan.Deletes) > 0 && rapid.Bool().Draw(t, "asked") {
				d := dependents{count: rapid.IntRange(0, 2).Draw(t, "dependents")}
				if rapid.IntRange(0, 5).Draw(t, "broken") == 0 {
					d.err = errors.New("broken")
				}
				known[c.Addr] = d
			}
			if i > 0 && rapid.Bool().Draw(t, "needs") {
				c.Needs = []resource.Addr{p.Changes[rapid.IntRange(0, i-1).Draw(t, "which")].Addr}
			}
			p.Changes = append(p.Changes, c)
		}
		before := slices.Clone(p.Changes)
		for i := range before {
			before[i].Reasons = slices.Clone(before[i].Reasons)
		}
		judgement{dependents: known, limits: limits}.guard(&p)

		at := func(c *plan.Change) int {
			return slices.IndexFunc(before, func(b plan.Change) bool { return b.ID == c.ID })
		}
		last, seen := -1, map[string]bool{}
		whole := func(c *plan.Change) {
			now, was := *c, before[at(c)]
			now.Reasons = slices.DeleteFunc(slices.Clone(now.Reasons), func(r plan.Reason) bool { return r.Code == Disconnects })
			was.Reasons = slices.Clone(was.Reasons)
			if seen[c.ID] || fmt.Sprintf("%+v", now) != fmt.Sprintf("%+v", was) {
				t.Errorf("it is there twice, or became another:\n%+v\n%+v", now, was)
			}
			seen[c.ID] = true
		}
		for i := range p.Changes {
			c := &p.Changes[i]
			if n := at(c); n <= last {
				t.Errorf("%s is not where it was", c.Addr)
			} else {
				last = n
			}
			whole(c)
		}
		held := map[resource.Addr]bool{}
		for _, w := range p.Withheld {
			held[w.Addr] = true
		}
		for i := range p.Withheld {
			w := &p.Withheld[i]
			whole(&w.Change)
			if len(w.Guards) == 0 {
				t.Errorf("%s is withheld by nothing", w.Addr)
			}
			waits := slices.ContainsFunc(w.Needs, func(a resource.Addr) bool { return held[a] })
			if len(w.Blast) == 0 && (!waits || w.Guards[0].Code != WaitsForWithheld) {
				t.Errorf("%s takes nothing away and waits for nothing, and is withheld: %v", w.Addr, w.Guards)
			}
		}
		for i := range p.Changes {
			if slices.ContainsFunc(p.Changes[i].Needs, func(a resource.Addr) bool { return held[a] }) {
				t.Errorf("%s is done, and waits for what is withheld", p.Changes[i].Addr)
			}
		}
		if len(p.Changes)+len(p.Withheld) != len(before) {
			t.Errorf("of %d changes, %d and %d are left", len(before), len(p.Changes), len(p.Withheld))
		}
		again := plan.Plan{Changes: slices.Clone(p.Changes), Owned: p.Owned}
		if Guard(&again, limits); len(again.Withheld) > 0 {
			t.Errorf("what passed does not pass: %+v", again.Withheld)
		}
	})
}

// A flag is the limit of its class and of no other: what is in two classes is judged by both, and counts for the next ones
// where it was not let through by flags alone.
func TestAFlagIsOfItsClassAlone(t *testing.T) {
	changes := taking(plan.Update, plan.Capacity, 3)
	for i := range changes {
		changes[i].Blast = append(changes[i].Blast, plan.Blast{Class: plan.Deletes, Count: 1})
	}
	p := plan.Plan{Changes: slices.Clone(changes), Owned: map[string]int{"trunks": 5}}
	Guard(&p, Limits{plan.Capacity: {Max: 3, Once: true}})
	if len(p.Changes) > 0 || len(p.Withheld) != 3 || len(p.Withheld[0].Guards) != 1 || p.Withheld[0].Guards[0].Args["class"] != "deletes" {
		t.Errorf("by a flag of the other class go %+v", p.Changes)
	}
	p = plan.Plan{Changes: slices.Clone(changes[:1]), Owned: map[string]int{"trunks": 5}}
	Guard(&p, Limits{plan.Capacity: {Max: 3, Once: true}})
	if len(p.Changes) != 1 || p.Changes[0].Let != "" {
		t.Errorf("one is let through by %q, though it counts as a deactivation", p.Changes[0].Let)
	}
	p = plan.Plan{Changes: slices.Clone(changes), Owned: map[string]int{"trunks": 5}}
	Guard(&p, Limits{plan.Capacity: {Max: 3, Once: true}, plan.Deletes: {Max: 3, Once: true}})
	if len(p.Changes) != 3 || p.Changes[0].Let != plan.LetByFlag {
		t.Errorf("by both flags go %+v", p.Changes)
	}
}

// What was withheld in a run over other files stays beside what is withheld now: it is in no code of it, and approving that
// does not approve it. Why something was withheld at first is known for as long as it is.
func TestWithheldBeside(t *testing.T) {
	loaded := func(path string) resource.Config {
		return resource.Config{Roots: []resource.Root{{Path: path, Entries: 1, Sections: map[string]bool{"trunks": true}}}}
	}
	run := func(snap state.Snapshot, root string, from, n int) (plan.Plan, []resource.WithheldSet) {
		e := Engine{}
		j := e.judgement(loaded(root), snap)
		p := plan.Plan{Owned: map[string]int{"trunks": 40}}
		for i := from; i < from+n; i++ {
			a := guarded("trunks", i)
			j.roots[a] = root
			p.Changes = append(p.Changes, plan.Change{Op: plan.Delete, Addr: a, ID: a.Name, Blast: []plan.Blast{{Class: plan.Deletes, Count: 1}}})
		}
		p, err := e.judged(p, j, snap, Options{Prune: true})
		if err != nil || p.Remember.Withheld == nil {
			t.Fatalf("%v, remembered is %v", err, p.Remember.Withheld)
		}
		return p, *p.Remember.Withheld
	}
	_, sets := run(state.Snapshot{}, "/a", 0, 20)
	p, sets := run(state.Snapshot{Withheld: sets}, "/b", 20, 15)
	if len(sets) != 1 || len(sets[0].Changes) != 35 || sets[0].Code != p.Sets[0].Code {
		t.Fatalf("%+v", sets)
	}
	if a := Approve(&sets[0], "somebody", time.Now()); len(a.Changes) != 15 {
		t.Errorf("%d changes are approved by the code of 15", len(a.Changes))
	}
	_, sets = run(state.Snapshot{Withheld: sets}, "/b", 20, 3) // fewer, and each of them was withheld before
	if len(sets[0].Guards) == 0 || sets[0].Guards[0].Code != OverLimit {
		t.Errorf("why they were withheld is %v", sets[0].Guards)
	}
}

// An approval by a clock that is years ahead is not in force for years.
func TestApprovalsOfTheFuture(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for after, want := range map[time.Duration]bool{
		0: true, -time.Hour: true, resource.ApprovalLasts - time.Second: true, resource.ApprovalLasts: false, -5 * 365 * 24 * time.Hour: false,
	} {
		a := resource.Approval{At: now.Add(-after)}
		if a.InForce(now) != want {
			t.Errorf("%v after it was made it is in force: %t", after, !want)
		}
		if a.Revoked = now; a.InForce(now) {
			t.Errorf("%v after it was made it is in force, and revoked", after)
		}
	}
}
