package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"telnyxsync/internal/numbers"
	"telnyxsync/internal/resource"

	"github.com/spf13/cobra"
)

func (a *app) uploadsCommand() *cobra.Command {
	f := ticketFlags{
		known:    []string{"pending_upload", "pending", "in_progress", resource.UploadPartial, resource.UploadSuccess, resource.UploadError},
		finished: []string{resource.UploadPartial, resource.UploadSuccess, resource.UploadError},
	}
	cmd := &cobra.Command{
		Use:   "uploads [TICKET]",
		Short: "Show what became of phone numbers that were sent to Microsoft Teams",
		Long: `Lists the uploads of phone numbers to Microsoft Teams with the state of each number, and what the
state remembers: which were sent from here and when, which numbers wait to be tried again, and which
are parked, that is, not tried again before somebody mends something.

Without --connection, those connections are looked at that state has numbers on, or else all of
Operator Connect. Old uploads stay in the list: a number that failed in one may have come into place by
a later one. What is wrong now stands under "parked" and "waiting".

It only reads, and needs no state.`,
		Example: `  telnyxsync uploads
  telnyxsync uploads --open --connection teams-hq
  telnyxsync uploads --status error --status partial_success --output json
  telnyxsync uploads 542c3bca-d247-42bc-8fe7-e01d16ecd761       # one, with all its numbers
  telnyxsync uploads retry +15125550100                         # try a parked number again`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ticket := ""
			if len(args) == 1 {
				ticket = args[0]
			}
			return a.uploads(cmd.Context(), ticket, &f)
		},
	}
	f.add(a, cmd)
	cmd.AddCommand(a.uploadsRetryCommand())
	return cmd
}

// uploadsDoc is all that there is to say of uploads.
type uploadsDoc struct {
	Version  int           `json:"version"`
	Uploads  []uploadJSON  `json:"uploads"`
	Orders   []orderJSON   `json:"orders"` // what state has on its way, uploads too
	Parked   []troubleJSON `json:"parked"`
	Retrying []troubleJSON `json:"retrying"`
	Unread   []unread      `json:"errors"`

	Messages []resource.Message `json:"log_messages"` // of Telnyx, about these
}

type uploadJSON struct {
	TicketID     string       `json:"ticket_id"`
	ConnectionID string       `json:"connection_id"`
	Connection   string       `json:"connection,omitempty"` // the name of its entry
	Status       string       `json:"status"`
	ErrorCode    string       `json:"error_code"`
	ErrorMessage string       `json:"error_message"`
	Ours         bool         `json:"ours"`
	SubmittedAt  *time.Time   `json:"submitted_at"`         // where it was sent from here
	FollowedAt   *time.Time   `json:"followed_since"`       // where it was not, and has numbers of ours
	RetriedAs    string       `json:"retried_as,omitempty"` // the ticket of what is sent again of it
	Entries      []uploadedTN `json:"entries"`
}

type uploadedTN struct {
	PhoneNumber    string `json:"phone_number"`
	NumberID       string `json:"number_id"`
	Status         string `json:"status"`
	InternalStatus string `json:"internal_status,omitempty"`
	ErrorCode      string `json:"error_code"`
	ErrorMessage   string `json:"error_message"`
	LocationID     string `json:"location_id"`
	CivicAddressID string `json:"civic_address_id"`

	number resource.Number
}

func (a *app) uploads(ctx context.Context, ticket string, f *ticketFlags) error {
	t, err := a.teams(ctx)
	if err != nil {
		return err
	}
	defer t.client.Close()
	likely := t.engine.Teams(&t.snap)
	if ticket != "" {
		likely = t.having(ticket)
	}
	ids, err := t.connections(ctx, f.connections, likely)
	if err != nil {
		return err
	}
	found, failed, err := readTickets(ctx, t, ids, "upload", ticket, t.api.Uploads, t.api.Upload)
	if err != nil {
		return err
	}
	doc := &uploadsDoc{Version: 1, Uploads: []uploadJSON{}, Parked: []troubleJSON{}, Retrying: []troubleJSON{}, Unread: failed}
	statuses, tickets := map[string]bool{}, map[string]bool{}
	for _, c := range ids {
		for i := range found[c] {
			u := &found[c][i]
			statuses[u.Status], tickets[u.Ticket] = true, true
			if f.wanted(u.Status) {
				doc.Uploads = append(doc.Uploads, t.upload(c, u))
			}
		}
	}
	if err := f.check(statuses); err != nil {
		return err
	}
	slices.SortFunc(doc.Uploads, byNeed)
	mine := func(connection, of string) bool {
		return slices.Contains(ids, connection) && (ticket == "" || ticket == of)
	}
	doc.Orders = orders(&t.snap, func(o *resource.Order) bool { return mine(o.Target.Connection, o.Ticket) })
	for i := range doc.Orders {
		o := &doc.Orders[i]
		_, read := found[o.ConnectionID]
		o.listed = o.Operation != resource.OrderAssign && o.Ticket != "" && (tickets[o.Ticket] || !read)
	}
	for _, r := range troubles(&t.snap, func(r *resource.Trouble) bool {
		return mine(r.Target.Connection, r.Ticket) && !onTheWay(&t.snap, r.Number)
	}) {
		if r.RetryAt == nil {
			doc.Parked = append(doc.Parked, r)
		} else {
			doc.Retrying = append(doc.Retrying, r)
		}
	}
	doc.Messages = t.messages(ids, doc, ticket)
	if f.output == "json" {
		err = a.printJSON(doc)
	} else {
		p := &page{all: f.verbose || ticket != ""}
		doc.text(t, p, without(ids, failed), ticket != "")
		_, err = p.WriteTo(a.out)
	}
	return cmp.Or(err, a.sayUnread(failed))
}

