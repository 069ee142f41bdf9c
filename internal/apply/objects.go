package apply

import (
	"context"
	"errors"

	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// objects applies what is unblocked of the changes of objects, waits for any of it to end, and goes on with what that
// unblocks. A change that fails blocks only what needs it.
func (x *executor) objects(ctx context.Context, p *plan.Plan, out []plan.Outcome) error {
	work, stop := finish(ctx)
	defer stop()
	type ended struct {
		i   int
		out plan.Outcome
		err error
	}
	var (
		todo     []int // of the plan's changes
		index    = map[resource.Addr]int{}
		answers  = make(chan ended)
		running  int
		finished int
		fatal    error // the state cannot be written: nothing more may be sent
	)
	for i := range p.Changes {
		if diff.WorkOf(&p.Changes[i]) != nil {
			todo = append(todo, i)
			index[p.Changes[i].Addr] = i
		}
	}
	end := func(i int, o plan.Outcome) {
		out[i] = o
		finished++
		if client.Unauthorized(o.Err) {
			x.halt()
		}
		if o.Status == plan.Done && o.ID != "" {
			x.ids[o.Addr] = o.ID
		}
		if x.progress != nil {
			x.progress(finished, len(todo), o)
		}
	}
	started := map[int]bool{}
	start := func() {
		// What writes the state alone is written together, and may unblock more of its sort.
		for ready := []int{0}; len(ready) > 0 && ctx.Err() == nil && fatal == nil; {
			ready = ready[:0]
			var changes []*plan.Change
			for _, i := range todo {
				if c := &p.Changes[i]; !started[i] && remembersOnly(c) {
					if ok, _ := unblocked(c, index, out); ok {
						started[i] = true
						ready, changes = append(ready, i), append(changes, c)
					}
				}
			}
			var outs []plan.Outcome
			outs, fatal = x.rememberOnly(work, changes)
			for n, i := range ready {
				end(i, outs[n])
			}
		}
		for _, i := range todo {
			c := &p.Changes[i]
			if started[i] {
				continue
			}
			o := out[i]
			if ctx.Err() != nil || fatal != nil {
				started[i] = true
				o.Status = plan.NotStarted
				end(i, o)
				continue
			}
			ready, by := unblocked(c, index, out)
			switch {
			case by != "":
				started[i] = true
				o.Status, o.BlockedBy = plan.Blocked, by
				end(i, o)
			case ready && running < x.concurrency():
				started[i] = true
				running++
				x.fill(c)
				go func() {
					o, err := x.object(work, c)
					answers <- ended{i, o, err}
				}()
			}
		}
	}
	for start(); running > 0; start() {
		a := <-answers
		running--
		fatal = errors.Join(fatal, a.err)
		end(a.i, a.out)
	}
	return fatal
}

// unblocked tells whether all that a change needs was done, and by what it is blocked if not.
func unblocked(c *plan.Change, index map[resource.Addr]int, outcomes []plan.Outcome) (ready bool, by string) {
	ready = true
	for _, n := range c.Needs {
		i, planned := index[n]
		switch {
		case !planned:
			return false, n.String()
		case outcomes[i].Status == "":
			ready = false
		case !served(&outcomes[i]):
			return false, n.String()
		}
	}
	return ready, ""
}

// served tells whether what needs a change may go on.
func served(o *plan.Outcome) bool { return o.Status == plan.Done || o.Status == plan.Unverified }

// fill puts the ids of what was made in this run where they were promised.
func (x *executor) fill(c *plan.Change) {
	w := diff.WorkOf(c)
	if w.KeyOf != nil {
		k, o := x.kind(c), resource.Overlay(w.Entry, nil)
		resource.Put(o, k.KeyRef, resource.Ref{ID: x.ids[*w.KeyOf]})
		w.Write.Key = k.Key(c.Addr.Name, o)
	}
	w.Write.Desired, _ = x.filled(w.Write.Desired).(resource.Object)
	w.Write.Patch, _ = x.filled(w.Write.Patch).(resource.Object)
	if w.Own != nil {
		w.Own.Applied, _ = x.filled(w.Own.Applied).(resource.Object)
	}
}

func (x *executor) filled(v any) any {
	switch v := v.(type) {
	case resource.Pending:
		return x.ids[v.Addr]
	case resource.Object:
		out := resource.Object{}
		for k, e := range v {
			out[k] = x.filled(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = x.filled(e)
		}
		return out
	}
	return v
}
