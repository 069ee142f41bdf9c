package apply

import (
	"maps"
	"slices"

	"telnyxsync/internal/plan"
)

// Limit bounds what may be taken away of a class, in one run and in any 24 hours. A single change always fits, unless
// Max is 0.
type Limit struct {
	Max     int  // at most so many; 0 is none at all
	Percent int  // and at most this share of what there is, rounded up; of items there is no share
	Once    bool // Max itself is the limit of this run, whatever the share and whatever went before: somebody said so by a flag
}

// Limits are the limits by class. A class that is not in it has its default.
type Limits map[plan.Class]Limit

// DefaultLimits are the limits where nobody wrote others.
func DefaultLimits() Limits {
	return Limits{
		plan.Deletes: {Max: 10, Percent: 20}, plan.Capacity: {Max: 10, Percent: 20}, plan.Numbers: {Max: 50, Percent: 20},
		plan.Adoptions: {Max: 10, Percent: 20}, plan.Vanished: {Max: 10, Percent: 20},
		plan.Recordings: {Max: 100}, plan.Transcriptions: {Max: 100}, plan.Released: {Max: 0},
	}
}

// LimitClasses are the classes that have limits, in the order of their names.
func LimitClasses() []plan.Class { return slices.Sorted(maps.Keys(DefaultLimits())) }

// base is what the share of a class is a share of.
type base int

const (
	ofOwned   base = iota // objects of the kind that we own, with those that were taken away in the window
	ofEntries             // entries of the kind
	ofNumbers             // phone numbers of all groups
	ofNothing             // items that come and go
)

var bases = map[plan.Class]base{
	plan.Adoptions: ofEntries, plan.Numbers: ofNumbers, plan.Recordings: ofNothing, plan.Transcriptions: ofNothing, plan.Released: ofNothing,
}

// perKind tells whether a class is counted kind by kind.
func (b base) perKind() bool { return b == ofOwned || b == ofEntries }

func (l Limits) of(c plan.Class) Limit {
	if limit, ok := l[c]; ok {
		return limit
	}
	return DefaultLimits()[c]
}

// bound is how many of so many may be taken away.
func (l Limit) bound(of base, n int) int {
	switch {
	case l.Max == 0, l.Once, of == ofNothing:
		return l.Max
	}
	return max(1, min(l.Max, (n*l.Percent+99)/100))
}
