package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// The calls that collections are made of. An object is the value of "data" in its answer.

// get reads one object.
func (c *Client) get(ctx context.Context, segments ...string) (Object, error) {
	path, err := c.path(segments...)
	if err != nil {
		return nil, fmt.Errorf("GET /%s: %w", segments[0], err)
	}
	var data Object
	_, err = c.do(ctx, request{method: http.MethodGet, path: path, read: func(body []byte) (err error) {
		data, err = readData(body)
		return err
	}})
	return data, err
}

// page reads a whole answer, data and meta and all.
func (c *Client) page(ctx context.Context, path string, query url.Values, read func(Object) error) error {
	_, err := c.do(ctx, request{method: http.MethodGet, path: path, query: query, read: func(body []byte) error {
		o, err := decodeObject(body)
		if err != nil {
			return err
		}
		return read(o)
	}})
	return err
}

// write sends an object and reads back what came of it. A 2xx answer without a readable object is an error of unknown
// fate: the write was most likely done, and what it made has to be read back.
func (c *Client) write(ctx context.Context, method string, body Object, segments ...string) (Object, Meta, error) {
	path, err := c.path(segments...)
	if err != nil {
		return nil, Meta{}, fmt.Errorf("%s /%s: %w", method, segments[0], err)
	}
	if body == nil {
		body = Object{}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, Meta{}, fmt.Errorf("%s %s: the body: %w", method, path, err)
	}
	return c.exchange(ctx, request{method: method, path: path, body: raw, mask: c.maskFor(raw)})
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
