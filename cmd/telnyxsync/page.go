package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
)

// page is text for a person, which is written at once. All that goes into it is escaped.
type page struct {
	bytes.Buffer
	all bool // nothing is left out for brevity
}

func (p *page) line(format string, args ...any) {
	p.WriteString(cell(fmt.Sprintf(format, args...)) + "\n")
}

// table writes rows in columns, the first of them as their heads.
func (p *page) table(indent string, rows [][]string) {
	w := tabwriter.NewWriter(p, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i := range row {
			cells[i] = cell(row[i])
		}
		fmt.Fprintln(w, indent+strings.Join(cells, "\t"))
	}
	_ = w.Flush() // a buffer takes everything
}

// cell makes a text from outside one that a line can hold.
func cell(text string) string { return strings.ReplaceAll(render.Printable(text), "\n", `\u000a`) }

// age is how long something is, for a person.
func age(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// tally counts things by a word, as in "2 error, 3 success".
func tally(words []string) string {
	counts := map[string]int{}
	for _, w := range words {
		counts[w]++
	}
	var parts []string
	slices.Sort(words)
	for _, w := range slices.Compact(words) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[w], w))
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// shownRanges is how many ranges of phone numbers a line names where not all are asked for.
const shownRanges = 3

// several are phone numbers, and ids in the place of those that Telnyx does not name.
type several struct {
	ranges []resource.Range
	ids    []string
}

func (s *several) add(n resource.Number, id string) {
	if n == 0 {
		s.ids = append(s.ids, id)
		return
	}
	s.ranges = append(s.ranges, resource.Range{From: n, To: n})
}

// list names them, or the first.
func (s *several) list(all bool) string {
	texts := append(resource.NumbersOf(s.ranges...).Texts(), s.ids...)
	if rest := len(texts) - shownRanges; !all && rest > 0 {
		return strings.Join(texts[:shownRanges], ", ") + fmt.Sprintf(" and %d more", rest)
	}
	return strings.Join(texts, ", ")
}

func (s *several) count() string {
	return counted(len(s.ranges)+len(s.ids), "number", "numbers")
}

// named are phone numbers for a person: how many, and which, or the first.
func named(s resource.Numbers, all bool) string {
	if s.Len() == 1 {
		return s[0].String()
	}
	return counted(s.Len(), "number", "numbers") + " (" + (&several{ranges: s}).list(all) + ")"
}
