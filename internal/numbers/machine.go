package numbers

import (
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/resource"
)

// State is where a number stands on its way.
type State string

// The states. What is idle is decided by what the lists show.
const (
	Idle      State = "idle"
	Submitted State = "submitted" // something was sent, and no answer is known
	Following State = "following" // a ticket has it
	Arriving  State = "arriving"  // Telnyx calls it done, and the lists do not show it yet
	Failed    State = "failed"    // it waits for its retry
	ParkedSt  State = "parked"    // it is not tried again before somebody changes something
)

// Event is what happens to a number.
type Event string

// The events.
const (
	Sent      Event = "sent"
	Found     Event = "found"     // the ticket that holds it
	NotFound  Event = "not_found" // no ticket holds it, looked for twice
	Going     Event = "going"     // also whatever nobody knows
	Succeeded Event = "succeeded"
	Transient Event = "transient" // it failed in a way that can pass
	Permanent Event = "permanent"
	Odd       Event = "odd"    // it failed in a way that is not known
	Late      Event = "late"   // and still does after the deadline
	Gone      Event = "gone"   // Telnyx no longer knows the ticket
	Lapsed    Event = "lapsed" // a change has not shown before its deadline
	Listed    Event = "listed" // the list shows it where it is wanted
	Exhausted Event = "exhausted"
	Edited    Event = "edited" // something else is wanted of it
	Asked     Event = "asked"  // somebody wants it tried again, now
)

// Machine is all that can happen to a number on its way, for uploads, assignments and moves alike. An
// event that a state does not list cannot happen to it.
var Machine = map[State]map[Event]State{
	Idle: {Sent: Submitted},
	Submitted: {
		Found: Following, NotFound: Idle, Lapsed: Idle, Listed: Idle,
		Transient: Failed, Permanent: ParkedSt, Exhausted: ParkedSt, // refused
	},
	Following: {
		Going: Following, Odd: Following, Succeeded: Arriving, Transient: Failed, Permanent: ParkedSt, Exhausted: ParkedSt,
		Late: ParkedSt, Gone: Idle, Lapsed: Failed, Listed: Idle,
	},
	Arriving: {Succeeded: Arriving, Listed: Idle, Lapsed: Failed, Exhausted: ParkedSt},
	Failed:   {Sent: Submitted, Asked: Failed, Edited: Idle, Listed: Idle},
	ParkedSt: {Asked: Failed, Edited: Idle, Listed: Idle},
}

// row is numbers in one state, with what is remembered of them: an order while they are on their way, a trouble once
// they have failed, nothing of what is idle.
type row struct {
	state   State
	order   resource.Order
	trouble resource.Trouble
}

// orderRow is the row of an order's numbers. A move has no answer to wait for: once it is sent, the list tells.
func orderRow(o *resource.Order) row {
	r := row{state: Following, order: *o}
	switch {
	case o.Settled || o.Op == resource.OrderRelocate:
		r.state = Arriving
	case o.Ticket == "":
		r.state = Submitted
	}
	return r
}

// troubleRow is the row of a number that failed.
func troubleRow(t *resource.Trouble) row {
	r := row{state: Failed, trouble: *t}
	if t.Parked() {
		r.state = ParkedSt
	}
	return r
}

// transition is what an event makes of a row. What is not in the table cannot happen: the row stays as it is.
func transition(r row, e Event) (row, error) {
	to, ok := Machine[r.state][e]
	if !ok {
		return r, &impossible{r.state, e}
	}
	r.state = to
	switch to {
	case Submitted, Following, Arriving:
		r.trouble, r.order.Settled = resource.Trouble{}, to == Arriving
	case Failed: // the trouble says when it is tried again
		r.order = resource.Order{}
	case ParkedSt:
		r.order, r.trouble.Next = resource.Order{}, time.Time{}
	case Idle:
		r.order, r.trouble = resource.Order{}, resource.Trouble{}
	}
	return r, nil
}

// impossible is an event that cannot happen to what is in a state.
type impossible struct {
	state State
	event Event
}

func (i *impossible) Error() string {
	return strings.Join([]string{string(CodeImpossibleEvent), string(i.state), string(i.event)}, ":")
}

// fails tells whether an event is a failure of a single number, which may be one too many.
func (e Event) fails() bool { return e == Transient || e == Permanent || e == Late || e == Lapsed }

// The error codes of entries, see telnyx-api: what can pass, and what needs another input or a consent.
var (
	transientCodes = []string{"", "internal_error", "unable_to_retrieve_partner_info"}
	permanentCodes = []string{
		"unable_to_retrieve_default_location", "unknown_country_code", "unable_to_retrieve_location", "unable_to_match_geography_entry",
	}
)

// failure is the event of an entry that failed with a code.
func failure(code string) Event {
	switch {
	case slices.Contains(transientCodes, code):
		return Transient
	case slices.Contains(permanentCodes, code):
		return Permanent
	}
	return Odd
}
