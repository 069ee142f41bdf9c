package apply

import (
	"slices"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// The codes of guards. Those that somebody can let through are in the code of an approval, the others are not.
const (
	Protected        plan.Code = "protected"           // address; never let through
	DependentsUnread plan.Code = "dependents_unread"   // error: how many phone numbers depend on an object; never let through
	HoldsNumbers     plan.Code = "holds_numbers"       // count: it would disconnect them; never let through
	WaitsForWithheld plan.Code = "waits_for_withheld"  // address; goes with what it waits for
	RootEmpty        plan.Code = "root_empty"          // root
	OverLimit        plan.Code = "over_limit"          // class, kind, count, taken, limit, base, disconnects, users
	AllOfKind        plan.Code = "all_of_kind"         // class, kind, count, base, disconnects
	WithheldBefore   plan.Code = "withheld_before"     // at
	HoldSilent       plan.Code = "hold_silent"         // policy: a hold that means nothing that is there
	Disconnects      plan.Code = "disconnects_numbers" // count: of a change that is done all the same
)

// window is how long what was taken away counts.
const window = 24 * time.Hour

// dependents is how many phone numbers depend on an object, as far as that could be read.
type dependents struct {
	count int
	err   error
}

// judgement is what guards judge by beside the plan: values that were read before.
type judgement struct {
	identity
	limits     Limits
	dependents map[resource.Addr]dependents
	taken      []resource.Taken
	withheld   []resource.WithheldSet
	approvals  []resource.Approval // in force
	desired    resource.Config     // where references of secrets are looked up
	roots      map[resource.Addr]string
	now        time.Time
}

// Guard moves what must not be done from the plan's changes to what is withheld, by limits alone. It is pure: it sees
// every change of every planner. An engine that plans judges by what was read and is remembered, too.
func Guard(p *plan.Plan, limits Limits) { judgement{limits: limits}.guard(p) }

func (j judgement) guard(p *plan.Plan) {
	j.forbid(p)
	j.letThrough(p)
	why := j.reasons(p)
	kept := p.Changes[:0:0]
	for i := range p.Changes {
		if len(why[i]) == 0 {
			kept = append(kept, j.flagged(p.Changes[i]))
		} else {
			p.Withheld = append(p.Withheld, plan.Withheld{Change: p.Changes[i], Guards: why[i]})
		}
	}
	p.Changes = kept
	p.Sets = j.sets(p)
	withholdWaiting(p)
	slices.SortStableFunc(p.Withheld, func(a, b plan.Withheld) int { return a.Addr.Compare(b.Addr) })
}

// flagged marks a change that goes by limits of this run alone. One that counts to any other class counts for the next runs.
func (j *judgement) flagged(c plan.Change) plan.Change {
	counts := func(b plan.Blast) bool { return !j.limits.of(b.Class).Once }
	if c.Let == "" && len(c.Blast) > 0 && !slices.ContainsFunc(c.Blast, counts) {
		c.Let = plan.LetByFlag
	}
	return c
}

// forbid withholds what nobody can let through: what is protected, and what phone numbers depend on, or may. None of it
// counts to a limit.
func (j *judgement) forbid(p *plan.Plan) {
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Items == nil && !removes(c) && !c.Kept && j.dependents[c.Addr].count > 0 {
			c.Reasons = append(slices.Clip(c.Reasons), plan.Reason{Code: Disconnects, Args: plan.Args{"count": j.dependents[c.Addr].count}})
		}
	}
	withhold(p, func(c *plan.Change) plan.Reason {
		n, asked := j.dependents[c.Addr]
		switch {
		case c.Kept:
			return plan.Reason{Code: Protected, Args: plan.Args{"address": c.Addr.String()}}
		case !asked || c.Items != nil:
		case n.err != nil:
			return plan.Reason{Code: DependentsUnread, Args: plan.Args{"error": n.err.Error()}}
		case n.count > 0 && removes(c): // setting one inactive may be meant: it counts
			return plan.Reason{Code: HoldsNumbers, Args: plan.Args{"count": n.count}}
		}
		return plan.Reason{}
	})
}

func removes(c *plan.Change) bool { return c.Op == plan.Delete || c.Op == plan.Replace }

// reasons are why changes need somebody who lets them through, by index: each guard that says so.
func (j *judgement) reasons(p *plan.Plan) [][]plan.Reason {
	why := make([][]plan.Reason, len(p.Changes))
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Let != "" {
			continue
		}
		if p.Empty != "" && c.Items == nil && (c.Op == plan.Delete || c.Op == plan.Forget) {
			why[i] = append(why[i], plan.Reason{Code: RootEmpty, Args: plan.Args{"root": p.Empty}})
		}
		if !c.Doubt.IsZero() {
			why[i] = append(why[i], c.Doubt)
		}
	}
	for _, class := range LimitClasses() {
		j.class(p, class, why)
	}
	if p.Rules != nil {
		retained(p, why)
	}
	return why
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
