package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/spec"
	"telnyxsync/internal/telnyxsim"
)

const teamsYAML = `
external_connections:
  teams: {external_sip_connection: operator_connect, outbound: {outbound_voice_profile_id: "1"}}
phone_numbers:
  hq: {connection: teams, location_id: %s, usage: calling_user_assignment, numbers: ["+15125550000-+15125551199"]}
`

const floor = "18ded4bb-b694-44c1-a89b-a35b7acd4c90"

// teamsAccount has 1,200 numbers on no connection. Uploads fail for one in twenty, once, and for one for ever.
func teamsAccount(t *testing.T) []byte {
	t.Helper()
	var list []map[string]any
	for i := range 1200 {
		list = append(list, map[string]any{"id": fmt.Sprint(5000 + i), "phone_number": fmt.Sprintf("+1512555%04d", i)})
	}
	text, err := json.Marshal(map[string]any{
		"external_connections": []any{map[string]any{"id": "7", "external_sip_connection": "operator_connect", "outbound": map[string]any{"outbound_voice_profile_id": "1"}}},
		"civic_addresses": map[string]any{"7": []any{map[string]any{
			"id": "07a4dc5d-9b3b-4ba2-88a4-6ba172316c65", "locations": []any{map[string]any{"id": floor, "is_default": true}},
		}}},
		"phone_numbers":    list,
		"_upload_failures": []any{map[string]any{"telephone_number": "+15125550007", "error_code": "unknown_country_code", "times": -1}, map[string]any{"every": 20}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// withTeams runs a loop whose files want 1,199 of these numbers, and one that is never taken, on Microsoft Teams.
func withTeams(t *testing.T, test func(t *testing.T, l *loop, w *wire)) {
	t.Helper()
	dir, stateDir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(fmt.Sprintf(teamsYAML, floor)), 0o600); err != nil {
		t.Fatal(err)
	}
	account := teamsAccount(t)
	synctest.Test(t, func(t *testing.T) {
		sim, err := telnyxsim.New(telnyxsim.Config{Account: account, UploadTime: 20 * time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		w := &wire{sim: sim}
		l := newTestLoop(t, apply.Jobs()...)
		l.stateDir, l.alive, l.idle = stateDir, 30*day, func() {}
		l.engine = mediaEngine(t, w)
		l.Load = func(...string) (resource.Config, error) { return spec.Load(l.engine.Kinds, dir) }
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); l.work(ctx) }()
		test(t, l, w)
		cancel()
		<-ended
	})
}

// Numbers that are on their way wake the daemon themselves: nobody kicks it, no schedule does, and Telnyx
// is down for an hour in between.
func TestTicketsDriveThePasses(t *testing.T) {
	withTeams(t, func(t *testing.T, l *loop, w *wire) {
		l.kick(reconcile, started)
		var s Status
		begin := time.Now()
		for s.Numbers.Placed < 1199 && time.Since(begin) < day {
			time.Sleep(time.Minute)
			synctest.Wait()
			since := time.Since(begin)
			w.down.Store(since > 30*time.Minute && since < 90*time.Minute)
			s = l.board.snapshot()
		}
		if n := s.Numbers; n.Placed != 1199 || n.Parked != 1 || n.Tickets != 0 || n.Oldest != nil {
			t.Fatalf("after %v: %+v", time.Since(begin), n)
		}
		if took := time.Since(begin); took > 6*time.Hour {
			t.Errorf("it took %v", took)
		}
		if len(s.Held) != 1 || s.OK() {
			t.Errorf("held: %+v", s.Held)
		}
		if bad := w.sim.Violations(); len(bad) > 0 {
			t.Error(bad)
		}
		// Then it sleeps: a parked number wakes nobody.
		calls := len(w.sim.Journal())
		time.Sleep(day)
		synctest.Wait()
		if more := len(w.sim.Journal()) - calls; more > 0 {
			t.Errorf("%d calls in a day in which nothing is due", more)
		}
	})
}

// One of the two calls of a group is refused, so that its change failed. What the other sent is followed all the same,
// though nobody kicks, and the log says which numbers were refused.
func TestWhatIsSentBesideARefusedCallIsFollowed(t *testing.T) {
	withTeams(t, func(t *testing.T, l *loop, w *wire) {
		var log bytes.Buffer
		l.Log = slog.New(slog.NewJSONHandler(&log, nil))
		if err := w.sim.AddFaults(telnyxsim.Fault{Match: "POST /phone_numbers/jobs/update_phone_numbers", Do: "status", Status: 422}); err != nil {
			t.Fatal(err)
		}
		l.engine.Concurrency = 1
		l.kick(reconcile, started)
		time.Sleep(6 * time.Hour)
		synctest.Wait()
		if n := l.board.snapshot().Numbers; n.Placed != 1199 {
			t.Errorf("in six hours: %+v", n)
		}
		if text := log.String(); !strings.Contains(text, `"status":"failed","count":1200,"numbers":"+15125550000-+15125551199","failed":"+15125550000-+15125550999"`) {
			t.Errorf("the log does not say which were refused:\n%s", text)
		}
	})
}
