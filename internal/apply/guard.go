package apply

import (
	"slices"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// Limit bounds what one run may take away of a class.
type Limit struct {
	Max     int // at most so many; 0 is none at all
	Percent int // and at most this share of what is owned, where that is 20 or more; 100 is any
}

// Limits are the limits by class. A class that is not in it has its default; one that has none is not bounded.
type Limits map[plan.Class]Limit

// DefaultLimits are the limits where nobody wrote others. Deletes count deletions, replacements and deactivations of a
// kind; vanished what is made anew of a kind, as it is gone.
func DefaultLimits() Limits {
	return Limits{
		plan.Deletes: {10, 20}, plan.Vanished: {10, 100},
		plan.Recordings: {1000, 100}, plan.Transcriptions: {1000, 100},
	}
}

// percentFrom is from how many owned objects on the percentage counts.
const percentFrom = 20

func (l Limits) of(c plan.Class) (Limit, bool) {
	if limit, ok := l[c]; ok {
		return limit, true
	}
	limit, ok := DefaultLimits()[c]
	return limit, ok
}

// The codes of guards.
const (
	DependentsUnread plan.Code = "dependents_unread"   // error: how many phone numbers depend on an object
	Protected        plan.Code = "protected"           // address
	RootEmpty        plan.Code = "root_empty"          // root
	HoldsNumbers     plan.Code = "holds_numbers"       // count: it would disconnect them
	TooManyDeletes   plan.Code = "too_many_deletes"    // count, kind, max, disconnects
	TooLargeShare    plan.Code = "too_large_share"     // count, kind, percent, owned, raise, disconnects
	TooManyVanished  plan.Code = "too_many_vanished"   // count, owned, kind
	TooManyItems     plan.Code = "too_many_items"      // count, unit, class, max
	WaitsForWithheld plan.Code = "waits_for_withheld"  // address
	Disconnects      plan.Code = "disconnects_numbers" // count: of a change that is done all the same
)

// dependents is how many phone numbers depend on an object, as far as that could be read.
type dependents struct {
	count int
	err   error
}

// Guard moves what must not be done from the plan's changes to what is withheld. It is pure: it sees every change of
// every planner. What phone numbers depend on is withheld where that is known, as it is when an engine plans.
func Guard(p *plan.Plan, limits Limits) { guard(p, nil, limits) }

func guard(p *plan.Plan, known map[resource.Addr]dependents, limits Limits) {
	keepProtected(p)
	withhold(p, func(c *plan.Change) plan.Reason { return c.Doubt })
	keepNumbers(p, known)
	capDeletes(p, known, limits)
	capVanished(p, limits)
	capItems(p, limits)
	withholdWaiting(p)
	slices.SortStableFunc(p.Withheld, func(a, b plan.Withheld) int { return a.Addr.Compare(b.Addr) })
}

// keepProtected withholds what is protected, and every deletion where a configuration has no entry at all: that looks like
// a mistake. Neither counts to a limit.
func keepProtected(p *plan.Plan) {
	withhold(p, func(c *plan.Change) plan.Reason {
		switch {
		case c.Kept:
			return plan.Reason{Code: Protected, Args: plan.Args{"address": c.Addr.String()}}
		case p.Empty != "" && c.Items == nil && (c.Op == plan.Delete || c.Op == plan.Forget):
			return plan.Reason{Code: RootEmpty, Args: plan.Args{"root": p.Empty}}
		}
		return plan.Reason{}
	})
}

// keepNumbers withholds what would delete an object that phone numbers depend on, or may.
func keepNumbers(p *plan.Plan, known map[resource.Addr]dependents) {
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Items == nil && !removes(c) && known[c.Addr].count > 0 {
			c.Reasons = append(slices.Clip(c.Reasons), plan.Reason{Code: Disconnects, Args: plan.Args{"count": known[c.Addr].count}})
		}
	}
	withhold(p, func(c *plan.Change) plan.Reason {
		n, asked := known[c.Addr]
		switch {
		case !asked || c.Items != nil:
		case n.err != nil:
			return plan.Reason{Code: DependentsUnread, Args: plan.Args{"error": n.err.Error()}}
		case n.count > 0 && removes(c): // setting one inactive may be meant: it counts, see capDeletes
			return plan.Reason{Code: HoldsNumbers, Args: plan.Args{"count": n.count}}
		}
		return plan.Reason{}
	})
}

