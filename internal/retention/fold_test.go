package retention_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"

	"pgregory.net/rapid"
)

// folded is how a run goes: page by page, with questions in between where early says so, and the rest at the end.
func folded(t tb, policies []retention.Policy, opt retention.Options, pages [][]*thing, early bool) retention.Result {
	t.Helper()
	return foldedBy(t, policies, opt, pages, early, byFilters)
}

// foldedBy is the same where telnyx tells whether its filter finds a recording for a policy.
func foldedBy(t tb, policies []retention.Policy, opt retention.Options, pages [][]*thing, early bool, telnyx func(p *retention.Policy, r *thing) bool) retention.Result {
	t.Helper()
	var all []*thing
	for _, page := range pages {
		all = append(all, page...)
	}
	f := retention.NewFold(policies, opt)
	answer := func() {
		for rounds := 0; ; rounds++ {
			open, err := f.Ask()
			if err != nil || rounds > len(policies)+1 {
				t.Fatalf("round %d: %v", rounds, err)
			}
			if len(open) == 0 {
				return
			}
			for _, i := range open {
				p, ids := f.Policy(i), map[string]bool{}
				for _, r := range all {
					passes, err := f.Passes(i, r.shown(), p.Filters)
					if passes = passes && telnyx(p, r); passes && p.Keep {
						err = errors.Join(err, f.Keeps(i, r.shown()))
					}
					if err != nil {
						t.Fatal(err)
					}
					if passes {
						ids[r.id] = true
					}
				}
				f.Tell(i, ids)
			}
		}
	}
	for _, page := range pages {
		for _, r := range page {
			if err := f.Look(r.shown()); err != nil {
				t.Fatal(err)
			}
		}
		if early {
			answer()
		}
	}
	answer()
	return f.Result(nil)
}

// cutUp puts things into pages, in some order.
func cutUp(t *rapid.T, things []thing) (pages [][]*thing) {
	var all []*thing
	for i := range things {
		all = append(all, &things[i])
	}
	shuffled := rapid.Permutation(all).Draw(t, "order")
	if len(shuffled) == 0 {
		return nil
	}
	return slices.Collect(slices.Chunk(shuffled, rapid.IntRange(1, 4).Draw(t, "page")))
}

// Whatever the order of pages, and whenever questions are answered, the changes are what the oracle deletes.
func TestChangesAgainstTheOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)
		policies, things := drawPolicies(t, now), drawThings(t, now)
		opt := retention.Options{Unit: "recording", Now: now, Batch: 2}
		for i := range policies {
			policies[i].Observe = rapid.IntRange(0, 4).Draw(t, "observes") == 0
			if rapid.IntRange(0, 4).Draw(t, "is asked for") > 0 {
				opt.Only = append(opt.Only, policies[i].Addr)
			}
		}
		if rapid.Bool().Draw(t, "all") {
			opt.Only = nil
		}
		result := folded(t, policies, opt, cutUp(t, things), rapid.Bool().Draw(t, "early"))

		want, observed, left, own := map[string]string{}, map[string]string{}, map[resource.Addr]int{}, map[resource.Addr]int{}
		for i := range things {
			p := dueBy(policies, &things[i], now)
			switch {
			case p == nil:
			case things[i].own && !p.DeletesOwn:
				own[p.Addr]++
			case p.Observe:
				observed[things[i].id] = p.Addr.Name
			case opt.Only != nil && !slices.Contains(opt.Only, p.Addr):
				left[p.Addr]++
			default:
				want[things[i].id] = p.Addr.Name
			}
		}
		if got := byID(t, result.Changes); !maps.Equal(got, want) {
			t.Fatalf("due %v, want %v", got, want)
		}
		for _, c := range slices.Concat(result.Changes, result.Observed) {
			sum(t, &c, things)
		}
		if got := byID(t, result.Observed); !maps.Equal(got, observed) {
			t.Fatalf("observed %v, want %v", got, observed)
		}
		noted, stay, told := map[resource.Addr]int{}, map[resource.Addr]int{}, map[resource.Addr]int{}
		for _, n := range result.Notes {
			told[n.Addr]++
			switch n.Reason.Code {
			case retention.NotAsked:
				noted[n.Addr], _ = n.Reason.Args["count"].(int)
			case retention.InOwn:
				stay[n.Addr], _ = n.Reason.Args["count"].(int)
			}
		}
		if !maps.Equal(noted, left) {
			t.Fatalf("left out %v, want %v", noted, left)
		}
		heldBack := slices.ContainsFunc(policies, func(p retention.Policy) bool { return p.Keep })
		for _, p := range policies { // where a hold is asked about last, it may hold some of these
			if n := stay[p.Addr]; n < own[p.Addr] || n > own[p.Addr] && !heldBack {
				t.Fatalf("by %s %d stay in one's own storage, want %d", p.Addr, n, own[p.Addr])
			}
		}
		for _, c := range slices.Concat(result.Changes, result.Observed) {
			told[c.Addr]++
		}
		for _, p := range policies {
			if !p.Keep && told[p.Addr] == 0 {
				t.Fatalf("nothing is said of %s", p.Addr)
			}
		}
		again := folded(t, policies, opt, cutUp(t, things), rapid.Bool().Draw(t, "early"))
		if a, b := fmt.Sprint(withoutDo(result)), fmt.Sprint(withoutDo(again)); a != b {
			t.Fatalf("in another order it is\n%s\nnot\n%s", b, a)
		}
		for _, h := range result.Holds {
			rest := slices.DeleteFunc(slices.Clone(policies), func(p retention.Policy) bool { return p.Keep })
			all, due := 0, 0
			for i := range things {
				hold := &policies[slices.IndexFunc(policies, func(p retention.Policy) bool { return p.Addr == h.Addr })]
				if passes(hold, &things[i]) {
					all++
					if deletedBy(rest, &things[i], now) != nil {
						due++
					}
				}
			}
			// It is not asked about a held one whether it would be due.
			if h.Count != all || h.Items.Len() != all || h.Due > due {
				t.Fatalf("%s keeps %d, of which %d would be due; want %d, %d", h.Addr, h.Count, h.Due, all, due)
			}
		}
	})
}

