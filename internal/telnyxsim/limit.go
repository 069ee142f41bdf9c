package telnyxsim

import (
	"strconv"
	"sync"
	"time"
)

// limiter counts requests in windows of one second. A window opens with the first
// request after the last one has closed.
type limiter struct {
	rate int // 0: unlimited

	mu    sync.Mutex
	start time.Time
	used  int
}

// take counts a request. It returns whether it is one too many, and the headers
// that tell the client where it stands.
func (l *limiter) take(now time.Time) (limited bool, header map[string]string) {
	if l.rate == 0 {
		return false, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.start.IsZero() || now.Sub(l.start) >= time.Second {
		l.start, l.used = now, 0
	}
	l.used++
	limited = l.used > l.rate
	left := l.start.Add(time.Second).Sub(now)
	reset := strconv.Itoa(max(1, int((left+time.Second-1)/time.Second)))
	header = map[string]string{
		"X-Ratelimit-Limit":     strconv.Itoa(l.rate),
		"X-Ratelimit-Remaining": strconv.Itoa(max(0, l.rate-l.used)),
		"X-Ratelimit-Reset":     reset,
	}
	if limited {
		header["Retry-After"] = reset
	}
	return limited, header
}
