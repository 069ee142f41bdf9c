package daemon

import (
	"slices"
	"sync"
	"time"
)

// The parts that must be alive for the daemon to be.
const (
	partLoop      = "loop"
	partWatcher   = "watcher"
	partScheduler = "scheduler"
)

// beats remembers when each part last showed that it is alive.
type beats struct {
	mu   sync.Mutex
	last map[string]time.Time
}

func newBeats() *beats {
	now := time.Now()
	return &beats{last: map[string]time.Time{partLoop: now, partWatcher: now, partScheduler: now}}
}

func (b *beats) beat(part string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last[part] = time.Now()
}

// silent lists the parts that have not been heard of for longer than limit.
func (b *beats) silent(limit time.Duration) (parts []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for part, at := range b.last {
		if time.Since(at) > limit {
			parts = append(parts, part)
		}
	}
	slices.Sort(parts)
	return parts
}
