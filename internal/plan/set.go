package plan

import "telnyxsync/internal/resource"

// The codes of approvals.
const (
	ApproveSet   Code = "approve_set"   // set, code, count: how a person lets a withheld set through
	ApproveRules Code = "approve_rules" // count, cutoff: what an approval of retention lets through
)

// Set is what guards withheld of a kind or a job, and a person can let through.
type Set struct {
	Name    string // the kind, or the job
	Code    string
	Guards  []Reason // each once
	Changes []resource.WithheldChange
	Rules   *resource.ApprovedRules // of retention
}

// Approve says how a person lets it through.
func (s *Set) Approve() Reason {
	return Reason{Code: ApproveSet, Args: Args{"set": s.Name, "code": s.Code, "count": len(s.Changes)}}
}
