package render_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

// skeleton is a comment without what stands in code, by the rules of Markdown for where code begins
// and ends. It fails where a span is not closed, or a row of a table has not the cells of its table.
func skeleton(t interface{ Fatalf(string, ...any) }, text string) string {
	var b strings.Builder
	fence := regexp.MustCompile("^ {0,3}```+ *$")
	runs := regexp.MustCompile("`+")
	block := false
	for _, line := range strings.Split(text, "\n") {
		if block {
			if block = !fence.MatchString(line); block {
				line = "(code)"
			}
		} else if line == "```diff" {
			block = true
		} else {
			if bars := strings.Count(line, "|"); bars != 0 && bars != 5 {
				t.Fatalf("a row with %d bars: %q", bars, line)
			}
			out := ""
			for {
				open := runs.FindStringIndex(line)
				if open == nil {
					break
				}
				mark, rest, end := line[open[0]:open[1]], line[open[1]:], -1
				for _, at := range runs.FindAllStringIndex(rest, -1) {
					if rest[at[0]:at[1]] == mark {
						end = at[1]
						break
					}
				}
				if end < 0 {
					t.Fatalf("a span is not closed: %q", line)
				}
				out, line = out+line[:open[0]]+"(code)", rest[end:]
			}
			line = out + line
		}
		b.WriteString(line + "\n")
	}
	if block {
		t.Fatalf("a block is not closed")
	}
	return b.String()
}

// aPlan has some of everything, with texts that s gives.
func aPlan(op plan.Op, s func() string) plan.Plan {
	a := resource.Addr{Kind: s(), Name: s()}
	c := plan.Change{
		Op: op, Addr: a, ID: s(), Reasons: said(s()), Needs: []resource.Addr{a}, Blast: []plan.Blast{{Class: plan.Deletes, Count: 1}},
		Source: &resource.Position{File: s(), Line: 1, Col: 2},
		Deltas: []plan.Delta{{Path: s(), Old: s(), New: []any{s()}, Origin: plan.Unknown}, {Path: s(), New: map[string]any{s(): s()}, Origin: plan.FromConfig}},
	}
	return plan.Plan{
		Changes: []plan.Change{c}, Observed: []plan.Change{c}, Withheld: []plan.Withheld{{Change: c, Guards: said(s())}},
		Orphans: []plan.Orphan{{Addr: a, ID: s(), Reason: resource.Said(s())}}, Problems: []plan.Problem{{Addr: a, Source: c.Source, Reason: resource.Said(s())}},
		Unmanaged: []plan.Unmanaged{{Addr: a, Paths: []string{s()}}}, Foreign: []plan.Foreign{{Kind: s(), ID: s(), Label: s()}},
		NotCompared: []plan.NotCompared{{Addr: a, Path: s(), Reason: resource.Said(s())}}, Notes: []plan.Note{{Reason: resource.Said(s())}},
	}
}

