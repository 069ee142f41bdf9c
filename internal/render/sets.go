package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// How much of a plan of sets is written in full where not all of it was asked for.
const (
	fullChanges  = 6 // changes that stand alone; of more, each operation is summed up
	shownGroups  = 5 // entries that a sum names
	shownTargets = 5 // connections of which loose numbers are named
	shownIDs     = 3 // ids that a line names
)

// itemCount counts the items of an operation.
type itemCount struct {
	op   plan.Op
	unit string
	n    int
}

// itemCounts are the items of changes by operation and unit, in the order of operations.
func itemCounts(changes []plan.Change) (out []itemCount) {
	for i := range changes {
		c := &changes[i]
		if c.Items == nil {
			continue
		}
		at := slices.IndexFunc(out, func(s itemCount) bool { return s.op == c.Op && s.unit == c.Items.Unit() })
		if at < 0 {
			at = len(out)
			out = append(out, itemCount{c.Op, c.Items.Unit(), 0})
		}
		out[at].n += c.Items.Len()
	}
	ops := plan.Ops()
	slices.SortStableFunc(out, func(a, b itemCount) int {
		return cmp.Or(cmp.Compare(slices.Index(ops, a.op), slices.Index(ops, b.op)), strings.Compare(a.unit, b.unit))
	})
	return out
}

// countOf counts the items of an operation.
func countOf(changes []plan.Change, op plan.Op) (n int) {
	for i := range changes {
		if c := &changes[i]; c.Items != nil && c.Op == op {
			n += c.Items.Len()
		}
	}
	return n
}

// countedItems counts items and names them, or the first.
func countedItems(items plan.Items) string {
	if s, ok := items.(resource.Numbers); ok {
		return countedNumbers(s)
	}
	var ids []string
	for id := range items.IDs() {
		if len(ids) == shownIDs {
			break
		}
		ids = append(ids, id)
	}
	more := ""
	if rest := items.Len() - len(ids); rest > 0 {
		more = fmt.Sprintf(" and %s more", thousands(rest))
	}
	return fmt.Sprintf("%s (%s%s)", countedUnits(items), strings.Join(ids, ", "), more)
}

// countedUnits counts items: "3 recordings".
func countedUnits(items plan.Items) string {
	return thousands(items.Len()) + " " + plural(items.Len(), items.Unit())
}

// sets writes changes of sets; all is the plan that sends them, nil where nothing is sent.
func (w *writer) sets(changes []*plan.Change, all *plan.Plan) {
	if len(changes) <= fullChanges || w.verbose {
		w.changes(changes)
		return
	}
	for _, op := range append(plan.Ops(), plan.Wait) {
		var of []*plan.Change
		var values []plan.Change
		for _, c := range changes {
			if c.Op == op {
				of = append(of, c)
				values = append(values, *c)
			}
		}
		for _, s := range itemCounts(values) {
			mine := slices.DeleteFunc(slices.Clone(of), func(c *plan.Change) bool { return c.Items.Unit() != s.unit })
			w.sum(op, s, mine, all)
		}
	}
}

// sum writes an operation on items of many entries.
func (w *writer) sum(op plan.Op, s itemCount, of []*plan.Change, all *plan.Plan) {
	entries := "groups"
	if s.unit != "number" {
		entries = "entries"
	}
	head := fmt.Sprintf("%s %s %s %ss of %d %s", signs[op][0], verb(op), thousands(s.n), s.unit, entriesIn(of), entries)
	if n := callsOf(all, op, s.unit); n > 0 {
		head += fmt.Sprintf(", %s %s", thousands(n), plural(n, "call"))
	}
	w.paint(signs[op][1], head)
	// What is taken away comes first, and all of it is said: somebody may lose their service.
	slices.SortStableFunc(of, func(a, b *plan.Change) int { return cmp.Compare(taken(b), taken(a)) })
	shown := 0
	for _, c := range of {
		shown += taken(c)
	}
	shown = max(shown, shownGroups)
	for i, c := range of {
		if i == shown {
			w.line("    and %d more such changes; --verbose shows them all", len(of)-i)
			break
		}
		w.line("    %s: %s%s: %s", c.Addr, countedItems(c.Items), to(c.To), w.words.All(c.Reasons))
	}
}

