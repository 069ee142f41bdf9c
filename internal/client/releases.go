package client

import "context"

const releases = "releases"

// Releases is /external_connections/{id}/releases: numbers on their way off Microsoft Teams. Telnyx makes them when the
// connection of a number that is on Teams changes; they can be neither made, retried nor cancelled. Their key is ticket_id.
type Releases struct{ c *Client }

// Releases gives the collection.
func (c *Client) Releases() Releases { return Releases{c} }

// List reads all of a connection's, or fails; see [ErrIncomplete].
func (x Releases) List(ctx context.Context, connectionID string) ([]Object, error) {
	return x.c.listUnder(ctx, listing{data: "data", key: ticketKey}, externalConnections, connectionID, releases)
}

// Get reads one. Telnyx calls the key release_id in the path, and has nothing but ticket_id in the answer.
func (x Releases) Get(ctx context.Context, connectionID, releaseID string) (Object, error) {
	return x.c.get(ctx, externalConnections, connectionID, releases, releaseID)
}
