package render

import (
	"slices"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// Approve says how a person lets a withheld set through.
func (ws *Words) Approve(s *plan.Set) string { return ws.Of(s.Approve()) }

// Withheld is what a list shows of what somebody can let through.
func (ws *Words) Withheld(s *resource.WithheldSet) []string {
	lines := []string{ws.Approve(&plan.Set{Name: s.Name, Code: s.Code, Changes: s.Coded()})}
	for _, r := range s.Guards {
		lines = append(lines, ws.Of(r))
	}
	return lines
}

// Approved are lines of what an approval of a set lets through, sorted: each change by its operation, what it is about
// and what it sets.
func (ws *Words) Approved(changes []resource.Approved, rules *resource.ApprovedRules) (lines []string) {
	for i := range changes {
		c := &changes[i]
		line := c.Op + " " + c.Address
		if c.ID != "" {
			line += " (" + c.ID + ")"
		}
		if len(c.Items) > 0 {
			list := make([]any, len(c.Items))
			for k, text := range c.Items {
				list[k] = text
			}
			line += ": " + numberTexts(list)
		}
		for _, d := range c.Deltas {
			line += "\n    " + d.Path + ": " + valued(d.Old) + " -> " + valued(d.New)
		}
		lines = append(lines, line)
	}
	if rules != nil {
		lines = append(lines, ws.Of(resource.Reason{Code: plan.ApproveRules, Args: resource.Args{
			"count": rules.Count, "cutoff": rules.Cutoff.UTC().Format("2006-01-02T15:04:05Z"),
		}}))
		for i := range rules.Rules {
			r := &rules.Rules[i]
			lines = append(lines, "  "+r.Addr.String()+" "+resource.Text(r.Says))
		}
	}
	slices.Sort(lines[:len(changes)])
	return lines
}
