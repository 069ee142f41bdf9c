package plan

import "slices"

// Drifted tells whether nothing but drift is behind a change.
func (c *Change) Drifted() bool {
	if c.Items != nil {
		return c.Drift
	}
	if c.Op != Update && c.Op != Create {
		return false
	}
	return len(c.Deltas) > 0 && !slices.ContainsFunc(c.Deltas, func(d Delta) bool { return d.Origin != FromDrift })
}

// The exit codes that a plan leads to.
const (
	ExitNothing  = 0
	ExitProblems = 1
	ExitChanges  = 2
	ExitDrift    = 3
	ExitWithheld = 4
)

// Exit is the exit code that a dry run of the plan ends with.
func (p *Plan) Exit() int {
	drift, other := len(p.Observed) > 0, false
	for i := range p.Changes {
		if p.Changes[i].Drifted() {
			drift = true
		} else {
			other = true
		}
	}
	switch {
	case len(p.Problems) > 0:
		return ExitProblems
	case len(p.Withheld) > 0:
		return ExitWithheld
	case other:
		return ExitChanges
	case drift:
		return ExitDrift
	}
	return ExitNothing
}

// DriftOnly leaves all out but drift: changes that are nothing else, and of mixed ones that part.
func (p *Plan) DriftOnly() Plan {
	out := Plan{Sets: p.Sets, Problems: p.Problems, NotCompared: p.NotCompared, Notes: p.Notes, Unchanged: p.Unchanged}
	for _, c := range p.Changes {
		if c, ok := driftOf(c); ok {
			out.Changes = append(out.Changes, c)
		}
	}
	for _, c := range p.Observed {
		if c, ok := driftOf(c); ok {
			out.Observed = append(out.Observed, c)
		}
	}
	for _, w := range p.Withheld {
		if c, ok := driftOf(w.Change); ok {
			out.Withheld = append(out.Withheld, Withheld{c, w.Guards, w.Code})
		}
	}
	return out
}

// driftOf is what of a change is drift. What is left of a rename, an adopt or a replace is an update.
func driftOf(c Change) (Change, bool) {
	if c.Items != nil {
		return c, c.Drift
	}
	var deltas []Delta
	for _, d := range c.Deltas {
		if d.Origin == FromDrift {
			deltas = append(deltas, d)
		}
	}
	if c.Deltas = deltas; c.Op != Create {
		c.Op, c.Reasons = Update, Origins(deltas)
	}
	return c, len(deltas) > 0
}

// The codes of where differences come from.
const (
	YAMLChanged   Code = "yaml_changed"
	TelnyxChanged Code = "telnyx_changed"
	SecretChanged Code = "secret_changed"
	Expires       Code = "expires"
	NeverApplied  Code = "never_applied"
)

var originCodes = map[Origin]Code{
	FromConfig: YAMLChanged, FromDrift: TelnyxChanged, FromSecret: SecretChanged, FromExpiry: Expires, Unknown: NeverApplied,
}

// Origins are the reasons of an update: where its differences come from, each once and always in the same order.
func Origins(deltas []Delta) (reasons []Reason) {
	for _, o := range []Origin{FromSecret, Unknown, FromExpiry, FromDrift, FromConfig} {
		if slices.ContainsFunc(deltas, func(d Delta) bool { return d.Origin == o }) {
			reasons = append(reasons, Reason{Code: originCodes[o]})
		}
	}
	return reasons
}
