package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/resource"
)

// Messages reads and dismisses log messages of Telnyx.
type Messages interface {
	List(ctx context.Context) ([]resource.Message, error)
	Dismiss(ctx context.Context, id string) (resource.Receipt, error)
}

// rulesKind is the section of what is known of log messages.
const rulesKind = "log_message_rules"

// lookAtMessages reads Telnyx's log messages, says each new one once, and dismisses what the rules say.
func lookAtMessages(ctx context.Context, e *Engine, s Situation) (r Report, err error) {
	if e.Messages == nil {
		return r, errors.New("this engine cannot read log messages")
	}
	if err := e.CheckAccount(ctx, s.Snap, nil, s.Options); err != nil {
		return r, err
	}
	list, err := e.Messages.List(ctx)
	if err != nil {
		return r, err
	}
	known := map[string]resource.Message{}
	for _, m := range s.Snap.Messages {
		known[m.Key] = m
	}
	rules, err := e.messageRules(ctx, &s)
	if err != nil {
		return r, err
	}
	r.Messages = []resource.Message{} // also where there are none
	var rec resource.Record
	var refused error // by the key: it is not tried for each of the rest
	fresh := 0
	for _, m := range list {
		before, was := known[m.Key]
		delete(known, m.Key)
		if m.First = before.First; !was {
			m.First = time.Now().UTC()
		}
		rule := match(rules, &m)
		if rule != nil {
			m.Rule = rule.Addr.String()
		}
		if rule != nil && rule.dismiss && m.ID != "" && !s.Observe && refused == nil && ctx.Err() == nil {
			receipt, dismissErr := e.Messages.Dismiss(ctx, m.ID)
			if client.Unauthorized(dismissErr) {
				refused = dismissErr
			}
			if dismissErr == nil {
				r.Lines = append(r.Lines, fmt.Sprintf("dismissed by %s: %s", rule.Addr, Describe(&m)))
				rec.Events = append(rec.Events, resource.Event{
					Addr: rule.Addr, Op: "dismiss", ID: m.ID, Reason: resource.Said(Describe(&m)), Outcome: string(Done), RequestID: receipt.RequestID, Fingerprint: Fingerprint(s.Desired),
				})
				if was {
					rec.EndMessages = append(rec.EndMessages, m.Key)
				}
				continue
			}
			r.Failed = true
			r.Lines = append(r.Lines, fmt.Sprintf("not dismissed: %s: %v", Describe(&m), dismissErr))
		}
		if !was {
			fresh++
			rec.Messages = append(rec.Messages, m)
			if line := "new: " + Describe(&m); rule == nil {
				r.Lines = append(r.Lines, line)
			} else if rule.dismiss && m.ID == "" {
				r.Lines = append(r.Lines, line+"; it has no id, so it cannot be dismissed, and is not said again")
			}
		} else if m != before {
			rec.Messages = append(rec.Messages, m)
		}
		r.Messages = append(r.Messages, m)
	}
	for key := range known { // no longer there: should one come back, it is a new one
		rec.EndMessages = append(rec.EndMessages, key)
	}
	slices.Sort(rec.EndMessages)
	r.Lines = append(r.Lines, fmt.Sprintf("%d log messages, %d of them new", len(r.Messages), fresh))
	if s.Observe || len(rec.Messages)+len(rec.EndMessages)+len(rec.Events) == 0 {
		return r, nil
	}
	return r, s.DB.Commit(ctx, rec)
}

// Describe is a message in one line.
func Describe(m *resource.Message) string {
	text := strings.TrimSpace(m.Code + " " + m.Title)
	if m.Detail != "" && m.Detail != m.Title {
		text += ": " + m.Detail
	}
	var about []string
	for _, a := range []struct{ name, value string }{
		{"at", m.Pointer}, {"connection", m.Connection}, {"number", m.Number}, {"ticket", m.Ticket},
	} {
		if a.value != "" {
			about = append(about, a.name+" "+a.value)
		}
	}
	if len(about) > 0 {
		text += " (" + strings.Join(about, ", ") + ")"
	}
	return text
}

// messageRule is what an entry says of messages; "" is whatever.
type messageRule struct {
	Addr                                    resource.Addr
	code, title, detail, connection, number string
	dismiss                                 bool
}

func (e *Engine) messageRules(ctx context.Context, s *Situation) (rules []messageRule, err error) {
	in, err := e.withConnections(ctx, s, rulesKind)
	if err != nil {
		return nil, err
	}
	ids := diff.IDs(in)
	for i := range s.Desired.Entries {
		entry := &s.Desired.Entries[i]
		if entry.Kind != rulesKind {
			continue
		}
		o := entry.Object
		rule := messageRule{
			Addr: entry.Addr, code: resource.GetString(o, "/code"), title: resource.GetString(o, "/title_contains"),
			detail: resource.GetString(o, "/detail_contains"), number: resource.GetString(o, "/telephone_number"),
			dismiss: o["dismiss"] == true && !entry.Observe && (s.Options.Only == nil || slices.Contains(s.Options.Only, entry.Addr)),
		}
		if ref, ok := o["connection"].(resource.Ref); ok {
			if rule.connection = ref.ID; rule.connection == "" {
				rule.connection = ids[ref.Addr]
			}
			if rule.connection == "" {
				continue // of a connection that is not there no message tells
			}
		}
		rules = append(rules, rule)
	}
	// What one rule knows and another dismisses is dismissed, whatever they are called.
	known := slices.DeleteFunc(slices.Clone(rules), func(r messageRule) bool { return r.dismiss })
	rules = slices.DeleteFunc(rules, func(r messageRule) bool { return !r.dismiss })
	return append(rules, known...), nil
}

// match is the first rule that a message passes.
func match(rules []messageRule, m *resource.Message) *messageRule {
	for i := range rules {
		r := &rules[i]
		if (r.code == "" || r.code == m.Code) && strings.Contains(m.Title, r.title) && strings.Contains(m.Detail, r.detail) &&
			(r.connection == "" || r.connection == m.Connection) && (r.number == "" || r.number == m.Number) {
			return r
		}
	}
	return nil
}
