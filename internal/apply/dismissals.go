package apply

import (
	"context"
	"fmt"

	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/messages"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// Messages reads and dismisses log messages of Telnyx.
type Messages interface {
	List(ctx context.Context) ([]resource.Message, error)
	Dismiss(ctx context.Context, id string) (resource.Receipt, error)
}

// rulesKind is the section of what is known of log messages.
const rulesKind = "log_message_rules"

// dismissals dismisses log messages, one by one. A refused key is not tried for each of the rest.
func (x *executor) dismissals(ctx context.Context, p *plan.Plan, out []plan.Outcome) error {
	work, stop := finish(ctx)
	defer stop()
	var refused error
	var rec resource.Record
	for i := range p.Changes {
		list, ours := p.Changes[i].Items.(messages.Items)
		if !ours {
			continue
		}
		o := &out[i]
		o.Status = plan.Done
		var failed messages.Items
		for j := range list {
			if ctx.Err() != nil || refused != nil {
				failed = append(failed, list[j])
				o.Status = plan.NotStarted
				continue
			}
			r, err := x.Messages.Dismiss(work, list[j].ID)
			if client.Unauthorized(err) {
				refused = err
			}
			if err != nil {
				failed = append(failed, list[j])
				o.Reasons = append(o.Reasons, told(NotDismissed, p.Changes[i].Addr, &list[j], err))
				if o.Err == nil {
					o.Err, o.Error = err, err.Error()
				}
				continue
			}
			if r.RequestID != "" {
				o.Requests = append(o.Requests, r.RequestID)
			}
			o.Reasons = append(o.Reasons, told(Dismissed, p.Changes[i].Addr, &list[j], nil))
			rec.Events = append(rec.Events, resource.Event{
				Addr: p.Changes[i].Addr, Op: string(plan.Dismiss), ID: list[j].ID, Reason: messages.Because(&list[j]), Outcome: string(plan.Done),
				RequestID: r.RequestID, Fingerprint: x.fingerprint,
			})
		}
		if len(failed) > 0 {
			o.Failed = failed
			if o.Err != nil {
				o.Status = plan.Failed
			}
		}
	}
	if rec.Empty() {
		return nil
	}
	return x.db.Commit(ctx, rec)
}

// The codes of what became of log messages. Those of one have what [messages.About] has, beside.
const (
	Dismissed    plan.Code = "message_dismissed"     // rule
	NotDismissed plan.Code = "message_not_dismissed" // error
	MessagesRead plan.Code = "messages_read"         // count, new
)

// told is what became of a message.
func told(code plan.Code, rule resource.Addr, m *resource.Message, err error) plan.Reason {
	r := messages.Because(m)
	r.Code = code
	if err != nil {
		r.Args["error"] = err.Error()
	} else {
		r.Args["rule"] = rule.String()
	}
	return r
}

// lookAtMessages reads Telnyx's log messages, says each new one once, and dismisses what the rules say.
func lookAtMessages(ctx context.Context, e *Engine, s Situation) (r Report, err error) {
	if e.Messages == nil {
		return r, errNoMessages
	}
	if err := e.CheckAccount(ctx, s.Snap, nil, s.Options); err != nil {
		return r, err
	}
	list, err := e.Messages.List(ctx)
	if err != nil {
		return r, err
	}
	in, err := e.withConnections(ctx, s.Desired, s.Snap, s.Options, rulesKind)
	if err != nil {
		return r, err
	}
	look := messages.Look(messages.Input{
		Kind: rulesKind, Desired: s.Desired, Whose: diff.WhoseIs(in), List: list, Known: s.Snap.Messages, Only: s.Options.Only, Now: e.now(),
	})
	p := plan.Plan{Changes: look.Changes, Observed: look.Observed}
	guard(&p, nil, e.Limits)
	r.Plan, r.Says = &p, look.Notes
	dismissed := map[string]bool{}
	if !s.Observe {
		result, applyErr := e.Apply(ctx, s.DB, s.Desired, p, s.Options)
		r.Result, r.Failed, err = &result, !result.OK(), applyErr
		for i := range result.Outcomes {
			o := &result.Outcomes[i]
			failed := map[string]bool{}
			if o.Failed != nil {
				for id := range o.Failed.IDs() {
					failed[id] = true
				}
			}
			for id := range o.Items.IDs() {
				dismissed[id] = !failed[id]
			}
		}
	}
	left := look.After(dismissed)
	r.Messages = left.Messages
	r.say(MessagesRead, plan.Args{"count": len(left.Messages), "new": left.New})
	if err != nil || s.Observe || left.Remember.Empty() {
		return r, err
	}
	return r, s.DB.Commit(ctx, left.Remember)
}

var errNoMessages = fmt.Errorf("this engine cannot read log messages")
