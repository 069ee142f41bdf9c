package diff

import (
	"slices"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// NotApplied takes out of what is to be remembered a value that did not get in place, or may not have: what
// stood there before goes on being compared with.
func NotApplied(own, before *resource.Owned, path string) {
	own.Applied = resource.Without(own.Applied, path)
	if before == nil {
		return
	}
	if v, known := resource.Get(before.Applied, path); known {
		resource.Put(own.Applied, path, v)
	}
}

// hold takes out what was written often enough and came back each time.
func (p *planner) hold(e *resource.Entry, row *resource.Owned, c *plan.Change, w *Work) (held bool) {
	if row == nil {
		return false
	}
	w.Own.Attempts = nil
	c.Deltas = slices.DeleteFunc(c.Deltas, func(d plan.Delta) bool {
		a := row.Attempts[d.Path]
		if a.Value != resource.Text(resource.Remembered(d.New)) {
			return false
		}
		if w.Own.Attempts == nil {
			w.Own.Attempts = map[string]resource.Attempt{}
		}
		w.Own.Attempts[d.Path] = a
		if a.Count < StickLimit {
			return false
		}
		held = true
		if !a.Note.IsZero() {
			NotApplied(w.Own, row, d.Path)
			p.problem(e.Addr, &e.Pos, true, reason(LeftUnwritten, plan.Args{"path": d.Path, "why": a.Note}))
			return true
		}
		ignore := d.Path
		switch ignore {
		case plan.OwnerTagPath: // no field of the YAML
			ignore = "/tags"
		case plan.RenewPath:
			p.problem(e.Addr, &e.Pos, true, reason(RenewalUndone, plan.Args{"count": a.Count, "end": d.Old, "address": e.String()}))
			return true
		}
		p.problem(e.Addr, &e.Pos, true, reason(DoesNotStick, plan.Args{
			"path": d.Path, "value": d.New, "count": a.Count, "live": d.Old, "ignore": ignore,
		}))
		return true
	})
	w.Write.Patch = resource.Object{}
	w.Write.Retag = false
	for _, d := range c.Deltas {
		switch d.Path {
		case plan.OwnerTagPath:
			w.Write.Retag = true
		case plan.RenewPath: // any write renews
		default:
			resource.Put(w.Write.Patch, d.Path, d.New)
		}
	}
	return held
}
