package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/kinds"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/spec"
	"telnyxsync/internal/state"
	"telnyxsync/internal/telnyxsim"
)

// clocked is a wire whose answers say what time it is.
type clocked struct{ wire }

func (c *clocked) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := c.wire.RoundTrip(r)
	if err == nil && res.Header.Get("Date") == "" {
		res.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	return res, err
}

// retention is a daemon over a simulated account, whose files a test changes.
type retention struct {
	*loop
	t   *testing.T
	sim *telnyxsim.Sim
	net *clocked
	dir string
	bad bool // the files do not load
	log bytes.Buffer
}

// withRetention runs a test with a daemon that works, in a time of its own, from 2000-01-01 on.
func withRetention(t *testing.T, cfg func(c *Config), account func() any, test func(r *retention)) {
	t.Helper()
	dir, stateDir := t.TempDir(), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		text, err := json.Marshal(account())
		if err != nil {
			t.Fatal(err)
		}
		sim, err := telnyxsim.New(telnyxsim.Config{Account: text})
		if err != nil {
			t.Fatal(err)
		}
		r := &retention{loop: newTestLoop(t, apply.Jobs()...), t: t, sim: sim, net: &clocked{wire{sim: sim}}, dir: dir}
		r.Log = slog.New(slog.NewJSONHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		cfg(&r.cfg)
		r.stateDir, r.alive, r.idle = stateDir, 30*day, func() {}
		c, err := client.New(client.Config{BaseURL: "http://127.0.0.1/v2", Key: "KEY", Transport: r.net, ReadOnly: r.cfg.Observe})
		if err != nil {
			t.Fatal(err)
		}
		r.engine = mediaEngine(t, r.net)
		r.engine.ClockSkew = c.ClockSkew
		r.engine.Messages = kinds.NewMessages(c)
		r.engine.Retention = map[string]apply.Retention{
			kinds.RecordingRetentionKind: kinds.NewRecordings(c), kinds.TranscriptionRetentionKind: kinds.NewTranscriptions(c),
		}
		r.Load = func(...string) (resource.Config, error) {
			if r.bad {
				return resource.Config{}, errors.New("a.yaml:1:1: it does not load")
			}
			return spec.Load(r.engine.Kinds, dir)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); r.work(ctx) }()
		test(r)
		cancel()
		<-ended
	})
}

