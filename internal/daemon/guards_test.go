package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/state"
)

// connectors are entries whose objects take nothing else.
func connectors(n int) string {
	var b strings.Builder
	b.WriteString("siprec_connectors:\n")
	for i := range n {
		fmt.Fprintf(&b, "  c%02d: {host: srs.example.com, port: %d}\n", i, i+1)
	}
	return b.String()
}

// What comes in small steps is stopped where one step of that size would be, and stays so the next day: nobody
// approved it. Who approves the rest has it done within moments.
func TestADaemonIsStoppedInSmallSteps(t *testing.T) {
	withRetention(t, func(c *Config) { c.Prune, c.Limits = true, apply.DefaultLimits() }, func() any { return map[string]any{} }, func(r *retention) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go r.people(ctx)
		there := func(what string, want int) {
			t.Helper()
			synctest.Wait()
			var account struct {
				Connectors []any `json:"siprec_connectors"`
			}
			if err := json.Unmarshal(r.sim.Account(), &account); err != nil {
				t.Fatal(err)
			}
			if len(account.Connectors) != want {
				t.Errorf("%s: %d connectors are there, want %d", what, len(account.Connectors), want)
			}
		}
		r.write(connectors(40))
		r.kick(reconcile, "start")
		time.Sleep(time.Minute)
		there("made", 40)
		for _, step := range [][2]int{{36, 36}, {32, 32}, {28, 32}, {24, 32}} {
			r.write(connectors(step[0]))
			r.kick(reconcile, filesChanged)
			time.Sleep(36 * time.Second)
			there(fmt.Sprint(step[0], " are wanted"), step[1])
		}
		for range 3 {
			time.Sleep(day)
			r.kick(reconcile, "schedule")
			time.Sleep(time.Minute)
			there("another day", 32)
		}
		if s := r.current(); len(s.Withheld) != 8 {
			t.Errorf("%d are withheld in the status, want 8", len(s.Withheld))
		}
		snap, err := state.Load(ctx, r.stateDir)
		if err != nil || len(snap.Withheld) != 1 || !strings.Contains(r.log.String(), snap.Withheld[0].Code) {
			t.Fatalf("%v: %+v, and the log has its code: %s", err, snap.Withheld, r.log.String())
		}
		if err := state.Request(r.stateDir, apply.Approve(&snap.Withheld[0], "somebody", time.Now())); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		there("approved", 24)
	})
}
