// Package plan is the vocabulary of plans: what is to be done on Telnyx, what is kept from being done, and how it
// ended. Everything that telnyxsync changes is a [Change], be it one object or a set of phone numbers, recordings or
// messages.
//
// It is data. It does not know how plans are made, guarded, carried out or put into words, nor which kinds there are.
package plan

import (
	"iter"
	"slices"
	"time"

	"telnyxsync/internal/resource"
)

// Reason is why: a code with its arguments. See [resource.Reason].
type Reason = resource.Reason

// Code is what a reason is called. See [resource.Code].
type Code = resource.Code

// Args are what the sentence of a reason needs. See [resource.Args].
type Args = resource.Args

// Op is what a change does.
type Op string

// The operations. A delete of something that Telnyx alone can remove is a forget; an adopt that overwrites what is live
// is an update too; a wait writes nothing.
const (
	Create    Op = "create"
	Update    Op = "update"
	Renew     Op = "renew"
	Replace   Op = "replace"
	Rename    Op = "rename"
	Adopt     Op = "adopt"
	Overwrite Op = "adopt_and_update"
	Delete    Op = "delete"
	Forget    Op = "forget"
	Assign    Op = "assign"
	Upload    Op = "upload"
	Relocate  Op = "relocate"
	Retry     Op = "retry"
	Dismiss   Op = "dismiss"
	Refresh   Op = "refresh"
	Wait      Op = "wait"
)

// Ops lists the operations in the order in which summaries show them: those on objects, then those on sets alone.
func Ops() []Op { return append(ObjectOps(), Assign, Upload, Relocate, Retry, Dismiss, Refresh) }

// ObjectOps lists the operations on objects in that order. Some of them are there for sets too.
func ObjectOps() []Op {
	return []Op{Create, Update, Renew, Replace, Rename, Adopt, Overwrite, Delete, Forget}
}

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
	Set    bool // both are lists in which only the members matter
}

// RenewPath is the path of the delta that renews an object. It is no field of the YAML.
const RenewPath = "/expires_at"

// OwnerTagPath is the path of the delta that puts our owner tag among an object's tags. It is no field of the YAML.
const OwnerTagPath = "/owner_tag"

// Items are what a change is about where that is not one object.
type Items interface {
	Len() int
	IDs() iter.Seq[string]
	Unit() string // what one of them is called: number, recording, transcription, message
}

// Detailed are items of which more is known than their ids.
type Detailed interface {
	Items
	Details() iter.Seq[Detail]
}

// Detail is what is known of one.
type Detail struct {
	ID      string
	Created string // a time
	Age     string // a length of time, as the YAML writes it
	Seconds int64  // of audio
	By      string // of what is kept: the rule that would delete it; "" where none would
}

// Kept is what a rule keeps from being deleted.
type Kept struct {
	Addr   resource.Addr
	Source *resource.Position // nil where it is not written in this run
	Items  Items
	Due    int  // of these: what would be deleted without it
	More   bool // there is more, which was not looked at
}

// Class is what guards count together.
type Class string

// The classes.
const (
	Deletes        Class = "deletes"    // deletes, replaces and deactivations, of a kind
	Capacity       Class = "capacity"   // trunks whose capacity falls to zero or whose voice profile changes, of a kind
	Numbers        Class = "numbers"    // that lose their service or leave Teams
	Adoptions      Class = "adoptions"  // that overwrite what is live, of a kind
	Vanished       Class = "vanished"   // made anew as what we owned is gone, of a kind
	Recordings     Class = "recordings" // that are due by a rule which is new or changed
	Transcriptions Class = "transcriptions"
	Released       Class = "released" // items that a hold kept which is released or narrowed
)

// Blast is what a change may take away. One update may be in two classes.
type Blast struct {
	Class Class
	Count int
}

// Place is where items go, and how people know it.
type Place struct {
	resource.Target
	Name string   // of the connection: the entry's, or else the id
	At   string   // the entry of the location; "" where there is none
	Full []string // the address as its admin wrote it, the narrowest part first; empty where it is not known
	From string   // the connection that they are taken from; "" where they have none
}

// Change is the unit of review, guard, approval and history: one thing to be done, to one object or to a set.
type Change struct {
	Op     Op
	Addr   resource.Addr
	ID     string // Telnyx's id of the object; "" where it is made
	Source *resource.Position

	Incarnation string // of the object, where its id can be used again

	Items   Items  // nil: it is about one object
	To      *Place // of phone numbers: where to
	Ticket  string // of a retry and of a wait: the upload
	Deltas  []Delta
	Reasons []Reason
	Blast   []Blast
	Needs   []resource.Addr // changes that must have succeeded before
	Cost    int             // writing API calls that it costs at most, by itself
	Drift   bool            // nothing but drift is behind it
	InDoubt bool            // something was sent for it already, and what became of it is not known
	Kept    bool            // the object is protected: it must not go
	Doubt   Reason          // why a person has to approve it, whatever the limits; zero: nothing is in doubt
	Let     string          // what let it through beside the limits: [LetByFlag], or the code of an approval; "" is nothing
	Live    resource.Object // of a delete: what is lost

	Do any // what its family needs to carry it out; guards and renderers never look inside
}

// LetByFlag says that a limit of this run alone let a change through.
const LetByFlag = "flag"

// Class counts what the change takes away of a class.
func (c *Change) Class(of Class) (n int) {
	for _, b := range c.Blast {
		if b.Class == of {
			n += b.Count
		}
	}
	return n
}

// Call is the unit of sending, formed after the guards: one may carry items of several changes.
type Call struct {
	Op      Op
	Changes []int // of the plan, by index
	Items   Items // nil: those of its change, or one object
	Cost    int   // writing API calls
	Do      any   // what its family needs to send it
}

