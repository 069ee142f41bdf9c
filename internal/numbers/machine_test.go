package numbers

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/resource"
)

// constants are the constants of a type of this package, by their names in the code, and calls the calls
// of its functions and methods of a name.
func source(t *testing.T, typ string, functions ...string) (constants map[string]string, calls []*ast.CallExpr) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	constants = map[string]string{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if id, ok := n.Type.(*ast.Ident); ok && id.Name == typ && len(n.Values) == 1 {
					constants[n.Names[0].Name] = strings.Trim(n.Values[0].(*ast.BasicLit).Value, `"`)
				}
			case *ast.CallExpr:
				called := ""
				switch f := n.Fun.(type) {
				case *ast.Ident:
					called = f.Name
				case *ast.SelectorExpr:
					called = f.Sel.Name
				}
				if slices.Contains(functions, called) {
					calls = append(calls, n)
				}
			}
			return true
		})
	}
	return constants, calls
}

func TestMachine(t *testing.T) {
	states, calls := source(t, "State", "next", "leave")
	events, _ := source(t, "Event")

	// Every state can be reached and left, every event can happen, and the table knows no others.
	reached, happens := map[State]bool{Idle: true}, map[Event]bool{}
	for again := true; again; {
		again = false
		for from := range reached {
			for e, to := range Machine[from] {
				happens[e] = true
				again = again || !reached[to]
				reached[to] = true
			}
		}
	}
	for name, s := range states {
		if !reached[State(s)] || len(Machine[State(s)]) == 0 {
			t.Errorf("%s cannot be reached, or not be left", name)
		}
	}
	for name, e := range events {
		if !happens[Event(e)] {
			t.Errorf("%s can never happen", name)
		}
	}
	if len(reached) != len(states) || len(Machine) != len(states) || len(happens) != len(events) {
		t.Errorf("%d states are reached, the table has %d, and there are %d; %d events of %d", len(reached), len(Machine), len(states), len(happens), len(events))
	}

	// What the code does is in the table: what stands in it in so many words, and what it computes.
	pairs := map[[2]string]bool{}
	for _, c := range calls {
		var from, e string
		for _, arg := range c.Args {
			id, _ := arg.(*ast.Ident)
			switch {
			case id == nil:
			case states[id.Name] != "" && from == "":
				from = states[id.Name]
			case events[id.Name] != "":
				e = events[id.Name]
			}
		}
		if from != "" && e != "" {
			pairs[[2]string{from, e}] = true
		}
	}
	if len(pairs) < 6 {
		t.Errorf("only %d pairs were found in the code", len(pairs))
	}
	for _, e := range []Event{Going, Succeeded, Transient, Permanent, Odd, Late} { // of an entry
		pairs[[2]string{string(Following), string(e)}] = true
	}
	for _, from := range []State{Following, Arriving} { // see trouble
		pairs[[2]string{string(from), string(Exhausted)}] = true
	}
	pairs[[2]string{string(Arriving), string(Lapsed)}] = true
	for _, from := range []State{Failed, ParkedSt} { // a trouble
		for _, e := range []Event{Edited, Asked, Listed} {
			pairs[[2]string{string(from), string(e)}] = true
		}
	}
	for p := range pairs {
		if _, ok := Machine[State(p[0])][Event(p[1])]; !ok {
			t.Errorf("%s of what is %s happens, and is not in the table", p[1], p[0])
		}
	}

	// What the table does not have cannot happen.
	for s := range maps.Keys(Machine) {
		for _, e := range events {
			want, ok := Machine[s][Event(e)]
			func() {
				defer func() {
					if p := recover(); (p == nil) != ok {
						t.Errorf("%s of what is %s: %v", e, s, p)
					}
				}()
				if got := next(s, Event(e)); got != want {
					t.Errorf("%s of what is %s: %s, want %s", e, s, got, want)
				}
			}()
		}
	}
}

