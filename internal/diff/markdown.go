package diff

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// MarkdownMax is the most bytes that [Markdown] makes. GitHub takes comments of 65,536 characters;
// the rest is for lines that a job wants to add.
const MarkdownMax = 65_000

const (
	maxSpan   = 800 // bytes of a text from outside within a line
	maxTables = 30  // kinds that have a table of their own
	few       = 10  // items of a list that stand open, and that get room before all of another list
)

// Markdown renders a plan as a comment on a pull request: the totals, what is dangerous, a table for
// each kind with everything in full folded away below it, and the rest.
//
// All that came from a file or from Telnyx stands in code, a span or a block: there Markdown has no
// syntax and HTML no tags, and nothing becomes a mention, a reference, a link or an emoji.
//
// Where a plan is longer than a comment, what is in full gives way first, then the lists and the
// tables, and what is dangerous last. Each says what it left out.
func Markdown(p *Plan) string {
	var m comment
	m.dangers(p)
	m.tables(p)
	m.numberTables(p)
	m.lists(p)
	text := totals(p)
	if all := text + m.text(); len(all) <= MarkdownMax {
		text = all
	} else {
		text += "This is longer than a comment may be, and some of it is left out: `telnyxsync diff` shows all.\n\n"
		m.fold(MarkdownMax - len(text))
		text += m.text()
	}
	return strings.TrimRight(text, "\n") + "\n"
}

// totals are the first lines.
func totals(p *Plan) string {
	out := "**" + Summary(p) + "**\n\n"
	var more []string
	for _, c := range []struct {
		n    int
		word string
	}{
		{len(p.Unmanaged), "no longer managed"},
		{len(p.Foreign), "foreign"},
		{len(p.Notes), plural(len(p.Notes), "note")},
	} {
		if c.n > 0 {
			more = append(more, fmt.Sprintf("%d %s", c.n, c.word))
		}
	}
	if len(more) > 0 {
		out += "Also: " + strings.Join(more, ", ") + ".\n\n"
	}
	return out
}

// dangers are what a reader has to see before anything else.
func (m *comment) dangers(p *Plan) {
	const byGuard, deletes, replaces, downs, problems = "Withheld by a guard", "To delete", "To replace", "Takes calls down", "Problems"
	const moves = "Takes phone numbers from another connection"
	found := map[string][]item{}
	add := func(title string, c *Change, text string) {
		line := fmt.Sprintf("- %s %s%s: %s\n", c.Op, code(c.Addr.String()), in(c.ID, place(c.Source)), code(text))
		found[title] = append(found[title], item{text: line, what: "to " + string(c.Op)})
	}
	var withheld []*Change
	for i := range p.Withheld {
		w := &p.Withheld[i]
		withheld = append(withheld, &w.Change)
		add(byGuard, &w.Change, w.Why)
	}
	for i := range p.Changes {
		switch c := &p.Changes[i]; {
		case c.Op == Delete:
			add(deletes, c, c.Reason)
		case c.Op == Replace:
			add(replaces, c, c.Reason)
		case c.Guarded:
			var text strings.Builder
			text.WriteString(c.Reason)
			for _, d := range c.Deltas {
				text.WriteString("; " + d.Path + ": " + d.change())
			}
			add(downs, c, text.String())
		}
	}
	for i := range p.Numbers.Changes {
		if c := &p.Numbers.Changes[i]; c.From != "" {
			line := fmt.Sprintf("- %s%s: %s\n", code(c.Addr.String()), in(countedNumbers(c.Numbers), place(c.Source)), code(c.Reason))
			found[moves] = append(found[moves], item{text: line, what: "to " + string(c.Op)})
		}
	}
	for _, q := range p.Problems {
		line := fmt.Sprintf("- %s%s: %s\n", code(subject(q.Addr)), in("", place(q.Source)), code(q.Text))
		found[problems] = append(found[problems], item{text: line, what: "more"})
	}
	for _, title := range []string{byGuard, deletes, replaces, downs, moves, problems} {
		m.add(section{rank: rankDanger, title: heading(title, len(found[title])), items: found[title], close: "\n", left: "Left out here: "})
		if title == byGuard {
			m.inFull(withheld)
		}
	}
}

