package diff

import (
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// incarnationOf is what to remember of an object that was read. What state remembers stays, unless a write of ours has
// left it open. What it does not know is learned where the object is as it was last applied, or as it is desired: then
// nothing speaks for its being another one.
func incarnationOf(k *resource.Kind, row *resource.Owned, live *resource.Live, asDesired bool) string {
	switch {
	case row == nil:
		return live.Incarnation
	case live.Incarnation == "":
	case row.IsOpen(), row.Incarnation == "" && (asDesired || len(unlike(k, row, live)) == 0):
		return live.Incarnation
	}
	return row.Incarnation
}

// learn remembers the incarnation of an object that is no longer written.
func (p *planner) learn(k *resource.Kind, o *resource.Owned, live *resource.Live) *resource.Owned {
	row := *o
	if row.Incarnation = incarnationOf(k, o, live, false); row.Incarnation == o.Incarnation || len(unlike(k, o, live)) > 0 {
		return o
	}
	p.plan.Remember.Own = append(p.plan.Remember.Own, row)
	return &row
}

// another are the arguments of what is to be said of an object that is another than ours.
func another(row *resource.Owned, live *resource.Live) plan.Args {
	return plan.Args{"id": live.ID, "address": row.Addr.String(), "was": row.Incarnation, "is": live.Incarnation}
}

// doubt is why an object may be another than ours, and is not to be deleted before a person says so: its id is a name that
// anybody can use again, nothing shows when it came to be, and it is not as we left it. None where all is well.
func doubt(k *resource.Kind, row *resource.Owned, live *resource.Live) plan.Reason {
	if k.IDs || row.IsSame(live) {
		return plan.Reason{}
	}
	paths := unlike(k, row, live)
	if len(paths) == 0 {
		return plan.Reason{}
	}
	return reason(DeleteDoubtful, plan.Args{"id": live.ID, "address": row.Addr.String(), "paths": paths})
}

// unlike are the paths at which an object shows neither what was last applied nor what was sent since without an answer.
// Of what was adopted by hand nothing was applied, and nothing is unlike that.
func unlike(k *resource.Kind, row *resource.Owned, live *resource.Live) (paths []string) {
	k.Schema.Leaves(row.Applied, func(path string, s *resource.Schema, v any) {
		have, shown := resource.Get(live.Object, path)
		if !shown && (s.WriteOnly || s.CreateOnly) || resource.Equal(have, v) {
			return
		}
		if row.Attempts[path].Value != resource.Text(have) {
			paths = append(paths, path)
		}
	})
	if k.Renewal != nil && !row.IsOpen() && !row.Ends.IsZero() && !live.Expires.IsZero() && !sameSecond(row.Ends, live.Expires) {
		paths = append(paths, plan.RenewPath)
	}
	return paths
}

func sameSecond(a, b time.Time) bool { return resource.Incarnation(a) == resource.Incarnation(b) }
