package diff_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/kinds"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
)

// A day on which many numbers are planned.
var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// manyNumbers is a configuration of groups of a thousand numbers, each on a connection of its own. What is
// live depends on the number: fate says it, by its place in the group.
func manyNumbers(groups int, fate func(i int) string) diff.Input {
	const size, place, other = 1000, "18ded4bb-b694-44c1-a89b-a35b7acd4c90", "18ded4bb-b694-44c1-a89b-a35b7acd4c91"
	in := diff.Input{Kinds: kinds.Pure(kinds.Table()), Now: noon, Desired: resource.Config{
		Roots: []resource.Root{{Path: "/c", Sections: map[string]bool{"phone_numbers": true}, Entries: groups}},
	}}
	f := &in.Facts
	f.OnTeams, f.Account = map[string]numbers.Read[[]resource.LiveNumber]{}, map[resource.Number]resource.AccountNumber{}
	f.Civic, f.Uploads = map[string]numbers.Read[[]resource.CivicAddress]{}, map[string]numbers.Read[[]resource.Upload]{}
	for g := range groups {
		c := fmt.Sprint(1000 + g)
		from := resource.Number(15120000000 + g*10*size)
		wanted := resource.NumbersOf(resource.Range{From: from, To: from + size - 1})
		in.Desired.Entries = append(in.Desired.Entries, resource.Entry{
			Addr: resource.Addr{Kind: "phone_numbers", Name: fmt.Sprintf("g%03d", g)}, Root: "/c",
			Object: resource.Object{"connection": resource.Ref{ID: c}, "location_id": place, "usage": "calling_user_assignment", "numbers": wanted},
		})
		var list []resource.LiveNumber
		for n := range wanted.All() {
			id := fmt.Sprint(uint64(n))
			switch fate(int(n - from)) {
			case "placed":
				list = append(list, resource.LiveNumber{Number: n, ID: id, Location: place})
			case "elsewhere":
				list = append(list, resource.LiveNumber{Number: n, ID: id, Location: other})
			case "assigned":
				f.Account[n] = resource.AccountNumber{Number: n, ID: id, Connection: c}
			case "free":
				f.Account[n] = resource.AccountNumber{Number: n, ID: id}
			}
		}
		f.Looked = f.Looked.Plus(wanted)
		f.OnTeams[c] = numbers.Read[[]resource.LiveNumber]{Value: list}
		f.Uploads[c] = numbers.Read[[]resource.Upload]{}
		f.Civic[c] = numbers.Read[[]resource.CivicAddress]{Value: []resource.CivicAddress{{
			ID: "a", Words: "311 Congress Ave, Austin, TX 78701, US", Locations: []resource.Location{{ID: place, Words: "Floor 14"}, {ID: other}},
		}}}
	}
	return in
}

// fates are what the numbers of such a configuration can be, from nothing to do to everything at once.
func fates() map[string]func(i int) string {
	mixed := []string{"placed", "elsewhere", "assigned", "free", "placed", "nowhere"}
	return map[string]func(i int) string{
		"in place": func(int) string { return "placed" },
		"to upload": func(int) string {
			return "assigned"
		},
		"mixed": func(i int) string { return mixed[i%len(mixed)] }, // no two neighbours are alike
	}
}

// BenchmarkPlanOfNumbers plans 100,000 numbers in 100 groups. The limit is that of a dry run: one second on
// the CPU alone, which is 10,000 ns for a number.
func BenchmarkPlanOfNumbers(b *testing.B) {
	const groups, limit = 100, 10_000.0
	for _, name := range []string{"in place", "to upload", "mixed"} {
		b.Run(name, func(b *testing.B) {
			in := manyNumbers(groups, fates()[name])
			b.ReportAllocs()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for b.Loop() {
				p, missing := diff.Compute(in)
				if !missing.Empty() {
					b.Fatalf("it asks for %+v", missing)
				}
				p.Calls = numbers.Calls(p.Changes)
				if words.Text(&p, render.TextOptions{}) == "" {
					b.Fatal("no text")
				}
			}
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N)/(groups*1000), "B/number")
			each := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / (groups * 1000)
			b.ReportMetric(each, "ns/number")
			b.ReportMetric(each/limit, "of-limit")
		})
	}
}

