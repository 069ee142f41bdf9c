package apply

import (
	"context"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"

	"golang.org/x/sync/errgroup"
)

// dependents reads how many phone numbers each change takes out of service that deletes, replaces or deactivates.
func (e *Engine) dependents(ctx context.Context, p *plan.Plan) map[resource.Addr]dependents {
	var asked []*plan.Change
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Class(plan.Deletes) > 0 && !c.Kept && diff.WorkOf(c) != nil { // what is kept stays anyway
			asked = append(asked, c)
		}
	}
	found := make([]dependents, len(asked))
	var g errgroup.Group
	g.SetLimit(e.concurrency())
	for i, c := range asked {
		g.Go(func() error {
			found[i].count, found[i].err = e.Operations[c.Addr.Kind].Numbers(ctx, diff.WorkOf(c).Live)
			return nil
		})
	}
	_ = g.Wait() // what failed is in found
	out := map[resource.Addr]dependents{}
	for i, c := range asked {
		out[c.Addr] = found[i]
	}
	return out
}
