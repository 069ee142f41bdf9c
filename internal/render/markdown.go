package render

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"telnyxsync/internal/plan"
)

// MarkdownMax is the most bytes that [Words.Markdown] makes. GitHub takes comments of 65,536 characters;
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
func (ws *Words) Markdown(p *plan.Plan) string {
	m := comment{words: ws, open: len(p.Changes)+len(p.Withheld)+len(p.Observed) <= few}
	m.dangers(p)
	m.tables(p)
	m.setTables(p)
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
func totals(p *plan.Plan) string {
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
func (m *comment) dangers(p *plan.Plan) {
	const byGuard, deletes, replaces, downs, problems = "Withheld by a guard", "To delete", "To replace", "Takes calls down", "Problems"
	const moves = "Takes phone numbers from another connection"
	found := map[string][]item{}
	add := func(title string, c *plan.Change, text string) {
		about := []string{c.ID, place(c.Source)}
		if c.Items != nil {
			about = []string{countedItems(c.Items), place(c.Source)}
		}
		line := fmt.Sprintf("- %s %s%s: %s\n", verb(c.Op), code(c.Addr.String()), in(about...), code(text))
		found[title] = append(found[title], item{text: line, what: "to " + verb(c.Op)})
	}
	var withheld []*plan.Change
	for i := range p.Withheld {
		h := &p.Withheld[i]
		withheld = append(withheld, &h.Change)
		add(byGuard, &h.Change, m.words.All(h.Guards))
	}
	for i := range p.Sets {
		found[byGuard] = append(found[byGuard], item{text: "- " + code(m.words.Approve(&p.Sets[i])) + "\n", what: "more"})
	}
	for i := range p.Changes {
		c := &p.Changes[i]
		why := m.words.All(c.Reasons)
		switch {
		case c.Op == plan.Delete:
			add(deletes, c, why)
		case c.Op == plan.Replace:
			add(replaces, c, why)
		case taken(c) > 0:
			add(moves, c, why)
		case c.Class(plan.Deletes) > 0:
			for j := range c.Deltas {
				why += "; " + c.Deltas[j].Path + ": " + change(&c.Deltas[j])
			}
			add(downs, c, why)
		}
	}
	for i := range p.Problems {
		q := &p.Problems[i]
		line := fmt.Sprintf("- %s%s: %s\n", code(plan.Subject(q.Addr)), in("", place(q.Source)), code(m.words.Problem(q)))
		found[problems] = append(found[problems], item{text: line, what: "more"})
	}
	sets := map[string]int{byGuard: len(p.Sets)} // those are no changes
	for _, title := range []string{byGuard, deletes, replaces, downs, moves, problems} {
		m.add(section{rank: rankDanger, title: heading(title, len(found[title])-sets[title]), items: found[title], close: "\n", left: "Left out here: "})
		if title == byGuard {
			m.inFull(withheld)
		}
	}
}

// tables are the changes of each kind, and those that are only observed.
func (m *comment) tables(p *plan.Plan) {
	kinds := map[string][]*plan.Change{}
	objects, _ := apart(p.Changes)
	for _, c := range objects {
		kinds[c.Addr.Kind] = append(kinds[c.Addr.Kind], c)
	}
	var others []*plan.Change
	for i, kind := range sortedKeys(kinds) {
		if i < maxTables {
			m.table(code(kind), kinds[kind])
		} else {
			others = append(others, kinds[kind]...)
		}
	}
	m.table("Other kinds", others)
	observed, _ := apart(p.Observed)
	m.table("Observed only (observe: true), nothing is changed", observed)
}

func (m *comment) table(title string, changes []*plan.Change) {
	s := section{
		rank: rankTable, title: heading(title, len(changes)), left: "Left out of the table: ",
		open: "| Change | Address | Why | Differences |\n|---|---|---|---:|\n", close: "\n",
	}
	for _, c := range changes {
		row := fmt.Sprintf("| %s %s | %s | %s | %d |\n", signs[c.Op][0], verb(c.Op), code(c.Addr.String()), code(m.words.All(c.Reasons)), len(c.Deltas))
		s.items = append(s.items, item{text: row, what: "to " + verb(c.Op)})
	}
	m.add(s)
	m.inFull(changes)
}

// inFull are changes with the values before and after, in a block of code in which GitHub colours what begins a line:
// what is there afterwards (+), what is no longer (-), what becomes of an object (!). Few stand open. Nothing in it ends
// the block: each line begins with one of these or with four spaces, a fence with three backticks.
func (m *comment) inFull(changes []*plan.Change) {
	s := section{
		rank: rankFull, left: "Left out in full: ",
		open: "<details>\n<summary>In full</summary>\n\n```diff\n", close: "```\n\n</details>\n\n",
	}
	if m.open {
		s.open, s.close = "```diff\n", "```\n\n"
	}
	for _, c := range changes {
		s.items = append(s.items, item{text: m.block(c), what: "to " + verb(c.Op)})
	}
	m.add(s)
}

// marks are what GitHub colours an operation by.
var marks = map[plan.Op]string{
	plan.Create: "+", plan.Assign: "+", plan.Upload: "+", plan.Adopt: "+", plan.Delete: "-", plan.Forget: "-", plan.Dismiss: "-",
}

// block is one change for a block of code.
func (m *comment) block(c *plan.Change) string {
	w := writer{words: m.words}
	mark := marks[c.Op]
	if mark == "" {
		mark = "!"
	}
	head := fmt.Sprintf("%s %s %s", mark, verb(c.Op), c.Addr)
	if c.ID != "" && c.ID != c.Addr.Name {
		head += " [" + c.ID + "]"
	}
	w.line("%s%s", head, in2(place(c.Source)))
	if c.Items != nil {
		w.line("    %s%s", countedItems(c.Items), to(c.To))
	}
	w.line("    %s", m.words.All(c.Reasons))
	for i := range c.Deltas {
		d := &c.Deltas[i]
		added, removed := members(d)
		switch {
		case c.Op == plan.Create:
			w.line("+   %s: %s", d.Path, show(d.New))
		case d.Origin == plan.FromSecret, d.Blind, secret(d.New):
			w.line("!   %s: %s", d.Path, change(d))
		case len(added)+len(removed) > 0:
			for _, v := range removed {
				w.line("-   %s: %s", d.Path, show(v))
			}
			for _, v := range added {
				w.line("+   %s: %s (%s)", d.Path, show(v), d.Origin)
			}
		default:
			w.line("-   %s: %s", d.Path, show(d.Old))
			w.line("+   %s: %s (%s)", d.Path, show(d.New), d.Origin)
		}
	}
	w.lost("-   ", "", c.Live)
	if len(c.Needs) > 0 {
		w.line("    after %s", needs(c))
	}
	return w.b.String()
}

// lists are what is no change.
func (m *comment) lists(p *plan.Plan) {
	var unmanaged, orphans, uncompared, foreign, notes []item
	line := func(list *[]item, format string, args ...any) {
		*list = append(*list, item{text: fmt.Sprintf("- "+format+"\n", args...), what: "more"})
	}
	for _, u := range p.Unmanaged {
		line(&unmanaged, "%s: %s", code(u.Addr.String()), code(unmanagedText(&u)))
	}
	for _, o := range p.Orphans {
		line(&orphans, "%s%s: %s", code(o.Addr.String()), in(o.ID, ""), code(m.words.Of(o.Reason)))
	}
	for _, n := range p.NotCompared {
		line(&uncompared, "%s: %s: %s", code(n.Addr.String()), code(n.Path), code(m.words.Of(n.Reason)))
	}
	for _, f := range p.Foreign {
		line(&foreign, "%s %s%s", code(f.Kind), code(f.ID), in(f.Label, ""))
	}
	for _, n := range p.Notes {
		line(&notes, "%s", code(noted(m.words, &n)))
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
