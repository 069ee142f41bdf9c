package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

// Assign puts numbers on a connection by one job.
func (x Numbers) Assign(ctx context.Context, ids []string, connection string) (job string, r resource.Receipt, err error) {
	job, meta, err := x.c.PhoneNumbers().AssignMany(ctx, ids, connection)
	return job, resource.Receipt{RequestID: meta.RequestID}, err
}

// Send uploads numbers to the place of a target.
func (x Numbers) Send(ctx context.Context, t resource.Target, ids []string) (ticket string, r resource.Receipt, err error) {
	body := client.Object{"number_ids": ids}
	for field, v := range map[string]string{"location_id": t.Location, "civic_address_id": t.CivicAddress, "usage": t.Usage} {
		if v != "" {
			body[field] = v
		}
	}
	switch t.Additional {
	case "":
	case "none":
		body["additional_usages"] = []string{}
	default:
		body["additional_usages"] = strings.Split(t.Additional, ",")
	}
	ticket, meta, err := x.c.Uploads().Create(ctx, t.Connection, body)
	return ticket, resource.Receipt{RequestID: meta.RequestID}, err
}

// Retry sends what failed of an upload once more; its ticket may be a new one.
func (x Numbers) Retry(ctx context.Context, connection, ticket string) (*resource.Upload, resource.Receipt, error) {
	o, meta, err := x.c.Uploads().Retry(ctx, connection, ticket)
	r := resource.Receipt{RequestID: meta.RequestID}
	if err != nil {
		return nil, r, err
	}
	u := UploadOf(o)
	return &u, r, nil
}

// Relocate moves a number to another location.
func (x Numbers) Relocate(ctx context.Context, connection, id, location string) (resource.Receipt, error) {
	_, meta, err := x.c.ConnectionPhoneNumbers().SetLocation(ctx, connection, id, location)
	return resource.Receipt{RequestID: meta.RequestID}, err
}

// Refresh asks Telnyx to look what became of a connection's uploads.
func (x Numbers) Refresh(ctx context.Context, connection string) (running bool, r resource.Receipt, err error) {
	running, meta, err := x.c.Uploads().Refresh(ctx, connection)
	return running, resource.Receipt{RequestID: meta.RequestID}, err
}

// Pending counts what a connection has on its way: numbers and uploads.
func (x Numbers) Pending(ctx context.Context, connection string) (numbers, uploads int, err error) {
	o, err := x.c.Uploads().Status(ctx, connection)
	if err != nil {
		return 0, 0, err
	}
	count := func(field string) (n int) {
		v, ok := o[field].(json.Number)
		i, convErr := v.Int64()
		if !ok || convErr != nil {
			err = errors.Join(err, fmt.Errorf("GET /external_connections/%s/uploads/status: %s is missing", connection, field))
		}
		return int(i)
	}
	return count("pending_numbers_count"), count("pending_orders_count"), err
}
