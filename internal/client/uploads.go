package client

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

const (
	uploads   = "uploads"
	ticketKey = "ticket_id" // of uploads and of releases
)

var (
	errNoTicket  = errors.New("there is no " + ticketKey)
	errNoSuccess = errors.New("success is false")
)

// Uploads is /external_connections/{id}/uploads: numbers on their way to Microsoft Teams. Their key is the ticket, and
// nothing in them tells when they were made.
type Uploads struct{ c *Client }

// Uploads gives the collection.
func (c *Client) Uploads() Uploads { return Uploads{c} }

// List reads all of a connection's, in whatever status, or fails; see [ErrIncomplete]. Telnyx's own filter does not know
// partial_success: a list filtered for errors would lack failures.
func (x Uploads) List(ctx context.Context, connectionID string) ([]Object, error) {
	return x.c.listUnder(ctx, listing{data: "data", key: ticketKey}, externalConnections, connectionID, uploads)
}

// Get reads one with its numbers.
func (x Uploads) Get(ctx context.Context, connectionID, ticketID string) (Object, error) {
	return x.c.get(ctx, externalConnections, connectionID, uploads, ticketID)
}

// Create uploads number_ids, at most 1000 (413 above), to a location_id or a civic_address_id. Telnyx answers 202 with a
// ticket: nothing is done yet, and what becomes of it is read by [Uploads.Get].
//
// An answer without a ticket, and one that calls itself no success, are errors of unknown fate, as a 504 is. See [Unknown]
// before repeating it: what was made is found by its numbers in [Uploads.List]. A ticket that came with such an answer is
// returned beside the error.
func (x Uploads) Create(ctx context.Context, connectionID string, body Object) (ticketID string, meta Meta, err error) {
	if body == nil {
		body = Object{}
	}
	meta, err = x.c.submit(ctx, http.MethodPost, body, func(raw []byte) error {
		o, err := readTicket(raw)
		ticketID = keyText(o[ticketKey])
		return err
	}, externalConnections, connectionID, uploads)
	return ticketID, meta, err
}

// Refresh asks Telnyx to look again what became of all pending uploads of a connection. It does so in the background: 200
// does not mean that it is done. While a refresh is running already Telnyx answers 409, and running is true.
func (x Uploads) Refresh(ctx context.Context, connectionID string) (running bool, meta Meta, err error) {
	meta, err = x.c.submit(ctx, http.MethodPost, nil, func(raw []byte) error {
		// It promises nothing, so an answer that says nothing will do.
		if o, err := decodeObject(raw); err == nil && o["success"] == false {
			return errNoSuccess
		}
		return nil
	}, externalConnections, connectionID, uploads, "refresh")
	if InProgress(err) {
		return true, meta, nil
	}
	return false, meta, err
}

// Status reads how much of a connection is pending: pending_numbers_count and pending_orders_count.
func (x Uploads) Status(ctx context.Context, connectionID string) (Object, error) {
	return x.c.get(ctx, externalConnections, connectionID, uploads, "status")
}

// Retry sends what failed of an upload once more. Telnyx answers 202 with an upload whose ticket_id may be a new one: the
// old ticket is not followed up then. An answer without a ticket is therefore an error of unknown fate. While Telnyx still
// works on the upload it answers 409; see [InProgress].
func (x Uploads) Retry(ctx context.Context, connectionID, ticketID string) (Object, Meta, error) {
	var upload Object
	meta, err := x.c.submit(ctx, http.MethodPost, nil, func(raw []byte) (err error) {
		upload, err = readTicket(raw)
		return err
	}, externalConnections, connectionID, uploads, ticketID, "retry")
	return upload, meta, err
}

// readTicket reads the object that has the ticket of an upload. Telnyx documents it at the top of the answer to a POST of
// an upload and under data in that to a retry: either will do for both, since a ticket that is overlooked is lost. For the
// same reason the object comes beside the error where it calls itself no success.
func readTicket(raw []byte) (Object, error) {
	o, err := decodeObject(raw)
	if err != nil {
		return nil, err
	}
	upload := o
	if data, ok := o["data"].(Object); ok && keyText(data[ticketKey]) != "" {
		upload = data
	}
	switch {
	case strings.TrimSpace(keyText(upload[ticketKey])) == "":
		return nil, errNoTicket
	case o["success"] == false:
		return upload, errNoSuccess
	}
	return upload, nil
}

// InProgress reports that Telnyx is still at it (409): wait for that, do not send it again now.
func InProgress(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusConflict && !errors.Is(e.Err, ErrHTML)
}
