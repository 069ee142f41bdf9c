package client

import (
	"context"
	"net/http"
)

const externalConnections = "external_connections"

// ExternalConnections is /external_connections: Zoom and Operator Connect. Their key is the id; they have no name.
type ExternalConnections struct{ c *Client }

// ExternalConnections gives the collection.
func (c *Client) ExternalConnections() ExternalConnections { return ExternalConnections{c} }

// List reads all of them, or fails; see [ErrIncomplete].
func (x ExternalConnections) List(ctx context.Context) ([]Object, error) {
	return x.c.list(ctx, listing{path: "/" + externalConnections, data: "data", key: "id"})
}

// Get reads one.
func (x ExternalConnections) Get(ctx context.Context, id string) (Object, error) {
	return x.c.get(ctx, externalConnections, id)
}

// Create makes one. Telnyx makes only zoom connections this way, and wants external_sip_connection and
// outbound.outbound_voice_profile_id. See [Unknown] before repeating it.
func (x ExternalConnections) Create(ctx context.Context, body Object) (Object, Meta, error) {
	return x.c.write(ctx, http.MethodPost, body, externalConnections)
}

// Update changes the fields in the body, by PATCH. Telnyx wants outbound.outbound_voice_profile_id whatever changes.
func (x ExternalConnections) Update(ctx context.Context, id string, body Object) (Object, Meta, error) {
	return x.c.write(ctx, http.MethodPatch, body, externalConnections, id)
}

// Delete removes one; 404 counts as removed. Telnyx refuses while it is active, while numbers use it, and for Operator
// Connect.
func (x ExternalConnections) Delete(ctx context.Context, id string) (Meta, error) {
	return x.c.remove(ctx, externalConnections, id)
}
