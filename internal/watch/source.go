package watch

import (
	"sync"

	"github.com/fsnotify/fsnotify"
)

// adder is what the kernel is asked for.
type adder interface {
	Add(dir string) error
	Remove(dir string) error
	Close() error // also closes the channels
}

// source gives events.
type source struct {
	adder
	events <-chan fsnotify.Event
	errors <-chan error
}

func openSource() (*source, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	return &source{adder: w, events: w.Events, errors: w.Errors}, nil
}

// maxNames is how many names an inbox keeps apart.
const maxNames = 4096

// inbox collects events until somebody has time for them.
//
// It is filled by a goroutine of its own that never waits: fsnotify may hold the lock that Add needs while it delivers an
// error, and the kernel's queue overflows if it is not emptied.
type inbox struct {
	ready chan struct{} // capacity 1: something has come

	mu   sync.Mutex
	ops  map[string]fsnotify.Op
	lost bool    // events were lost
	errs []error // other errors
}

func newInbox() *inbox {
	return &inbox{ready: make(chan struct{}, 1), ops: map[string]fsnotify.Op{}}
}

// fill takes what a source gives until that is closed.
func (b *inbox) fill(s *source) {
	events, errs := s.events, s.errors
	for events != nil || errs != nil {
		select {
		case e, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			b.event(e)
		case err, ok := <-errs:
			if !ok {
				errs = nil
				continue
			}
			b.fault(err)
		}
		signal(b.ready)
	}
}

func (b *inbox) event(e fsnotify.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.ops[e.Name]; !known && len(b.ops) >= maxNames {
		b.lost = true
		return
	}
	b.ops[e.Name] |= e.Op
}

// fault takes every error for a loss: what it was about is not known.
func (b *inbox) fault(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lost = true
	if len(b.errs) < 8 {
		b.errs = append(b.errs, err)
	}
}

// take empties the inbox.
func (b *inbox) take() (ops map[string]fsnotify.Op, lost bool, errs []error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ops, lost, errs = b.ops, b.lost, b.errs
	b.ops, b.lost, b.errs = map[string]fsnotify.Op{}, false, nil
	return ops, lost, errs
}
