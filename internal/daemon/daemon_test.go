package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
	"telnyxsync/internal/testrun"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testrun.Tests{M: m}) }

func TestConfig(t *testing.T) {
	load := func(text string) (Config, error) {
		path := filepath.Join(t.TempDir(), "telnyxsync.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return LoadConfig(path, apply.Jobs())
	}
	c, err := load("configs: configs\nprune: owned\nstate: /var/lib/x\nmax_deletes: 0\napi: {rate: 20}\nlisten: unix:/run/x\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Configs) != 1 || !filepath.IsAbs(c.Configs[0]) || filepath.Base(c.Configs[0]) != "configs" || c.State != "/var/lib/x" ||
		!c.Prune || c.Observe || c.Rate != 20 || c.Concurrency != 10 || c.Limits[plan.Deletes] != (apply.Limit{Max: 0, Percent: 20}) ||
		c.Schedules["reconcile"].String() != "@every 10m" || c.Schedules["operator_connect_refresh"].String() != "0 */6 * * *" || c.Location != time.UTC {
		t.Errorf("%+v", c)
	}
	if c, err := load("configs: [/a, b]\nprune: never\ntimezone: Europe/Berlin\nmode: observe\n"); err != nil || len(c.Configs) != 2 || c.Configs[0] != "/a" || !c.Observe {
		t.Errorf("%+v %v", c, err)
	}
	// All errors at once, each with its place.
	_, err = load(`configs: []
prun: owned
mode: dream
listen: 0.0.0.0:9644
timezone: Moon/Crater
schedules:
  reconcile: "61 * * * *"
  operator_connect_refresh: "TZ=UTC 0 0 * * *"
  nonsense: "@every 10m"
max_deletes: -1
`)
	var got strings.Builder
	for line := range strings.Lines(fmt.Sprint(err)) {
		_, text, _ := strings.Cut(line, "telnyxsync.yaml:")
		got.WriteString(text)
	}
	for _, want := range []string{
		"1:1: prune: it is missing", "1:10: configs: name at least one", `2:1: prun: unknown key (did you mean "prune"?)`,
		`3:7: mode: "dream" is not one of apply, observe`, "4:9: listen: only loopback", `5:11: timezone: "Moon/Crater" is no timezone`,
		"7:14: schedules.reconcile: ", "8:29: schedules.operator_connect_refresh: a timezone inside",
		"9:3: schedules.nonsense: unknown key", "10:14: max_deletes: -1 is out of bounds",
	} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("no error %q in\n%s", want, got.String())
		}
	}
	if _, err := LoadConfig("/nonexistent/x.yaml", apply.Jobs()); err == nil || !strings.Contains(err.Error(), "file does not exist") {
		t.Errorf("missing: %v", err)
	}
}

func TestBackoff(t *testing.T) {
	b, a, now := newBackoff(), resource.Addr{Kind: "k", Name: "n"}, time.Unix(1000, 0)
	var delays []time.Duration
	for range 10 {
		b.failed(a, now)
		next := b.next()
		delays = append(delays, next.Sub(now))
		if !b.waiting(a, now) || b.waiting(a, next) {
			t.Error("it does not wait for its time")
		}
		now = next
		b.release(now)
		if !b.next().IsZero() {
			t.Error("what has waited for long enough asks for a pass again and again")
		}
	}
	if want := "[5s 10s 20s 40s 1m20s 2m40s 5m20s 10m0s 10m0s 10m0s]"; fmt.Sprint(delays) != want {
		t.Errorf("delays %v, want %s", delays, want)
	}
	b.take([]plan.Outcome{{Addr: a, Status: plan.Done}}, now)
	b.failed(a, now)
	if d := b.next().Sub(now); d != backoffFirst {
		t.Errorf("after a success the first delay is %v", d)
	}
	b.clear()
	if b.waiting(a, now) {
		t.Error("it waits although all was forgotten")
	}
}

func TestBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBeats()
		time.Sleep(time.Minute)
		b.beat(partLoop)
		b.beat(partScheduler)
		time.Sleep(time.Second)
		if silent := b.silent(30 * time.Second); fmt.Sprint(silent) != "[watcher]" {
			t.Errorf("silent: %v, want the watcher", silent)
		}
	})
}

