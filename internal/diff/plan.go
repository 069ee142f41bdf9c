// Package diff compares what is desired with what is live and what is owned, and says what would
// have to be done: a Plan, ordered and explained. It also renders plans as text, JSON and
// Markdown.
//
// It is pure. It does not know the network, files, clocks or loggers, nor which kinds exist: the
// same input gives the same bytes.
package diff

import (
	"time"

	"telnyxsync/internal/resource"
)

// Op is what a change does.
type Op string

// The operations. A delete of something that Telnyx alone can remove is a forget.
const (
	Create  Op = "create"
	Update  Op = "update"
	Renew   Op = "renew"
	Replace Op = "replace"
	Rename  Op = "rename"
	Adopt   Op = "adopt"
	Delete  Op = "delete"
	Forget  Op = "forget"
)

// Ops lists the operations in the order in which summaries show them.
func Ops() []Op { return []Op{Create, Update, Renew, Replace, Rename, Adopt, Delete, Forget} }

// NumberOps lists the operations of phone numbers in that order; numbers are adopted too.
func NumberOps() []Op { return []Op{Adopt, Assign, Upload, Relocate, Retry} }

// Origin is where a difference comes from.
type Origin string

// The origins.
const (
	FromConfig Origin = "config"  // the YAML changed
	FromDrift  Origin = "drift"   // Telnyx changed
	Unknown    Origin = "unknown" // never applied by us, so nobody knows
	FromSecret Origin = "secret"  // what a reference leads to changed
	FromExpiry Origin = "expiry"  // it is about to expire, or has
)

// Delta is one difference. The deltas of a change are what its writing call sends.
type Delta struct {
	Path   string // JSON pointer in the entry; [OwnerTagPath] for the owner tag
	Old    any    // live; nil where there is nothing, and where nobody knows
	New    any    // desired; nil clears
	Origin Origin
	Blind  bool // no GET tells what is there, and we never applied it
}

// RenewPath is the path of the delta that renews an object. It is no field of the YAML.
const RenewPath = "/expires_at"

// OwnerTagPath is the path of the delta that puts our owner tag among an object's tags. It is no
// field of the YAML.
const OwnerTagPath = "/owner_tag"

// Change is one thing to be done.
type Change struct {
	Op     Op
	Addr   resource.Addr
	ID     string // Telnyx's id of the object; "" where it is made
	Reason string
	Deltas []Delta
	Needs  []resource.Addr // changes that must have succeeded before
	Calls  int             // writing API calls that it costs at most
	Source *resource.Position

	From     *resource.Owned // what state remembers; nil if nothing
	Live     *resource.Live  // as observed; nil where there is none
	Resume   *resource.Live  // of a replace that was cut off: the new object, already made
	Own      *resource.Owned // what is to be remembered once it is done (the id is not known for a create)
	Write    resource.Write  // what to send; references to entries not made yet are [resource.Pending]
	Guarded  bool            // it deletes, replaces or takes calls down: the guards count it
	Vanished bool            // of a create: what we owned is gone
	InDoubt  bool            // an earlier create was begun whose outcome is unknown
	Seen     []string        // of a create without a natural key: the ids that are there already
	doubtful bool            // something of the entry cannot be compared here

	KeyOf *resource.Addr  // of a create: the entry, not made yet, whose id is in the natural key
	Entry resource.Object // of such a one: what the key is made of, once that id is known

	Begun *resource.Intent // an earlier write of a blind kind, or create, whose outcome is unknown
}

// Drift tells whether nothing but drift is behind a change.
func (c *Change) Drift() bool {
	if c.Op != Update && c.Op != Create {
		return false
	}
	for _, d := range c.Deltas {
		if d.Origin != FromDrift {
			return false
		}
	}
	return len(c.Deltas) > 0
}

// Withheld is a change that a guard keeps from being done.
type Withheld struct {
	Change
	Why string
}

// Orphan is an object that we own and that is no longer written.
type Orphan struct {
	Addr resource.Addr
	ID   string
	Why  string // why it is not deleted
}

// Problem is something that keeps an entry from being compared or made true.
type Problem struct {
	Addr   resource.Addr // Name is "" where a whole kind is meant
	Source *resource.Position
	Held   bool // a person has to decide
	Unread bool // it, or the whole kind, could not be read
	Text   string
}

// Unmanaged lists fields of an entry that were managed and are no longer written.
type Unmanaged struct {
	Addr  resource.Addr
	Paths []string
}

// NotCompared is a field of an entry whose difference cannot be told here.
type NotCompared struct {
	Addr resource.Addr
	Path string
	Why  string
}

// Foreign is an object that is not ours.
type Foreign struct {
	Kind, ID, Label string
}

// Plan is the outcome of a comparison.
type Plan struct {
	Changes     []Change   // in the order in which they can be done
	Withheld    []Withheld // by guards
	Observed    []Change   // of entries with `observe: true`: reported, never done
	Orphans     []Orphan
	Problems    []Problem
	Unmanaged   []Unmanaged
	NotCompared []NotCompared
	Foreign     []Foreign
	Notes       []string // what could not be compared, and why
	Unchanged   int      // entries that are as desired
	OwnedByKind map[string]int

	Settle []resource.Owned // to be remembered without any write
	Gone   []resource.Owned // to be forgotten: no longer written, and no longer on Telnyx
	Over   []resource.Addr  // writes that were begun, whose outcome is not known and matters no more

	Numbers NumberPlan // what becomes of phone numbers

	NextRenewal time.Time // when the next object is due to be renewed once the plan is done; zero: none ever is
}

// Exit is the exit code that a dry run of the plan ends with.
func (p *Plan) Exit() int {
	drift := len(p.Observed) > 0
	other := false
	for i := range p.Changes {
		if p.Changes[i].Drift() {
			drift = true
		} else {
			other = true
		}
	}
	drift = drift || len(p.Numbers.Observed) > 0
	for i := range p.Numbers.Changes {
		drift = drift || p.Numbers.Changes[i].Drift
		other = other || !p.Numbers.Changes[i].Drift
	}
	switch {
	case len(p.Problems) > 0:
		return 1
	case len(p.Withheld) > 0:
		return 4
	case other:
		return 2
	case drift:
		return 3
	}
	return 0
}

// DriftOnly leaves all out but drift: changes that are nothing else, and of mixed ones that part.
func (p *Plan) DriftOnly() Plan {
	out := Plan{Problems: p.Problems, NotCompared: p.NotCompared, Notes: p.Notes, Unchanged: p.Unchanged}
	out.Numbers.Changes = onlyDrift(p.Numbers.Changes)
	out.Numbers.Observed = onlyDrift(p.Numbers.Observed)
	// What is left of a rename, an adopt or a replace is an update.
	keep := func(c Change) (Change, bool) {
		var deltas []Delta
		for _, d := range c.Deltas {
			if d.Origin == FromDrift {
				deltas = append(deltas, d)
			}
		}
		if c.Deltas = deltas; c.Op != Create {
			c.Op, c.Reason = Update, reason(deltas)
		}
		return c, len(deltas) > 0
	}
	for _, c := range p.Changes {
		if c, ok := keep(c); ok {
			out.Changes = append(out.Changes, c)
		}
	}
	for _, c := range p.Observed {
		if c, ok := keep(c); ok {
			out.Observed = append(out.Observed, c)
		}
	}
	for _, w := range p.Withheld {
		if c, ok := keep(w.Change); ok {
			out.Withheld = append(out.Withheld, Withheld{c, w.Why})
		}
	}
	return out
}