func (r *retention) write(yaml string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, "a.yaml"), []byte(yaml), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// after lets some time go by and tells which recordings are left.
func (r *retention) after(d time.Duration) string {
	r.t.Helper()
	time.Sleep(d)
	synctest.Wait()
	var account struct{ Recordings []struct{ ID string } }
	if err := json.Unmarshal(r.sim.Account(), &account); err != nil {
		r.t.Fatal(err)
	}
	var ids []string
	for _, o := range account.Recordings {
		ids = append(ids, o.ID)
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

func (r *retention) left(what string, d time.Duration, want string) {
	r.t.Helper()
	if got := r.after(d); got != want {
		r.t.Errorf("%s: left %q, want %q", what, got, want)
	}
}

// metric is what the metrics say of one.
func (r *retention) metric(name string) (out []string) {
	rec := httptest.NewRecorder()
	r.metrics.handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(rec.Body.String()) {
		if strings.HasPrefix(line, name+"{") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

func (r *retention) lines(job string) string {
	return strings.Join(r.current().Jobs[job].Lines, "\n")
}

// approve lets through what the job withholds.
func (r *retention) approve() {
	r.t.Helper()
	snap, err := state.Load(context.Background(), r.stateDir)
	if err != nil || len(snap.Withheld) != 1 || snap.Withheld[0].Name != retentionJob {
		r.t.Fatalf("%v %+v", err, snap.Withheld)
	}
	if err := state.Request(r.stateDir, apply.Approve(&snap.Withheld[0], "somebody", time.Now())); err != nil {
		r.t.Fatal(err)
	}
}

func twoRecordings() any {
	at := func(days int) string { return time.Now().Add(-time.Duration(days) * day).UTC().Format(time.RFC3339) }
	return map[string]any{"recordings": []any{
		map[string]any{"id": "old", "created_at": at(40)}, map[string]any{"id": "young", "created_at": at(5)},
	}}
}

const retentionJob = "recording_retention"

const monthYAML = "recording_retention:\n  all: {delete_after: 30d}\n"

func TestEnforceWaitsForQuietFiles(t *testing.T) {
	withRetention(t, func(c *Config) { c.Enforce = true }, twoRecordings, func(r *retention) {
		r.write(monthYAML)
		r.kick(retentionJob, "schedule")
		r.left("just loaded", settledFor-time.Second, "old young")
		if got := r.lines(retentionJob); !strings.Contains(got, "1 recording would be deleted; nothing is, as this only reports") {
			t.Errorf("it says %s", got)
		}
		// They change before their time: it starts anew.
		r.write(monthYAML + "  more: {delete_after: 90d, from: x}\n  held: {keep: true, from: \"1 512 555 0100\"}\n")
		r.left("changed", settledFor, "old young")
		r.left("quiet, and the hold matches nothing", 2*time.Second, "old young")
		r.approve()
		r.kick(retentionJob, approved)
		r.left("approved", time.Second, "young")
		if got := r.lines(retentionJob); !strings.Contains(got, "done: delete 1 recording of recording_retention/all") {
			t.Errorf("it says %s", got)
		}
		for _, want := range []string{"recording_retention/more: no recording is due", "recording_retention/held: matches 0 recordings"} {
			if !strings.Contains(r.lines(retentionJob), want) || !strings.Contains(r.log.String(), want) {
				t.Errorf("it does not say %s", want)
			}
		}
		// From then on it acts at once.
		r.left("a month later", 26*day, "young")
		r.kick(retentionJob, "schedule")
		r.left("and the job", time.Second, "")
	})
}

func TestEnforceWaitsForFilesThatLoad(t *testing.T) {
	withRetention(t, func(c *Config) { c.Enforce = true }, twoRecordings, func(r *retention) {
		r.write(monthYAML)
		r.kick(reconcile, "start")
		r.left("started", time.Hour, "old young")
		r.bad = true
		for range 3 {
			r.kick(retentionJob, "schedule")
			r.left("they do not load", day, "old young")
		}
		if got := r.lines(retentionJob); !strings.Contains(got, "1 recording would be deleted") {
			t.Errorf("it says %s", got)
		}
		if s := r.current(); s.Config.InForce != forceLast || len(s.Config.Errors) == 0 {
			t.Errorf("%+v", s.Config)
		}
		r.bad = false
		r.kick(reconcile, filesChanged) // the job that could only report runs again by itself
		r.left("they load again", settledFor-time.Second, "old young")
		r.left("for long enough", 2*time.Second, "young")
	})
	// None ever loaded: there is nothing to go by.
	withRetention(t, func(c *Config) { c.Enforce = true }, twoRecordings, func(r *retention) {
		r.bad = true
		r.kick(retentionJob, "schedule")
		r.left("none ever loaded", day, "old young")
		if got := r.lines(retentionJob); got != "no policy says that any recording is to be deleted" {
			t.Errorf("it says %s", got)
		}
	})
}

// A file that is gone for a moment, as while a branch is checked out, takes no hold with it.
func TestAHoldThatIsGoneForAMoment(t *testing.T) {
	withRetention(t, func(c *Config) { c.Enforce = true }, twoRecordings, func(r *retention) {
		const hold = "  legal: {connection_id: \"1\", keep: true}\n  all-of-it: {keep: true}\n"
		r.write(monthYAML + hold)
		r.kick(retentionJob, "schedule")
		r.left("held", time.Hour, "old young")
		r.write(monthYAML)
		r.kick(retentionJob, "schedule")
		r.left("gone for a moment", 10*time.Second, "old young")
		r.write(monthYAML + hold)
		r.left("and there again", time.Hour, "old young")
		r.write(monthYAML)
		r.kick(retentionJob, "schedule")
		r.left("released: somebody has to say so", settledFor+time.Second, "old young")
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go r.people(ctx)
		r.approve()
		r.left("approved: nobody has to kick", 10*time.Second, "young")
	})
}

// Without `retention: enforce`, or in mode observe, nothing is ever deleted.
func TestReportNeverDeletes(t *testing.T) {
	for name, cfg := range map[string]func(c *Config){
		"report": func(*Config) {}, "observe": func(c *Config) { c.Observe = true }, "observe and enforce": func(c *Config) { c.Observe, c.Enforce = true, true },
	} {
		t.Run(name, func(t *testing.T) {
			withRetention(t, cfg, twoRecordings, func(r *retention) {
				r.write(monthYAML)
				for range 7 {
					r.kick(reconcile, "schedule")
					r.kick(retentionJob, "schedule")
					r.left(name, day, "old young")
				}
				if got := r.lines(retentionJob); !strings.Contains(got, "1 recording would be deleted") {
					t.Errorf("it says %s", got)
				}
				for _, j := range r.sim.Journal() {
					if j.Method != http.MethodGet {
						t.Errorf("%s %s", j.Method, j.Path)
					}
				}
			})
		})
	}
}

// Messages are in the status and in the metrics, by their codes, for as long as Telnyx has them.
func TestLogMessagesAreServed(t *testing.T) {
	message := func(id, code string) map[string]any {
		return map[string]any{"id": id, "code": code, "title": "title " + id}
	}
	var many []any
	for i := range 60 {
		many = append(many, message(fmt.Sprint("m", i), fmt.Sprint("c", i)))
	}
	withRetention(t, func(*Config) {}, func() any {
		return map[string]any{"log_messages": []any{message("a", "10015"), message("b", "10015"), message("c", "\"x\"\n")}, "_log_message_ids": "shown"}
	}, func(r *retention) {
		r.write("log_message_rules:\n  known: {code: \"10015\", title_contains: \"title a\"}\n")
		run := func() Status {
			r.kick(reconcile, "schedule")
			r.kick("log_messages", "schedule")
			time.Sleep(time.Minute)
			synctest.Wait()
			return r.current()
		}
		metrics := func() []string { return r.metric("telnyxsync_log_messages") }
		s := run()
		if len(s.Messages) != 3 || s.Messages[0].Rule != "log_message_rules/known" || s.Messages[1].Rule != "" || s.Messages[1].Title != "title b" || s.Messages[1].First.IsZero() {
			t.Errorf("%+v", s.Messages)
		}
		if got := metrics(); !slices.Equal(got, []string{`telnyxsync_log_messages{code="\"x\"\n"} 1`, `telnyxsync_log_messages{code="10015"} 2`}) {
			t.Errorf("%q", got)
		}
		if got := r.lines("log_messages"); strings.Count(got, "new: ") != 2 || !strings.Contains(got, "3 log messages, 3 of them new") {
			t.Errorf("it says %s", got)
		}
		if run(); r.lines("log_messages") != "3 log messages, 0 of them new" {
			t.Errorf("it says %s", r.lines("log_messages"))
		}
		r.net.down.Store(true) // what it knew stays
		if s = run(); len(s.Messages) != 3 || len(metrics()) != 2 || s.Jobs["log_messages"].Error == "" {
			t.Errorf("%+v %q", s.Messages, metrics())
		}
		r.net.down.Store(false)
		for _, list := range [][]any{{}, many, {message("a", "10015")}, {}} {
			text, err := json.Marshal(map[string]any{"log_messages": list, "_log_message_ids": "shown"})
			if err != nil {
				t.Fatal(err)
			}
			if err := r.sim.SetAccount(text); err != nil {
				t.Fatal(err)
			}
			s = run()
			if want := min(len(list), 51); len(s.Messages) != len(list) || len(metrics()) != want {
				t.Errorf("of %d messages %d are in the status and %d in the metrics", len(list), len(s.Messages), len(metrics()))
			}
		}
	})
}

// Each new message is in the log once; what people said, and where it can be heard, is in neither log, status
// nor state.
func TestWhatTheDaemonLogs(t *testing.T) {
	account := func() any {
		a := twoRecordings().(map[string]any)
		a["recording_transcriptions"] = []any{map[string]any{"id": "t", "created_at": "1999-01-01T00:00:00Z", "transcription_text": "cAnArY"}}
		a["log_messages"] = []any{map[string]any{"code": "10", "title": "no consent"}, map[string]any{"code": "20", "title": "noise"}}
		return a
	}
	withRetention(t, func(c *Config) { c.Enforce = true }, account, func(r *retention) {
		archive := filepath.Join(r.dir, ".archive") // hidden: it is no part of the configuration
		r.write(fmt.Sprintf(`
recording_retention:
  all: {delete_after: 30d, archive: %q}
transcription_retention:
  all: {delete_after: 30d}
log_message_rules:
  noise: {code: "20", dismiss: true}
`, archive))
		for range 3 {
			for _, job := range []string{reconcile, retentionJob, "transcription_retention", "log_messages"} {
				r.kick(job, "schedule")
			}
			r.after(time.Hour)
		}
		r.left("enforced", 0, "young")
		if _, err := os.Stat(filepath.Join(archive, "1999-11-22", "old.json")); err != nil {
			t.Error(err)
		}
		status, err := json.Marshal(r.current())
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string][]byte{"log": r.log.Bytes(), "status": status}
		for _, name := range []string{"state.db", "state.db-wal"} {
			texts[name], _ = os.ReadFile(filepath.Join(r.stateDir, name)) // one of them may not be there
		}
		for name, text := range texts {
			for _, canary := range []string{"cAnArY", "X-Amz"} {
				if bytes.Contains(text, []byte(canary)) {
					t.Errorf("%s holds %s", name, canary)
				}
			}
		}
		for text, want := range map[string]int{
			"new: 10 no consent": 1, "new: 20 noise; it has no id, so it cannot be dismissed, and is not said again": 1,
			"archived: 1 recording": 1, "done: delete 1 recording of ": 1, "done: delete 1 transcription of ": 1, `"level":"ERROR"`: 0,
		} {
			if got := strings.Count(r.log.String(), text); got != want {
				t.Errorf("the log has %q %d times, want %d:\n%s", text, got, want, r.log.String())
			}
		}
	})
}

// A daemon that only observes remembers nothing, and says each message once all the same.
func TestObserveSaysLogMessagesOnce(t *testing.T) {
	withRetention(t, func(c *Config) { c.Observe = true }, func() any {
		return map[string]any{"log_messages": []any{map[string]any{"code": "1", "title": "first"}}}
	}, func(r *retention) {
		r.write("log_message_rules:\n  none: {code: \"0\"}\n")
		r.kick(reconcile, "start")
		for i, want := range []string{"1 log messages, 1 of them new", "1 log messages, 0 of them new", "1 log messages, 0 of them new"} {
			r.kick("log_messages", "schedule")
			time.Sleep(time.Minute)
			synctest.Wait()
			if got := r.lines("log_messages"); !strings.Contains(got, want) {
				t.Errorf("run %d says %s", i, got)
			}
		}
	})
}
