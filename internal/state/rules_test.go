package state_test

import (
	"reflect"
	"testing"

	"telnyxsync/internal/resource"
)

// TestRulesOfOneName: two configurations may each have one, and neither touches the other's.
func TestRulesOfOneName(t *testing.T) {
	db := openState(t, t.TempDir())
	addr := resource.Addr{Kind: "holds", Name: "case-7"}
	one := resource.Rule{Addr: addr, Root: "/a", File: "holds.yaml", Hold: true, Says: resource.Object{"keep": true}}
	other := resource.Rule{Addr: addr, Root: "/b", Says: resource.Object{"delete_after": "30d"}}
	must(t, db.Commit(t.Context(), resource.Record{Rules: []resource.Rule{other, one}}))
	want := func(rules ...resource.Rule) {
		t.Helper()
		if s, err := db.Snapshot(t.Context()); err != nil || !reflect.DeepEqual(s.Rules, rules) {
			t.Errorf("got %+v, %v\nwant %+v", s.Rules, err, rules)
		}
	}
	want(one, other)
	one.Says = resource.Object{"keep": true, "from": "+15125550100"}
	must(t, db.Commit(t.Context(), resource.Record{Rules: []resource.Rule{one}}))
	want(one, other)
	must(t, db.Commit(t.Context(), resource.Record{ForgetRules: []resource.RuleKey{other.Key(), {Addr: addr}}}))
	want(one)
}

// TestAnewInOneRecord: what is ended or forgotten goes first, whatever it is.
func TestAnewInOneRecord(t *testing.T) {
	db := openState(t, t.TempDir())
	addr := resource.Addr{Kind: "k", Name: "n"}
	r := resource.Record{
		Forget: []resource.Addr{addr}, Own: []resource.Owned{{Addr: addr, ID: "1"}},
		ForgetGroups: []resource.Addr{addr}, Groups: []resource.Group{{Addr: addr, Placed: resource.NumbersOf(resource.Range{From: 15125550100, To: 15125550100})}},
		ForgetRules: []resource.RuleKey{{Addr: addr}}, Rules: []resource.Rule{{Addr: addr, Hold: true}},
		EndDeletions: []string{"1"}, Deletions: []resource.Deletion{{ID: "1", Unit: "recording"}},
		EndMessages: []string{"1"}, Messages: []resource.Message{{Key: "1"}},
	}
	for range 2 {
		must(t, db.Commit(t.Context(), r))
		s, err := db.Snapshot(t.Context())
		if err != nil || !reflect.DeepEqual(s.Owned, r.Own) || !reflect.DeepEqual(s.Groups, r.Groups) || !reflect.DeepEqual(s.Rules, r.Rules) ||
			!reflect.DeepEqual(s.Deletions, r.Deletions) || !reflect.DeepEqual(s.Messages, r.Messages) {
			t.Errorf("got %+v, %v", s, err)
		}
	}
}
