package apply

import (
	"context"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/state"
)

// remembersOnly tells whether a change writes nothing on Telnyx: what exists is adopted, goes by another
// name, or is forgotten.
func remembersOnly(c *diff.Change) bool {
	return len(c.Deltas) == 0 && (c.Op == diff.Adopt || c.Op == diff.Rename || c.Op == diff.Forget)
}

// remember carries out changes that write the state alone, in one transaction: a first run can adopt
// thousands of objects, and each commit waits for the disk. The error is one of the state.
func (x *executor) remember(ctx context.Context, changes []diff.Change, which []int) ([]Outcome, error) {
	if len(which) == 0 {
		return nil, nil
	}
	outs, records := make([]Outcome, len(which)), make([]state.Record, len(which))
	for n, i := range which {
		var err error
		x.fill(&changes[i])
		if outs[n], records[n], err = x.carry(ctx, &changes[i]); err != nil {
			return outs, err
		}
	}
	err := x.db.Commit(ctx, records...)
	if err != nil {
		for n, i := range which {
			outs[n].unrecorded(&changes[i], err)
		}
	}
	return outs, err
}
