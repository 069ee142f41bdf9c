package kinds

import (
	"context"
	"slices"
	"strings"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

// connectionKey is the natural key of what a connection has one of: the connection's id.
func connectionKey(_ string, o resource.Object) string {
	if ref, ok := o["connection"].(resource.Ref); ok {
		return ref.ID
	}
	return resource.GetString(o, "/connection_id")
}

func connectionIdentity(_ string, l *resource.Live) resource.Object {
	return resource.Object{"connection_id": l.ID}
}

// standing is what an object has; nothing where there is none.
func standing(l *resource.Live) resource.Object {
	if l == nil {
		return nil
	}
	return l.Object
}

// connectionAPI is a collection in which each connection has one object at most.
type connectionAPI interface {
	Get(ctx context.Context, connectionID string) (client.Object, error)
	Create(ctx context.Context, connectionID string, body client.Object) (client.Object, client.Meta, error)
	Update(ctx context.Context, connectionID string, body client.Object) (client.Object, client.Meta, error)
	Delete(ctx context.Context, connectionID string) (client.Meta, error)
}

// byConnection operates on such a collection. Telnyx has no list of any.
type byConnection struct {
	api    connectionAPI
	schema *resource.Schema
	body   func(live *resource.Live, desired resource.Object) (client.Object, error)
	label  func(o resource.Object) string
}

func (b *byConnection) Observe(ctx context.Context, want resource.Want) (resource.Observation, error) {
	ids := slices.Concat(want.IDs, want.Keys)
	slices.Sort(ids)
	return readEach(ctx, slices.Compact(ids), b.Read)
}

func (b *byConnection) Read(ctx context.Context, id string) (*resource.Live, error) {
	raw, err := b.api.Get(ctx, id)
	if client.NotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return b.live(id, raw), nil
}

func (b *byConnection) live(id string, raw client.Object) *resource.Live {
	o := b.schema.Canon(raw).(resource.Object)
	delete(o, "connection_id") // the identity, not a setting
	return &resource.Live{ID: id, Object: o, Keys: []string{id}, Label: strings.TrimSpace(b.label(o))}
}

func (b *byConnection) Create(ctx context.Context, w resource.Write) (resource.Receipt, error) {
	body, err := b.body(nil, w.Desired)
	if err != nil {
		return resource.Receipt{}, err
	}
	raw, meta, err := b.api.Create(ctx, w.Key, body)
	return b.receipt(w.Key, raw, meta, err)
}

func (b *byConnection) Update(ctx context.Context, w resource.Write) (resource.Receipt, error) {
	body, err := b.body(w.Live, w.Desired)
	if err != nil {
		return resource.Receipt{}, err
	}
	raw, meta, err := b.api.Update(ctx, w.Live.ID, body)
	return b.receipt(w.Live.ID, raw, meta, err)
}

func (b *byConnection) receipt(id string, raw client.Object, meta client.Meta, err error) (resource.Receipt, error) {
	r := resource.Receipt{RequestID: meta.RequestID}
	if err == nil {
		r.Live = b.live(id, raw)
	}
	return r, err
}

func (b *byConnection) Delete(ctx context.Context, l *resource.Live) (resource.Receipt, error) {
	meta, err := b.api.Delete(ctx, l.ID)
	return resource.Receipt{RequestID: meta.RequestID}, err
}

// Numbers is zero: the connection carries them.
func (b *byConnection) Numbers(context.Context, *resource.Live) (int, error) { return 0, nil }