// messages are Telnyx's log messages about the connections, or about a ticket and its numbers alone, as the
// job log_messages saw them last. Those that a rule knows are left out.
func (t *teamsReader) messages(ids []string, doc *uploadsDoc, ticket string) []resource.Message {
	out := []resource.Message{}
	about := map[string]bool{ticket: true}
	for i := range doc.Uploads {
		for _, e := range doc.Uploads[i].Entries {
			about[e.PhoneNumber] = true
		}
	}
	for _, m := range t.snap.Messages {
		of := slices.Contains(ids, m.Connection)
		if ticket != "" {
			of = m.Ticket != "" && about[m.Ticket] || m.Number != "" && about[m.Number]
		}
		if of = of || m.Number != "" && about[m.Number]; of && m.Rule == "" {
			out = append(out, m)
		}
	}
	return out
}

// having are the connections on which state knows a ticket.
func (t *teamsReader) having(ticket string) (ids []string) {
	for i := range t.snap.Orders {
		if o := &t.snap.Orders[i]; o.Ticket == ticket || o.Retried == ticket {
			ids = append(ids, o.Target.Connection)
		}
	}
	for i := range t.snap.Troubles {
		if r := &t.snap.Troubles[i]; r.Ticket == ticket {
			ids = append(ids, r.Target.Connection)
		}
	}
	return ids
}

// placed are the numbers that state has in place on a connection.
func (t *teamsReader) placed(connection string) (s resource.Numbers) {
	for i := range t.snap.Groups {
		if g := &t.snap.Groups[i]; g.Target.Connection == connection {
			s = s.Plus(g.Placed)
		}
	}
	return s
}

// byNeed brings what needs a look to the front: uploads carry no times of their own. Those that were
// sent from here come latest first.
func byNeed(a, b uploadJSON) int {
	rank := func(u *uploadJSON) int {
		return 1 + slices.Index([]string{resource.UploadError, resource.UploadPartial, resource.UploadSuccess}, u.Status)
	}
	at := func(u *uploadJSON) time.Time {
		if u.SubmittedAt == nil {
			return time.Time{}
		}
		return *u.SubmittedAt
	}
	return cmp.Or(rank(&a)-rank(&b), at(&b).Compare(at(&a)), cmp.Compare(a.ConnectionID, b.ConnectionID), cmp.Compare(a.TicketID, b.TicketID))
}

// upload is an upload with what state knows of it.
func (t *teamsReader) upload(connection string, u *resource.Upload) uploadJSON {
	out := uploadJSON{
		TicketID: u.Ticket, ConnectionID: connection, Connection: t.name(connection), Status: u.Status,
		ErrorCode: u.Code, ErrorMessage: u.Message, Entries: []uploadedTN{},
	}
	utc := func(at time.Time) *time.Time { at = at.UTC(); return &at }
	if at, ours := t.sent[u.Ticket]; ours {
		out.Ours, out.SubmittedAt = true, utc(at)
	}
	for i := range t.snap.Orders {
		switch o := &t.snap.Orders[i]; {
		case o.Retried == u.Ticket && o.Ticket != u.Ticket:
			out.RetriedAs = o.Ticket
		case o.Ticket != u.Ticket || o.Op == resource.OrderAssign:
		case numbers.Followed(o):
			out.FollowedAt = utc(o.At)
		default:
			out.Ours, out.SubmittedAt = true, utc(o.At)
		}
	}
	for _, e := range u.Entries {
		tn := uploadedTN{
			NumberID: e.ID, Status: e.Status, InternalStatus: e.Internal, ErrorCode: e.Code, ErrorMessage: e.Message,
			LocationID: e.Location, CivicAddressID: e.CivicAddress, number: e.Number,
		}
		if e.Number != 0 {
			tn.PhoneNumber = e.Number.String()
		}
		out.Entries = append(out.Entries, tn)
	}
	slices.SortFunc(out.Entries, func(a, b uploadedTN) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.NumberID, b.NumberID))
	})
	return out
}
