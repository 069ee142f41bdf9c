package client

import (
	"context"
	"net/http"
)

const siprecConnectors = "siprec_connectors"

// SIPRECConnectors is /siprec_connectors. Their key is the name, and there is no list. Telnyx documents both host and
// hostname in answers: objects are passed on as they came.
type SIPRECConnectors struct{ c *Client }

// SIPRECConnectors gives the collection.
func (c *Client) SIPRECConnectors() SIPRECConnectors { return SIPRECConnectors{c} }

// Get reads one.
func (x SIPRECConnectors) Get(ctx context.Context, name string) (Object, error) {
	return x.c.get(ctx, siprecConnectors, name)
}

// Create makes one of name, host and port. See [Unknown] before repeating it.
func (x SIPRECConnectors) Create(ctx context.Context, body Object) (Object, Meta, error) {
	return x.c.write(ctx, http.MethodPost, body, siprecConnectors)
}

// Update puts a whole connector in the place of another; name, host and port are required.
func (x SIPRECConnectors) Update(ctx context.Context, name string, body Object) (Object, Meta, error) {
	return x.c.write(ctx, http.MethodPut, body, siprecConnectors, name)
}

// Delete removes one; 404 counts as removed.
func (x SIPRECConnectors) Delete(ctx context.Context, name string) (Meta, error) {
	return x.c.remove(ctx, siprecConnectors, name)
}
