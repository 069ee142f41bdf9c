package messages

import (
	"iter"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// Items are the messages of a change, by their ids.
type Items []resource.Message

var _ plan.Items = Items{}

// Len counts them.
func (s Items) Len() int { return len(s) }

// IDs are Telnyx's ids of them.
func (s Items) IDs() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range s {
			if !yield(s[i].ID) {
				return
			}
		}
	}
}

// Unit is what one of them is called.
func (Items) Unit() string { return "message" }
