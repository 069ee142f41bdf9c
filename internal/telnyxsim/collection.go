package telnyxsim

import (
	"cmp"
	"slices"
	"time"
)

// kind describes a collection of the account. Its zero value is no collection.
type kind struct {
	name   string // the key of the account
	key    string // the field that identifies an object in it
	uuid   bool   // keys that are given out have the shape of UUIDs
	group  string // a field that objects are often looked up by
	owned  bool   // there is one such collection for each external connection
	fields fields // of an object as the API returns it
	// defaults fills in what an object lacks.
	defaults func(obj map[string]any, now string)
	// optional collections mean something else when absent than when empty.
	optional bool
	// due is when something happens to an object by itself, if anything does. step
	// lets it happen, and stores the object as it is then.
	due  func(a *account, obj map[string]any) (time.Time, bool)
	step func(a *account, owner string, obj map[string]any, at time.Time)
}

// record is a stored object. Its map is never changed: an update replaces it, so
// that answers can be written without the account's lock.
type record struct {
	pos    int // order of insertion
	fields map[string]any
}

// collection holds the objects of a kind, in order of insertion.
type collection struct {
	kind    kind
	last    int
	records []*record
	index   map[string]*record
	groups  map[string][]*record
	found   search
}

// search is what was found in a collection since it last changed.
type search struct {
	known   bool
	asked   string
	records []*record
}

func newCollection(k kind) *collection {
	return &collection{kind: k, index: map[string]*record{}, groups: map[string][]*record{}}
}

// get returns the object with a key; it must not be changed.
func (c *collection) get(key string) (map[string]any, bool) {
	r := c.index[key]
	if r == nil {
		return nil, false
	}
	return r.fields, true
}

// in returns the objects whose grouping field has the value.
func (c *collection) in(group string) []*record { return c.groups[group] }

// put stores an object under its key: behind all others, or in the place of the
// one it replaces.
func (c *collection) put(obj map[string]any) {
	key := obj[c.kind.key].(string)
	c.found = search{}
	r := &record{fields: obj}
	if old := c.index[key]; old != nil {
		r.pos = old.pos
		c.records[place(c.records, old)] = r
		c.leave(old)
	} else {
		c.last++
		r.pos = c.last
		c.records = append(c.records, r)
	}
	c.index[key] = r
	if g, ok := obj[c.kind.group].(string); ok {
		c.groups[g] = slices.Insert(c.groups[g], place(c.groups[g], r), r)
	}
}

// remove forgets the object with a key.
func (c *collection) remove(key string) {
	r := c.index[key]
	if r == nil {
		return
	}
	delete(c.index, key)
	c.found = search{}
	i := place(c.records, r)
	c.records = slices.Delete(c.records, i, i+1)
	c.leave(r)
}

// leave takes a record out of its group.
func (c *collection) leave(r *record) {
	g, ok := r.fields[c.kind.group].(string)
	if !ok {
		return
	}
	i := place(c.groups[g], r)
	c.groups[g] = slices.Delete(c.groups[g], i, i+1)
	if len(c.groups[g]) == 0 {
		delete(c.groups, g)
	}
}

// place is where a record stands, or would stand, among sorted ones.
func place(rs []*record, r *record) int {
	i, _ := slices.BinarySearchFunc(rs, r, func(a, b *record) int { return cmp.Compare(a.pos, b.pos) })
	return i
}
