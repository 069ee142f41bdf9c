package numbers_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"telnyxsync/internal/numbers"
	"telnyxsync/internal/resource"
)

func TestAgain(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	later := now.Add(time.Hour)
	here, there := resource.Target{Connection: "5", Location: "a"}, resource.Target{Connection: "5", Location: "b"}
	before := []resource.Trouble{
		{Number: 15125550100, Target: here, Op: resource.OrderUpload, Ticket: "T", Attempts: 24, Reason: resource.Said("parked")},
		{Number: 15125550101, Target: here, Op: resource.OrderUpload, Ticket: "T", Attempts: 3, Next: later},
		{Number: 15125550102, Target: here, Op: resource.OrderUpload, Ticket: "T", Attempts: 24}, // parked, and not asked for
		{Number: 15125550103, Target: there, Op: resource.OrderUpload, Ticket: "T", Attempts: 3, Next: later},
		{Number: 15125550104, Target: here, Op: resource.OrderUpload, Ticket: "U", Attempts: 3, Next: later},
		{Number: 15125550105, Target: here, Op: resource.OrderUpload, Ticket: "T", Attempts: 3, Next: now.Add(-time.Hour)}, // due already
		{Number: 15125550106, Target: here, Op: resource.OrderAssign, Attempts: 3, Next: later},
		{Number: 15125550107, Target: here, Op: resource.OrderAssign, Attempts: 3, Next: later},
	}
	want := slices.Clone(before)
	want[0].Attempts, want[0].Next = 0, now
	want[1].Next = now
	want[6].Attempts, want[6].Next = 0, now
	want = []resource.Trouble{want[0], want[1], want[6]}
	asked := resource.Numbers{{From: 15125550100, To: 15125550100}, {From: 15125550106, To: 15125550106}, {From: 15125550999, To: 15125550999}}
	if got := numbers.Again(asked, before, now); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got := numbers.Again(nil, before, now); got != nil {
		t.Errorf("nothing was asked for, got %+v", got)
	}
}

func TestDue(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	a := resource.Target{Connection: "5", Location: "a"}
	troubles := []resource.Trouble{
		{Number: 15125550100, Target: a, Ticket: "T", Next: now},
		{Number: 15125550101, Target: a, Ticket: "T", Next: now.Add(time.Hour)},
		{Number: 15125550102, Target: a, Ticket: "T"},
		{Number: 15125550103, Target: a, Next: now.Add(time.Minute)},
		{Number: 15125550104, Target: resource.Target{Connection: "6"}, Ticket: "T", Next: now.Add(2 * time.Hour)},
	}
	want := []time.Time{now.Add(time.Hour), now.Add(time.Hour), {}, now.Add(time.Minute), now.Add(2 * time.Hour)}
	if got := numbers.Due(troubles); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// An upload that somebody else began is told apart from one of ours.
func TestFollowed(t *testing.T) {
	target := resource.Target{Connection: "5", Location: "a"}
	one := resource.Numbers{{From: 15125550100, To: 15125550100}}
	upload := resource.Upload{Ticket: "T", Status: "pending", Entries: []resource.UploadEntry{{Number: 15125550100, Status: "pending"}}}
	plan := numbers.Decide(numbers.Input{
		Now:    time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		Groups: []numbers.Group{{Addr: resource.Addr{Kind: "phone_numbers", Name: "hq"}, Target: target, Wanted: one}},
		Facts: numbers.Facts{
			OnTeams: map[string]numbers.Read[[]resource.LiveNumber]{"5": {}},
			Looked:  one, Account: map[resource.Number]resource.AccountNumber{15125550100: {Number: 15125550100, ID: "9", Connection: "5"}},
			Uploads: map[string]numbers.Read[[]resource.Upload]{"5": {Value: []resource.Upload{upload}}},
		},
	})
	if len(plan.Settle.Orders) != 1 || !numbers.Followed(&plan.Settle.Orders[0]) {
		t.Errorf("orders: %+v, want one that is followed", plan.Settle.Orders)
	}
	if ours := (resource.Order{ID: "abc", Op: resource.OrderUpload, Ticket: "T"}); numbers.Followed(&ours) {
		t.Error("one of ours is called followed")
	}
}
