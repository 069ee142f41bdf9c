// Package numbers decides what becomes of phone numbers: which are in place, which are to be assigned
// to a connection, uploaded to Microsoft Teams, moved to another location or tried again, and which
// wait for what was sent before. One number is never in two hands: what is on its way is left alone
// until Telnyx says how it ended.
//
// It is pure: time comes in as a value, and what it would have to know and was not told it asks for
// (see [Missing]). It does not know YAML, entries beyond their addresses, the client, or what a guard is.
package numbers

import (
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// Times are how long things may take and how often they are tried. The zero value of each field stands
// for its default.
type Times struct {
	RetryBase      time.Duration // until the first retry; each further one waits twice as long
	RetryCap       time.Duration // and never longer than this
	Attempts       int           // after so many a number is parked
	UploadDeadline time.Duration // an upload that takes longer is reported as stuck
	ChangeDeadline time.Duration // an assignment or a move that takes longer is tried again
	BatchSettle    time.Duration // how long an upload that is not full waits for numbers that are being assigned
	Poll           time.Duration // until something that is on its way is looked at again; later looks are rarer
}

// The defaults of [Times].
const (
	DefaultRetryBase      = time.Minute
	DefaultRetryCap       = 60 * time.Minute
	DefaultAttempts       = 24
	DefaultUploadDeadline = 24 * 60 * time.Minute
	DefaultChangeDeadline = 15 * time.Minute
	DefaultBatchSettle    = 2 * time.Minute
	DefaultPoll           = 15 * time.Second
	maxPoll               = 10 * time.Minute
)

func (t Times) filled() Times {
	or := func(d *time.Duration, other time.Duration) {
		if *d == 0 {
			*d = other
		}
	}
	or(&t.RetryBase, DefaultRetryBase)
	or(&t.RetryCap, DefaultRetryCap)
	or(&t.UploadDeadline, DefaultUploadDeadline)
	or(&t.ChangeDeadline, DefaultChangeDeadline)
	or(&t.BatchSettle, DefaultBatchSettle)
	or(&t.Poll, DefaultPoll)
	if t.Attempts == 0 {
		t.Attempts = DefaultAttempts
	}
	return t
}

// What Telnyx takes at once.
const (
	MaxBatch = 1000 // numbers of an upload or a job
	MaxJobs  = 20   // jobs that are not finished
)

// Group is what is wanted of some numbers.
type Group struct {
	Addr      resource.Addr
	Target    resource.Target // Connection is "" as long as it is not there
	Waits     resource.Addr   // the connection that is to be made first, where Target has none; else zero
	Wanted    resource.Numbers
	AllowMove bool
	AnyPlace  bool // where on Teams they are is not compared
	Observe   bool // nothing is sent for them

	// Known are the numbers that we have dealt with for whichever group, by what they were uploaded for
	// (see [Usage]); "" where that is not known.
	Known map[string]resource.Numbers
	Had   resource.Numbers // those that were in place when we looked last, for this very target
}

// Usage is what numbers of a target are uploaded for, as one text; "" where it is not written.
func Usage(t resource.Target) string {
	if t.Usage == "" && t.Additional == "" {
		return ""
	}
	return t.Usage + "+" + t.Additional
}

// Input is all that a plan depends on.
type Input struct {
	Now   time.Time
	Times Times

	// ClocksApart: nobody knows what time it is, so no time is up, and no time that is remembered is mended.
	ClocksApart bool

	Groups    []Group
	Left      resource.Numbers // those that were a group's and are nobody's any more
	Orders    []resource.Order
	Troubles  []resource.Trouble
	Facts     Facts
	Stateless bool // nothing is known of what was done before
}

// Read is what was read, or why it could not be.
type Read[T any] struct {
	Value T
	Err   error
}

// Ticket names an upload.
type Ticket struct{ Connection, Ticket string }

// Facts are what was read of numbers, for the questions that were asked.
type Facts struct {
	OnTeams     map[string]Read[[]resource.LiveNumber] // a connection's own list, ascending
	Assigned    map[string]Read[[]resource.LiveNumber] // the account's numbers with that connection, ascending
	Looked      resource.Numbers                       // those that were looked up in the account
	Account     map[resource.Number]resource.AccountNumber
	AccountErr  error
	Civic       map[string]Read[[]resource.CivicAddress] // by connection
	Uploads     map[string]Read[[]resource.Upload]       // all of a connection
	Tickets     map[Ticket]Read[*resource.Upload]        // nil: there is no such upload
	Jobs        map[string]Read[*resource.BulkJob]       // nil: there is no such job
	Connections map[string]Read[Connection]
}

// Connection is what is to be known of a connection that numbers are taken from.
type Connection struct {
	Teams bool
	Label string
}

// Missing is what has to be read before a plan is whole.
type Missing struct {
	OnTeams, Assigned, Civic, Uploads map[string]bool // connections
	Lookup                            resource.Numbers
	Tickets                           map[Ticket]bool
	Jobs                              map[string]bool
	Connections                       map[string]bool

	lookup []resource.Number
}

// Empty tells whether nothing is missing.
func (m *Missing) Empty() bool {
	return len(m.OnTeams)+len(m.Assigned)+len(m.Civic)+len(m.Uploads)+len(m.Tickets)+len(m.Jobs)+len(m.Connections)+len(m.Lookup) == 0
}

// Op is what is to be done with numbers, or why nothing is.
type Op string

// What is to be done.
const (
	Adopt    Op = "adopt" // they are in place, and we did not know them
	Assign   Op = "assign"
	Upload   Op = "upload"
	Relocate Op = "relocate"
	Retry    Op = "retry"
	Wait     Op = "wait" // nothing, until what was sent has ended
)

// Why nothing is done.
const (
	Parked    Op = "parked"     // it failed, and trying again does not help
	Stuck     Op = "stuck"      // it is on its way for too long
	NotOwned  Op = "not_owned"  // the account has no such number
	Elsewhere Op = "elsewhere"  // it is on another connection
	BadPlace  Op = "bad_place"  // the connection has no such location
	BadUsage  Op = "bad_usage"  // it cannot be, or no longer be, used so
	Unread    Op = "unreadable" // something that has to be known could not be read
	Confused  Op = "confused"   // what happened to it cannot happen, see [Machine]
)

// Problem tells whether an op is something that is wrong.
func (o Op) Problem() bool {
	switch o {
	case Parked, Stuck, NotOwned, Elsewhere, BadPlace, BadUsage, Unread, Confused:
		return true
	default:
		return false
	}
}

// Verdict is what is to be done with some numbers of a group.
type Verdict struct {
	Op      Op
	Numbers resource.Numbers
	Reasons []resource.Reason
	From    string // of an assign: the connection that they are taken from; "" where they have none
	Leaving int    // of an assign: how many leave Microsoft Teams by it, which disconnects their users
	Ticket  string // of a retry and of a wait: the upload
	InDoubt bool   // something was sent for them already, and what became of it is not known
	Drift   bool   // we had it so, and Telnyx changed
}

// Decided is the verdict on a group.
type Decided struct {
	Placed   resource.Numbers // in place
	Uploaded map[string]resource.Numbers
	Verdicts []Verdict
	Err      error // the numbers of its connection could not be read
}

// Settle is what is to be remembered before anything is sent.
type Settle struct {
	Orders      []resource.Order // put
	EndOrders   []string
	Troubles    []resource.Trouble // put
	EndTroubles []resource.Number
	Ended       []Ended
}

// Ended is an order of which something ended.
type Ended struct {
	Order   resource.Order
	Numbers resource.Numbers
	How     string          // done, failed, parked
	Reason  resource.Reason // of what is not done
}

// Plan is what becomes of all groups, in their order.
type Plan struct {
	Groups  []Decided
	Missing Missing
	Settle  Settle
	Open    []resource.Order // on their way, once settled
	Next    time.Time        // when to look again; zero: nothing is on its way
	Counts  plan.Counts

	ids     map[resource.Number]string
	places  map[resource.Target]string // where a target's numbers are moved to
	tickets map[string][]string        // by connection
}
