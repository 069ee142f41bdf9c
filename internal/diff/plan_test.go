package diff_test

import (
	"fmt"
	"testing"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
)

// compute is the plan of what asks for nothing of phone numbers, or was told it.
func compute(in diff.Input) plan.Plan {
	p, _ := diff.Compute(in)
	p.Calls = numbers.Calls(p.Changes)
	return p
}

// What is remembered of a field that cannot be changed must not find its way into what is desired.
func TestFixedLeavesDesiredAlone(t *testing.T) {
	e := resource.Entry{Addr: addr("trunks/a"), Object: resource.Object{"on": true, "limits": resource.Object{"in": int64(2), "profile": "new"}}}
	in := diff.Input{
		Kinds: toys(), Desired: config(nil, e), Live: liveOf(nil),
		Owned: []resource.Owned{{Addr: e.Addr, ID: "1", Root: "/root", Applied: resource.Object{"limits": resource.Object{"profile": "old"}}}},
	}
	in.Live["trunks"] = diff.Observed{Observation: resource.Observation{Objects: []resource.Live{live("trunks", "1", resource.Object{"on": false})}}}
	p := compute(in)
	c := p.Changes[0]
	if got := resource.Text(diff.WorkOf(&c).Write.Desired); got != `{"limits":{"in":2,"profile":"new"},"on":true}` {
		t.Errorf("desired: %s", got)
	}
	if got := resource.Text(diff.WorkOf(&c).Own.Applied); got != `{"limits":{"in":2,"profile":"old"},"on":true}` {
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
			p := compute(in)
			if len(p.Changes) != test.changes {
				t.Errorf("%d changes, want %d", len(p.Changes), test.changes)
			}
		})
	}
}

var words = render.NewWords(toys())
