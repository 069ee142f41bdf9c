package client

import "context"

// teamsCall is one operation of Operator Connect and its numbers, with the ids that stand in its path.
type teamsCall struct {
	method, path string // %s stands for each id
	body         string // sent; "" for none
	status       int
	answer       string
	call         func(ctx context.Context, c *Client, ids ...string) (any, Meta, error)
	want         string // what it returns, as JSON
}

// reading adapts a call that returns no Meta.
func reading[T any](call func(ctx context.Context, c *Client, ids []string) (T, error)) func(context.Context, *Client, ...string) (any, Meta, error) {
	return func(ctx context.Context, c *Client, ids ...string) (any, Meta, error) {
		v, err := call(ctx, c, ids)
		return v, Meta{}, err
	}
}

func teamsCalls() map[string]teamsCall {
	const (
		page   = "?page%5Bnumber%5D=1&page%5Bsize%5D=250"
		meta   = `,"meta":{"page_number":1,"page_size":250,"total_pages":1,"total_results":1}}`
		number = `{"location_id":"l","number_id":1911630617284445511}`
		upload = `{"location_id":"l","status":"partial_success","ticket_id":"t-2","tn_upload_entries":[{"status":"new"}]}`
	)
	type ctx = context.Context
	return map[string]teamsCall{
		"civic addresses": {
			method: "GET", path: "/external_connections/%s/civic_addresses", status: 200,
			answer: `{"data":[{"id":"a","locations":[{"id":"l"}]}]}`, want: `[{"id":"a","locations":[{"id":"l"}]}]`,
			call: reading(func(x ctx, c *Client, id []string) ([]Object, error) { return c.CivicAddresses().List(x, id[0]) }),
		},
		"civic address": {
			method: "GET", path: "/external_connections/%s/civic_addresses/%s", status: 200, answer: `{"data":{"id":"a"}}`, want: `{"id":"a"}`,
			call: reading(func(x ctx, c *Client, id []string) (Object, error) { return c.CivicAddresses().Get(x, id[0], id[1]) }),
		},
		"emergency address": {
			method: "PATCH", path: "/external_connections/%s/locations/%s", body: `{"static_emergency_address_id":"e"}`, status: 202,
			answer: `{"data":{"accepted_address_suggestions":true}}`, want: `null`,
			call: func(x ctx, c *Client, id ...string) (any, Meta, error) {
				m, err := c.Locations().SetEmergencyAddress(x, id[0], id[1], "e")
				return nil, m, err
			},
		},
		"numbers": {
			method: "GET", path: "/external_connections/%s/phone_numbers" + page, status: 200, answer: `{"data":[` + number + `]` + meta, want: `[` + number + `]`,
			call: reading(func(x ctx, c *Client, id []string) ([]Object, error) {
				return c.ConnectionPhoneNumbers().List(x, id[0])
			}),
		},
		"number": {
			method: "GET", path: "/external_connections/%s/phone_numbers/%s", status: 200, answer: `{"data":` + number + `}`, want: number,
			call: reading(func(x ctx, c *Client, id []string) (Object, error) {
				return c.ConnectionPhoneNumbers().Get(x, id[0], id[1])
			}),
		},
		"location of a number": {
			method: "PATCH", path: "/external_connections/%s/phone_numbers/%s", body: `{"location_id":"l"}`, status: 200, answer: `{"data":` + number + `}`, want: number,
			call: func(x ctx, c *Client, id ...string) (any, Meta, error) {
				return written(c.ConnectionPhoneNumbers().SetLocation(x, id[0], id[1], "l"))
			},
		},
		"uploads": {
			method: "GET", path: "/external_connections/%s/uploads" + page, status: 200, answer: `{"data":[` + upload + `]` + meta, want: `[` + upload + `]`,
			call: reading(func(x ctx, c *Client, id []string) ([]Object, error) { return c.Uploads().List(x, id[0]) }),
		},
		"upload": {
			method: "GET", path: "/external_connections/%s/uploads/%s", status: 200, answer: `{"data":` + upload + `}`, want: upload,
			call: reading(func(x ctx, c *Client, id []string) (Object, error) { return c.Uploads().Get(x, id[0], id[1]) }),
		},
		"create upload": {
			method: "POST", path: "/external_connections/%s/uploads", body: `{"location_id":"l","number_ids":["1"]}`, status: 202,
			answer: `{"success":true,"ticket_id":"t-1"}`, want: `"t-1"`,
			call: func(x ctx, c *Client, id ...string) (any, Meta, error) {
				return written(c.Uploads().Create(x, id[0], Object{"number_ids": []string{"1"}, "location_id": "l"}))
			},
		},
		"refresh uploads": {
			method: "POST", path: "/external_connections/%s/uploads/refresh", status: 200, answer: `{"success":true}`, want: `false`,
			call: func(x ctx, c *Client, id ...string) (any, Meta, error) { return written(c.Uploads().Refresh(x, id[0])) },
		},
		"status of uploads": {
			method: "GET", path: "/external_connections/%s/uploads/status", status: 200,
			answer: `{"data":{"pending_numbers_count":12,"pending_orders_count":3}}`, want: `{"pending_numbers_count":12,"pending_orders_count":3}`,
			call: reading(func(x ctx, c *Client, id []string) (Object, error) { return c.Uploads().Status(x, id[0]) }),
		},
		"retry upload": {
			method: "POST", path: "/external_connections/%s/uploads/%s/retry", status: 202, answer: `{"data":` + upload + `}`, want: upload,
			call: func(x ctx, c *Client, id ...string) (any, Meta, error) {
				return written(c.Uploads().Retry(x, id[0], id[1]))
			},
		},
		"releases": {
			method: "GET", path: "/external_connections/%s/releases" + page, status: 200,
			answer: `{"data":[{"status":"new","ticket_id":"r"}]` + meta, want: `[{"status":"new","ticket_id":"r"}]`,
			call: reading(func(x ctx, c *Client, id []string) ([]Object, error) { return c.Releases().List(x, id[0]) }),
		},
		"release": {
			method: "GET", path: "/external_connections/%s/releases/%s", status: 200, answer: `{"data":{"ticket_id":"r"}}`, want: `{"ticket_id":"r"}`,
			call: reading(func(x ctx, c *Client, id []string) (Object, error) { return c.Releases().Get(x, id[0], id[1]) }),
		},
		"slim": {
			method: "GET", path: "/phone_numbers/slim" + page, status: 200, answer: `{"data":[{"id":7}]` + meta, want: `[{"id":7}]`,
			call: reading(func(x ctx, c *Client, _ []string) ([]Object, error) { return c.PhoneNumbers().Slim(x) }),
		},
		"look up": {
			method: "GET", path: "/phone_numbers?filter%5Bphone_number%5D=15125550100&" + page[1:], status: 200,
			answer: `{"data":[{"id":"7","phone_number":"+15125550100"}]` + meta, want: `{"id":"7","phone_number":"+15125550100"}`,
			call: reading(func(x ctx, c *Client, _ []string) (Object, error) { return c.PhoneNumbers().Lookup(x, "+15125550100") }),
		},
		"account's number": {
			method: "GET", path: "/phone_numbers/%s", status: 200, answer: `{"data":{"id":"7"}}`, want: `{"id":"7"}`,
			call: reading(func(x ctx, c *Client, id []string) (Object, error) { return c.PhoneNumbers().Get(x, id[0]) }),
		},
		"assign": {
			method: "PATCH", path: "/phone_numbers/%s", body: `{"connection_id":"9"}`, status: 200, answer: `{"data":{"id":"7"}}`, want: `{"id":"7"}`,
			call: func(x ctx, c *Client, id ...string) (any, Meta, error) {
				return written(c.PhoneNumbers().Assign(x, id[0], "9"))
			},
		},
		"assign many": {
			method: "POST", path: "/phone_numbers/jobs/update_phone_numbers", body: `{"connection_id":"9","phone_numbers":["7","8"]}`, status: 202,
			answer: `{"data":{"id":"j","status":"pending"}}`, want: `"j"`,
			call: func(x ctx, c *Client, _ ...string) (any, Meta, error) {
				return written(c.PhoneNumbers().AssignMany(x, []string{"7", "8"}, "9"))
			},
		},
		"job": {
			method: "GET", path: "/phone_numbers/jobs/%s", status: 200, answer: `{"data":{"id":"j","status":"new"}}`, want: `{"id":"j","status":"new"}`,
			call: reading(func(x ctx, c *Client, id []string) (Object, error) { return c.PhoneNumbers().Job(x, id[0]) }),
		},
	}
}

// written adapts a call that does.
func written[T any](v T, m Meta, err error) (any, Meta, error) { return v, m, err }
