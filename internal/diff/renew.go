package diff

import (
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// renewal decides whether an object that expires is due to be renewed. An expiry that is not known
// is never taken for a healthy one.
//
//	Telnyx says when it expires      due from `before` earlier on, also when that is past
//	it does not, and we wrote it     by when that was, and reported all the same
//	it does not, and we never did    due now
//
// It returns when one that is healthy will be due.
func (p *planner) renewal(k *resource.Kind, e *resource.Entry, row *resource.Owned, c *plan.Change, w *Work) (due time.Time) {
	if k.Renewal == nil {
		return due
	}
	life, before := k.Renewal(e.Object)
	expires, known := w.Live.Expires, !w.Live.Expires.IsZero()
	written := p.renewedAt(row)
	if !known && !written.IsZero() {
		expires = written.Add(life)
	}
	if granted, asked := p.grantedLife(k, row); granted > 0 && granted < asked-asked/100-clockSkew {
		// Renewing it again at once would not give it more.
		before = min(before, granted/2)
		p.problem(e.Addr, &e.Pos, false, reason(ShortLife, plan.Args{
			"granted": resource.DurationText(granted.Round(time.Second)), "asked": resource.DurationText(asked),
		}))
	}
	due = expires.Add(-before)
	if expires.IsZero() || !p.in.Now.Before(due) {
		var old any
		if known {
			old = clock(expires)
		}
		c.Deltas = append(c.Deltas, plan.Delta{Path: plan.RenewPath, Old: old, New: resource.LifeText(life), Origin: plan.FromExpiry})
		return time.Time{}
	}
	if !known {
		p.problem(e.Addr, &e.Pos, false, reason(EndNotShown, plan.Args{"written": clock(written), "due": clock(due)}))
	}
	return due
}

// clockSkew is how far the ends of lives may be off: they are by Telnyx's clock, and writes take time.
const clockSkew = 5 * time.Minute

// renewedAt is when an object was last made or written; zero where nobody knows, as where a clock was ahead then.
func (p *planner) renewedAt(row *resource.Owned) time.Time {
	if row == nil || row.Renewed.After(p.in.Now.Add(clockSkew)) {
		return time.Time{}
	}
	return row.Renewed
}

// grantedLife is what Telnyx gave an object when it was last written, and what it was asked for; 0 where
// nobody knows.
func (p *planner) grantedLife(k *resource.Kind, row *resource.Owned) (granted, asked time.Duration) {
	if p.renewedAt(row).IsZero() || row.Ends.IsZero() {
		return 0, 0
	}
	asked, _ = k.Renewal(row.Applied)
	return row.Ends.Sub(row.Renewed), asked
}

// dueAgain reckons with an object that this plan makes or writes.
func (p *planner) dueAgain(k *resource.Kind, e *resource.Entry) {
	if k.Renewal != nil && !e.Observe {
		life, before := k.Renewal(e.Object)
		p.dueAt(p.in.Now.Add(life - before))
	}
}

func (p *planner) dueAt(t time.Time) {
	if p.plan.NextRenewal.IsZero() || t.Before(p.plan.NextRenewal) {
		p.plan.NextRenewal = t
	}
}

// renewReason says why an object is renewed.
func renewReason(d plan.Delta, now time.Time) plan.Reason {
	text, known := d.Old.(string)
	if !known {
		return reason(EndNotKnown, nil)
	}
	code := WillEnd
	if at, err := time.Parse(time.RFC3339, text); err == nil && !now.Before(at) {
		code = HasEnded
	}
	return reason(code, plan.Args{"at": text})
}

func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }
