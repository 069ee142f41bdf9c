package telnyxsim

import (
	"slices"
	"sync"
	"time"
)

// late has the requests that were answered before they were done. Each is done at its own
// time on the simulator's clock, and shows when the next request or Account looks.
type late struct {
	mu   sync.Mutex // held while one is done, so that whoever looks sees it
	open []promise  // the next one first
}

// promise is what is going to be done, and when.
type promise struct {
	at time.Time
	do func(at time.Time)
}

func (l *late) add(at time.Time, do func(at time.Time)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = append(l.open, promise{at, do})
	slices.SortStableFunc(l.open, func(a, b promise) int { return a.at.Compare(b.at) })
}

// catchUp does all that is due.
func (l *late) catchUp(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.open) > 0 && !l.open[0].at.After(now) {
		next := l.open[0]
		l.open = l.open[1:]
		next.do(next.at)
	}
}
