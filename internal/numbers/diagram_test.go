package numbers_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/numbers"
)

// The diagram in ARCHITECTURE.md is the table in the code, arrow for arrow.
func TestDiagram(t *testing.T) {
	var want []string
	for _, from := range slices.Sorted(maps.Keys(numbers.Machine)) {
		arrows := map[numbers.State][]string{}
		for e, to := range numbers.Machine[from] {
			arrows[to] = append(arrows[to], string(e))
		}
		for _, to := range slices.Sorted(maps.Keys(arrows)) {
			slices.Sort(arrows[to])
			want = append(want, fmt.Sprintf("    %s --> %s: %s", from, to, strings.Join(arrows[to], ", ")))
		}
	}
	text, err := os.ReadFile("../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, " --> ") {
			got = append(got, strings.TrimSuffix(line, "\n"))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("ARCHITECTURE.md has\n%s\nthe table is\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
