// Package retention decides which recordings and transcriptions are due to be deleted. It is pure: what
// is there and what time it is comes in as values.
//
// It does not know YAML, the client, or whether anything is deleted. When in doubt it keeps: a hold
// wins over every policy, and what cannot be judged is an error that ends the whole run.
package retention

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/resource"
)

// Policy says what becomes of the recordings that pass its filters.
type Policy struct {
	Addr    resource.Addr
	Filters map[string]string // by the API's name: connection_id
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

// Judge judges recordings one by one.
type Judge struct {
	now      time.Time
	policies []Policy          // holds first, then the one that wins first
	sets     []map[string]bool // by policy: the ids that Telnyx's own filter finds; nil: not asked
}

// NewJudge takes the policies, holds among them, of which some may be remembered from earlier runs.
func NewJudge(policies []Policy, now time.Time) *Judge {
	j := &Judge{now: now, policies: slices.Clone(policies), sets: make([]map[string]bool, len(policies))}
	slices.SortStableFunc(j.policies, func(a, b Policy) int {
		return cmp.Or(bit(b.Keep)-bit(a.Keep), cmp.Compare(b.filters(), a.filters()), cmp.Compare(b.After, a.After), a.Addr.Compare(b.Addr))
	})
	return j
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Policies are the policies in the order in which they win.
func (j *Judge) Policies() []Policy { return j.policies }

// Holds are those of which Telnyx's own filter has to tell, too, before anything is deleted: it may find
// what is not shown here, and know of ways to write a number that are not compared here.
func (j *Judge) Holds() (list []int) {
	for i := range j.policies {
		if p := &j.policies[i]; p.Keep && len(p.Filters) > 0 {
			list = append(list, i)
		}
	}
	return list
}

// Tell says which recordings pass a policy, as Telnyx has it; see [Judge.Within].
func (j *Judge) Tell(policy int, ids map[string]bool) { j.sets[policy] = ids }

// Held tells whether Telnyx's filter has found a recording for one of the holds.
func (j *Judge) Held(id string) bool {
	for i := range j.policies {
		if j.policies[i].Keep && j.sets[i][id] {
			return true
		}
	}
	return false
}

// Within tells whether a recording passes those filters of a policy that are of times.
func (j *Judge) Within(policy int, r *resource.Recording) (bool, error) {
	within := true
	for _, b := range j.policies[policy].Between {
		at, err := parse(r, b.Field)
		if err != nil {
			return false, err
		}
		within = within && (b.GTE.IsZero() || !at.Before(b.GTE)) && (b.LTE.IsZero() || !at.After(b.LTE))
	}
	return within, nil
}

// Look judges a recording by what it shows. due is nil where it is kept; what is due may still be held, see
// [Judge.Holds]. ask is a policy that Telnyx's own filter has to be asked about first, as the recording does
// not show what it filters by, or may show it written in another way; -1 where there is none. The error ends the run: nothing may be deleted.
func (j *Judge) Look(r *resource.Recording) (due *Due, ask int, err error) {
	if r.ID == "" {
		return nil, -1, fmt.Errorf("a recording has no id")
	}
	created, err := parse(r, "created_at")
	if err != nil {
		return nil, -1, err
	}
	for i := range j.policies {
		p := &j.policies[i]
		fits, known, err := j.fits(i, r)
		switch {
		case err != nil:
			return nil, -1, err
		case !known && !p.Keep:
			return nil, i, nil
		case fits == no:
			continue
		case p.Keep, created.After(j.now.Add(-p.After)):
			return nil, -1, nil
		case fits == yes && p.Untold == 0:
			return &Due{ID: r.ID, Policy: p, Created: created, From: Mask(r.From), To: Mask(r.To), Millis: r.Millis}, -1, nil
		case p.Archive != "", p.Max > 0, p.Observe:
			return nil, -1, nil // if it is meant by this, it is not to be deleted as another says
		}
		// It is old enough, whether it is meant by this or by another.
	}
	return nil, -1, nil
}

// fit is how well a recording passes the filters of a policy.
type fit int

const (
	no      fit = iota
	perhaps     // what it shows says no, and Telnyx's own filter says yes
	yes
)

// e164 is a number as nobody writes it in another way.
var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// mayBeOne tells whether two texts that differ may mean one party: +15125550100, 15125550100,
// sip:+15125550100@example.com.
func mayBeOne(field, have, want string) bool {
	return (field == "from" || field == "to") && !(e164.MatchString(have) && e164.MatchString(want))
}

// fits tells whether a recording passes the filters of a policy. What it shows is compared; of what it
// does not show, and of what may be written in another way, Telnyx's own filter tells. Where that finds what
// is not written as it is asked for, the policy may mean it: it is kept for as long as that says, and is not
// deleted by it.
func (j *Judge) fits(policy int, r *resource.Recording) (f fit, known bool, err error) {
	within, err := j.Within(policy, r)
	if err != nil || !within {
		return no, true, err
	}
	hidden, otherwise := false, false
	for field, want := range j.policies[policy].Filters {
		switch have, shown := r.Fields[field]; {
		case !shown:
			hidden = true
		case have == want:
		case mayBeOne(field, have, want):
			otherwise = true
		default:
			return no, true, nil
		}
	}
	switch set := j.sets[policy]; {
	case !hidden && !otherwise:
		return yes, true, nil
	case set == nil:
		return no, false, nil
	case !set[r.ID]:
		return no, true, nil
	case otherwise:
		return perhaps, true, nil
	default:
		return yes, true, nil
	}
}

// shape is how a time has to be written: [time.Parse] takes an offset of 24 hours, too.
var shape = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// earliest is before any recording was made: a time before it stands for none.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// parse reads a time of a recording. One without its offset from UTC could mean any of two days.
func parse(r *resource.Recording, field string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, r.Times[field])
	if err != nil || !shape.MatchString(r.Times[field]) {
		return at, fmt.Errorf("%.60q has %.60q as its %s, which is no time with an offset from UTC", r.ID, r.Times[field], field)
	}
	if at.Before(earliest) {
		return at, fmt.Errorf("%.60q has %q as its %s, when nothing was recorded yet", r.ID, r.Times[field], field)
	}
	return at, nil
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
