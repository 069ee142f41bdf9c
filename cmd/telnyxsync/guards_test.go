package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/daemon"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// Each test of this file fails if the guard that it is named after is taken out; ARCHITECTURE.md
// lists the guards. Those of recovery, TestIntentIsStoredBeforePOST and
// TestReadBackBeforeSecondPOST, stand in recovery_test.go.

const zoom = `{external_sip_connection: zoom, outbound: {outbound_voice_profile_id: "1"}}`

func TestIncompleteListIsNeverTakenForDeletions(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a.yaml", "external_connections:\n  one: "+zoom+"\n  two: "+zoom+"\n  three: "+zoom+"\n")
	r.run(0, "apply", "--yes")
	r.write("a.yaml", "external_connections:\n  one: "+zoom+"\n  two: "+zoom+"\n")
	r.clear()
	r.fault("GET /external_connections", "short-page", "times", "-1")
	p := r.plan(1, "diff", "--prune")
	if len(p.Changes) > 0 || len(p.Problems) != 1 || !strings.Contains(p.Problems[0].text(), "could not be read") {
		t.Errorf("plan from a short list: %+v", p)
	}
	r.run(1, "apply", "--yes", "--prune")
	if _, writes := r.calls(); len(writes) > 0 {
		t.Errorf("a short list led to %v", writes)
	}
	if n := len(r.account(nil)["external_connections"]); n != 3 {
		t.Errorf("%d connections, want the 3 that were there", n)
	}
}

