package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
	"telnyxsync/internal/watch"
)

// The times of the loop.
const (
	settledFor = 30 * time.Second // how long the files must stay as they are before anything is deleted
	lockWait   = 10 * time.Second // for another writer; then the pass is tried again later
)

const reconcile = "reconcile"

// Why says why a job runs.
type Why string

// Why jobs run. Schedules, starts and reloads say so, too.
const (
	started      Why = "start"
	reloaded     Why = "reload"
	scheduled    Why = "schedule"
	signalled    Why = "signal"
	filesChanged Why = "files_changed"
	filesLoad    Why = "files_load_again"
	filesQuiet   Why = "files_quiet"
	missedRun    Why = "missed"
	expiring     Why = "about_to_expire"
	onTheWay     Why = "numbers_on_their_way"
	retrying     Why = "retry"
	approved     Why = "approved"
)

// loop is the daemon under one configuration of its own: one goroutine runs jobs, one at a time;
// watcher, scheduler and HTTP server stand around it and at most kick.
type loop struct {
	*Daemon
	cfg       Config
	because   Why // why this loop runs: start or reload
	engine    *apply.Engine
	idle      func() // closes connections that are not in use; the next pass is minutes away
	stateDir  string
	scheduler *scheduler
	watcher   *watch.Watcher
	watch     func(files []string) // watches files beside the configuration; nil in tests that have none

	words *render.Words
	alive time.Duration // between two signs of life while nothing is due; 0 is beatEvery

	mu   sync.Mutex
	due  map[string][]Why // job → why
	wake chan struct{}

	// Only the loop's goroutine touches the rest.
	desired resource.Config
	force   string // which desired state is in force: current, last good or none
	print   string // its fingerprint
	since   time.Time
	backoff *backoff
	failed  map[resource.Addr]EntryStatus
	again   time.Time // a pass is wanted then
	renewal time.Time // the next object is due to be renewed then
	look    time.Time // phone numbers that are on their way are to be looked at then
	said    string    // the last thing that was logged of a pass
	enforce bool      // the job that runs may delete what policies of retention say

	owed map[string]bool // jobs that could only report, as the files did not load
}

// kick asks for a run of a job. It never blocks.
func (l *loop) kick(job string, why Why) {
	l.mu.Lock()
	if !slices.Contains(l.due[job], why) {
		l.due[job] = append(l.due[job], why)
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default: // it will wake up anyway
	}
}

// pending tells whether a run of a job has been asked for since the last one began.
func (l *loop) pending(job string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.due[job] != nil
}

func (l *loop) take() map[string][]Why {
	l.mu.Lock()
	defer l.mu.Unlock()
	due := l.due
	l.due = map[string][]Why{}
	return due
}

// run runs until ctx ends or a part breaks down.
func (l *loop) run(ctx context.Context, listener net.Listener) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return l.watcher.Run(ctx) })
	g.Go(func() error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-l.watcher.Kicks():
				l.kick(reconcile, filesChanged)
			}
		}
	})
	g.Go(func() error { return l.serve(ctx, listener) })
	g.Go(func() error {
		l.people(ctx)
		return nil
	})
	l.scheduler.start()
	l.board.update(func(s *Status) { s.NextRuns = l.scheduler.next() })
	l.missed(ctx)
	l.kick(reconcile, l.because)
	g.Go(func() error {
		l.work(ctx)
		return nil
	})
	err := g.Wait()
	l.scheduler.stop()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// missed makes up for runs that were due while nothing was running, with one run each.
func (l *loop) missed(ctx context.Context) {
	if l.cfg.Observe {
		return
	}
	err := state.Write(ctx, l.stateDir, lockWait, func(db *state.DB, _ state.Snapshot) error {
		runs, err := db.Jobs(ctx)
		for name, r := range runs {
			// One that was begun in the future was begun by a clock that was ahead: whether others were missed nobody knows.
			now := time.Now()
			if s := l.cfg.Schedules[name]; s != nil && name != reconcile && (r.Started.After(now) || s.Next(r.Started).Before(now)) {
				l.kick(name, missedRun)
			}
		}
		return err
	})
	if err != nil {
		l.Log.Warn("the jobs' last runs cannot be read", "error", err)
	}
}

// work runs what is due, forever.
func (l *loop) work(ctx context.Context) {
	alive := time.NewTicker(cmp.Or(l.alive, beatEvery))
	defer alive.Stop()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		l.beats.beat(partLoop)
		timer.Reset(l.untilWake())
		select {
		case <-ctx.Done():
			return
		case <-alive.C:
			continue
		case <-timer.C:
			l.wakeUp(time.Now())
			continue
		case <-l.wake:
		}
		due := l.take()
		for _, j := range l.Jobs { // in the order of the registry
			if why := due[j.Name]; why != nil && ctx.Err() == nil {
				l.runJob(ctx, j, why)
			}
		}
		l.idle()
	}
}

