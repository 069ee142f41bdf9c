package retention_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"
)

const kind = "recording_retention"

var zoom = resource.Addr{Kind: "external_connections", Name: "zoom"}

func addr(name string) resource.Addr { return resource.Addr{Kind: kind, Name: name} }

// written is a configuration of one entry, and of another that is none of ours.
func written(root, name string, o resource.Object) resource.Config {
	c := resource.Config{Roots: []resource.Root{{Path: root, Sections: map[string]bool{kind: true}, Entries: 2}}}
	if o != nil {
		c.Entries = []resource.Entry{{Addr: addr(name), Root: root, File: "x.yaml", Pos: resource.Position{File: root + "/x.yaml", Line: 2, Col: 3}, Object: o}}
	}
	return c
}

func rule(root, name string, says resource.Object) resource.Rule {
	return resource.Rule{Addr: addr(name), Root: root, File: "x.yaml", Hold: says["keep"] == true, Says: says}
}

// said are all codes of what was made of rules, problems first.
func said(r retention.Ruled) (list []resource.Reason) {
	for _, p := range r.Problems {
		list = append(list, p.Reason)
	}
	for _, n := range r.Notes {
		list = append(list, n.Reason)
	}
	return list
}

// ruled is an input in which what was remembered as old is written as now; nil is not at all.
func ruled(old, now resource.Object) func() []resource.Reason {
	return func() []resource.Reason {
		in := retention.Input{Kind: kind, Desired: written("/a", "p", now)}
		if old != nil {
			in.Known = []resource.Rule{rule("/a", "p", old)}
		}
		return said(retention.Rules(in))
	}
}

// known is an input in which a hold is remembered of a configuration that is not loaded.
func known(says resource.Object) func() []resource.Reason {
	return func() []resource.Reason {
		row := rule("/b", "p", says)
		row.Hold = true
		return said(retention.Rules(retention.Input{Kind: kind, Desired: written("/a", "q", nil), Known: []resource.Rule{row}}))
	}
}

func looked(r resource.Recording) func() []resource.Reason {
	return func() []resource.Reason {
		var e *retention.Error
		if !errors.As(retention.NewFold([]retention.Policy{{After: day}}, retention.Options{Unit: "recording"}).Look(&r), &e) {
			return nil
		}
		return []resource.Reason{e.Why}
	}
}

func due(only ...resource.Addr) retention.Result {
	f := retention.NewFold([]retention.Policy{{Addr: addr("p"), After: day, Max: 1}}, retention.Options{Unit: "recording", Now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), Only: only})
	for _, id := range []string{"r", "s"} {
		if err := f.Look(&resource.Recording{ID: id, Millis: 5_400_000, Times: map[string]string{"created_at": "2026-01-01T00:00:00Z"}}); err != nil {
			panic(err)
		}
	}
	return f.Result(nil)
}

type object = resource.Object

