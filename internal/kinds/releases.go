package kinds

import (
	"context"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

// Release is numbers on their way off Microsoft Teams, as their connection changed.
type Release struct {
	Ticket  string
	Status  string
	Message string
	Created time.Time // zero where Telnyx does not say it
	Entries []ReleaseEntry
}

// ReleaseEntry is one number of a release.
type ReleaseEntry struct {
	Number resource.Number // 0 where Telnyx does not say it
	ID     string
}

// Releases lists all releases of a connection.
func (x Numbers) Releases(ctx context.Context, connection string) ([]Release, error) {
	list, err := x.c.Releases().List(ctx, connection)
	if err != nil {
		return nil, err
	}
	out := make([]Release, len(list))
	for i, o := range list {
		out[i] = releaseOf(o)
	}
	return out, nil
}

// Release reads a release; nil if it is not there.
func (x Numbers) Release(ctx context.Context, connection, ticket string) (*Release, error) {
	o, err := x.c.Releases().Get(ctx, connection, ticket)
	if client.NotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r := releaseOf(o)
	return &r, nil
}

func releaseOf(o client.Object) Release {
	r := Release{Ticket: text(o, "ticket_id"), Status: text(o, "status"), Message: text(o, "error_message")}
	r.Created, _ = time.Parse(time.RFC3339, text(o, "created_at")) // what cannot be read is not said
	list, _ := o["telephone_numbers"].([]any)
	for _, v := range list {
		e, _ := v.(client.Object)
		n, _ := numberIn(e, "phone_number")
		r.Entries = append(r.Entries, ReleaseEntry{Number: n, ID: text(e, "number_id")})
	}
	return r
}
