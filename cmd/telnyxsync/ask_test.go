package main

import (
	"testing"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"
)

func TestWhatIsAsked(t *testing.T) {
	t.Parallel()
	numbers := resource.NumbersOf(resource.Range{From: 15125550100, To: 15125550103})
	recordings := func(n int) retention.Items { return retention.Items{Of: "recording", List: make([]retention.Item, n)} }
	object := plan.Change{Op: plan.Delete, Cost: 2}
	for _, c := range []struct {
		plan  plan.Plan
		want  string
		calls int
		steps int
	}{
		{plan.Plan{Changes: []plan.Change{object}}, "Apply 1 change(s)", 2, 1},
		{plan.Plan{Changes: []plan.Change{object, {Op: plan.Upload, Items: numbers}}, Calls: []plan.Call{{Op: plan.Upload, Items: numbers, Cost: 1}}}, "Apply 2 change(s)", 3, 2},
		{plan.Plan{Changes: []plan.Change{{Op: plan.Adopt, Items: numbers}}}, "Apply 1 change(s)", 0, 0},
		{plan.Plan{Changes: []plan.Change{{Op: plan.Delete, Items: recordings(1)}}, Calls: []plan.Call{{Op: plan.Delete, Items: recordings(1), Cost: 1}}}, "Delete 1 recording for good", 1, 1},
		{plan.Plan{
			Changes: []plan.Change{{Op: plan.Delete, Items: recordings(150)}},
			Calls:   []plan.Call{{Op: plan.Delete, Items: recordings(100), Cost: 1}, {Op: plan.Delete, Items: recordings(50), Cost: 1}},
		}, "Delete 150 recordings for good", 2, 2},
	} {
		if got := question(&c.plan); got != c.want || cost(&c.plan) != c.calls || steps(&c.plan) != c.steps {
			t.Errorf("%q, %d calls, %d steps, want %q, %d, %d", got, cost(&c.plan), steps(&c.plan), c.want, c.calls, c.steps)
		}
	}
}
