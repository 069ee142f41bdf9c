package watch

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Many writers at once, and no poll that would make up for a lost event.
func TestRandomEdits(t *testing.T) {
	const writers, edits = 4, 250
	root := t.TempDir()
	cfg := testConfig(root)
	cfg.MaxDelay = 4 * quiet
	w := newWatcher(t, cfg)
	run(t, w)
	c := consume(t, w, tree(root))
	for round := range 2 {
		seed := rand.Uint64()
		t.Logf("round %d: seed %d", round, seed)
		var wg sync.WaitGroup
		for n := range writers {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(seed, uint64(n)))
				dir := func() string { return filepath.Join(root, fmt.Sprint("d", r.IntN(4)), fmt.Sprint("e", r.IntN(3))) }
				for i := range edits {
					// Others remove and rename the same directories, so every one of these may fail.
					path := filepath.Join(dir(), fmt.Sprintf("f%d.yaml", r.IntN(5)))
					switch r.IntN(9) {
					case 0:
						os.Remove(path)
					case 1:
						os.Rename(path, filepath.Join(dir(), "renamed.yaml"))
					case 2:
						os.Rename(dir(), dir())
					case 3:
						os.RemoveAll(dir())
					case 4:
						os.Rename(filepath.Dir(dir()), filepath.Dir(dir())+"x")
					default:
						os.MkdirAll(filepath.Dir(path), 0o755)
						os.WriteFile(path, fmt.Appendf(nil, "%d %d %d", round, n, i), 0o644)
					}
					pause := time.Duration(r.IntN(3000)) * time.Microsecond
					if r.IntN(60) == 0 {
						pause = 2 * quiet
					}
					time.Sleep(pause)
				}
			})
		}
		from := c.count()
		wg.Wait()
		write(t, filepath.Join(root, fmt.Sprint("d", round%4), "e0", "last.yaml"), fmt.Sprint(round, seed))
		c.wait(from, tree(root)())
	}
}

// stalled is a source whose events come only after release: the queue of the kernel fills up meanwhile.
func stalled(release <-chan struct{}) func() (*source, error) {
	return func() (*source, error) {
		s, err := openSource()
		if err != nil {
			return nil, err
		}
		events, in := make(chan fsnotify.Event), s.events
		go func() {
			defer close(events)
			<-release
			for e := range in {
				events <- e
			}
		}()
		s.events = events
		return s, nil
	}
}

func TestOverflow(t *testing.T) {
	limit := 16384
	if text, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events"); err == nil {
		fmt.Sscan(string(text), &limit)
	}
	if limit > 100_000 {
		t.Skipf("fs.inotify.max_queued_events is %d, which takes too long to fill: set it to 16384, as the kernel does", limit)
	}
	root := t.TempDir()
	var busy [2]*os.File
	for i := range busy {
		f, err := os.Create(filepath.Join(root, fmt.Sprint(i, ".log")))
		check(t, err)
		defer f.Close()
		busy[i] = f
	}
	var log logBook
	cfg := testConfig(root)
	cfg.Log = log.logger()
	w := newWatcher(t, cfg)
	release := make(chan struct{})
	w.open = stalled(release)
	run(t, w)
	c := consume(t, w, tree(root))
	c.expect("the overflow", func() {
		// The kernel keeps one of several equal events in a row; and fsnotify has taken up to 4096 off the queue.
		for i := range limit + 8192 {
			_, err := busy[i%2].WriteAt([]byte("x"), 0)
			check(t, err)
		}
		write(t, filepath.Join(root, "new", "a.yaml"), "a")
		close(release)
	})
	if log.count("overflow") == 0 {
		t.Error("the queue did not overflow")
	}
	c.expect("a directory whose making was lost", func() { write(t, filepath.Join(root, "new", "a.yaml"), "b") })
}

// A loss alone leads to a kick: nobody knows what was lost.
func TestLossKicks(t *testing.T) {
	w := newWatcher(t, testConfig(t.TempDir()))
	faults := make(chan error)
	w.open = func() (*source, error) {
		s, err := openSource()
		if err == nil {
			s.errors = faults
		}
		return s, err
	}
	stop := run(t, w)
	faults <- fsnotify.ErrEventOverflow
	select {
	case <-w.Kicks():
	case <-time.After(patient):
		t.Error("no kick after a loss")
	}
	close(faults)
	stop()
}

