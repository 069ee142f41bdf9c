package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"telnyxsync/internal/numbers"
	"telnyxsync/internal/resource"
)

// How much of a plan of phone numbers is written in full where not all of it was asked for.
const (
	fullChanges  = 6 // changes that stand alone; of more, each operation is summed up
	shownGroups  = 5 // groups that a sum names
	shownTargets = 5 // connections of which unmanaged numbers are named
)

// countOf counts the numbers of an operation.
func countOf(changes []NumberChange, op Op) (n int) {
	for _, c := range changes {
		if c.Op == op {
			n += c.Numbers.Len()
		}
	}
	return n
}

// numbers writes changes; calls is what an operation of all of them costs, nil where nothing is sent.
func (w *writer) numbers(changes []NumberChange, calls func(Op) int) {
	if len(changes) <= fullChanges || w.verbose {
		for i := range changes {
			w.numberChange(&changes[i])
		}
		return
	}
	for _, op := range append(NumberOps(), Wait) {
		var of []*NumberChange
		for i := range changes {
			if changes[i].Op == op {
				of = append(of, &changes[i])
			}
		}
		if len(of) == 0 {
			continue
		}
		head := fmt.Sprintf("%s %s %s numbers of %d groups", signs[op][0], op, thousands(countOf(changes, op)), groupsIn(of))
		if calls != nil && calls(op) > 0 {
			head += fmt.Sprintf(", %s %s", thousands(calls(op)), plural(calls(op), "call"))
		}
		w.paint(signs[op][1], head)
		// What is taken from elsewhere comes first, and all of it is said: somebody may lose their service.
		slices.SortStableFunc(of, func(a, b *NumberChange) int { return cmp.Compare(taken(b), taken(a)) })
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
			w.line("    %s: %s to %s: %s", c.Addr, countedNumbers(c.Numbers), c.Where, c.Reason)
		}
	}
}

// taken is 1 for numbers that are taken from another connection.
func taken(c *NumberChange) int {
	if c.From == "" {
		return 0
	}
	return 1
}

func groupsIn(changes []*NumberChange) int {
	seen := map[resource.Addr]bool{}
	for _, c := range changes {
		seen[c.Addr] = true
	}
	return len(seen)
}

func (w *writer) numberChange(c *NumberChange) {
	head := fmt.Sprintf("%s %s %s", signs[c.Op][0], c.Op, c.Addr)
	if c.Source != nil {
		head += " (" + place(c.Source) + ")"
	}
	w.paint(signs[c.Op][1], head)
	if w.verbose {
		w.line("    %s %s to %s", thousands(c.Numbers.Len()), plural(c.Numbers.Len(), "number"), c.Where)
		for _, r := range c.Numbers {
			w.line("      %s", r)
		}
	} else {
		w.line("    %s to %s", countedNumbers(c.Numbers), c.Where)
	}
	w.line("    %s", c.Reason)
	if len(c.Needs) > 0 {
		needs := make([]string, len(c.Needs))
		for i, n := range c.Needs {
			needs[i] = n.String()
		}
		slices.Sort(needs)
		w.line("    after %s", strings.Join(needs, ", "))
	}
}

// unmanaged says what stays as it is.
func (w *writer) unmanaged(list []Unmanageds) {
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

// numbersJSON are phone numbers in the JSON of a plan.
type numbersJSON struct {
	Changes   []numberJSON     `json:"changes"`
	Waiting   []numberJSON     `json:"waiting"`
	Observed  []numberJSON     `json:"observed"`
	Unmanaged []unmanagedsJSON `json:"unmanaged"`
	Counts    numbers.Counts   `json:"counts"`
}

type numberJSON struct {
	Op      Op               `json:"op"`
	Address string           `json:"address"`
	Target  resource.Target  `json:"target"`
	Count   int              `json:"count"`
	Numbers resource.Numbers `json:"numbers"`
	Reason  string           `json:"reason"`
	From    string           `json:"from,omitempty"`
	Ticket  string           `json:"ticket,omitempty"`
	Needs   []string         `json:"needs"`
	Calls   int              `json:"calls"`
	Drift   bool             `json:"drift"`
	Source  string           `json:"source"`
}

type unmanagedsJSON struct {
	Connection string           `json:"connection"`
	Count      int              `json:"count"`
	Numbers    resource.Numbers `json:"numbers"`
}

func numbersToJSON(n *NumberPlan) numbersJSON {
	out := numbersJSON{
		Changes: numberList(n.Changes), Waiting: numberList(n.Waiting), Observed: numberList(n.Observed),
		Unmanaged: []unmanagedsJSON{}, Counts: n.Counts,
	}
	for _, u := range n.Unmanaged {
		out.Unmanaged = append(out.Unmanaged, unmanagedsJSON{u.Connection, u.Numbers.Len(), u.Numbers})
	}
	return out
}

func numberList(changes []NumberChange) []numberJSON {
	out := []numberJSON{}
	for _, c := range changes {
		j := numberJSON{
			Op: c.Op, Address: c.Addr.String(), Target: c.Target, Count: c.Numbers.Len(), Numbers: c.Numbers, Reason: c.Reason,
			From: c.From, Ticket: c.Ticket, Needs: []string{}, Calls: c.Calls, Drift: c.Drift, Source: place(c.Source),
		}
		for _, a := range c.Needs {
			j.Needs = append(j.Needs, a.String())
		}
		out = append(out, j)
	}
	return out
}

// shownRanges is how many ranges of numbers a line names.
const shownRanges = 3

// countedNumbers counts numbers and names them, or the first.
func countedNumbers(s resource.Numbers) string {
	word := "numbers"
	if s.Len() == 1 {
		word = "number"
	}
	return fmt.Sprintf("%s %s (%s)", thousands(s.Len()), word, rangesText(s, shownRanges))
}

func rangesText(s resource.Numbers, most int) string {
	more := ""
	if rest := len(s) - most; most > 0 && rest > 0 {
		s = s[:most]
		more = fmt.Sprintf(" and %s more %s", thousands(rest), plural(rest, "range"))
	}
	return strings.Join(s.Texts(), ", ") + more
}

// thousands writes a count with commas.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
