package diff

import (
	"strings"
	"time"

	"telnyxsync/internal/resource"
)

// renewal decides whether an object that expires is due to be renewed. An expiry that is not known
// is never taken for a healthy one.
//
//	Telnyx says when it expires      due from `before` earlier on, also when that is past
//	it does not, and we wrote it     by our own clock, and reported all the same
//	it does not, and we never did    due now
func (p *planner) renewal(k *resource.Kind, e *resource.Entry, row *resource.Owned, c *Change) {
	if k.Renewal == nil {
		return
	}
	life, before := k.Renewal(e.Object)
	c.RenewBefore = before
	expires, known := c.Live.Expires, !c.Live.Expires.IsZero()
	if !known && row != nil && !row.Renewed.IsZero() {
		expires = row.Renewed.Add(life)
	}
	due := expires.Add(-before)
	if expires.IsZero() || !p.in.Now.Before(due) {
		var old any
		if known {
			old = clock(expires)
		}
		c.Deltas = append(c.Deltas, Delta{Path: RenewPath, Old: old, New: "in " + resource.DurationText(life), Origin: FromExpiry})
		p.dueAgain(k, e)
		return
	}
	if !known {
		p.problem(e.Addr, &e.Pos, false, "Telnyx does not say when it expires: it was last written at %s, and is renewed by our own clock at %s",
			clock(row.Renewed), clock(due))
	}
	if len(c.Deltas) > 0 {
		p.dueAgain(k, e) // any write renews
		return
	}
	p.dueAt(due)
}

// dueAgain reckons with an object that this plan makes or writes.
func (p *planner) dueAgain(k *resource.Kind, e *resource.Entry) {
	if k.Renewal != nil {
		life, before := k.Renewal(e.Object)
		p.dueAt(p.in.Now.Add(life - before))
	}
}

func (p *planner) dueAt(t time.Time) {
	if p.plan.NextRenewal.IsZero() || t.Before(p.plan.NextRenewal) {
		p.plan.NextRenewal = t
	}
}

// Healthy tells whether an object that expires would not be renewed.
func Healthy(before time.Duration, l *resource.Live, now time.Time) bool {
	return !l.Expires.IsZero() && now.Before(l.Expires.Add(-before))
}

// renewReason says why an object is renewed.
func renewReason(d Delta, now time.Time) string {
	text, known := d.Old.(string)
	if !known {
		return "when it expires is not known"
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil && !now.Before(at) {
		return "it expired at " + text
	}
	return "it expires at " + text
}

func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// secretProblem says what a secret that cannot be had means for its entry.
func secretProblem(err error) string {
	return strings.ReplaceAll(err.Error(), "\n", "; ") + "; nothing of this entry is changed until it can be read"
}
