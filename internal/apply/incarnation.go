package apply

import (
	"context"
	"maps"

	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// Whether a write gives an object another incarnation is not documented. So what state remembers of it is opened before
// anything is sent: should no answer come, whichever incarnation it shows next is taken for that which we gave it.

// opens tells whether a write is to an object that state knows, and which has an incarnation.
func (x *executor) opens(c *plan.Change, w *diff.Work, id string) bool {
	return x.kind(c).Incarnation != "" && w.From != nil && w.From.ID == id
}

// open remembers that the object of an id is about to be written, and what is going to be sent. The error is one of the
// state.
func (x *executor) open(ctx context.Context, c *plan.Change, w *diff.Work, id string) error {
	if !x.opens(c, w, id) {
		return nil
	}
	own := *w.From
	own.Open()
	own.Attempts = maps.Clone(own.Attempts)
	for _, d := range c.Deltas {
		a := resource.Attempt{Value: resource.Text(resource.Remembered(d.New))}
		if before := own.Attempts[d.Path]; before.Value == a.Value {
			a = before
		}
		if own.Attempts == nil {
			own.Attempts = map[string]resource.Attempt{}
		}
		own.Attempts[d.Path] = a
	}
	return x.db.Commit(ctx, resource.Record{Own: []resource.Owned{own}})
}

// close undoes that where it is known that nothing came of the write. The error is one of the state.
func (x *executor) close(ctx context.Context, c *plan.Change, w *diff.Work, id string, err error) error {
	if !x.opens(c, w, id) || client.Unknown(err) {
		return nil
	}
	return x.db.Commit(ctx, resource.Record{Own: []resource.Owned{*w.From}})
}

// born takes down the incarnation that the answer to a write shows. One that shows none leaves it to the next reading.
func (x *executor) born(c *plan.Change, own *resource.Owned, answer *resource.Live) {
	if x.kind(c).Incarnation == "" {
		return
	}
	if own.Open(); answer != nil && answer.Incarnation != "" {
		own.Incarnation = answer.Incarnation
	}
}
