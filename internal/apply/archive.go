package apply

import (
	"context"
	"sync"

	"telnyxsync/internal/retention"

	"golang.org/x/sync/errgroup"
)

// archive keeps what has to be kept before it is deleted, and leaves out what could not be.
func (x *retainer) archive(ctx context.Context, due []retention.Due) []retention.Due {
	kept := make([]bool, len(due))
	var (
		g      errgroup.Group
		mu     sync.Mutex
		failed int
		first  error
		done   int
	)
	g.SetLimit(x.concurrency())
	for i, d := range due {
		if d.Policy.Archive == "" {
			kept[i] = true
			continue
		}
		g.Go(func() error {
			err := ctx.Err()
			if err == nil {
				err = x.api.Archive(ctx, d.ID, d.Created, d.Policy.Archive)
			}
			mu.Lock()
			defer mu.Unlock()
			if kept[i] = err == nil; kept[i] {
				done++
				return nil
			}
			failed++
			if first == nil {
				first = err
			}
			return nil
		})
	}
	_ = g.Wait() // what failed is counted
	if done > 0 {
		x.say("archived: %s", x.count(done))
	}
	if failed > 0 {
		x.report.Failed = true
		x.say("not archived, and so not deleted: %s; the first: %v", x.count(failed), first)
	}
	out := due[:0:0]
	for i, d := range due {
		if kept[i] {
			out = append(out, d)
		}
	}
	return out
}
