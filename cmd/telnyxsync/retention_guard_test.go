package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// A policy that was long is made short: one letter may wipe out what years gathered. The guard withholds it until
// somebody says how much is meant, and then exactly what is due goes.
func TestRetentionIsGuarded(t *testing.T) {
	t.Parallel()
	r, sim := newRig(t)
	const count, days = 5000, 300
	now := time.Now()
	young := map[string]bool{}
	list := make([]any, count)
	for i := range list {
		id := fmt.Sprint("r", i)
		age := time.Duration(i*days/count) * 24 * time.Hour
		if young[id] = age < 24*time.Hour; !young[id] {
			age += time.Hour // none is due while this runs
		}
		list[i] = map[string]any{"id": id, "created_at": now.Add(-age).UTC().Format(time.RFC3339)}
	}
	text, err := json.Marshal(map[string]any{"recordings": list, "_recordings_batch_missing": "refuse"})
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.SetAccount(text); err != nil {
		t.Fatal(err)
	}
	left := func() map[string]bool {
		out := map[string]bool{}
		for _, o := range r.account(nil)["recordings"] {
			out[fmt.Sprint(o["id"])] = true
		}
		return out
	}
	enforce := func(want int, more ...string) string {
		t.Helper()
		out, _ := r.run(want, append([]string{"jobs", "run", "recording_retention", "--enforce", "--yes"}, more...)...)
		return out
	}

	r.write("a.yaml", "recording_retention: {all: {delete_after: 365d}}")
	if out := enforce(0); !strings.Contains(out, "Plan: nothing to do.") || len(left()) != count {
		t.Fatalf("%d are left; it said %s", len(left()), out)
	}
	r.write("a.yaml", "recording_retention: {all: {delete_after: 1d}}")
	due := 0
	for _, y := range young {
		if !y {
			due++
		}
	}
	if out, _ := r.run(0, "diff"); !strings.Contains(out, "it deletes earlier: at 1d, before at 365d") {
		t.Errorf("diff: %s", out)
	}
	for range 2 { // it does not give in
		out := enforce(4)
		for _, want := range []string{
			fmt.Sprintf("recordings that are due by new or changed policies or holds: %d planned, at most 100 in 24 hours (limits: recordings)", due),
			"to let this change of recording_retention through: telnyxsync approve ", "Plan: nothing to do; 1 withheld.",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("%q is not in %s", want, out)
			}
		}
		if n := len(left()); n != count {
			t.Fatalf("%d are left", n)
		}
	}
	r.clear()
	if out := enforce(0, "--limit", "recordings=5000"); !strings.Contains(out, "Applied: 1 done.") {
		t.Errorf("it said %s", out)
	}
	there := left()
	for id, y := range young {
		if there[id] != y {
			t.Fatalf("%s is there: %t, and it is young: %t", id, there[id], y)
		}
	}
	enforce(0)
}