func removes(c *plan.Change) bool { return c.Op == plan.Delete || c.Op == plan.Replace }

// capDeletes withholds all changes of a kind that take something away if there are more than the limits allow: so
// many at once look like a mistake, and nobody knows which of them are none.
func capDeletes(p *plan.Plan, known map[resource.Addr]dependents, limits Limits) {
	limit, bounded := limits.of(plan.Deletes)
	if !bounded {
		return
	}
	count, lost := map[string]int{}, map[string]int{}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Class(plan.Deletes) > 0 {
			count[c.Addr.Kind] += c.Class(plan.Deletes)
			lost[c.Addr.Kind] += known[c.Addr].count
		}
	}
	withhold(p, func(c *plan.Change) plan.Reason {
		n, owned := count[c.Addr.Kind], p.Owned[c.Addr.Kind]
		args := plan.Args{"count": n, "kind": c.Addr.Kind, "disconnects": lost[c.Addr.Kind]}
		switch {
		case c.Class(plan.Deletes) == 0:
		case n > limit.Max:
			args["max"] = limit.Max
			return plan.Reason{Code: TooManyDeletes, Args: args}
		case owned >= percentFrom && limit.Percent < 100 && n*100 > owned*limit.Percent:
			args["percent"], args["owned"], args["raise"] = limit.Percent, owned, (n*100+owned-1)/owned
			return plan.Reason{Code: TooLargeShare, Args: args}
		}
		return plan.Reason{}
	})
}

// capVanished withholds making anew what we owned and is gone, if that is more than the limits allow: so much does not
// vanish at once, but a wrong account or a wrong answer looks like it.
func capVanished(p *plan.Plan, limits Limits) {
	limit, bounded := limits.of(plan.Vanished)
	if !bounded {
		return
	}
	gone := map[string]int{}
	for i := range p.Changes {
		gone[p.Changes[i].Addr.Kind] += p.Changes[i].Class(plan.Vanished)
	}
	withhold(p, func(c *plan.Change) plan.Reason {
		if n := gone[c.Addr.Kind]; c.Class(plan.Vanished) > 0 && n > limit.Max {
			return plan.Reason{Code: TooManyVanished, Args: plan.Args{"count": n, "owned": p.Owned[c.Addr.Kind], "kind": c.Addr.Kind}}
		}
		return plan.Reason{}
	})
}

// capItems withholds all deletions of a class of items if more are due than the limits allow.
func capItems(p *plan.Plan, limits Limits) {
	for _, class := range []plan.Class{plan.Recordings, plan.Transcriptions} {
		limit, bounded := limits.of(class)
		n := 0
		for i := range p.Changes {
			n += p.Changes[i].Class(class)
		}
		if !bounded || n <= limit.Max {
			continue
		}
		withhold(p, func(c *plan.Change) plan.Reason {
			if c.Class(class) == 0 {
				return plan.Reason{}
			}
			return plan.Reason{Code: TooManyItems, Args: plan.Args{"count": n, "unit": c.Items.Unit(), "class": string(class), "max": limit.Max}}
		})
	}
}

// withholdWaiting withholds what waits for something that is withheld.
func withholdWaiting(p *plan.Plan) {
	for again := true; again; {
		held := map[resource.Addr]bool{}
		for i := range p.Withheld {
			held[p.Withheld[i].Addr] = true
		}
		before := len(p.Withheld)
		withhold(p, func(c *plan.Change) plan.Reason {
			for _, n := range c.Needs {
				if held[n] {
					return plan.Reason{Code: WaitsForWithheld, Args: plan.Args{"address": n.String()}}
				}
			}
			return plan.Reason{}
		})
		again = len(p.Withheld) > before
	}
}

func withhold(p *plan.Plan, why func(c *plan.Change) plan.Reason) {
	p.Changes = slices.DeleteFunc(p.Changes, func(c plan.Change) bool {
		r := why(&c)
		if !r.IsZero() {
			p.Withheld = append(p.Withheld, plan.Withheld{Change: c, Guards: []plan.Reason{r}})
		}
		return !r.IsZero()
	})
}
