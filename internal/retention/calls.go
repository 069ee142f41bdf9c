package retention

import (
	"slices"

	"telnyxsync/internal/plan"
)

// Of says of each item of a call which change it belongs to, by its index among the call's changes.
type Of []int

// Calls are what deletes the items of changes that the guards let through: of each policy no more than its
// max_deletes_per_run, in calls of at most batch, the oldest first whoever's they are. What waits is said in notes.
// Other changes are left alone.
func Calls(changes []plan.Change, batch int) (calls []plan.Call, waits []plan.Note) {
	type one struct {
		Item
		of int
	}
	var todo []one
	unit, done := "", map[string]bool{}
	for i := range changes {
		c := &changes[i]
		items, ours := c.Items.(Items)
		p, _ := c.Do.(*Policy)
		if !ours || p == nil || c.Op != plan.Delete {
			continue
		}
		unit = items.Of
		n := 0
		for _, item := range items.List {
			if done[item.ID] {
				continue // it is another's already
			}
			if n++; p.Max == 0 || n <= p.Max {
				done[item.ID] = true
				todo = append(todo, one{item, i})
			}
		}
		if later := n - p.Max; p.Max > 0 && later > 0 {
			waits = append(waits, plan.Note{Addr: c.Addr, Source: c.Source, Reason: plan.Reason{
				Code: Waits, Args: plan.Args{"count": later, "unit": unit, "max": p.Max},
			}})
		}
	}
	slices.SortFunc(todo, func(a, b one) int { return a.compare(b.Item) })
	for part := range slices.Chunk(todo, max(batch, 1)) {
		items, of := make([]Item, len(part)), make(Of, len(part))
		var whose []int
		for i, o := range part {
			items[i], whose = o.Item, append(whose, o.of)
		}
		slices.Sort(whose)
		whose = slices.Compact(whose)
		for i, o := range part {
			of[i], _ = slices.BinarySearch(whose, o.of)
		}
		calls = append(calls, plan.Call{Op: plan.Delete, Changes: whose, Items: Items{unit, items}, Cost: 1, Do: of})
	}
	return calls, waits
}

// Narrow leaves of what is due now what a person was shown, by policy and id: what came of age since then was never
// looked at, and what is held or changed since is not due.
func Narrow(shown, now []plan.Change) (out []plan.Change) {
	for i := range now {
		c := now[i]
		items, ours := c.Items.(Items)
		at := slices.IndexFunc(shown, func(s plan.Change) bool { return s.Op == c.Op && s.Addr == c.Addr })
		if !ours || at < 0 || shown[at].Items == nil {
			continue
		}
		was := map[string]bool{}
		for id := range shown[at].Items.IDs() {
			was[id] = true
		}
		left := Items{Of: items.Of}
		for _, item := range items.List {
			if was[item.ID] {
				left.List = append(left.List, item)
			}
		}
		if left.Len() == 0 {
			continue
		}
		c.Items, c.Reasons = left, []plan.Reason{{Code: IsDue, Args: left.due()}}
		c.Blast = left.blast()
		c.Cost = min(c.Cost, left.Len())
		out = append(out, c)
	}
	return out
}
