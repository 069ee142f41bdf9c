package kinds

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"

	"golang.org/x/sync/errgroup"
)

// Numbers reads and writes phone numbers, and what brings them to Microsoft Teams. None of it blocks
// on what Telnyx does later; all errors are those of the client.
type Numbers struct{ c *client.Client }

// NewNumbers makes it.
func NewNumbers(c *client.Client) Numbers { return Numbers{c} }

// OnTeams lists the numbers of an Operator Connect connection, ascending.
func (x Numbers) OnTeams(ctx context.Context, connection string) ([]resource.LiveNumber, error) {
	list, err := x.c.ConnectionPhoneNumbers().List(ctx, connection)
	if err != nil {
		return nil, err
	}
	texts := interned{}
	out := make([]resource.LiveNumber, 0, len(list))
	for _, o := range list {
		n, ok := numberIn(o, "telephone_number")
		if !ok {
			continue // a short code, say, which no group can hold
		}
		out = append(out, resource.LiveNumber{
			Number: n, ID: text(o, "number_id"), Location: texts.of(o, "location_id"), CivicAddress: texts.of(o, "civic_address_id"),
			Ticket: texts.of(o, "ticket_id"),
		})
	}
	return sortedNumbers(out), nil
}

func sortedNumbers(list []resource.LiveNumber) []resource.LiveNumber {
	slices.SortFunc(list, func(a, b resource.LiveNumber) int { return cmp.Compare(a.Number, b.Number) })
	return list
}

// interned keeps one copy of texts that many numbers share.
type interned map[string]string

func (i interned) of(o client.Object, field string) string {
	s := text(o, field)
	if kept, ok := i[s]; ok {
		return kept
	}
	i[s] = s
	return s
}

