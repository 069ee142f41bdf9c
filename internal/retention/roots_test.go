package retention_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"

	"pgregory.net/rapid"
)

// remembered is what state has after a run, as it would store it.
func remembered(before []resource.Rule, r resource.Record) []resource.Rule {
	rows := map[resource.RuleKey]resource.Rule{}
	for _, row := range slices.Concat(before, r.Rules) {
		rows[row.Key()] = row
	}
	for _, k := range r.ForgetRules {
		delete(rows, k)
	}
	return slices.Collect(maps.Values(rows))
}

// A hold that is remembered under several paths is one hold: reported once, in force as long as one of them says it, and
// released when none does, which is said once.
func TestAHoldUnderTwoPaths(t *testing.T) {
	paths := []string{"/a", "/b", "/c"}
	others := map[string]bool{}
	for _, p := range paths {
		others[p] = true // they are all there
	}
	hold := []object{{"keep": true, "from": "+15125550100"}, {"keep": true, "from": "1 512 555 0100"}}
	rapid.Check(t, func(t *rapid.T) {
		var state []resource.Rule
		says := map[string]bool{}
		for range rapid.IntRange(1, 12).Draw(t, "runs") {
			root := rapid.SampledFrom(paths).Draw(t, "path")
			writes := rapid.Bool().Draw(t, "writes it")
			var o object
			if writes {
				o = rapid.SampledFrom(hold).Draw(t, "as")
			}
			in := retention.Input{Kind: kind, Desired: written(root, "p", o), Known: state, OtherRoots: maps.Clone(others)}
			delete(in.OtherRoots, root)
			had := says[root]
			says[root] = writes
			inForce := says["/a"] || says["/b"] || says["/c"]
			got := retention.Rules(in)
			if got.Err != nil || len(got.Problems) > 0 {
				t.Fatalf("%+v", got)
			}
			n := 0
			for _, p := range got.Policies {
				if p.Keep {
					n++
				}
			}
			if want := map[bool]int{true: 1}[inForce]; n != want {
				t.Fatalf("%d holds, want %d: %+v", n, want, got.Policies)
			}
			var codes []string
			for _, r := range said(got) {
				if r.Code != retention.HoldNew {
					codes = append(codes, string(r.Code))
				}
			}
			var want []string
			switch {
			case had && !writes && inForce:
				want = []string{string(retention.HoldElsewhere)}
			case had && !writes:
				want = []string{string(retention.HoldRemoved)}
			case !writes && inForce:
				want = []string{string(retention.HoldRemembered)}
			}
			if !slices.Equal(codes, want) {
				t.Fatalf("it says %v, want %v", codes, want)
			}
			state = remembered(state, got.Remember)
		}
	})
}

// Two holds of one name that hold different recordings stay two, whichever paths say them.
func TestTwoHoldsOfOneName(t *testing.T) {
	in := retention.Input{Kind: kind, Desired: written("/c", "q", object{"delete_after": "1d"}), Known: []resource.Rule{
		rule("/a", "p", object{"keep": true, "from": "+15125550100"}), rule("/b", "p", object{"keep": true, "from": "+15125550101"}),
	}}
	got := retention.Rules(in)
	var roots []string
	for _, n := range got.Notes {
		if n.Reason.Code == retention.HoldRemembered {
			roots = append(roots, fmt.Sprint(n.Reason.Args["roots"]))
		}
	}
	if want := []string{"[/a]", "[/b]"}; len(got.Policies) != 3 || !slices.Equal(roots, want) {
		t.Errorf("%v, %+v", roots, got.Policies)
	}
	// Those of one that hold the same are named together.
	in.Known[1].Says["from"] = "1 512 555 0100"
	got = retention.Rules(in)
	if want := "[/a /b]"; len(got.Policies) != 2 || fmt.Sprint(got.Notes[0].Reason.Args["roots"]) != want {
		t.Errorf("%+v, %+v", got.Notes, got.Policies)
	}
}

// What two configurations of a run no longer say is said once: released, or held still by a third.
func TestTwoPathsDropAHold(t *testing.T) {
	says := object{"keep": true, "from": "+15125550100"}
	in := retention.Input{Kind: kind, Desired: written("/a", "q", object{"delete_after": "1d"}), Known: []resource.Rule{rule("/a", "p", says), rule("/b", "p", says)}}
	in.Desired.Roots = append(in.Desired.Roots, resource.Root{Path: "/b", Sections: map[string]bool{kind: true}, Entries: 1})
	for _, want := range []resource.Code{retention.HoldRemoved, retention.HoldElsewhere} {
		var codes []resource.Code
		for _, r := range said(retention.Rules(in)) {
			if r.Code != retention.PolicyNew {
				codes = append(codes, r.Code)
			}
		}
		if !slices.Equal(codes, []resource.Code{want}) {
			t.Errorf("it says %v, want %s", codes, want)
		}
		in.Known = append(in.Known, rule("/c", "p", says))
	}
}

// What a run over one file remembered belongs to the directory as soon as a run loads that: then it is released there.
func TestAHoldOfAFileOfTheDirectory(t *testing.T) {
	row := rule("/a/holds.yaml", "p", object{"keep": true})
	row.File = "holds.yaml"
	parts := map[resource.RuleKey]string{row.Key(): "/a"}
	in := retention.Input{Kind: kind, Desired: written("/a", "q", object{"delete_after": "1d"}), Known: []resource.Rule{row}, Parts: parts}
	got := retention.Rules(in)
	if len(got.Policies) != 1 || !slices.Equal(got.Remember.ForgetRules, []resource.RuleKey{row.Key()}) || !slices.ContainsFunc(said(got), func(r resource.Reason) bool { return r.Code == retention.HoldRemoved }) {
		t.Errorf("%+v", got)
	}
	// Of a section that the directory does not write, nothing is released.
	in.Desired.Roots[0].Sections = nil
	if got := retention.Rules(in); len(got.Policies) != 2 || len(got.Remember.ForgetRules) > 0 {
		t.Errorf("%+v", got)
	}
	// Where the directory still says it, it is that hold, and the file's row is not needed.
	own := rule("/a", "p", object{"keep": true})
	in.Desired, in.Known = written("/a", "p", object{"keep": true}), []resource.Rule{own, row}
	if got := retention.Rules(in); len(got.Policies) != 1 || len(got.Notes) > 0 || !slices.Equal(got.Remember.ForgetRules, []resource.RuleKey{row.Key()}) {
		t.Errorf("%+v", got)
	}
}
