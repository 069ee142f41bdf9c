package render

import (
	"fmt"
	"strings"

	"telnyxsync/internal/plan"
)

// ResultText says how each change ended, what went wrong last, where the eye rests; problems are those of the plan, which
// stand above it or below.
func (ws *Words) ResultText(r *plan.Result, problems int, below bool) string {
	if len(r.Outcomes) == 0 {
		return ""
	}
	var done, wrong []string
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		line := Outcome(o)
		if text := ws.Wrong(o); text != "" {
			line += "\n    " + text
		}
		if o.Status == plan.Done || o.Status == plan.Submitted {
			done = append(done, line)
		} else {
			wrong = append(wrong, line)
		}
	}
	var b strings.Builder
	for _, line := range append(done, wrong...) {
		fmt.Fprintln(&b, Printable(line))
	}
	fmt.Fprintf(&b, "Applied: %d done", r.Count(plan.Done))
	for _, s := range []plan.Status{plan.Submitted, plan.Failed, plan.Blocked, plan.InDoubt, plan.Unverified, plan.NotStarted} {
		if n := r.Count(s); n > 0 {
			fmt.Fprintf(&b, ", %d %s", n, s)
		}
	}
	if problems > 0 {
		where := "above"
		if below {
			where = "below"
		}
		fmt.Fprintf(&b, "; %s, see %s", counted(problems, "problem"), where)
	}
	fmt.Fprintln(&b, ".")
	if r.Count(plan.InDoubt) > 0 {
		fmt.Fprintln(&b, "Run apply again: it looks for what was made before it sends anything.")
	}
	return b.String()
}

// ResultSummary says in a sentence how much was done.
func ResultSummary(r *plan.Result) string {
	done, all := r.Count(plan.Done)+r.Count(plan.Submitted), len(r.Outcomes)
	return fmt.Sprintf("Of these %d done, %d not.", done, all-done)
}

// BlockedBy says what a change waits for in vain.
func BlockedBy(address string) string { return "blocked by " + address }
