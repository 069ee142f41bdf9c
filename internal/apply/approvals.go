package apply

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"

	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// identity is what a code of an approval is bound to, beside the changes: it is the same wherever the same configuration
// is planned against the same account.
type identity struct {
	Configuration string `json:"configuration"`
	Instance      string `json:"instance"`
	BaseURL       string `json:"base_url"`
}

// sets gathers what was withheld and can be let through, by kind.
func (j *judgement) sets(p *plan.Plan) (sets []plan.Set) {
	by := map[string]*plan.Set{}
	for i := range p.Withheld {
		w := &p.Withheld[i]
		if !lettable(w.Guards) {
			continue
		}
		s := by[w.Addr.Kind]
		if s == nil {
			s = &plan.Set{Name: w.Addr.Kind, Rules: p.Rules}
			by[w.Addr.Kind] = s
		}
		for _, r := range w.Guards {
			if !slices.ContainsFunc(s.Guards, func(o plan.Reason) bool { return o.Key() == r.Key() }) {
				s.Guards = append(s.Guards, r)
			}
		}
		change := resource.WithheldChange{Approved: j.approvable(&w.Change), Root: j.roots[w.Addr], Losses: losses(&w.Change)}
		if s.Rules != nil {
			change.Items = nil // they come and go; the rules are what is approved
		}
		s.Changes = append(s.Changes, change)
	}
	for _, s := range by {
		s.Code = j.code(s)
		sets = append(sets, *s)
	}
	slices.SortFunc(sets, func(a, b plan.Set) int { return strings.Compare(a.Name, b.Name) })
	for i := range p.Withheld {
		w := &p.Withheld[i]
		if s := by[w.Addr.Kind]; s != nil && lettable(w.Guards) {
			w.Code = s.Code
		}
	}
	return sets
}

// lettable tells whether somebody can let a change through.
func lettable(guards []plan.Reason) bool {
	return len(guards) > 0 && !slices.ContainsFunc(guards, func(r plan.Reason) bool {
		return r.Code == Protected || r.Code == DependentsUnread || r.Code == HoldsNumbers || r.Code == WaitsForWithheld
	})
}

// code is what a person names a set by. No reason, time, origin or order is in it.
func (j *judgement) code(s *plan.Set) string {
	doc := struct {
		Version int `json:"version"`
		identity
		Set     string              `json:"set"`
		Changes []resource.Approved `json:"changes,omitempty"`
		Rules   []resource.RuleSays `json:"rules,omitempty"`
		Silent  []resource.RuleKey  `json:"silent,omitempty"`
	}{Version: 1, identity: j.identity, Set: s.Name}
	if s.Rules != nil {
		doc.Rules, doc.Silent = s.Rules.Rules, s.Rules.Silent
	} else {
		for i := range s.Changes {
			doc.Changes = append(doc.Changes, s.Changes[i].Approved)
		}
		slices.SortFunc(doc.Changes, func(a, b resource.Approved) int { return strings.Compare(plan.Canonical(a), plan.Canonical(b)) })
	}
	sum := sha256.Sum256([]byte(plan.Canonical(doc)))
	return base32.StdEncoding.EncodeToString(sum[:])[:10]
}

// approvable is a change as a person says yes to it.
func (j *judgement) approvable(c *plan.Change) resource.Approved {
	a := resource.Approved{Op: string(c.Op), Address: c.Addr.String(), ID: c.ID, Incarnation: c.Incarnation, Items: plan.TextsOf(c.Items)}
	for _, d := range c.Deltas {
		a.Deltas = append(a.Deltas, j.delta(c.Addr, d))
	}
	slices.SortFunc(a.Deltas, func(x, y resource.ApprovedDelta) int { return strings.Compare(x.Path, y.Path) })
	if c.To != nil {
		a.Target, a.From = &c.To.Target, c.To.From
	}
	return a
}

// delta is a difference of it. A secret is its reference: what it leads to, and led to, nobody is to tell from a code.
func (j *judgement) delta(addr resource.Addr, d plan.Delta) resource.ApprovedDelta {
	if _, secret := d.New.(resource.Secret); !secret {
		return resource.ApprovedDelta{Path: d.Path, Old: resource.Remembered(d.Old), New: resource.Remembered(d.New)}
	}
	out := resource.ApprovedDelta{Path: d.Path}
	if e := j.desired.Find(addr); e != nil {
		out.New, _ = resource.Get(e.Object, d.Path)
	}
	return out
}

// losses are what a change takes away.
func losses(c *plan.Change) (out []resource.Loss) {
	for _, b := range c.Blast {
		out = append(out, resource.Loss{Class: string(b.Class), Count: b.Count})
	}
	return out
}

// letThrough marks what somebody approved, as long as it is planned unchanged. Of a set of phone numbers it takes those
// apart that are approved: the others are judged without them.
func (j *judgement) letThrough(p *plan.Plan) {
	var out []plan.Change
	for i := range p.Changes {
		c := p.Changes[i]
		for k := range j.approvals {
			a := &j.approvals[k]
			if a.Set != c.Addr.Kind || a.Rules != nil || c.Let != "" {
				continue
			}
			part, rest, any := j.approvedOf(a, &c)
			if !any {
				continue
			}
			part.Let = a.Code
			out = append(out, part)
			if rest == nil {
				c.Op = ""
				break
			}
			c = *rest
		}
		if c.Op != "" {
			out = append(out, c)
		}
	}
	p.Changes = out
}

// approvedOf is what of a change an approval lets through, and what is left; nil where nothing is.
func (j *judgement) approvedOf(a *resource.Approval, c *plan.Change) (part plan.Change, rest *plan.Change, any bool) {
	mine := j.approvable(c)
	mine.Items = nil
	text := plan.Canonical(mine)
	for i := range a.Changes {
		other := a.Changes[i]
		items := other.Items
		if other.Items = nil; plan.Canonical(other) != text {
			continue
		}
		if c.Items == nil {
			return *c, nil, true
		}
		all := numbersOf(c)
		both := rangesOf(items).And(all)
		if len(both) == 0 {
			continue
		}
		part = ofNumbersAlone(c, both)
		if left := all.Minus(both); len(left) > 0 {
			r := ofNumbersAlone(c, left)
			rest = &r
		}
		return part, rest, true
	}
	return part, nil, false
}

// ofNumbersAlone is a change for some of its phone numbers.
func ofNumbersAlone(c *plan.Change, s resource.Numbers) plan.Change {
	out, n, of := *c, s.Len(), c.Items.Len()
	out.Items = s
	out.Cost = (c.Cost*n + of - 1) / of
	out.Blast = nil
	for _, b := range c.Blast { // all of them leave, or none
		out.Blast = append(out.Blast, plan.Blast{Class: b.Class, Count: min(b.Count, n)})
	}
	out.Reasons = slices.Clone(c.Reasons)
	for i, r := range out.Reasons {
		if r.Code == numbers.CodeLeavesTeams {
			args := plan.Args{}
			for k, v := range r.Args {
				args[k] = v
			}
			args["count"] = n
			out.Reasons[i].Args = args
		}
	}
	return out
}
