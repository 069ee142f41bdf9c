package render_test

import (
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
)

// essential is a plan in which all is that an essence is made of.
func essential() plan.Plan {
	c := func(op plan.Op, address string, deltas ...plan.Delta) plan.Change {
		return plan.Change{
			Op: op, Addr: addr(address), ID: "7", Reasons: said("reason"), Source: &resource.Position{File: "a.yaml", Line: 3, Col: 2},
			Deltas: deltas, Needs: []resource.Addr{addr("trunks/needed")}, Cost: 1,
		}
	}
	secret := plan.Delta{Path: "/locks/key", New: resource.NewSecret("very-hidden", "digest-of-it"), Origin: plan.FromSecret}
	file := plan.Delta{Path: "/file", New: resource.File{Root: "/root", Name: "a.wav", SHA256: strings.Repeat("a", 64), Size: 5}, Origin: plan.FromConfig}
	return plan.Plan{
		Changes:   []plan.Change{c(plan.Update, "vaults/a", secret), c(plan.Renew, "tapes/a", file), c(plan.Delete, "trunks/z")},
		Withheld:  []plan.Withheld{{Change: c(plan.Replace, "boxes/a", plan.Delta{Path: "/name", Old: "a", New: "b"}), Guards: said("why")}},
		Problems:  []plan.Problem{{Addr: addr("boxes/b"), Reason: resource.Said("text")}, {Addr: resource.Addr{Kind: "routes"}, Reason: resource.Said("could not be read")}},
		Orphans:   []plan.Orphan{{Addr: addr("boxes/o")}},
		Unchanged: 5,
	}
}

// Two plans that do the same are the same, however they are explained.
func TestEssenceLeavesOut(t *testing.T) {
	for what, change := range map[string]func(p *plan.Plan){
		"reasons": func(p *plan.Plan) { p.Changes[0].Reasons, p.Withheld[0].Reasons = said("another"), said("another") },
		"places":  func(p *plan.Plan) { p.Changes[0].Source.Line, p.Changes[2].Source = 99, nil },
		"calls":   func(p *plan.Plan) { p.Changes[0].Cost = 9 },
		"why":     func(p *plan.Plan) { p.Withheld[0].Guards = said("another limit") },
		"texts": func(p *plan.Plan) {
			p.Problems[0].Reason, p.Problems[0].Held, p.Problems[1].Reason = resource.Said("request 2"), true, resource.Said("500")
		},
		"problems' order": func(p *plan.Plan) { slices.Reverse(p.Problems) },
		"what is not done": func(p *plan.Plan) {
			p.Unchanged, p.Orphans, p.Notes, p.Foreign = 0, nil, []plan.Note{{}}, []plan.Foreign{{}}
			p.NotCompared, p.Unmanaged, p.Remember.Own, p.Remember.Forget = []plan.NotCompared{{}}, []plan.Unmanaged{{}}, []resource.Owned{{}}, []resource.Addr{{}}
		},
		"what is watched": func(p *plan.Plan) { p.Observed = []plan.Change{{}} },
		"the secret itself": func(p *plan.Plan) {
			p.Changes[0].Deltas[0].New = resource.NewSecret("another", "digest")
		},
	} {
		p, other := essential(), essential()
		change(&other)
		a, b := plan.EssenceOf(&p), plan.EssenceOf(&other)
		if !a.Same(&b) || !b.Same(&a) || len(render.Differences(&a, &b)) > 0 {
			t.Errorf("%s: %q", what, render.Differences(&a, &b))
		}
	}
	none, empty := plan.EssenceOf(&plan.Plan{}), plan.EssenceOf(&plan.Plan{Changes: []plan.Change{}})
	if !none.Same(&empty) {
		t.Error("no changes and none are not the same")
	}
}

// What would be done otherwise is another plan, and it is said where.
func TestEssenceDifferences(t *testing.T) {
	for what, test := range map[string]struct {
		change func(p *plan.Plan)
		want   string
	}{
		"an operation": {func(p *plan.Plan) { p.Changes[0].Op = plan.Adopt }, "vaults/a: update became adopt"},
		"an object":    {func(p *plan.Plan) { p.Changes[0].ID = "8" }, "vaults/a: update, with other values"},
		"a path":       {func(p *plan.Plan) { p.Changes[0].Deltas[0].Path = "/locks/code" }, "vaults/a: update, with other values"},
		"a content": {func(p *plan.Plan) {
			p.Changes[1].Deltas[0].New = resource.File{Root: "/root", Name: "a.wav", SHA256: strings.Repeat("b", 64), Size: 5}
		}, "tapes/a: renew, with other values"},
		"an old value":  {func(p *plan.Plan) { p.Withheld[0].Deltas[0].Old = "x" }, "boxes/a: replace (withheld), with other values"},
		"an origin":     {func(p *plan.Plan) { p.Changes[0].Deltas[0].Origin = plan.FromDrift }, "vaults/a: update, with other values"},
		"a need":        {func(p *plan.Plan) { p.Changes[2].Needs = nil }, "trunks/z: delete, with other values"},
		"a change less": {func(p *plan.Plan) { p.Changes = p.Changes[1:] }, "vaults/a: no longer planned: update"},
		"a change more": {func(p *plan.Plan) {
			p.Changes = append(p.Changes, plan.Change{Op: plan.Create, Addr: addr("boxes/new")})
		}, "boxes/new: new: create"},
		"a problem less": {func(p *plan.Plan) { p.Problems = p.Problems[:1] }, "routes: no longer planned: a problem"},
		"a problem more": {func(p *plan.Plan) { p.Problems = append(p.Problems, plan.Problem{Addr: addr("boxes/c")}) }, "boxes/c: new: a problem"},
		"a problem beside a change": {
			func(p *plan.Plan) { p.Problems = append(p.Problems, plan.Problem{Addr: addr("vaults/a")}) },
			"vaults/a: update became update, a problem",
		},
		"withheld": {func(p *plan.Plan) {
			p.Withheld = append(p.Withheld, plan.Withheld{Change: p.Changes[2]})
			p.Changes = p.Changes[:2]
		}, "trunks/z: delete became delete (withheld)"},
		"the order": {func(p *plan.Plan) { p.Changes[0], p.Changes[1] = p.Changes[1], p.Changes[0] }, ""},
		"all at once": {func(p *plan.Plan) { *p = plan.Plan{} }, "boxes/a: no longer planned: replace (withheld)|boxes/b: no longer planned: a problem|routes: no longer planned: a problem|" +
			"tapes/a: no longer planned: renew|trunks/z: no longer planned: delete|vaults/a: no longer planned: update"},
	} {
		p, other := essential(), essential()
		test.change(&other)
		a, b := plan.EssenceOf(&p), plan.EssenceOf(&other)
		if a.Same(&b) || b.Same(&a) {
			t.Errorf("%s: the same", what)
		}
		lines := render.Differences(&a, &b)
		if got := strings.Join(lines, "|"); got != test.want {
			t.Errorf("%s: %s, want %s", what, got, test.want)
		}
	}
}
