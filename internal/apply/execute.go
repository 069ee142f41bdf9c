package apply

import (
	"context"
	"errors"
	"slices"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// graceAfterStop is how long a request that is under way may go on once the run was told to stop.
const graceAfterStop = 30 * time.Second

// executor carries out the changes of one run.
type executor struct {
	*Engine
	db          *state.DB
	desired     *resource.Config
	fingerprint string
	progress    func(done, total int, o plan.Outcome)
	ids         map[resource.Addr]string // of what was made in this run
	troubles    []resource.Trouble       // as they were before
	halt        func()                   // lets nothing more be begun: the key was refused, and would be for all else
}

func (e *Engine) executor(db *state.DB, desired resource.Config, o Options) *executor {
	return &executor{
		Engine: e, db: db, desired: &desired, fingerprint: Fingerprint(desired), progress: o.Progress, ids: map[resource.Addr]string{},
	}
}

// families carry out what belongs together, one after the other: objects before the phone numbers that need them.
var families = []func(x *executor, ctx context.Context, p *plan.Plan, out []plan.Outcome) error{
	(*executor).objects, (*executor).numbers, (*executor).deletions, (*executor).dismissals, (*executor).commands,
}

// execute carries out a plan. The error is one of the state, or one after which nothing more may be sent; what goes
// wrong on Telnyx is in the outcomes. Changes that nothing was to be sent for have none.
func (x *executor) execute(ctx context.Context, p *plan.Plan) (plan.Result, error) {
	snap, err := x.db.Snapshot(ctx)
	if err != nil {
		return plan.Result{}, err
	}
	x.troubles = snap.Troubles
	ctx, x.halt = context.WithCancel(ctx)
	defer x.halt()
	out := make([]plan.Outcome, len(p.Changes))
	for i := range p.Changes {
		c := &p.Changes[i]
		out[i] = plan.Outcome{Addr: c.Addr, Op: c.Op, ID: c.ID, Items: c.Items}
	}
	for _, family := range families {
		if err = family(x, ctx, p, out); err != nil {
			break
		}
	}
	var r plan.Result
	for i := range out {
		if out[i].Status != "" {
			r.Outcomes = append(r.Outcomes, out[i])
		}
	}
	return r, err
}

// Apply carries out a plan that was made under the writers' lock, of which db is the state. The
// error is one of the state, where nothing more is done; what goes wrong on Telnyx is in the result.
func (e *Engine) Apply(ctx context.Context, db *state.DB, desired resource.Config, p plan.Plan, o Options) (plan.Result, error) {
	if err := db.Bind(ctx, e.BaseURL, e.Key); err != nil {
		return plan.Result{}, err
	}
	x := e.executor(db, desired, o)
	if err := x.remember(ctx, &p); err != nil {
		return plan.Result{}, err
	}
	result, err := x.execute(ctx, &p)
	refused := slices.ContainsFunc(result.Outcomes, func(o plan.Outcome) bool { return client.Unauthorized(o.Err) })
	if err != nil || refused {
		return result, err
	}
	return x.recover(ctx, result, o)
}

// remember stores what needs no write, and what became of what was sent before.
func (x *executor) remember(ctx context.Context, p *plan.Plan) error {
	rec := p.Remember
	rec.Events = nil
	for _, e := range p.Remember.Events {
		e.Fingerprint = x.fingerprint
		rec.Events = append(rec.Events, e)
	}
	for i := range p.Ended {
		rec.Events = append(rec.Events, x.ended(&p.Ended[i]))
	}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Op == plan.Adopt && c.Items != nil { // nothing has to be sent for it
			rec.Events = append(rec.Events, numberEvent(c.Addr, c.Op, "", c.Items, plan.Reason{Code: NumbersAdopted}, string(plan.Done), "", "", x.fingerprint))
		}
	}
	if rec.Empty() {
		return nil
	}
	return x.db.Commit(ctx, rec)
}

// finish is a context for requests that are under way when the run is told to stop: they are finished, or given up
// after a while, as their outcome is worth the wait.
func finish(ctx context.Context) (work context.Context, stop func()) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	end := context.AfterFunc(ctx, func() { time.AfterFunc(graceAfterStop, cancel) })
	return work, func() { end(); cancel() }
}

// errNoID: an answer cannot be used.
var errNoID = errors.New("the answer holds no id")
