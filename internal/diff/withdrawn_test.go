package diff_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

// A create whose answer was lost, and whose entry is no longer written. What is said of it, and what one reading says
// came of it: nothing, an id, or "" where it is left as it is.
func TestWithdrawn(t *testing.T) {
	const (
		box      = `boxes/a: {key: a, root: /root}`
		trunk    = `trunks/a: {seen: ["1"], root: /root}`
		route    = `routes/a: {seen: ["1"], root: /root}`
		sections = `{sections: [boxes, trunks, routes], foreign: true}`
	)
	const over = "over"
	for name, c := range map[string]struct {
		m    minimal
		said []string // "note CODE", "orphan CODE ID", "problem CODE", "held CODE"
		end  string
	}{
		"nothing is there":        {minimal{intents: box}, []string{"note came_to_nothing"}, over},
		"it is there":             {minimal{intents: box, live: `boxes: [{id: a}]`}, []string{"orphan orphan_made a"}, "a"},
		"it is, from then":        {minimal{intents: box, live: `boxes: [{id: a, created: 2026-01-02T03:04:06Z}]`}, []string{"orphan orphan_made a"}, "a"},
		"it is, from soon after":  {minimal{intents: box, live: `boxes: [{id: a, created: 2026-01-02T03:18:00Z}]`}, []string{"orphan orphan_made a"}, "a"},
		"it is, by another clock": {minimal{intents: box, live: `boxes: [{id: a, created: 2026-01-02T03:00:00Z}]`}, []string{"orphan orphan_made a"}, "a"},
		"it is older":             {minimal{intents: box, live: `boxes: [{id: a, created: 2026-01-02T02:59:00Z}]`}, []string{"held create_abandoned"}, ""},
		"it is younger":           {minimal{intents: box, live: `boxes: [{id: a, created: 2026-01-02T03:20:00Z}]`}, []string{"held create_abandoned"}, ""},

		"one of two is older": {
			minimal{
				intents: `trunks/a: {key: shared, root: /root}`,
				live:    `trunks: [{id: "1", mode: shared, created: 2026-01-01T00:00:00Z}, {id: "2", mode: shared, created: 2026-01-02T03:04:06Z}]`,
			},
			[]string{"held create_abandoned"},
			"",
		},

		"of another configuration": {minimal{intents: `boxes/a: {key: a, root: /other}`, live: `boxes: [{id: a}]`}, nil, ""},
		"the entry is in another configuration": {
			minimal{intents: box, live: `boxes: [{id: a}, {id: b}]`, owned: `boxes/a: {id: b, root: /other}`}, []string{"orphan orphan_behind a", "note owned_elsewhere"}, "",
		},
		"the kind is not read":     {minimal{intents: box, live: `boxes: broken`}, []string{"problem kind_unread"}, ""},
		"the kind was not read":    {minimal{intents: box, options: `{sections: [boxes], unread: [boxes]}`}, nil, ""},
		"it is not read":           {minimal{intents: box, live: `boxes: [{id: a, failed: broken}]`}, []string{"problem orphan_unread"}, ""},
		"another is not read":      {minimal{intents: box, live: `boxes: [{id: b, failed: broken}]`}, []string{"note came_to_nothing"}, over},
		"the list is not whole":    {minimal{intents: trunk, live: `trunks: [{id: "5", failed: broken}]`, owned: `trunks/x: {id: "5"}`}, []string{"problem orphan_unread"}, ""},
		"its section is not there": {minimal{intents: box, live: `boxes: [{id: a}]`, options: `sections: [routes]`}, []string{"orphan orphan_made a"}, "a"},

		"it is ours already": {
			minimal{intents: box, live: `boxes: [{id: a}]`, owned: `boxes/a: {id: a}`}, []string{"orphan orphan_kept a", "note came_to_nothing"}, over,
		},
		"it is that of another entry": {
			minimal{desired: `boxes: {b: {name: a}}`, intents: box, live: `boxes: [{id: a}]`, owned: `boxes/b: {id: a}`}, []string{"note came_to_nothing"}, over,
		},
		"another entry adopts it": {
			minimal{desired: `boxes: {b: {name: a}}`, intents: box, live: `boxes: [{id: a}]`}, []string{"note create_meant"}, "",
		},
		"another entry adopts it by its id": {
			minimal{desired: `trunks: {b: {id: "2"}}`, intents: trunk, live: `trunks: [{id: "1"}, {id: "2", tags: ["telnyxsync:default:a"]}]`},
			[]string{"note create_meant"},
			"",
		},
		"another entry may mean it": {
			minimal{
				desired: `trunks: {b: {mode: shared}}`, intents: trunk,
				live: `trunks: [{id: "2", mode: shared, tags: ["telnyxsync:default:a"]}, {id: "3", mode: shared}]`,
			},
			[]string{"problem many_candidates", "note create_meant"},
			"",
		},
		"it came in the place of another": {
			minimal{intents: `boxes/a: {key: new, root: /root}`, live: `boxes: [{id: old}, {id: new}]`, owned: `boxes/a: {id: old}`},
			[]string{"orphan orphan_kept old", "orphan orphan_behind new"},
			"",
		},
		"that one is gone": {
			minimal{intents: `boxes/a: {key: new, root: /root}`, live: `boxes: [{id: new}]`, owned: `boxes/a: {id: old}`}, []string{"orphan orphan_made new"}, "new",
		},
		"that one alone is there": {
			minimal{intents: `boxes/a: {key: new, root: /root}`, live: `boxes: [{id: old}]`, owned: `boxes/a: {id: old}`},
			[]string{"orphan orphan_kept old", "note came_to_nothing"},
			over,
		},

		"it has our tag":      {minimal{intents: trunk, live: `trunks: [{id: "1"}, {id: "2", tags: ["telnyxsync:default:a"]}]`}, []string{"orphan orphan_made 2"}, "2"},
		"it was there before": {minimal{intents: trunk, live: `trunks: [{id: "1", tags: ["telnyxsync:default:a"]}]`}, []string{"note came_to_nothing", "note tagged_elsewhere"}, over},
		"two have our tag":    {minimal{intents: trunk, live: `trunks: [{id: "2", tags: ["telnyxsync:default:a"]}, {id: "3", tags: ["telnyxsync:default:a"]}]`}, []string{"held create_abandoned"}, ""},
		"it has a tag beside": {minimal{intents: trunk, live: `trunks: [{id: "2", tags: ["telnyxsync:default:a", "telnyxsync:other:a"]}]`}, []string{"held create_abandoned"}, ""},
		"one has no tag":      {minimal{intents: trunk, live: `trunks: [{id: "2"}]`}, []string{"held create_abandoned"}, ""},
		"one has another's":   {minimal{intents: trunk, live: `trunks: [{id: "2", tags: ["telnyxsync:other:a"]}]`}, []string{"note came_to_nothing"}, over},
		"one is another create's": {
			minimal{
				intents: `{trunks/a: {seen: ["1"], root: /root}, trunks/b: {seen: ["1"], root: /other}}`,
				live:    `trunks: [{id: "2", tags: ["telnyxsync:default:b"]}]`,
			},
			[]string{"note came_to_nothing", "note tagged_elsewhere"},
			over,
		},
		"neither tag nor key":    {minimal{intents: route, live: `routes: [{id: "1"}, {id: "2"}]`}, []string{"held create_abandoned"}, ""},
		"nothing without either": {minimal{intents: route, live: `routes: [{id: "1"}]`}, []string{"note came_to_nothing"}, over},
	} {
		t.Run(name, func(t *testing.T) {
			if c.m.options == "" {
				c.m.options = sections
			}
			p := compute(c.m.input(t))
			var said []string
			for _, o := range p.Orphans {
				said = append(said, fmt.Sprintf("orphan %s %s", o.Reason.Code, o.ID))
			}
			for _, q := range p.Problems {
				word := "problem"
				if q.Held && q.Reason.Code == diff.CreateAbandoned {
					word = "held"
				}
				said = append(said, word+" "+string(q.Reason.Code))
			}
			for _, n := range p.Notes {
				said = append(said, "note "+string(n.Reason.Code))
			}
			if !slices.Equal(said, c.said) {
				t.Errorf("it says %q, want %q", said, c.said)
			}
			end := ""
			for _, w := range p.Withdrawn {
				if end = over; w.Own != nil {
					end = w.Own.ID
					if w.Own.Root != "/root" || w.Event.ID != w.Own.ID || w.Event.Op != string(plan.Adopt) {
						t.Errorf("it is to be remembered as %+v, with %+v", w.Own, w.Event)
					}
				}
			}
			if end != c.end {
				t.Errorf("it came to %q, want %q", end, c.end)
			}
			own := slices.ContainsFunc(p.Remember.Own, func(o resource.Owned) bool { return o.Addr.Name == "a" })
			if own || slices.ContainsFunc(p.Remember.EndIntents, func(a resource.Addr) bool { return a.Name == "a" }) {
				t.Errorf("one reading is enough to remember %+v", p.Remember)
			}
			for _, f := range p.Foreign {
				if strings.HasPrefix(c.end, f.ID) && f.Kind+"/a" == p.Withdrawn[0].Addr.String() {
					t.Errorf("%s is ours and listed as foreign", f.ID)
				}
			}
		})
	}
}

