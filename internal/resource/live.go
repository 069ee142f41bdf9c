package resource

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Live is an object as Telnyx has it, in the shape of the YAML.
type Live struct {
	ID     string   // what Telnyx calls it; for a kind keyed by name, the name
	Object Object   // only fields the schema knows, see [Schema.Canon]; the owner tags are left out
	Keys   []string // the natural keys that it answers to, see [Kind.Key]
	Owners []Owner  // from its owner tags; more than one is somebody's mistake
	Label  string   // how a person recognises it: "zoom, created 2026-01-02"

	Incarnation string    // which of the objects that had this id it is, see [Incarnation]; "" where nothing tells
	Created     time.Time // as Telnyx says; zero where it does not
	Expires     time.Time // of a kind whose objects expire; zero where Telnyx does not say
	Hints       Object    // how it seems to have been made, which is not compared: for exports and for making it again
}

// OwnedBy tells whether an owner tag of the instance names the entry.
func (l *Live) OwnedBy(o Owner) bool { return slices.Contains(l.Owners, o) }

// OnlyOwnedBy tells whether an owner tag names the entry and no other of the same instance does.
func (l *Live) OnlyOwnedBy(o Owner) bool {
	return l.OwnedBy(o) && !slices.ContainsFunc(l.Owners, func(other Owner) bool {
		return other.Instance == o.Instance && other != o
	})
}

// Owner is who an owner tag says an object belongs to.
type Owner struct {
	Instance string // which telnyxsync of those that share the account
	Name     string // the entry's name
}

const ownerPrefix = "telnyxsync:"

// Tag is the owner's tag, `telnyxsync:INSTANCE:NAME`.
func (o Owner) Tag() string { return ownerPrefix + o.Instance + ":" + o.Name }

// ParseOwner reads an owner tag; ok is false for every other tag.
func ParseOwner(tag string) (o Owner, ok bool) {
	rest, ok := strings.CutPrefix(tag, ownerPrefix)
	if !ok {
		return Owner{}, false
	}
	instance, name, ok := strings.Cut(rest, ":")
	return Owner{Instance: instance, Name: name}, ok && instance != "" && name != ""
}

// Want is what a pass needs to read of one kind. A kind that can be listed reads all of it anyway.
type Want struct {
	IDs  []string // of the objects we own
	Keys []string // natural keys of the entries
	Deep []string // those of IDs and Keys that are to be looked at closely, see [Kind.Deep]
}

// Observation is what was read of one kind. What was wanted, is not among the objects and has not
// failed does not exist.
type Observation struct {
	Objects []Live
	Failed  map[string]error // by id or key: what could not be read
	Doubts  map[string]error // by id: what a closer look could not show; the rest of the object is known
}

// Write is what a kind is asked to make true of one object.
type Write struct {
	Name    string    // of the entry
	Key     string    // its natural key
	Desired Object    // all that is managed, references resolved to ids
	Patch   Object    // of Desired, what differs from Live; nil on create
	Live    *Live     // as observed; nil on create
	Owner   Owner     // whom a kind with owner tags marks the object for
	Retag   bool      // the owner tag is missing or names somebody else
	Deep    bool      // the receipt is to show what only a closer look shows, see [Kind.Deep]
	Now     time.Time // what time it is for Telnyx; of an update
	Again   bool      // the very same was sent before, and what became of it is not known
}

// Receipt tells what a write came to.
type Receipt struct {
	RequestID string // Telnyx's, of the last call
	Live      *Live  // the object as the answer showed it; nil where there was none

	// Unverified says that what was written may or may not be in place, which nobody can read, and what
	// to do; "" where it is in place.
	Unverified string
}

// Owned is what we remember of an object that is ours.
type Owned struct {
	Addr    Addr
	ID      string
	Root    string // of the configuration that it came from
	File    string // where it is written, relative to the root; "" where that is not known
	Applied Object // the managed fields as last applied, opaque ones as their digests
	Protect bool
	// TakenDown: we took it out of service in order to delete it, which has not happened.
	TakenDown bool
	Attempts  map[string]Attempt // by path: writes that have not been seen to last
	Renewed   time.Time          // when an object that expires was last made or written
	Ends      time.Time          // when it was to expire then, as the answer said; zero where it did not

	// Incarnation is which of the objects that had this id is ours, see [Incarnation]; "" where nobody knows.
	Incarnation string
}

// Attempt counts the writes of one value to one path since it was last seen in place.
type Attempt struct {
	Value string `json:"value"`         // the value as JSON
	Count int    `json:"count"`         // 0: it is about to be written, or no answer has said what came of it
	Note  Reason `json:"note,omitzero"` // why it is not written again, where that is not its count
}

// Intent is a create that was begun and whose outcome is not recorded.
type Intent struct {
	Addr Addr
	Root string    // of the configuration that asked for it
	Key  string    // natural key, "" where the kind has none
	Hash string    // of the body, to tell attempts apart
	Seen []string  // ids that existed before, where the kind has no natural key
	At   time.Time // when it was begun
}

// Text is the canonical JSON text of a value of a tree, for hashes and comparisons.
func Text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // trees hold nothing that JSON cannot
	}
	return string(b)
}