// tables are the changes of each kind, and those that are only observed.
func (m *comment) tables(p *Plan) {
	kinds := map[string][]*Change{}
	for i := range p.Changes {
		c := &p.Changes[i]
		kinds[c.Addr.Kind] = append(kinds[c.Addr.Kind], c)
	}
	var others []*Change
	for i, kind := range slices.Sorted(maps.Keys(kinds)) {
		if i < maxTables {
			m.table(code(kind), kinds[kind])
		} else {
			others = append(others, kinds[kind]...)
		}
	}
	m.table("Other kinds", others)
	var observed []*Change
	for i := range p.Observed {
		observed = append(observed, &p.Observed[i])
	}
	m.table("Observed only (observe: true), nothing is changed", observed)
}

func (m *comment) table(title string, changes []*Change) {
	s := section{
		rank: rankTable, title: heading(title, len(changes)), left: "Left out of the table: ",
		open: "| Change | Address | Why | Differences |\n|---|---|---|---:|\n", close: "\n",
	}
	for _, c := range changes {
		row := fmt.Sprintf("| %s %s | %s | %s | %d |\n", signs[c.Op][0], c.Op, code(c.Addr.String()), code(c.Reason), len(c.Deltas))
		s.items = append(s.items, item{text: row, what: "to " + string(c.Op)})
	}
	m.add(s)
	m.inFull(changes)
}

// inFull are changes as the terminal shows them, in a block of code. Nothing in it ends the block: a
// line of a change begins with its sign or with four spaces, a fence with three backticks.
func (m *comment) inFull(changes []*Change) {
	s := section{
		rank: rankFull, left: "Left out in full: ",
		open: "<details>\n<summary>In full</summary>\n\n```diff\n", close: "```\n\n</details>\n\n",
	}
	for _, c := range changes {
		var w writer
		w.change(c, "")
		s.items = append(s.items, item{text: w.b.String(), what: "to " + string(c.Op)})
	}
	m.add(s)
}

// lists are what is no change.
func (m *comment) lists(p *Plan) {
	var unmanaged, orphans, uncompared, foreign, notes []item
	line := func(list *[]item, format string, args ...any) {
		*list = append(*list, item{text: fmt.Sprintf("- "+format+"\n", args...), what: "more"})
	}
	for _, u := range p.Unmanaged {
		line(&unmanaged, "%s: %s", code(u.Addr.String()), code(strings.Join(u.Paths, ", ")))
	}
	for _, o := range p.Orphans {
		line(&orphans, "%s%s: %s", code(o.Addr.String()), in(o.ID, ""), code(o.Why))
	}
	for _, n := range p.NotCompared {
		line(&uncompared, "%s: %s: %s", code(n.Addr.String()), code(n.Path), code(n.Why))
	}
	for _, f := range p.Foreign {
		line(&foreign, "%s %s%s", code(f.Kind), code(f.ID), in(f.Label, ""))
	}
	for _, n := range p.Notes {
		line(&notes, "%s", code(n))
	}
	for _, l := range []struct {
		title string
		items []item
	}{
		{"No longer managed from the next apply on (not a change)", unmanaged},
		{"Orphans, owned and no longer written", orphans},
		{"Not compared, as it cannot be told here", uncompared},
		{"Foreign, not ours and never touched", foreign},
		{"Notes", notes},
	} {
		s := section{rank: rankList, title: heading(l.title, len(l.items)), items: l.items, close: "\n", left: "Left out here: "}
		if len(l.items) > few {
			s.open, s.close = "<details>\n<summary>Show</summary>\n\n", "\n</details>\n\n"
		}
		m.add(s)
	}
}

func heading(title string, n int) string { return fmt.Sprintf("### %s: %d\n\n", title, n) }

// in says in brackets what an object's id is and where it is written, as far as is known.
func in(texts ...string) string {
	var known []string
	for _, t := range texts {
		if t != "" {
			known = append(known, code(t))
		}
	}
	if len(known) == 0 {
		return ""
	}
	return " (" + strings.Join(known, ", ") + ")"
}

// code is a text from outside as a span of code. It holds no newline and no bar, which would end a
// row of a table, and no run of backticks as long as those around it, which would end the span.
func code(text string) string {
	if text == "" {
		return "(none)"
	}
	text = strings.ReplaceAll(oneLine(text), "|", `\u007c`)
	if strings.Contains(text, "``") {
		text = strings.ReplaceAll(text, "`", `\u0060`)
	}
	more := ""
	if len(text) > maxSpan {
		end := maxSpan
		for !utf8.RuneStart(text[end]) {
			end--
		}
		text, more = text[:end], fmt.Sprintf(" (and %d bytes more)", len(text)-end)
	}
	if strings.Contains(text, "`") {
		return "`` " + text + " ``" + more
	}
	return "`" + text + "`" + more
}
