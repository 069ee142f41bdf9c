// Package messages decides what becomes of Telnyx's log messages: which are new, which a rule knows, and which one
// dismisses, as changes of a plan. It is pure: what is written, remembered and there comes in as values.
//
// It does not know YAML, the client, or whether anything is dismissed.
package messages

import (
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// Input is what the messages are judged by.
type Input struct {
	Kind    string // of the entries: log_message_rules
	Desired resource.Config
	Whose   plan.Whose         // which connections entries have
	List    []resource.Message // that Telnyx has, all of them
	Known   []resource.Message // that earlier runs saw
	Only    []resource.Addr    // the rules that this run is to dismiss by; nil: all
	Now     time.Time          // when what is new was first seen
}

// Looked is what was found.
type Looked struct {
	Changes  []plan.Change // dismissals, one for each rule that has any
	Observed []plan.Change // likewise, of rules that only observe
	Notes    []plan.Note   // what is to be said, as it is new

	seen []seen
	gone []string // keys of those that Telnyx no longer has
}

type seen struct {
	resource.Message
	was     bool
	changed bool // since it was remembered
}

// Look judges all messages.
func Look(in Input) *Looked {
	l := &Looked{}
	rules := rulesOf(in)
	known := map[string]resource.Message{}
	for _, m := range in.Known {
		known[m.Key] = m
	}
	doing, observed := map[*rule][]resource.Message{}, map[*rule][]resource.Message{}
	for _, m := range in.List {
		before, was := known[m.Key]
		delete(known, m.Key)
		if m.First = before.First; !was {
			m.First = in.Now.UTC()
		}
		r := match(rules, &m)
		if r != nil {
			m.Rule = r.String()
		}
		switch {
		case r == nil && !was:
			l.Notes = append(l.Notes, plan.Note{Reason: reason(New, &m)})
		case r == nil:
		case r.dismiss && m.ID == "" && !was:
			l.Notes = append(l.Notes, plan.Note{Addr: r.Addr, Source: r.source, Reason: reason(NotDismissing, &m)})
		case r.dismiss && m.ID != "":
			doing[r] = append(doing[r], m)
		case r.observes && m.ID != "":
			observed[r] = append(observed[r], m)
		}
		l.seen = append(l.seen, seen{m, was, was && m != before})
	}
	for key := range known { // no longer there: should one come back, it is a new one
		l.gone = append(l.gone, key)
	}
	l.Changes, l.Observed = changes(doing), changes(observed)
	return l
}

func changes(by map[*rule][]resource.Message) (out []plan.Change) {
	for r, list := range by {
		slices.SortFunc(list, func(a, b resource.Message) int { return strings.Compare(a.ID, b.ID) })
		list = slices.CompactFunc(list, func(a, b resource.Message) bool { return a.ID == b.ID })
		c := plan.Change{Op: plan.Dismiss, Addr: r.Addr, Source: r.source, Items: Items(list), Cost: len(list)}
		for i := range list {
			c.Reasons = append(c.Reasons, reason(About, &list[i]))
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b plan.Change) int { return a.Addr.Compare(b.Addr) })
	return out
}

// Left is what there is once some of it was dismissed.
type Left struct {
	Messages []resource.Message // in the order of the list
	New      int
	Remember resource.Record
}

// After is what is left once those of these ids were dismissed, and what is to be remembered then.
func (l *Looked) After(dismissed map[string]bool) Left {
	out := Left{Messages: []resource.Message{}} // also where there are none
	out.Remember.EndMessages = slices.Clone(l.gone)
	for i := range l.seen {
		s := &l.seen[i]
		switch {
		case s.ID != "" && dismissed[s.ID]:
			if s.was {
				out.Remember.EndMessages = append(out.Remember.EndMessages, s.Key)
			}
			continue
		case !s.was:
			out.New++
			out.Remember.Messages = append(out.Remember.Messages, s.Message)
		case s.changed:
			out.Remember.Messages = append(out.Remember.Messages, s.Message)
		}
		out.Messages = append(out.Messages, s.Message)
	}
	slices.Sort(out.Remember.EndMessages)
	return out
}

// Because is what the history says of a message that was dismissed.
func Because(m *resource.Message) resource.Reason { return reason(About, m) }

func reason(code resource.Code, m *resource.Message) resource.Reason {
	return resource.Reason{Code: code, Args: resource.Args{
		"code": m.Code, "title": m.Title, "detail": m.Detail, "at": m.Pointer, "connection": m.Connection, "number": m.Number, "ticket": m.Ticket,
	}}
}
