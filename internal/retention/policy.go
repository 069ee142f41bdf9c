// Package retention decides which recordings and transcriptions are due to be deleted, as changes of a plan. It is
// pure: what is written, remembered and there, and what time it is, comes in as values. [Rules] makes policies, a
// [Fold] over the pages of what is there judges by them, [Calls] forms the calls of what the guards let through.
//
// It does not know YAML, the client, or whether anything is deleted. When in doubt it keeps: a hold
// wins over every policy, and what cannot be judged is an error that ends the whole run.
package retention

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/resource"
)

// Policy says what becomes of the recordings that pass its filters.
type Policy struct {
	Addr    resource.Addr
	Root    string             // of the configuration that wrote it
	Source  *resource.Position // nil of one that is remembered
	Filters map[string]string  // by the API's name: connection_id
	Between []Between
	Untold  int           // further filters of which it is not known what they ask for; never of a hold
	After   time.Duration // deleted at this age; 0 of a hold
	Keep    bool          // a hold: never deleted
	Observe bool          // what is due is told, and not deleted
	Max     int           // at most so many in one run; 0 is no bound
	Archive string        // the directory where each is kept before it is deleted; "" is none
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

// Due is a recording that is to be deleted.
type Due struct {
	ID      string
	Policy  *Policy
	Created time.Time
	From    string // masked
	To      string
	Millis  int64
}

// Cut leaves of what is due no more than the policies allow in one run, the oldest first.
func Cut(due []Due) (now, later []Due) {
	slices.SortFunc(due, func(a, b Due) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	done := map[resource.Addr]int{}
	for _, d := range due {
		if d.Policy.Max > 0 && done[d.Policy.Addr] >= d.Policy.Max {
			later = append(later, d)
			continue
		}
		done[d.Policy.Addr]++
		now = append(now, d)
	}
	return now, later
}

// Sum is what a report says of a policy.
type Sum struct {
	Addr           resource.Addr
	Count          int
	Oldest, Newest time.Time
	Millis         int64
}

// SumUp sums up what is due, by policy.
func SumUp(due []Due) []Sum {
	sums := map[resource.Addr]*Sum{}
	for _, d := range due {
		s := sums[d.Policy.Addr]
		if s == nil {
			s = &Sum{Addr: d.Policy.Addr, Oldest: d.Created, Newest: d.Created}
			sums[d.Policy.Addr] = s
		}
		s.Count++
		s.Millis += d.Millis
		if d.Created.Before(s.Oldest) {
			s.Oldest = d.Created
		}
		if d.Created.After(s.Newest) {
			s.Newest = d.Created
		}
	}
	var out []Sum
	for _, s := range sums {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Sum) int { return a.Addr.Compare(b.Addr) })
	return out
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
