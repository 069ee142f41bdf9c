package state_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"telnyxsync/internal/resource"
)

// someOrders are the first of a list that is read as it is written.
func someOrders(n int) (list []resource.Order) {
	for i := range n {
		list = append(list, resource.Order{
			ID: fmt.Sprint("order-", i), Op: resource.OrderUpload, Target: resource.Target{Connection: "1", Location: "2", Usage: "u"},
			Numbers: resource.NumbersOf(resource.Range{From: 15125550100, To: 15125550199}), Ticket: "t", Seen: []string{"s"},
			At: time.Date(2026, 1, 2, 3, 4, i, 0, time.UTC),
		})
	}
	return list
}

// someTroubles are the first of a list that is read as it is written.
func someTroubles(n int) (list []resource.Trouble) {
	for i := range n {
		list = append(list, resource.Trouble{
			Number: resource.Number(15125550100 + i), Target: resource.Target{Connection: "1", CivicAddress: "3", Additional: "none"},
			Op: resource.OrderRetry, Code: "10015", Reason: resource.Said("it is not there"), Ticket: "t", Attempts: i,
			At: time.Date(2026, 1, 2, 3, 4, 5, i, time.UTC), Next: time.Date(2027, 1, 2, 3, 4, 5, i, time.UTC),
		})
	}
	return list
}

func orderIDs() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"", "1", "2", "'; DROP TABLE orders; --"})
}

// numbers are few, of many lengths, and in another order as texts.
func numbers() *rapid.Generator[resource.Number] {
	return rapid.SampledFrom([]resource.Number{15125550100, 15125550101, 4930123456, 3545100, 1000000, 999999999999990})
}

// sets are of few ranges.
func sets() *rapid.Generator[resource.Numbers] {
	return rapid.Custom(func(t *rapid.T) resource.Numbers {
		var ranges []resource.Range
		for _, n := range rapid.SliceOfN(numbers(), 0, 4).Draw(t, "numbers") {
			ranges = append(ranges, resource.Range{From: n, To: n + resource.Number(rapid.IntRange(0, 3).Draw(t, "more"))})
		}
		return resource.NumbersOf(ranges...)
	})
}

// times are few, and in another order as texts.
func times() *rapid.Generator[time.Time] {
	second := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return rapid.SampledFrom([]time.Time{{}, second, second.Add(5e8), second.Add(25e7), second.Add(1), second.AddDate(-100, 0, 0)})
}

func targets() *rapid.Generator[resource.Target] {
	return rapid.Custom(func(t *rapid.T) resource.Target {
		text := rapid.String()
		return resource.Target{
			Connection: text.Draw(t, "connection"), Location: text.Draw(t, "location"), CivicAddress: text.Draw(t, "civic address"),
			Usage: text.Draw(t, "usage"), Additional: text.Draw(t, "additional"),
		}
	})
}

func orders() *rapid.Generator[resource.Order] {
	return rapid.Custom(func(t *rapid.T) resource.Order {
		text := rapid.String()
		return resource.Order{
			ID: orderIDs().Draw(t, "id"), Op: text.Draw(t, "op"), Target: targets().Draw(t, "target"), Numbers: sets().Draw(t, "numbers"),
			Ticket: text.Draw(t, "ticket"), Retried: text.Draw(t, "retried"),
			Seen: rapid.SampledFrom([][]string{nil, {}, {"1", "2"}}).Draw(t, "seen"), At: times().Draw(t, "at"), Settled: rapid.Bool().Draw(t, "settled"),
		}
	})
}

// failures are none, texts, and codes that hold others.
func failures() *rapid.Generator[resource.Reason] {
	text := rapid.String()
	return rapid.Custom(func(t *rapid.T) resource.Reason {
		switch rapid.IntRange(0, 2).Draw(t, "reason") {
		case 0:
			return resource.Reason{}
		case 1:
			return resource.Said(text.Draw(t, "text"))
		}
		inner := resource.Reason{Code: "inner", Args: resource.Args{"message": text.Draw(t, "message")}}
		return resource.Reason{Code: "outer", Args: resource.Args{"ticket": text.Draw(t, "ticket"), "failure": inner}}
	})
}

