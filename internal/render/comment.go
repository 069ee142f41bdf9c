package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// comment is what follows the totals, in the order in which it is read.
type comment struct {
	words    *Words
	open     bool // so few changes that each stands open
	sections []section
}

// section is a part of a comment that can do without some of its items.
type section struct {
	rank        rank
	title       string // shown in any case
	open, close string // around the items, where any is shown
	items       []item
	left        string // begins the line about items that are left out
}

type item struct {
	text string
	what string // as what it is counted where it is left out
	out  bool
}

// rank says which sections get room first: the lowest.
type rank int

const (
	rankDanger rank = iota
	rankTable
	rankList
	rankFull
)

// add leaves sections without items out.
func (m *comment) add(s section) {
	if len(s.items) > 0 {
		m.sections = append(m.sections, s)
	}
}

func (m *comment) text() string {
	var b strings.Builder
	for i := range m.sections {
		s := &m.sections[i]
		b.WriteString(s.title)
		shown := 0
		for _, it := range s.items {
			if it.out {
				continue
			}
			if shown++; shown == 1 {
				b.WriteString(s.open)
			}
			b.WriteString(it.text)
		}
		if shown > 0 {
			b.WriteString(s.close)
		}
		b.WriteString(s.missing())
	}
	return b.String()
}

// missing is the line about the items that are left out. It is longest where all of them are.
func (s *section) missing() string {
	counts := map[string]int{}
	for _, it := range s.items {
		if it.out {
			counts[it.what]++
		}
	}
	if len(counts) == 0 {
		return ""
	}
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[what], what))
	}
	return s.left + strings.Join(parts, ", ") + " (`telnyxsync diff` shows all).\n\n"
}

// fold leaves all items out and takes those back that there is room for: rank after rank, and of
// each a few items of every section before the rest of the first. An item is shown whole or not.
func (m *comment) fold(room int) {
	for i := range m.sections {
		s := &m.sections[i]
		for j := range s.items {
			s.items[j].out = true
		}
		room -= len(s.title) + len(s.open) + len(s.close) + len(s.missing())
	}
	for r := rankDanger; r <= rankFull; r++ {
		for _, all := range []bool{false, true} {
			for i := range m.sections {
				s := &m.sections[i]
				n := len(s.items)
				if !all {
					n = min(n, few)
				}
				for j := range s.items[:n] {
					if it := &s.items[j]; s.rank == r && it.out && len(it.text) <= room {
						it.out = false
						room -= len(it.text)
					}
				}
			}
		}
	}
}
