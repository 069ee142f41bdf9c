package watch

import (
	"context"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// beatEvery is how often the loop says that it is alive; it promises 5 s.
const beatEvery = 2 * time.Second

// structural are the events after which other directories may matter.
const structural = fsnotify.Create | fsnotify.Remove | fsnotify.Rename | fsnotify.Chmod

// loop is what Run keeps. All of it belongs to one goroutine but the inbox.
type loop struct {
	*Watcher
	watches watches
	sight   *sight
	inbox   *inbox
	filling sync.WaitGroup
	delay   delay
	lock    gitLock
	files   []string

	last   snapshot  // as of the last kick
	polled *snapshot // as of the poll that noticed a change; nil: no poll did
	kicked time.Time // what changed before was seen by whoever was kicked

	dirty  bool      // other directories may matter
	lookAt time.Time // not to be looked for earlier
	pollAt time.Time
	beatAt time.Time
}

func newLoop(w *Watcher) *loop {
	return &loop{
		Watcher: w,
		watches: watches{log: w.cfg.Log, have: map[string]os.FileInfo{}},
		sight:   newSight(),
		inbox:   newInbox(),
		delay:   delay{quiet: w.cfg.Debounce, most: w.cfg.MaxDelay},
		lock:    gitLock{roots: w.cfg.Roots, wait: w.cfg.GitWait},
		last:    w.base,
		kicked:  w.born,
	}
}

func (l *loop) run(ctx context.Context) {
	defer l.close()
	l.adopt(ctx)
	l.poll(ctx) // for what changed since New
	close(l.ready)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		timer.Reset(time.Until(l.next()))
		select {
		case <-ctx.Done():
			return
		case <-l.inbox.ready:
			l.receive()
		case <-l.newFiles:
			l.adopt(ctx)
		case <-timer.C:
		}
		l.step(ctx)
	}
}

// next is when there is something to do without an event.
func (l *loop) next() time.Time {
	at := l.beatAt
	if l.pollAt.Before(at) {
		at = l.pollAt
	}
	if l.dirty && l.lookAt.Before(at) {
		at = l.lookAt
	}
	if l.delay.pending() && l.delay.due().Before(at) {
		at = l.delay.due()
	}
	return at
}

func (l *loop) step(ctx context.Context) {
	l.pulse()
	if l.dirty && !time.Now().Before(l.lookAt) {
		l.look()
	}
	if !time.Now().Before(l.pollAt) {
		l.poll(ctx)
	}
	if l.delay.ready(time.Now()) {
		l.fire(ctx)
	}
}

// pulse beats if it is time; long work calls it in between.
func (l *loop) pulse() {
	if now := time.Now(); !now.Before(l.beatAt) {
		l.beatAt = now.Add(beatEvery)
		l.cfg.Beat()
	}
}

// touch notes a change and withdraws a kick that nobody has taken.
func (l *loop) touch() {
	l.delay.touch(time.Now())
	select {
	case <-l.kicks:
	default:
	}
}

// receive takes the events that have come and tells whether one of them matters.
func (l *loop) receive() bool {
	ops, lost, errs := l.inbox.take()
	for _, err := range errs {
		// A watch that the kernel ended before fsnotify did is reported this way, too.
		l.cfg.Log.Debug("events may be lost: everything is looked at again", "error", err)
	}
	wake := lost
	l.dirty = l.dirty || lost
	for path, op := range ops {
		if l.sight.minds(path) {
			wake = true
			l.dirty = l.dirty || op&structural != 0
		}
	}
	if wake {
		l.touch()
	}
	return wake
}

// look brings the watches up to date and tells whether directories came or went.
func (l *loop) look() bool {
	start := time.Now()
	seen := l.watches.look(l.cfg.Roots, l.files, l.pulse)
	changed := !maps.Equal(seen.trees, l.sight.trees)
	l.sight = seen
	l.dirty = l.watches.again
	// Under constant change a large tree takes a fifth of the time, not all of it.
	now := time.Now()
	l.lookAt = now.Add(min(4*now.Sub(start), time.Second))
	return changed
}

// poll compares contents, for what made no event, and mends the watches.
func (l *loop) poll(ctx context.Context) {
	l.open()
	l.look()
	now, err := l.snapshot(ctx)
	if err != nil {
		return
	}
	if !l.delay.pending() && !now.same(l.last) {
		l.polled = &now
		l.touch()
	}
	l.pollAt = time.Now().Add(l.cfg.Poll)
}

// open asks for events if there are none.
func (l *loop) open() {
	w := &l.watches
	if w.src != nil {
		return
	}
	src, err := l.Watcher.open()
	if err != nil {
		if !w.short {
			w.short = true
			l.cfg.Log.Warn("files cannot be watched: changes are noticed by polling only", "error", err, "hint", hint(err), "poll", l.cfg.Poll)
		}
		return
	}
	w.src = src
	l.filling.Go(func() { l.inbox.fill(src) })
}

func (l *loop) close() {
	if src := l.watches.src; src != nil {
		if err := src.Close(); err != nil {
			l.cfg.Log.Debug("closing the source of events", "error", err)
		}
	}
	l.filling.Wait()
}

func (l *loop) snapshot(ctx context.Context) (snapshot, error) {
	return takeSnapshot(ctx, l.pulse, l.cfg.Roots, l.files)
}

// adopt takes over the files that SetFiles named.
func (l *loop) adopt(ctx context.Context) {
	files := l.currentFiles()
	r := reader{ctx: ctx, pulse: l.pulse, buf: make([]byte, 128<<10)}
	sums := make(map[string]sum, len(files))
	var added []string
	for _, f := range files {
		if old, ok := l.last.files[f]; ok {
			sums[f] = old
			continue
		}
		added = append(added, f)
	}
	l.files = slices.Clone(files)
	l.open()
	l.look() // watched first, read then
	for _, f := range added {
		sums[f] = r.content(f)
		if changedSince(f, l.kicked) {
			l.touch()
		}
	}
	l.last.files = sums
}

// fire kicks if nothing speaks against it.
//
// The contents are read before the kick, as what changes after that is then noticed by the next poll at the latest; and
// as reading takes time, it is asked again afterwards whether something has begun.
func (l *loop) fire(ctx context.Context) {
	if l.dirty && l.look() {
		l.touch() // the new directories may be in the middle of being filled
	}
	if !l.delay.ready(time.Now()) || l.heldByGit() {
		return
	}
	now, err := l.snapshot(ctx)
	if err != nil {
		return
	}
	if l.receive() && !l.delay.overdue(time.Now()) {
		return
	}
	if l.polled != nil && !now.same(*l.polled) && !l.delay.overdue(time.Now()) {
		l.polled = &now
		l.touch()
		return
	}
	if l.heldByGit() {
		return
	}
	l.last, l.polled = now, nil
	l.delay.clear()
	l.lock.kicked()
	l.kicked = time.Now()
	signal(l.kicks)
}

// heldByGit tells whether git is at work; then the quiet time begins anew.
func (l *loop) heldByGit() bool {
	now := time.Now()
	path, held, gaveUp := l.lock.held(now)
	if held {
		l.delay.restart(now)
	}
	if gaveUp {
		l.cfg.Log.Warn("git has held its lock for too long: it is waited for no longer", "lock", path, "waited", l.cfg.GitWait,
			"hint", "if no git command is running, remove that file")
	}
	return held
}
