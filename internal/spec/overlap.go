package spec

import (
	"cmp"
	"slices"

	"telnyxsync/internal/resource"
)

// maxOverlaps bounds what is said of numbers in two entries: a file that was copied has thousands.
const maxOverlaps = 20

// overlap is numbers that stand in two entries.
type overlap struct {
	resource.Range
	a, b *span
}

// checkNumbers finds numbers that stand in two entries of a kind, and more of them than may be.
func (l *loader) checkNumbers() {
	total := 0
	for _, kind := range l.sections {
		var spans []*span
		for _, e := range l.entries {
			if e.Kind != kind {
				continue
			}
			var own resource.Numbers
			for _, list := range e.numbers {
				own = own.Plus(list.set)
				for i := range list.spans {
					spans = append(spans, &list.spans[i])
				}
			}
			if before := total; before <= MaxNumbers {
				if total += own.Len(); total > MaxNumbers {
					l.fail(e.Pos, e.path(""), "with this entry there are %d numbers, more than the %d that a configuration may have: correct its ranges, or split the configuration", total, MaxNumbers)
				}
			}
		}
		l.failOverlaps(overlaps(spans))
	}
}

// overlaps finds the numbers that stand in two entries; within one, repetitions mean nothing. One that
// stands in three is found twice at least.
func overlaps(spans []*span) (found []overlap) {
	slices.SortStableFunc(spans, func(a, b *span) int { return cmp.Compare(a.From, b.From) })
	// Of the spans so far, the one that reaches furthest, and the one of any other entry that does: a
	// span overlaps with one of another entry exactly if it does with one of these.
	var far, other *span
	for _, s := range spans {
		with := far
		if far != nil && far.in.entry == s.in.entry {
			with = other
		}
		if with != nil && s.From <= with.To {
			found = joinOverlap(found, overlap{resource.Range{From: s.From, To: min(s.To, with.To)}, with, s})
		}
		switch {
		case far == nil:
			far = s
		case s.To > far.To:
			if far.in.entry != s.in.entry {
				other = far
			}
			far = s
		case far.in.entry != s.in.entry && (other == nil || s.To > other.To):
			other = s
		}
	}
	return found
}

// joinOverlap makes one of neighbours of the same entries.
func joinOverlap(list []overlap, o overlap) []overlap {
	if o.a.in.entry.Compare(o.b.in.entry.Addr) > 0 {
		o.a, o.b = o.b, o.a
	}
	if n := len(list); n > 0 {
		last := &list[n-1]
		if last.a.in.entry == o.a.in.entry && last.b.in.entry == o.b.in.entry && o.From <= last.To+1 {
			last.To = max(last.To, o.To)
			return list
		}
	}
	return append(list, o)
}

func (l *loader) failOverlaps(found []overlap) {
	for i, o := range found {
		if i == maxOverlaps {
			var rest []resource.Range
			for _, o := range found[i:] {
				rest = append(rest, o.Range)
			}
			l.fail(o.b.pos(), o.b.path(), "%d more numbers, %s first, are each in two entries: take each out of one of them",
				resource.NumbersOf(rest...).Len(), o.From)
			return
		}
		is := "is"
		if o.From != o.To {
			is = "are"
		}
		l.fail(o.b.pos(), o.b.path(), "%s %s in %s too, at %s: a number belongs to one entry, take it out of the other",
			o.Range, is, o.a.in.entry.Addr, o.a.pos())
	}
}