// Whatever stands in files and on Telnyx: outside of code a comment is the same as with harmless texts.
func TestLawOfMarkdown(t *testing.T) {
	parts := rapid.SampledFrom([]string{
		"`", "``", "```", "\n", "\n\n", "\r\n", "|", `\|`, `\`, "<details>", "</details>", "</summary>", "<!--", "<script>", "&lt;", "&#96;", "*", "_", "~~", "[a](b)",
		"![", "](", "#1", "# ", "- ", "> ", "@somebody", "https://h.example.com", "www.example.com", "a@h.example.com", ":smile:", "$", "/close", "    ", " ", "\t",
		"\u202e", "\u2028", "\x00", "\x1b[2J", "\xff", "ü", "日本", "```diff", "|---|", strings.Repeat("long", 300), strings.Repeat("`", 90),
	})
	hostile := rapid.OneOf(rapid.Map(rapid.SliceOfN(parts, 1, 6), func(s []string) string { return strings.Join(s, "") }), rapid.StringN(1, -1, -1))
	more := regexp.MustCompile(` \(and \d+ bytes more\)`)
	rapid.Check(t, func(t *rapid.T) {
		op := rapid.SampledFrom(plan.Ops()).Draw(t, "op")
		harmless := aPlan(op, func() string { return "x" })
		p := aPlan(op, func() string { return hostile.Draw(t, "text") })
		got := words.Markdown(&p)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
			t.Fatalf("it holds control characters: %q", got)
		}
		if want, got := skeleton(t, words.Markdown(&harmless)), more.ReplaceAllString(skeleton(t, got), ""); got != want {
			t.Fatalf("outside of code there is\n%s\nwant\n%s", got, want)
		}
		if strings.Contains("\n"+got, "\n/") {
			t.Fatalf("a line is a command to GitLab: %q", got)
		}
	})
}

// account counts, below each heading, what is shown and what is said to be left out, and holds it
// against the number in the heading.
func account(t interface{ Fatalf(string, ...any) }, text string) {
	number := regexp.MustCompile(`(\d+) [a-z]`)
	title, want, got, full, hasFull := "", 0, 0, 0, false
	check := func() {
		if got != want || hasFull && full != want {
			t.Fatalf("%s: %d are accounted for, %d in full", title, got, full)
		}
	}
	block := false
	for _, line := range strings.Split(text, "\n") {
		rest, left := strings.CutPrefix(line, "Left out ")
		switch {
		case line == "```":
			block = false
		case block:
			if !strings.HasPrefix(line[1:], "   ") { // the head of a change; what follows is further in
				full++
			}
		case line == "```diff":
			block, hasFull = true, true
		case strings.HasPrefix(line, "### "):
			check()
			title, got, full, hasFull = line, 0, 0, false
			want, _ = strconv.Atoi(line[strings.LastIndex(line, " ")+1:])
		case left:
			_, rest, _ = strings.Cut(rest, ": ")
			rest, _, _ = strings.Cut(rest, " (")
			for _, n := range number.FindAllStringSubmatch(rest, -1) {
				n, _ := strconv.Atoi(n[1])
				if strings.HasPrefix(line, "Left out in full") {
					full, hasFull = full+n, true
				} else {
					got += n
				}
			}
		case strings.HasPrefix(line, "- "), strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| Change"):
			got++
		}
	}
	check()
}

// bigPlan has this many of each.
func bigPlan(kinds, withheld, deletes, problems, updates, orphans, foreign int, value string) (p plan.Plan) {
	change := func(op plan.Op, i int) plan.Change {
		return plan.Change{
			Op: op, Addr: addr(fmt.Sprintf("kind%03d/entry-%d", i%kinds, i)), ID: strconv.Itoa(i), Reasons: said("the YAML changed"),
			Source: &resource.Position{File: "configs/a.yaml", Line: i, Col: 3},
			Deltas: []plan.Delta{{Path: "/tags", Old: value, New: "b", Origin: plan.FromConfig}},
		}
	}
	for i := range updates {
		p.Changes = append(p.Changes, change(plan.Ops()[i%3], i)) // create, update, renew
	}
	for i := range deletes {
		p.Changes = append(p.Changes, change(plan.Delete, i))
	}
	for i := range withheld {
		p.Withheld = append(p.Withheld, plan.Withheld{Change: change(plan.Delete, i), Guards: said("more than may be deleted at once")})
	}
	for i := range problems {
		p.Problems = append(p.Problems, plan.Problem{Addr: addr(fmt.Sprintf("trunks/%d", i)), Reason: resource.Said("it cannot be made: " + value)})
	}
	for i := range orphans {
		p.Orphans = append(p.Orphans, plan.Orphan{Addr: addr(fmt.Sprintf("trunks/%d", i)), ID: "1", Reason: resource.Said("it is deleted only with --prune")})
	}
	for i := range foreign {
		p.Foreign = append(p.Foreign, plan.Foreign{Kind: "trunks", ID: strconv.Itoa(i), Label: value})
	}
	return p
}

// However long a plan is, its comment is taken: whole in form, all of it accounted for, the totals and
// what is dangerous first.
func TestLawOfLongMarkdown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		many := rapid.SampledFrom([]int{0, 0, 1, 9, 11, 100, 600})
		n := func(what string) int { return many.Draw(t, what) }
		value := strings.Repeat("|", rapid.SampledFrom([]int{1, 50, 1000, 5000}).Draw(t, "size"))
		if len(value) > 100 {
			many = rapid.SampledFrom([]int{0, 1, 9, 50}) // of those few are enough
		}
		p := bigPlan(rapid.SampledFrom([]int{1, 5, 200}).Draw(t, "kinds"), n("withheld"), n("deletes"), n("problems"), n("updates"), n("orphans"), n("foreign"), value)
		checkLong(t, &p)
	})
}