// minimal is an input for each code, which is the only one that comes of it.
var minimal = map[resource.Code]func() []resource.Reason{
	retention.NoID:       looked(resource.Recording{}),
	retention.TimeUnread: looked(resource.Recording{ID: "r", Times: map[string]string{"created_at": "soon"}}),
	retention.TimeTooOld: looked(resource.Recording{ID: "r", Times: map[string]string{"created_at": "1970-01-01T00:00:00Z"}}),

	retention.RuleUnread:   ruled(object{"keep": true, "created_at": object{"gte": "soon"}}, object{"keep": true, "created_at": object{"gte": "soon"}}),
	retention.RuleTooSoon:  ruled(object{"delete_after": "1h"}, object{"delete_after": "1h"}),
	retention.HoldUntold:   ruled(object{"keep": true}, object{"keep": true, "connection": resource.Ref{Addr: zoom}}),
	retention.PolicyUntold: ruled(object{"delete_after": "1d"}, object{"delete_after": "1d", "connection": resource.Ref{Addr: zoom}}),

	retention.KnownUnread:    known(object{"keep": true, "created_at": object{"lte": "0001-01-01T00:00:00Z"}}),
	retention.KnownNoHold:    known(object{"delete_after": "1d"}),
	retention.KnownUntold:    known(object{"keep": true, "connection": zoom.String()}),
	retention.HoldRemembered: known(object{"keep": true}),

	retention.NoneDue: func() []resource.Reason {
		f := retention.NewFold([]retention.Policy{{Addr: addr("p"), After: day}}, retention.Options{Unit: "recording"})
		return []resource.Reason{f.Result(nil).Notes[0].Reason}
	},
	retention.InOwn: func() []resource.Reason {
		f := retention.NewFold([]retention.Policy{{Addr: addr("p"), After: day}}, retention.Options{Unit: "recording", Now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)})
		if err := f.Look(&resource.Recording{ID: "r", Own: true, Times: map[string]string{"created_at": "2026-01-01T00:00:00Z"}}); err != nil {
			panic(err)
		}
		return []resource.Reason{f.Result(nil).Notes[0].Reason}
	},
	retention.IsDue:    func() []resource.Reason { return due().Changes[0].Reasons },
	retention.NotAsked: func() []resource.Reason { return []resource.Reason{due(addr("q")).Notes[0].Reason} },
	retention.Waits: func() []resource.Reason {
		_, waits := retention.Calls(due().Changes, 10)
		return []resource.Reason{waits[0].Reason}
	},
	retention.Aged: func() []resource.Reason {
		item := due().Changes[0].Items.(retention.Items).List[0]
		return []resource.Reason{retention.Because(item.Deleted(addr("p"), item.Created.Add(day)))}
	},

	retention.PolicyNew:        ruled(nil, object{"delete_after": "1d"}),
	retention.PolicyRemoved:    ruled(object{"delete_after": "1d"}, nil),
	retention.PolicyLengthened: ruled(object{"delete_after": "1d"}, object{"delete_after": "2d"}),
	retention.PolicyShortened:  ruled(object{"delete_after": "2d"}, object{"delete_after": "36h"}),
	retention.PolicyNarrowed:   ruled(object{"delete_after": "1d"}, object{"delete_after": "1d", "from": "+15125550100"}),
	retention.PolicyWidened:    ruled(object{"delete_after": "1d", "from": "+15125550100"}, object{"delete_after": "1d"}),
	retention.PolicyRefiltered: ruled(object{"delete_after": "1d", "from": "+15125550100"}, object{"delete_after": "1d", "to": "+15125550100"}),
	retention.PolicyObserves: func() []resource.Reason {
		in := retention.Input{Kind: kind, Desired: written("/a", "p", object{"delete_after": "1d"}), Known: []resource.Rule{rule("/a", "p", object{"delete_after": "1d"})}}
		in.Desired.Entries[0].Observe = true
		return said(retention.Rules(in))
	},
	retention.PolicyActs:    ruled(object{"delete_after": "1d", "observe": true}, object{"delete_after": "1d"}),
	retention.PolicyBound:   ruled(object{"delete_after": "1d"}, object{"delete_after": "1d", "max_deletes_per_run": int64(7)}),
	retention.PolicyArchive: ruled(object{"delete_after": "1d", "archive": "/a"}, object{"delete_after": "1d"}),

	retention.PolicyDeletesOwn: ruled(object{"delete_after": "1d", "when_in_own_storage": "keep"}, object{"delete_after": "1d", "when_in_own_storage": "delete"}),
	retention.PolicyKeepsOwn:   ruled(object{"delete_after": "1d", "when_in_own_storage": "delete"}, object{"delete_after": "1d"}),
	retention.HoldElsewhere: func() []resource.Reason {
		in := retention.Input{Kind: kind, Desired: written("/a", "p", nil), Known: []resource.Rule{rule("/a", "p", object{"keep": true}), rule("/b", "p", object{"keep": true})}}
		return said(retention.Rules(in))
	},

	retention.HoldNew:        ruled(nil, object{"keep": true}),
	retention.HoldRemoved:    ruled(object{"keep": true}, nil),
	retention.HoldReleased:   ruled(object{"keep": true}, object{"delete_after": "1d"}),
	retention.HoldPlaced:     ruled(object{"delete_after": "1d"}, object{"keep": true}),
	retention.HoldNarrowed:   ruled(object{"keep": true, "created_at": object{"lte": "2026-01-01T00:00:00Z"}}, object{"keep": true, "created_at": object{"lte": "2025-01-01T00:00:00Z"}}),
	retention.HoldWidened:    ruled(object{"keep": true, "created_at": object{"gte": "2026-01-01T00:00:00Z"}}, object{"keep": true, "created_at": object{"gte": "2025-01-01T00:00:00+01:00"}}),
	retention.HoldRefiltered: ruled(object{"keep": true, "from": "+15125550100"}, object{"keep": true, "from": "+15125550101"}),
}

// declared are the codes of the package, by the names of their constants.
func declared(t *testing.T, path string) map[string]resource.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]resource.Code{}
	ast.Inspect(file, func(n ast.Node) bool {
		if v, is := n.(*ast.ValueSpec); is {
			for i, name := range v.Names {
				text, err := strconv.Unquote(v.Values[i].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				out[name.Name] = resource.Code(text)
			}
		}
		return true
	})
	return out
}

