package client

import (
	"context"
	"fmt"
	"net/http"
)

// OperatorConnect is /operator_connect: what Microsoft Teams tenants have consented to.
type OperatorConnect struct{ c *Client }

// OperatorConnect gives the collection.
func (c *Client) OperatorConnect() OperatorConnect { return OperatorConnect{c} }

// Refresh asks Telnyx to look for consents and connections anew. Telnyx answers 202 when that was started, and 200 while
// one is in progress already (started is false then). Neither means that it is done: what it finds appears later, as
// external connections or as log messages.
func (x OperatorConnect) Refresh(ctx context.Context) (started bool, meta Meta, err error) {
	path, err := x.c.path("operator_connect", "actions", "refresh")
	if err != nil {
		return false, Meta{}, fmt.Errorf("POST /operator_connect/actions/refresh: %w", err)
	}
	a, err := x.c.do(ctx, request{method: http.MethodPost, path: path})
	return a.status == http.StatusAccepted, a.meta(), err
}
