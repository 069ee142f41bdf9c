package client

import (
	"context"
	"net/http"
)

const dialogflowConnections = "dialogflow_connections"

// DialogflowConnections is /dialogflow_connections: Google's Dialogflow on a Call Control connection. Their key is that
// connection's id, and there is no list.
type DialogflowConnections struct{ c *Client }

// DialogflowConnections gives the collection.
func (c *Client) DialogflowConnections() DialogflowConnections { return DialogflowConnections{c} }

// Get reads one. Telnyx answers "****" for service_account, and never dialogflow_api and location.
func (x DialogflowConnections) Get(ctx context.Context, connectionID string) (Object, error) {
	return x.c.get(ctx, dialogflowConnections, connectionID)
}

// Create makes that of a connection; service_account is required. See [Unknown] before repeating it.
func (x DialogflowConnections) Create(ctx context.Context, connectionID string, body Object) (Object, Meta, error) {
	return x.c.write(ctx, http.MethodPost, body, dialogflowConnections, connectionID)
}

// Update puts a whole one in the place of another; service_account is required.
func (x DialogflowConnections) Update(ctx context.Context, connectionID string, body Object) (Object, Meta, error) {
	return x.c.write(ctx, http.MethodPut, body, dialogflowConnections, connectionID)
}

// Delete removes one; 404 counts as removed.
func (x DialogflowConnections) Delete(ctx context.Context, connectionID string) (Meta, error) {
	return x.c.remove(ctx, dialogflowConnections, connectionID)
}
