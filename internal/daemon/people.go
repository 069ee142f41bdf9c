package daemon

import (
	"context"
	"slices"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/state"
)

// askedEvery is how often it is looked whether somebody approved something.
const askedEvery = 5 * time.Second

// people runs what withheld something that somebody approved, once for each approval.
func (l *loop) people(ctx context.Context) {
	t := time.NewTicker(askedEvery)
	defer t.Stop()
	seen := map[string]bool{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		waiting, err := state.Requests(l.stateDir)
		if err != nil {
			l.Log.Warn("approvals cannot be read", "error", err)
		}
		now := map[string]bool{}
		for _, r := range waiting {
			if now[r.File] = true; seen[r.File] {
				continue
			}
			name := reconcile
			if slices.ContainsFunc(l.Jobs, func(j apply.Job) bool { return j.Name == r.Set }) {
				name = r.Set
			}
			l.kick(name, approved)
		}
		seen = now
	}
}
