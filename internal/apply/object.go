package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// done is what a step came to: what Telnyx answered, and what is to be remembered of it. Own and Forget count only
// where the step succeeded, what is ended in any case.
type done struct {
	receipt resource.Receipt
	id      string // of what was made
	own     *resource.Owned
	forget  []resource.Addr
	over    bool // whatever was begun is over, one way or the other
}

// step carries out a change of one object. stored is an error of the state, after which nothing may be sent; err is
// one of Telnyx.
type step func(x *executor, ctx context.Context, c *plan.Change, w *diff.Work) (d done, err, stored error)

// steps are what the operations do.
var steps = map[plan.Op]step{
	plan.Create: (*executor).create, plan.Replace: (*executor).create,
	plan.Update: (*executor).update, plan.Renew: (*executor).update, plan.Adopt: (*executor).update, plan.Overwrite: (*executor).update, plan.Rename: (*executor).update,
	plan.Delete: (*executor).remove,
	plan.Forget: func(_ *executor, _ context.Context, c *plan.Change, _ *diff.Work) (done, error, error) {
		return done{forget: []resource.Addr{c.Addr}}, nil, nil
	},
}

// object does one change and records it. The error is one of the state.
func (x *executor) object(ctx context.Context, c *plan.Change) (plan.Outcome, error) {
	out, rec, err := x.carry(ctx, c)
	if err == nil {
		if err = x.db.Commit(ctx, rec); err != nil {
			unrecorded(&out, err)
		}
	}
	return out, err
}

// unrecorded says that the state does not know of a change.
func unrecorded(o *plan.Outcome, err error) {
	o.Error, o.Err = err.Error(), err
	if o.Status == plan.Done {
		o.Status = plan.InDoubt
	}
}

// carry does one change; rec is what is to be remembered of it. The error is one of the state.
func (x *executor) carry(ctx context.Context, c *plan.Change) (out plan.Outcome, rec resource.Record, _ error) {
	out = plan.Outcome{Addr: c.Addr, Op: c.Op, ID: c.ID}
	d, err, stored := steps[c.Op](x, ctx, c, diff.WorkOf(c))
	if stored != nil {
		out.Status, out.Error, out.Err = plan.Failed, stored.Error(), stored
		return out, rec, stored
	}
	if d.id != "" {
		out.ID = d.id
	}
	if d.receipt.RequestID != "" {
		out.Requests = []string{d.receipt.RequestID}
	}
	out.Status = status(c, d.receipt, err)
	var told *resource.ReasonError
	switch {
	case errors.As(err, &told):
		out.Reasons = []plan.Reason{told.Because()}
	case err != nil:
		out.Error, out.Err = err.Error(), err
	case d.receipt.Unverified != "":
		out.Error = d.receipt.Unverified
	}
	if err == nil {
		rec.Forget = d.forget
		if d.own != nil {
			rec.Own = []resource.Owned{*d.own}
		}
	}
	if d.over {
		rec.EndIntents = []resource.Addr{c.Addr}
	}
	rec.Events = []resource.Event{event(c, &out, x.fingerprint)}
	rec.Events[0].At = x.now()
	return out, rec, nil
}

// remembersOnly tells whether a change writes nothing on Telnyx: what exists is adopted, goes by another
// name, or is forgotten.
func remembersOnly(c *plan.Change) bool {
	return len(c.Deltas) == 0 && (c.Op == plan.Adopt || c.Op == plan.Rename || c.Op == plan.Forget)
}

// rememberOnly carries out changes that write the state alone, in one transaction: a first run can adopt
// thousands of objects, and each commit waits for the disk. The error is one of the state.
func (x *executor) rememberOnly(ctx context.Context, changes []*plan.Change) ([]plan.Outcome, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	outs, records := make([]plan.Outcome, len(changes)), make([]resource.Record, len(changes))
	for i, c := range changes {
		var err error
		x.fill(c)
		if outs[i], records[i], err = x.carry(ctx, c); err != nil {
			return outs, err
		}
	}
	err := x.db.Commit(ctx, records...)
	if err != nil {
		for i := range outs {
			unrecorded(&outs[i], err)
		}
	}
	return outs, err
}

