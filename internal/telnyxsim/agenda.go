package telnyxsim

import (
	"cmp"
	"container/heap"
	"maps"
	"slices"
	"time"
)

// event says that something happens to an object at a time.
type event struct {
	at               time.Time
	kind, owner, key string
}

// agenda has the events to come, the next one first. What happens at one time happens
// in the order of names, so that it does not depend on what was stored when.
type agenda []event

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return cmp.Or(
		a[i].at.Compare(a[j].at), cmp.Compare(a[i].kind, a[j].kind),
		cmp.Compare(a[i].owner, a[j].owner), cmp.Compare(a[i].key, a[j].key),
	) < 0
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(e any)   { *a = append(*a, e.(event)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	e := (*a)[last]
	*a = (*a)[:last]
	return e
}

// plan puts the next thing that happens to an object on the agenda.
func (a *account) plan(name, owner string, obj map[string]any) {
	k := a.kinds[name]
	if k.due == nil {
		return
	}
	if at, more := k.due(a, obj); more {
		heap.Push(&a.agenda, event{at: at, kind: name, owner: owner, key: obj[k.key].(string)})
	}
}

// planAll makes the agenda of an account that was just read.
func (a *account) planAll() {
	for _, name := range slices.Sorted(maps.Keys(a.kinds)) {
		for _, r := range a.of(name, "").records {
			a.plan(name, "", r.fields)
		}
		for owner, c := range a.owned[name] {
			for _, r := range c.records {
				a.plan(name, owner, r.fields)
			}
		}
	}
}

// settle lets everything happen that is due, each at its own time: an account is the
// same whether it was looked at in between or not.
func (a *account) settle(now time.Time) {
	for len(a.agenda) > 0 && !a.agenda[0].at.After(now) {
		e := heap.Pop(&a.agenda).(event)
		obj, found := a.of(e.kind, e.owner).get(e.key)
		if !found {
			continue
		}
		// What was changed since then stands on the agenda once more.
		if at, more := a.kinds[e.kind].due(a, obj); more && !at.After(e.at) {
			a.kinds[e.kind].step(a, e.owner, obj, e.at)
		}
	}
}

// way is the states that something passes through while Config.UploadTime passes: each
// with the quarter of that time in which it begins.
type way []struct {
	status string
	begins int
}

func uploadWay() way { return way{{"pending_upload", 0}, {"pending", 1}, {"in_progress", 2}} }
func jobWay() way    { return way{{"pending", 0}, {"in_progress", 2}} }

func (a *account) quarter(begun string, n int) time.Time {
	t, _ := time.Parse(time.RFC3339, begun) // fields checked it
	if n == 4 {
		return t.Add(a.uploadTime)
	}
	return t.Add(a.uploadTime / 4 * time.Duration(n))
}

// ends is when a state ends that is on the way; false is for those that are not.
func (a *account) ends(w way, status, begun string) (time.Time, bool) {
	for i, s := range w {
		switch {
		case s.status != status:
		case i+1 < len(w):
			return a.quarter(begun, w[i+1].begins), true
		default:
			return a.quarter(begun, 4), true
		}
	}
	return time.Time{}, false
}

// next is the state that is reached by a time, "" for the end of the way. It never goes
// back.
func (a *account) next(w way, status, begun string, at time.Time) string {
	for {
		end, more := a.ends(w, status, begun)
		if !more || end.After(at) {
			return status
		}
		status = w.after(status)
	}
}

// after is the state behind another one, "" behind the last.
func (w way) after(status string) string {
	for i, s := range w[:len(w)-1] {
		if s.status == status {
			return w[i+1].status
		}
	}
	return ""
}
