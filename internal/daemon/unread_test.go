package daemon

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/spec"
	"telnyxsync/internal/telnyxsim"
)

const eachListed = `
external_connections:
  zoom: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: "1"}, tags: [%s]}
siprec_connectors:
  recorder: {host: %s.example.com, port: 5060}
media:
  tone: {media_url: "https://media.example.com/%s.mp3", ttl: 100d}
`

// While a kind cannot be read, be it that the key may not or that Telnyx fails, edits and drift of the others are
// written as ever, also right after a pass that could not read it; it is said once, and over as soon as it can be read.
func TestAKindThatCannotBeReadHoldsUpNoPass(t *testing.T) {
	for _, status := range []int{http.StatusForbidden, http.StatusInternalServerError} {
		for kind, c := range map[string]struct{ match, edits, mends string }{
			"external_connections": {"GET /external_connections", "PUT /siprec_connectors/recorder", "PUT /siprec_connectors/recorder"},
			"siprec_connectors":    {"GET /siprec_connectors/*", "PUT /media/tone", "POST /media"},
			"media":                {"GET /media", "PUT /siprec_connectors/recorder", "PUT /siprec_connectors/recorder"},
		} {
			t.Run(fmt.Sprint(kind, " ", status), func(t *testing.T) {
				dir, stateDir := t.TempDir(), t.TempDir()
				write := func(v string) {
					if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(fmt.Sprintf(eachListed, v, v, v)), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				write("a")
				soon := time.Second // before anything is tried again
				if status != http.StatusForbidden {
					soon = time.Minute // the client itself tries again
				}
				synctest.Test(t, func(t *testing.T) {
					sim, err := telnyxsim.New(telnyxsim.Config{})
					if err != nil {
						t.Fatal(err)
					}
					var log bytes.Buffer
					l := newTestLoop(t, apply.Jobs()...)
					l.Log = slog.New(slog.NewJSONHandler(&log, nil))
					l.stateDir, l.alive, l.idle, l.cfg.Prune = stateDir, time.Hour, func() {}, true
					l.engine = mediaEngine(t, &wire{sim: sim})
					l.Load = func(...string) (resource.Config, error) { return spec.Load(l.engine.Kinds, dir) }
					ctx, cancel := context.WithCancel(t.Context())
					ended := make(chan struct{})
					go func() { defer close(ended); l.work(ctx) }()
					pass := func(why Why) (writes []string) {
						sim.ClearJournal()
						l.kick(reconcile, why)
						time.Sleep(soon)
						synctest.Wait()
						for _, r := range sim.Journal() {
							if r.Method != http.MethodGet {
								writes = append(writes, r.Method+" "+r.Path)
							}
						}
						return writes
					}
					pass(started)
					if s := l.current(); !s.Ready || len(s.Problems) > 0 {
						t.Fatalf("%+v", s)
					}
					if err := sim.AddFaults(telnyxsim.Fault{Match: c.match, Do: "status", Status: status, Times: -1}); err != nil {
						t.Fatal(err)
					}
					write("b")
					if got := pass(filesChanged); !slices.Contains(got, c.edits) || slices.ContainsFunc(got, func(w string) bool { return strings.Contains(w, "/"+kind) }) {
						t.Errorf("an edit of all writes %q", got)
					}
					s := l.current()
					if len(s.Problems) != 1 || !strings.HasPrefix(s.Problems[0].Address, kind) || !strings.Contains(s.Problems[0].Text, fmt.Sprint(status)) || s.OK() {
						t.Errorf("status %+v", s.Problems)
					}
					if whole := kind != "siprec_connectors"; s.Ready == whole || (s.Problems[0].Code == "kind_unread") != whole {
						t.Errorf("ready %v, code %s", s.Ready, s.Problems[0].Code)
					}
					drift(t, sim, c.mends)
					if got := pass(scheduled); !slices.Equal(got, []string{c.mends}) {
						t.Errorf("drift of another kind is met with %q", got)
					}
					pass(scheduled)
					log.Reset()
					time.Sleep(3 * time.Hour)
					synctest.Wait()
					if text := log.String(); text != "" {
						t.Errorf("in hours without anything new it logs %.1000s", text)
					}
					if n := len(sim.Journal()); n > 3*6*10 {
						t.Errorf("%d calls in three hours", n)
					}
					sim.ClearFaults()
					sim.ClearJournal()
					time.Sleep(backoffLast)
					if kind == "siprec_connectors" {
						l.kick(reconcile, scheduled) // of its entries none waits
					}
					time.Sleep(10 * time.Second)
					synctest.Wait()
					if s := l.current(); !s.Ready || len(s.Problems) > 0 || s.Drift > 0 {
						t.Errorf("once it can be read: %+v", s)
					}
					cancel()
					<-ended
					if len(l.backoff.entries) > 0 {
						t.Errorf("put off are still %v", l.backoff.entries)
					}
				})
			})
		}
	}
}

// drift changes on Telnyx what a request would put right.
func drift(t *testing.T, sim *telnyxsim.Sim, mends string) {
	t.Helper()
	account := string(sim.Account())
	if mends == "POST /media" {
		account = strings.Replace(account, `"media_name": "tone"`, `"media_name": "other"`, 1)
	} else {
		account = strings.Replace(account, `"port": 5060`, `"port": 5099`, 1)
	}
	if err := sim.SetAccount([]byte(account)); err != nil {
		t.Fatal(err)
	}
}

// Where nothing at all can be read, passes wait; a key that is refused is one reason of that.
func TestAKeyThatIsRefusedHoldsUpAll(t *testing.T) {
	passes := 0
	l := newTestLoop(t, apply.Job{Name: reconcile, Run: func(context.Context, *apply.Engine, apply.Situation) (apply.Report, error) {
		passes++
		return apply.Report{Plan: &plan.Plan{Problems: []plan.Problem{{Addr: resource.Addr{Kind: "media"}, Unread: true, Reason: plan.Reason{Code: "kind_unread"}}}}}, nil
	}})
	l.engine.Kinds = []resource.Kind{{Name: "media", Listed: true}, {Name: "connectors"}, {Name: "rules", Rules: true}}
	root := resource.Root{Path: "/x", Sections: map[string]bool{"media": true, "rules": true}}
	l.Load = func(...string) (resource.Config, error) { return resource.Config{Roots: []resource.Root{root}}, nil }
	run := func() { l.runJob(t.Context(), l.Jobs[0], []Why{scheduled}) }
	run()
	run()
	if passes != 1 {
		t.Errorf("%d passes while all that is written cannot be read", passes)
	}
	l.backoff.clear()
	entry := resource.Entry{Addr: resource.Addr{Kind: "connectors", Name: "a"}}
	l.Load = func(...string) (resource.Config, error) {
		return resource.Config{Roots: []resource.Root{root}, Entries: []resource.Entry{entry}}, nil
	}
	run()
	run()
	if passes != 3 {
		t.Errorf("%d passes where another kind could be read", passes)
	}
	if wait := l.untilWake(); wait <= 0 || wait > 2*backoffFirst {
		t.Errorf("what could not be read is tried again in %v", wait)
	}
}