func TestWritersNeverOverlap(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	var yaml strings.Builder
	yaml.WriteString("external_connections:\n")
	const entries = 20
	for i := range entries {
		fmt.Fprintf(&yaml, "  c%02d: %s\n", i, zoom)
	}
	r.write("a.yaml", "external_connections:\n  c00: "+zoom+"\n")
	r.run(0, "apply", "--yes") // so that there is a state
	r.write("a.yaml", yaml.String())

	var wg sync.WaitGroup
	err := state.Write(context.Background(), r.state, time.Second, func(*state.DB, state.Snapshot) error {
		for _, args := range [][]string{ // all but the first wait for a while
			{"apply", "--yes", "--lock-wait", "200ms", r.dir},
			{"jobs", "run", "reconcile", r.dir},
			{"jobs", "run", "operator_connect_refresh"},
			{"uploads", "retry", "+15125550107"},
			{"state", "adopt", "external_connections/c01", "1930000000000000001"},
			{"state", "forget", "external_connections/c00"},
		} {
			wg.Go(func() {
				if text, code := r.exits(args...); code != 1 || !strings.Contains(text, "in use by another telnyxsync (process ") {
					t.Errorf("%v: exit code %d, %s", args, code, text)
				}
			})
		}
		wg.Wait()
		if _, writes := r.calls(); len(writes) != 1 {
			t.Errorf("it wrote although another held the lock: %v", writes)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	for range 4 {
		wg.Go(func() { r.exits("apply", "--yes") })
	}
	wg.Wait()
	if _, writes := r.calls(); len(writes) != entries {
		t.Errorf("%d writes of four runs at once, want %d: each entry is made once", len(writes), entries)
	}
	r.run(0, "diff")
}

func TestOnlyAnIDInStatePermitsADeletion(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a.yaml", "external_connections:\n  keep: "+zoom+"\nsiprec_connectors:\n  keep: {host: a.example.com, port: 5060}\n")
	r.run(0, "apply", "--yes")
	// By tag and by name these look as if an entry of ours had made them.
	r.account(func(account map[string][]map[string]any) {
		account["external_connections"] = append(account["external_connections"], map[string]any{
			"id": "42", "active": false, "outbound": map[string]any{"outbound_voice_profile_id": "1"}, "tags": []any{"telnyxsync:default:gone"},
		})
		account["siprec_connectors"] = append(account["siprec_connectors"], map[string]any{"name": "gone", "host": "b.example.com", "port": 5060})
	})
	r.clear()
	r.run(0, "diff", "--prune", "--foreign")
	r.run(0, "apply", "--yes", "--prune")
	if _, writes := r.calls(); len(writes) > 0 {
		t.Errorf("what state does not know was written to: %v", writes)
	}
}

func TestDeleteCaps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		owned, deletes int
		flags          []string
		withheld       bool
	}{
		{owned: 1, deletes: 1}, // a single one always fits
		{owned: 2, deletes: 2, withheld: true},
		{owned: 10, deletes: 9, withheld: true},
		{owned: 10, deletes: 10, withheld: true},
		{owned: 19, deletes: 10, withheld: true},
		{owned: 19, deletes: 11, flags: []string{"--max-deletes", "11"}},
		{owned: 19, deletes: 11, flags: []string{"--limit", "deletes=11"}},
		{owned: 20, deletes: 4}, // 20 % of them
		{owned: 20, deletes: 5, withheld: true},
		{owned: 20, deletes: 5, flags: []string{"--max-delete-percent", "25"}},
		{owned: 20, deletes: 1, flags: []string{"--max-deletes", "0"}, withheld: true},
	} {
		t.Run(fmt.Sprintf("%d of %d %v", c.deletes, c.owned, c.flags), func(t *testing.T) {
			r, _ := newRig(t)
			file := func(n int) string {
				var b strings.Builder
				b.WriteString("external_connections:\n  zoom: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: \"1\"}}\nsiprec_connectors:\n")
				if n == 0 {
					return strings.TrimSuffix(b.String(), "\n") + " {}\n"
				}
				for i := range n {
					fmt.Fprintf(&b, "  c%02d: {host: a.example.com, port: 5060}\n", i)
				}
				return b.String()
			}
			r.write("a.yaml", file(c.owned))
			r.run(0, "apply", "--yes")
			r.write("a.yaml", file(c.owned-c.deletes))
			want, left := 0, c.owned-c.deletes
			if c.withheld {
				want, left = 4, c.owned
			}
			r.run(want, append([]string{"apply", "--yes", "--prune"}, c.flags...)...)
			if n := len(r.account(nil)["siprec_connectors"]); n != left {
				t.Errorf("%d connectors are left, want %d", n, left)
			}
		})
	}
}

// The engine that diff plans with cannot write, whatever is asked of it.
func TestDiffCannotWrite(t *testing.T) {
	r, _ := newRig(t)
	t.Setenv("TELNYX_API_KEY", "KEY")
	a := &app{apiURL: r.url, instance: "default", out: io.Discard, err: io.Discard}
	engine, c, err := a.connect(true, tuning{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	live := &resource.Live{ID: "1/2", Object: resource.Object{"active": true, "outbound": resource.Object{"outbound_voice_profile_id": "1"}}}
	desired := resource.Object{"media_url": "https://media.example.com/a.mp3", "backend": "gcs", "static_emergency_address_id": "3"} // without, nothing can be sent at all
	write := resource.Write{Name: "x", Key: "x", Desired: desired, Patch: desired, Live: live}
	numbers := engine.Numbers
	_, _, assign := numbers.Assign(ctx, []string{"1"}, "2")
	_, _, upload := numbers.Send(ctx, resource.Target{Connection: "1", Location: "2"}, []string{"3"})
	_, _, retry := numbers.Retry(ctx, "1", "2")
	_, relocate := numbers.Relocate(ctx, "1", "2", "3")
	_, _, refresh := numbers.Refresh(ctx, "1")
	for what, err := range map[string]error{"assign": assign, "upload": upload, "retry": retry, "relocate": relocate, "refresh": refresh} {
		if !errors.Is(err, client.ErrReadOnly) {
			t.Errorf("%s: %v, want it refused by the transport", what, err)
		}
	}
	for kind, ops := range engine.Operations {
		_, create := ops.Create(ctx, write)
		_, update := ops.Update(ctx, write)
		_, del := ops.Delete(ctx, live)
		for what, err := range map[string]error{"create": create, "update": update, "delete": del} {
			if kind == "locations" && what != "update" {
				continue // there is no such operation
			}
			if !errors.Is(err, client.ErrReadOnly) {
				t.Errorf("%s of %s: %v, want it refused by the transport", what, kind, err)
			}
		}
	}
	if all, _ := r.calls(); len(all) > 0 {
		t.Errorf("calls: %v", all)
	}
}

// What only reads connects with a client that can do nothing else.
func TestWhichCommandsCanWrite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args     []string
		readOnly bool
	}{
		{args: []string{"apply", "--yes"}},
		{args: []string{"diff"}, readOnly: true},
		{args: []string{"diff", "--prune", "--no-state", "--output", "json"}, readOnly: true},
		{args: []string{"state", "adopt", "external_connections/one", "1930000000000000001"}, readOnly: true},
		{args: []string{"jobs", "run", "reconcile"}},
		{args: []string{"export"}, readOnly: true},
		{args: []string{"uploads"}, readOnly: true},
		{args: []string{"releases"}, readOnly: true},
		{args: []string{"locations", "1930000000000000001"}, readOnly: true},
		{args: []string{"log-messages"}, readOnly: true},
		{args: []string{"get", "recordings"}, readOnly: true},
		{args: []string{"get", "media", "download", "x"}, readOnly: true},
	} {
		t.Run(strings.Join(c.args[:min(2, len(c.args))], " "), func(t *testing.T) {
			r, _ := newRig(t)
			r.write("a.yaml", "external_connections:\n  one: "+zoom+"\n")
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			var connected []bool
			a := &app{in: strings.NewReader(""), out: io.Discard, err: io.Discard}
			a.onConnect = func(cfg *client.Config) { connected = append(connected, cfg.ReadOnly) }
			args := append([]string{"--api-url", r.url, "--state", r.state}, c.args...)
			if c.args[0] == "diff" || c.args[0] == "apply" || c.args[0] == "jobs" {
				args = append(args, r.dir)
			}
			a.execute(ctx, args)
			if len(connected) != 1 || connected[0] != c.readOnly {
				t.Errorf("read-only: %v, want [%t]", connected, c.readOnly)
			}
		})
	}
}

// A daemon that only observes cannot write either.
func TestADaemonThatObservesCannotWrite(t *testing.T) {
	t.Parallel()
	for _, observe := range []bool{true, false} {
		r, _ := newRig(t)
		var connected []bool
		a := &app{in: strings.NewReader(""), out: io.Discard, err: io.Discard, instance: "default"}
		a.onConnect = func(cfg *client.Config) { connected = append(connected, cfg.ReadOnly) }
		_, _, stop, err := a.connectDaemon(daemon.Config{BaseURL: r.url, State: r.state, Observe: observe}, func(string, string, int) {})
		if err != nil {
			t.Fatal(err)
		}
		stop()
		if !slices.Equal(connected, []bool{observe}) {
			t.Errorf("observe %t: read-only %v", observe, connected)
		}
	}
}

// The plan that is carried out is the one that was shown: it is made again under the lock.
func TestAPlanThatIsNoLongerTrueIsNotCarriedOut(t *testing.T) {
	t.Parallel()
	var r *rig
	var lists atomic.Int32
	r = newRigBehind(t, func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		if called(req, "GET /external_connections") && lists.Add(1) == 2 { // the second look, under the lock
			r.account(func(account map[string][]map[string]any) {
				account["external_connections"][0]["webhook_timeout_secs"] = 7
			})
		}
		next.ServeHTTP(w, req)
	})
	r.account(func(account map[string][]map[string]any) {
		account["external_connections"] = []map[string]any{{"id": "11", "outbound": map[string]any{"outbound_voice_profile_id": "1"}, "webhook_timeout_secs": 5}}
	})
	r.write("a.yaml", `external_connections: {one: {id: "11", external_sip_connection: zoom, outbound: {outbound_voice_profile_id: "2"}, webhook_timeout_secs: 6}}`)
	_, stderr := r.run(1, "apply", "--yes")
	if !strings.Contains(stderr, "changed since the plan was made; nothing was changed") {
		t.Errorf("stderr: %s", stderr)
	}
	if _, writes := r.calls(); lists.Load() != 2 || len(writes) > 0 {
		t.Errorf("%d lists, writes: %v", lists.Load(), writes)
	}
	r.run(0, "apply", "--yes")
}