func TestFailures(t *testing.T) {
	for code, want := range map[string]Event{
		"": Transient, "internal_error": Transient, "unable_to_retrieve_partner_info": Transient,
		"unable_to_retrieve_default_location": Permanent, "unknown_country_code": Permanent,
		"unable_to_retrieve_location": Permanent, "unable_to_match_geography_entry": Permanent,
		"something_new": Odd, "Internal_Error": Odd,
	} {
		if got := failure(code); got != want {
			t.Errorf("%q is %s, want %s", code, got, want)
		}
	}
}

func TestEntryEvents(t *testing.T) {
	entry := func(status, code string) *entry { return &entry{Status: status, Code: code, Message: "m"} }
	for _, c := range []struct {
		upload, entry, code string
		want                Event
		reason              string
	}{
		{"pending_upload", "pending_upload", "", Going, ""},
		{"in_progress", "success", "", Succeeded, ""}, // before the others
		{"in_progress", "error", "internal_error", Transient, "internal_error: m"},
		{"partial_success", "error", "unknown_country_code", Permanent, "unknown_country_code: m"},
		{"success", "error", "brand_new", Odd, "brand_new: m"},
		{"error", "error", "internal_error", Transient, "internal_error: m"},
		{"error", "in_progress", "", Transient, "U: free text"},
		{"error", "success", "", Succeeded, ""},
		{"success", "in_progress", "", Going, ""}, // until the deadline
		{"partial_success", "brand_new", "", Going, ""},
		{"brand_new", "brand_new", "", Going, ""},
		{"brand_new", "", "", Going, ""},
		{"in_progress", "none", "", Going, ""},
		{"brand_new", "none", "", Going, ""},
		{"success", "none", "", Transient, "the upload T ended without it"},
		{"partial_success", "none", "", Transient, "the upload T ended without it"},
		{"error", "none", "", Transient, "the upload T ended without it"},
	} {
		u := &resource.Upload{Ticket: "T", Status: c.upload, Code: "U", Message: "free text"}
		e := entry(c.entry, c.code)
		if c.entry == "none" {
			e = nil
		}
		if got, reason := entryEvent(u, e); got != c.want || reason != c.reason {
			t.Errorf("%+v: %s %q", c, got, reason)
		}
	}
	for _, c := range [][3]string{{"", "", "Telnyx gives no reason"}, {"c", "", "c"}, {"", "m", "m"}, {"c", "m", "c: m"}} {
		if got := reasonOf(c[0], c[1]); got != c[2] {
			t.Errorf("%q %q: %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	want := []time.Duration{1, 2, 4, 8, 16, 32, 60, 60}
	for i, minutes := range want {
		if got := backoff(Times{}.filled(), i+1); got != minutes*time.Minute {
			t.Errorf("after %d: %v, want %d min", i+1, got, minutes)
		}
	}
	for _, attempts := range []int{100, 1 << 30} { // nothing overflows
		if got := backoff(Times{}.filled(), attempts); got != time.Hour {
			t.Errorf("after %d: %v", attempts, got)
		}
	}
	if got := backoff(Times{RetryBase: time.Hour, RetryCap: time.Minute}.filled(), 1); got != time.Minute {
		t.Errorf("with a cap below the base: %v", got)
	}
}

func TestTimes(t *testing.T) {
	if got, want := (Times{}.filled()), (Times{
		RetryBase: time.Minute, RetryCap: time.Hour, Attempts: 24, UploadDeadline: 24 * time.Hour, ChangeDeadline: 15 * time.Minute,
		BatchSettle: 2 * time.Minute, Poll: 15 * time.Second,
	}); got != want {
		t.Errorf("the defaults are %+v", got)
	}
	all := Times{1, 2, 3, 4, 5, 6, 7}
	if got := all.filled(); got != all {
		t.Errorf("what is written becomes %+v", got)
	}
	p := planner{times: Times{}.filled()}
	p.in.Now = now
	for age, want := range map[time.Duration]time.Duration{
		0: 15 * time.Second, time.Minute: 15 * time.Second, 4 * time.Minute: time.Minute, 20 * time.Minute: 5 * time.Minute, 10 * time.Hour: 10 * time.Minute, -time.Hour: 15 * time.Second,
	} {
		if got := p.poll(now.Add(-age)).Sub(now); got != want {
			t.Errorf("what was begun %v ago is looked at in %v, want %v", age, got, want)
		}
	}
}
