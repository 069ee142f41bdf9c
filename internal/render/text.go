package render

import (
	"fmt"
	"slices"
	"strings"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// TextOptions say how a plan is written for a person.
type TextOptions struct {
	Color   bool
	Verbose bool // all items of sets, all changes of them, all that holds keep, and every repetition of a reason
}

// Text renders a plan for a terminal: what is to be done, what is kept from being done, what is
// wrong, and a last line that sums it up. All that came from a file or from Telnyx is escaped.
func (ws *Words) Text(p *plan.Plan, o TextOptions) string {
	w := &writer{words: ws, color: o.Color, verbose: o.Verbose}
	objects, sets := apart(p.Changes)
	w.objects(objects)
	w.sets(sets, p)
	w.heading("On the way, nothing to be done:", len(p.Waiting))
	w.sets(refs(p.Waiting), nil)
	w.heading("Observed only (observe: true), nothing is changed:", len(p.Observed))
	objects, sets = apart(p.Observed)
	w.objects(objects)
	w.sets(sets, nil)
	w.heading("Withheld by a guard:", len(p.Withheld))
	w.withheld(p.Withheld, p.Sets)
	w.kept(p.Kept)
	w.heading("No longer managed from the next apply on (not a change):", len(p.Unmanaged))
	for _, u := range p.Unmanaged {
		w.line("  %s: %s", u.Addr, unmanagedText(&u))
	}
	w.heading("Orphans, owned and no longer written:", len(p.Orphans))
	for _, q := range p.Orphans {
		w.line("  %s (%s): %s", q.Addr, q.ID, ws.Of(q.Reason))
	}
	w.heading("Not compared, as it cannot be told here:", len(p.NotCompared))
	for _, n := range p.NotCompared {
		w.line("  %s: %s: %s", n.Addr, n.Path, ws.Of(n.Reason))
	}
	w.heading("Foreign, not ours and never touched:", len(p.Foreign))
	for _, f := range p.Foreign {
		w.line("  %s %s (%s)", f.Kind, f.ID, f.Label)
	}
	w.heading("Problems:", len(p.Problems))
	w.problems(p.Problems)
	w.loose(p.Loose)
	for _, n := range p.Notes {
		w.line("Note: %s.", noted(ws, &n))
	}
	w.line("%s", Summary(p))
	return w.b.String()
}

// apart tells changes of objects from those of sets.
func apart(changes []plan.Change) (objects, sets []*plan.Change) {
	for i := range changes {
		if c := &changes[i]; c.Items == nil {
			objects = append(objects, c)
		} else {
			sets = append(sets, c)
		}
	}
	return objects, sets
}

func refs(changes []plan.Change) (out []*plan.Change) {
	for i := range changes {
		out = append(out, &changes[i])
	}
	return out
}

// unmanagedText is what of an entry is no longer managed.
func unmanagedText(u *plan.Unmanaged) string {
	if u.Items != nil {
		return countedItems(u.Items)
	}
	return strings.Join(u.Paths, ", ")
}

// noted is a note, with what it is about where that is one thing.
func noted(ws *Words, n *plan.Note) string {
	text := ws.Of(n.Reason)
	if n.Addr == (resource.Addr{}) {
		return text
	}
	return plan.Subject(n.Addr) + in2(place(n.Source)) + ": " + text
}

func in2(where string) string {
	if where == "" {
		return ""
	}
	return " (" + where + ")"
}

// Problem is a problem in words, with what it is about where that is only part of its entry, and the remedy that the
// error knows from which it came.
func (ws *Words) Problem(q *plan.Problem) string {
	text := ws.Of(q.Reason)
	if remedy := ws.remedy(q.Err); remedy != "" {
		text += "; " + remedy
	}
	if q.Items != nil {
		return countedItems(q.Items) + ": " + text
	}
	return text
}

// Summary is the plan in one sentence.
func Summary(p *plan.Plan) string {
	var parts []string
	counts := Counts(p)
	for _, op := range plan.ObjectOps() {
		if n := counts[string(op)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n, verb(op)))
		}
	}
	for _, s := range itemCounts(p.Changes) {
		parts = append(parts, fmt.Sprintf("%s %s to %s", thousands(s.n), plural(s.n, s.unit), verb(s.op)))
	}
	if len(parts) == 0 {
		parts = append(parts, "nothing to do")
	}
	out := "Plan: " + strings.Join(parts, ", ")
	for _, more := range []struct {
		n    int
		word string
	}{
		{p.Unchanged, "unchanged"},
		{len(p.Observed), "observed"},
		{len(p.Withheld), "withheld"},
		{len(p.Orphans), plural(len(p.Orphans), "orphan")},
		{len(p.NotCompared), "not compared"},
		{len(p.Problems), plural(len(p.Problems), "problem")},
	} {
		if more.n > 0 {
			out += fmt.Sprintf("; %d %s", more.n, more.word)
		}
	}
	for _, more := range []struct {
		n    int
		word string
	}{{countOf(p.Waiting, plan.Wait), "on the way"}, {p.Counts.Parked, "parked"}} {
		if more.n > 0 {
			out += fmt.Sprintf("; %s %s %s", thousands(more.n), plural(more.n, "number"), more.word)
		}
	}
	return out + "."
}

