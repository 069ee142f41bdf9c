package diff_test

import (
	"fmt"
	"testing"
	"time"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
)

// BenchmarkCompute compares 10,000 entries that are as desired. The limit is 10 µs an entry, which
// is a second for 100,000; "x-limit" is how many times that it takes.
func BenchmarkCompute(b *testing.B) {
	const (
		n     = 10_000
		limit = n * 10 * time.Microsecond
	)
	var (
		entries []resource.Entry
		owned   []resource.Owned
		lives   []resource.Live
	)
	for i := range n {
		a, id := addr(fmt.Sprintf("trunks/%05d", i)), fmt.Sprint(i)
		o := resource.Object{"on": true, "limits": resource.Object{"in": int64(i)}}
		entries = append(entries, resource.Entry{Addr: a, Object: o})
		owned = append(owned, resource.Owned{Addr: a, ID: id, Root: "/root", Applied: o})
		l := live("trunks", id, o)
		l.Owners = []resource.Owner{{Instance: "default", Name: a.Name}}
		lives = append(lives, l)
	}
	in := diff.Input{
		Kinds: toys(), Desired: config(nil, entries...), Owned: owned,
		Live: map[string]diff.Observed{"trunks": {Observation: resource.Observation{Objects: lives}}},
	}
	for b.Loop() {
		if p := compute(in); p.Unchanged != n {
			b.Fatal(render.Summary(&p))
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(limit), "x-limit")
}
