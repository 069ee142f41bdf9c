package apply

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"

	"golang.org/x/sync/errgroup"
)

// How many calls in a row may go without an answer that tells, or be forbidden: then Telnyx is in trouble, or the key may
// do none of it, and more would not help.
const (
	maxLost      = 5
	maxForbidden = 5
)

// deletions archives and deletes what is due, batch by batch, and reads again what is left. The error is one of the
// state, or one by which all others would fail too.
func (x *executor) deletions(ctx context.Context, p *plan.Plan, out []plan.Outcome) error {
	var units []*deleting
	for i := range p.Calls {
		of, ours := p.Calls[i].Do.(retention.Of)
		if !ours {
			continue
		}
		items, _ := p.Calls[i].Items.(retention.Items)
		at := slices.IndexFunc(units, func(d *deleting) bool { return d.unit == items.Of })
		if at < 0 {
			at = len(units)
			units = append(units, &deleting{
				executor: x, p: p, out: out, unit: items.Of, api: x.Retention[items.Of+"_retention"], fate: map[string]fate{}, archived: map[int]int{},
			})
		}
		call := deleteCall{items, make([]int, len(of))}
		for k, j := range of {
			call.of[k] = p.Calls[i].Changes[j]
		}
		units[at].calls = append(units[at].calls, call)
	}
	for _, d := range units {
		if err := d.run(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *deleting) run(ctx context.Context) error {
	work, stop := finish(ctx) // a batch that is under way is not torn off
	defer stop()
	d.archive(ctx)
	err := d.deleteAll(ctx, work)
	if err == nil {
		err = d.readAgain(ctx)
	}
	d.tell()
	return err
}

// deleteCall is what one call deletes, with the changes that its items belong to.
type deleteCall struct {
	retention.Items
	of []int // by item, of the plan
}

// fate is what became of one item.
type fate struct {
	why     plan.Code // of what could not be archived, or is still there
	status  plan.Status
	err     error
	request string
	deleted resource.Deleted // zero of what was not sent
}

type deleting struct {
	*executor
	p     *plan.Plan
	out   []plan.Outcome
	api   Retention
	unit  string
	calls []deleteCall

	mu        sync.Mutex
	archived  map[int]int     // by change
	fate      map[string]fate // by id: of what was sent, or could not be archived
	lost      int             // calls in a row of which nobody knows what became of them
	forbidden int             // calls in a row that the key may not make
	open      []string        // deletions that were begun and whose outcome nobody knows
}

// archive keeps what has to be kept before it is deleted. What could not be is not deleted.
func (d *deleting) archive(ctx context.Context) {
	var g errgroup.Group
	g.SetLimit(d.concurrency())
	for _, call := range d.calls {
		for i, item := range call.List {
			policy, _ := d.p.Changes[call.of[i]].Do.(*retention.Policy)
			if policy == nil || policy.Archive == "" {
				continue
			}
			g.Go(func() error {
				err := ctx.Err()
				if err == nil {
					err = d.api.Archive(ctx, item.ID, item.Created, policy.Archive, policy.DeletesOwn)
				}
				if err != nil {
					d.mu.Lock()
					defer d.mu.Unlock()
					d.fate[item.ID] = fate{why: NotArchived, status: plan.Failed, err: fmt.Errorf("archive %s: %w", item.ID, err)}
				}
				return nil
			})
		}
	}
	_ = g.Wait() // what failed has its fate
	for _, call := range d.calls {
		for i, item := range call.List {
			policy, _ := d.p.Changes[call.of[i]].Do.(*retention.Policy)
			if _, failed := d.fate[item.ID]; policy != nil && policy.Archive != "" && !failed {
				d.archived[call.of[i]]++
			}
		}
	}
}

// deleteAll deletes batch by batch, until something forbids to go on.
func (d *deleting) deleteAll(ctx, work context.Context) error {
	for n, call := range d.calls {
		if ctx.Err() != nil || d.lost == maxLost || d.forbidden == maxForbidden {
			return ctx.Err() // the rest was not started
		}
		o, err := d.delete(work, call)
		if err != nil {
			return err
		}
		if d.lost++; o.Status != plan.InDoubt {
			d.lost = 0
		}
		if d.forbidden++; !client.Forbidden(o.Err) {
			d.forbidden = 0
		}
		if d.progress != nil {
			d.progress(n+1, len(d.calls), o)
		}
	}
	return nil
}

// delete deletes one batch. What is about to be deleted is stored before; the error is one of the state, or
// one by which all others would fail too.
func (d *deleting) delete(ctx context.Context, call deleteCall) (plan.Outcome, error) {
	o := plan.Outcome{Op: plan.Delete, Items: call.Items, Status: plan.Failed}
	begun := resource.Deletion{ID: strings.ToLower(rand.Text()), Unit: d.unit, At: d.now()}
	var ids []string
	for i, item := range call.List {
		if _, kept := d.fate[item.ID]; kept {
			continue // it could not be archived
		}
		ids = append(ids, item.ID)
		c := &d.p.Changes[call.of[i]]
		del := item.Deleted(c.Addr, begun.At)
		del.Counts = del.Counts && c.Let == ""
		begun.Items = append(begun.Items, del)
	}
	if len(ids) == 0 {
		return o, nil
	}
	if err := d.db.Commit(ctx, resource.Record{Deletions: []resource.Deletion{begun}}); err != nil {
		return o, err
	}
	r, err := d.api.Delete(ctx, ids)
	text := ""
	switch {
	case client.Unknown(err):
		o.Status = plan.InDoubt
		d.open = append(d.open, begun.ID)
	case err == nil:
		o.Status = plan.Done
	}
	if o.Err = err; err != nil {
		text = err.Error()
		o.Error = text
	}
	for i, id := range ids {
		d.fate[id] = fate{status: o.Status, err: err, request: r.RequestID, deleted: begun.Items[i]}
	}
	if o.Status == plan.InDoubt {
		return o, nil
	}
	rec := resource.Record{EndDeletions: []string{begun.ID}}
	for _, item := range begun.Items {
		rec.Events = append(rec.Events, d.row(item, o.Status, text, r.RequestID))
	}
	if commitErr := d.db.Commit(ctx, rec); commitErr != nil {
		return o, commitErr
	}
	if client.Unauthorized(err) {
		return o, err
	}
	return o, nil
}

func (d *deleting) row(item resource.Deleted, how plan.Status, err, request string) resource.Event {
	e := deletion(item, how, err, request)
	e.Fingerprint = d.fingerprint
	return e
}

// errStillThere: Telnyx does not do what it says.
var errStillThere = errors.New("Telnyx called it deleted, and it is still there") //nolint:staticcheck // a name comes first

// readAgain makes sure that what was deleted is gone, and finds out what became of the rest.
func (d *deleting) readAgain(ctx context.Context) error {
	var until time.Time
	for _, f := range d.fate {
		if at := f.deleted.Created.Add(time.Second); f.deleted.ID != "" && at.After(until) { // it is asked for in whole seconds
			until = at
		}
	}
	if until.IsZero() {
		return nil // nothing was sent
	}
	there := map[string]bool{}
	err := d.api.Each(ctx, nil, time.Time{}, until, func(r *resource.Recording) error {
		if _, ours := d.fate[r.ID]; ours {
			there[r.ID] = true
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("what is left could not be read again: %w", err)
	}
	rec := resource.Record{EndDeletions: d.open}
	for id, f := range d.fate {
		switch {
		case f.status == plan.Done && there[id]:
			f.why, f.status, f.err = StillThere, plan.Failed, errStillThere
			rec.Events = append(rec.Events, d.row(f.deleted, plan.Failed, f.err.Error(), ""))
		case f.status == plan.InDoubt && there[id]:
			f.why, f.status = StillThere, plan.Failed
		case f.status == plan.InDoubt:
			f.status, f.err = plan.Done, nil
			rec.Events = append(rec.Events, d.row(f.deleted, plan.Done, "", ""))
		default:
			continue
		}
		d.fate[id] = f
	}
	if rec.Empty() {
		return nil
	}
	sortEvents(rec.Events)
	return d.db.Commit(ctx, rec)
}

// sortEvents puts rows that were found in no order into one.
func sortEvents(list []resource.Event) {
	slices.SortFunc(list, func(a, b resource.Event) int { return cmp.Or(a.Addr.Compare(b.Addr), cmp.Compare(a.ID, b.ID)) })
}
