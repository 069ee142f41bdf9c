package apply

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"

	"telnyxsync/internal/client"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"

	"golang.org/x/sync/errgroup"
)

// ending is how one call for phone numbers ended.
type ending struct {
	status    plan.Status
	ticket    string // of the upload, or the id of the job
	request   string
	err       error
	blockedBy string
	failed    resource.Numbers // where not all of them did; nil: all, if it failed
}

// share is how a call ended for some of its numbers.
type share struct {
	numbers resource.Numbers
	status  plan.Status
	err     error
}

// of is how a call ended for some of its numbers: those that were refused, and those that were not.
func (e *ending) of(own resource.Numbers) (out []share) {
	add := func(s resource.Numbers, status plan.Status, err error) {
		if len(s) > 0 {
			out = append(out, share{s, status, err})
		}
	}
	if e.status != plan.Failed || e.failed == nil {
		add(own, e.status, e.err)
		return out
	}
	add(own.And(e.failed), plan.Failed, e.err)
	add(own.Minus(e.failed), plan.Submitted, nil)
	return out
}

// numbers sends the calls for phone numbers at the same time. The error is one of the state.
func (x *executor) numbers(ctx context.Context, p *plan.Plan, out []plan.Outcome) error {
	work, stop := finish(ctx)
	defer stop()
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Op == plan.Adopt && c.Items != nil {
			out[i].Status = plan.Done // nothing has to be sent for what is in place
		}
	}
	served := servedBy(out)
	var calls []*plan.Call
	for i := range p.Calls {
		if _, ours := p.Calls[i].Do.(*numbers.Batch); ours {
			calls = append(calls, &p.Calls[i])
		}
	}
	var (
		errs = make([]error, len(calls))
		g    errgroup.Group
		mu   sync.Mutex // of the outcomes and of progress
		n    int
	)
	g.SetLimit(x.concurrency())
	for i, call := range calls {
		g.Go(func() error {
			e := ending{status: plan.Blocked, blockedBy: blockedBy(p, call, served)}
			if e.blockedBy == "" {
				if e.status = plan.NotStarted; ctx.Err() == nil {
					errs[i] = x.batch(work, p, call, &e)
				}
			}
			if client.Unauthorized(e.err) {
				x.halt()
			}
			mu.Lock()
			defer mu.Unlock()
			n++
			for _, c := range call.Changes {
				end(&out[c], call, &e)
			}
			if x.progress != nil {
				x.progress(n, len(calls), plan.Outcome{Op: call.Op, Items: call.Items, Status: e.status, Err: e.err})
			}
			return nil
		})
	}
	return errors.Join(g.Wait(), errors.Join(errs...))
}

// servedBy are the addresses of changes that were carried out so that what needs them may go on.
func servedBy(out []plan.Outcome) map[resource.Addr]bool {
	all := map[resource.Addr]bool{}
	for i := range out {
		if out[i].Items == nil && served(&out[i]) {
			all[out[i].Addr] = true
		}
	}
	return all
}

// blockedBy is what a call waits for that was not done; "" where all was.
func blockedBy(p *plan.Plan, call *plan.Call, served map[resource.Addr]bool) string {
	by := ""
	for _, i := range call.Changes {
		for _, need := range p.Changes[i].Needs {
			if !served[need] {
				by = need.String()
			}
		}
	}
	return by
}

// worst is the order in which the endings of several calls are told as one.
var worst = []plan.Status{plan.Failed, plan.InDoubt, plan.Blocked, plan.NotStarted, plan.Submitted, plan.Done}

