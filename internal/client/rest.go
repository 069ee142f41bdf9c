package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// The calls that collections are made of. An object is the value of "data" in its answer.

// get reads one object.
func (c *Client) get(ctx context.Context, segments ...string) (Object, error) {
	return c.getBy(ctx, request{}, segments...)
}

// getPrivate is get for answers of which nothing is to be quoted; see request.
func (c *Client) getPrivate(ctx context.Context, segments ...string) (Object, error) {
	return c.getBy(ctx, request{private: true}, segments...)
}

func (c *Client) getBy(ctx context.Context, r request, segments ...string) (Object, error) {
	path, err := c.path(segments...)
	if err != nil {
		return nil, fmt.Errorf("GET /%s: %w", segments[0], err)
	}
	r.method, r.path = http.MethodGet, path
	data, _, err := c.exchange(ctx, r)
	return data, err
}

// page reads a whole answer, data and meta and all.
func (c *Client) page(ctx context.Context, r request, read func(Object) error) error {
	r.method = http.MethodGet
	r.read = func(body []byte) error {
		o, err := decodeObject(body)
		if err != nil {
			return err
		}
		return read(o)
	}
	_, err := c.do(ctx, r)
	return err
}

// listUnder reads a whole collection that is reached through an object, as that of a connection's uploads. The path of l is
// made of the segments.
func (c *Client) listUnder(ctx context.Context, l listing, segments ...string) ([]Object, error) {
	path, err := c.path(segments...)
	if err != nil {
		return nil, fmt.Errorf("GET /%s: %w", segments[0], err)
	}
	l.path = path
	return c.list(ctx, l)
}

// write sends an object and reads back what came of it. A 2xx answer without a readable object is an error of unknown
// fate: the write was most likely done, and what it made has to be read back.
func (c *Client) write(ctx context.Context, method string, body Object, segments ...string) (Object, Meta, error) {
	if body == nil {
		body = Object{}
	}
	var data Object
	meta, err := c.submit(ctx, method, body, func(raw []byte) (err error) {
		data, err = readData(raw)
		return err
	}, segments...)
	return data, meta, err
}

// submit is write for answers of other shapes: read is given the 2xx body, and what it refuses is of unknown fate. Without
// a body none is sent: there are operations that take none.
func (c *Client) submit(
	ctx context.Context, method string, body Object, read func(body []byte) error, segments ...string,
) (Meta, error) {
	path, err := c.path(segments...)
	if err != nil {
		return Meta{}, fmt.Errorf("%s /%s: %w", method, segments[0], err)
	}
	r := request{method: method, path: path, read: read}
	if body != nil {
		if r.body, err = json.Marshal(body); err != nil {
			return Meta{}, fmt.Errorf("%s %s: the body: %w", method, path, err)
		}
		r.mask = c.maskFor(r.body)
	}
	a, err := c.do(ctx, r)
	return a.meta(), err
}

// exchange sends what is ready to be sent and reads the object of the answer.
func (c *Client) exchange(ctx context.Context, r request) (Object, Meta, error) {
	var data Object
	r.read = func(body []byte) (err error) {
		data, err = readData(body)
		return err
	}
	a, err := c.do(ctx, r)
	return data, a.meta(), err
}

// remove deletes an object. One that is gone already counts as deleted; Meta.Status tells.
func (c *Client) remove(ctx context.Context, segments ...string) (Meta, error) {
	path, err := c.path(segments...)
	if err != nil {
		return Meta{}, fmt.Errorf("DELETE /%s: %w", segments[0], err)
	}
	a, err := c.do(ctx, request{method: http.MethodDelete, path: path})
	return a.meta(), err
}

// expunge is remove for what nobody can make again: that it is gone is believed only of an answer that is the API's own,
// an object or nothing at all. Nothing of the answer is quoted, which may be the object itself.
func (c *Client) expunge(ctx context.Context, segments ...string) (Meta, error) {
	path, err := c.path(segments...)
	if err != nil {
		return Meta{}, fmt.Errorf("DELETE /%s: %w", segments[0], err)
	}
	r := request{method: http.MethodDelete, path: path, private: true}
	r.read = func(body []byte) error {
		if len(bytes.TrimSpace(body)) == 0 {
			return nil
		}
		o, err := decodeObject(body)
		if err == nil && o["success"] == false {
			err = errNoSuccess
		}
		return err
	}
	a, err := c.do(ctx, r)
	return a.meta(), err
}

func (a answer) meta() Meta { return Meta{Status: a.status, RequestID: a.requestID} }

func readData(body []byte) (Object, error) {
	o, err := decodeObject(body)
	if err != nil {
		return nil, err
	}
	v, ok := o["data"]
	if !ok {
		return nil, fmt.Errorf("the body has no data")
	}
	data, ok := v.(Object)
	if !ok {
		return nil, fmt.Errorf("data is %s, not an object", typeName(v))
	}
	return data, nil
}
