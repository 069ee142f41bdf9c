package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"
	"telnyxsync/internal/state"
)

// begun is what is stored of a recording before it is deleted, and written to the history after.
type begun struct {
	ID      string        `json:"id"`
	Policy  resource.Addr `json:"policy"`
	Created time.Time     `json:"created"`
	From    string        `json:"from,omitempty"` // masked
	To      string        `json:"to,omitempty"`
	Age     string        `json:"age"`
}

// intentAddr is where state has what a batch is about to delete. No entry has such an address.
func (x *retainer) intentAddr(batch int) resource.Addr {
	return resource.Addr{Kind: x.noun + "s", Name: fmt.Sprintf("batch %d", batch)}
}

// unfinished are the recordings that an earlier run had begun to delete when it was cut off.
func (x *retainer) unfinished() map[string]begun {
	out := map[string]begun{}
	for _, in := range x.s.Snap.Intents {
		if in.Addr.Kind != x.intentAddr(0).Kind {
			continue
		}
		x.open = append(x.open, in.Addr)
		for _, text := range in.Seen {
			var b begun
			if json.Unmarshal([]byte(text), &b) == nil { // it was written by us
				out[b.ID] = b
			}
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
func (x *retainer) settle(ctx context.Context, gone map[string]begun, more ...state.Event) error {
	records := []state.Record{{Events: more}}
	for _, id := range slices.Sorted(maps.Keys(gone)) {
		records[0].Events = append(records[0].Events, x.event(gone[id], Done, "", ""))
	}
	for i := range x.open {
		records = append(records, state.Record{EndIntent: &x.open[i]})
	}
	x.open = nil
	return x.s.DB.Commit(ctx, records...)
}

func (x *retainer) event(b begun, outcome Status, err, request string) state.Event {
	reason := fmt.Sprintf("made %s, %s old", b.Created.UTC().Format(time.RFC3339), b.Age)
	if b.From != "" || b.To != "" {
		reason += fmt.Sprintf(", from %s to %s", b.From, b.To)
	}
	return state.Event{Addr: b.Policy, Op: string(diff.Delete), ID: b.ID, Reason: reason, Outcome: string(outcome), Error: err, RequestID: request, Fingerprint: x.fingerprint}
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
	a := x.intentAddr(n)
	in := resource.Intent{Addr: a, At: time.Now()}
	ids := make([]string, len(batch))
	list := make([]begun, len(batch))
	for i, d := range batch {
		ids[i] = d.ID
		list[i] = begun{d.ID, d.Policy.Addr, d.Created, d.From, d.To, resource.DurationText(time.Since(d.Created).Truncate(time.Hour))}
		in.Seen = append(in.Seen, resource.Text(list[i]))
	}
	if err := x.s.DB.Begin(ctx, in); err != nil {
		return err
	}
	r, err := x.api.Delete(ctx, ids)
	if client.Unknown(err) {
		x.say("unknown: whether %s were deleted: %v", x.count(len(list)), err)
		x.open = append(x.open, a)
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
	rec := state.Record{EndIntent: &a}
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
	var still []state.Event
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
