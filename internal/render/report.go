package render

import (
	"fmt"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// Report is what a job did: what there is to say, how each change ended, what waits and what is wrong.
type Report struct {
	Plan   *plan.Plan // nil where there is none
	Whole  bool       // it is of all that is desired, so that its summary says enough of what is done and waits
	Result *plan.Result
	Says   []plan.Note
}

// Lines are a report for a person or a log. A line may hold a newline.
func (ws *Words) Lines(r *Report) (lines []string) {
	if r.Plan != nil && r.Whole {
		lines = append(lines, Summary(r.Plan))
	}
	if r.Plan != nil && !r.Whole {
		lines = append(lines, ws.planLines(r.Plan)...)
	}
	if r.Result != nil {
		for i := range r.Result.Outcomes {
			lines = append(lines, ws.outcomeLines(&r.Result.Outcomes[i])...)
		}
	}
	for i := range r.Says {
		lines = append(lines, ws.said(&r.Says[i]))
	}
	if r.Plan != nil && !r.Whole {
		for i := range r.Plan.Waiting {
			c := &r.Plan.Waiting[i]
			lines = append(lines, fmt.Sprintf("waiting: %s of %s: %s", countedUnits(c.Items), c.Addr, ws.All(c.Reasons)))
		}
	}
	if r.Plan != nil {
		for i := range r.Plan.Problems {
			q := &r.Plan.Problems[i]
			lines = append(lines, fmt.Sprintf("problem: %s: %s", plan.Subject(q.Addr), ws.Problem(q)))
		}
	}
	return lines
}

// planLines are what a plan of sets is about to do, a line for each entry, and its notes.
func (ws *Words) planLines(p *plan.Plan) (lines []string) {
	line := func(c *plan.Change, more string) {
		if c.Items != nil && c.Op == plan.Delete {
			lines = append(lines, fmt.Sprintf("%s: %s due, %s%s", c.Addr, countedUnits(c.Items), ws.All(c.Reasons), more))
		}
	}
	for i := range p.Changes {
		line(&p.Changes[i], "")
	}
	for i := range p.Observed {
		line(&p.Observed[i], "; it only observes, and deletes nothing")
	}
	for i := range p.Withheld {
		h := &p.Withheld[i]
		line(&h.Change, "")
		lines = append(lines, fmt.Sprintf("withheld: %s: %s", h.Addr, ws.All(h.Guards)))
	}
	for i := range p.Sets {
		lines = append(lines, ws.Approve(&p.Sets[i]))
	}
	for i := range p.Notes {
		lines = append(lines, ws.said(&p.Notes[i]))
	}
	return lines
}

// outcomeLines say how a change ended, in the words of what it did where it has some.
func (ws *Words) outcomeLines(o *plan.Outcome) (lines []string) {
	if o.Op == plan.Dismiss || o.Op == plan.Refresh && o.Status == plan.Done {
		for _, r := range o.Reasons {
			lines = append(lines, ws.Of(r))
		}
		if len(lines) > 0 {
			return lines
		}
	}
	line := Outcome(o)
	if wrong := ws.Wrong(o); wrong != "" {
		line += ": " + wrong
	}
	return []string{line}
}

func (ws *Words) said(n *plan.Note) string {
	if n.Addr == (resource.Addr{}) {
		return ws.Of(n.Reason)
	}
	return plan.Subject(n.Addr) + ": " + ws.Of(n.Reason)
}
