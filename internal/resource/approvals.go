package resource

import (
	"encoding/json"
	"time"
)

// Taken is what a change took away, as the history has it: guards count it for any 24 hours.
type Taken struct {
	Addr  Addr
	ID    string // Telnyx's id of the object
	Class string
	Count int
	Items Numbers // of phone numbers: which
	At    time.Time
}

// Loss is how much a change takes away of a class of guards.
type Loss struct {
	Class string `json:"class"`
	Count int    `json:"count"`
}

// Approved is a change as a person says yes to it: one that differs in anything of this is another.
type Approved struct {
	Op          string          `json:"op"`
	Address     string          `json:"address"`
	ID          string          `json:"id,omitempty"`
	Incarnation string          `json:"incarnation,omitempty"`
	Items       []string        `json:"items,omitempty"` // ascending; phone numbers as ranges
	Target      *Target         `json:"target,omitempty"`
	From        string          `json:"from,omitempty"` // the connection that numbers are taken from
	Deltas      []ApprovedDelta `json:"deltas,omitempty"`
}

// ApprovedDelta is a difference of it. A secret stands as its reference.
type ApprovedDelta struct {
	Path string `json:"path"`
	Old  any    `json:"old"`
	New  any    `json:"new"`
}

// ApprovedRules are the policies and holds of retention that an approval is about, instead of what is due by them.
type ApprovedRules struct {
	Rules  []RuleSays `json:"rules"`            // by address and root
	Cutoff time.Time  `json:"cutoff"`           // what was due then
	Count  int        `json:"count"`            // so many
	Silent []RuleKey  `json:"silent,omitempty"` // holds that matched nothing
}

// RuleSays is a policy or a hold with what it says.
type RuleSays struct {
	Addr Addr   `json:"address"`
	Root string `json:"root"`
	Hold bool   `json:"hold,omitempty"`
	Says Object `json:"says"`

	// Silent says of a hold that was let through that it meant nothing, and that somebody said so.
	Silent bool `json:"silent,omitempty"`
}

// UnmarshalJSON reads what it says as a tree has it.
func (r *RuleSays) UnmarshalJSON(data []byte) error {
	var raw struct {
		Addr Addr            `json:"address"`
		Root string          `json:"root"`
		Hold bool            `json:"hold"`
		Says json.RawMessage `json:"says"`

		Silent bool `json:"silent"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	says, err := DecodeObject(string(raw.Says))
	*r = RuleSays{raw.Addr, raw.Root, raw.Hold, says, raw.Silent}
	return err
}

// WithheldSet is what guards withheld of a kind or a job in a run that could have done it. It stays withheld until it is
// approved, or no longer planned.
type WithheldSet struct {
	Name    string           `json:"name"` // the kind or the job
	Code    string           `json:"code"`
	At      time.Time        `json:"at"`
	Changes []WithheldChange `json:"changes"`
	Guards  []Reason         `json:"guards"` // each once
	Rules   *ApprovedRules   `json:"rules,omitempty"`
}

// Coded are the changes that its code stands for.
func (s *WithheldSet) Coded() (list []WithheldChange) {
	for i := range s.Changes {
		if !s.Changes[i].Beside {
			list = append(list, s.Changes[i])
		}
	}
	return list
}

// WithheldChange is a change of it.
type WithheldChange struct {
	Approved
	Root   string `json:"root"`             // of the configuration that it is of
	Beside bool   `json:"beside,omitempty"` // it was withheld by an earlier run, and is not what the code of the set stands for
	Losses []Loss `json:"losses"`
}

// Approval lets a withheld set through.
type Approval struct {
	ID      string         `json:"id"` // ours
	Set     string         `json:"set"`
	Code    string         `json:"code"`
	At      time.Time      `json:"at"`
	By      string         `json:"by"`
	Changes []Approved     `json:"changes"`
	Rules   *ApprovedRules `json:"rules,omitempty"`
	Revoked time.Time      `json:"revoked,omitzero"`
}

// ApprovalLasts is how long an approval lets through what it is about.
const ApprovalLasts = 7 * 24 * time.Hour

// InForce tells whether it lets anything through.
func (a *Approval) InForce(now time.Time) bool {
	return a.Revoked.IsZero() && now.Sub(a.At).Abs() < ApprovalLasts // by a clock that was years ahead it is not for years
}

// Baseline are the rules of a configuration under which a run of retention was last let through.
type Baseline struct {
	Kind  string // of the entries: recording_retention
	Root  string
	At    time.Time
	Rules []RuleSays // policies and holds, by address
}

// Requested is when a person asked for what it says: that it be stored, or be revoked.
func (a *Approval) Requested() time.Time {
	if !a.Revoked.IsZero() {
		return a.Revoked
	}
	return a.At
}
