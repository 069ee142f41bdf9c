package render

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"
)

// largePlan uploads phone numbers of 100 groups that form no ranges, deletes recordings of 5 policies, and has so many
// deletes of objects withheld.
func largePlan(numbers, recordings, objects int) plan.Plan {
	const groups, policies = 100, 5
	p := plan.Plan{Owned: map[string]int{"media": objects}, Counts: plan.Counts{Todo: numbers}}
	for g := range groups {
		var ranges []resource.Range
		for i := g; i < numbers; i += groups {
			n := 15_120_000_000 + resource.Number(2*i)
			ranges = append(ranges, resource.Range{From: n, To: n})
		}
		p.Changes = append(p.Changes, plan.Change{
			Op: plan.Upload, Addr: resource.Addr{Kind: "phone_numbers", Name: fmt.Sprintf("group-%03d", g)}, Items: resource.NumbersOf(ranges...),
			Source: &resource.Position{File: "numbers.yaml", Line: g + 1, Col: 3}, Reasons: []plan.Reason{{Code: "not_on_teams"}}, Cost: 1,
			To: &plan.Place{Target: resource.Target{Connection: aConnection, Location: "l-1"}, Name: "contoso", Full: []string{"Floor 14", "Contoso"}},
		})
	}
	for i := range policies {
		items := retention.Items{Of: "recording"}
		for j := i; j < recordings; j += policies {
			created := time.Unix(1_700_000_000+int64(j)*60, 0).UTC()
			items.List = append(items.List, retention.Item{ID: fmt.Sprintf("%08x-9c64-4e1b-8d51-%012x", j, j), Created: created, From: "+1512555****", To: "+1512555****"})
		}
		p.Changes = append(p.Changes, plan.Change{
			Op: plan.Delete, Addr: resource.Addr{Kind: "recording_retention", Name: fmt.Sprintf("policy-%d", i)}, Items: items, Cost: items.Len(),
			Reasons: []plan.Reason{{Code: retention.IsDue, Args: retentionExamples[retention.IsDue]}}, Blast: []plan.Blast{{Class: plan.Recordings, Count: items.Len()}},
		})
	}
	for i := range objects {
		kind := []string{"media", "siprec_connectors"}[i%2] // other plans have them in the order of references, so mixed
		p.Withheld = append(p.Withheld, plan.Withheld{
			Change: plan.Change{
				Op: plan.Delete, Addr: resource.Addr{Kind: kind, Name: fmt.Sprintf("m-%03d", i)}, ID: fmt.Sprintf("m-%03d", i), Cost: 1,
				Reasons: []plan.Reason{{Code: "not_written"}}, Blast: []plan.Blast{{Class: plan.Deletes, Count: 1}}, Live: resource.Object{"media_name": fmt.Sprintf("m-%03d", i)},
			},
			Guards: []plan.Reason{{Code: "over_limit", Args: guardExamples["over_limit"]}},
		})
	}
	return p
}

// A plan of very many items is a page for people, fits into a comment, and is JSON that grows with the items alone.
func TestLargePlans(t *testing.T) {
	const numbers, recordings, objects = 100_000, 10_000, 100
	const items = numbers + recordings + objects
	w, p := all(), largePlan(numbers, recordings, objects)
	text := w.Text(&p, TextOptions{})
	lines, longest := strings.Count(text, "\n"), 0
	for line := range strings.Lines(text) {
		longest = max(longest, len(line))
	}
	if lines > 45 || longest > 400 {
		t.Errorf("%d lines, the longest of %d bytes:\n%.5000s", lines, longest, text)
	}
	for _, want := range []string{"100,000 numbers of 100 groups", "10,000 recordings of 5 entries", "delete 50 media", "delete 50 siprec_connectors"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	comment := w.Markdown(&p)
	if len(comment) >= 65_536 {
		t.Errorf("a comment of %d bytes", len(comment))
	}
	once := len(w.JSON(&p, nil))
	double := largePlan(2*numbers, 2*recordings, 2*objects)
	twice := len(w.JSON(&double, nil))
	if once > 400*items {
		t.Errorf("%d bytes of JSON an item", once/items)
	}
	if twice*10 > once*21 {
		t.Errorf("%d bytes of JSON, and %d of twice the items", once, twice)
	}
	allocs := testing.AllocsPerRun(1, func() { w.JSON(&p, nil) }) / items
	if allocs > 3 {
		t.Errorf("%.1f allocations an item", allocs)
	}
	t.Logf("text: %d lines, the longest of %d bytes; Markdown: %d bytes; JSON: %d bytes, %d an item, %d of twice the items; %.2f allocations an item",
		lines, longest, len(comment), once, once/items, twice, allocs)
}

// Of many objects those that are taken down show in full, and the others in a line for each operation and kind.
func TestLargePlansWithObjects(t *testing.T) {
	w, p := all(), largePlan(100_000, 10_000, 0)
	for i := range 100 {
		p.Changes = append(p.Changes, plan.Change{
			Op: plan.Update, Addr: resource.Addr{Kind: "media", Name: fmt.Sprintf("m-%03d", i)}, Reasons: []plan.Reason{{Code: plan.YAMLChanged}},
			Deltas: []plan.Delta{{Path: "/ttl", Old: "1d", New: "2d", Origin: plan.FromConfig}},
		})
	}
	down := plan.Change{
		Op: plan.Update, Addr: resource.Addr{Kind: "external_connections", Name: "zoom"}, Reasons: []plan.Reason{{Code: plan.YAMLChanged}},
		Deltas: []plan.Delta{{Path: "/active", Old: true, New: false, Origin: plan.FromConfig}}, Blast: []plan.Blast{{Class: plan.Deletes, Count: 1}},
	}
	p.Changes = append(p.Changes, down)
	text := w.Text(&p, TextOptions{})
	if lines := strings.Count(text, "\n"); lines > 45 {
		t.Errorf("%d lines:\n%s", lines, text)
	}
	for _, want := range []string{"~ update 100 media: media/{m-000, m-001, m-002} and 97 more\n", "~ update external_connections/zoom\n    the YAML changed\n    ~ /active: true → false (config)\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if comment := w.Markdown(&p); len(comment) >= 65_536 || !strings.Contains(comment, "m-099") {
		t.Errorf("a comment of %d bytes, without all objects", len(comment))
	}
	if verbose := w.Text(&p, TextOptions{Verbose: true}); strings.Count(verbose, "\n") < 110_000 {
		t.Error("--verbose does not show all items")
	}
	if a, b := w.JSON(&p, nil), w.JSON(&p, nil); !bytes.Equal(a, b) {
		t.Error("another time it is another text")
	}
}
