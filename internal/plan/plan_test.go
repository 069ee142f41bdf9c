package plan_test

import (
	"fmt"
	"testing"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

func TestExit(t *testing.T) {
	drift := plan.Change{Op: plan.Update, Deltas: []plan.Delta{{Origin: plan.FromDrift}}}
	mixed := plan.Change{Op: plan.Update, Deltas: []plan.Delta{{Origin: plan.FromDrift}, {Origin: plan.FromConfig}}}
	of := func(op plan.Op, deltas ...plan.Delta) []plan.Change { return []plan.Change{{Op: op, Deltas: deltas}} }
	withheld, problem := []plan.Withheld{{}}, []plan.Problem{{}}
	for name, test := range map[string]struct {
		plan.Plan
		want int
	}{
		"nothing": {plan.Plan{Unchanged: 3}, 0},
		"neither an orphan nor a note": {plan.Plan{
			Orphans: []plan.Orphan{{}}, Unmanaged: []plan.Unmanaged{{}}, Foreign: []plan.Foreign{{}}, Notes: []plan.Note{{}},
			Remember: resource.Record{Own: []resource.Owned{{}}, Forget: []resource.Addr{{}}},
		}, 0},
		"drift":                     {plan.Plan{Changes: []plan.Change{drift}}, 3},
		"deleted on Telnyx":         {plan.Plan{Changes: of(plan.Create, drift.Deltas...)}, 3},
		"observed":                  {plan.Plan{Observed: []plan.Change{mixed}}, 3},
		"mixed":                     {plan.Plan{Changes: []plan.Change{mixed}}, 2},
		"drift and something else":  {plan.Plan{Changes: []plan.Change{drift, mixed}}, 2},
		"unknown":                   {plan.Plan{Changes: of(plan.Update, plan.Delta{Origin: plan.Unknown})}, 2},
		"a create of nothing":       {plan.Plan{Changes: of(plan.Create)}, 2},
		"replace":                   {plan.Plan{Changes: of(plan.Replace, drift.Deltas...)}, 2},
		"rename":                    {plan.Plan{Changes: of(plan.Rename)}, 2},
		"adopt":                     {plan.Plan{Changes: of(plan.Adopt, drift.Deltas...)}, 2},
		"delete":                    {plan.Plan{Changes: of(plan.Delete)}, 2},
		"forget":                    {plan.Plan{Changes: of(plan.Forget)}, 2},
		"withheld before all these": {plan.Plan{Withheld: withheld, Changes: []plan.Change{drift, mixed}}, 4},
		"a problem before that":     {plan.Plan{Problems: problem, Withheld: withheld, Changes: []plan.Change{mixed}}, 1},
	} {
		if got := test.Exit(); got != test.want {
			t.Errorf("%s: exit %d, want %d", name, got, test.want)
		}
	}
}

func TestDriftOnly(t *testing.T) {
	drift, config := plan.Delta{Path: "/d", Origin: plan.FromDrift}, plan.Delta{Path: "/c", Origin: plan.FromConfig}
	unknown := plan.Delta{Path: "/u", Origin: plan.Unknown}
	change := func(op plan.Op, name string, deltas ...plan.Delta) plan.Change {
		return plan.Change{Op: op, Addr: addr("trunks/" + name), Reasons: said("r"), Deltas: deltas}
	}
	p := plan.Plan{
		Changes: []plan.Change{
			change(plan.Update, "both", config, drift), change(plan.Update, "config", config), change(plan.Adopt, "unknown", unknown),
			change(plan.Rename, "renamed", config, drift), change(plan.Replace, "replaced", drift), change(plan.Create, "vanished", drift),
			change(plan.Delete, "deleted"),
		},
		Observed:  []plan.Change{change(plan.Update, "observed", drift), change(plan.Update, "observed-config", config)},
		Withheld:  []plan.Withheld{{Change: change(plan.Delete, "withheld")}, {Change: change(plan.Update, "withheld-drift", drift), Guards: said("w")}},
		Orphans:   []plan.Orphan{{}},
		Unmanaged: []plan.Unmanaged{{}},
		Unchanged: 5,
	}
	got := p.DriftOnly()
	var text string
	for _, c := range got.Changes {
		text += fmt.Sprintf("%s %s %d\n", c.Op, c.Addr.Name, len(c.Deltas))
	}
	for _, c := range got.Observed {
		text += fmt.Sprintf("observed %s %d\n", c.Addr.Name, len(c.Deltas))
	}
	for _, w := range got.Withheld {
		text += fmt.Sprintf("withheld %s %s\n", w.Addr.Name, w.Guards[0].Args["text"])
	}
	want := "update both 1\nupdate renamed 1\nupdate replaced 1\ncreate vanished 1\nobserved observed 1\nwithheld withheld-drift w\n"
	if text != want || got.Unchanged != 5 || got.Orphans != nil || got.Unmanaged != nil {
		t.Errorf("got %s%+v", text, got)
	}
	// What is left is drift and nothing else, whatever it was part of.
	got.Withheld = nil
	if exit := got.Exit(); exit != 3 {
		t.Errorf("exit %d, want 3", exit)
	}
	if len(p.Changes[0].Deltas) != 2 || p.Changes[3].Op != plan.Rename {
		t.Error("the plan itself was changed")
	}
}

func addr(text string) resource.Addr {
	a, err := resource.ParseAddr(text)
	if err != nil {
		panic(err)
	}
	return a
}

func said(text string) []resource.Reason { return []resource.Reason{resource.Said(text)} }