// Of each create that was withdrawn something is said, unless its kind was not read, and it ends only by what was read
// whole; an object is taken for ours only where no entry means it and state does not know it.
func TestLawOfWithdrawn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		p := compute(in)
		ended := map[resource.Addr]*plan.Withdrawn{}
		for i := range p.Withdrawn {
			ended[p.Withdrawn[i].Addr] = &p.Withdrawn[i]
		}
		for _, i := range in.Intents {
			seen, w := in.Live[i.Addr.Kind], ended[i.Addr]
			delete(ended, i.Addr)
			if i.Root != "/root" || in.Desired.Find(i.Addr) != nil {
				if w != nil {
					t.Errorf("%s is not withdrawn, and ends", i.Addr)
				}
				continue
			}
			if w != nil && (seen.Err != nil || i.Key != "" && seen.Failed[i.Key] != nil || i.Key == "" && len(seen.Failed) > 0) {
				t.Errorf("%s ends, and not all that it may have made was read", i.Addr)
			}
			said := strings.Contains(allOf(&p), i.Addr.String())
			whole := seen.Err == nil && (i.Key != "" || len(seen.Failed) == 0)
			if whole && !said {
				t.Errorf("nothing is said of %s\n%s", i.Addr, allOf(&p))
			}
			if w == nil || w.Own == nil {
				continue
			}
			if slices.ContainsFunc(in.Owned, func(o resource.Owned) bool { return o.Addr.Kind == i.Addr.Kind && o.ID == w.Own.ID }) {
				t.Errorf("%s takes %s, which is somebody's", i.Addr, w.Own.ID)
			}
			for k := range p.Changes {
				if c := &p.Changes[k]; c.Addr.Kind == i.Addr.Kind && c.ID == w.Own.ID {
					t.Errorf("%s takes %s, and %s is about it too", i.Addr, w.Own.ID, c.Addr)
				}
			}
		}
		for a := range ended {
			t.Errorf("%s ends, and was never begun", a)
		}
		before := p
		p.Settle(&before)
		if len(p.Withdrawn) != len(before.Withdrawn) || len(p.Remember.EndIntents) < len(p.Withdrawn) {
			t.Errorf("two readings that agree leave %+v of %+v", p.Withdrawn, before.Withdrawn)
		}
	})
}
