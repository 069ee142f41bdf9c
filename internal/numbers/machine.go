package numbers

import "slices"

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
	NotFound  Event = "not found" // no ticket holds it, looked for twice
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
	Asked     Event = "asked"  // somebody wants it tried again
)

// Machine is all that can happen to a number on its way, for uploads, assignments and moves alike. An
// event that a state does not list cannot happen to it.
var Machine = map[State]map[Event]State{
	Idle:      {Sent: Submitted},
	Submitted: {Found: Following, NotFound: Idle, Lapsed: Idle, Listed: Idle},
	Following: {
		Going: Following, Odd: Following, Succeeded: Arriving, Transient: Failed, Permanent: ParkedSt, Exhausted: ParkedSt,
		Late: ParkedSt, Gone: Idle, Lapsed: Failed, Listed: Idle,
	},
	Arriving: {Succeeded: Arriving, Listed: Idle, Lapsed: Failed, Exhausted: ParkedSt},
	Failed:   {Sent: Submitted, Asked: Submitted, Edited: Idle, Listed: Idle},
	ParkedSt: {Asked: Submitted, Edited: Idle, Listed: Idle},
}

// next is the state after an event; it panics on what cannot happen, which is a mistake of this package.
func next(s State, e Event) State {
	n, ok := Machine[s][e]
	if !ok {
		panic("numbers: " + string(e) + " cannot happen to what is " + string(s))
	}
	return n
}

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
