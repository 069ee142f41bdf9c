package apply

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// DefaultConfiguration is the name of a configuration that has none.
const DefaultConfiguration = "default"

// NoSuchSet is the code of an error: no set that is withheld has a code that somebody approves.
const NoSuchSet resource.Code = "no_such_set"

// NoSetError says that nothing that is withheld has a code.
type NoSetError struct{ Code string }

// Error says so.
func (e *NoSetError) Error() string {
	return fmt.Sprintf("nothing that is withheld has the code %s", e.Code)
}

// Reason is what helps.
func (e *NoSetError) Reason() (code string, args map[string]any) { return string(NoSuchSet), nil }

// judgement is what guards judge by, but for what depends on objects.
func (e *Engine) judgement(desired resource.Config, snap state.Snapshot) judgement {
	j := judgement{
		identity: identity{Configuration: DefaultConfiguration, Instance: cmp.Or(e.Instance, "default"), BaseURL: e.BaseURL},
		limits:   e.Limits, taken: snap.Taken, withheld: snap.Withheld, desired: desired, roots: rootsOf(desired, snap), now: e.now(),
	}
	for _, a := range snap.Approvals {
		if a.InForce(j.now) {
			j.approvals = append(j.approvals, a)
		}
	}
	return j
}

// rootsOf tells of which configuration things are.
func rootsOf(desired resource.Config, snap state.Snapshot) map[resource.Addr]string {
	roots := map[resource.Addr]string{}
	for i := range snap.Owned {
		roots[snap.Owned[i].Addr] = snap.Owned[i].Root
	}
	for i := range snap.Groups {
		roots[snap.Groups[i].Addr] = snap.Groups[i].Root
	}
	for i := range desired.Entries {
		roots[desired.Entries[i].Addr] = desired.Entries[i].Root
	}
	return roots
}

// judged lets the guards look at a plan, with what somebody approves in this run. What is withheld then, and what was
// approved, is to be remembered.
func (e *Engine) judged(p plan.Plan, j judgement, snap state.Snapshot, o Options) (plan.Plan, error) {
	out := p
	out.Changes = slices.Clone(p.Changes)
	j.guard(&out)
	var approved []resource.Approval
	for _, code := range o.Approve {
		code = strings.ToUpper(code)
		if p.Rules != nil && code == j.code(&plan.Set{Name: p.Job, Rules: p.Rules}) { // what is due by them is let through already
			out.Remember.Approvals = append(out.Remember.Approvals, approvalOf(resource.WithheldSet{Name: p.Job, Code: code, Rules: p.Rules}, o.By, j))
			continue
		}
		switch i := slices.IndexFunc(out.Sets, func(s plan.Set) bool { return s.Code == code }); {
		case i >= 0:
			s := &out.Sets[i]
			approved = append(approved, approvalOf(resource.WithheldSet{Name: s.Name, Code: s.Code, Changes: s.Changes, Rules: s.Rules}, o.By, j))
		case !slices.ContainsFunc(j.approvals, func(a resource.Approval) bool { return a.Code == code }):
			return out, &NoSetError{code}
		}
	}
	if len(approved) > 0 {
		j.approvals = append(slices.Clone(j.approvals), approved...)
		out = p
		out.Changes = slices.Clone(p.Changes)
		j.guard(&out)
	}
	out.Remember.Approvals = append(out.Remember.Approvals, approved...)
	j.rememberWithheld(&out, snap, o)
	return out, nil
}

func approvalOf(s resource.WithheldSet, by string, j judgement) resource.Approval {
	return Approve(&s, by, j.now)
}

// Approve is an approval of a set.
func Approve(s *resource.WithheldSet, by string, now time.Time) resource.Approval {
	a := resource.Approval{ID: randomID(), Set: s.Name, Code: s.Code, At: now, By: by, Rules: s.Rules}
	if s.Rules == nil {
		for i := range s.Changes {
			a.Changes = append(a.Changes, s.Changes[i].Approved)
		}
	}
	return a
}

func randomID() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}

// rememberWithheld takes down what is withheld, so that it stays so. What this run did not look at stays as it was.
func (j *judgement) rememberWithheld(p *plan.Plan, snap state.Snapshot, o Options) {
	var sets []resource.WithheldSet
	for _, old := range snap.Withheld {
		kept := old
		kept.Changes = slices.DeleteFunc(slices.Clone(old.Changes), func(w resource.WithheldChange) bool { return j.lookedAt(p, &old, &w, o) })
		if len(kept.Changes) > 0 {
			sets = append(sets, kept)
		}
	}
	for i := range p.Sets {
		s := &p.Sets[i]
		now := resource.WithheldSet{Name: s.Name, Code: s.Code, At: j.now, Changes: s.Changes, Guards: s.Guards, Rules: s.Rules}
		at := slices.IndexFunc(sets, func(o resource.WithheldSet) bool { return o.Name == s.Name })
		if old := slices.IndexFunc(snap.Withheld, func(o resource.WithheldSet) bool { return o.Name == s.Name }); old >= 0 && snap.Withheld[old].Code == s.Code {
			now.At, now.Guards = snap.Withheld[old].At, snap.Withheld[old].Guards // it is the same, and as old
		}
		now.Guards = slices.DeleteFunc(slices.Clone(now.Guards), func(r plan.Reason) bool { return r.Code == WithheldBefore })
		if at < 0 {
			sets = append(sets, now)
			continue
		}
		now.Changes = slices.Concat(now.Changes, sets[at].Changes)
		sets[at] = now
	}
	slices.SortFunc(sets, func(a, b resource.WithheldSet) int { return strings.Compare(a.Name, b.Name) })
	if resource.Text(sets) != resource.Text(snap.Withheld) && len(sets)+len(snap.Withheld) > 0 {
		p.Remember.Withheld = &sets
	}
}

// lookedAt tells whether a run would have planned a change that was withheld before, if it were still to be done.
func (j *judgement) lookedAt(p *plan.Plan, s *resource.WithheldSet, w *resource.WithheldChange, o Options) bool {
	a, err := resource.ParseAddr(w.Address)
	root := j.desired.Root(w.Root)
	switch {
	case (s.Rules != nil) != (p.Rules != nil), s.Rules != nil && p.Job != s.Name:
		return false // retention has plans of its own
	case err != nil:
		return true
	case root == nil, o.Only != nil && !slices.Contains(o.Only, a):
		return false
	case !o.Prune && s.Rules == nil && (w.Op == string(plan.Delete) || w.Op == string(plan.Forget)) && j.desired.Find(a) == nil:
		return false
	}
	return !slices.ContainsFunc(p.Problems, func(q plan.Problem) bool {
		return q.Addr.Kind == a.Kind && (q.Addr.Name == "" || q.Addr.Name == a.Name && (q.Unread || q.Items == nil))
	})
}
