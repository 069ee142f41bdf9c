package client

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// pacer keeps requests below Telnyx's limit by the x-ratelimit-* headers, so that a 429 is the exception.
//
// It knows a window by its limit, by the lowest "remaining" that an answer has told of, and by the requests in flight.
// What may still go is that lowest remaining minus what is in flight: an answer's number may or may not include the
// requests still on their way, and each of them either comes back with a lower number or is shown to have been included.
// So the bound is never too high and yet recovers everything by the time the answers are in: the whole limit is usable.
//
// No limit is assumed before the first answer, and headers that make no sense change nothing.
type pacer struct {
	mu       sync.Mutex
	limit    int           // of one window; 0: not known yet
	low      int           // lowest remaining told of in this window
	sent     int           // requests sent in this window
	inflight int           // requests without an answer yet, of whatever window
	reset    time.Time     // end of this window; zero: not known yet
	hold     time.Time     // nothing is sent before this: a 429 said so
	window   int           // counts windows
	changed  chan struct{} // closed and replaced whenever an answer came
}

// ticket remembers under which circumstances a request was sent.
type ticket struct {
	window  int
	ceiling int // the lowest remaining known when it was sent
}

// resetSlack makes up for reset times that are cut to milliseconds.
const resetSlack = time.Millisecond

func newPacer() *pacer { return &pacer{changed: make(chan struct{})} }

// acquire waits until a request may go. Every ticket must come back through done.
func (p *pacer) acquire(ctx context.Context) (ticket, error) {
	for {
		if err := ctx.Err(); err != nil {
			return ticket{}, err
		}
		t, wait, changed := p.try(time.Now())
		if changed == nil {
			return t, nil
		}
		var expired <-chan time.Time
		stop := func() bool { return false }
		if wait > 0 {
			timer := time.NewTimer(wait)
			expired, stop = timer.C, timer.Stop
		}
		select {
		case <-expired:
		case <-changed:
		case <-ctx.Done():
		}
		stop()
	}
}

// try gives a ticket, or a channel to wait on and a time after which to try again (0: no such time).
func (p *pacer) try(now time.Time) (ticket, time.Duration, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Before(p.hold) {
		return ticket{}, p.hold.Sub(now), p.changed
	}
	if p.limit > 0 {
		if !p.reset.IsZero() && !now.Before(p.reset) {
			p.renew(p.limit, time.Time{})
		}
		if p.left() <= 0 {
			switch {
			case !p.reset.IsZero():
				return ticket{}, p.reset.Sub(now), p.changed
			case p.inflight > 0:
				return ticket{}, 0, p.changed // the answers will tell when this window ends
			}
			// Used up, and nobody says until when: the headers have ceased.
			p.renew(p.limit, time.Time{})
		}
	}
	t := ticket{window: p.window, ceiling: math.MaxInt}
	if p.limit > 0 {
		t.ceiling = p.low
	}
	p.inflight++
	p.sent++
	return t, 0, nil
}

func (p *pacer) left() int { return min(p.limit-p.sent, p.low-p.inflight) }

func (p *pacer) renew(remaining int, reset time.Time) {
	p.window++
	p.low, p.sent, p.reset = remaining, p.limit-remaining, reset
}

// done takes a request's answer into account, or its lack.
func (p *pacer) done(t ticket, a answer) {
	now := time.Now()
	h := readLimits(a.header, now)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inflight--
	known := p.limit > 0
	switch {
	case !a.sent:
		if t.window == p.window {
			p.sent--
		}
	case !h.ok:
		p.low-- // it may have been counted all the same
	case !known:
		p.limit, p.low, p.sent, p.reset = h.limit, h.remaining, h.limit-h.remaining, h.reset
	case t.window != p.window:
		// Sent in an earlier window: whether its numbers are of that one or of this cannot be told. Counting it here
		// errs on the safe side.
		p.limit = h.limit
		p.low--
	case h.remaining > t.ceiling:
		// More than there was when it was sent: the server has begun a new window before we did.
		p.limit = h.limit
		p.renew(h.remaining, h.reset)
	default:
		p.limit = h.limit
		p.low = min(p.low, h.remaining)
		// Seconds are mostly rounded up, so of two ends for one window the earlier is the better.
		if p.reset.IsZero() || (!h.reset.IsZero() && h.reset.Before(p.reset)) {
			p.reset = h.reset
		}
	}
	if a.status == http.StatusTooManyRequests {
		p.low = min(p.low, 0)
		until := h.reset
		if d, ok := retryAfter(a.header, now); ok {
			until = now.Add(d)
		}
		if !until.IsZero() {
			p.reset = until
		}
		if until.After(p.hold) {
			p.hold = until
		}
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// limits are the x-ratelimit-* headers of one answer.
type limits struct {
	limit, remaining int
	reset            time.Time // zero: not said
	ok               bool      // limit and remaining make sense
}

func readLimits(h http.Header, now time.Time) limits {
	var l limits
	limit, ok1 := number(h.Get("X-Ratelimit-Limit"))
	remaining, ok2 := number(h.Get("X-Ratelimit-Remaining"))
	if ok1 && ok2 && limit >= 1 && limit < math.MaxInt32 && remaining >= 0 {
		l.ok = true
		l.limit, l.remaining = int(limit), int(min(remaining, limit))
	}
	text := h.Get("X-Ratelimit-Reset")
	reset, ok := number(text)
	switch {
	case !ok:
	case reset > 1e8: // an epoch: as seconds to wait it would be years
		if reset > 1e11 {
			reset /= 1000 // in milliseconds
		}
		at := time.Unix(0, int64(min(reset, 9e9)*1e9))
		d := min(max(at.Sub(serverNow(h, now)), 0), maxWait)
		l.reset = now.Add(d + resetSlack)
	case strings.TrimSpace(text) == "0":
		// Rounded down: the window ends within this second. Taking it for "now" would send into a full window.
		l.reset = now.Add(time.Second)
	default:
		l.reset = now.Add(seconds(reset) + resetSlack)
	}
	return l
}

// number reads a header's number: not negative, finite, and followed by nothing but parameters or list members as in
// "100, 100;w=60".
func number(s string) (float64, bool) {
	if i := strings.IndexAny(s, ",;"); i >= 0 {
		s = s[:i]
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || f < 0 {
		return 0, false
	}
	return f, true
}
