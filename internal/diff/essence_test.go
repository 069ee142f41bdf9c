package diff_test

import (
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/resource"
)

// essential is a plan in which all is that an essence is made of.
func essential() diff.Plan {
	c := func(op diff.Op, address string, deltas ...diff.Delta) diff.Change {
		return diff.Change{
			Op: op, Addr: addr(address), ID: "7", Reason: "reason", Source: &resource.Position{File: "a.yaml", Line: 3, Col: 2},
			Deltas: deltas, Needs: []resource.Addr{addr("trunks/needed")}, Calls: 1,
		}
	}
	secret := diff.Delta{Path: "/locks/key", New: resource.NewSecret("very-hidden", "digest-of-it"), Origin: diff.FromSecret}
	file := diff.Delta{Path: "/file", New: resource.File{Root: "/root", Name: "a.wav", SHA256: strings.Repeat("a", 64), Size: 5}, Origin: diff.FromConfig}
	return diff.Plan{
		Changes:   []diff.Change{c(diff.Update, "vaults/a", secret), c(diff.Renew, "tapes/a", file), c(diff.Delete, "trunks/z")},
		Withheld:  []diff.Withheld{{Change: c(diff.Replace, "boxes/a", diff.Delta{Path: "/name", Old: "a", New: "b"}), Why: "why"}},
		Problems:  []diff.Problem{{Addr: addr("boxes/b"), Text: "text"}, {Addr: resource.Addr{Kind: "routes"}, Text: "could not be read"}},
		Orphans:   []diff.Orphan{{Addr: addr("boxes/o")}},
		Unchanged: 5,
	}
}

// Two plans that do the same are the same, however they are explained.
func TestEssenceLeavesOut(t *testing.T) {
	for what, change := range map[string]func(p *diff.Plan){
		"reasons": func(p *diff.Plan) { p.Changes[0].Reason, p.Withheld[0].Reason = "another", "another" },
		"places":  func(p *diff.Plan) { p.Changes[0].Source.Line, p.Changes[2].Source = 99, nil },
		"calls":   func(p *diff.Plan) { p.Changes[0].Calls = 9 },
		"why":     func(p *diff.Plan) { p.Withheld[0].Why = "another limit" },
		"texts": func(p *diff.Plan) {
			p.Problems[0].Text, p.Problems[0].Held, p.Problems[1].Text = "request 2", true, "500"
		},
		"problems' order": func(p *diff.Plan) { slices.Reverse(p.Problems) },
		"what is not done": func(p *diff.Plan) {
			p.Unchanged, p.Orphans, p.Notes, p.Foreign = 0, nil, []string{"n"}, []diff.Foreign{{}}
			p.NotCompared, p.Unmanaged, p.Settle, p.Gone = []diff.NotCompared{{}}, []diff.Unmanaged{{}}, []resource.Owned{{}}, []resource.Owned{{}}
		},
		"what is watched": func(p *diff.Plan) { p.Observed = []diff.Change{{}} },
		"the secret itself": func(p *diff.Plan) {
			p.Changes[0].Deltas[0].New = resource.NewSecret("another", "digest")
		},
	} {
		p, other := essential(), essential()
		change(&other)
		a, b := diff.EssenceOf(&p), diff.EssenceOf(&other)
		if !a.Same(&b) || !b.Same(&a) || len(a.Differences(&b)) > 0 {
			t.Errorf("%s: %q", what, a.Differences(&b))
		}
	}
	none, empty := diff.EssenceOf(&diff.Plan{}), diff.EssenceOf(&diff.Plan{Changes: []diff.Change{}})
	if !none.Same(&empty) {
		t.Error("no changes and none are not the same")
	}
}

// What would be done otherwise is another plan, and it is said where.
func TestEssenceDifferences(t *testing.T) {
	for what, test := range map[string]struct {
		change func(p *diff.Plan)
		want   string
	}{
		"an operation": {func(p *diff.Plan) { p.Changes[0].Op = diff.Adopt }, "vaults/a: update became adopt"},
		"an object":    {func(p *diff.Plan) { p.Changes[0].ID = "8" }, "vaults/a: update, with other values"},
		"a path":       {func(p *diff.Plan) { p.Changes[0].Deltas[0].Path = "/locks/code" }, "vaults/a: update, with other values"},
		"a content": {func(p *diff.Plan) {
			p.Changes[1].Deltas[0].New = resource.File{Root: "/root", Name: "a.wav", SHA256: strings.Repeat("b", 64), Size: 5}
		}, "tapes/a: renew, with other values"},
		"an old value":  {func(p *diff.Plan) { p.Withheld[0].Deltas[0].Old = "x" }, "boxes/a: replace (withheld), with other values"},
		"an origin":     {func(p *diff.Plan) { p.Changes[0].Deltas[0].Origin = diff.FromDrift }, "vaults/a: update, with other values"},
		"a need":        {func(p *diff.Plan) { p.Changes[2].Needs = nil }, "trunks/z: delete, with other values"},
		"a change less": {func(p *diff.Plan) { p.Changes = p.Changes[1:] }, "vaults/a: no longer planned: update"},
		"a change more": {func(p *diff.Plan) {
			p.Changes = append(p.Changes, diff.Change{Op: diff.Create, Addr: addr("boxes/new")})
		}, "boxes/new: new: create"},
		"a problem less": {func(p *diff.Plan) { p.Problems = p.Problems[:1] }, "routes: no longer planned: a problem"},
		"a problem more": {func(p *diff.Plan) { p.Problems = append(p.Problems, diff.Problem{Addr: addr("boxes/c")}) }, "boxes/c: new: a problem"},
		"a problem beside a change": {
			func(p *diff.Plan) { p.Problems = append(p.Problems, diff.Problem{Addr: addr("vaults/a")}) },
			"vaults/a: update became update, a problem",
		},
		"withheld": {func(p *diff.Plan) {
			p.Withheld = append(p.Withheld, diff.Withheld{Change: p.Changes[2]})
			p.Changes = p.Changes[:2]
		}, "trunks/z: delete became delete (withheld)"},
		"the order": {func(p *diff.Plan) { p.Changes[0], p.Changes[1] = p.Changes[1], p.Changes[0] }, ""},
		"all at once": {func(p *diff.Plan) { *p = diff.Plan{} }, "boxes/a: no longer planned: replace (withheld)|boxes/b: no longer planned: a problem|routes: no longer planned: a problem|" +
			"tapes/a: no longer planned: renew|trunks/z: no longer planned: delete|vaults/a: no longer planned: update"},
	} {
		p, other := essential(), essential()
		test.change(&other)
		a, b := diff.EssenceOf(&p), diff.EssenceOf(&other)
		if a.Same(&b) || b.Same(&a) {
			t.Errorf("%s: the same", what)
		}
		lines := a.Differences(&b)
		if got := strings.Join(lines, "|"); got != test.want {
			t.Errorf("%s: %s, want %s", what, got, test.want)
		}
	}
}
