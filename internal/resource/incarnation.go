package resource

import (
	"strings"
	"time"
)

// An incarnation tells apart objects that had one id, one after the other, where an id is a name that anybody can use
// again: it is when the object came to be, by Telnyx's clock. [Owned.Incarnation] may be open besides: we have written
// the object since, and no answer has said whether that gave it another one.

// openMark ends an incarnation that is open.
const openMark = "?"

// Incarnation is that of an object that came to be at a time, to the second; "" where that is not known.
func Incarnation(made time.Time) string {
	if made.IsZero() {
		return ""
	}
	return made.UTC().Format(time.RFC3339)
}

// Open makes what is remembered accept whichever incarnation the object shows next.
func (o *Owned) Open() { o.Incarnation = o.CreatedAt() + openMark }

// CreatedAt is when the object came to be as far as that was last known, as RFC 3339; "" where it never was.
func (o *Owned) CreatedAt() string { return strings.TrimSuffix(o.Incarnation, openMark) }

// IsOpen tells whether whichever incarnation the object shows next is accepted.
func (o *Owned) IsOpen() bool { return strings.HasSuffix(o.Incarnation, openMark) }

// IsAnother tells whether an object is known to be another than the one that is remembered under its id.
func (o *Owned) IsAnother(l *Live) bool {
	return o.Incarnation != "" && l.Incarnation != "" && !o.IsOpen() && o.Incarnation != l.Incarnation
}

// IsSame tells whether an object is known to be the one that is remembered.
func (o *Owned) IsSame(l *Live) bool {
	return l.Incarnation != "" && o.CreatedAt() == l.Incarnation
}
