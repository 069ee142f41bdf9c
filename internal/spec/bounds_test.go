package spec_test

import (
	"fmt"
	"strings"
	"testing"

	"telnyxsync/internal/spec"
)

func loadText(t *testing.T, text string) []string {
	t.Helper()
	t.Chdir(t.TempDir())
	write(t, "a.yaml", text)
	_, got := load(t, realKinds(), "a.yaml")
	return got
}

func TestNodes(t *testing.T) {
	// The document's mapping, the section, its mapping; per entry two, and four for its fields.
	entries := (spec.MaxNodes - 3) / 6
	var b strings.Builder
	b.WriteString("siprec_connectors:\n")
	for i := range entries {
		fmt.Fprintf(&b, "  e%d: {host: a.example.com, port: 1}\n", i)
	}
	wantErrors(t, loadText(t, b.String()))
	b.WriteString("  last: {host: a.example.com, port: 1}\n")
	wantErrors(t, loadText(t, b.String()),
		fmt.Sprintf("a.yaml:%d:37: the file has more than 200000 YAML nodes: split it", entries+2))
}

func TestDepth(t *testing.T) {
	nested := func(n int) string { return "x: " + strings.Repeat("[", n) + strings.Repeat("]", n) }
	got := loadText(t, nested(spec.MaxDepth-1))
	wantErrors(t, got, "a.yaml:1:1: x: unknown section; known are custom_storage_credentials, dialogflow_connections, external_connections, locations, log_message_rules, media, phone_numbers, recording_retention, siprec_connectors, transcription_retention")
	wantErrors(t, loadText(t, nested(spec.MaxDepth)), "a.yaml:1:35: nested deeper than 32 levels: flatten it")
	for name, text := range map[string]string{
		"lists":    strings.Repeat("[", 1<<20),
		"mappings": strings.Repeat("{a: ", 1<<20),
		"block":    strings.Repeat("- ", 1<<20),
		"keys":     strings.Repeat("? ", 1<<20),
	} {
		if got := loadText(t, text); len(got) != 1 {
			t.Errorf("%s: got %d errors: %.200q", name, len(got), got)
		}
	}
}

// TestAliasBomb: nine lines that would be a thousand million nodes are refused without expanding them.
func TestAliasBomb(t *testing.T) {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 9 {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 10), ", "))
	}
	got := loadText(t, b.String())
	if len(got) != 90 || got[0] != "a.yaml:2:10: aliases (*) are not supported: write the value out, or put it in quotes if it begins so" {
		t.Errorf("got %d errors: %.300q", len(got), got)
	}
}

// TestManyErrors: a large configuration that is wrong all over is answered in a bearable time.
func TestManyErrors(t *testing.T) {
	var b strings.Builder
	b.WriteString("routes:\n")
	const n = 19_000
	for i := range n {
		fmt.Fprintf(&b, "  route-%d: {trunk: trunk-%d, prefix: \"1\", prefx: 1}\n", i, i)
	}
	b.WriteString("trunks:\n")
	for i := range n / 2 {
		fmt.Fprintf(&b, "  drunk-%d: {host: h%d.example.com}\n", i, i)
	}
	t.Chdir(t.TempDir())
	write(t, "a.yaml", b.String())
	if _, got := load(t, toys(), "a.yaml"); len(got) != 2*n {
		t.Errorf("got %d errors", len(got))
	}
}