// end adds how a call ended to the outcome of a change.
func end(o *plan.Outcome, call *plan.Call, e *ending) {
	all, _ := o.Items.(resource.Numbers)
	sent, _ := call.Items.(resource.Numbers)
	for _, part := range e.of(all.And(sent)) {
		if part.err != nil && (o.Err == nil || part.status == plan.Failed && o.Status != plan.Failed) { // what was refused tells more than what was lost
			o.Error, o.Err = part.err.Error(), part.err
		}
		o.Status = worse(o.Status, part.status)
		switch part.status {
		case plan.Submitted:
			o.Sent = true
		case plan.Failed:
			o.Failed = joined(o.Failed, part.numbers)
		case plan.InDoubt, plan.NotStarted:
			o.Unknown = joined(o.Unknown, part.numbers)
		default:
		}
	}
	if e.ticket != "" {
		o.Tickets = append(o.Tickets, e.ticket)
	}
	if e.request != "" {
		o.Requests = append(o.Requests, e.request)
	}
	if e.blockedBy != "" {
		o.BlockedBy = e.blockedBy
	}
}

// worse is the one of two endings that is told where there is room for one; "" is none.
func worse(a, b plan.Status) plan.Status {
	for _, s := range worst {
		if a == s || b == s {
			return s
		}
	}
	return a
}

func joined(items plan.Items, s resource.Numbers) plan.Items {
	before, _ := items.(resource.Numbers)
	return before.Plus(s)
}

// batch sends one call, or the moves of one place, and records it: what is about to be sent before, and
// what came of it after. The error is one of the state.
func (x *executor) batch(ctx context.Context, p *plan.Plan, call *plan.Call, out *ending) error {
	b := *call.Do.(*numbers.Batch)
	if b.Target.Connection == "" {
		b.Target.Connection = x.ids[b.Waits]
	}
	o := resource.Order{
		ID: strings.ToLower(rand.Text()), Op: string(b.Op), Target: b.Target, Numbers: b.Numbers, Retried: b.Ticket, Seen: b.Seen, At: x.now(),
	}
	if err := x.db.Commit(ctx, resource.Record{Orders: []resource.Order{o}}); err != nil {
		out.status, out.err = plan.Failed, err
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
		r, out.failed, err = x.moves(ctx, b, &o, &rec)
	default:
		panic("apply: nothing can be sent to " + string(b.Op))
	}
	out.request, out.ticket, out.err = r.RequestID, o.Ticket, err
	switch {
	case err == nil:
		out.status = plan.Submitted
	case client.Unknown(err) && o.Ticket == "":
		out.status = plan.InDoubt // the order stands: the next look finds out
	case client.Unknown(err):
		out.status, out.err = plan.Submitted, nil // it has a ticket, whatever else was wrong with the answer
	default:
		out.status = plan.Failed
		x.refused(o, b, err, &rec)
	}
	if len(rec.EndOrders) == 0 && len(o.Numbers) > 0 {
		rec.Orders = []resource.Order{o}
	} else {
		rec.EndOrders = []string{o.ID}
	}
	rec.Events = x.events(p, call, o, out)
	if err := x.db.Commit(ctx, rec); err != nil {
		out.err = err
		if out.status == plan.Submitted {
			out.status = plan.InDoubt
		}
		return err
	}
	return nil
}

// moves sends the moves of numbers, one by one. Those that are refused leave the order; those whose answer was lost
// stay in it, and show or are moved again.
func (x *executor) moves(ctx context.Context, b numbers.Batch, o *resource.Order, rec *resource.Record) (r resource.Receipt, gone resource.Numbers, err error) {
	var (
		g  errgroup.Group
		mu sync.Mutex
		no = map[resource.Number]error{}
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
				no[n], err = moveErr, moveErr
			}
			return nil
		})
	}
	_ = g.Wait() // it gives none
	if len(no) == 0 {
		return r, nil, nil
	}
	for n := range b.Numbers.All() {
		if no[n] != nil {
			gone.Add(n)
		}
	}
	refused := *o
	refused.Numbers = gone
	rec.Troubles = numbers.Refused(refused, x.troubles, nil, err.Error(), x.Times, x.now())
	o.Numbers = o.Numbers.Minus(gone)
	return r, gone, err
}
