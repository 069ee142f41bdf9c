package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/kinds"
	"telnyxsync/internal/resource"

	"github.com/spf13/cobra"
)

const releaseComplete = "complete"

func (a *app) releasesCommand() *cobra.Command {
	f := ticketFlags{
		known:    []string{"pending_upload", "pending", "in_progress", releaseComplete, "failed", "expired", "unknown"},
		finished: []string{releaseComplete, "failed", "expired"},
	}
	cmd := &cobra.Command{
		Use:   "releases [TICKET]",
		Short: "Show which phone numbers are released from Microsoft Teams",
		Long: `Lists the releases of phone numbers from Microsoft Teams. Telnyx makes one when a number that is
on Teams gets another connection; its user is disconnected. They can be neither retried nor cancelled.

A release stands on the connection that the numbers leave. Without --connection, all of Operator
Connect are looked at.

It only reads, and needs no state.`,
		Example: `  telnyxsync releases
  telnyxsync releases --open --connection teams-hq
  telnyxsync releases 542c3bca-d247-42bc-8fe7-e01d16ecd761 --connection 1293384261075731499`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ticket := ""
			if len(args) == 1 {
				ticket = args[0]
			}
			return a.releases(cmd.Context(), ticket, &f)
		},
	}
	f.add(a, cmd)
	return cmd
}

type releasesDoc struct {
	Version  int           `json:"version"`
	Releases []releaseJSON `json:"releases"`
	Unread   []unread      `json:"errors"`
}

type releaseJSON struct {
	TicketID     string       `json:"ticket_id"`
	ConnectionID string       `json:"connection_id"`
	Connection   string       `json:"connection,omitempty"` // the name of its entry
	Status       string       `json:"status"`
	ErrorMessage string       `json:"error_message"`
	CreatedAt    *time.Time   `json:"created_at"`
	Numbers      []releasedTN `json:"telephone_numbers"`
}

type releasedTN struct {
	NumberID    string `json:"number_id"`
	PhoneNumber string `json:"phone_number"`

	number resource.Number
}

func (a *app) releases(ctx context.Context, ticket string, f *ticketFlags) error {
	t, err := a.teams(ctx)
	if err != nil {
		return err
	}
	defer t.client.Close()
	ids, err := t.connections(ctx, f.connections, nil)
	if err != nil {
		return err
	}
	found, failed, err := readTickets(ctx, t, ids, "release", ticket, t.api.Releases, t.api.Release)
	if err != nil {
		return err
	}
	list := []releaseJSON{}
	seen := map[string]bool{}
	for _, c := range ids {
		for i := range found[c] {
			r := &found[c][i]
			seen[r.Status] = true
			if f.wanted(r.Status) {
				list = append(list, t.release(c, r))
			}
		}
	}
	if err := f.check(seen); err != nil {
		return err
	}
	slices.SortFunc(list, latestFirst)
	if f.output == "json" {
		err = a.printJSON(releasesDoc{1, list, failed})
	} else {
		p := &page{all: f.verbose || ticket != ""}
		t.releases(p, list, without(ids, failed))
		_, err = p.WriteTo(a.out)
	}
	return cmp.Or(err, a.sayUnread(failed))
}

func latestFirst(a, b releaseJSON) int {
	at := func(r *releaseJSON) time.Time {
		if r.CreatedAt == nil {
			return time.Time{}
		}
		return *r.CreatedAt
	}
	return cmp.Or(at(&b).Compare(at(&a)), cmp.Compare(a.ConnectionID, b.ConnectionID), cmp.Compare(a.TicketID, b.TicketID))
}

func (t *teamsReader) release(connection string, r *kinds.Release) releaseJSON {
	out := releaseJSON{
		TicketID: r.Ticket, ConnectionID: connection, Connection: t.name(connection), Status: r.Status, ErrorMessage: r.Message,
		Numbers: []releasedTN{},
	}
	if !r.Created.IsZero() {
		created := r.Created.UTC()
		out.CreatedAt = &created
	}
	for _, e := range r.Entries {
		tn := releasedTN{NumberID: e.ID, number: e.Number}
		if e.Number != 0 {
			tn.PhoneNumber = e.Number.String()
		}
		out.Numbers = append(out.Numbers, tn)
	}
	slices.SortFunc(out.Numbers, func(a, b releasedTN) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.NumberID, b.NumberID))
	})
	return out
}

// shownReleases is how many releases are listed where not all are asked for.
const shownReleases = 50

// releases writes for a person.
func (t *teamsReader) releases(p *page, list []releaseJSON, ids []string) {
	if len(list) == 0 {
		if len(ids) > 0 {
			p.line("no such releases on %s", t.calledAll(ids))
		}
		return
	}
	rest := 0
	if !p.all {
		rest = max(len(list)-shownReleases, 0)
	}
	list = list[:len(list)-rest]
	rows := [][]string{{"TICKET", "CONNECTION", "STATUS", "CREATED", "NUMBERS"}}
	for i := range list {
		r := &list[i]
		created := "-"
		if r.CreatedAt != nil {
			created = local(*r.CreatedAt) + ", " + age(t.now.Sub(*r.CreatedAt)) + " ago"
		}
		var of several
		for _, n := range r.Numbers {
			of.add(n.number, n.NumberID)
		}
		rows = append(rows, []string{r.TicketID, t.called(r.ConnectionID), r.Status, created, strings.Join(written(of.count(), of.list(p.all)), ": ")})
	}
	p.table("", rows)
	if rest > 0 {
		p.line("and %s; --verbose lists them", counted(rest, "older release", "older releases"))
	}
	for i := range list {
		if r := &list[i]; r.ErrorMessage != "" {
			p.line("%s: %s", r.TicketID, r.ErrorMessage)
		}
	}
}