// Withheld is a change that guards keep from being done.
type Withheld struct {
	Change
	Guards []Reason // all that do
	Code   string   // of the approval that lets its set through; "" where none does
}

// Orphan is an object that we own and that is no longer written.
type Orphan struct {
	Addr   resource.Addr
	ID     string
	Reason Reason // why it is not deleted
}

// Problem is something that keeps an entry from being compared or made true.
type Problem struct {
	Addr   resource.Addr // Name is "" where a whole kind is meant
	Source *resource.Position
	Items  Items // which of the entry's, where not the entry itself is meant
	Held   bool  // a person has to decide
	Unread bool  // it, or the whole kind, could not be read
	Reason Reason
	Err    error // what it came from, if anything: it may know of a remedy
}

// Note is something worth knowing that keeps nothing from being done, and has no effect on an exit code.
type Note struct {
	Addr   resource.Addr // the zero address where it is about all
	Source *resource.Position
	Reason Reason
}

// Unmanaged lists what of an entry was managed and is no longer written.
type Unmanaged struct {
	Addr  resource.Addr
	Paths []string
	Items Items // that left it; nil where fields are meant
}

// NotCompared is a field of an entry whose difference cannot be told here.
type NotCompared struct {
	Addr   resource.Addr
	Path   string
	Reason Reason
}

// Withdrawn is a create that was begun and never known to have ended, and whose entry is no longer written, with what
// one reading says came of it.
type Withdrawn struct {
	Addr  resource.Addr
	At    time.Time       // when it was begun
	Own   *resource.Owned // what it has made; nil where nothing came of it
	Event resource.Event  // for the history
}

// same tells whether two readings agree.
func (w *Withdrawn) same(o *Withdrawn) bool {
	return w.Addr == o.Addr && w.At.Equal(o.At) && w.Event.ID == o.Event.ID
}

// Foreign is an object that is not ours.
type Foreign struct {
	Kind, ID, Label string
}

// Loose are numbers of a connection that are in no group.
type Loose struct {
	Connection string // id
	Numbers    resource.Numbers
}

// Counts count phone numbers.
type Counts struct {
	Placed  int `json:"placed"`
	Todo    int `json:"todo"` // to be written
	Waiting int `json:"waiting"`
	Parked  int `json:"parked"`
	Wrong   int `json:"wrong"` // held for other reasons
}

// Plan is what is to be done, what is not and why, and what is to be remembered.
type Plan struct {
	Changes     []Change   // in the order in which they can be done
	Withheld    []Withheld // by guards
	Waiting     []Change   // for what was sent before
	Observed    []Change   // of entries with `observe: true`: reported, never done
	Kept        []Kept     // by holds
	Orphans     []Orphan
	Problems    []Problem
	Unmanaged   []Unmanaged
	NotCompared []NotCompared
	Foreign     []Foreign
	Loose       []Loose
	Notes       []Note
	Unchanged   int                     // entries that are as desired
	Sets        []Set                   // of what is withheld, by name
	Job         string                  // that the plan is of; "" of one that compares
	Rules       *resource.ApprovedRules // of a plan of retention: what an approval is about
	Owned       map[string]int          // objects, by kind
	Entries     map[string]int          // by kind
	Counts      Counts
	Empty       string // a configuration of this run that has no entry at all; "" if each has some

	Ended     []Outcome       // what became of what was sent before
	Withdrawn []Withdrawn     // remembered as ended only after [Plan.Settle]
	Calls     []Call          // that send what changes of sets need; formed after the guards
	Remember  resource.Record // what needs no write
	Whose     Whose
	Open      []resource.Order // of phone numbers that are on their way

	NextRenewal time.Time // when the next object is due to be renewed once the plan is done; zero: none ever is
	NextLook    time.Time // when to look again at what is on its way; zero: nothing is
}

// Merge adds what another planner found. What both noted is noted once.
func (p *Plan) Merge(o Plan) {
	first := len(p.Changes)
	p.Changes = append(p.Changes, o.Changes...)
	p.Withheld, p.Waiting, p.Observed = append(p.Withheld, o.Withheld...), append(p.Waiting, o.Waiting...), append(p.Observed, o.Observed...)
	p.Sets = append(p.Sets, o.Sets...)
	p.Problems, p.Ended, p.Kept = append(p.Problems, o.Problems...), append(p.Ended, o.Ended...), append(p.Kept, o.Kept...)
	for _, n := range o.Notes {
		if !slices.ContainsFunc(p.Notes, func(m Note) bool { return m.Addr == n.Addr && m.Reason.Key() == n.Reason.Key() }) {
			p.Notes = append(p.Notes, n)
		}
	}
	for _, c := range o.Calls {
		c.Changes = slices.Clone(c.Changes)
		for i := range c.Changes {
			c.Changes[i] += first
		}
		p.Calls = append(p.Calls, c)
	}
}

// Settle remembers what became of withdrawn creates, as far as an earlier plan says the same: what Telnyx has made may
// take a moment to show. The others are left for another time.
func (p *Plan) Settle(before *Plan) {
	p.Withdrawn = slices.DeleteFunc(p.Withdrawn, func(w Withdrawn) bool {
		return !slices.ContainsFunc(before.Withdrawn, func(o Withdrawn) bool { return w.same(&o) })
	})
	r := &p.Remember
	for i := range p.Withdrawn {
		w := &p.Withdrawn[i]
		r.EndIntents, r.Events = append(r.EndIntents, w.Addr), append(r.Events, w.Event)
		if w.Own != nil {
			r.Own = append(r.Own, *w.Own)
		}
	}
}
