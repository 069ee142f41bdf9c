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
	owned    map[resource.Addr]resource.Owned
	intents  map[resource.Addr]resource.Intent
	orders   map[string]resource.Order
	troubles map[resource.Number]resource.Trouble
	events   []state.Event
}

func (m *model) commit(r state.Record) {
	if r.Forget != nil {
		delete(m.owned, *r.Forget)
	}
	if r.Own != nil {
		for a, o := range m.owned { // an id belongs to one entry
			if a.Kind == r.Own.Addr.Kind && o.ID == r.Own.ID {
				delete(m.owned, a)
			}
		}
		m.owned[r.Own.Addr] = *r.Own
	}
	if r.AttemptsOf != nil {
		if o, ok := m.owned[*r.AttemptsOf]; ok {
			o.Attempts = r.Attempts
			m.owned[*r.AttemptsOf] = o
		}
	}
	if r.EndIntent != nil {
		delete(m.intents, *r.EndIntent)
	}
	for _, id := range r.EndOrders {
		delete(m.orders, id)
	}
	for _, o := range r.Orders {
		m.orders[o.ID] = o
	}
	for _, n := range r.EndTroubles {
		delete(m.troubles, n)
	}
	for _, o := range r.Troubles {
		m.troubles[o.Number] = o
	}
	events := r.Events
	if r.Event != nil {
		events = append([]state.Event{*r.Event}, events...)
	}
	for _, e := range events {
		e.Seq = int64(len(m.events) + 1)
		if e.Deltas == nil {
			e.Deltas = json.RawMessage("[]")
		}
		m.events = append(m.events, e)
	}
}

// snapshot is what all of it reads as; what there is none of is nil.
func (m *model) snapshot() (s state.Snapshot) {
	s.Owned = slices.SortedFunc(maps.Values(m.owned), func(a, b resource.Owned) int { return a.Addr.Compare(b.Addr) })
	s.Intents = slices.SortedFunc(maps.Values(m.intents), func(a, b resource.Intent) int { return a.Addr.Compare(b.Addr) })
	s.Orders = slices.SortedFunc(maps.Values(m.orders), func(a, b resource.Order) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID))
	})
	s.Troubles = slices.SortedFunc(maps.Values(m.troubles), func(a, b resource.Trouble) int { return cmp.Compare(a.Number, b.Number) })
	return s
}

func addrs() *rapid.Generator[resource.Addr] {
	return rapid.Custom(func(t *rapid.T) resource.Addr {
		return resource.Addr{
			Kind: rapid.SampledFrom([]string{"trunks", "routes"}).Draw(t, "kind"),
			Name: rapid.SampledFrom([]string{"a", "b", "ü/x", "'; DROP TABLE owned; --", "%"}).Draw(t, "name"),
		}
	})
}

func trees() *rapid.Generator[resource.Object] {
	leaf := rapid.OneOf(rapid.Just(any(nil)), rapid.Map(rapid.String(), func(s string) any { return s }),
		rapid.Map(rapid.Int64(), func(n int64) any { return n }), rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Just(any([]any{"a", int64(1)})), rapid.Just(any(resource.Object{"deep": nil})))
	return rapid.MapOfN(rapid.String(), leaf, 0, 3)
}

func attempts() *rapid.Generator[map[string]resource.Attempt] {
	return rapid.OneOf(rapid.Just(map[string]resource.Attempt(nil)), rapid.MapOfN(rapid.SampledFrom([]string{"/a", "/b/c"}),
		rapid.Map(rapid.IntRange(0, 9), func(n int) resource.Attempt { return resource.Attempt{Value: `"x"`, Count: n} }), 0, 2))
}

func events() *rapid.Generator[state.Event] {
	return rapid.Custom(func(t *rapid.T) state.Event {
		text := rapid.String()
		e := state.Event{
			Addr: addrs().Draw(t, "changed"), Op: text.Draw(t, "op"), ID: text.Draw(t, "object"), Reason: text.Draw(t, "reason"),
			Outcome: "done", Error: text.Draw(t, "error"), RequestID: text.Draw(t, "request"), Fingerprint: text.Draw(t, "fingerprint"),
		}
		if rapid.Bool().Draw(t, "deltas") {
			e.Deltas = json.RawMessage(`[{"path":"/a","from":null}]`)
		}
		return e
	})
}

func records() *rapid.Generator[state.Record] {
	return rapid.Custom(func(t *rapid.T) (r state.Record) {
		coin := func(label string) bool { return rapid.Bool().Draw(t, label) }
		addr := func(label string) *resource.Addr { a := addrs().Draw(t, label); return &a }
		if coin("own") {
			r.Own = &resource.Owned{
				Addr: *addr("owned"), ID: rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "id"), Root: rapid.String().Draw(t, "root"),
				Applied: trees().Draw(t, "applied"), Protect: coin("protect"), TakenDown: coin("taken down"), Attempts: attempts().Draw(t, "attempts"),
			}
			if coin("renewed") {
				r.Own.Renewed = time.Unix(rapid.Int64Range(-1e9, 1e10).Draw(t, "second"), rapid.Int64Range(0, 1e9-1).Draw(t, "nanosecond")).UTC()
			}
		}
		if coin("forget") {
			r.Forget = addr("forgotten")
		}
		if coin("end intent") {
			r.EndIntent = addr("ended")
		}
		if coin("attempts") {
			r.AttemptsOf, r.Attempts = addr("attempted"), attempts().Draw(t, "made")
		}
		if coin("event") {
			e := events().Draw(t, "event")
			r.Event = &e
		}
		if coin("numbers") {
			r.EndOrders = rapid.SliceOfN(orderIDs(), 0, 2).Draw(t, "ended orders")
			r.Orders = rapid.SliceOfN(orders(), 0, 3).Draw(t, "orders")
			r.EndTroubles = rapid.SliceOfN(numbers(), 0, 3).Draw(t, "ended troubles")
			r.Troubles = rapid.SliceOfN(troubles(), 0, 4).Draw(t, "troubles")
			r.Events = rapid.SliceOfN(events(), 0, 3).Draw(t, "events")
		}
		return r
	})
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
		m := model{
			map[resource.Addr]resource.Owned{},
			map[resource.Addr]resource.Intent{},
			map[string]resource.Order{},
			map[resource.Number]resource.Trouble{},
			nil,
		}
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
				all := m.snapshot()
				if !s.Exists || !reflect.DeepEqual(s.Owned, all.Owned) || !reflect.DeepEqual(s.Intents, all.Intents) ||
					!reflect.DeepEqual(s.Orders, all.Orders) || !reflect.DeepEqual(s.Troubles, all.Troubles) {
					t.Fatalf("got\n%+v\nwant\n%+v", s, all)
				}
				var filter *resource.Addr
				if rapid.Bool().Draw(t, "of one") {
					a := addrs().Draw(t, "filter")
					filter = &a
				}
				limit := rapid.IntRange(0, 5).Draw(t, "limit")
				events, err := db.History(ctx, filter, limit)
				ok(err)
				var want []state.Event
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
