package diff_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"telnyxsync/internal/diff"
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
		c := diff.Change{
			Op: rapid.SampledFrom(diff.Ops()).Draw(t, "op"), Addr: a, ID: s("id"), Reason: s("reason"), Needs: []resource.Addr{a},
			Source: &resource.Position{File: s("file"), Line: 1, Col: 2},
			Deltas: []diff.Delta{{Path: s("path"), Old: s("old"), New: []any{s("new")}, Origin: diff.Unknown}},
		}
		p := diff.Plan{
			Changes: []diff.Change{c}, Observed: []diff.Change{c}, Withheld: []diff.Withheld{{Change: c, Why: "w" + s("why")}},
			Orphans: []diff.Orphan{{Addr: a, ID: s("orphan"), Why: s("why")}}, Problems: []diff.Problem{{Addr: a, Source: c.Source, Text: s("problem")}},
			Unmanaged: []diff.Unmanaged{{Addr: a, Paths: []string{s("unmanaged")}}}, Foreign: []diff.Foreign{{Kind: a.Kind, ID: s("foreign"), Label: s("label")}},
			Notes: []string{s("note")},
		}
		out := diff.Text(&p, diff.TextOptions{})
		if !utf8.ValidString(out) || strings.ContainsFunc(out, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
			t.Fatalf("what a terminal acts upon is in the text: %q", out)
		}
		if n := strings.Count(out, "\n"); n != 26 {
			t.Fatalf("%d lines: %q", n, out)
		}
		var doc map[string]any
		if err := json.Unmarshal(diff.JSON(&p, s("result")), &doc); err != nil {
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
		if err := json.Unmarshal([]byte(diff.Printable(b.String())), &back); err != nil || !reflect.DeepEqual(v, back) {
			t.Fatalf("%q became %q: %v", v, back, err)
		}
	})
}

func TestColor(t *testing.T) {
	p := diff.Plan{Changes: []diff.Change{{Op: diff.Delete, Addr: addr("trunks/\x1b[0m"), Reason: "r"}}}
	want := "\x1b[31m- delete trunks/\\u001b[0m\x1b[0m\n    r\nPlan: 1 to delete.\n"
	if got := diff.Text(&p, diff.TextOptions{Color: true}); got != want {
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
		if got := diff.Printable(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
