package apply

import (
	"context"
	"slices"
	"time"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"
	"telnyxsync/internal/state"
)

// NoStateYet is the code of a note: nothing is known of what was applied before.
const NoStateYet plan.Code = "no_state_yet"

// Plan observes and compares, and lets the guards look at the outcome. It writes nothing anywhere.
func (e *Engine) Plan(ctx context.Context, desired resource.Config, snap state.Snapshot, o Options) (plan.Plan, error) {
	live, err := e.observe(ctx, desired, snap, o)
	if err != nil {
		return plan.Plan{}, err
	}
	if err := e.CheckAccount(ctx, snap, live, o); err != nil {
		return plan.Plan{}, err
	}
	in := e.input(desired, snap, o)
	in.Live, in.Secrets, in.OtherRoots = live, e.secrets(desired, snap), otherRoots(desired, snap)
	p, err := e.compute(ctx, in)
	if err != nil {
		return p, err
	}
	e.review(&p, in, snap)
	e.noteClocks(&p)
	p.NextRenewal, p.NextLook = e.local(p.NextRenewal), e.local(p.NextLook)
	if !snap.Exists && !o.Stateless {
		p.Notes = append(p.Notes, plan.Note{Reason: plan.Reason{Code: NoStateYet}})
	}
	j := e.judgement(desired, snap)
	j.dependents = e.dependents(ctx, &p)
	p, err = e.judged(p, j, snap, o)
	form(&p)
	return p, err
}

// compute makes the plan, reading what it asks for of phone numbers. The objects are compared once.
func (e *Engine) compute(ctx context.Context, in diff.Input) (plan.Plan, error) {
	compared := diff.Compare(in)
	f := newFacts()
	for range maxQuestions {
		p, missing := compared.Plan(f.Facts)
		if missing.Empty() {
			return p, nil
		}
		if err := e.read(ctx, f, &missing); err != nil {
			return p, err
		}
	}
	return plan.Plan{}, errQuestions
}

// review lists what became of policies and holds since they were last remembered, and remembers them as they are.
func (e *Engine) review(p *plan.Plan, in diff.Input, snap state.Snapshot) {
	for i := range e.Kinds {
		if k := &e.Kinds[i]; e.Retention[k.Name] != nil {
			r := retention.Rules(ruleInput(k.Name, p.Whose, in, snap))
			p.Notes = append(p.Notes, r.Notes...)
			p.Remember.Rules = append(p.Remember.Rules, r.Remember.Rules...)
			p.Remember.ForgetRules = append(p.Remember.ForgetRules, r.Remember.ForgetRules...)
		}
	}
}

func ruleInput(kind string, whose plan.Whose, in diff.Input, snap state.Snapshot) retention.Input {
	return retention.Input{
		Kind: kind, Desired: in.Desired, Known: snap.Rules, Baselines: snap.Baselines, Whose: whose, Owned: snap.Owned, OtherRoots: in.OtherRoots, Stateless: in.Stateless,
		Parts: partsOf(in.Desired, snap.Rules),
	}
}

// form gathers the calls that sets need, once it is known what is to be done of them.
func form(p *plan.Plan) { p.Calls = numbers.Calls(p.Changes) }

func (e *Engine) input(desired resource.Config, snap state.Snapshot, o Options) diff.Input {
	return diff.Input{
		Kinds: e.Kinds, Desired: desired, Owned: snap.Owned, Groups: snap.Groups, Intents: snap.Intents, Instance: e.Instance, Now: e.now(),
		ClocksApart: !e.apart().IsZero(), Orders: snap.Orders, Troubles: snap.Troubles, Times: e.Times,
		NeedSecrets: o.Writing, Prune: o.Prune, Stateless: o.Stateless, Foreign: o.Foreign, Only: o.Only,
	}
}

// PlanSettled is Plan, but where a create is in doubt it looks a second time, some time after the
// first: what Telnyx has made may take a moment to show.
func (e *Engine) PlanSettled(ctx context.Context, desired resource.Config, snap state.Snapshot, o Options) (plan.Plan, error) {
	first, err := e.Plan(ctx, desired, snap, o)
	inDoubt := slices.ContainsFunc(first.Changes, func(c plan.Change) bool { return c.InDoubt })
	if err != nil || !inDoubt && len(first.Withdrawn) == 0 {
		return first, err
	}
	if err := wait(ctx, e.settleFor(first.Withdrawn)); err != nil {
		return first, err
	}
	p, err := e.Plan(ctx, desired, snap, o)
	p.Settle(&first)
	return p, err
}

// patience is for how many settle times a create that nobody wants any more is waited for: nothing is sent in its
// place, so there is no hurry.
const patience = 4

// settleFor is the time between two looks.
func (e *Engine) settleFor(withdrawn []plan.Withdrawn) time.Duration {
	longest := e.settle()
	for i := range withdrawn {
		old := max(e.now().Sub(withdrawn[i].At), 0)
		longest = max(longest, patience*e.settle()-old)
	}
	return longest
}
