package state_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// model is what the database is to remember.
type model struct {
	owned     map[resource.Addr]resource.Owned
	groups    map[resource.Addr]resource.Group
	rules     map[resource.RuleKey]resource.Rule
	intents   map[resource.Addr]resource.Intent
	deletions map[string]resource.Deletion
	orders    map[string]resource.Order
	troubles  map[resource.Number]resource.Trouble
	messages  map[string]resource.Message
	events    []resource.Event
}

func newModel() model {
	return model{
		map[resource.Addr]resource.Owned{},
		map[resource.Addr]resource.Group{},
		map[resource.RuleKey]resource.Rule{},
		map[resource.Addr]resource.Intent{},
		map[string]resource.Deletion{},
		map[string]resource.Order{},
		map[resource.Number]resource.Trouble{},
		map[string]resource.Message{},
		nil,
	}
}

func (m *model) commit(r resource.Record) {
	without(m.owned, r.Forget)
	without(m.intents, r.EndIntents)
	without(m.groups, r.ForgetGroups)
	without(m.rules, r.ForgetRules)
	without(m.deletions, r.EndDeletions)
	without(m.orders, r.EndOrders)
	without(m.troubles, r.EndTroubles)
	without(m.messages, r.EndMessages)
	for _, o := range r.Own {
		maps.DeleteFunc(m.owned, func(a resource.Addr, other resource.Owned) bool { // an id belongs to one entry
			return a.Kind == o.Addr.Kind && other.ID == o.ID
		})
		m.owned[o.Addr] = o
	}
	with(m.groups, r.Groups, func(g resource.Group) resource.Addr { return g.Addr })
	with(m.rules, r.Rules, func(r resource.Rule) resource.RuleKey { return r.Key() })
	with(m.deletions, r.Deletions, func(d resource.Deletion) string { return d.ID })
	with(m.orders, r.Orders, func(o resource.Order) string { return o.ID })
	with(m.troubles, r.Troubles, func(t resource.Trouble) resource.Number { return t.Number })
	with(m.messages, r.Messages, func(m resource.Message) string { return m.Key })
	for _, e := range r.Events {
		e.Seq = int64(len(m.events) + 1)
		if e.Deltas == nil {
			e.Deltas = json.RawMessage("[]")
		}
		m.events = append(m.events, e)
	}
}

func without[K comparable, T any](m map[K]T, keys []K) {
	for _, k := range keys {
		delete(m, k)
	}
}

func with[K comparable, T any](m map[K]T, rows []T, key func(T) K) {
	for _, row := range rows {
		m[key(row)] = row
	}
}

// snapshot is what all of it reads as; what there is none of is nil.
func (m *model) snapshot() (s state.Snapshot) {
	s.Owned = slices.SortedFunc(maps.Values(m.owned), func(a, b resource.Owned) int { return a.Addr.Compare(b.Addr) })
	s.Groups = slices.SortedFunc(maps.Values(m.groups), func(a, b resource.Group) int { return a.Addr.Compare(b.Addr) })
	s.Rules = slices.SortedFunc(maps.Values(m.rules), func(a, b resource.Rule) int {
		return cmp.Or(a.Addr.Compare(b.Addr), strings.Compare(a.Root, b.Root))
	})
	s.Intents = slices.SortedFunc(maps.Values(m.intents), func(a, b resource.Intent) int { return a.Addr.Compare(b.Addr) })
	s.Deletions = slices.SortedFunc(maps.Values(m.deletions), func(a, b resource.Deletion) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID))
	})
	s.Orders = slices.SortedFunc(maps.Values(m.orders), func(a, b resource.Order) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID))
	})
	s.Troubles = slices.SortedFunc(maps.Values(m.troubles), func(a, b resource.Trouble) int { return cmp.Compare(a.Number, b.Number) })
	s.Messages = slices.SortedFunc(maps.Values(m.messages), func(a, b resource.Message) int { return strings.Compare(a.Key, b.Key) })
	return s
}

// known is what a snapshot holds, without what a state is bound to.
func known(s state.Snapshot) state.Snapshot {
	return state.Snapshot{
		Owned: s.Owned, Groups: s.Groups, Rules: s.Rules, Intents: s.Intents, Deletions: s.Deletions,
		Orders: s.Orders, Troubles: s.Troubles, Messages: s.Messages,
	}
}

// TestModel: whatever is committed, also over a restart, is what is read.
func TestModel(t *testing.T) {
	parent := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		dir := filepath.Join(parent, fmt.Sprint(n))
		ctx := t.Context()
		ok := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		l, err := state.Acquire(ctx, dir)
		ok(err)
		defer l.Release()
		db, err := state.Open(ctx, l)
		ok(err)
		defer func() { _ = db.Close() }()
		m := newModel()
		t.Repeat(map[string]func(*rapid.T){
			"commit": func(t *rapid.T) {
				list := rapid.SliceOfN(records(), 0, 3).Draw(t, "records")
				if err := db.Commit(ctx, list...); err != nil {
					t.Fatal(err)
				}
				for _, r := range list {
					m.commit(r)
				}
			},
			"begin": func(t *rapid.T) {
				i := resource.Intent{
					Addr: addrs().Draw(t, "address"), Key: rapid.String().Draw(t, "key"), Hash: "h",
					Seen: rapid.SampledFrom([][]string{nil, {}, {"1", "2"}}).Draw(t, "seen"),
					At:   time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "at"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC(),
				}
				if err := db.Begin(ctx, i); err != nil {
					t.Fatal(err)
				}
				m.intents[i.Addr] = i
			},
			"restart": func(t *rapid.T) {
				ok(db.Close())
				db, err = state.Open(ctx, l)
				ok(err)
			},
			"": func(t *rapid.T) {
				if rapid.IntRange(0, 3).Draw(t, "look") > 0 {
					return
				}
				s, err := db.Snapshot(ctx)
				ok(err)
				if want := m.snapshot(); !s.Exists || !reflect.DeepEqual(known(s), want) {
					t.Fatalf("got\n%+v\nwant\n%+v", known(s), want)
				}
				var filter *resource.Addr
				if rapid.Bool().Draw(t, "of one") {
					a := addrs().Draw(t, "filter")
					filter = &a
				}
				limit := rapid.IntRange(0, 5).Draw(t, "limit")
				events, err := db.History(ctx, filter, limit)
				ok(err)
				var want []resource.Event
				for _, e := range slices.Backward(m.events) {
					if (filter == nil || e.Addr == *filter) && len(want) < limit {
						want = append(want, e)
					}
				}
				for i := range events {
					if time.Since(events[i].At) > time.Minute {
						t.Fatalf("not the time of the change: %v", events[i])
					}
					events[i].At = time.Time{}
				}
				if !reflect.DeepEqual(events, want) {
					t.Fatalf("got\n%+v\nwant\n%+v", events, want)
				}
			},
		})
	})
}