// The colours, as SGR parameters.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

// signs are the mark and the colour of each operation.
var signs = map[plan.Op][2]string{
	plan.Create: {"+", green}, plan.Update: {"~", yellow}, plan.Renew: {"↻", yellow}, plan.Replace: {"±", red}, plan.Rename: {"→", cyan},
	plan.Adopt: {"=", cyan}, plan.Overwrite: {"≈", yellow}, plan.Delete: {"-", red}, plan.Forget: {"·", cyan},
	plan.Assign: {"⇢", green}, plan.Upload: {"↑", green}, plan.Relocate: {"→", yellow}, plan.Retry: {"↻", yellow}, plan.Wait: {"…", cyan},
	plan.Dismiss: {"×", yellow}, plan.Refresh: {"↻", cyan},
}

// verb is an operation in words.
func verb(op plan.Op) string { return strings.ReplaceAll(string(op), "_", " ") }

type writer struct {
	words   *Words
	b       strings.Builder
	color   bool
	verbose bool
}

func (w *writer) line(format string, args ...any) {
	w.b.WriteString(oneLine(fmt.Sprintf(format, args...)))
	w.b.WriteByte('\n')
}

func (w *writer) paint(color, text string) {
	text = oneLine(text)
	if w.color {
		text = "\x1b[" + color + "m" + text + "\x1b[0m"
	}
	w.b.WriteString(text)
	w.b.WriteByte('\n')
}

func (w *writer) heading(text string, n int) {
	if n > 0 {
		w.line("%s", text)
	}
}

func (w *writer) changes(list []*plan.Change) {
	for _, c := range list {
		w.change(c, nil)
	}
}

// change is one change in full, with the guards that withhold it.
func (w *writer) change(c *plan.Change, guards []plan.Reason) {
	w.head(c)
	for _, g := range guards {
		w.paint(red, "    withheld: "+w.words.Of(g))
	}
	w.body(c)
}

func (w *writer) head(c *plan.Change) {
	sign := signs[c.Op]
	head := fmt.Sprintf("%s %s %s", sign[0], verb(c.Op), c.Addr)
	if c.ID != "" && c.ID != c.Addr.Name {
		head += " [" + c.ID + "]"
	}
	w.paint(sign[1], head+in2(place(c.Source)))
}

func (w *writer) body(c *plan.Change) {
	w.items(c)
	w.line("    %s", w.words.All(c.Reasons))
	for i := range c.Deltas {
		d := &c.Deltas[i]
		if c.Op == plan.Create {
			w.line("    + %s: %s", d.Path, show(d.New))
			continue
		}
		w.line("    ~ %s: %s", d.Path, change(d))
	}
	w.lost("    - ", "", c.Live)
	if len(c.Needs) > 0 {
		w.line("    after %s", needs(c))
	}
}

// needs are the changes that one comes after.
func needs(c *plan.Change) string {
	out := make([]string, len(c.Needs))
	for i, n := range c.Needs {
		out[i] = n.String()
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// lost shows the live values of what is deleted.
func (w *writer) lost(before, path string, o resource.Object) {
	for _, name := range sortedKeys(o) {
		at := path + resource.Pointer(name)
		if below, ok := o[name].(map[string]any); ok {
			w.lost(before, at, below)
			continue
		}
		w.line("%s%s: %s", before, at, show(o[name]))
	}
}

func secret(v any) bool {
	_, is := v.(resource.Secret)
	return is
}

func place(p *resource.Position) string {
	if p == nil {
		return ""
	}
	text := p.String()
	return text[:strings.LastIndexByte(text, ':')]
}
