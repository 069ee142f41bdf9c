package diff

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"telnyxsync/internal/resource"
)

// TextOptions say how a plan is written for a person.
type TextOptions struct {
	Color   bool
	Verbose bool // all phone numbers, and all groups of them
}

// Text renders a plan for a terminal: what is to be done, what is kept from being done, what is
// wrong, and a last line that sums it up. All that came from a file or from Telnyx is escaped.
func Text(p *Plan, o TextOptions) string {
	w := &writer{color: o.Color, verbose: o.Verbose}
	for i := range p.Changes {
		w.change(&p.Changes[i], "")
	}
	w.numbers(p.Numbers.Changes, p.Numbers.Calls)
	w.heading("On the way, nothing to be done:", len(p.Numbers.Waiting))
	w.numbers(p.Numbers.Waiting, nil)
	w.heading("Observed only (observe: true), nothing is changed:", len(p.Observed)+len(p.Numbers.Observed))
	for i := range p.Observed {
		w.change(&p.Observed[i], "")
	}
	w.numbers(p.Numbers.Observed, nil)
	w.heading("Withheld by a guard:", len(p.Withheld))
	for i := range p.Withheld {
		w.change(&p.Withheld[i].Change, p.Withheld[i].Why)
	}
	w.heading("No longer managed from the next apply on (not a change):", len(p.Unmanaged))
	for _, u := range p.Unmanaged {
		w.line("  %s: %s", u.Addr, strings.Join(u.Paths, ", "))
	}
	w.heading("Orphans, owned and no longer written:", len(p.Orphans))
	for _, q := range p.Orphans {
		w.line("  %s (%s): %s", q.Addr, q.ID, q.Why)
	}
	w.heading("Not compared, as it cannot be told here:", len(p.NotCompared))
	for _, n := range p.NotCompared {
		w.line("  %s: %s: %s", n.Addr, n.Path, n.Why)
	}
	w.heading("Foreign, not ours and never touched:", len(p.Foreign))
	for _, f := range p.Foreign {
		w.line("  %s %s (%s)", f.Kind, f.ID, f.Label)
	}
	w.heading("Problems:", len(p.Problems))
	for _, q := range p.Problems {
		at := ""
		if q.Source != nil {
			at = fmt.Sprintf(" (%s)", place(q.Source))
		}
		w.paint(red, fmt.Sprintf("  ! %s%s", subject(q.Addr), at))
		w.line("      %s", q.Text)
	}
	w.unmanaged(p.Numbers.Unmanaged)
	for _, n := range p.Notes {
		w.line("Note: %s.", n)
	}
	w.line("%s", Summary(p))
	return w.b.String()
}

// Summary is the plan in one sentence.
func Summary(p *Plan) string {
	counts := summary(p)
	var parts []string
	for _, op := range Ops() {
		if n := counts[string(op)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n, op))
		}
	}
	for _, op := range NumberOps() {
		if n := countOf(p.Numbers.Changes, op); n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s to %s", thousands(n), plural(n, "number"), op))
		}
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
		{len(p.Observed) + len(p.Numbers.Observed), "observed"},
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
	}{{countOf(p.Numbers.Waiting, Wait), "on the way"}, {p.Numbers.Counts.Parked, "parked"}} {
		if more.n > 0 {
			out += fmt.Sprintf("; %s %s %s", thousands(more.n), plural(more.n, "number"), more.word)
		}
	}
	return out + "."
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// The colours, as SGR parameters.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

// signs are the mark and the colour of each operation.
var signs = map[Op][2]string{
	Create: {"+", green}, Update: {"~", yellow}, Renew: {"↻", yellow}, Replace: {"±", red}, Rename: {"→", cyan},
	Adopt: {"=", cyan}, Delete: {"-", red}, Forget: {"·", cyan},
	Assign: {"⇢", green}, Upload: {"↑", green}, Relocate: {"→", yellow}, Retry: {"↻", yellow}, Wait: {"…", cyan},
}

type writer struct {
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

func (w *writer) change(c *Change, why string) {
	sign := signs[c.Op]
	head := fmt.Sprintf("%s %s %s", sign[0], c.Op, c.Addr)
	if c.ID != "" && c.ID != c.Addr.Name {
		head += " [" + c.ID + "]"
	}
	if c.Source != nil {
		head += " (" + place(c.Source) + ")"
	}
	w.paint(sign[1], head)
	if why != "" {
		w.paint(red, "    withheld: "+why)
	}
	w.line("    %s", c.Reason)
	for _, d := range c.Deltas {
		if c.Op == Create {
			w.line("    + %s: %s", d.Path, show(d.New))
			continue
		}
		w.line("    ~ %s: %s", d.Path, d.change())
	}
	if len(c.Needs) > 0 {
		needs := make([]string, len(c.Needs))
		for i, n := range c.Needs {
			needs[i] = n.String()
		}
		slices.Sort(needs)
		w.line("    after %s", strings.Join(needs, ", "))
	}
}

// change is what becomes of the value, for the eye.
func (d *Delta) change() string {
	_, secret := d.New.(resource.Secret)
	switch {
	case d.Origin == FromSecret:
		return "(secret) changed"
	case secret:
		return fmt.Sprintf("(secret) changed (%s)", d.Origin)
	}
	old := show(d.Old)
	if d.Blind {
		old = "(cannot be read)"
	}
	return fmt.Sprintf("%s → %s (%s)", old, show(d.New), d.Origin)
}

// show is a value for the eye: JSON without HTML's escapes.
func show(v any) string {
	switch v.(type) {
	case nil:
		return "(none)"
	case resource.Secret:
		return "(secret)"
	}
	return resource.Short(strings.TrimSuffix(string(encode(v, "")), "\n"))
}

// oneLine keeps a text from looking like more lines of the plan than one.
func oneLine(s string) string { return strings.ReplaceAll(Printable(s), "\n", `\u000a`) }

// Printable escapes what a terminal would act upon or hide: control characters, also those above
// ASCII, and marks that reorder text. Newlines stay. Inside JSON the result is the same JSON.
func Printable(s string) string {
	bad := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
	if utf8.ValidString(s) && !strings.ContainsFunc(s, bad) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !bad(r):
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