func troubles() *rapid.Generator[resource.Trouble] {
	return rapid.Custom(func(t *rapid.T) resource.Trouble {
		text := rapid.String()
		return resource.Trouble{
			Number: numbers().Draw(t, "number"), Target: targets().Draw(t, "target"), Op: text.Draw(t, "op"), Code: text.Draw(t, "code"),
			Reason: failures().Draw(t, "reason"), Ticket: text.Draw(t, "ticket"), Attempts: rapid.IntRange(0, 1000).Draw(t, "attempts"),
			At: times().Draw(t, "at"), Next: times().Draw(t, "next"),
		}
	})
}

// TestEndsComeFirst: a record that ends something and puts it anew leaves the new one.
func TestEndsComeFirst(t *testing.T) {
	db := openState(t, t.TempDir())
	must(t, db.Commit(t.Context(), resource.Record{Orders: someOrders(3), Troubles: someTroubles(3)}))
	orders, troubles := someOrders(2), someTroubles(2)
	orders[1].Settled, troubles[1].Reason = true, resource.Said("another")
	must(t, db.Commit(t.Context(), resource.Record{
		EndOrders: []string{"order-0", "order-1", "order-2", "order-9"}, Orders: orders[1:],
		EndTroubles: []resource.Number{15125550100, 15125550101, 15125550102, 15125550109}, Troubles: troubles[1:],
	}))
	s, err := db.Snapshot(t.Context())
	must(t, err)
	if !reflect.DeepEqual(s.Orders, orders[1:]) || !reflect.DeepEqual(s.Troubles, troubles[1:]) {
		t.Errorf("got %+v\n%+v", s.Orders, s.Troubles)
	}
}

// TestEventsOfOneRecord are one after the other.
func TestEventsOfOneRecord(t *testing.T) {
	db := openState(t, t.TempDir())
	must(t, db.Commit(t.Context(),
		resource.Record{Events: []resource.Event{{Op: "1"}, {Op: "2"}, {Op: "3"}}},
		resource.Record{Events: []resource.Event{{Op: "4"}, {Op: "5"}}}))
	events, err := db.History(t.Context(), nil, 10)
	must(t, err)
	if len(events) != 5 {
		t.Fatalf("got %+v", events)
	}
	for i, e := range slices.Backward(events) {
		if want := 5 - i; e.Seq != int64(want) || e.Op != fmt.Sprint(want) {
			t.Errorf("got %+v, want %d", e, want)
		}
	}
}

// TestUnreadableNumbersAreRefused, with all that was to be stored beside them.
func TestUnreadableNumbersAreRefused(t *testing.T) {
	db := openState(t, t.TempDir())
	for want, bad := range map[string]resource.Record{
		"trouble: +0 is not a number in E.164": {Troubles: append(someTroubles(1), resource.Trouble{Reason: resource.Said("of none")})},
		`order bad: "+0-+3" is not a number`:   {Orders: append(someOrders(1), resource.Order{ID: "bad", Numbers: resource.Numbers{{From: 0, To: 3}}})},
		`groups/g: "+0-+3" is not a number`: {Groups: []resource.Group{{
			Addr: resource.Addr{Kind: "groups", Name: "g"}, Uploaded: map[string]resource.Numbers{"": {{From: 0, To: 3}}},
		}}},
		`groups/h: "+0-+4" is not a number`: {Groups: []resource.Group{{
			Addr: resource.Addr{Kind: "groups", Name: "h"}, Placed: resource.Numbers{{From: 0, To: 4}},
		}}},
	} {
		err := db.Commit(t.Context(), own("a"), bad, own("b"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		must(t, db.Commit(t.Context(), resource.Record{EndTroubles: []resource.Number{0}}))
		s, err := db.Snapshot(t.Context())
		if err != nil || s.Owned != nil || s.Groups != nil || s.Orders != nil || s.Troubles != nil {
			t.Errorf("got %+v, %v", s, err)
		}
	}
}