// status is how a step ended.
func status(c *plan.Change, r resource.Receipt, err error) plan.Status {
	switch {
	case r.Unverified != "":
		return plan.Unverified
	case err == nil:
		return plan.Done
	case client.Unknown(err) && (c.Op == plan.Create || c.Op == plan.Replace):
		return plan.InDoubt
	}
	return plan.Failed
}

func event(c *plan.Change, o *plan.Outcome, fingerprint string) resource.Event {
	deltas := make([]map[string]any, len(c.Deltas))
	for i, d := range c.Deltas {
		deltas[i] = map[string]any{"path": d.Path, "old": d.Old, "new": d.New, "origin": d.Origin}
	}
	e := resource.Event{
		Addr: c.Addr, Op: string(c.Op), ID: o.ID, Deltas: json.RawMessage(resource.Text(deltas)), Outcome: string(o.Status), Error: o.Error, Fingerprint: fingerprint,
		Losses: losses(c), Let: c.Let,
	}
	e.Reason = together(c.Reasons)
	if len(o.Requests) > 0 {
		e.RequestID = o.Requests[0]
	}
	if e.Error == "" && len(o.Reasons) > 0 { // it failed for a reason of ours, which the history puts into words
		e.Error = o.Reasons[0].Key()
	}
	return e
}

// Several is the code of several reasons, where there is room for one: reasons.
const Several plan.Code = "several"

// together are reasons as one.
func together(list []plan.Reason) plan.Reason {
	switch len(list) {
	case 0:
		return plan.Reason{}
	case 1:
		return list[0]
	}
	return plan.Reason{Code: Several, Args: plan.Args{"reasons": list}}
}

// create makes an object, or one in the place of another. What is about to be made is stored before.
func (x *executor) create(ctx context.Context, c *plan.Change, w *diff.Work) (d done, err, stored error) {
	if stored := x.open(ctx, c, w, w.Write.Key); stored != nil {
		return d, nil, stored
	}
	if stored := x.db.Begin(ctx, x.intent(c, w)); stored != nil {
		return d, nil, stored
	}
	d.receipt, err = x.make(ctx, c, w)
	// As long as nobody knows what became of it, the intent stands.
	d.over = !client.Unknown(err) && !errors.Is(err, errHalfReplaced)
	if err != nil {
		return d, err, x.close(ctx, c, w, w.Write.Key, err)
	}
	own := *w.Own
	own.ID, d.id = d.receipt.Live.ID, d.receipt.Live.ID
	x.renewed(c, &own, d.receipt.Live)
	x.born(c, &own, d.receipt.Live)
	d.own = &own
	return d, nil, nil
}

// update makes an object as desired, if anything differs, and remembers it: an update, a renewal, an adoption, another
// name.
func (x *executor) update(ctx context.Context, c *plan.Change, w *diff.Work) (d done, err, stored error) {
	ops, blind := x.Operations[c.Addr.Kind], x.kind(c).Blind
	if len(c.Deltas) > 0 {
		write := w.Write
		write.Now = x.now()
		if blind {
			in := x.intent(c, w)
			write.Again = w.Begun != nil && w.Begun.Key == in.Key && w.Begun.Hash == in.Hash
			if stored := x.db.Begin(ctx, in); stored != nil {
				return d, nil, stored
			}
		}
		if stored := x.open(ctx, c, w, c.ID); stored != nil {
			return d, nil, stored
		}
		d.receipt, err = ops.Update(ctx, write)
	}
	d.over = !client.Unknown(err) || !blind
	if err != nil {
		return d, err, x.close(ctx, c, w, c.ID, err)
	}
	own := *w.Own
	own.Attempts = x.attempts(ctx, ops, c, d.receipt.Live)
	if d.receipt.Unverified != "" {
		unverified(c, w, &own, d.receipt.Unverified)
	}
	if len(c.Deltas) > 0 {
		x.renewed(c, &own, d.receipt.Live)
		x.born(c, &own, d.receipt.Live)
	}
	d.own = &own
	if c.Op == plan.Rename && x.desired.Find(w.From.Addr) == nil { // an entry that has another object now remembers that
		d.forget = []resource.Addr{w.From.Addr}
	}
	return d, nil, nil
}

