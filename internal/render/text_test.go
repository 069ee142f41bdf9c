package render_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

// However odd the names and values are, a plan can be shown: a line is a line, and nothing acts upon
// the terminal. The JSON is the same JSON.
func TestLawOfText(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		rapid.SampledFrom([]string{"\x1b[2J", "a\nPlan: nothing to do.", "\u202ehidden", "\x9b31m", "\U000e0001", "\r", "\x7f"}))
	rapid.Check(t, func(t *rapid.T) {
		s := func(what string) string { return text.Draw(t, what) }
		a := resource.Addr{Kind: s("kind"), Name: s("name")}
		c := plan.Change{
			Op: rapid.SampledFrom(plan.Ops()).Draw(t, "op"), Addr: a, ID: s("id"), Reasons: said(s("reason")), Needs: []resource.Addr{a},
			Source: &resource.Position{File: s("file"), Line: 1, Col: 2},
			Deltas: []plan.Delta{{Path: s("path"), Old: s("old"), New: []any{s("new")}, Origin: plan.Unknown}},
		}
		p := plan.Plan{
			Changes: []plan.Change{c}, Observed: []plan.Change{c}, Withheld: []plan.Withheld{{Change: c, Guards: said("w" + s("why"))}},
			Orphans: []plan.Orphan{{Addr: a, ID: s("orphan"), Reason: resource.Said(s("why"))}}, Problems: []plan.Problem{{Addr: a, Source: c.Source, Reason: resource.Said(s("problem"))}},
			Unmanaged: []plan.Unmanaged{{Addr: a, Paths: []string{s("unmanaged")}}}, Foreign: []plan.Foreign{{Kind: a.Kind, ID: s("foreign"), Label: s("label")}},
			Notes: []plan.Note{{Reason: resource.Said(s("note"))}},
		}
		out := words.Text(&p, render.TextOptions{})
		if !utf8.ValidString(out) || strings.ContainsFunc(out, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
			t.Fatalf("what a terminal acts upon is in the text: %q", out)
		}
		if n := strings.Count(out, "\n"); n != 26 {
			t.Fatalf("%d lines: %q", n, out)
		}
		var doc map[string]any
		if err := json.Unmarshal(words.JSON(&p, &plan.Result{Outcomes: []plan.Outcome{{Addr: a, Error: s("result")}}}), &doc); err != nil {
			t.Fatal(err)
		}
	})
}

func TestPrintableKeepsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		v := map[string]any{rapid.String().Draw(t, "key"): rapid.String().Draw(t, "value")}
		if err := e.Encode(v); err != nil {
			t.Fatal(err)
		}
		var back map[string]any
		if err := json.Unmarshal([]byte(render.Printable(b.String())), &back); err != nil || !reflect.DeepEqual(v, back) {
			t.Fatalf("%q became %q: %v", v, back, err)
		}
	})
}

func TestColor(t *testing.T) {
	p := plan.Plan{Changes: []plan.Change{{Op: plan.Delete, Addr: addr("trunks/\x1b[0m"), Reasons: said("r")}}}
	want := "\x1b[31m- delete trunks/\\u001b[0m\x1b[0m\n    r\nPlan: 1 to delete.\n"
	if got := words.Text(&p, render.TextOptions{Color: true}); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain ünïcode →\n":  "plain ünïcode →\n",
		"\x1b[31m\t\r\x00":   `\u001b[31m\u0009\u000d\u0000`,
		"\u202e\u200b\u00a0": `\u202e\u200b\u00a0`,
		"\U000e0001":         `\udb40\udc01`,
		"\x9b31m":            "\ufffd31m",
	} {
		if got := render.Printable(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
