package apply

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/resource"

	"golang.org/x/sync/errgroup"
)

// Submitted is the status of numbers that Telnyx took, and of which it says later what became of them.
const Submitted Status = "submitted"

// NumberOutcome is how one call for phone numbers ended.
type NumberOutcome struct {
	Op        diff.Op          `json:"op"`
	Groups    []resource.Addr  `json:"groups"`
	Numbers   resource.Numbers `json:"numbers"`
	Count     int              `json:"count"`
	Status    Status           `json:"status"`
	Ticket    string           `json:"ticket,omitempty"` // of the upload, or the id of the job
	Error     string           `json:"error,omitempty"`
	BlockedBy string           `json:"blocked_by,omitempty"`
	RequestID string           `json:"request_id,omitempty"`
}

// String says how it ended, for a person and without the error.
func (o *NumberOutcome) String() string {
	const shown = 3
	line := fmt.Sprintf("%s: %s %s", o.Status, o.Op, countNumbers(o.Count))
	for i, g := range o.Groups {
		if i == shown {
			line += fmt.Sprintf(" and %d more groups", len(o.Groups)-i)
			break
		}
		line += map[bool]string{true: " of ", false: ", "}[i == 0] + g.String()
	}
	for _, more := range []struct{ format, text string }{{" [%s]", o.Ticket}, {" (by %s)", o.BlockedBy}, {" request %s", o.RequestID}} {
		if more.text != "" {
			line += fmt.Sprintf(more.format, more.text)
		}
	}
	return line
}

// send carries out the batches of a plan at the same time; done tells which changes succeeded. The error
// is one of the state.
func (x *executor) send(ctx context.Context, plan *diff.NumberPlan, batches []numbers.Batch, done func(resource.Addr) bool) ([]NumberOutcome, error) {
	if len(batches) == 0 {
		return nil, nil
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(graceAfterStop, stop) })()
	var (
		out  = make([]NumberOutcome, len(batches))
		errs = make([]error, len(batches))
		g    errgroup.Group
		mu   sync.Mutex // of Progress
	)
	g.SetLimit(x.concurrency())
	for i, b := range batches {
		out[i] = NumberOutcome{Op: diff.Op(b.Op), Groups: b.Groups, Numbers: b.Numbers, Count: b.Numbers.Len()}
		by := ""
		for _, a := range b.Groups {
			for _, need := range plan.Needs[a] {
				if !done(need) {
					by = need.String()
				}
			}
		}
		if by != "" {
			out[i].Status, out[i].BlockedBy = Blocked, by
			continue
		}
		g.Go(func() error {
			if out[i].Status = NotStarted; ctx.Err() == nil {
				errs[i] = x.batch(work, b, &out[i])
			}
			mu.Lock()
			defer mu.Unlock()
			if x.NumberProgress != nil {
				x.NumberProgress(out[i])
			}
			return nil
		})
	}
	return out, errors.Join(g.Wait(), errors.Join(errs...))
}

// batch sends one call, or the moves of one place, and records it: what is about to be sent before, and
// what came of it after. The error is one of the state.
func (x *executor) batch(ctx context.Context, b numbers.Batch, out *NumberOutcome) error {
	if b.Target.Connection == "" {
		b.Target.Connection = x.madeFor(b.Groups)
	}
	o := resource.Order{
		ID: strings.ToLower(rand.Text()), Op: string(b.Op), Target: b.Target, Numbers: b.Numbers, Retried: b.Ticket, Seen: b.Seen, At: time.Now(),
	}
	if err := x.db.Commit(ctx, resource.Record{Orders: []resource.Order{o}}); err != nil {
		out.Status, out.Error = Failed, err.Error()
		return err
	}
	var (
		r   resource.Receipt
		err error
		rec resource.Record
	)
	switch b.Op {
	case numbers.Assign:
		o.Ticket, r, err = x.Numbers.Assign(ctx, b.IDs, b.Target.Connection)
	case numbers.Upload:
		o.Ticket, r, err = x.Numbers.Send(ctx, b.Target, b.IDs)
	case numbers.Retry:
		var u *resource.Upload
		if u, r, err = x.Numbers.Retry(ctx, b.Target.Connection, b.Ticket); u != nil {
			o.Ticket, o.Numbers = u.Ticket, o.Numbers.Plus(numbers.OnWay(u))
		}
	case numbers.Relocate:
		r, err = x.moves(ctx, b, &o, &rec)
	default:
		panic("apply: nothing can be sent to " + string(b.Op))
	}
	out.RequestID, out.Ticket = r.RequestID, o.Ticket
	switch {
	case err == nil:
		out.Status = Submitted
	case client.Unknown(err) && o.Ticket == "":
		out.Status, out.Error = InDoubt, err.Error() // the order stands: the next look finds out
	case client.Unknown(err):
		out.Status = Submitted // it has a ticket, whatever else was wrong with the answer
	default:
		out.Status, out.Error = Failed, err.Error()
		x.refused(o, b, err, &rec)
	}
	if len(rec.EndOrders) == 0 && len(o.Numbers) > 0 {
		rec.Orders = []resource.Order{o}
	} else {
		rec.EndOrders = []string{o.ID}
	}
	rec.Events = x.events(b, o, out)
	if err := x.db.Commit(ctx, rec); err != nil {
		out.Error = err.Error()
		if out.Status == Submitted {
			out.Status = InDoubt
		}
		return err
	}
	return nil
}

// madeFor is the id of the connection that was made in this run for groups of numbers.
func (x *executor) madeFor(groups []resource.Addr) string {
	for _, a := range groups {
		if e := x.desired.Find(a); e != nil {
			if ref, ok := e.Object["connection"].(resource.Ref); ok {
				return x.ids[ref.Addr]
			}
		}
	}
	return ""
}

// moves sends the moves of numbers, one by one. Those that are refused leave the order; those whose answer was lost
// stay in it, and show or are moved again.
func (x *executor) moves(ctx context.Context, b numbers.Batch, o *resource.Order, rec *resource.Record) (r resource.Receipt, err error) {
	var (
		g  errgroup.Group
		mu sync.Mutex
		no = map[resource.Number]string{}
		i  = 0
	)
	g.SetLimit(x.concurrency())
	for n := range b.Numbers.All() {
		id := b.IDs[i]
		i++
		g.Go(func() error {
			receipt, moveErr := x.Numbers.Relocate(ctx, b.Target.Connection, id, b.Place)
			mu.Lock()
			defer mu.Unlock()
			r.RequestID = receipt.RequestID
			if moveErr != nil && !client.Unknown(moveErr) {
				no[n], err = moveErr.Error(), moveErr
			}
			return nil
		})
	}
	_ = g.Wait() // it gives none
	if len(no) == 0 {
		return r, nil
	}
	var gone resource.Numbers
	refused := *o
	for n := range b.Numbers.All() {
		if no[n] != "" {
			gone.Add(n)
		}
	}
	refused.Numbers = gone
	rec.Troubles = numbers.Refused(refused, x.troubles, nil, err.Error(), x.Times, time.Now())
	o.Numbers = o.Numbers.Minus(gone)
	return r, fmt.Errorf("%s: %w", countNumbers(gone.Len()), err)
}
