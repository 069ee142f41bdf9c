// Package diff compares what is desired with what is live and what is owned, and says what would
// have to be done: a plan, ordered and with its reasons. It first matches entries with objects, then compares them.
//
// It is pure. It does not know the network, files, clocks, loggers or words, nor which kinds exist: the
// same input gives the same plan.
package diff

import (
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// Work is what carrying out a change of an object needs: [plan.Change.Do].
type Work struct {
	From   *resource.Owned // what state remembers; nil if nothing
	Live   *resource.Live  // as observed; nil where there is none
	Resume *resource.Live  // of a replace that was cut off: the new object, already made
	Own    *resource.Owned // what is to be remembered once it is done (the id is not known for a create)
	Write  resource.Write  // what to send; references to entries not made yet are [resource.Pending]
	Seen   []string        // of a create without a natural key: the ids that are there already

	KeyOf *resource.Addr  // of a create: the entry, not made yet, whose id is in the natural key
	Entry resource.Object // of such a one: what the key is made of, once that id is known

	Begun *resource.Intent // an earlier write of a blind kind, or create, whose outcome is unknown
}

// WorkOf is the work of a change of an object; nil of a change of anything else.
func WorkOf(c *plan.Change) *Work {
	w, _ := c.Do.(*Work)
	return w
}
