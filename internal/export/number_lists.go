package export

import (
	"fmt"
	"strings"

	"telnyxsync/internal/resource"

	"gopkg.in/yaml.v3"
)

const (
	// fileField is the field of a group that names a file of numbers, which lie in a directory of their own.
	fileField = "numbers_file"
	filesDir  = "numbers/"

	// mostInRange is how many numbers may be read back as one range.
	mostInRange = 100_000
	// widest is the longest list of ranges that stands on one line.
	widest = 90
)

// Outsource puts lists of more ranges of phone numbers than most into files of their own.
func Outsource(entries []*Entry, most int) {
	taken := taken{}
	for _, e := range entries {
		if n, ok := e.Object["numbers"].(resource.Numbers); ok && len(n) > most {
			e.file = filesDir + taken.give(slug(e.Name, "numbers")) + ".txt"
		}
	}
}

// outsourced tells whether the numbers of an entry stand in a file of their own. Those of one that is a
// comment are a comment, too.
func (e *Entry) outsourced() bool { return e.file != "" && !e.leave }

// numbersFile is the file of an entry's numbers, one range a line.
func numbersFile(e *Entry, head []string) *File {
	w := newWriter(e.file, head)
	s, _ := e.Object["numbers"].(resource.Numbers)
	w.line(fmt.Sprintf("# %s: %s", comment(e.String()), counted(s.Len(), "number")))
	w.line(strings.Join(rangeTexts(s), "\n"))
	w.file.spans = []span{{e, 1, w.lines}}
	return w.file
}

// numberList writes numbers as ranges, on one line or each on its own.
func numberList(s resource.Numbers) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	width := 0
	for _, text := range rangeTexts(s) {
		n.Content = append(n.Content, quoted(text))
		width += len(text) + len(`"", `)
	}
	if width <= widest {
		n.Style = yaml.FlowStyle
	}
	return n
}

// rangeTexts writes numbers as ranges of which none is longer than may be read back.
func rangeTexts(s resource.Numbers) (out []string) {
	for _, r := range s {
		for ; r.To-r.From >= mostInRange; r.From += mostInRange {
			out = append(out, resource.Range{From: r.From, To: r.From + mostInRange - 1}.String())
		}
		out = append(out, r.String())
	}
	return out
}

// tell says at the connection what is not exported of its numbers.
func (g *grouper) tell(c *Connection, assigned, moving resource.Numbers) {
	e := g.connections[c.ID]
	if e == nil {
		return
	}
	for _, left := range []struct {
		set resource.Numbers
		why string
	}{
		{assigned, "assigned to it without a place on Microsoft Teams"},
		{moving, "listed twice, as while moving from one connection to another"},
	} {
		if len(left.set) > 0 {
			e.notes = append(e.notes, fmt.Sprintf("%s %s, and in no group of phone_numbers.", someOf(left.set), left.why))
		}
	}
	if c.NoCivic {
		e.notes = append(e.notes, "Its civic addresses could not be read: of its locations, those are exported that hold numbers or that state knows.")
	}
}

// shownRanges is how many ranges of numbers a comment names.
const shownRanges = 3

// someOf counts numbers, and names the first.
func someOf(s resource.Numbers) string {
	names, verb := strings.Join(s[:min(len(s), shownRanges)].Texts(), ", "), "are"
	if len(s) > shownRanges {
		names += ", …"
	}
	if s.Len() == 1 {
		verb = "is"
	}
	return fmt.Sprintf("%s (%s) %s", counted(s.Len(), "number"), names, verb)
}

// counted counts things.
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
