package apply_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// namedKind is a kind whose ids are names: how an entry of it looks, in two ways.
type namedKind struct {
	kind    string
	entry   map[string]resource.Object
	renewed bool
	theirs  map[string]any // what others make of it
}

func namedKinds(t *testing.T) []namedKind {
	files := filesOf(t, "a content", "b content")
	return []namedKind{
		{
			kind: "siprec_connectors",
			entry: map[string]resource.Object{
				"first": {"host": "h1.example.com", "port": int64(5060)}, "second": {"host": "h2.example.com", "port": int64(5060)},
			},
			theirs: map[string]any{"host": "theirs.example.com", "port": 5099},
		},
		{
			kind: "media", renewed: true,
			entry: map[string]resource.Object{
				"first": {"file": files["a"], "ttl": "10d"}, "second": {"file": files["b"], "ttl": "10d"},
			},
			theirs: map[string]any{"_content": "dGhlaXJz"},
		},
	}
}

// desired is a configuration with the entry x as it is asked for, or without it, beside one that stays.
func (k *namedKind) desired(how string) resource.Config {
	entries := []resource.Entry{entry(k.kind, "stays", k.entry["first"])}
	if how != "" {
		entries = append(entries, entry(k.kind, "x", k.entry[how]))
	}
	return config("/root", nil, entries...)
}

// edit edits the list of a kind on Telnyx, by another hand.
func (r *rig) edit(kind string, edit func(list []map[string]any) []map[string]any) {
	r.Helper()
	var account map[string]json.RawMessage
	var list []map[string]any
	if err := json.Unmarshal(r.sim.Account(), &account); err != nil {
		r.Fatal(err)
	}
	if err := json.Unmarshal(account[kind], &list); err != nil {
		r.Fatal(err)
	}
	account[kind] = json.RawMessage(resource.Text(edit(list)))
	if err := r.sim.SetAccount([]byte(resource.Text(account))); err != nil {
		r.Fatal(err)
	}
}

func isNamed(o map[string]any, name string) bool { return o["name"] == name || o["media_name"] == name }

// change changes fields of one object.
func (r *rig) change(kind, name string, fields map[string]any) {
	r.Helper()
	r.edit(kind, func(list []map[string]any) []map[string]any {
		for _, o := range list {
			if isNamed(o, name) {
				maps.Copy(o, fields)
			}
		}
		return list
	})
}

// remove takes one object away.
func (r *rig) remove(kind, name string) {
	r.Helper()
	r.edit(kind, func(list []map[string]any) []map[string]any {
		return slices.DeleteFunc(list, func(o map[string]any) bool { return isNamed(o, name) })
	})
}

// remake is what others do: they remove an object and make another under its name.
func (r *rig) remake(kind, name string, made time.Time, fields map[string]any) {
	r.Helper()
	at := made.UTC().Format(time.RFC3339)
	r.change(kind, name, map[string]any{"created_at": at, "updated_at": at})
	r.change(kind, name, fields)
}

// row is what state has of an object.
func (r *rig) row(name string) resource.Owned {
	r.Helper()
	for _, o := range r.snapshot().Owned {
		if o.Addr.Name == name {
			return o
		}
	}
	r.Fatalf("state knows no %s", name)
	return resource.Owned{}
}

// forgetIncarnation makes a row what an older telnyxsync left, and returns what it was.
func (r *rig) forgetIncarnation(name string) (was string) {
	r.Helper()
	o := r.row(name)
	was, o.Incarnation = o.Incarnation, ""
	r.db(func(ctx context.Context, db *state.DB) {
		if err := db.Commit(ctx, resource.Record{Own: []resource.Owned{o}}); err != nil {
			r.Fatal(err)
		}
	})
	if was == "" {
		r.Fatalf("state knew no incarnation of %s", name)
	}
	return was
}