// callsOf counts the writing calls of an operation. Items of several entries may share one.
func callsOf(p *plan.Plan, op plan.Op, unit string) (n int) {
	if p == nil {
		return 0
	}
	for i := range p.Calls {
		if c := &p.Calls[i]; c.Op == op && c.Items != nil && c.Items.Unit() == unit {
			n += c.Cost
		}
	}
	return n
}

// taken is 1 for numbers that are taken from another connection.
func taken(c *plan.Change) int {
	if c.To == nil || c.To.From == "" {
		return 0
	}
	return 1
}

func entriesIn(changes []*plan.Change) int {
	seen := map[resource.Addr]bool{}
	for _, c := range changes {
		seen[c.Addr] = true
	}
	return len(seen)
}

// items says what of a set a change is about.
func (w *writer) items(c *plan.Change) {
	switch {
	case c.Items == nil:
	case w.verbose:
		w.line("    %s%s", countedUnits(c.Items), to(c.To))
		w.each(c.Items)
	default:
		w.line("    %s%s", countedItems(c.Items), to(c.To))
	}
}

// each names all items, with what is known of them.
func (w *writer) each(items plan.Items) {
	known, is := items.(plan.Detailed)
	if !is {
		for _, text := range plan.TextsOf(items) {
			w.line("      %s", text)
		}
		return
	}
	for d := range known.Details() {
		by := ""
		if d.By != "" {
			by = ", due by " + d.By
		}
		w.line("      %s, made %s, %s old%s", d.ID, d.Created, d.Age, by)
	}
}

// kept names all that holds keep, where all was asked for; else the notes say how much it is.
func (w *writer) kept(list []plan.Kept) {
	if !w.verbose {
		return
	}
	w.heading("Kept by holds:", len(list))
	for _, k := range list {
		w.line("  %s%s: %s", k.Addr, in2(place(k.Source)), countedUnits(k.Items))
		w.each(k.Items)
	}
}

// to says where items go: " to hq, location floor-14 (Floor 14, Contoso, …)"; "" where they go nowhere.
func to(p *plan.Place) string {
	if p == nil {
		return ""
	}
	return " to " + where(p)
}

func where(p *plan.Place) string {
	out := p.Name
	switch {
	case p.At != "":
		out += ", " + p.At
	case p.Location != "":
		out += ", location " + p.Location
	case p.CivicAddress != "":
		out += ", civic address " + p.CivicAddress
	}
	if words := placeWords(p.Full); words != "" {
		out += " (" + words + ")"
	}
	return out
}

// placeWords are the parts of an address that are known.
func placeWords(parts []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(parts), func(s string) bool { return s == "" }), ", ")
}

// loose says what stays as it is.
func (w *writer) loose(list []plan.Loose) {
	if len(list) == 0 {
		return
	}
	w.line("Unmanaged numbers, in no group and never touched:")
	for i, u := range list {
		if i == shownTargets && !w.verbose {
			w.line("  and those of %d more connections; --verbose shows them all", len(list)-i)
			return
		}
		text := countedNumbers(u.Numbers)
		if w.verbose {
			text = fmt.Sprintf("%s (%s)", thousands(u.Numbers.Len()), rangesText(u.Numbers, 0))
		}
		w.line("  on the connection %s: %s", u.Connection, text)
	}
}

// itemTexts names the first of items that are known as texts: ranges of numbers, or ids.
func itemTexts(texts plan.Texts) string {
	list := make([]any, len(texts))
	for i, t := range texts {
		list[i] = t
	}
	if s, err := resource.ToNumbers(list); err == nil {
		return countedNumbers(s)
	}
	if rest := len(texts) - shownIDs; rest > 0 {
		return fmt.Sprintf("%s and %s more", strings.Join(texts[:shownIDs], ", "), thousands(rest))
	}
	return strings.Join(texts, ", ")
}
