package daemon

import (
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// How long an entry that failed is left alone: doubled each time, from the first to the last.
const (
	backoffFirst = 5 * time.Second
	backoffLast  = 10 * time.Minute
)

// backoff remembers what failed, so that it is tried again later without holding up what is
// healthy. The zero address stands for a pass as a whole.
type backoff struct {
	entries map[resource.Addr]pause
}

type pause struct {
	delay time.Duration
	until time.Time
}

func newBackoff() *backoff { return &backoff{entries: map[resource.Addr]pause{}} }

// failed puts the next attempt off.
func (b *backoff) failed(a resource.Addr, now time.Time) {
	delay := min(max(b.entries[a].delay*2, backoffFirst), backoffLast)
	b.entries[a] = pause{delay, now.Add(delay)}
}

func (b *backoff) succeeded(a resource.Addr) { delete(b.entries, a) }

// clear forgets all: the files changed, or somebody asked for a pass.
func (b *backoff) clear() { clear(b.entries) }

// waiting tells whether it is too early to try again.
func (b *backoff) waiting(a resource.Addr, now time.Time) bool { return now.Before(b.entries[a].until) }

// release lets go of what has waited for long enough. How long it waited is remembered, for the
// case that it fails again.
func (b *backoff) release(now time.Time) {
	for a, p := range b.entries {
		if !now.Before(p.until) {
			b.entries[a] = pause{delay: p.delay}
		}
	}
}

// next is when the first of all may be tried again; zero if nothing waits.
func (b *backoff) next() (first time.Time) {
	for _, p := range b.entries {
		if !p.until.IsZero() && (first.IsZero() || p.until.Before(first)) {
			first = p.until
		}
	}
	return first
}

// take learns from the outcomes of a pass. Phone numbers have their own times, see package numbers.
func (b *backoff) take(outcomes []plan.Outcome, now time.Time) {
	for i := range outcomes {
		switch o := &outcomes[i]; {
		case o.Items != nil:
		case o.Status == plan.Done:
			b.succeeded(o.Addr)
		case o.Status == plan.Failed, o.Status == plan.InDoubt, o.Status == plan.Unverified:
			b.failed(o.Addr, now)
		default: // nothing was tried
		}
	}
}
