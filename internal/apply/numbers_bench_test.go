package apply_test

import (
	"fmt"
	"net/http"
	"runtime"
	"testing"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/resource"
)

// manyTeams is an account whose connections have a thousand numbers each on Microsoft Teams, and what asks
// for it: a group for each.
func manyTeams(connections int) (account map[string]any, desired resource.Config) {
	const floor = "18ded4bb-b694-44c1-a89b-a35b7acd4c90"
	var conns, owned []any
	var entries []resource.Entry
	live, civic := map[string]any{}, map[string]any{}
	for c := range connections {
		id := fmt.Sprint(7000 + c)
		conns = append(conns, map[string]any{"id": id, "external_sip_connection": "operator_connect", "outbound": map[string]any{"outbound_voice_profile_id": "1"}})
		civic[id] = []any{map[string]any{"id": "a", "locations": []any{map[string]any{"id": floor}}}}
		first := resource.Number(15120000000 + c*10_000)
		wanted := resource.NumbersOf(resource.Range{From: first, To: first + 999})
		var list []any
		for n := range wanted.All() {
			list = append(list, map[string]any{"number_id": fmt.Sprint(uint64(n)), "telephone_number": n.String(), "location_id": floor, "civic_address_id": "a"})
			owned = append(owned, map[string]any{"id": fmt.Sprint(uint64(n)), "phone_number": n.String(), "connection_id": id})
		}
		live[id] = list
		name := fmt.Sprintf("c%03d", c)
		entries = append(entries, resource.Entry{Addr: resource.Addr{Kind: "external_connections", Name: name}, Object: resource.Object{
			"external_sip_connection": "operator_connect", "id": id,
		}}, resource.Entry{Addr: resource.Addr{Kind: "phone_numbers", Name: name}, Object: resource.Object{
			"connection": resource.Ref{Addr: resource.Addr{Kind: "external_connections", Name: name}}, "location_id": floor, "numbers": wanted,
		}})
	}
	return map[string]any{"external_connections": conns, "connection_phone_numbers": live, "phone_numbers": owned, "civic_addresses": civic}, config("/root", nil, entries...)
}

// A pass over numbers that are in place reads the page of connections and four pages of numbers of each, and
// nothing else.
func TestNoOpPassOfNumbersReadsListsAlone(t *testing.T) {
	const connections = 10
	account, desired := manyTeams(connections)
	r := newRig(t, func(h http.Handler) http.Handler { return h }, account)
	defer r.close()
	r.apply(desired, apply.Options{})
	snap := r.snapshot()
	r.sim.ClearJournal()
	if err := noOp(r, desired, snap); err != nil {
		t.Fatal(err)
	}
	if n := len(r.sim.Journal()); n != 1+4*connections {
		t.Errorf("%d calls, want %d", n, 1+4*connections)
	}
}

// BenchmarkNoOpPassOfNumbers observes and compares 100,000 numbers on 100 connections over round trips of
// 50 ms. "x-limit" is how many times ⌈calls/concurrency⌉ round trips it takes, MB what the heap is at most.
func BenchmarkNoOpPassOfNumbers(b *testing.B) {
	const (
		connections = 100
		calls       = 1 + 4*connections
		concurrency = 10
		rtt         = 50 * time.Millisecond
	)
	account, desired := manyTeams(connections)
	delay := time.Duration(0)
	r := newRig(b, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { slow{h, delay}.ServeHTTP(w, req) })
	}, account)
	defer r.close()
	r.apply(desired, apply.Options{})
	snap := r.snapshot()
	delay = rtt
	r.sim.ClearJournal()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		if err := noOp(r, desired, snap); err != nil {
			b.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if n := len(r.sim.Journal()); n != calls*b.N {
		b.Errorf("%d calls in %d passes, want %d each", n, b.N, calls)
	}
	limit := rtt * (calls + concurrency - 1) / concurrency
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(limit), "x-limit")
	b.ReportMetric(calls, "calls/op")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N)/(connections*1000), "B/number")
}
