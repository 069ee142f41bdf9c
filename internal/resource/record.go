package resource

import (
	"encoding/json"
	"time"
)

// Record is what is to be remembered together, or not at all: planners fill it in, state commits it. What is ended or
// forgotten goes first, so that it can be put anew in the same record.
type Record struct {
	Forget     []Addr  // objects
	Own        []Owned // each in the place of one of its address or id
	EndIntents []Addr  // creates that are over, one way or the other

	ForgetGroups []Addr
	Groups       []Group // each in the place of one of its address

	ForgetRules []RuleKey
	Rules       []Rule // each in the place of one of its key

	ForgetBaselines []RuleKey      // of those only the kind and the root count
	Baselines       []Baseline     // each in the place of one of its kind and root
	Withheld        *[]WithheldSet // all of them, in the place of all before; nil: as they are
	Approvals       []Approval     // each in the place of one of its id

	EndDeletions []string   // ids of those whose outcome is known
	Deletions    []Deletion // each in the place of one of its id

	EndOrders   []string  // ids of those that are over, one way or the other
	Orders      []Order   // each in the place of one of its id
	EndTroubles []Number  // all is well with these, or nobody wants them any more
	Troubles    []Trouble // each in the place of one of its number
	EndMessages []string  // keys of those that Telnyx no longer has
	Messages    []Message // each in the place of one of its key
	Events      []Event   // for the history, in this order
}

// Event is a row of the history: one change that was attempted, or something that was seen to have ended.
type Event struct {
	Seq         int64           `json:"seq"`
	At          time.Time       `json:"at"`
	Addr        Addr            `json:"address"`
	Op          string          `json:"op"`
	ID          string          `json:"id"` // Telnyx's id of the object
	Reason      Reason          `json:"reason"`
	Deltas      json.RawMessage `json:"deltas"`
	Outcome     string          `json:"outcome"` // done, failed, or unknown where the answer was lost
	Error       string          `json:"error,omitempty"`
	RequestID   string          `json:"request_id,omitempty"`
	Fingerprint string          `json:"fingerprint"` // of the configuration that asked for it
	Losses      []Loss          `json:"losses,omitempty"`
	Let         string          `json:"let,omitempty"` // what let it through where guards would not have counted it: flag, or an approval's code
}

// Rule is what is remembered of a policy or a hold, for runs that do not load it and to see what changed.
type Rule struct {
	Addr Addr
	Root string // of the configuration that wrote it
	File string // where it was written, relative to the root
	Hold bool
	Says Object // what it says, with ids in the place of its references as far as they are known
}

// RuleKey tells rules apart: two configurations may each have one of a name.
type RuleKey struct {
	Addr Addr
	Root string
}

// Key is the rule's key.
func (r *Rule) Key() RuleKey { return RuleKey{r.Addr, r.Root} }

// Deletion is a batch of recordings, transcriptions or log messages that is about to be deleted, with what the history is
// to say of each once it is known to be gone.
type Deletion struct {
	ID    string // ours
	Unit  string // recording, transcription, log message
	At    time.Time
	Items []Deleted
}

// Deleted is one of them.
type Deleted struct {
	ID      string    `json:"id"`
	Rule    Addr      `json:"policy"`
	Created time.Time `json:"created"`
	From    string    `json:"from,omitempty"` // masked
	To      string    `json:"to,omitempty"`
	Age     string    `json:"age"`
	Counts  bool      `json:"counts,omitempty"` // to the limits of guards
	Reason  Reason    `json:"reason,omitzero"`  // of a log message, instead of what is before
}

// Empty tells whether there is nothing to be remembered.
func (r *Record) Empty() bool {
	return len(r.Forget)+len(r.Own)+len(r.EndIntents)+len(r.ForgetGroups)+len(r.Groups)+len(r.ForgetRules)+len(r.Rules)+
		len(r.ForgetBaselines)+len(r.Baselines)+len(r.Approvals)+
		len(r.EndDeletions)+len(r.Deletions)+len(r.EndOrders)+len(r.Orders)+len(r.EndTroubles)+len(r.Troubles)+
		len(r.EndMessages)+len(r.Messages)+len(r.Events) == 0 && r.Withheld == nil
}
