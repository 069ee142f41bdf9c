package apply

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// numberLines say how calls for phone numbers ended.
func numberLines(outcomes []NumberOutcome) (lines []string) {
	for i := range outcomes {
		line := outcomes[i].String()
		if outcomes[i].Error != "" {
			line += ": " + outcomes[i].Error
		}
		lines = append(lines, line)
	}
	return lines
}

// teams are the connections that have numbers of ours on Microsoft Teams, or on their way there.
func (e *Engine) teams(snap *state.Snapshot) []string {
	found := map[string]bool{}
	for _, o := range snap.Orders {
		if o.Target.Placed() {
			found[o.Target.Connection] = true
		}
	}
	for i := range snap.Groups {
		if t := snap.Groups[i].Target; t.Placed() {
			found[t.Connection] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// refreshUploads asks Telnyx to look again at the uploads of each connection, and says what is pending.
func refreshUploads(ctx context.Context, e *Engine, s Situation) (r Report, err error) {
	if e.Numbers == nil {
		return r, errNoNumbers
	}
	connections := e.teams(&s.Snap)
	if len(connections) == 0 {
		r.Lines = append(r.Lines, "no connection of ours has numbers on Microsoft Teams")
	}
	for _, c := range connections {
		line := "connection " + c + ": not refreshed, as mode is observe"
		if !s.Observe {
			running, receipt, refreshErr := e.Numbers.Refresh(ctx, c)
			switch {
			case refreshErr != nil:
				err = refreshErr
				r.Lines = append(r.Lines, fmt.Sprintf("connection %s: %v", c, refreshErr))
				continue
			case running:
				line = "connection " + c + ": a refresh is in progress already"
			default:
				line = fmt.Sprintf("connection %s: a refresh was started (request %s)", c, receipt.RequestID)
			}
		}
		n, uploads, pendingErr := e.Numbers.Pending(ctx, c)
		if pendingErr != nil {
			err = pendingErr
			line += fmt.Sprintf("; what is pending could not be read: %v", pendingErr)
		} else {
			line += fmt.Sprintf("; %s in %d uploads pending", countNumbers(n), uploads)
		}
		r.Lines = append(r.Lines, line)
	}
	return r, err
}

// retryUploads tries again what failed and is due, and leaves all else to reconcile.
func retryUploads(ctx context.Context, e *Engine, s Situation) (Report, error) {
	s.Options.Writing = !s.Observe
	plan, err := e.PlanSettled(ctx, s.Desired, s.Snap, s.Options)
	if err != nil {
		return Report{}, err
	}
	failed := resource.Numbers{}
	for i := range s.Snap.Troubles {
		failed.Add(s.Snap.Troubles[i].Number) // they ascend
	}
	again := func(b *numbers.Batch) bool { return len(b.Numbers.Minus(failed)) == 0 }
	r := Report{Plan: &diff.Plan{Numbers: plan.Numbers}}
	for _, p := range plan.Problems {
		if e.grouped(p.Addr.Kind) {
			r.Plan.Problems = append(r.Plan.Problems, p)
		}
	}
	if s.Observe {
		r.Lines = []string{"not retried: mode is observe"}
		return r, nil
	}
	result, err := e.ApplyNumbers(ctx, s.DB, s.Desired, plan, s.Options, again)
	r.Result = &result
	r.Lines = numberLines(result.Numbers)
	if len(r.Lines) == 0 {
		r.Lines = []string{"nothing is due to be tried again"}
	}
	for _, c := range plan.Numbers.Waiting {
		r.Lines = append(r.Lines, fmt.Sprintf("waiting: %s of %s: %s", countNumbers(c.Numbers.Len()), c.Addr, c.Reason))
	}
	for _, p := range r.Plan.Problems {
		r.Lines = append(r.Lines, fmt.Sprintf("problem: %s: %s", p.Addr, p.Text))
	}
	return r, err
}
