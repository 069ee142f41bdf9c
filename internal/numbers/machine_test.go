package numbers

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
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
	states, calls := source(t, "State", "transition", "happen", "step", "failAll", "over")
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

	// What the code does is in the table: what follows from each row, and what it computes. The code names no states,
	// a row has one; so here stands what the events of each are that the code names.
	named := map[string]bool{}
	for _, c := range calls {
		for _, arg := range c.Args {
			if id, _ := arg.(*ast.Ident); id != nil && events[id.Name] != "" {
				named[events[id.Name]] = true
			}
		}
	}
	if len(named) < 6 {
		t.Errorf("only %d events were found in the code", len(named))
	}
	pairs := map[[2]string]bool{}
	add := func(from State, list ...Event) {
		for _, e := range list {
			pairs[[2]string{string(from), string(e)}] = true
		}
	}
	add(Idle, Sent)
	add(Submitted, Found, NotFound, Listed, Lapsed, Transient, Permanent, Exhausted)           // the last three of a refusal
	add(Following, Going, Succeeded, Transient, Permanent, Odd, Late, Exhausted, Listed, Gone) // the first of an entry
	add(Arriving, Exhausted, Listed, Lapsed)                                                   // what the lists do not show
	add(Failed, Edited, Asked, Listed)                                                         // a trouble
	add(ParkedSt, Edited, Asked, Listed)
	for e := range named {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(pairs)), func(p [2]string) bool { return p[1] == e }) {
			t.Errorf("%s happens in the code, and not in this test", e)
		}
	}
	for p := range pairs {
		if _, ok := Machine[State(p[0])][Event(p[1])]; !ok {
			t.Errorf("%s of what is %s happens, and is not in the table", p[1], p[0])
		}
	}
}

// What a row becomes follows from the table, and what is remembered of it tells the state again. What the table does
// not have cannot happen: it is said, and the row stays as it was.
func TestTransition(t *testing.T) {
	states, _ := source(t, "State")
	events, _ := source(t, "Event")
	order := resource.Order{ID: "o", Op: resource.OrderUpload, Target: atL1, Numbers: set(n1, n2), Ticket: "T", Seen: []string{"S"}, At: now}
	trouble := resource.Trouble{Number: n1, Target: atL1, Op: resource.OrderUpload, Attempts: 3, At: now, Next: now.Add(time.Hour)}
	rows := map[State]row{Failed: troubleRow(&trouble)}
	parked := trouble
	parked.Next = time.Time{}
	rows[ParkedSt] = troubleRow(&parked)
	rows[Following] = orderRow(&order)
	settled, lost := order, order
	settled.Settled, lost.Ticket = true, ""
	rows[Arriving], rows[Submitted] = orderRow(&settled), orderRow(&lost)
	rows[Idle] = row{state: Idle, order: lost} // that is about to be sent
	for _, s := range states {
		from := rows[State(s)]
		if from.state != State(s) {
			t.Errorf("the row of what is %s is %s", s, from.state)
		}
		for _, e := range events {
			before := from
			if before.order.ID == "" {
				before.order = lost // likewise
			}
			before.trouble = trouble // as it is to be remembered, should it fail
			if Event(e) == Found {
				before.order.Ticket = "T"
			}
			got, err := transition(before, Event(e))
			want, ok := Machine[State(s)][Event(e)]
			switch {
			case ok != (err == nil):
				t.Errorf("%s of what is %s: %v", e, s, err)
			case !ok && !reflect.DeepEqual(got, before):
				t.Errorf("%s of what is %s changed the row: %+v", e, s, got)
			case ok && got.state != want:
				t.Errorf("%s of what is %s: %s, want %s", e, s, got.state, want)
			case ok && remembered(&got) != want:
				t.Errorf("%s of what is %s: it is %s, and remembered as %s: %+v", e, s, want, remembered(&got), got)
			}
		}
	}
}

// remembered is the state that what is remembered of a row tells.
func remembered(r *row) State {
	none := r.order.ID == ""
	switch {
	case r.trouble.Number != 0 && none:
		return troubleRow(&r.trouble).state
	case r.trouble.Number == 0 && !none:
		return orderRow(&r.order).state
	case none:
		return Idle
	}
	return "both"
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
	entry := func(status, code, message string) *entry { return &entry{Status: status, Code: code, Message: message} }
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
		e := entry(c.entry, c.code, "m")
		if c.entry == "none" {
			e = nil
		}
		got, why := entryEvent(u, e)
		if reason := words(new(planner).reason(why)); got != c.want || reason != c.reason {
			t.Errorf("%+v: %s %q", c, got, reason)
		}
	}
	for _, c := range [][3]string{{"", "", "Telnyx gives no reason"}, {"c", "", "c"}, {"", "m", "m"}, {"c", "m", "c: m"}} {
		u := &resource.Upload{Ticket: "T", Status: "error"}
		_, why := entryEvent(u, entry("error", c[0], c[1]))
		if got := words(new(planner).reason(why)); got != c[2] {
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
