package apply

import (
	"slices"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/retention"
)

// approvedRules is what somebody approved of what is due by the policies and holds of a plan.
func (j *judgement) approvedRules(p *plan.Plan) (found *retention.Approved) {
	code := j.code(&plan.Set{Name: p.Job, Rules: p.Rules})
	for i := range j.approvals {
		if a := &j.approvals[i]; a.Code == code && a.Rules != nil && (found == nil || a.Rules.Cutoff.After(found.Cutoff)) {
			found = &retention.Approved{Code: code, Cutoff: a.Rules.Cutoff}
		}
	}
	return found
}

// retained withholds all of a plan of retention where any of it is withheld: policies and holds were changed, and are to be
// looked at as a whole.
func retained(p *plan.Plan, why [][]plan.Reason) {
	var all []plan.Reason
	for _, k := range p.Rules.Silent {
		all = append(all, plan.Reason{Code: HoldSilent, Args: plan.Args{"policy": k.Addr.String()}})
	}
	for _, list := range why {
		for _, r := range list {
			if !slices.ContainsFunc(all, func(o plan.Reason) bool { return o.Key() == r.Key() }) {
				all = append(all, r)
			}
		}
	}
	for i := range p.Changes {
		if p.Changes[i].Let == "" {
			why[i] = all
		}
	}
}
