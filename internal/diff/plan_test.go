package diff_test

import (
	"fmt"
	"testing"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/resource"
)

func TestExit(t *testing.T) {
	drift := diff.Change{Op: diff.Update, Deltas: []diff.Delta{{Origin: diff.FromDrift}}}
	mixed := diff.Change{Op: diff.Update, Deltas: []diff.Delta{{Origin: diff.FromDrift}, {Origin: diff.FromConfig}}}
	of := func(op diff.Op, deltas ...diff.Delta) []diff.Change { return []diff.Change{{Op: op, Deltas: deltas}} }
	withheld, problem := []diff.Withheld{{}}, []diff.Problem{{}}
	for name, test := range map[string]struct {
		diff.Plan
		want int
	}{
		"nothing": {diff.Plan{Unchanged: 3}, 0},
		"neither an orphan nor a note": {diff.Plan{
			Orphans: []diff.Orphan{{}}, Unmanaged: []diff.Unmanaged{{}}, Foreign: []diff.Foreign{{}}, Notes: []string{"n"},
			Settle: []resource.Owned{{}}, Gone: []resource.Owned{{}},
		}, 0},
		"drift":                     {diff.Plan{Changes: []diff.Change{drift}}, 3},
		"deleted on Telnyx":         {diff.Plan{Changes: of(diff.Create, drift.Deltas...)}, 3},
		"observed":                  {diff.Plan{Observed: []diff.Change{mixed}}, 3},
		"mixed":                     {diff.Plan{Changes: []diff.Change{mixed}}, 2},
		"drift and something else":  {diff.Plan{Changes: []diff.Change{drift, mixed}}, 2},
		"unknown":                   {diff.Plan{Changes: of(diff.Update, diff.Delta{Origin: diff.Unknown})}, 2},
		"a create of nothing":       {diff.Plan{Changes: of(diff.Create)}, 2},
		"replace":                   {diff.Plan{Changes: of(diff.Replace, drift.Deltas...)}, 2},
		"rename":                    {diff.Plan{Changes: of(diff.Rename)}, 2},
		"adopt":                     {diff.Plan{Changes: of(diff.Adopt, drift.Deltas...)}, 2},
		"delete":                    {diff.Plan{Changes: of(diff.Delete)}, 2},
		"forget":                    {diff.Plan{Changes: of(diff.Forget)}, 2},
		"withheld before all these": {diff.Plan{Withheld: withheld, Changes: []diff.Change{drift, mixed}}, 4},
		"a problem before that":     {diff.Plan{Problems: problem, Withheld: withheld, Changes: []diff.Change{mixed}}, 1},
	} {
		if got := test.Exit(); got != test.want {
			t.Errorf("%s: exit %d, want %d", name, got, test.want)
		}
	}
}

func TestDriftOnly(t *testing.T) {
	drift, config := diff.Delta{Path: "/d", Origin: diff.FromDrift}, diff.Delta{Path: "/c", Origin: diff.FromConfig}
	unknown := diff.Delta{Path: "/u", Origin: diff.Unknown}
	change := func(op diff.Op, name string, deltas ...diff.Delta) diff.Change {
		return diff.Change{Op: op, Addr: addr("trunks/" + name), Reason: "r", Deltas: deltas}
	}
	p := diff.Plan{
		Changes: []diff.Change{
			change(diff.Update, "both", config, drift), change(diff.Update, "config", config), change(diff.Adopt, "unknown", unknown),
			change(diff.Rename, "renamed", config, drift), change(diff.Replace, "replaced", drift), change(diff.Create, "vanished", drift),
			change(diff.Delete, "deleted"),
		},
		Observed:  []diff.Change{change(diff.Update, "observed", drift), change(diff.Update, "observed-config", config)},
		Withheld:  []diff.Withheld{{Change: change(diff.Delete, "withheld")}, {Change: change(diff.Update, "withheld-drift", drift), Why: "w"}},
		Orphans:   []diff.Orphan{{}},
		Unmanaged: []diff.Unmanaged{{}},
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
		text += fmt.Sprintf("withheld %s %s\n", w.Addr.Name, w.Why)
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
	if len(p.Changes[0].Deltas) != 2 || p.Changes[3].Op != diff.Rename {
		t.Error("the plan itself was changed")
	}
}

// What is remembered of a field that cannot be changed must not find its way into what is desired.
func TestFixedLeavesDesiredAlone(t *testing.T) {
	e := resource.Entry{Addr: addr("trunks/a"), Object: resource.Object{"on": true, "limits": resource.Object{"in": int64(2), "profile": "new"}}}
	in := diff.Input{
		Kinds: toys(), Desired: config(nil, e), Live: liveOf(nil),
		Owned: []resource.Owned{{Addr: e.Addr, ID: "1", Root: "/root", Applied: resource.Object{"limits": resource.Object{"profile": "old"}}}},
	}
	in.Live["trunks"] = diff.Observed{Observation: resource.Observation{Objects: []resource.Live{live("trunks", "1", resource.Object{"on": false})}}}
	p := diff.Compute(in)
	c := p.Changes[0]
	if got := resource.Text(c.Write.Desired); got != `{"limits":{"in":2,"profile":"new"},"on":true}` {
		t.Errorf("desired: %s", got)
	}
	if got := resource.Text(c.Own.Applied); got != `{"limits":{"in":2,"profile":"old"},"on":true}` {
		t.Errorf("remembered: %s", got)
	}
}

// A pass over the changes for each of them would not end in a time that anybody waits for.
func TestManyChanges(t *testing.T) {
	const n = 20_000
	for name, test := range map[string]struct {
		first   resource.Object
		changes int
	}{
		"a chain":         {resource.Object{"prefix": "1"}, n},
		"a blocked chain": {resource.Object{"trunk": resource.Ref{Addr: addr("trunks/none")}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var all []resource.Entry
			route := func(i int) resource.Addr { return addr(fmt.Sprintf("routes/%05d", i)) }
			for i := range n {
				e := resource.Entry{Addr: route(i), Object: test.first}
				if i > 0 {
					e.Object = resource.Object{"next": resource.Ref{Addr: route(i - 1)}}
				}
				if i%2 == 0 { // neither way through them is the order of the addresses
					e.Object["prefix"] = "0"
				}
				all = append(all, e)
			}
			in := diff.Input{Kinds: toys(), Desired: config(nil, all...), Live: liveOf(nil), Only: []resource.Addr{route(n - 1)}}
			p := diff.Compute(in)
			if len(p.Changes) != test.changes {
				t.Errorf("%d changes, want %d", len(p.Changes), test.changes)
			}
		})
	}
}