func checkLong(t interface{ Fatalf(string, ...any) }, p *plan.Plan) string {
	got := words.Markdown(p)
	if len(got) > render.MarkdownMax {
		t.Fatalf("%d bytes", len(got))
	}
	if again := words.Markdown(p); again != got {
		t.Fatalf("another time it is another text")
	}
	if !strings.HasPrefix(got, "**"+render.Summary(p)+"**\n") {
		t.Fatalf("the totals are not first: %.200s", got)
	}
	bare := skeleton(t, got)
	for _, tag := range []string{"details", "summary"} {
		if open, closed := strings.Count(bare, "<"+tag+">"), strings.Count(bare, "</"+tag+">"); open != closed {
			t.Fatalf("%d <%s>, %d </%s>", open, tag, closed, tag)
		}
	}
	if i, j := strings.Index(bare, "| Change |"), max(strings.Index(bare, "### To delete"), strings.Index(bare, "### Problems")); i >= 0 && i < j {
		t.Fatalf("a table comes before what is dangerous")
	}
	account(t, got)
	return bare
}

// What is in full gives way first, then the tables, and of what is dangerous as much stays as fits.
func TestMarkdownGivesWay(t *testing.T) {
	for _, test := range []struct {
		name  string
		plan  plan.Plan
		holds []string
		lacks []string
	}{
		{"all fits", bigPlan(2, 3, 3, 3, 30, 20, 20, "v"), []string{"```diff", "<summary>Show</summary>"}, []string{"Left out", "longer than"}},
		{
			"not in full", bigPlan(2, 1, 1, 1, 500, 2, 0, "v"),
			[]string{"longer than a comment", "Left out in full", "```diff"},
			[]string{"Left out of the table", "Left out here"},
		},
		{
			"tables as counts", bigPlan(2, 1, 3000, 15, 30_000, 2, 40_000, "v"),
			[]string{"Left out of the table: 5000 to create, 1500 to delete, 5000 to renew, 5000 to update", "### Problems: 15\n\n- (code)", "### Foreign, not ours and never touched: 40000\n\n"},
			[]string{"| Change |", "```diff"},
		},
		{
			"many kinds", bigPlan(5000, 0, 0, 0, 5000, 0, 0, "v"),
			[]string{"### (code): 1\n", "### Other kinds: 4970\n", "| Change |"},
			[]string{"```diff"},
		},
		{
			"one is too long", bigPlan(1, 0, 0, 0, 2, 0, 0, strings.Repeat("v", 70_000)),
			[]string{"| + create |", "| ~ update |", "```diff", "Left out in full: 1 to update"},
			[]string{"Left out of the table"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := checkLong(t, &test.plan)
			for _, text := range test.holds {
				if !strings.Contains(got, text) {
					t.Errorf("it lacks %q:\n%.3000s", text, got)
				}
			}
			for _, text := range test.lacks {
				if strings.Contains(got, text) {
					t.Errorf("it has %q:\n%.3000s", text, got)
				}
			}
		})
	}
}

func TestMarkdownOfNothing(t *testing.T) {
	if got := words.Markdown(&plan.Plan{Unchanged: 3}); got != "**Plan: nothing to do; 3 unchanged.**\n" {
		t.Errorf("got %q", got)
	}
}

func TestMarkdownKeepsSecrets(t *testing.T) {
	secret := resource.NewSecret("hunter2", "digest-of-it")
	deltas := []plan.Delta{{Path: "/a", New: secret, Origin: plan.FromConfig}, {Path: "/b", Old: resource.Secret{}, New: secret, Origin: plan.FromSecret}}
	p := plan.Plan{Changes: []plan.Change{
		{Op: plan.Create, Addr: addr("boxes/a"), Reasons: said("new"), Deltas: deltas},
		{Op: plan.Update, Addr: addr("boxes/b"), Reasons: said("the YAML changed"), Deltas: deltas, Blast: []plan.Blast{{Class: plan.Deletes, Count: 1}}},
	}}
	got := words.Markdown(&p)
	if strings.Contains(got, "hunter2") || strings.Contains(got, "digest-of-it") {
		t.Errorf("it shows the secret:\n%s", got)
	}
	if n := strings.Count(got, "/b: (secret) changed"); n != 2 {
		t.Errorf("it says %d times that the secret changed, want 2:\n%s", n, got)
	}
}
