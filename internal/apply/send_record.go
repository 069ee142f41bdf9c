package apply

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"telnyxsync/internal/client"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// refused takes down what follows from a refusal.
func (x *executor) refused(o resource.Order, b numbers.Batch, err error, rec *resource.Record) {
	if b.Op == numbers.Relocate {
		return // each move has been recorded by itself
	}
	rec.EndOrders = []string{o.ID}
	now := x.now()
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

// The codes of what the history says of phone numbers: count.
const (
	NumbersSent    plan.Code = "numbers_sent"
	NumbersAdopted plan.Code = "numbers_adopted"
	NumbersAsked   plan.Code = "numbers_asked" // somebody wanted them tried again
)

// events are the rows of the history: one for each change that has numbers in a call, with its own numbers, and
// one more where some of these were refused and others were not.
func (x *executor) events(p *plan.Plan, call *plan.Call, o resource.Order, out *ending) (list []resource.Event) {
	sent, _ := call.Items.(resource.Numbers)
	for _, i := range call.Changes {
		all, _ := p.Changes[i].Items.(resource.Numbers)
		for _, e := range out.of(all.And(sent)) {
			text := ""
			if e.err != nil {
				text = e.err.Error()
			}
			row := numberEvent(
				p.Changes[i].Addr, call.Op, o.Ticket, e.numbers, plan.Reason{Code: NumbersSent}, string(e.status), text, out.request, x.fingerprint,
			)
			row.At, row.Let = x.now(), p.Changes[i].Let
			if p.Changes[i].Class(plan.Numbers) > 0 {
				row.Losses = []resource.Loss{{Class: string(plan.Numbers), Count: e.numbers.Len()}}
			}
			list = append(list, row)
		}
	}
	return list
}

// ended is the row of the history for something that was sent before.
func (x *executor) ended(o *plan.Outcome) resource.Event {
	ticket, wrong := "", ""
	if len(o.Tickets) > 0 {
		ticket = o.Tickets[0]
	}
	if o.Status != plan.Done {
		wrong = together(o.Reasons).Key() // the history puts it into words
	}
	return numberEvent(o.Addr, o.Op, ticket, o.Items, plan.Reason{Code: NumbersSent}, string(o.Status), wrong, "", x.fingerprint)
}

// numberEvent is a row of the history for phone numbers. A reason of this package counts them.
func numberEvent(a resource.Addr, op plan.Op, ticket string, s plan.Items, why plan.Reason, how, err, request, fingerprint string) resource.Event {
	if why.Args == nil {
		why.Args = plan.Args{"count": s.Len()}
	}
	deltas := []map[string]any{{"path": "/numbers", "old": nil, "new": s}}
	return resource.Event{
		Addr: a, Op: string(op), ID: ticket, Reason: why, Deltas: json.RawMessage(resource.Text(deltas)), Outcome: how, Error: err,
		RequestID: request, Fingerprint: fingerprint,
	}
}