// wakeUp starts a pass that nobody kicked: something is tried again, or due.
func (l *loop) wakeUp(now time.Time) {
	var why Why
	switch due := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }; {
	case due(l.renewal):
		why = expiring
	case due(l.look):
		why = onTheWay
	case due(l.again), due(l.backoff.next()):
		why = retrying
	default:
		return // it slept for as long as it does where nothing is due
	}
	l.again, l.renewal, l.look = time.Time{}, time.Time{}, time.Time{}
	l.kick(reconcile, why)
}

// untilWake is how long the loop may sleep if nobody kicks.
func (l *loop) untilWake() time.Duration {
	var at time.Time
	for _, t := range []time.Time{l.backoff.next(), l.again, l.renewal, l.look} {
		if at.IsZero() || !t.IsZero() && t.Before(at) {
			at = t
		}
	}
	if at.IsZero() {
		return time.Hour
	}
	return max(time.Until(at), 0)
}

// runJob contains whatever a job does, panics too.
func (l *loop) runJob(ctx context.Context, j apply.Job, why []Why) {
	started := time.Now()
	report, err := func() (r apply.Report, err error) {
		defer func() {
			if p := recover(); p != nil {
				l.Log.Error("a job panicked", "job", j.Name, "panic", p, "stack", string(debug.Stack()))
				err = fmt.Errorf("it panicked: %v", p)
			}
		}()
		if j.Name == reconcile {
			return l.pass(ctx, j, why)
		}
		return l.job(ctx, j, started)
	}()
	if ctx.Err() != nil && err != nil {
		l.Log.Info("stopped while a job was running", "job", j.Name)
		return
	}
	lines := l.words.Lines(&render.Report{Plan: report.Plan, Whole: report.Whole, Result: report.Result, Says: report.Says})
	js := JobStatus{Started: started, Lines: append([]string{}, lines...)}
	if j.Deletes && report.Plan != nil {
		js.Problems, js.Withheld = problemsOf(report.Plan, l.words), withheldOf(report.Plan, l.words)
		l.warn(report.Plan)
	}
	if err != nil {
		js.Error = l.words.Error(err)
		if j.Name != reconcile {
			l.Log.Error("the job failed", "job", j.Name, "error", js.Error)
		}
	} else if j.Name != reconcile {
		for _, line := range lines {
			for part := range strings.Lines(line) {
				l.Log.Info(strings.TrimRight(part, "\n"), "job", j.Name)
			}
		}
	}
	l.board.update(func(s *Status) {
		if report.Messages != nil {
			s.Messages = report.Messages
		}
		if s.Jobs == nil {
			s.Jobs = map[string]JobStatus{}
		}
		s.Jobs[j.Name] = js
		s.NextRuns = l.scheduler.next()
	})
	s := l.current()
	l.metrics.wrong(s.wrong())
	l.notify("STATUS=" + oneLine(s.Line()))
}

// job runs one of the jobs that are no pass. What cannot be undone is done only where the files load, and
// have been quiet for as long as before any deletion: until then it is put off.
func (l *loop) job(ctx context.Context, j apply.Job, now time.Time) (apply.Report, error) {
	l.enforce = false
	if j.Deletes && l.cfg.Enforce {
		switch fresh := l.reload(now); {
		case !fresh:
			l.owed[j.Name] = true // see reload
		case now.Sub(l.since) >= settledFor:
			l.enforce = true
		default:
			time.AfterFunc(l.since.Add(settledFor).Sub(now), func() { l.kick(j.Name, filesQuiet) })
		}
	}
	report, err := l.session(ctx, j, apply.Options{}, nil)
	l.enforce = false
	if report.Messages != nil {
		l.metrics.messages(report.Messages)
	}
	return report, err
}

// session runs a job as the only writer, and remembers that it ran.
func (l *loop) session(ctx context.Context, j apply.Job, o apply.Options, skip func(resource.Addr) bool) (report apply.Report, err error) {
	s := apply.Situation{Desired: l.desired, Options: o, Observe: l.cfg.Observe, Enforce: l.enforce, Skip: skip}
	if l.cfg.Observe {
		if s.Snap, err = state.Load(ctx, l.stateDir); err != nil {
			return report, err
		}
		if seen := l.current().Messages; len(seen) > 0 {
			s.Snap.Messages = seen // nothing is remembered where nothing is changed, and each is to be said once
		}
		return j.Run(ctx, l.engine, s)
	}
	err = state.Write(ctx, l.stateDir, lockWait, func(db *state.DB, snap state.Snapshot) error {
		s.DB, s.Snap = db, snap
		report, err = apply.RunJob(ctx, j, l.engine, s)
		return err
	})
	return report, err
}
