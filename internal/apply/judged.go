package apply

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// DefaultConfiguration is the name of a configuration that has none.
const DefaultConfiguration = "default"

// NoSuchSet is the code of an error: no set that is withheld has a code that somebody approves. Args: code.
const NoSuchSet plan.Code = "no_such_set"

// ErrNoSet says that nothing that is withheld has a code.
func ErrNoSet(code string) error {
	return &resource.ReasonError{Why: plan.Reason{Code: NoSuchSet, Args: plan.Args{"code": code}}}
}

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
		switch i := slices.IndexFunc(out.Sets, func(s plan.Set) bool { return s.Code == code }); {
		case i >= 0:
			s := withheldSet(&out.Sets[i], j.now)
			approved = append(approved, Approve(s, o.By, j.now))
		case !slices.ContainsFunc(j.approvals, func(a resource.Approval) bool { return a.Code == code }):
			return out, ErrNoSet(code)
		}
	}
	if len(approved) > 0 {
		j.approvals = append(slices.Clone(j.approvals), approved...)
		out = p
		out.Changes = slices.Clone(p.Changes)
		j.guard(&out)
	}
	out.Remember.Approvals = approved
	j.rememberWithheld(&out, snap, o)
	return out, nil
}

func withheldSet(s *plan.Set, at time.Time) *resource.WithheldSet {
	return &resource.WithheldSet{Name: s.Name, Code: s.Code, At: at, Changes: s.Changes, Guards: s.Guards, Rules: s.Rules}
}

// Withheld are the sets that a plan withholds, as they are stored.
func Withheld(p *plan.Plan, at time.Time) (sets []resource.WithheldSet) {
	for i := range p.Sets {
		sets = append(sets, *withheldSet(&p.Sets[i], at))
	}
	return sets
}

// Approve is an approval of a set: of what its code stands for.
func Approve(s *resource.WithheldSet, by string, now time.Time) resource.Approval {
	a := resource.Approval{ID: randomID(), Set: s.Name, Code: s.Code, At: now, By: by, Rules: s.Rules}
	if s.Rules == nil {
		for _, c := range s.Coded() {
			a.Changes = append(a.Changes, c.Approved)
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
		now := *withheldSet(s, j.now)
		now.Guards = slices.DeleteFunc(slices.Clone(now.Guards), func(r plan.Reason) bool { return r.Code == WithheldBefore })
		named := func(o resource.WithheldSet) bool { return o.Name == s.Name }
		if at := slices.IndexFunc(snap.Withheld, named); at >= 0 {
			old := &snap.Withheld[at]
			if old.Code == s.Code { // it is the same, and as old
				now.At = old.At
			}
			if old.Code == s.Code || len(now.Guards) == 0 { // why it was withheld at first
				now.Guards = old.Guards
			}
		}
		at := slices.IndexFunc(sets, named)
		if at < 0 {
			sets = append(sets, now)
			continue
		}
		for _, w := range sets[at].Changes { // its code does not stand for them
			w.Beside = true
			now.Changes = append(slices.Clip(now.Changes), w)
		}
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