// What a plan allocates for each of its numbers is bounded, however scattered they are. The bounds leave room
// for what belongs to groups, of which there are few here, and for the race detector's own.
func TestPlanOfNumbersAllocates(t *testing.T) {
	const groups = 5
	for name, most := range map[string]float64{"in place": 0.1, "to upload": 0.2, "mixed": 2.5} {
		in := manyNumbers(groups, fates()[name])
		got := testing.AllocsPerRun(5, func() { compute(in) }) / (groups * 1000)
		if got > most {
			t.Errorf("%s: %.3f allocations a number, want %.2f at most", name, got, most)
		}
	}
}

// The plan of 100,000 numbers can be read: it fits on a screen where not all of it was asked for.
func TestPlanOfNumbersFitsOnAScreen(t *testing.T) {
	for _, name := range []string{"in place", "to upload"} {
		p := compute(manyNumbers(100, fates()[name]))
		text := words.Text(&p, render.TextOptions{})
		if lines := strings.Count(text, "\n"); lines > 40 {
			t.Errorf("%s: %d lines:\n%s", name, lines, text)
		}
		for line := range strings.Lines(text) {
			if len(line) > 250 {
				t.Errorf("%s: a line of %d bytes: %s", name, len(line), line)
			}
		}
		if all := words.Text(&p, render.TextOptions{Verbose: true}); name != "in place" && !strings.Contains(all, "phone_numbers/g099") {
			t.Errorf("%s: --verbose leaves groups out", name)
		}
	}
}

// The same input prints the same bytes, whatever the order in which maps are gone through: with numbers in
// every state, on their way, failed in several uploads, and in several groups of one place.
func TestPlanOfNumbersIsTheSameEachTime(t *testing.T) {
	in := manyNumbers(4, fates()["mixed"])
	target := func(i int) resource.Target {
		o := in.Desired.Entries[i].Object
		return resource.Target{Connection: o["connection"].(resource.Ref).ID, Location: o["location_id"].(string), Usage: o["usage"].(string)}
	}
	for i := range 3 {
		wanted := diff.WantedNumbers(in.Desired.Entries[i].Object)
		for n := range wanted.All() {
			switch k := int(n) % 40; {
			case k < 4:
				in.Troubles = append(in.Troubles, resource.Trouble{
					Number: n, Target: target(i), Op: resource.OrderUpload, Reason: resource.Said(fmt.Sprint("reason ", k)), Ticket: fmt.Sprint("t", k%3), Attempts: 1, Next: noon.Add(time.Hour),
				})
			case k < 8:
				in.Troubles = append(in.Troubles, resource.Trouble{Number: n, Target: target(i), Op: resource.OrderUpload, Reason: resource.Said(fmt.Sprint("reason ", k))})
			case k == 8:
				in.Orders = append(in.Orders, resource.Order{ID: n.String(), Op: resource.OrderAssign, Target: target(i), Numbers: resource.Numbers{{From: n, To: n}}, At: noon})
			}
		}
	}
	in.Facts.Connections = map[string]numbers.Read[numbers.Connection]{}
	var first string
	for range 20 {
		p := compute(in)
		essence := plan.EssenceOf(&p)
		text := words.Text(&p, render.TextOptions{Verbose: true}) + words.Markdown(&p) + string(words.JSON(&p, nil)) +
			resource.Text(essence) + resource.Text(p.Remember) + fmt.Sprint(p.Ended)
		for _, c := range p.Calls {
			text += fmt.Sprint(c.Op, c.Changes, *c.Do.(*numbers.Batch))
		}
		if first == "" {
			first = text
		}
		if text != first {
			t.Fatal("it is another one this time")
		}
	}
	if !strings.Contains(first, "parked") || !strings.Contains(first, "is tried again at") {
		t.Errorf("not all states are in it:\n%.2000s", first)
	}
}
