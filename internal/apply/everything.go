package apply

import (
	"context"
	"fmt"
	"slices"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// Everything reads all objects of the account: of kinds that cannot be listed, those that state knows
// and those that are named. One that was named and is not there is an error.
func (e *Engine) Everything(ctx context.Context, snap state.Snapshot, named func(kind string) []string) (map[string][]resource.Live, error) {
	live := map[string][]resource.Live{}
	for i := range e.Kinds {
		k := &e.Kinds[i]
		if k.Groups {
			continue
		}
		var want resource.Want
		if !k.Listed {
			want.IDs = append(want.IDs, named(k.Name)...)
			for _, o := range snap.Owned {
				if o.Addr.Kind == k.Name {
					want.IDs = append(want.IDs, o.ID)
				}
			}
			slices.Sort(want.IDs)
			want.IDs = slices.Compact(want.IDs)
		}
		seen, err := e.Operations[k.Name].Observe(ctx, want)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", k.Name, err)
		}
		for _, id := range want.IDs {
			if err := seen.Failed[id]; err != nil {
				return nil, fmt.Errorf("read %s/%s: %w", k.Name, id, err)
			}
		}
		live[k.Name] = seen.Objects
		for _, id := range named(k.Name) {
			if !slices.ContainsFunc(seen.Objects, func(l resource.Live) bool { return l.ID == id }) {
				return nil, fmt.Errorf("telnyx has no object %q of %s", id, k.Name)
			}
		}
	}
	return live, nil
}
