package apply

import (
	"context"
	"slices"
	"time"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// kind is the description of a change's kind.
func (x *executor) kind(c *plan.Change) *resource.Kind {
	return &x.Kinds[slices.IndexFunc(x.Kinds, func(k resource.Kind) bool { return k.Name == c.Addr.Kind })]
}

// renewed takes down when an object that expires was written, and what life it was given.
func (x *executor) renewed(c *plan.Change, own *resource.Owned, answer *resource.Live) {
	if x.kind(c).Renewal == nil {
		return
	}
	own.Renewed, own.Ends = x.now(), time.Time{}
	if answer != nil {
		own.Ends = answer.Expires
	}
}

// attempts counts the writes of the same value to the same field. From the second on it looks
// whether the value lasted: one that was written, seen and changed by somebody else is drift, one
// that never lasts is not written for ever. What no reading shows is taken to last, unless the answer
// of the write, which looked closer, shows it.
func (x *executor) attempts(ctx context.Context, ops Operations, c *plan.Change, answer *resource.Live) map[string]resource.Attempt {
	out := map[string]resource.Attempt{}
	for path, a := range diff.WorkOf(c).Own.Attempts {
		out[path] = a
	}
	again := false
	for _, d := range c.Deltas {
		a := resource.Attempt{Value: resource.Text(resource.Remembered(d.New)), Count: 1}
		if before, ok := out[d.Path]; ok && before.Value == a.Value {
			a.Count, again = before.Count+1, true
		}
		out[d.Path] = a
	}
	if !again {
		return out
	}
	live, err := ops.Read(ctx, c.ID)
	if err != nil || live == nil {
		return out
	}
	for _, d := range c.Deltas {
		if x.lasts(c, d, live, answer) {
			delete(out, d.Path)
		}
	}
	return out
}

// lasts tells whether what a change wrote is there. The answer of the write is asked only for what no
// later reading shows.
func (x *executor) lasts(c *plan.Change, d plan.Delta, live, answer *resource.Live) bool {
	switch d.Path {
	case plan.OwnerTagPath:
		return live.OnlyOwnedBy(diff.WorkOf(c).Write.Owner)
	case plan.RenewPath:
		// Where nobody says when it ends, it is renewed by what we remember, and nothing speaks against that.
		return live.Expires.IsZero() || live.Expires.After(diff.WorkOf(c).Live.Expires)
	}
	have, shown := resource.Get(live.Object, d.Path)
	if s := x.kind(c).Schema.At(d.Path); s != nil && s.WriteOnly && !shown {
		if answer != nil {
			have, shown = resource.Get(answer.Object, d.Path)
		}
		if !shown {
			return true
		}
	}
	return resource.Equal(have, resource.Remembered(d.New))
}
