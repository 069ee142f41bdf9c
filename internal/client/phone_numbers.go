package client

import (
	"context"
	"errors"
	"fmt"
	"net/url"
)

const phoneNumbers = "phone_numbers"

// PhoneNumbers is /phone_numbers: the account's numbers, whatever they are used for.
type PhoneNumbers struct{ c *Client }

// PhoneNumbers gives the collection.
func (c *Client) PhoneNumbers() PhoneNumbers { return PhoneNumbers{c} }

// CountByConnection tells how many numbers a connection holds, with one call. An answer that does not say is an error,
// never zero.
func (x PhoneNumbers) CountByConnection(ctx context.Context, connectionID string) (int, error) {
	if connectionID == "" {
		return 0, errors.New("GET /phone_numbers: a connection's id is missing")
	}
	q := url.Values{"filter[connection_id]": {connectionID}, "page[size]": {"1"}}
	total := 0
	err := x.c.page(ctx, "/"+phoneNumbers, q, func(o Object) error {
		p, err := readPageOf(o, "data")
		if err != nil {
			return err
		}
		if p.total < 0 {
			return errors.New("meta.total_results is missing")
		}
		if p.total < len(p.items) {
			return fmt.Errorf("total_results is %d, with %d entries on the page", p.total, len(p.items))
		}
		total = p.total
		return nil
	})
	return total, err
}
