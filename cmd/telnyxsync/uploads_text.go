package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/messages"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// shownSuccesses is how many uploads that went well are listed where not all are asked for.
const shownSuccesses = 10

// text writes for a person: all tickets, then the numbers of those that are not done, then what is wrong
// now, where the eye rests.
func (doc *uploadsDoc) text(t *teamsReader, p *page, ids []string, single bool) {
	doc.table(t, p, ids)
	placed := map[string]resource.Numbers{}
	for i := range doc.Uploads {
		u := &doc.Uploads[i]
		if _, done := placed[u.ConnectionID]; !done {
			placed[u.ConnectionID] = t.placed(u.ConnectionID)
		}
		u.numbers(p, placed[u.ConnectionID])
	}
	said := "Log messages of Telnyx about these:"
	for i := range doc.Messages {
		p.section(&said)
		p.line("  %s (since %s)", render.NewWords(nil).Of(messages.Because(&doc.Messages[i])), local(doc.Messages[i].First))
	}
	head := "Also on the way:"
	for i := range doc.Orders {
		if o := &doc.Orders[i]; !single && !o.listed {
			p.section(&head)
			p.line("  %s", o.says(t.called(o.ConnectionID), t.now, p.all))
		}
	}
	p.troubles("Waiting to be tried again:", doc.Retrying, &t.snap, t.now)
	p.troubles("Parked, not tried again before something is mended; `telnyxsync uploads retry NUMBER` tries all the same:", doc.Parked, &t.snap, t.now)
}

// section is a heading, once.
func (p *page) section(head *string) {
	if *head != "" {
		p.line("")
		p.line("%s", *head)
	}
	*head = ""
}

func (doc *uploadsDoc) table(t *teamsReader, p *page, ids []string) {
	if len(doc.Uploads) == 0 {
		if len(ids) > 0 {
			p.line("no such uploads on %s", t.calledAll(ids))
		}
		return
	}
	rows := [][]string{{"TICKET", "CONNECTION", "STATUS", "NUMBERS", "KNOWN HERE"}}
	fine := 0
	for i := range doc.Uploads {
		u := &doc.Uploads[i]
		if u.Status == resource.UploadSuccess {
			if fine++; fine > shownSuccesses && !p.all {
				continue
			}
		}
		var statuses []string
		for _, e := range u.Entries {
			statuses = append(statuses, e.Status)
		}
		rows = append(rows, []string{u.TicketID, t.called(u.ConnectionID), u.Status, tally(statuses), u.known(t.now)})
	}
	p.table("", rows)
	if rest := fine - shownSuccesses; rest > 0 && !p.all {
		p.line("and %s; --verbose lists them", counted(rest, "more success", "more successes"))
	}
}

// known is what state knows of an upload.
func (u *uploadJSON) known(now time.Time) string {
	text := "-"
	switch {
	case u.SubmittedAt != nil:
		text = "ours, submitted " + age(now.Sub(*u.SubmittedAt)) + " ago"
	case u.FollowedAt != nil:
		text = "not ours, followed for " + age(now.Sub(*u.FollowedAt))
	}
	if u.RetriedAs != "" {
		text += ", retried as " + u.RetriedAs
	}
	return text
}

// numbers names the numbers of an upload that are not done, or all; those alike together. Some may have
// come into place by another one since. What is sent again is named there.
func (u *uploadJSON) numbers(p *page, placed resource.Numbers) {
	type alike struct {
		status, code, message, internal string
		placed                          bool
	}
	groups := map[alike]*several{}
	var order []alike
	for _, e := range u.Entries {
		if !p.all && e.Status == resource.UploadSuccess {
			continue
		}
		k := alike{status: e.Status, code: e.ErrorCode, message: e.ErrorMessage, placed: e.Status == resource.UploadError && placed.Has(e.number)}
		if p.all && e.InternalStatus != e.Status {
			k.internal = e.InternalStatus
		}
		if groups[k] == nil {
			groups[k] = &several{}
			order = append(order, k)
		}
		groups[k].add(e.number, e.NumberID)
	}
	why := reason(u.ErrorCode, u.ErrorMessage)
	if len(order) == 0 && why == "" || (u.Status == resource.UploadSuccess || u.RetriedAs != "") && !p.all {
		return
	}
	slices.SortFunc(order, func(a, b alike) int {
		return cmp.Or(cmp.Compare(a.status, b.status), cmp.Compare(a.code, b.code), cmp.Compare(a.message, b.message), cmp.Compare(a.internal, b.internal))
	})
	p.line("")
	p.line("%s", strings.Join(written(u.TicketID, why), ": "))
	for _, k := range order {
		status := k.status
		if k.internal != "" {
			status += " (" + k.internal + ")"
		}
		if k.placed {
			status += ", in place by now"
		}
		p.line("  %s: %s: %s", status, groups[k].count(), groups[k].list(p.all))
		if why := reason(k.code, k.message); why != "" {
			p.line("    %s", why)
		}
	}
}

func reason(code, message string) string { return strings.Join(written(code, message), ": ") }

// written are the texts that are not empty.
func written(texts ...string) []string {
	return slices.DeleteFunc(texts, func(s string) bool { return s == "" })
}

// troubles lists numbers that failed; those alike together, in the order of their first numbers.
func (p *page) troubles(head string, list []troubleJSON, snap *state.Snapshot, now time.Time) {
	if len(list) == 0 {
		return
	}
	type alike struct {
		connection, operation, reason, ticket, next string
		attempts                                    int
	}
	groups := map[alike]*several{}
	var order []alike
	for _, r := range list {
		k := alike{r.ConnectionID, r.Operation, r.Reason, r.Ticket, r.next(now), r.Attempts}
		if groups[k] == nil {
			groups[k] = &several{}
			order = append(order, k)
		}
		groups[k].add(r.PhoneNumber, "")
	}
	p.section(&head)
	rows := [][]string{{"NUMBERS", "CONNECTION", "FAILED", "ATTEMPTS", "NEXT", "REASON"}}
	for _, k := range order {
		rows = append(rows, []string{groups[k].list(p.all), cmp.Or(connectionName(snap, k.connection), k.connection), k.operation, fmt.Sprint(k.attempts), k.next, k.reason})
	}
	p.table("  ", rows)
}

// next is when it is tried again.
func (r *troubleJSON) next(now time.Time) string {
	switch {
	case r.RetryAt == nil:
		return "never"
	case r.RetryAt.After(now):
		return fmt.Sprintf("in %s, %s", age(r.RetryAt.Sub(now)), local(*r.RetryAt))
	}
	return "now"
}
