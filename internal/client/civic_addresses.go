package client

import "context"

const civicAddresses = "civic_addresses"

// CivicAddresses is /external_connections/{id}/civic_addresses: the emergency addresses that a Teams admin made in
// Microsoft Teams, each with its locations. Telnyx only passes them on, and answers 500 or 502 where Microsoft does not.
type CivicAddresses struct{ c *Client }

// CivicAddresses gives the collection.
func (c *Client) CivicAddresses() CivicAddresses { return CivicAddresses{c} }

// List reads all of a connection's, or fails; see [ErrIncomplete]. Telnyx documents no pages for them.
func (x CivicAddresses) List(ctx context.Context, connectionID string) ([]Object, error) {
	l := listing{data: "data", key: "id", plain: true}
	return x.c.listUnder(ctx, l, externalConnections, connectionID, civicAddresses)
}

// Get reads one with its locations. Telnyx documents that the id may also be that of a location.
func (x CivicAddresses) Get(ctx context.Context, connectionID, addressID string) (Object, error) {
	return x.c.get(ctx, externalConnections, connectionID, civicAddresses, addressID)
}
