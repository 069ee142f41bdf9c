package plan

import (
	"slices"

	"telnyxsync/internal/resource"
)

// Status is how a change ended.
type Status string

// The statuses.
const (
	Done       Status = "done"
	Submitted  Status = "submitted" // Telnyx took it, and says later what became of it
	Failed     Status = "failed"
	Blocked    Status = "blocked"     // what it needs did not succeed
	InDoubt    Status = "unknown"     // it was sent and no answer came; the next run finds out
	NotStarted Status = "not started" // the run was stopped before
	Unverified Status = "unverified"  // whether it is in place cannot be read, and a person has to look
)

// Outcome is how one change ended. Of a set it names the items, and those of them that failed or of which nobody
// knows; the others are done, or submitted.
type Outcome struct {
	Addr      resource.Addr
	Op        Op
	Status    Status
	ID        string
	Items     Items
	Failed    Items
	Unknown   Items
	Sent      bool     // Telnyx took some of it, whatever became of the rest, and says later what came of that
	Tickets   []string // of uploads, or the ids of jobs
	Reasons   []Reason
	Error     string // what Telnyx, or the state, said
	Err       error  // where it came from
	BlockedBy string
	Requests  []string // Telnyx's ids of them
}

// Result is how carrying out a plan ended.
type Result struct {
	Outcomes []Outcome // in the order of the plan
}

// Count counts the outcomes of a status.
func (r *Result) Count(s Status) (n int) {
	for i := range r.Outcomes {
		if r.Outcomes[i].Status == s {
			n++
		}
	}
	return n
}

// Sent tells whether something is on its way since.
func (r *Result) Sent() bool {
	return slices.ContainsFunc(r.Outcomes, func(o Outcome) bool { return o.Sent || o.Status == Submitted })
}

// OK tells whether everything was done, or submitted.
func (r *Result) OK() bool { return r.Count(Done)+r.Count(Submitted) == len(r.Outcomes) }
