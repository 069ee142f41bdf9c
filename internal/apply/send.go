package apply

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"

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
	if err := x.db.Commit(ctx, state.Record{Orders: []resource.Order{o}}); err != nil {
		out.Status, out.Error = Failed, err.Error()
		return err
	}
	var (
		r   resource.Receipt
		err error
		rec state.Record
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

// refused takes down what follows from a refusal.
func (x *executor) refused(o resource.Order, b numbers.Batch, err error, rec *state.Record) {
	if b.Op == numbers.Relocate {
		return // each move has been recorded by itself
	}
	rec.EndOrders = []string{o.ID}
	now := time.Now()
	var e *client.Error
	switch {
	case !errors.As(err, &e):
	case client.InProgress(err):
		rec.Troubles = numbers.Later(b.Numbers, x.troubles, x.Times, now)
		return
	case b.Op == numbers.Retry:
		rec.Troubles = numbers.Anew(b.Numbers, x.troubles, now)
		return
	}
	rec.Troubles = numbers.Refused(o, x.troubles, named(e, b), err.Error(), x.Times, now)
}

// named are the numbers that an answer points at, with what it says of each.
func named(e *client.Error, b numbers.Batch) map[resource.Number]string {
	out := map[resource.Number]string{}
	if e == nil {
		return out
	}
	at := map[int]string{}
	for _, p := range e.Places {
		list, i, _ := strings.Cut(strings.TrimPrefix(p.Pointer, "/"), "/")
		if n, err := strconv.Atoi(i); err == nil && (list == "number_ids" || list == "phone_numbers") {
			at[n] = p.Text
		}
	}
	i := 0
	for n := range b.Numbers.All() {
		if text, ok := at[i]; ok {
			out[n] = text
		}
		i++
	}
	return out
}

// moves sends the moves of numbers, one by one. Those that are refused leave the order; those whose answer was lost
// stay in it, and show or are moved again.
func (x *executor) moves(ctx context.Context, b numbers.Batch, o *resource.Order, rec *state.Record) (r resource.Receipt, err error) {
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

// events are the rows of the history: one for each group, with its own numbers.
func (x *executor) events(b numbers.Batch, o resource.Order, out *NumberOutcome) (list []state.Event) {
	for _, a := range b.Groups {
		own := b.Numbers
		if e := x.desired.Find(a); e != nil {
			own = b.Numbers.And(diff.WantedNumbers(e.Object))
		}
		if len(own) > 0 {
			list = append(list, numberEvent(a, out.Op, o.Ticket, own, "", string(out.Status), out.Error, out.RequestID, x.fingerprint))
		}
	}
	return list
}

func numberEvent(a resource.Addr, op diff.Op, ticket string, s resource.Numbers, why, how, err, request, fingerprint string) state.Event {
	reason := countNumbers(s.Len())
	if why != "" {
		reason += ": " + why
	}
	deltas := []map[string]any{{"path": "/numbers", "old": nil, "new": s}}
	return state.Event{
		Addr: a, Op: string(op), ID: ticket, Reason: reason, Deltas: json.RawMessage(resource.Text(deltas)), Outcome: how, Error: err,
		RequestID: request, Fingerprint: fingerprint,
	}
}

// settleNumbers is what is to be remembered of numbers before anything is sent.
func settleNumbers(plan *diff.NumberPlan, fingerprint string) (rec state.Record, any bool) {
	s := &plan.Settle
	rec = state.Record{Orders: s.Orders, EndOrders: s.EndOrders, Troubles: s.Troubles, EndTroubles: s.EndTroubles}
	for _, e := range plan.Ended {
		errText := ""
		if e.How != string(Done) {
			errText = e.Why
		}
		rec.Events = append(rec.Events, numberEvent(e.Addr, diff.Op(e.Order.Op), e.Order.Ticket, e.Numbers, "", e.How, errText, "", fingerprint))
	}
	for _, c := range plan.Changes {
		if c.Op == diff.Adopt {
			rec.Events = append(rec.Events, numberEvent(c.Addr, c.Op, "", c.Numbers, c.Reason, string(Done), "", "", fingerprint))
		}
	}
	return rec, len(rec.Orders)+len(rec.EndOrders)+len(rec.Troubles)+len(rec.EndTroubles)+len(rec.Events) > 0
}

// doubted are the numbers of calls whose answers were lost.
func doubted(outcomes []NumberOutcome) (s resource.Numbers) {
	for _, o := range outcomes {
		if o.Status == InDoubt {
			s = s.Plus(o.Numbers)
		}
	}
	return s
}

// resolve tells what became of calls whose answers were lost: those that show are under way, the others
// were sent again, with their own outcomes.
func resolve(outcomes, again []NumberOutcome) []NumberOutcome {
	var out []NumberOutcome
	for _, o := range outcomes {
		if o.Status == InDoubt {
			repeated := false
			for _, a := range again {
				repeated = repeated || len(a.Numbers.And(o.Numbers)) > 0
			}
			if repeated {
				continue
			}
			o.Status, o.Error = Submitted, ""
		}
		out = append(out, o)
	}
	return append(out, again...)
}