func text(o client.Object, field string) string {
	switch v := o[field].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// numberIn reads a number with or without its plus.
func numberIn(o client.Object, field string) (resource.Number, bool) {
	n, err := resource.ParseNumber("+" + strings.TrimPrefix(text(o, field), "+"))
	return n, err == nil
}

// Assigned lists the account's numbers that are on a connection of any kind, ascending.
func (x Numbers) Assigned(ctx context.Context, connection string) ([]resource.LiveNumber, error) {
	list, err := x.c.PhoneNumbers().SlimOf(ctx, connection)
	if err != nil {
		return nil, err
	}
	var out []resource.LiveNumber
	for _, o := range list {
		if n, ok := numberIn(o, "phone_number"); ok && text(o, "connection_id") == connection {
			out = append(out, resource.LiveNumber{Number: n, ID: text(o, "id")})
		}
	}
	return sortedNumbers(out), nil
}

// fewLookups is up to how many numbers are looked up one by one: the whole list of the account takes a
// call for 250.
const fewLookups = 8

// Lookup finds numbers in the account; those that it does not own are missing in the answer.
func (x Numbers) Lookup(ctx context.Context, wanted resource.Numbers) (map[resource.Number]resource.AccountNumber, error) {
	found := map[resource.Number]resource.AccountNumber{}
	if wanted.Len() > fewLookups {
		list, err := x.c.PhoneNumbers().Slim(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range list {
			if a, ok := accountNumber(o); ok && wanted.Has(a.Number) {
				if other, twice := found[a.Number]; twice {
					return nil, fmt.Errorf("GET /phone_numbers/slim: %s is there twice, as %s and as %s", a.Number, other.ID, a.ID)
				}
				found[a.Number] = a
			}
		}
		return found, nil
	}
	numbers := slices.Collect(wanted.All())
	objects := make([]client.Object, len(numbers))
	g, ctx := errgroup.WithContext(ctx)
	for i, n := range numbers {
		g.Go(func() (err error) {
			objects[i], err = x.c.PhoneNumbers().Lookup(ctx, n.String())
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, o := range objects {
		if a, ok := accountNumber(o); ok {
			found[a.Number] = a
		}
	}
	return found, nil
}

func accountNumber(o client.Object) (resource.AccountNumber, bool) {
	n, ok := numberIn(o, "phone_number")
	kind := strings.ReplaceAll(text(o, "phone_number_type"), "_", "")
	return resource.AccountNumber{Number: n, ID: text(o, "id"), Connection: text(o, "connection_id"), TollFree: kind == "tollfree"}, ok && text(o, "id") != ""
}

// CivicAddresses lists the emergency addresses of a connection with their locations.
func (x Numbers) CivicAddresses(ctx context.Context, connection string) ([]resource.CivicAddress, error) {
	list, err := x.c.CivicAddresses().List(ctx, connection)
	if err != nil {
		return nil, err
	}
	out := make([]resource.CivicAddress, len(list))
	for i, o := range list {
		out[i] = civicAddress(o)
	}
	return out, nil
}

// CivicWords is a civic address for a person.
func CivicWords(o client.Object) string { return civicAddress(o).Words }

// civicAddress reads an address. Its words are in the order of an envelope.
func civicAddress(o client.Object) resource.CivicAddress {
	a := resource.CivicAddress{ID: text(o, "id"), Default: text(o, "default_location_id")}
	street := strings.Join(written(o, "house_number", "house_number_suffix", "street_name", "street_suffix"), " ")
	city := strings.Join(written(o, "state_or_province", "postal_or_zip_code"), " ")
	a.Words = strings.Join(slices.DeleteFunc(append(append(written(o, "company_name"), street), append(written(o, "city_or_town"), append([]string{city}, written(o, "country")...)...)...),
		func(s string) bool { return s == "" }), ", ")
	list, _ := o["locations"].([]any)
	for _, v := range list {
		l, _ := v.(client.Object)
		a.Locations = append(a.Locations, resource.Location{ID: text(l, "id"), Words: strings.Join(written(l, "description", "additional_info"), ", ")})
		if l["is_default"] == true && a.Default == "" {
			a.Default = text(l, "id")
		}
	}
	return a
}

func written(o client.Object, fields ...string) (out []string) {
	for _, f := range fields {
		if s := strings.TrimSpace(text(o, f)); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Uploads lists all uploads of a connection.
func (x Numbers) Uploads(ctx context.Context, connection string) ([]resource.Upload, error) {
	list, err := x.c.Uploads().List(ctx, connection)
	if err != nil {
		return nil, err
	}
	out := make([]resource.Upload, len(list))
	for i, o := range list {
		out[i] = UploadOf(o)
	}
	return out, nil
}

// Upload reads an upload; nil if it is not there.
func (x Numbers) Upload(ctx context.Context, connection, ticket string) (*resource.Upload, error) {
	o, err := x.c.Uploads().Get(ctx, connection, ticket)
	if client.NotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	u := UploadOf(o)
	return &u, nil
}

// UploadOf reads an upload as the API has it.
func UploadOf(o client.Object) resource.Upload {
	u := resource.Upload{Ticket: text(o, "ticket_id"), Status: text(o, "status"), Code: text(o, "error_code"), Message: text(o, "error_message")}
	list, _ := o["tn_upload_entries"].([]any)
	for _, v := range list {
		e, _ := v.(client.Object)
		n, _ := numberIn(e, "phone_number")
		u.Entries = append(u.Entries, resource.UploadEntry{
			Number: n, ID: text(e, "number_id"), Status: text(e, "status"), Internal: text(e, "internal_status"), Code: text(e, "error_code"),
			Message: text(e, "error_message"), Location: text(e, "location_id"), CivicAddress: text(e, "civic_address_id"),
		})
	}
	return u
}

// Job reads a job that changes many numbers; nil if it is not there.
func (x Numbers) Job(ctx context.Context, id string) (*resource.BulkJob, error) {
	o, err := x.c.PhoneNumbers().Job(ctx, id)
	if client.NotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	j := &resource.BulkJob{ID: id, Status: text(o, "status"), Failed: map[resource.Number]string{}}
	list, _ := o["failed_operations"].([]any)
	for _, v := range list {
		op, _ := v.(client.Object)
		if n, ok := numberIn(op, "phone_number"); ok {
			j.Failed[n] = jobErrors(op["errors"])
		}
	}
	return j, nil
}

func jobErrors(v any) string {
	list, _ := v.([]any)
	var out []string
	for _, e := range list {
		o, _ := e.(client.Object)
		out = append(out, strings.Join(written(o, "code", "title", "detail"), " "))
	}
	return cmp.Or(strings.Join(out, "; "), "Telnyx gives no reason")
}

// Connection tells of a connection of any kind whether it is on Microsoft Teams.
func (x Numbers) Connection(ctx context.Context, id string) (teams bool, label string, err error) {
	o, err := x.c.ExternalConnections().Get(ctx, id)
	if client.NotFound(err) {
		return false, "", nil // one of another kind
	}
	return text(o, "external_sip_connection") == operatorConnect, text(o, "external_sip_connection"), err
}