// sum wants the reason of a change to sum up what it is about.
func sum(t *rapid.T, c *plan.Change, things []thing) {
	millis := int64(0)
	var oldest, newest time.Time
	for id := range c.Items.IDs() {
		r := &things[slices.IndexFunc(things, func(r thing) bool { return r.id == id })]
		millis += r.millis
		if oldest.IsZero() || r.created.Before(oldest) {
			oldest = r.created
		}
		if r.created.After(newest) {
			newest = r.created
		}
	}
	args := c.Reasons[0].Args
	if args["oldest"] != oldest.UTC().Format(time.RFC3339) || args["newest"] != newest.UTC().Format(time.RFC3339) || args["audio"] != millis/1000 {
		t.Fatalf("%v, from %v to %v, %d ms", args, oldest, newest, millis)
	}
}

func withoutDo(r retention.Result) retention.Result {
	for _, list := range [][]plan.Change{r.Changes, r.Observed} {
		for i := range list {
			list[i].Do = nil
		}
	}
	return r
}

// byID is which policy deletes what; the changes have to be whole.
func byID(t tb, changes []plan.Change) map[string]string {
	t.Helper()
	out := map[string]string{}
	for i, c := range changes {
		items := c.Items.(retention.Items)
		if i > 0 && changes[i-1].Addr.Compare(c.Addr) >= 0 {
			t.Fatalf("%s comes after %s", c.Addr, changes[i-1].Addr)
		}
		if c.Op != plan.Delete || c.Items.Len() == 0 || c.Class(plan.Recordings) != c.Items.Len() || c.Cost != (c.Items.Len()+1)/2 || len(c.Reasons) != 1 {
			t.Fatalf("%+v", c)
		}
		for k, item := range items.List {
			if k > 0 && items.List[k-1].Created.After(item.Created) {
				t.Fatal("not the oldest first")
			}
			if out[item.ID] != "" {
				t.Fatalf("%s is in two changes", item.ID)
			}
			out[item.ID] = c.Addr.Name
		}
	}
	return out
}

