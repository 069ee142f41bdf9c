package client

import (
	"context"
	"net/http"
)

const storageCredentials = "custom_storage_credentials"

// StorageCredentials is /custom_storage_credentials: where a connection's recordings go. Their key is the connection's id,
// and there is no list. An object is what Telnyx answers under data: backend and configuration. Its connection_id and
// record_type stand beside that and are left out.
type StorageCredentials struct{ c *Client }

// StorageCredentials gives the collection.
func (c *Client) StorageCredentials() StorageCredentials { return StorageCredentials{c} }

// Get reads one. Whether Telnyx answers with the secrets, masks them or leaves them out is not documented.
func (x StorageCredentials) Get(ctx context.Context, connectionID string) (Object, error) {
	return x.c.get(ctx, storageCredentials, connectionID)
}

// Create makes those of a connection, of backend and configuration. See [Unknown] before repeating it.
func (x StorageCredentials) Create(ctx context.Context, connectionID string, body Object) (Object, Meta, error) {
	return x.c.write(ctx, http.MethodPost, body, storageCredentials, connectionID)
}

// Update puts whole credentials in the place of others.
func (x StorageCredentials) Update(ctx context.Context, connectionID string, body Object) (Object, Meta, error) {
	return x.c.write(ctx, http.MethodPut, body, storageCredentials, connectionID)
}

// Delete removes them; 404 counts as removed.
func (x StorageCredentials) Delete(ctx context.Context, connectionID string) (Meta, error) {
	return x.c.remove(ctx, storageCredentials, connectionID)
}