func TestLossIsAnEvent(t *testing.T) {
	b := newInbox()
	for i := range maxNames {
		b.event(fsnotify.Event{Name: fmt.Sprint(i), Op: fsnotify.Write})
	}
	b.event(fsnotify.Event{Name: "1", Op: fsnotify.Create})
	if ops, lost, _ := b.take(); lost || len(ops) != maxNames || ops["1"] != fsnotify.Write|fsnotify.Create {
		t.Errorf("%d names, lost %v, %v", len(ops), lost, ops["1"])
	}
	for i := range maxNames + 1 {
		b.event(fsnotify.Event{Name: fmt.Sprint(i), Op: fsnotify.Write})
	}
	if _, lost, _ := b.take(); !lost {
		t.Error("a name too many is not a loss")
	}
	b.fault(fsnotify.ErrEventOverflow)
	if _, lost, errs := b.take(); !lost || len(errs) != 1 {
		t.Error("an overflow is not a loss")
	}
}

// scarce is a kernel with no watches left for some directories.
type scarce struct {
	adder
	left *atomic.Bool
}

func (s scarce) Add(dir string) error {
	if strings.Contains(dir, "many") && !s.left.Load() {
		return syscall.ENOSPC
	}
	return s.adder.Add(dir)
}

func TestOutOfWatches(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, "many", "a.yaml")
	write(t, path, "a")
	var log logBook
	cfg := testConfig(root)
	cfg.Poll, cfg.Log = 3*quiet, log.logger()
	w := newWatcher(t, cfg)
	var left atomic.Bool
	w.open = func() (*source, error) {
		s, err := openSource()
		if err == nil {
			s.adder = scarce{s.adder, &left}
		}
		return s, err
	}
	run(t, w)
	c := consume(t, w, tree(root))
	for i := range 3 {
		c.expect("a change that makes no event", func() { write(t, path, fmt.Sprint(i)) })
		c.expect("one that makes one", func() { write(t, filepath.Join(root, "b.yaml"), fmt.Sprint(i)) })
	}
	if n := log.count("max_user_watches="); n != 1 {
		t.Errorf("the shortage was logged %d times, want once", n)
	}
	left.Store(true)
	eventually(t, "the end of the shortage in the log", func() bool { return log.count("watched again") == 1 })
}

func TestOutOfDescriptors(t *testing.T) {
	root := t.TempDir()
	var log logBook
	cfg := testConfig(root)
	cfg.Poll, cfg.Log = 2*quiet, log.logger()
	w := newWatcher(t, cfg)
	var left atomic.Bool
	w.open = func() (*source, error) {
		if !left.Load() {
			return nil, fmt.Errorf("couldn't initialize inotify: %w", syscall.EMFILE)
		}
		return openSource()
	}
	run(t, w)
	c := consume(t, w, tree(root))
	for i := range 3 {
		c.expect("a change", func() { write(t, filepath.Join(root, "a", "a.yaml"), fmt.Sprint(i)) })
	}
	if n := log.count("fs.inotify.max_user_instances"); n != 1 {
		t.Errorf("the shortage was logged %d times, want once", n)
	}
	left.Store(true)
	eventually(t, "the end of the shortage in the log", func() bool { return log.count("watched again") == 1 })
}

func TestNoLeaks(t *testing.T) {
	descriptors := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("/proc is missing, where open files are counted: run this test on Linux")
		}
		return len(entries)
	}
	root := t.TempDir()
	before := 0
	for i := range 5 {
		write(t, filepath.Join(root, fmt.Sprint(i), "a.yaml"), "a")
		w := newWatcher(t, testConfig(root))
		w.SetFiles([]string{filepath.Join(root, "0", "a.yaml")})
		stop := run(t, w)
		write(t, filepath.Join(root, fmt.Sprint(i), "a.yaml"), "b")
		<-w.Kicks()
		write(t, filepath.Join(root, fmt.Sprint(i), "a.yaml"), "c") // stops with something pending
		stop()
		if err := w.Run(t.Context()); err == nil {
			t.Error("Run ran twice")
		}
		if i == 0 {
			before = descriptors() // the runtime's own are open from now on
		}
	}
	if after := descriptors(); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func TestBeat(t *testing.T) {
	var beats atomic.Int32
	cfg := testConfig(t.TempDir())
	cfg.Beat = func() { beats.Add(1) }
	w := newWatcher(t, cfg)
	run(t, w)
	start := time.Now()
	eventually(t, "three beats", func() bool { return beats.Load() >= 3 })
	if took := time.Since(start); took > 2*beatEvery+time.Second {
		t.Errorf("three beats took %v", took)
	}
}

func TestBadConfig(t *testing.T) {
	for _, cfg := range []Config{{}, {Roots: []string{"."}, Poll: -1}} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v: no error", cfg)
		}
	}
	w := newWatcher(t, Config{Roots: []string{"b", "a", "b"}})
	if len(w.cfg.Roots) != 2 || !filepath.IsAbs(w.cfg.Roots[0]) || w.cfg.Debounce != 500*time.Millisecond || w.cfg.Poll != time.Minute {
		t.Errorf("%+v", w.cfg)
	}
}
