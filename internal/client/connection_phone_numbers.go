package client

import (
	"context"
	"errors"
	"net/http"
)

// ConnectionPhoneNumbers is /external_connections/{id}/phone_numbers: the numbers of a connection that are active on
// Microsoft Teams. Their key is number_id, the id under /phone_numbers.
type ConnectionPhoneNumbers struct{ c *Client }

// ConnectionPhoneNumbers gives the collection.
func (c *Client) ConnectionPhoneNumbers() ConnectionPhoneNumbers { return ConnectionPhoneNumbers{c} }

// List reads all of a connection's, or fails; see [ErrIncomplete].
func (x ConnectionPhoneNumbers) List(ctx context.Context, connectionID string) ([]Object, error) {
	return x.c.listUnder(ctx, listing{data: "data", key: "number_id"}, externalConnections, connectionID, phoneNumbers)
}

// Get reads one.
func (x ConnectionPhoneNumbers) Get(ctx context.Context, connectionID, numberID string) (Object, error) {
	return x.c.get(ctx, externalConnections, connectionID, phoneNumbers, numberID)
}

// SetLocation moves a number to another location, by PATCH. Telnyx answers 200 and does it later: the answer does not show
// that it is done, a later [ConnectionPhoneNumbers.Get] does.
func (x ConnectionPhoneNumbers) SetLocation(ctx context.Context, connectionID, numberID, locationID string) (Object, Meta, error) {
	if locationID == "" {
		return nil, Meta{}, errors.New("PATCH /external_connections: a location's id is missing")
	}
	body := Object{"location_id": locationID}
	return x.c.write(ctx, http.MethodPatch, body, externalConnections, connectionID, phoneNumbers, numberID)
}
