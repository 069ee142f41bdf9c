// Package retention decides which recordings and transcriptions are due to be deleted, as changes of a plan. It is
// pure: what is written, remembered and there, and what time it is, comes in as values. [Rules] makes policies, a
// [Fold] over the pages of what is there judges by them, [Calls] forms the calls of what the guards let through.
//
// It does not know YAML, the client, or whether anything is deleted. When in doubt it keeps: a hold
// wins over every policy, and what cannot be judged is an error that ends the whole run.
package retention

import (
	"strings"
	"time"

	"telnyxsync/internal/resource"
)

// Policy says what becomes of the recordings that pass its filters.
type Policy struct {
	Addr    resource.Addr
	Root    string             // of the configuration that wrote it
	Source  *resource.Position // nil of one that is remembered
	Filters map[string]string  // by the API's name, as they are written: connection_id
	Between []Between
	Untold  int           // further filters of which it is not known what they ask for; never of a hold
	After   time.Duration // deleted at this age; 0 of a hold
	Keep    bool          // a hold: never deleted
	Ghost   bool          // a hold that was in force when retention was last let through, and no longer keeps what it kept
	Steady  bool          // what is due by it was due by the rules under which retention was last let through, too
	Observe bool          // what is due is told, and not deleted
	Max     int           // at most so many in one run; 0 is no bound
	Archive string        // the directory where each is kept before it is deleted; "" is none

	DeletesOwn bool // also what is in one's own storage: what Telnyx knows of it
}

// Between is a filter of a time; a zero bound is none.
type Between struct {
	Field    string // created_at, start_time, end_time
	GTE, LTE time.Time
}

// filters counts what a policy asks for: the more it does, the more it means this recording.
func (p *Policy) filters() int {
	n := len(p.Filters) + p.Untold
	for _, b := range p.Between {
		if !b.GTE.IsZero() {
			n++
		}
		if !b.LTE.IsZero() {
			n++
		}
	}
	return n
}

// Mask leaves of a call party what tells it from others without naming it: +1512…0100.
func Mask(party string) string {
	const head, tail = 5, 4
	r := []rune(party)
	switch {
	case party == "":
		return ""
	case len(r) >= head+tail+2 && strings.Trim(party, "+0123456789") == "":
		return string(r[:head]) + "…" + string(r[len(r)-tail:])
	}
	return "…"
}