// The codes of what the history says of what somebody did to the state by hand.
const (
	AdoptedByHand   plan.Code = "adopted_by_hand"
	ForgottenByHand plan.Code = "forgotten_by_hand"
)

// Unverifiable is the code of a value that was sent and that nobody can read back.
const Unverifiable plan.Code = "unverifiable"

// unverified remembers that a value was sent and may or may not be in place: it is not sent again before
// the YAML changes.
func unverified(c *plan.Change, w *diff.Work, own *resource.Owned, why string) {
	if own.Attempts == nil {
		own.Attempts = map[string]resource.Attempt{}
	}
	for _, d := range c.Deltas {
		diff.NotApplied(own, w.From, d.Path)
		own.Attempts[d.Path] = resource.Attempt{
			Value: resource.Text(resource.Remembered(d.New)), Count: diff.StickLimit, Note: plan.Reason{Code: Unverifiable, Args: plan.Args{"text": why}},
		}
	}
}

// remove deletes an object, having looked once more whether numbers depend on it: they may have
// been assigned since the plan was made.
func (x *executor) remove(ctx context.Context, c *plan.Change, w *diff.Work) (d done, err, stored error) {
	ops := x.Operations[c.Addr.Kind]
	d.forget = []resource.Addr{c.Addr}
	n, err := ops.Numbers(ctx, w.Live)
	if err != nil {
		return d, fmt.Errorf("how many phone numbers depend on it could not be read: %w", err), nil
	}
	if n > 0 {
		return d, &resource.ReasonError{Why: plan.Reason{Code: HoldsNumbersNow, Args: plan.Args{"count": n}}}, nil
	}
	if c.Cost > 1 {
		// It is taken down before it is deleted. Should that be all that happens, and the entry come
		// back, the next run knows that it was us, and puts it up again.
		own := *w.From
		own.TakenDown = true
		if stored := x.db.Commit(ctx, resource.Record{Own: []resource.Owned{own}}); stored != nil {
			return d, nil, stored
		}
	}
	d.receipt, err = ops.Delete(ctx, w.Live)
	return d, err, nil
}

// HoldsNumbersNow is the code of an object that phone numbers came to while the plan was carried out: count.
const HoldsNumbersNow plan.Code = "holds_numbers_now"

// intent is what is stored before a create is sent.
func (x *executor) intent(c *plan.Change, w *diff.Work) resource.Intent {
	sum := sha256.Sum256([]byte(resource.Text(resource.Remembered(w.Write.Desired))))
	return resource.Intent{
		Addr: c.Addr, Root: w.Own.Root, Key: w.Write.Key, Hash: hex.EncodeToString(sum[:]), Seen: w.Seen, At: x.now(),
	}
}

// errHalfReplaced: the new object is there, and so is the old one.
var errHalfReplaced = errors.New("the new one was made; the old one is still there and will be deleted by the next run")

// make creates an object; for a replace it then deletes the one in whose place it comes.
func (x *executor) make(ctx context.Context, c *plan.Change, w *diff.Work) (r resource.Receipt, err error) {
	ops := x.Operations[c.Addr.Kind]
	if w.Resume != nil {
		write := w.Write
		write.Now, write.Live, write.Patch = x.now(), w.Resume, write.Desired
		r, err = ops.Update(ctx, write)
	} else {
		r, err = ops.Create(ctx, w.Write)
	}
	if err == nil && (r.Live == nil || r.Live.ID == "") {
		err = &client.Error{Method: "POST", Path: "/" + c.Addr.Kind, Sent: true, Err: errNoID}
	}
	if err != nil || c.Op != plan.Replace {
		return r, err
	}
	if _, err := ops.Delete(ctx, w.Live); err != nil {
		return r, fmt.Errorf("%w: %w", errHalfReplaced, err)
	}
	return r, nil
}
