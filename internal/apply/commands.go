package apply

import (
	"context"
	"errors"
	"maps"
	"slices"

	"telnyxsync/internal/client"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// The codes of refreshes.
const (
	NotRefreshed      plan.Code = "not_refreshed"       // connection, or none: the mode is to observe
	RefreshStarted    plan.Code = "refresh_started"     // connection, or none; request
	RefreshRunning    plan.Code = "refresh_running"     // connection, or none; request
	UploadsPending    plan.Code = "uploads_pending"     // connection, count, uploads
	PendingUnread     plan.Code = "pending_unread"      // connection, error
	NoTeamsConnection plan.Code = "no_teams_connection" //
	ForeignOperator   plan.Code = "foreign_operator"    // id, label: an Operator Connect connection that nobody adopted
)

// command is a change that leaves nothing to compare: it is planned by its job alone.
type command func(ctx context.Context) (started plan.Reason, request string, err error)

// commands carries out commands, one after the other.
func (x *executor) commands(ctx context.Context, p *plan.Plan, out []plan.Outcome) error {
	for i := range p.Changes {
		do, ours := p.Changes[i].Do.(command)
		if !ours {
			continue
		}
		o := &out[i]
		if ctx.Err() != nil {
			o.Status = plan.NotStarted
			continue
		}
		said, request, err := do(ctx)
		if request != "" {
			o.Requests = []string{request}
		}
		if o.Status = plan.Done; err != nil {
			o.Status, o.Error, o.Err = plan.Failed, err.Error(), err
			if client.Unauthorized(err) {
				x.halt()
			}
			continue
		}
		o.Reasons = []plan.Reason{said}
	}
	return nil
}

// run carries out the commands of a job, unless it only observes.
func (s *Situation) run(ctx context.Context, e *Engine, p plan.Plan) (*plan.Result, error) {
	if s.Observe {
		return nil, nil
	}
	result, err := e.executor(s.DB, s.Desired, s.Options).execute(ctx, &p)
	for i := range result.Outcomes {
		err = errors.Join(err, result.Outcomes[i].Err)
	}
	return &result, err
}

const connectionsKind = "external_connections"

// refreshOperatorConnect starts a refresh and lists the connections that nobody has adopted. What
// the refresh finds appears later: then the next run lists it.
func refreshOperatorConnect(ctx context.Context, e *Engine, s Situation) (r Report, err error) {
	if e.OperatorConnect == nil && !s.Observe {
		return r, errors.New("this engine cannot refresh Operator Connect")
	}
	p := plan.Plan{Changes: []plan.Change{{
		Op: plan.Refresh, Addr: resource.Addr{Kind: connectionsKind, Name: "operator_connect"}, Cost: 1, Do: command(func(ctx context.Context) (plan.Reason, string, error) {
			started, meta, err := e.OperatorConnect.Refresh(ctx)
			return refreshed(!started, "", meta.RequestID), meta.RequestID, err
		}),
	}}}
	r.Plan = &p
	if s.Observe {
		r.say(NotRefreshed, nil)
	}
	if r.Result, err = s.run(ctx, e, p); err != nil {
		return r, err
	}
	found, err := e.Operations[connectionsKind].Observe(ctx, resource.Want{})
	if err != nil {
		return r, err
	}
	known := map[string]bool{}
	for _, o := range s.Snap.Owned {
		if o.Addr.Kind == connectionsKind {
			known[o.ID] = true
		}
	}
	for i := range found.Objects {
		if l := &found.Objects[i]; !known[l.ID] && OnTeams(l) {
			r.say(ForeignOperator, plan.Args{"id": l.ID, "label": l.Label})
		}
	}
	return r, nil
}

func refreshed(running bool, connection, request string) plan.Reason {
	code := RefreshStarted
	if running {
		code = RefreshRunning
	}
	return plan.Reason{Code: code, Args: plan.Args{"connection": connection, "request": request}}
}

// teams are the connections that have numbers of ours on Microsoft Teams, or on their way there.
func (e *Engine) teams(snap *state.Snapshot) []string {
	found := map[string]bool{}
	for _, o := range snap.Orders {
		if o.Target.Placed() {
			found[o.Target.Connection] = true
		}
	}
	for i := range snap.Groups {
		if t := snap.Groups[i].Target; t.Placed() {
			found[t.Connection] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// Teams are the connections that state has numbers of ours on, or on their way to, on Microsoft Teams.
func (e *Engine) Teams(snap *state.Snapshot) []string { return e.teams(snap) }

// refreshUploads asks Telnyx to look again at the uploads of each connection, and says what is pending.
func refreshUploads(ctx context.Context, e *Engine, s Situation) (r Report, err error) {
	if e.Numbers == nil {
		return r, errNoNumbers
	}
	var p plan.Plan
	r.Plan = &p
	connections := e.teams(&s.Snap)
	if len(connections) == 0 {
		r.say(NoTeamsConnection, nil)
	}
	for _, c := range connections {
		p.Changes = append(p.Changes, plan.Change{
			Op: plan.Refresh, Addr: resource.Addr{Kind: connectionsKind, Name: c}, ID: c, Cost: 1, Do: command(func(ctx context.Context) (plan.Reason, string, error) {
				running, receipt, err := e.Numbers.Refresh(ctx, c)
				return refreshed(running, c, receipt.RequestID), receipt.RequestID, err
			}),
		})
	}
	r.Result, err = s.run(ctx, e, p)
	failed := map[string]bool{}
	if r.Result != nil {
		for _, o := range r.Result.Outcomes {
			failed[o.ID] = o.Status != plan.Done
		}
	}
	for _, c := range connections {
		if s.Observe {
			r.say(NotRefreshed, plan.Args{"connection": c})
		}
		if failed[c] {
			continue
		}
		n, uploads, pendingErr := e.Numbers.Pending(ctx, c)
		if pendingErr != nil {
			err = pendingErr
			r.say(PendingUnread, plan.Args{"connection": c, "error": pendingErr.Error()})
			continue
		}
		r.say(UploadsPending, plan.Args{"connection": c, "count": n, "uploads": uploads})
	}
	return r, err
}
