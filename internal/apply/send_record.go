package apply

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/resource"
)

// refused takes down what follows from a refusal.
func (x *executor) refused(o resource.Order, b numbers.Batch, err error, rec *resource.Record) {
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

// events are the rows of the history: one for each group, with its own numbers.
func (x *executor) events(b numbers.Batch, o resource.Order, out *NumberOutcome) (list []resource.Event) {
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

func numberEvent(a resource.Addr, op diff.Op, ticket string, s resource.Numbers, why, how, err, request, fingerprint string) resource.Event {
	reason := countNumbers(s.Len())
	if why != "" {
		reason += ": " + why
	}
	deltas := []map[string]any{{"path": "/numbers", "old": nil, "new": s}}
	return resource.Event{
		Addr: a, Op: string(op), ID: ticket, Reason: resource.Said(reason), Deltas: json.RawMessage(resource.Text(deltas)), Outcome: how, Error: err,
		RequestID: request, Fingerprint: fingerprint,
	}
}

// settleNumbers is what is to be remembered of numbers before anything is sent.
func settleNumbers(plan *diff.NumberPlan, fingerprint string) (rec resource.Record, any bool) {
	s := &plan.Settle
	rec = resource.Record{Orders: s.Orders, EndOrders: s.EndOrders, Troubles: s.Troubles, EndTroubles: s.EndTroubles}
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
			repeated := slices.ContainsFunc(again, func(a NumberOutcome) bool {
				return (a.Op == o.Op || o.Op != diff.Assign) && len(a.Numbers.And(o.Numbers)) > 0 // what is assigned is uploaded next
			})
			if repeated {
				continue
			}
			o.Status, o.Error = Submitted, ""
		}
		out = append(out, o)
	}
	return append(out, again...)
}
