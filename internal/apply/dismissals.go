package apply

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

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

// messageUnit is what a deletion of log messages is of.
const messageUnit = "log message"

// dismissals dismisses log messages, one by one. All are stored before: one that is gone is gone for good, and the history
// has to have it whatever happens meanwhile. A refused key is not tried for each of the rest, nor one that may dismiss none.
func (x *executor) dismissals(ctx context.Context, p *plan.Plan, out []plan.Outcome) error {
	begun := resource.Deletion{ID: strings.ToLower(rand.Text()), Unit: messageUnit, At: x.now()}
	for i := range p.Changes {
		list, _ := p.Changes[i].Items.(messages.Items)
		for j := range list {
			begun.Items = append(begun.Items, toDismiss(p.Changes[i].Addr, &list[j]))
		}
	}
	if len(begun.Items) == 0 {
		return nil
	}
	if err := x.db.Commit(ctx, resource.Record{Deletions: []resource.Deletion{begun}}); err != nil {
		return err
	}
	work, stop := finish(ctx)
	defer stop()
	ended := resource.Record{EndDeletions: []string{begun.ID}}
	unknown := begun // what nobody knows of is looked for by the next run
	unknown.Items = nil
	var refused error
	forbidden := 0 // in a row
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
			if forbidden++; !client.Forbidden(err) {
				forbidden = 0
			}
			if client.Unauthorized(err) || forbidden == maxForbidden {
				refused = err
			}
			if client.Unknown(err) {
				unknown.Items = append(unknown.Items, toDismiss(p.Changes[i].Addr, &list[j]))
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
			e := dismissal(toDismiss(p.Changes[i].Addr, &list[j]))
			e.RequestID, e.Fingerprint = r.RequestID, x.fingerprint
			ended.Events = append(ended.Events, e)
		}
		if len(failed) > 0 {
			o.Failed = failed
			if o.Err != nil {
				o.Status = plan.Failed
			}
		}
	}
	if len(unknown.Items) > 0 {
		ended.Deletions = []resource.Deletion{unknown}
	}
	return x.db.Commit(ctx, ended)
}

func toDismiss(rule resource.Addr, m *resource.Message) resource.Deleted {
	return resource.Deleted{ID: m.ID, Rule: rule, Reason: messages.Because(m)}
}

// dismissal is the row of the history for a log message that is gone.
func dismissal(d resource.Deleted) resource.Event {
	return resource.Event{Addr: d.Rule, Op: string(plan.Dismiss), ID: d.ID, Reason: d.Reason, Outcome: string(plan.Done)}
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
	begun, gone := begunOf(s.Snap, messageUnit)
	for i := range list {
		delete(gone, list[i].ID)
	}
	resolve(&p, messageUnit, begun, gone, dismissal)
	if !s.Observe {
		recorded(&p)
	}
	Guard(&p, e.Limits)
	r.Plan, r.Says = &p, slices.Concat(p.Notes, look.Notes)
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
