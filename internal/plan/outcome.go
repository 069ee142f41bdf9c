package plan

import "telnyxsync/internal/resource"

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

// Outcome is how one change ended. Of a set, the items stand for themselves.
type Outcome struct {
	Addr      resource.Addr `json:"address"`
	Op        Op            `json:"op"`
	Status    Status        `json:"status"`
	ID        string        `json:"id,omitempty"`
	Count     int           `json:"count,omitempty"` // of a set: how many items
	Items     Items         `json:"items,omitempty"`
	Failed    Items         `json:"failed,omitempty"`  // of the items
	Unknown   Items         `json:"unknown,omitempty"` // of the items
	Tickets   []string      `json:"tickets,omitempty"` // of uploads, or the ids of jobs
	Error     string        `json:"error,omitempty"`
	BlockedBy string        `json:"blocked_by,omitempty"`
	RequestID []string      `json:"request_ids,omitempty"`
}

// Result is how carrying out a plan ended.
type Result struct {
	Outcomes []Outcome `json:"outcomes"` // in the order of the plan
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

// OK tells whether everything was done, or submitted.
func (r *Result) OK() bool { return r.Count(Done)+r.Count(Submitted) == len(r.Outcomes) }
