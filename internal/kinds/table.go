// Package kinds describes the kinds of resources, one file each, and lists them.
//
// A kind is the struct of its YAML, a pure description (resource.Kind) and the operations that
// read and write its objects on Telnyx. It does not know who owns an object, what differs, or
// when something is to be written.
package kinds

import (
	"cmp"
	"context"
	"sync"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"

	"golang.org/x/sync/errgroup"
)

// Operations read and write the objects of one kind. None of them blocks on what Telnyx does
// later; all errors are those of the client.
type Operations interface {
	// Observe reads what is wanted, or all there is where the kind can be listed.
	Observe(ctx context.Context, want resource.Want) (resource.Observation, error)
	// Read reads one object; nil if it is not there.
	Read(ctx context.Context, id string) (*resource.Live, error)
	Create(ctx context.Context, w resource.Write) (resource.Receipt, error)
	Update(ctx context.Context, w resource.Write) (resource.Receipt, error)
	// Delete takes an object down and removes it; one that is gone already is a success.
	Delete(ctx context.Context, l *resource.Live) (resource.Receipt, error)
	// Numbers counts the phone numbers that would lose their service with the object.
	Numbers(ctx context.Context, l *resource.Live) (int, error)
}

// Row is a kind in the table.
type Row struct {
	resource.Kind
	Open func(c *client.Client) Operations
}

// Table lists the kinds. A new kind is a file beside this one and a line here.
func Table() []Row {
	return []Row{
		externalConnections(),
		locations(),
		phoneNumbers(),
		siprecConnectors(),
		media(),
		customStorageCredentials(),
		dialogflowConnections(),
		recordingRetention(),
		transcriptionRetention(),
		logMessageRules(),
	}
}

// Pure returns the descriptions alone.
func Pure(rows []Row) []resource.Kind {
	out := make([]resource.Kind, len(rows))
	for i, r := range rows {
		out[i] = r.Kind
	}
	return out
}

// createdAt is where Telnyx says when an object was made.
const createdAt = "/created_at"

// incarnation tells an object from others that had its name.
func incarnation(raw client.Object) string {
	v, _ := resource.Get(raw, createdAt)
	return resource.Incarnation(moment(v))
}

// moment reads a time; zero is one that is missing or that cannot be read.
func moment(v any) time.Time {
	text, _ := v.(string)
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05.999999", "2006-01-02 15:04:05.999999Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	return time.Time{}
}

// keyOrName is the natural key of objects that have names: what stands in a field, or else the name of
// the entry.
func keyOrName(field string) func(name string, o resource.Object) string {
	return func(name string, o resource.Object) string {
		return cmp.Or(resource.GetString(o, field), name)
	}
}

// nameUnless is the field that holds a natural key, where the entry's name is another.
func nameUnless(name, field, key string) resource.Object {
	if name == key {
		return nil
	}
	return resource.Object{field: key}
}

// readEach reads objects one by one, at the same time. One that fails does not stop the others,
// unless the key is refused: then all would.
func readEach(ctx context.Context, ids []string, read func(context.Context, string) (*resource.Live, error)) (resource.Observation, error) {
	seen := resource.Observation{Failed: map[string]error{}}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	for _, id := range ids {
		g.Go(func() error {
			l, err := read(ctx, id)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case client.Unauthorized(err):
				return err
			case err != nil:
				seen.Failed[id] = err
			case l != nil:
				seen.Objects = append(seen.Objects, *l)
			}
			return nil
		})
	}
	err := g.Wait()
	return seen, err
}
