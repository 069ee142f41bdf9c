package apply_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

// settle lets the daemon work until nothing is left to do or to wait for.
func (l *numberLaw) settle() (made plan.Plan) {
	l.sim.ClearFaults()
	const most = 60
	for i := range most {
		before := len(writes(l.sim))
		made, _ = l.pass(context.Background())
		truth := l.truth()
		open := len(made.Waiting) > 0 || slices.ContainsFunc(made.Changes, func(c plan.Change) bool { return c.Items != nil && c.Op != plan.Adopt })
		over := !slices.ContainsFunc(made.Open, func(o resource.Order) bool { // but for what hangs
			for number := range o.Numbers.All() {
				if _, hangs := truth.coming(number); !hangs {
					return true
				}
			}
			return false
		})
		if !open && over && len(made.Changes) == 0 && len(writes(l.sim)) == before && !truth.moves() {
			return made
		}
		if open && made.NextLook.IsZero() {
			l.Fatalf("nobody wakes what waits: %s", inShort(&made))
		}
		time.Sleep(max(time.Duration(i)*10*time.Minute, l.w.uploadTime/2, time.Until(made.NextLook)))
	}
	l.Fatalf("after %d passes something is left: %s", most, inShort(&made))
	return made
}

// inShort is a plan for whoever has to find out what went wrong.
func inShort(made *plan.Plan) string {
	var out strings.Builder
	for what, list := range map[string][]plan.Change{"": made.Changes, "wait: ": made.Waiting, "observed: ": made.Observed} {
		for _, c := range list {
			fmt.Fprintf(&out, "\n%s%s %s %s at %s: %s", what, c.Op, c.Addr, plan.TextsOf(c.Items), resource.Text(c.To), words.All(c.Reasons))
		}
	}
	for i := range made.Problems {
		fmt.Fprintf(&out, "\nproblem %s: %s", made.Problems[i].Addr, words.Problem(&made.Problems[i]))
	}
	fmt.Fprintf(&out, "\nnext %v %+v", made.NextLook, made.Counts)
	return out.String()
}

// ended looks at an account that has come to rest.
func (l *numberLaw) ended(before numberTruth, made plan.Plan) {
	truth := l.truth()
	for _, g := range l.w.groups {
		for n := range g.numbers.All() {
			if !g.observe && !truth.inPlace(n, g) {
				l.excuse(&truth, made, g, n)
			}
		}
	}
	for n := range l.w.pool.Minus(l.w.ever).All() {
		if l.meddled[n] {
			continue
		}
		was, owned := before.connection(n)
		is, _ := truth.connection(n)
		place, _, _ := before.place(n)
		if at, _, _ := truth.place(n); is != was || owned && at != place && place != "" {
			l.Errorf("%s was on %s at %s, and is on %s at %s, though nobody wanted it", n, was, place, is, at)
		}
	}
	for _, t := range l.snapshot().Troubles {
		if l.w.group(t.Number) == nil {
			l.Errorf("a trouble of a number in no group is remembered: %s", resource.Text(t))
		}
	}
	l.sim.ClearJournal()
	events := l.history()
	for range 2 {
		time.Sleep(10 * time.Minute)
		l.pass(context.Background())
	}
	if w := writes(l.sim); len(w) > 0 || l.history() != events {
		newest, _ := l.db.History(context.Background(), nil, l.history()-events)
		l.Errorf("at rest, %q is written, and told: %s", w, resource.Text(newest))
	}
}

// excuse looks for the reason why a number is not in place, and that the plan names it.
func (l *numberLaw) excuse(truth *numberTruth, made plan.Plan, g *numberGroup, n resource.Number) {
	on, owned := truth.connection(n)
	_, hangs := truth.coming(n)
	location, _, _ := truth.place(n)
	noDefault := g.civic != "" && defaultOf(g.civic) == ""
	switch {
	case !owned, g.location == "nowhere", hangs, l.w.hopeless[n]:
	case on != "" && on != truth.connectionOf(g) && !g.allowMove:
	case noDefault, l.w.tollFree[n] && g.toUsers():
	default:
		l.Errorf("%s of %s is on %s at %q, and nothing keeps it from %s%s on %s: %s", n, g.name, on, location, g.location, g.civic, g.connection, inShort(&made))
		return
	}
	for _, p := range made.Problems {
		if p.Addr.Name == g.name && saysNumber(words.Problem(&p), n) {
			return
		}
	}
	l.Errorf("%s of %s is on %s at %q, and no problem names it: %s", n, g.name, on, location, inShort(&made))
}

// saysNumber tells whether the text of a problem names a number, or may leave it out for brevity.
func saysNumber(text string, n resource.Number) bool {
	_, list, _ := strings.Cut(text, "(")
	list, _, _ = strings.Cut(list, ")")
	if strings.Contains(list, " more ") {
		return true
	}
	var ranges []any
	for r := range strings.SplitSeq(list, ", ") {
		ranges = append(ranges, r)
	}
	s, err := resource.ToNumbers(ranges)
	return err == nil && s.Has(n)
}

// lawOfNumbers does random steps, those given among them, and then lets the account come to rest.
func lawOfNumbers(t *testing.T, r *rapid.T, wrap func(http.Handler) http.Handler, steps map[string]func(l *numberLaw)) {
	inBubble(t, func() {
		l := newNumberLaw(r, wrap)
		defer func() {
			l.close()
			_ = os.RemoveAll(l.dir)
		}()
		pass := func(l *numberLaw) { l.pass(context.Background()) }
		steps["pass"], steps["pass again"], steps["one more pass"], steps["pass of one"] = pass, pass, pass, (*numberLaw).passOfOne
		steps["wait"], steps["wait again"], steps["fault"], steps["retry job"] = (*numberLaw).wait, (*numberLaw).wait, (*numberLaw).fault, (*numberLaw).retryJob
		steps["edit"], steps["meddle"] = func(l *numberLaw) { l.w.edit(r) }, (*numberLaw).somebody
		names, before := slices.Sorted(maps.Keys(steps)), l.truth()
		for range rapid.IntRange(1, 10).Draw(r, "steps") {
			steps[pick(r, "step", names...)](l)
		}
		l.ended(before, l.settle())
	})
}

// Whatever fails, whoever meddles, and whatever is changed on the way: no number is uploaded while it is on its
// way, none is touched that nobody wants, and in the end each is in place or a problem says why not.
func TestLawsOfNumbers(t *testing.T) {
	wrap := checked(t)
	rapid.Check(t, func(r *rapid.T) { lawOfNumbers(t, r, wrap, map[string]func(l *numberLaw){}) })
}