// Each hold counts what it keeps.
func TestHoldsCount(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	addr := func(name string) resource.Addr { return resource.Addr{Kind: "recording_retention", Name: name} }
	policies := []retention.Policy{
		{Addr: addr("all"), After: 30 * day, Filters: map[string]string{}},
		{Addr: addr("shown"), Keep: true, Root: "/a", Filters: map[string]string{"connection_id": "1"}},
		{Addr: addr("hidden"), Keep: true, Filters: map[string]string{"sip_call_id": "1"}},
		{Addr: addr("nothing"), Keep: true, Filters: map[string]string{"connection_id": "9"}},
	}
	var page []*thing
	for i, fields := range []map[string]string{{"connection_id": "1"}, {"sip_call_id": "1"}, {"sip_call_id": "1", "connection_id": "2"}, {"connection_id": "2"}, {"connection_id": "1"}} {
		age := 40 * day
		if i == 4 {
			age = day // too young to be due
		}
		page = append(page, &thing{
			id: fmt.Sprint(i), fields: fields, hides: map[string]bool{"sip_call_id": true}, created: now.Add(-age), text: now.Add(-age).Format(time.RFC3339),
		})
	}
	result := folded(t, policies, retention.Options{Unit: "recording", Now: now, Batch: 2}, [][]*thing{page}, false)
	got := map[string][2]int{}
	for _, h := range result.Holds {
		got[h.Addr.Name] = [2]int{h.Count, h.Due}
		for d := range h.Items.Details() {
			if d.By != map[bool]string{true: "recording_retention/all"}[d.Age == "40d"] {
				t.Errorf("%s: %+v", h.Addr, d)
			}
		}
	}
	if want := map[string][2]int{"shown": {2, 1}, "hidden": {2, 2}, "nothing": {0, 0}}; !maps.Equal(got, want) {
		t.Errorf("they keep %v, want %v", got, want)
	}
	if got := byID(t, result.Changes); !maps.Equal(got, map[string]string{"3": "all"}) {
		t.Errorf("due %v", got)
	}
}

// What comes after the holds were asked about is asked about, too.
func TestALateRecordingIsHeld(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	f := retention.NewFold([]retention.Policy{{After: day}, {Keep: true, Filters: map[string]string{"sip_call_id": "1"}}}, retention.Options{Unit: "recording", Now: now})
	for _, id := range []string{"a", "b"} {
		r := &resource.Recording{ID: id, Times: map[string]string{"created_at": "2026-01-01T00:00:00Z"}}
		if err := f.Look(r); err != nil {
			t.Fatal(err)
		}
		open, err := f.Ask()
		if len(open) != 1 || err != nil {
			t.Fatalf("before %s it asks %v, %v", id, open, err)
		}
		if err := f.Keeps(open[0], r); err != nil {
			t.Fatal(err)
		}
		f.Tell(open[0], map[string]bool{id: true})
	}
	if r := f.Result(nil); len(r.Changes) != 1 || r.Changes[0].Items.Len() != 1 || r.Holds[0].Count != 1 {
		t.Errorf("%+v", r)
	}
}

// What one reading finds for a hold, and the next does not, it does not keep.
func TestAReadingThatDoesNotCount(t *testing.T) {
	f := retention.NewFold([]retention.Policy{{Keep: true, Filters: map[string]string{"sip_call_id": "1"}}}, retention.Options{Unit: "recording"})
	for _, id := range []string{"a", "b"} {
		if err := f.Keeps(0, &resource.Recording{ID: id, Times: map[string]string{"created_at": "2026-01-01T00:00:00Z"}}); err != nil {
			t.Fatal(err)
		}
	}
	f.Tell(0, map[string]bool{"b": true})
	if h := f.Counts()[0]; h.Count != 1 || h.Items.List[0].ID != "b" {
		t.Errorf("%+v", h)
	}
}

// Looking at a recording costs a bounded amount, and next to nothing where it is kept; nothing of it is held.
func TestLookAllocates(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	policies := []retention.Policy{{Addr: resource.Addr{Kind: "k", Name: "all"}, After: 90 * day, Filters: map[string]string{}}}
	for i := range 50 {
		policies = append(policies, retention.Policy{
			Addr: resource.Addr{Kind: "k", Name: fmt.Sprint(i)}, After: 900 * day, Filters: map[string]string{"connection_id": fmt.Sprint(i), "sip_call_id": "x"},
		})
	}
	for _, test := range []struct {
		what   string
		age    time.Duration
		fields map[string]string
		most   float64
	}{
		{"kept", 10 * day, map[string]string{"connection_id": "none"}, 0},
		{"kept, whatever Telnyx says", 80 * day, map[string]string{"connection_id": "7"}, 0},
		{"due", 100 * day, map[string]string{"connection_id": "none"}, 4},
		{"to be asked about", 100 * day, map[string]string{"connection_id": "7"}, 4},
	} {
		f := retention.NewFold(policies, retention.Options{Unit: "recording", Now: now})
		r := &resource.Recording{
			ID: "r", From: "+15125550100", To: "+4930123456789", Fields: test.fields, Times: map[string]string{"created_at": now.Add(-test.age).Format(time.RFC3339)},
		}
		got := testing.AllocsPerRun(5000, func() {
			if err := f.Look(r); err != nil {
				t.Fatal(err)
			}
		})
		if got > test.most {
			t.Errorf("%s: %.1f allocations, want %.1f at most", test.what, got, test.most)
		}
	}
}

