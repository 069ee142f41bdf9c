package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// numbered is an error of a request that has a number.
type numbered int

func (n numbered) Error() string { return fmt.Sprintf("403 (request %d)", n) }
func (n numbered) Same() string  { return "403" }

// A pass is logged when it is another one than the last: by codes, addresses and counts.
func TestAPassIsLoggedOnce(t *testing.T) {
	a, b := resource.Addr{Kind: "k", Name: "a"}, resource.Addr{Kind: "k", Name: "b"}
	withheld := func(a resource.Addr, code plan.Code) plan.Plan {
		return plan.Plan{Withheld: []plan.Withheld{{Change: plan.Change{Op: plan.Delete, Addr: a}, Guards: []plan.Reason{{Code: code}}}}}
	}
	problem := func(a resource.Addr, code plan.Code) plan.Plan {
		return plan.Plan{Problems: []plan.Problem{{Addr: a, Reason: plan.Reason{Code: code}}}}
	}
	var p plan.Plan
	var failure error
	l := newTestLoop(t, apply.Job{Name: reconcile, Run: func(context.Context, *apply.Engine, apply.Situation) (apply.Report, error) {
		return apply.Report{Plan: &p, Result: &plan.Result{}}, failure
	}})
	var log bytes.Buffer
	l.Log = slog.New(slog.NewJSONHandler(&log, nil))
	for i, c := range []struct {
		plan plan.Plan
		err  error
		want string // a line for each code, and how the pass was
	}{
		{plan.Plan{}, nil, "pass"},
		{plan.Plan{}, nil, ""},
		{plan.Plan{Unchanged: 1}, nil, "pass"},
		{withheld(a, "x"), nil, "pass x"},
		{withheld(a, "x"), nil, ""},
		{withheld(b, "x"), nil, "pass x"}, // as many, and others
		{withheld(b, "y"), nil, "pass y"},
		{problem(a, "x"), nil, "pass x"},
		{problem(a, "x"), nil, ""},
		{problem(b, "x"), nil, "pass x"},
		{problem(b, "y"), nil, "pass y"},
		{plan.Plan{}, errors.New("no route"), "failed"},
		{plan.Plan{}, errors.New("no route"), ""},
		{plan.Plan{}, errors.New("refused"), "failed"},
		{plan.Plan{}, numbered(1), "failed"},
		{plan.Plan{}, fmt.Errorf("read: %w", numbered(2)), ""}, // another request
		{plan.Plan{}, nil, "pass"},
	} {
		p, failure = c.plan, c.err
		log.Reset()
		l.runJob(t.Context(), l.Jobs[0], []Why{signalled})
		var got []string
		for line := range strings.Lines(log.String()) {
			if _, rest, coded := strings.Cut(line, `"code":"`); coded {
				code, _, _ := strings.Cut(rest, `"`)
				got = append(got, code)
			} else if strings.Contains(line, `"level":"ERROR"`) {
				got = append(got, "failed")
			} else {
				got = append(got, "pass")
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("pass %d logs %q, want %q", i, got, c.want)
		}
		if s := l.current(); s.Ready != (c.err == nil) {
			t.Errorf("pass %d: ready %v", i, s.Ready)
		}
	}
}

// What failed has the code of why, where there is one, beside its words, and keeps both until it is tried again.
func TestWhatFailedHasACode(t *testing.T) {
	a, b := resource.Addr{Kind: "k", Name: "a"}, resource.Addr{Kind: "k", Name: "b"}
	l := newTestLoop(t, apply.Job{Name: reconcile, Run: func(_ context.Context, _ *apply.Engine, s apply.Situation) (apply.Report, error) {
		r := apply.Report{Plan: &plan.Plan{Changes: []plan.Change{{Addr: a}, {Addr: b}}}, Result: &plan.Result{}}
		if !s.Skip(a) {
			r.Result.Outcomes = []plan.Outcome{
				{Addr: a, Status: plan.Unverified, Reasons: []plan.Reason{{Code: "unverifiable", Args: plan.Args{"text": "look"}}}},
				{Addr: b, Status: plan.Failed, Error: "422"},
			}
		}
		return r, nil
	}})
	for range 2 {
		l.runJob(t.Context(), l.Jobs[0], []Why{scheduled})
		if got, want := fmt.Sprint(l.current().Failed), "[{k/a unverifiable look } {k/b  422 }]"; got != want {
			t.Errorf("failed: %s, want %s", got, want)
		}
	}
}
