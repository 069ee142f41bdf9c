package client

import (
	"context"
	"fmt"
)

const logMessages = "log_messages"

// LogMessages is /external_connections/log_messages: what went wrong with external connections. No message says when. Telnyx
// documents an id to read and to dismiss one by, and none in the answers: where there is one, it is in the object as "id".
type LogMessages struct{ c *Client }

// LogMessages gives the collection.
func (c *Client) LogMessages() LogMessages { return LogMessages{c} }

// List reads all of them, or fails; see [ErrIncomplete]. Messages without an id can be equal. What their pages are checked by
// is how many there are, and that no page comes twice.
func (x LogMessages) List(ctx context.Context) ([]Object, error) {
	l := listing{data: logMessages, key: "id", keyless: true}
	return x.c.listUnder(ctx, l, externalConnections, logMessages)
}

// Get reads one, which Telnyx answers with a list of one.
func (x LogMessages) Get(ctx context.Context, id string) (Object, error) {
	path, err := x.c.path(externalConnections, logMessages, id)
	if err != nil {
		return nil, fmt.Errorf("GET /%s: %w", externalConnections, err)
	}
	var message Object
	err = x.c.page(ctx, request{path: path}, func(o Object) error {
		p, err := readPageOf(o, logMessages)
		if err == nil && len(p.items) != 1 {
			err = fmt.Errorf("%s has %d entries, not one", logMessages, len(p.items))
		}
		if err == nil {
			message = p.items[0]
		}
		return err
	})
	return message, err
}

// Dismiss removes one for good, by DELETE; 404 counts as removed.
func (x LogMessages) Dismiss(ctx context.Context, id string) (Meta, error) {
	return x.c.expunge(ctx, externalConnections, logMessages, id)
}