func drawChanges(t *rapid.T) (changes []plan.Change) {
	now := time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)
	id := 0
	for i := range rapid.IntRange(0, 4).Draw(t, "changes") {
		p := &retention.Policy{Addr: resource.Addr{Kind: "k", Name: fmt.Sprint(i)}, Max: rapid.IntRange(0, 4).Draw(t, "max")}
		items := retention.Items{Of: "recording"}
		for range rapid.IntRange(1, 6).Draw(t, "items") {
			id++
			items.List = append(items.List, retention.Item{ID: fmt.Sprint(id), Created: now.Add(-time.Duration(rapid.IntRange(0, 9).Draw(t, "age")) * time.Hour)})
		}
		slices.SortFunc(items.List, func(a, b retention.Item) int { return a.Created.Compare(b.Created) })
		changes = append(changes, plan.Change{Op: plan.Delete, Addr: p.Addr, Items: items, Do: p})
	}
	if len(changes) > 1 && rapid.IntRange(0, 3).Draw(t, "twice") == 0 {
		changes[1].Items = changes[0].Items
	}
	return changes
}

// No policy deletes more than it may, nothing is sent twice, and of each policy the oldest go.
func TestCalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		changes, batch := drawChanges(t), rapid.IntRange(1, 5).Draw(t, "batch")
		calls, waits := retention.Calls(changes, batch)
		sent, of := map[string]bool{}, map[int]int{}
		var before time.Time
		for i, c := range calls {
			items, whose := c.Items.(retention.Items), slices.Clone(c.Do.(retention.Of))
			if items.Len() == 0 || items.Len() > batch || i < len(calls)-1 && items.Len() != batch || len(whose) != items.Len() || c.Cost != 1 {
				t.Fatalf("%+v", c)
			}
			for k, item := range items.List {
				whose[k] = c.Changes[whose[k]]
				if sent[item.ID] {
					t.Fatalf("%s is sent twice", item.ID)
				}
				if item.Created.Before(before) || !slices.Contains(changes[whose[k]].Items.(retention.Items).List, item) {
					t.Fatalf("%+v", c)
				}
				sent[item.ID], before = true, item.Created
				of[whose[k]]++
			}
		}
		waiting := map[resource.Addr]int{}
		for _, n := range waits {
			waiting[n.Addr], _ = n.Reason.Args["count"].(int)
		}
		for i, c := range changes {
			most := c.Do.(*retention.Policy).Max
			if most > 0 && of[i] > most {
				t.Fatalf("%s deletes %d of %d", c.Addr, of[i], most)
			}
			left := 0
			for k, item := range c.Items.(retention.Items).List {
				if !sent[item.ID] {
					left++
				}
				if most > 0 && k < most && !sent[item.ID] {
					t.Fatalf("%s is old, and is not sent", item.ID)
				}
			}
			if i > 1 && left != waiting[c.Addr] {
				t.Fatalf("%d of %s wait, it says %d", left, c.Addr, waiting[c.Addr])
			}
		}
	})
}

// What a person was not shown is never added, and what is no longer due is left out.
func TestNarrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shown, now := drawChanges(t), drawChanges(t)
		got := retention.Narrow(shown, now)
		ids := func(list []plan.Change) map[string]bool {
			out := map[string]bool{}
			for _, c := range list {
				for id := range c.Items.IDs() {
					out[c.Addr.Name+" "+id] = true
				}
			}
			return out
		}
		was, is, left := ids(shown), ids(now), ids(got)
		maps.DeleteFunc(was, func(id string, _ bool) bool { return !is[id] })
		if !maps.Equal(was, left) {
			t.Fatalf("left %v, want %v", left, was)
		}
		for _, c := range got {
			if c.Items.Len() == 0 || c.Do == nil {
				t.Fatalf("%+v", c)
			}
		}
	})
}

// A hundred thousand that are due, in no order.
func BenchmarkFold(b *testing.B) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for b.Loop() {
		f := retention.NewFold([]retention.Policy{{After: day, Filters: map[string]string{}}}, retention.Options{Unit: "recording", Now: now})
		r := &resource.Recording{From: "+15125550100", To: "+15125550101", Fields: map[string]string{}, Times: map[string]string{}}
		for i := range 100_000 {
			r.ID = fmt.Sprint(i)
			r.Times["created_at"] = now.Add(-time.Duration(rand.IntN(1e6)+1e6) * time.Second).Format(time.RFC3339)
			if err := f.Look(r); err != nil {
				b.Fatal(err)
			}
		}
		if n := f.Result(nil).Changes[0].Items.Len(); n != 100_000 {
			b.Fatal(n)
		}
	}
}

// tb is a test, or one try of a property.
type tb interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}
