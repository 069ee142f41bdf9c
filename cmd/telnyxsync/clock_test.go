package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
	"telnyxsync/internal/telnyxsim"
)

const years = 5 * 365 * 24 * time.Hour

// shift moves all times in the state.
func (r *teams) shift(by time.Duration) {
	r.t.Helper()
	ctx := context.Background()
	err := state.Write(ctx, r.state, time.Second, func(db *state.DB, snap state.Snapshot) error {
		rec := resource.Record{Orders: snap.Orders, Troubles: snap.Troubles, Messages: snap.Messages, Own: snap.Owned}
		for i := range rec.Orders {
			rec.Orders[i].At = rec.Orders[i].At.Add(by)
		}
		for i := range rec.Troubles {
			rec.Troubles[i].At, rec.Troubles[i].Next = rec.Troubles[i].At.Add(by), rec.Troubles[i].Next.Add(by)
		}
		for i := range rec.Messages {
			rec.Messages[i].First = rec.Messages[i].First.Add(by)
		}
		for i := range rec.Own {
			if o := &rec.Own[i]; !o.Renewed.IsZero() {
				o.Renewed = o.Renewed.Add(by)
			}
		}
		return db.Commit(ctx, rec)
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// A clock that was years off, ahead or behind, when a number failed keeps it waiting no longer than any other failure.
func TestANumberThatFailedInTheFutureIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{years, -years} {
		t.Run(by.String(), func(t *testing.T) {
			t.Parallel()
			r := newTeams(t, telnyxsim.Config{})
			r.own("+15125550100@100", "+15125550101@100")
			r.edit("_upload_failures", []any{map[string]any{"telephone_number": "+15125550100", "error_code": "internal_error", "times": 1}})
			r.groups("a: floor-14 +15125550100-+15125550101")
			r.times.RetryBase, r.times.RetryCap = time.Hour, time.Hour
			for range 3 {
				r.apply()
			}
			known := r.troubles()
			if len(known) != 1 || known[0].Next.Before(time.Now()) {
				t.Fatalf("failed: %+v", known)
			}
			r.shift(by)
			p, code := r.look()
			if code == exitError {
				t.Errorf("diff: %+v", p.Problems)
			}
			r.apply()
			for _, tr := range r.troubles() {
				if tr.Parked() || tr.Next.After(time.Now().Add(r.times.RetryCap)) {
					t.Errorf("it waits until %v", tr.Next)
				}
			}
			r.times.RetryBase, r.times.RetryCap = time.Millisecond, time.Millisecond
			const most = 6
			r.until(most)
			if placed := r.placed("100"); len(placed) != 2 {
				t.Errorf("placed: %v", placed)
			}
		})
	}
}

// troubles are the numbers that the state knows to have failed.
func (r *teams) troubles() []resource.Trouble {
	r.t.Helper()
	snap, err := state.Load(context.Background(), r.state)
	if err != nil {
		r.t.Fatal(err)
	}
	return snap.Troubles
}

// ahead sets how far Telnyx's clock is ahead of this machine's: both what its answers say and what it goes by.
func (r *rig) ahead(by time.Duration) {
	r.t.Helper()
	var account map[string]json.RawMessage
	if err := json.Unmarshal(r.control("GET", "/account", nil), &account); err != nil {
		r.t.Fatal(err)
	}
	account["_date_ahead"] = json.RawMessage(`"` + by.String() + `"`)
	r.control("PUT", "/account", account)
	r.control("POST", "/clock", map[string]string{"advance": by.String()})
}

// On a machine whose clock is off plans say so by a code, nothing is deleted for its age, and media are renewed when
// it is time on Telnyx.
func TestTheClockOfThisMachineIsOff(t *testing.T) {
	t.Parallel()
	for by, renewed := range map[time.Duration]bool{6 * time.Minute: false, -6 * time.Minute: false, 72 * time.Hour: true, -72 * time.Hour: false} {
		t.Run(by.String(), func(t *testing.T) {
			t.Parallel()
			r, _ := newRig(t)
			r.writeMedia()
			r.write("a.yaml", "media:\n  hold: {file: audio/a.wav, ttl: 4d, renew_before: 2d}\nrecording_retention:\n  all: {delete_after: 30d}\n")
			r.run(0, "apply", "--yes")
			r.account(func(account map[string][]map[string]any) {
				account["recordings"] = []map[string]any{{"id": "old", "created_at": time.Now().Add(-40 * 24 * time.Hour).UTC().Format(time.RFC3339)}}
			})
			r.ahead(by)
			want := 0
			if renewed {
				want = 2
			}
			p := r.plan(want, "diff")
			if !slices.Contains(p.codes(), "note  clocks_apart") {
				t.Errorf("diff says %v", p.codes())
			}
			if text, _ := r.run(want, "diff"); !strings.Contains(text, "apart: set that of this machine") {
				t.Errorf("diff says %s", text)
			}
			out, _ := r.run(1, "jobs", "run", "recording_retention", "--enforce", "--yes", "--output", "json")
			if !strings.Contains(out, "clocks_apart") && !strings.Contains(out, "set that of this machine") {
				t.Errorf("retention says %s", out)
			}
			r.clear()
			r.run(0, "apply", "--yes")
			if _, writes := r.calls(); slices.Contains(writes, "PUT /media/hold") != renewed {
				t.Errorf("written: %v, want it renewed: %v", writes, renewed)
			}
			r.run(0, "diff")
			if n := len(r.account(nil)["recordings"]); n != 1 {
				t.Errorf("%d recordings are left", n)
			}
		})
	}
}

// What runs telnyxsync as a service starts once the machine's clock is set.
func TestUnitsStartOnceTheClockIsSet(t *testing.T) {
	t.Parallel()
	units, err := filepath.Glob("../../systemd/*.service")
	if err != nil || len(units) == 0 {
		t.Fatal(units, err)
	}
	for _, name := range units {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		runs := strings.Contains(string(text), "ExecStart=/usr/local/bin/telnyxsync ")
		for _, key := range []string{"\nWants=", "\nAfter="} {
			_, rest, _ := strings.Cut(string(text), key)
			line, _, _ := strings.Cut(rest, "\n")
			if waits := slices.Contains(strings.Fields(line), "time-sync.target"); waits != runs {
				t.Errorf("%s: runs telnyxsync: %v; %s has time-sync.target: %v", name, runs, strings.TrimSpace(key), waits)
			}
		}
	}
}
