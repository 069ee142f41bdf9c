package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// executor carries out the changes of one run.
type executor struct {
	*Engine
	db          *state.DB
	desired     *resource.Config
	fingerprint string
	ids         map[resource.Addr]string // of what was made in this run
	troubles    []resource.Trouble       // as they were before
}

func (e *Engine) executor(db *state.DB, desired resource.Config) *executor {
	return &executor{Engine: e, db: db, desired: &desired, fingerprint: Fingerprint(desired), ids: map[resource.Addr]string{}}
}

// run applies what is unblocked, waits for any of it to end, and goes on with what that unblocks.
// A change that fails blocks only what needs it.
func (x *executor) run(ctx context.Context, plan diff.Plan) (Result, error) {
	// A request under way is finished, or given up after a while, when the run is told to stop: its
	// outcome is worth the wait.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(graceAfterStop, stop) })()

	type ended struct {
		i   int
		out Outcome
		err error
	}
	var (
		outcomes = make([]Outcome, len(plan.Changes))
		index    = map[resource.Addr]int{}
		answers  = make(chan ended)
		running  int
		finished int
		fatal    error // the state cannot be written: nothing more may be sent
		limit    = x.concurrency()
	)
	for i := range plan.Changes {
		index[plan.Changes[i].Addr] = i
	}
	started := make([]bool, len(plan.Changes))
	end := func(i int, o Outcome) {
		outcomes[i] = o
		finished++
		if o.Status == Done && o.ID != "" {
			x.ids[o.Addr] = o.ID
		}
		if x.Progress != nil {
			x.Progress(finished, len(plan.Changes), o)
		}
	}
	start := func() {
		// What writes the state alone is written together, and may unblock more of its sort.
		for ready := []int{0}; len(ready) > 0 && ctx.Err() == nil && fatal == nil; {
			ready = ready[:0]
			for i := range plan.Changes {
				if c := &plan.Changes[i]; !started[i] && remembersOnly(c) {
					if ok, _ := unblocked(c, index, outcomes); ok {
						started[i] = true
						ready = append(ready, i)
					}
				}
			}
			var outs []Outcome
			outs, fatal = x.remember(work, plan.Changes, ready)
			for n, i := range ready {
				end(i, outs[n])
			}
		}
		for i := range plan.Changes {
			c := &plan.Changes[i]
			if started[i] {
				continue
			}
			if ctx.Err() != nil || fatal != nil {
				started[i] = true
				end(i, Outcome{Addr: c.Addr, Op: c.Op, ID: c.ID, Status: NotStarted})
				continue
			}
			ready, by := unblocked(c, index, outcomes)
			switch {
			case by != "":
				started[i] = true
				end(i, Outcome{Addr: c.Addr, Op: c.Op, ID: c.ID, Status: Blocked, BlockedBy: by})
			case ready && running < limit:
				started[i] = true
				running++
				x.fill(c)
				go func() {
					out, err := x.change(work, c)
					answers <- ended{i, out, err}
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
	return Result{Outcomes: outcomes}, fatal
}

// unblocked tells whether all that a change needs was done, and by what it is blocked if not.
func unblocked(c *diff.Change, index map[resource.Addr]int, outcomes []Outcome) (ready bool, by string) {
	ready = true
	for _, n := range c.Needs {
		i, planned := index[n]
		switch {
		case !planned:
			return false, n.String()
		case outcomes[i].Status == "":
			ready = false
		case outcomes[i].Status != Done && outcomes[i].Status != Unverified:
			return false, n.String()
		}
	}
	return ready, ""
}

// fill puts the ids of what was made in this run where they were promised.
func (x *executor) fill(c *diff.Change) {
	if c.KeyOf != nil {
		k, o := x.kind(c), resource.Overlay(c.Entry, nil)
		resource.Put(o, k.KeyRef, resource.Ref{ID: x.ids[*c.KeyOf]})
		c.Write.Key = k.Key(c.Addr.Name, o)
	}
	c.Write.Desired, _ = x.filled(c.Write.Desired).(resource.Object)
	c.Write.Patch, _ = x.filled(c.Write.Patch).(resource.Object)
	if c.Own != nil {
		c.Own.Applied, _ = x.filled(c.Own.Applied).(resource.Object)
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

// change does one change and records it. The error is one of the state.
func (x *executor) change(ctx context.Context, c *diff.Change) (Outcome, error) {
	out, record, err := x.carry(ctx, c)
	if err == nil {
		if err = x.db.Commit(ctx, record); err != nil {
			out.unrecorded(c, err)
		}
	}
	return out, err
}

// unrecorded says that the state does not know of a change.
func (o *Outcome) unrecorded(c *diff.Change, err error) {
	o.Error = wrap(c, err)
	if o.Status == Done {
		o.Status = InDoubt
	}
}

// carry does one change; record is what is to be remembered of it. The error is one of the state.
func (x *executor) carry(ctx context.Context, c *diff.Change) (out Outcome, record state.Record, _ error) {
	out = Outcome{Addr: c.Addr, Op: c.Op, ID: c.ID}
	record = state.Record{Own: c.Own}
	var (
		r   resource.Receipt
		err error
	)
	ops := x.Operations[c.Addr.Kind]
	switch c.Op {
	case diff.Create, diff.Replace:
		if err := x.db.Begin(ctx, x.intent(c)); err != nil {
			out.Status, out.Error = Failed, wrap(c, err)
			return out, record, err
		}
		r, err = x.make(ctx, ops, c)
		// As long as nobody knows what became of it, the intent stands.
		if !client.Unknown(err) && !errors.Is(err, errHalfReplaced) {
			record.EndIntent = &c.Addr
		}
		if err == nil {
			out.ID = r.Live.ID
			own := *c.Own
			own.ID = r.Live.ID
			x.renewed(c, &own, r.Live)
			record.Own = &own
		}
	case diff.Delete:
		r, err = x.remove(ctx, ops, c)
		record.Forget = &c.Addr
	case diff.Forget:
		record.Forget = &c.Addr
	default:
		if len(c.Deltas) > 0 {
			w := c.Write
			if x.kind(c).Blind {
				in := x.intent(c)
				w.Again = c.Begun != nil && c.Begun.Key == in.Key && c.Begun.Hash == in.Hash
				if err := x.db.Begin(ctx, in); err != nil {
					out.Status, out.Error = Failed, wrap(c, err)
					return out, record, err
				}
			}
			r, err = ops.Update(ctx, w)
		}
		if err == nil {
			own := *c.Own
			own.Attempts = x.attempts(ctx, ops, c, r.Live)
			if r.Unverified != "" {
				unverified(c, &own, r.Unverified)
			}
			if len(c.Deltas) > 0 {
				x.renewed(c, &own, r.Live)
			}
			record.Own = &own
		}
		if c.Op == diff.Rename && x.desired.Find(c.From.Addr) == nil { // an entry that has another object now remembers that
			record.Forget = &c.From.Addr
		}
		if !client.Unknown(err) || !x.kind(c).Blind {
			record.EndIntent = &c.Addr
		}
	}
	out.RequestID = r.RequestID
	switch {
	case r.Unverified != "":
		out.Status, out.Error = Unverified, wrap(c, errors.New(r.Unverified))
	case err == nil:
		out.Status = Done
	case client.Unknown(err) && (c.Op == diff.Create || c.Op == diff.Replace):
		out.Status, out.Error = InDoubt, wrap(c, err)
	default:
		out.Status, out.Error = Failed, wrap(c, err)
	}
	if err != nil {
		record.Own, record.Forget = nil, nil
	}
	record.Event = event(c, out, x.fingerprint)
	return out, record, nil
}

// unverified remembers that a value was sent and may or may not be in place: it is not sent again before
// the YAML changes.
func unverified(c *diff.Change, own *resource.Owned, why string) {
	if own.Attempts == nil {
		own.Attempts = map[string]resource.Attempt{}
	}
	for _, d := range c.Deltas {
		diff.NotApplied(own, c.From, d.Path)
		own.Attempts[d.Path] = resource.Attempt{Value: resource.Text(resource.Remembered(d.New)), Count: diff.StickLimit, Note: why}
	}
}

// remove deletes an object, having looked once more whether numbers depend on it: they may have
// been assigned since the plan was made.
func (x *executor) remove(ctx context.Context, ops Operations, c *diff.Change) (resource.Receipt, error) {
	n, err := ops.Numbers(ctx, c.Live)
	if err != nil {
		return resource.Receipt{}, fmt.Errorf("how many phone numbers depend on it could not be read: %w", err)
	}
	if n > 0 {
		return resource.Receipt{}, fmt.Errorf("it holds %s since a moment ago, and would disconnect them: move them to another connection first", countNumbers(n))
	}
	if c.Calls > 1 {
		// It is taken down before it is deleted. Should that be all that happens, and the entry come
		// back, the next run knows that it was us, and puts it up again.
		own := *c.From
		own.TakenDown = true
		if err := x.db.Commit(ctx, state.Record{Own: &own}); err != nil {
			return resource.Receipt{}, err
		}
	}
	return ops.Delete(ctx, c.Live)
}

// intent is what is stored before a create is sent.
func (x *executor) intent(c *diff.Change) resource.Intent {
	sum := sha256.Sum256([]byte(resource.Text(resource.Remembered(c.Write.Desired))))
	return resource.Intent{
		Addr: c.Addr, Root: c.Own.Root, Key: c.Write.Key, Hash: hex.EncodeToString(sum[:]), Seen: c.Seen, At: time.Now(),
	}
}

// errHalfReplaced: the new object is there, and so is the old one.
var errHalfReplaced = errors.New("the new one was made; the old one is still there and will be deleted by the next run")

var errNoID = errors.New("the answer holds no id")

// make creates an object; for a replace it then deletes the one in whose place it comes.
func (x *executor) make(ctx context.Context, ops Operations, c *diff.Change) (r resource.Receipt, err error) {
	if c.Resume != nil {
		w := c.Write
		w.Live, w.Patch = c.Resume, w.Desired
		r, err = ops.Update(ctx, w)
	} else {
		r, err = ops.Create(ctx, c.Write)
	}
	if err == nil && (r.Live == nil || r.Live.ID == "") {
		err = &client.Error{Method: "POST", Path: "/" + c.Addr.Kind, Sent: true, Err: errNoID}
	}
	if err != nil || c.Op != diff.Replace {
		return r, err
	}
	if _, err := ops.Delete(ctx, c.Live); err != nil {
		return r, fmt.Errorf("%w: %w", errHalfReplaced, err)
	}
	return r, nil
}