func TestEveryReason(t *testing.T) {
	codes := declared(t, "reasons.go")
	if len(codes) != len(minimal) {
		t.Errorf("%d codes are declared, and %d have an input", len(codes), len(minimal))
	}
	words := render.NewWords(nil)
	for name, code := range codes {
		if minimal[code] == nil {
			t.Errorf("no input is known for %s", name)
			continue
		}
		got := minimal[code]()
		if len(got) != 1 || got[0].Code != code {
			t.Errorf("%s: %v", name, got)
			continue
		}
		for _, r := range []resource.Reason{got[0], resource.ParseReason(got[0].Key())} { // of this run, and stored
			if text := words.Of(r); strings.HasPrefix(text, string(code)) || strings.Contains(text, "<no value>") {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
}

func TestErrorOf(t *testing.T) {
	err := retention.NewFold(nil, retention.Options{}).Look(&resource.Recording{ID: "r\n", Times: map[string]string{"created_at": "now"}})
	if got := fmt.Sprint(err); got != `recording_time_unread(field="created_at",id="r\n",value="now")` {
		t.Error(got)
	}
	wrapped := errors.Join(errors.New("first"), fmt.Errorf("read: %w; nothing is deleted", err))
	want := "first\nread: \"r\\n\" has \"now\" as its created_at, which is no time with an offset from UTC; nothing is deleted"
	if got := render.NewWords(nil).Error(wrapped); got != want {
		t.Error(got)
	}
}

// A hold ends with a run over the whole of its configuration that writes the section, and with no other.
func TestHoldsAreRemembered(t *testing.T) {
	hold, policy := object{"keep": true, "from": "x"}, object{"delete_after": "30d"}
	row := rule("/a", "p", hold)
	empty := written("/a", "p", nil)
	empty.Roots[0].Entries = 0
	unwritten := written("/a", "p", nil)
	unwritten.Roots[0].Sections = nil
	both := written("/b", "p", hold)
	both.Roots = append(both.Roots, unwritten.Roots...)
	for what, test := range map[string]struct {
		desired resource.Config
		others  map[string]bool
		put     int
		forget  []string
		holds   []string // by root
	}{
		"unchanged":                     {desired: written("/a", "p", hold), holds: []string{"/a"}},
		"its section is written":        {desired: written("/a", "p", nil), forget: []string{"/a"}},
		"a configuration without any":   {desired: empty, holds: []string{"/a"}},
		"its section is not written":    {desired: unwritten, holds: []string{"/a"}},
		"not loaded":                    {desired: written("/b", "q", policy), put: 1, holds: []string{"/a"}},
		"another of its name":           {desired: written("/b", "p", object{"keep": true}), put: 1, holds: []string{"/b", "/a"}},
		"a policy of its name":          {desired: written("/b", "p", policy), put: 1, holds: []string{"/a"}},
		"moved":                         {desired: written("/b", "p", hold), put: 1, forget: []string{"/a"}, holds: []string{"/b"}},
		"the same, and it is there":     {desired: written("/b", "p", hold), others: map[string]bool{"/a": true}, put: 1, holds: []string{"/b"}},
		"moved to another of this run":  {desired: both, put: 1, forget: []string{"/a"}, holds: []string{"/b"}},
		"changed":                       {desired: written("/a", "p", object{"keep": true, "from": "x", "to": "y"}), put: 1, holds: []string{"/a"}},
		"changed so that it holds more": {desired: written("/a", "p", object{"keep": true}), put: 1, holds: []string{"/a"}},
		"released":                      {desired: written("/a", "p", policy), put: 1},
	} {
		in := retention.Input{Kind: kind, Desired: test.desired, Known: []resource.Rule{row, {Addr: resource.Addr{Kind: "other", Name: "p"}}}, OtherRoots: test.others}
		got := retention.Rules(in)
		var holds, forget []string
		for _, p := range got.Policies {
			if p.Keep {
				holds = append(holds, p.Root)
			}
		}
		for _, k := range got.Remember.ForgetRules {
			forget = append(forget, k.Root)
		}
		if got.Err != nil || len(got.Remember.Rules) != test.put || !slices.Equal(forget, test.forget) || !slices.Equal(holds, test.holds) {
			t.Errorf("%s: %v, puts %v, forgets %v, holds %v", what, got.Err, got.Remember.Rules, forget, holds)
		}
		in.Stateless = true
		if got := retention.Rules(in); len(got.Notes)+len(got.Remember.Rules)+len(got.Remember.ForgetRules) > 0 {
			t.Errorf("%s, without a state: %+v", what, got)
		}
	}
}

// What is due by a policy was due by the rules that were let through only where it asks for no more than one of them.
func TestSteadyPolicies(t *testing.T) {
	old := func(says ...object) (b resource.Baseline) {
		b = resource.Baseline{Kind: kind, Root: "/elsewhere"}
		for _, o := range says {
			b.Rules = append(b.Rules, resource.RuleSays{Addr: resource.Addr{Kind: kind, Name: "old"}, Root: "/elsewhere", Hold: o["keep"] == true, Says: o})
		}
		return b
	}
	month := object{"delete_after": "30d"}
	for _, c := range []struct {
		was    []object
		is     object
		steady bool
	}{
		{nil, month, false},
		{[]object{month}, month, true},
		{[]object{month}, object{"delete_after": "29d"}, false},
		{[]object{month}, object{"delete_after": "31d"}, true},
		{[]object{month}, object{"delete_after": "30d", "from": "+15125550100"}, true},
		{[]object{{"delete_after": "30d", "from": "+15125550100"}}, month, false},
		{[]object{{"delete_after": "30d", "observe": true}}, month, false},
		{[]object{{"keep": true}}, month, false},
		{[]object{{"delete_after": "90d"}, month}, month, true},
		{[]object{month}, object{"delete_after": "30d", "when_in_own_storage": "delete"}, false},
		{[]object{{"delete_after": "30d", "when_in_own_storage": "delete"}}, month, true},
		{[]object{month}, object{"delete_after": "30d", "when_in_own_storage": "keep"}, true},
		{[]object{{"delete_after": "30d", "from": "+15125550100"}}, object{"delete_after": "30d", "from": "1 512 555 0100"}, true},
		{[]object{{"delete_after": "30d", "from": "+15125550100"}}, object{"delete_after": "30d", "from": "5125550100"}, false},
	} {
		in := retention.Input{Kind: kind, Desired: written("/a", "p", c.is), Baselines: []resource.Baseline{{Kind: "other", Rules: old(c.is).Rules}, old(c.was...)}}
		got := retention.Rules(in)
		if got.Policies[0].Steady != c.steady {
			t.Errorf("%v, then %v: steady %t", c.was, c.is, got.Policies[0].Steady)
		}
	}
}

// A hold that no longer keeps what it kept is a ghost: what it kept is told from the rest.
func TestGhosts(t *testing.T) {
	was := object{"keep": true, "from": "+15125550100"}
	for name, c := range map[string]struct {
		is     object
		ghosts int
	}{
		"unchanged":  {was, 0},
		"respelt":    {object{"keep": true, "from": "1-512-555-0100"}, 0},
		"widened":    {object{"keep": true}, 0},
		"narrowed":   {object{"keep": true, "from": "+15125550100", "to": "+15125550101"}, 1},
		"another":    {object{"keep": true, "from": "+15125550101"}, 1},
		"a policy":   {object{"delete_after": "30d"}, 1},
		"taken away": {nil, 1},
	} {
		b := resource.Baseline{Kind: kind, Root: "/a", Rules: []resource.RuleSays{{Addr: resource.Addr{Kind: kind, Name: "case"}, Root: "/a", Hold: true, Says: was}}}
		got := retention.Rules(retention.Input{Kind: kind, Desired: written("/a", "p", c.is), Baselines: []resource.Baseline{b, b}})
		ghosts := 0
		for _, p := range got.Policies {
			if p.Ghost {
				ghosts++
			}
		}
		if ghosts != c.ghosts {
			t.Errorf("%s: %d ghosts, want %d", name, ghosts, c.ghosts)
		}
	}
}

// What is remembered settles: the same files a second time change nothing, and nothing is said.
func TestRulesSettle(t *testing.T) {
	var whose plan.Whose
	whose.Has(zoom, "77")
	for _, o := range []object{
		{"keep": true}, {"delete_after": "3d", "connection": resource.Ref{Addr: zoom}}, {"keep": true, "created_at": object{"gte": "2026-01-01T00:00:00Z"}},
	} {
		in := retention.Input{Kind: kind, Desired: written("/a", "p", o)}
		first := retention.Rules(in)
		if len(first.Remember.Rules) != 1 || first.Remember.Rules[0].File != "x.yaml" {
			t.Fatalf("%+v", first)
		}
		in.Known, in.Whose = first.Remember.Rules, whose
		second := retention.Rules(in) // by then the connection is known
		if len(second.Notes) > 0 || second.Err != nil {
			t.Errorf("%v: %+v", o, second)
		}
		if len(second.Remember.Rules) > 0 {
			in.Known = second.Remember.Rules
		}
		if third := retention.Rules(in); len(third.Notes)+len(third.Remember.Rules)+len(third.Problems) > 0 {
			t.Errorf("%v: %+v", o, third)
		}
	}
	in := retention.Input{Kind: kind, Desired: written("/a", "p", object{"keep": true, "connection": resource.Ref{Addr: zoom}}), Owned: []resource.Owned{{Addr: zoom, ID: "77"}}}
	if got := retention.Rules(in); got.Err != nil || got.Policies[0].Filters["connection_id"] != "77" {
		t.Errorf("%+v", got)
	}
}
