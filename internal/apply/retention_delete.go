package apply

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"
)

// begun is what is stored of a recording before it is deleted, and written to the history after.
type begun = resource.Deleted

// deletionID is the id of a batch, under which state has what it is about to delete.
func (x *retainer) deletionID(batch int) string { return fmt.Sprintf("%ss/batch %d", x.noun, batch) }

// unfinished are the recordings that an earlier run had begun to delete when it was cut off.
func (x *retainer) unfinished() map[string]begun {
	out := map[string]begun{}
	for _, d := range x.s.Snap.Deletions {
		if d.Unit != x.noun {
			continue
		}
		x.open = append(x.open, d.ID)
		for _, b := range d.Items {
			out[b.ID] = b
		}
	}
	return out
}

// resolve writes to the history what became of those.
func (x *retainer) resolve(ctx context.Context) error {
	if len(x.left) == 0 || x.s.Observe {
		return nil
	}
	gone := maps.Clone(x.left)
	maps.DeleteFunc(gone, func(id string, _ begun) bool { return x.there[id] })
	x.say("an earlier run was cut off while it deleted %s: %d of them are gone, and in the history now", x.count(len(x.left)), len(gone))
	return x.settle(ctx, gone)
}

// settle writes deletions to the history whose answers were lost, and ends all that is open.
func (x *retainer) settle(ctx context.Context, gone map[string]begun, more ...resource.Event) error {
	rec := resource.Record{Events: more, EndDeletions: x.open}
	for _, id := range slices.Sorted(maps.Keys(gone)) {
		rec.Events = append(rec.Events, x.event(gone[id], Done, "", ""))
	}
	x.open = nil
	return x.s.DB.Commit(ctx, rec)
}

func (x *retainer) event(b begun, outcome Status, err, request string) resource.Event {
	reason := fmt.Sprintf("made %s, %s old", b.Created.UTC().Format(time.RFC3339), b.Age)
	if b.From != "" || b.To != "" {
		reason += fmt.Sprintf(", from %s to %s", b.From, b.To)
	}
	return resource.Event{Addr: b.Rule, Op: string(diff.Delete), ID: b.ID, Reason: resource.Said(reason), Outcome: string(outcome), Error: err, RequestID: request, Fingerprint: x.fingerprint}
}

// maxLost is how many batches in a row may go without an answer that tells: then Telnyx is in trouble, and
// more would not help.
const maxLost = 5

// enforce archives and deletes, batch by batch, and reads again what is left.
func (x *retainer) enforce(ctx context.Context, due []retention.Due) error {
	due = x.archive(ctx, due)
	x.deleted, x.doubt = map[string]begun{}, map[string]begun{}
	// A batch that is under way when the run is stopped is not torn off: what became of it is worth the wait.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(graceAfterStop, stop) })()
	n, lost := 0, 0
	for batch := range slices.Chunk(due, x.api.Batch()) {
		err := ctx.Err()
		if err == nil {
			n++
			if err = x.delete(work, n, batch); client.Unknown(err) {
				lost++
				err = nil
			} else {
				lost = 0
			}
		}
		if err != nil {
			x.say("deleted so far: %s", x.count(len(x.deleted)))
			return err
		}
		if lost == maxLost {
			x.say("stopped: of %d batches in a row nobody knows what became of them", lost)
			break
		}
	}
	return x.readAgain(ctx)
}

// delete deletes one batch. What is about to be deleted is stored before; the error is one of the state, or
// one by which all others would fail too, or that the answer was lost.
func (x *retainer) delete(ctx context.Context, n int, batch []retention.Due) error {
	ids := make([]string, len(batch))
	list := make([]begun, len(batch))
	for i, d := range batch {
		ids[i] = d.ID
		age := resource.DurationText(time.Since(d.Created).Truncate(time.Hour))
		list[i] = begun{ID: d.ID, Rule: d.Policy.Addr, Created: d.Created, From: d.From, To: d.To, Age: age}
	}
	batchID := x.deletionID(n)
	if err := x.s.DB.Commit(ctx, resource.Record{Deletions: []resource.Deletion{{ID: batchID, Unit: x.noun, At: time.Now(), Items: list}}}); err != nil {
		return err
	}
	r, err := x.api.Delete(ctx, ids)
	if client.Unknown(err) {
		x.say("unknown: whether %s were deleted: %v", x.count(len(list)), err)
		x.open = append(x.open, batchID)
		for _, b := range list {
			x.doubt[b.ID] = b
		}
		return err
	}
	outcome, text := Done, ""
	if err != nil {
		outcome, text = Failed, err.Error()
		x.report.Failed = true
		x.say("failed: %s: %v", x.count(len(list)), err)
	}
	rec := resource.Record{EndDeletions: []string{batchID}}
	for _, b := range list {
		rec.Events = append(rec.Events, x.event(b, outcome, text, r.RequestID))
		if err == nil {
			x.deleted[b.ID] = b
		}
	}
	if commitErr := x.s.DB.Commit(ctx, rec); commitErr != nil {
		return commitErr
	}
	if client.Unauthorized(err) {
		return err
	}
	return nil
}

// readAgain makes sure that what was deleted is gone, and finds out what became of the rest.
func (x *retainer) readAgain(ctx context.Context) error {
	there := map[string]bool{}
	var still []resource.Event
	err := x.api.Each(ctx, nil, x.until, func(r *resource.Recording) error {
		if b, ok := x.deleted[r.ID]; ok {
			still = append(still, x.event(b, Failed, "Telnyx called it deleted, and it is still there", ""))
		}
		if _, ok := x.doubt[r.ID]; ok {
			there[r.ID] = true
		}
		return nil
	})
	if err != nil {
		x.say("deleted: %s; what is left could not be read again", x.count(len(x.deleted)))
		return err
	}
	gone := maps.Clone(x.doubt)
	maps.DeleteFunc(gone, func(id string, _ begun) bool { return there[id] })
	if len(still)+len(x.open) > 0 {
		if err := x.settle(ctx, gone, still...); err != nil {
			return err
		}
	}
	x.say("deleted: %s", x.count(len(x.deleted)+len(gone)-len(still)))
	if left := len(still) + len(there); left > 0 {
		x.report.Failed = true
		x.say("%s are still there, of which %d Telnyx called deleted: the next run tries again", x.count(left), len(still))
	}
	return nil
}
