// Package watch tells that files may have changed.
//
// Events wake, they inform nothing: whoever is kicked reads everything anew. So an event that is lost, doubled or
// wrongly named does no harm as long as some other one arrives, and a poll that compares contents makes up for file
// systems and limits of the kernel that let none arrive.
//
// Directories are watched, never files, as editors replace files. Watched are every directory of a root but the
// hidden ones, and every directory on the way to a root or file, down from "/", for the one entry that matters there:
// so a symbolic link that is swapped is noticed, and so is a root that is moved away or made anew.
//
// The package does not know what the files mean, whether they are valid, which of them are read, and what becomes of
// a kick. It follows no symbolic links to directories inside a root, and it writes nothing.
package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Config says what is watched. Its zero values are those of the comments.
type Config struct {
	Roots    []string      // directories or single files; may be symbolic links, may not exist yet
	Debounce time.Duration // quiet time before a kick; 0 is 500 ms
	MaxDelay time.Duration // longest delay under constant change; 0 is 5 s
	Poll     time.Duration // time between comparisons of all contents; 0 is 1 minute
	GitWait  time.Duration // longest wait while .git/index.lock exists; 0 is 1 minute
	Beat     func()        // called at least every 5 s while the loop is alive; may be nil
	Log      *slog.Logger  // may be nil
}

// Watcher watches files. Create it before the first reading: what changes from then on leads to a kick, also
// if it changed before Run.
type Watcher struct {
	cfg   Config
	open  func() (*source, error)
	kicks chan struct{}
	born  time.Time
	base  snapshot // as of New
	begun atomic.Bool
	ready chan struct{} // closed once everything is watched

	newFiles chan struct{}
	mu       sync.Mutex
	files    []string // sorted
}

// New prepares a Watcher and reads what it will watch. It holds neither goroutines nor descriptors before Run.
func New(cfg Config) (*Watcher, error) {
	if len(cfg.Roots) == 0 {
		return nil, errors.New("watch: no roots: name at least one directory or file")
	}
	roots, err := absolute(cfg.Roots)
	if err != nil {
		return nil, err
	}
	cfg.Roots = roots
	for _, d := range []struct {
		name  string
		value *time.Duration
		zero  time.Duration
	}{
		{"Debounce", &cfg.Debounce, 500 * time.Millisecond},
		{"MaxDelay", &cfg.MaxDelay, 5 * time.Second},
		{"Poll", &cfg.Poll, time.Minute},
		{"GitWait", &cfg.GitWait, time.Minute},
	} {
		if *d.value < 0 {
			return nil, fmt.Errorf("watch: %s is %v: it must not be negative", d.name, *d.value)
		}
		if *d.value == 0 {
			*d.value = d.zero
		}
	}
	if cfg.Beat == nil {
		cfg.Beat = func() {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	w := &Watcher{
		cfg:      cfg,
		open:     openSource,
		kicks:    make(chan struct{}, 1),
		born:     time.Now(),
		ready:    make(chan struct{}),
		newFiles: make(chan struct{}, 1),
	}
	w.base, err = takeSnapshot(context.Background(), func() {}, cfg.Roots, nil)
	return w, err
}

// Kicks gives a value when something may have changed since the last one. Values coalesce, and one that nobody has
// taken is withdrawn when changes begin anew, so that a reader which was busy does not start in the middle of them.
// The channel is never closed.
func (w *Watcher) Kicks() <-chan struct{} { return w.kicks }

// SetFiles names files that are read besides the roots, wherever they lie. They replace those named earlier. A file
// that is new among them may have changed between its reading and this call; if its times do not rule that out, a
// kick follows.
func (w *Watcher) SetFiles(paths []string) {
	files, err := absolute(paths)
	if err != nil {
		w.cfg.Log.Warn("some referenced files are not watched", "error", err)
	}
	w.mu.Lock()
	same := slices.Equal(w.files, files)
	w.files = files
	w.mu.Unlock()
	if !same {
		signal(w.newFiles)
	}
}

func (w *Watcher) currentFiles() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.files
}

// Run watches until ctx ends and then returns nil. It can be called once. All goroutines and descriptors are
// gone when it returns.
func (w *Watcher) Run(ctx context.Context) error {
	if w.begun.Swap(true) {
		return errors.New("watch: Run was called twice")
	}
	newLoop(w).run(ctx)
	return nil
}

// signal fills a channel of capacity 1.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// absolute makes paths absolute and clean, sorted, each once. The paths that it could make so are given also
// with an error.
func absolute(paths []string) (abs []string, err error) {
	for _, p := range paths {
		a, e := filepath.Abs(p)
		if e != nil {
			err = fmt.Errorf("watch %s: %w", p, e)
			continue
		}
		abs = append(abs, a)
	}
	slices.Sort(abs)
	return slices.Compact(abs), err
}
