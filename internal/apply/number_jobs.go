package apply

import (
	"context"
	"slices"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// ApplyNumbers is Apply for phone numbers and nothing else, and of what is to be sent for them only what keep leaves;
// nil leaves nothing.
func (e *Engine) ApplyNumbers(ctx context.Context, db *state.DB, desired resource.Config, p plan.Plan, o Options, keep func([]plan.Change) []plan.Change) (plan.Result, error) {
	only := onlyNumbers(&p)
	only.Remember.Groups = p.Remember.Groups // which numbers are whose is remembered before they are sent
	var sent []plan.Change
	for _, c := range p.Changes {
		switch {
		case numbersOf(&c) == nil:
		case c.Op == plan.Adopt: // nothing is sent for it
			only.Changes = append(only.Changes, c)
		default:
			sent = append(sent, c)
		}
	}
	if keep != nil {
		only.Changes = append(only.Changes, keep(sent)...)
		form(only)
	}
	return e.Apply(ctx, db, desired, *only, o)
}

// retryUploads tries again what failed and is due, and leaves all else to reconcile.
func retryUploads(ctx context.Context, e *Engine, s Situation) (Report, error) {
	s.Options.Writing = !s.Observe
	p, err := e.PlanSettled(ctx, s.Desired, s.Snap, s.Options)
	if err != nil {
		return Report{}, err
	}
	bad := failed(&s.Snap)
	r := Report{Plan: &plan.Plan{Waiting: p.Waiting, Counts: p.Counts, Ended: p.Ended, NextLook: p.NextLook, Open: p.Open}}
	for _, q := range p.Problems {
		if e.grouped(q.Addr.Kind) {
			r.Plan.Problems = append(r.Plan.Problems, q)
		}
	}
	if s.Observe {
		r.say(NotRetriedObserve, nil)
		return r, nil
	}
	result, err := e.ApplyNumbers(ctx, s.DB, s.Desired, p, s.Options, func(changes []plan.Change) []plan.Change {
		return slices.DeleteFunc(changes, func(c plan.Change) bool { return len(numbersOf(&c).Minus(bad)) > 0 })
	})
	r.Result = &result
	if len(result.Outcomes) == 0 {
		r.say(NothingToRetry, nil)
	}
	return r, err
}

// The codes of retries by schedule.
const (
	NotRetriedObserve plan.Code = "not_retried_observe" // the mode is to observe
	NothingToRetry    plan.Code = "nothing_to_retry"
)