// The scheduler kicks at its times, with a bounded jitter, for a day of virtual time.
func TestSchedulerKicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		every, err := ParseSchedule("@every 10m", time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		var kicks, beats atomic.Int64
		s := newScheduler(map[string]*Schedule{"job": every}, time.UTC, func(string) { kicks.Add(1) }, func() { beats.Add(1) })
		s.start()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		next := s.next()["job"]
		s.stop()
		if n := kicks.Load(); n < 24*60/11 || n > 24*60/10 {
			t.Errorf("%d kicks in a day of runs every 10 to 11 minutes", n)
		}
		if n := beats.Load(); n < 24*60*60/int64(beatEvery/time.Second)-1 {
			t.Errorf("%d beats", n)
		}
		if next.Before(time.Now()) || next.After(time.Now().Add(12*time.Minute)) {
			t.Errorf("the next run is at %v, now is %v", next, time.Now())
		}
	})
}

// newLoop is a loop with nothing around it.
func newTestLoop(t *testing.T, jobs ...apply.Job) *loop {
	t.Helper()
	d := &Daemon{Jobs: jobs, Log: slog.New(slog.DiscardHandler), beats: newBeats(), metrics: newMetrics()}
	d.Load = func(...string) (resource.Config, error) {
		return resource.Config{Roots: []resource.Root{{Path: "/x", Sections: map[string]bool{}}}}, nil
	}
	every, err := ParseSchedule("@every 10m", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	l := &loop{
		Daemon: d, stateDir: t.TempDir(), due: map[string][]Why{}, wake: make(chan struct{}, 1),
		cfg:   Config{Configs: []string{"/x"}, Schedules: map[string]*Schedule{"other": every}},
		force: forceNone, owed: map[string]bool{}, backoff: newBackoff(), failed: map[resource.Addr]EntryStatus{}, engine: &apply.Engine{}, words: render.NewWords(nil),
	}
	l.scheduler = newScheduler(nil, time.UTC, func(string) {}, func() {})
	return l
}

func TestAPanicIsContained(t *testing.T) {
	runs := 0
	job := func(name string) apply.Job {
		return apply.Job{Name: name, Run: func(context.Context, *apply.Engine, apply.Situation) (apply.Report, error) {
			runs++
			panic("a bug")
		}}
	}
	l := newTestLoop(t, job(reconcile), job("other"))
	for _, j := range l.Jobs {
		l.runJob(t.Context(), j, []Why{"test"})
		l.runJob(t.Context(), j, []Why{"test"})
		if s := l.current(); !strings.Contains(s.Jobs[j.Name].Error, "it panicked: a bug") {
			t.Errorf("%s: %+v", j.Name, s.Jobs)
		}
	}
	if runs != 4 {
		t.Errorf("%d runs, want 4: the lock and the state survive a panic", runs)
	}
}

func TestMissedRunsAreMadeUpForOnce(t *testing.T) {
	l := newTestLoop(t)
	ctx := t.Context()
	record := func(at time.Time) {
		t.Helper()
		err := state.Write(ctx, l.stateDir, time.Second, func(db *state.DB, _ state.Snapshot) error {
			return db.RecordJob(ctx, state.JobRun{Name: "other", Started: at, Ended: at})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	record(time.Now())
	if l.missed(ctx); len(l.take()) != 0 {
		t.Error("a job that is not due yet was kicked")
	}
	record(time.Now().Add(5 * 365 * 24 * time.Hour)) // by a clock that was ahead: nobody knows
	if l.missed(ctx); fmt.Sprint(l.take()) != "map[other:[missed]]" {
		t.Error("what was run in the future waits until that comes")
	}
	record(time.Now().Add(-24 * time.Hour)) // 144 runs were missed
	if l.missed(ctx); fmt.Sprint(l.take()) != "map[other:[missed]]" {
		t.Error("what was missed is not made up for by one run")
	}
}

// A pass that fails is tried again later and later; an edit or a signal does not wait.
func TestAPassThatFailsBacksOff(t *testing.T) {
	runs := 0
	l := newTestLoop(t, apply.Job{Name: reconcile, Run: func(context.Context, *apply.Engine, apply.Situation) (apply.Report, error) {
		runs++
		return apply.Report{}, errors.New("no route to Telnyx")
	}})
	run := func(why Why) { l.runJob(t.Context(), l.Jobs[0], []Why{why}) }
	run("start")
	run("schedule")
	if runs != 1 {
		t.Errorf("%d runs, want 1: the second came too early", runs)
	}
	if s := l.current(); s.Ready || !s.Healthy || !strings.Contains(s.Line(), "no route to Telnyx") {
		t.Errorf("status %+v", s)
	}
	if wait := l.untilWake(); wait <= 0 || wait > backoffFirst {
		t.Errorf("it wakes up in %v", wait)
	}
	run("signal")
	run(filesChanged)
	if runs != 3 {
		t.Errorf("%d runs, want 3: somebody did something", runs)
	}
}

// While all passes wait, what waited for less does not wake the loop again and again.
func TestWhatIsDueBeforeThePassesWakesOnce(t *testing.T) {
	l := newTestLoop(t, apply.Job{Name: reconcile, Run: func(context.Context, *apply.Engine, apply.Situation) (apply.Report, error) {
		t.Error("a pass ran")
		return apply.Report{}, nil
	}})
	now := time.Now()
	l.backoff.failed(whole, now)
	for _, a := range []resource.Addr{{Kind: "media"}, {Kind: "media", Name: "a"}} {
		l.backoff.failed(a, now.Add(-2*backoffFirst))
	}
	l.runJob(t.Context(), l.Jobs[0], []Why{retrying})
	if wait := l.untilWake(); wait <= 0 || wait > backoffFirst {
		t.Errorf("it wakes up in %v", wait)
	}
}

// One entry that fails does not hold up the others, and is skipped until its time has come.
func TestAnEntryThatFailsBacksOffAlone(t *testing.T) {
	bad, good := resource.Addr{Kind: "k", Name: "bad"}, resource.Addr{Kind: "k", Name: "good"}
	var skipped []bool
	l := newTestLoop(t, apply.Job{Name: reconcile, Run: func(_ context.Context, _ *apply.Engine, s apply.Situation) (apply.Report, error) {
		skipped = append(skipped, s.Skip(bad), s.Skip(good))
		r := apply.Report{Plan: &plan.Plan{Changes: []plan.Change{{Addr: bad}}}, Result: &plan.Result{}}
		if !s.Skip(bad) {
			r.Result.Outcomes = []plan.Outcome{{Addr: bad, Status: plan.Failed, Error: "422"}, {Addr: good, Status: plan.Done}}
		}
		return r, nil
	}})
	for range 2 {
		l.runJob(t.Context(), l.Jobs[0], []Why{scheduled})
		if s := l.current(); len(s.Failed) != 1 || s.Failed[0].Address != "k/bad" || !s.Ready || s.OK() {
			t.Errorf("status %+v", s)
		}
	}
	if fmt.Sprint(skipped) != "[false false true false]" {
		t.Errorf("skipped %v", skipped)
	}
}

func TestCommitOf(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git is missing: it makes the repository that is read")
	}
	dir := t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(git, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if got := commitOf([]string{dir}); got != "" {
		t.Errorf("outside a repository: %q", got)
	}
	run("init", "-q", "-b", "main")
	if err := os.MkdirAll(filepath.Join(dir, "configs"), 0o755); err != nil {
		t.Fatal(err)
	}
	run("commit", "-q", "--allow-empty", "-m", "x")
	want := run("rev-parse", "HEAD")
	check := func(what, path string) {
		t.Helper()
		if got := commitOf([]string{path}); got != want {
			t.Errorf("%s: %q, want %s", what, got, want)
		}
	}
	check("a branch", filepath.Join(dir, "configs"))
	run("pack-refs", "--all")
	check("packed", dir)
	run("worktree", "add", "-q", "--detach", filepath.Join(dir, "tree"))
	check("a worktree", filepath.Join(dir, "tree"))
	run("checkout", "-q", "--detach")
	check("detached", dir)
}

func TestOperationLabelsAreBounded(t *testing.T) {
	for path, want := range map[string]string{
		"/external_connections":             "GET /external_connections",
		"/external_connections/193":         "GET /external_connections/{id}",
		"/siprec_connectors/..%2Fa%3Fb":     "GET /siprec_connectors/{id}",
		"/operator_connect/actions/refresh": "GET /operator_connect/actions/refresh",
	} {
		if got := operation("GET", path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
