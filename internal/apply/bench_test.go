package apply_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// slow answers after a round trip.
type slow struct {
	http.Handler
	rtt time.Duration
}

func (s slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(s.rtt)
	s.Handler.ServeHTTP(w, r)
}

// BenchmarkNoOpPass observes and compares an account that is as desired: 1,000 connections, which
// is 4 pages, and 200 connectors, which have no list. The limit is ⌈calls/concurrency⌉ round trips;
// "x-limit" is how many times that the pass takes.
func BenchmarkNoOpPass(b *testing.B) {
	const (
		connections = 1000
		connectors  = 200
		calls       = connections/250 + connectors
		concurrency = 10
		rtt         = 50 * time.Millisecond
	)
	var entries []resource.Entry
	for i := range connections {
		entries = append(entries, resource.Entry{Addr: resource.Addr{Kind: "external_connections", Name: fmt.Sprintf("c%04d", i)}, Object: resource.Object{
			"external_sip_connection": "zoom", "active": true, "outbound": resource.Object{"outbound_voice_profile_id": "1", "channel_limit": int64(i)},
		}})
	}
	for i := range connectors {
		entries = append(entries, resource.Entry{Addr: resource.Addr{Kind: "siprec_connectors", Name: fmt.Sprintf("s%04d", i)}, Object: resource.Object{
			"host": "srs.example.com", "port": int64(5060),
		}})
	}
	desired := config("/root", nil, entries...)
	delay := time.Duration(0)
	r := newRig(b, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { slow{h, delay}.ServeHTTP(w, req) })
	}, map[string]any{"external_connections": []any{}})
	defer r.close()
	r.apply(desired, apply.Options{})
	snap := r.snapshot()
	delay = rtt
	r.sim.ClearJournal()
	for b.Loop() {
		if err := noOp(r, desired, snap); err != nil {
			b.Fatal(err)
		}
	}
	if n := len(r.sim.Journal()); n != calls*b.N {
		b.Errorf("%d calls in %d passes, want %d each", n, b.N, calls)
	}
	limit := rtt * (calls + concurrency - 1) / concurrency
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(limit), "x-limit")
	b.ReportMetric(calls, "calls/op")
}

func noOp(r *rig, desired resource.Config, snap state.Snapshot) error {
	made, err := r.engine.Plan(context.Background(), desired, snap, apply.Options{})
	if err == nil && len(made.Changes)+len(made.Problems) > 0 {
		err = fmt.Errorf("not a no-op: %d changes, %v", len(made.Changes), made.Problems)
	}
	return err
}
