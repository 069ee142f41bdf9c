package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/spec"
	"telnyxsync/internal/state"
	"telnyxsync/internal/telnyxsim"
)

func TestDeletesOnlyWhatWasQuiet(t *testing.T) {
	dir, stateDir := t.TempDir(), t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("siprec_connectors:\n  one: {host: a.example.com, port: 5060}\n  two: {host: a.example.com, port: 5060}\n")
	synctest.Test(t, func(t *testing.T) {
		sim, err := telnyxsim.New(telnyxsim.Config{})
		if err != nil {
			t.Fatal(err)
		}
		l := newTestLoop(t, apply.Jobs()...)
		l.stateDir, l.alive, l.idle, l.cfg.Prune = stateDir, time.Hour, func() {}, true
		l.engine = mediaEngine(t, &wire{sim: sim})
		l.Load = func(...string) (resource.Config, error) { return spec.Load(l.engine.Kinds, dir) }
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); l.work(ctx) }()
		ports := func(what string, want map[string]int) {
			t.Helper()
			time.Sleep(time.Second)
			synctest.Wait()
			var account struct {
				Connectors []struct {
					Name string
					Port int
				} `json:"siprec_connectors"`
			}
			if err := json.Unmarshal(sim.Account(), &account); err != nil {
				t.Fatal(err)
			}
			got := map[string]int{}
			for _, c := range account.Connectors {
				got[c.Name] = c.Port
			}
			if !maps.Equal(got, want) {
				t.Errorf("%s: the account holds %v, want %v", what, got, want)
			}
		}
		l.kick(reconcile, "start")
		ports("both are made", map[string]int{"one": 5060, "two": 5060})
		write("siprec_connectors:\n  one: {host: a.example.com, port: 5061}\n")
		l.kick(reconcile, filesChanged)
		ports("the edit is applied, and nothing is deleted as soon as it is gone from the files", map[string]int{"one": 5061, "two": 5060})
		time.Sleep(settledFor - 3*time.Second)
		ports("the files have not been quiet for long enough", map[string]int{"one": 5061, "two": 5060})
		time.Sleep(2 * time.Second)
		ports("it is deleted in the end", map[string]int{"one": 5061})
		cancel()
		<-ended
	})
}

// What a review showed is what happens: the daemon deletes what a diff says that it would, and nothing where a guard
// withholds it.
func TestTheDaemonDeletesWhatDiffShows(t *testing.T) {
	for gone, withheld := range map[int]bool{1: false, 3: false, 4: true} {
		t.Run(fmt.Sprint(gone, " of them"), func(t *testing.T) {
			dir, stateDir := t.TempDir(), t.TempDir()
			write := func(from int) {
				text := "siprec_connectors:\n"
				for i := from; i < 15; i++ {
					text += fmt.Sprintf("  c%02d: {host: a.example.com, port: 5060}\n", i)
				}
				if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write(0)
			synctest.Test(t, func(t *testing.T) {
				sim, err := telnyxsim.New(telnyxsim.Config{})
				if err != nil {
					t.Fatal(err)
				}
				l := newTestLoop(t, apply.Jobs()...)
				l.stateDir, l.alive, l.idle, l.cfg.Prune = stateDir, time.Hour, func() {}, true
				l.engine = mediaEngine(t, &wire{sim: sim})
				l.Load = func(...string) (resource.Config, error) { return spec.Load(l.engine.Kinds, dir) }
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan struct{})
				go func() { defer close(ended); l.work(ctx) }()
				pass := func(d time.Duration, why Why) {
					l.kick(reconcile, why)
					time.Sleep(d)
					synctest.Wait()
				}
				pass(time.Second, "start")
				write(gone)
				desired, err := l.Load()
				if err != nil {
					t.Fatal(err)
				}
				snap, err := state.Load(ctx, stateDir)
				if err != nil {
					t.Fatal(err)
				}
				p, err := l.engine.Plan(ctx, desired, snap, apply.Options{Prune: true})
				if err != nil {
					t.Fatal(err)
				}
				var shown []string
				for i := range p.Changes {
					shown = append(shown, string(p.Changes[i].Op)+" "+p.Changes[i].ID)
				}
				if (len(p.Withheld) > 0) != withheld || len(p.Withheld)+len(shown) != gone {
					t.Fatalf("shown are %v, withheld %d", shown, len(p.Withheld))
				}
				sim.ClearJournal()
				pass(settledFor+2*time.Second, filesChanged)
				var done []string
				for _, r := range sim.Journal() {
					if r.Method != http.MethodGet {
						done = append(done, strings.ToLower(r.Method)+" "+strings.TrimPrefix(r.Path, "/siprec_connectors/"))
					}
				}
				slices.Sort(done)
				slices.Sort(shown)
				if !slices.Equal(done, shown) {
					t.Errorf("done are %v, and shown were %v", done, shown)
				}
				cancel()
				<-ended
			})
		})
	}
}
