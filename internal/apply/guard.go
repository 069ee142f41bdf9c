package apply

import (
	"context"
	"fmt"
	"slices"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/resource"

	"golang.org/x/sync/errgroup"
)

// Limits bound, per kind and run, the changes that take something away: deletes, replaces and
// connections set inactive.
type Limits struct {
	MaxDeletes       int // at most this many; 0 is 10, negative none at all
	MaxDeletePercent int // and this share of what is owned, where that is 20 or more; 0 is 20
}

// The defaults, and from how many owned objects on the percentage counts.
const (
	DefaultMaxDeletes       = 10
	DefaultMaxDeletePercent = 20
	percentFrom             = 20
)

// LimitsOf are limits as a user writes them: 0 is none at all.
func LimitsOf(maxDeletes, maxDeletePercent int) Limits {
	none := func(n int) int {
		if n <= 0 {
			return -1
		}
		return n
	}
	return Limits{MaxDeletes: none(maxDeletes), MaxDeletePercent: none(maxDeletePercent)}
}

func (l Limits) maxDeletes() int {
	if l.MaxDeletes == 0 {
		return DefaultMaxDeletes
	}
	return max(l.MaxDeletes, 0)
}

func (l Limits) maxPercent() int {
	if l.MaxDeletePercent == 0 {
		return DefaultMaxDeletePercent
	}
	return max(l.MaxDeletePercent, 0)
}

// guard moves what must not be done from the plan's changes to what is withheld, saying why in
// words of telephony.
func (e *Engine) guard(ctx context.Context, plan *diff.Plan) {
	impact := e.impact(ctx, plan)
	e.keepNumbers(plan, impact)
	e.capDeletes(plan, impact)
	e.capVanished(plan)
	withholdDependents(plan)
}

// dependents is how many phone numbers depend on an object, as far as that could be read.
type dependents struct {
	count int
	err   error
}

// impact reads how many phone numbers each guarded change takes out of service.
func (e *Engine) impact(ctx context.Context, plan *diff.Plan) map[resource.Addr]dependents {
	guarded := slices.DeleteFunc(slices.Clone(plan.Changes), func(c diff.Change) bool { return !c.Guarded })
	found := make([]dependents, len(guarded))
	var g errgroup.Group
	for i, c := range guarded {
		g.Go(func() error {
			found[i].count, found[i].err = e.Operations[c.Addr.Kind].Numbers(ctx, c.Live)
			return nil
		})
	}
	_ = g.Wait() // what failed is in found
	impact := map[resource.Addr]dependents{}
	for i, c := range guarded {
		impact[c.Addr] = found[i]
	}
	return impact
}

// keepNumbers withholds what would delete an object that phone numbers depend on, or may.
func (e *Engine) keepNumbers(plan *diff.Plan, impact map[resource.Addr]dependents) {
	for i := range plan.Changes {
		if c := &plan.Changes[i]; !removes(c) && impact[c.Addr].count > 0 {
			c.Reason += "; it disconnects " + countNumbers(impact[c.Addr].count)
		}
	}
	withhold(plan, func(c *diff.Change) string {
		n, guarded := impact[c.Addr]
		switch {
		case !guarded:
			return ""
		case n.err != nil:
			return fmt.Sprintf("how many phone numbers depend on it could not be read: %v", n.err)
		case n.count == 0, !removes(c): // setting one inactive may be meant: it counts, see capDeletes
			return ""
		}
		return fmt.Sprintf("it still holds %s and would disconnect them: move them to another connection first", countNumbers(n.count))
	})
}

func removes(c *diff.Change) bool { return c.Op == diff.Delete || c.Op == diff.Replace }

// capDeletes withholds all guarded changes of a kind if there are more than the limits allow: so
// many at once look like a mistake, and nobody knows which of them are none.
func (e *Engine) capDeletes(plan *diff.Plan, impact map[resource.Addr]dependents) {
	guarded, lost := map[string]int{}, map[string]int{}
	for i := range plan.Changes {
		if c := &plan.Changes[i]; c.Guarded {
			guarded[c.Addr.Kind]++
			lost[c.Addr.Kind] += impact[c.Addr].count
		}
	}
	withhold(plan, func(c *diff.Change) string {
		n, owned := guarded[c.Addr.Kind], plan.OwnedByKind[c.Addr.Kind]
		if !c.Guarded {
			return ""
		}
		var limit, raise string
		switch most, percent := e.Limits.maxDeletes(), e.Limits.maxPercent(); {
		case n > most:
			limit, raise = fmt.Sprintf("%d (max_deletes)", most), fmt.Sprintf("--max-deletes %d", n)
		case owned >= percentFrom && n*100 > owned*percent:
			limit, raise = fmt.Sprintf("%d %% of the %d owned (max_delete_percent)", percent, owned),
				fmt.Sprintf("--max-delete-percent %d", (n*100+owned-1)/owned)
		default:
			return ""
		}
		why := fmt.Sprintf("%d deletions, replacements and deactivations of %s at once are more than %s", n, c.Addr.Kind, limit)
		if lost[c.Addr.Kind] > 0 {
			why += ", and would disconnect " + countNumbers(lost[c.Addr.Kind])
		}
		return why + ": if it is meant, run again with " + raise
	})
}

// capVanished withholds making anew what we owned and is gone, if that is more than the limits allow
// to be deleted: so much does not vanish at once, but a wrong account or a wrong answer looks like it.
func (e *Engine) capVanished(plan *diff.Plan) {
	gone := map[string]int{}
	for i := range plan.Changes {
		if c := &plan.Changes[i]; c.Vanished {
			gone[c.Addr.Kind]++
		}
	}
	withhold(plan, func(c *diff.Change) string {
		n := gone[c.Addr.Kind]
		if !c.Vanished || n <= e.Limits.maxDeletes() {
			return ""
		}
		return fmt.Sprintf("%d of the %d owned %s are gone at once, which looks like a wrong account or a wrong answer: look at the account, and if they were deleted, run again with --max-deletes %d",
			n, plan.OwnedByKind[c.Addr.Kind], c.Addr.Kind, n)
	})
}

// withholdDependents withholds what waits for something that is withheld.
func withholdDependents(plan *diff.Plan) {
	for again := true; again; {
		held := map[resource.Addr]bool{}
		for _, w := range plan.Withheld {
			held[w.Addr] = true
		}
		before := len(plan.Withheld)
		withhold(plan, func(c *diff.Change) string {
			for _, n := range c.Needs {
				if held[n] {
					return fmt.Sprintf("it waits for %s, which is withheld", n)
				}
			}
			return ""
		})
		again = len(plan.Withheld) > before
	}
}

func withhold(plan *diff.Plan, why func(c *diff.Change) string) {
	plan.Changes = slices.DeleteFunc(plan.Changes, func(c diff.Change) bool {
		text := why(&c)
		if text != "" {
			plan.Withheld = append(plan.Withheld, diff.Withheld{Change: c, Why: text})
		}
		return text != ""
	})
	slices.SortStableFunc(plan.Withheld, func(a, b diff.Withheld) int { return a.Addr.Compare(b.Addr) })
}

func countNumbers(n int) string {
	if n == 1 {
		return "1 number"
	}
	return fmt.Sprintf("%d numbers", n)
}
