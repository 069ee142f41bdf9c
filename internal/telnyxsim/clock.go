package telnyxsim

import (
	"math"
	"sync"
	"time"
)

// Advance moves the clock, by 292 years in all at most.
func (s *Sim) Advance(d time.Duration) { s.clock.Advance(d) }

// Now is the time on the simulator's clock.
func (s *Sim) Now() time.Time { return s.clock.Now() }

// clock is a source of time that can be moved.
type clock struct {
	now    func() time.Time
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now().Add(c.offset)
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := c.offset + d
	switch { // a sum that wrapped around would throw the clock into the past
	case d > 0 && sum < c.offset:
		sum = math.MaxInt64
	case d < 0 && sum > c.offset:
		sum = math.MinInt64
	}
	c.offset = sum
}
