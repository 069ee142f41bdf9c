package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"telnyxsync/internal/numbers"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// orderJSON is phone numbers that are on their way, as JSON shows it.
type orderJSON struct {
	Operation    string           `json:"operation"`
	ConnectionID string           `json:"connection_id"`
	LocationID   string           `json:"location_id,omitempty"`
	CivicAddress string           `json:"civic_address_id,omitempty"`
	Ticket       string           `json:"ticket_id"` // or the id of the job; "" as long as no answer told it
	Retried      string           `json:"retries,omitempty"`
	Count        int              `json:"count"`
	Numbers      resource.Numbers `json:"numbers"`
	BegunAt      time.Time        `json:"begun_at"`
	Settled      bool             `json:"settled"`

	listed bool // among the uploads
}

func toOrderJSON(o *resource.Order) orderJSON {
	return orderJSON{
		Operation: o.Op, ConnectionID: o.Target.Connection, LocationID: o.Target.Location, CivicAddress: o.Target.CivicAddress,
		Ticket: o.Ticket, Retried: o.Retried, Count: o.Numbers.Len(), Numbers: o.Numbers, BegunAt: o.At.UTC(), Settled: o.Settled,
	}
}

// says is an order for a person.
func (o *orderJSON) says(connection string, now time.Time, all bool) string {
	text := fmt.Sprintf("%s of %s to %s, begun %s ago", o.Operation, named(o.Numbers, all), connection, age(now.Sub(o.BegunAt)))
	switch {
	case o.Ticket == "" && o.Operation != resource.OrderRelocate:
		text += ", the answer was lost: the next apply finds out what became of it"
	case o.Ticket != "":
		text += " [" + o.Ticket + "]"
	}
	return text
}

// troubleJSON is a phone number that failed, as JSON shows it.
type troubleJSON struct {
	PhoneNumber  resource.Number `json:"phone_number"`
	ConnectionID string          `json:"connection_id"`
	LocationID   string          `json:"location_id,omitempty"`
	CivicAddress string          `json:"civic_address_id,omitempty"`
	Operation    string          `json:"operation"`
	ErrorCode    string          `json:"error_code"`
	Reason       string          `json:"reason"`
	Ticket       string          `json:"ticket_id,omitempty"`
	Attempts     int             `json:"attempts"`
	FailedAt     time.Time       `json:"failed_at"`
	RetryAt      *time.Time      `json:"retry_at,omitempty"` // none: it is parked
}

func toTroubleJSON(t *resource.Trouble, due time.Time) troubleJSON {
	var words *render.Words // those of numbers are its own
	out := troubleJSON{
		PhoneNumber: t.Number, ConnectionID: t.Target.Connection, LocationID: t.Target.Location, CivicAddress: t.Target.CivicAddress,
		Operation: t.Op, ErrorCode: t.Code, Reason: words.Of(t.Reason), Ticket: t.Ticket, Attempts: t.Attempts, FailedAt: t.At.UTC(),
	}
	if !t.Parked() {
		due = due.UTC()
		out.RetryAt = &due
	}
	return out
}

// orders are those of the state that are asked for.
func orders(snap *state.Snapshot, mine func(o *resource.Order) bool) []orderJSON {
	out := []orderJSON{}
	for i := range snap.Orders {
		if o := &snap.Orders[i]; mine(o) {
			out = append(out, toOrderJSON(o))
		}
	}
	return out
}

// troubles are those of the state that are asked for.
func troubles(snap *state.Snapshot, mine func(t *resource.Trouble) bool) []troubleJSON {
	out := []troubleJSON{}
	due := numbers.Due(snap.Troubles)
	for i := range snap.Troubles {
		if t := &snap.Troubles[i]; mine(t) {
			out = append(out, toTroubleJSON(t, due[i]))
		}
	}
	return out
}

// groupOrders and groupTroubles are those of the numbers that a group is known to have.
func groupOrders(snap *state.Snapshot, own resource.Numbers) []orderJSON {
	return orders(snap, func(o *resource.Order) bool { return len(o.Numbers.And(own)) > 0 })
}

func groupTroubles(snap *state.Snapshot, own resource.Numbers) []troubleJSON {
	return troubles(snap, func(t *resource.Trouble) bool { return own.Has(t.Number) })
}

// onTheWay tells whether something was sent for a number that state knows.
func onTheWay(snap *state.Snapshot, n resource.Number) bool {
	return slices.ContainsFunc(snap.Orders, func(o resource.Order) bool { return o.Numbers.Has(n) })
}

// printMoving lists what is on its way, and what failed.
func (a *app) printMoving(snap *state.Snapshot) error {
	p := &page{}
	for _, o := range orders(snap, func(*resource.Order) bool { return true }) {
		p.line("on the way: %s", o.says(cmp.Or(connectionName(snap, o.ConnectionID), o.ConnectionID), time.Now(), false))
	}
	p.troubles("Numbers that failed:", troubles(snap, func(t *resource.Trouble) bool { return !onTheWay(snap, t.Number) }), snap, time.Now())
	_, err := p.WriteTo(a.out)
	return err
}
