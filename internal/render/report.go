package render

import (
	"fmt"
	"slices"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// Report is what a job did: what there is to say, how each change ended, what waits and what is wrong.
type Report struct {
	Plan   *plan.Plan // nil where there is none
	Whole  bool       // it is of all that is desired, so that its summary says enough
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
			lines = append(lines, ws.outcomeLines(&r.Result.Outcomes[i], r.Plan)...)
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
		for i := range r.Plan.Problems {
			q := &r.Plan.Problems[i]
			lines = append(lines, fmt.Sprintf("problem: %s: %s", q.Addr, ws.Problem(q)))
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
	for i := range p.Notes {
		lines = append(lines, ws.said(&p.Notes[i]))
	}
	return lines
}

// outcomeLines are how a change ended. Of messages each is told by what it says.
func (ws *Words) outcomeLines(o *plan.Outcome, p *plan.Plan) (lines []string) {
	at := -1
	if p != nil && o.Op == plan.Dismiss {
		at = slices.IndexFunc(p.Changes, func(c plan.Change) bool { return c.Op == o.Op && c.Addr == o.Addr })
	}
	if at < 0 {
		return []string{ws.outcomeLine(o)}
	}
	failed := map[string]bool{}
	if o.Failed != nil {
		for id := range o.Failed.IDs() {
			failed[id] = true
		}
	}
	said := p.Changes[at].Reasons
	i := 0
	for id := range o.Items.IDs() {
		if failed[id] {
			lines = append(lines, fmt.Sprintf("not dismissed: %s: %s", ws.Of(said[i]), ws.Wrong(o)))
		} else {
			lines = append(lines, fmt.Sprintf("dismissed by %s: %s", o.Addr, ws.Of(said[i])))
		}
		i++
	}
	return lines
}

func (ws *Words) outcomeLine(o *plan.Outcome) string {
	if o.Op == plan.Refresh && o.Status == plan.Done {
		return ws.All(o.Reasons)
	}
	line := Outcome(o)
	if wrong := ws.Wrong(o); wrong != "" {
		line += ": " + wrong
	}
	return line
}

func (ws *Words) said(n *plan.Note) string {
	if n.Addr == (resource.Addr{}) {
		return ws.Of(n.Reason)
	}
	return plan.Subject(n.Addr) + ": " + ws.Of(n.Reason)
}
