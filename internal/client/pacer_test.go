package client

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// window is a server that lets limit requests pass in each period.
type window struct {
	limit     int
	period    time.Duration
	latency   time.Duration // there and back
	late      bool          // remaining before this request rather than after it
	reset     func(now, end time.Time) string
	onDemand  bool // a window begins with the first request in it, rather than by the clock
	mu        sync.Mutex
	begin     time.Time
	used      int
	refusals  int
	served    int
	refusedAt time.Time
}

func (w *window) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(w.latency / 2)
	resp := w.count()
	time.Sleep(w.latency - w.latency/2)
	return resp, r.Context().Err()
}

func (w *window) count() *http.Response {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if end := w.begin.Add(w.period); !now.Before(end) {
		w.used = 0
		if w.begin = now; !w.onDemand {
			w.begin = now.Truncate(w.period)
		}
	}
	status := 200
	before := w.limit - w.used
	if w.used < w.limit {
		w.used++
		w.served++
	} else {
		status = 429
		w.refusals++
		w.refusedAt = now
	}
	remaining := w.limit - w.used
	if w.late {
		remaining = before
	}
	return respond(status, `{"data":{}}`, "X-Ratelimit-Limit", strconv.Itoa(w.limit),
		"X-Ratelimit-Remaining", strconv.Itoa(remaining), "X-Ratelimit-Reset", w.reset(now, w.begin.Add(w.period)))
}

var resets = map[string]func(now, end time.Time) string{
	"seconds":       func(now, end time.Time) string { return fmt.Sprintf("%.3f", end.Sub(now).Seconds()) },
	"epoch":         func(now, end time.Time) string { return fmt.Sprintf("%.3f", float64(end.UnixMilli())/1000) },
	"whole seconds": func(now, end time.Time) string { return fmt.Sprint(math.Ceil(end.Sub(now).Seconds())) },
	"whole epoch":   func(now, end time.Time) string { return fmt.Sprint(int64(math.Ceil(float64(end.UnixMilli()) / 1000))) },
}

func TestPacingKeepsToTheLimitAndReachesIt(t *testing.T) {
	for name, reset := range resets {
		for _, limit := range []int{1, 5, 20, 100} {
			for _, onDemand := range []bool{false, true} {
				for _, late := range []bool{false, true} {
					if late && len(name) > 8 {
						continue // wrong by one and rounded at once: a stray 429 is fair
					}
					if onDemand && name == "whole epoch" {
						continue // an end rounded up to the clock's second hides most of every other window
					}
					t.Run(fmt.Sprintf("%s, limit %d, on demand %v, late %v", name, limit, onDemand, late), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							w := &window{limit: limit, period: time.Second, latency: 40 * time.Millisecond, reset: reset, onDemand: onDemand, late: late}
							c := newClient(t, Config{Transport: w})
							c.budget.tokens = 1e9
							start := time.Now()
							const windows = 20
							var wg sync.WaitGroup
							for range limit * windows {
								wg.Go(func() {
									if err := calls["GET"](t.Context(), c); err != nil {
										t.Error(err)
									}
								})
							}
							wg.Wait()
							took := time.Since(start)
							if w.refusals > 0 && w.refusedAt.Sub(start) >= time.Second {
								t.Errorf("%d refusals, the last after %v", w.refusals, w.refusedAt.Sub(start))
							}
							// What the first window cost, and half a round trip a window where it begins on demand; where the
							// end of a window is told in whole seconds, some of it is lost.
							most := (windows + 1) * time.Second
							if onDemand {
								most += windows * w.latency
							}
							if len(name) > 8 {
								most += windows * 2 * w.latency
							}
							if took > most {
								t.Errorf("%d requests took %v, at most %v", limit*windows, took, most)
							}
						})
					})
				}
			}
		}
	}
}

func TestPacingAtALowLoadCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &window{limit: 20, period: time.Second, latency: 40 * time.Millisecond, reset: resets["seconds"]}
		c := newClient(t, Config{Transport: w})
		start := time.Now()
		for range 100 {
			if err := calls["GET"](t.Context(), c); err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond)
		}
		if d := time.Since(start); d != 100*60*time.Millisecond || w.refusals > 0 {
			t.Errorf("took %v, %d refusals", d, w.refusals)
		}
	})
}

func TestPacingByTheHeaders(t *testing.T) {
	type step struct {
		limit, remaining, reset, retryAfter string
		status                              int
		wait                                time.Duration // before the next request goes
	}
	epoch := func(d time.Duration) string { return fmt.Sprint(time.Now().Add(d).Unix()) }
	for name, steps := range map[string]func() []step{
		"used up":           func() []step { return []step{{"10", "0", "3", "", 200, 3 * time.Second}} },
		"fraction":          func() []step { return []step{{"10", "0", "0.25", "", 200, 250 * time.Millisecond}} },
		"epoch":             func() []step { return []step{{"10", "0", epoch(7 * time.Second), "", 200, 7 * time.Second}} },
		"epoch in ms":       func() []step { return []step{{"10", "0", epoch(7*time.Second) + "000", "", 200, 7 * time.Second}} },
		"capped":            func() []step { return []step{{"10", "0", "7200", "", 200, maxWait}} },
		"epoch capped":      func() []step { return []step{{"10", "0", epoch(time.Hour), "", 200, maxWait}} },
		"epoch in the past": func() []step { return []step{{"10", "0", epoch(-time.Hour), "", 200, 0}} },
		"rounded down":      func() []step { return []step{{"10", "0", "0", "", 200, time.Second}} },
		"parameters":        func() []step { return []step{{"10, 10;w=5", "0", "5;x", "", 200, 5 * time.Second}} },
		"some left":         func() []step { return []step{{"10", "1", "3", "", 200, 0}, {"10", "0", "3", "", 200, 3 * time.Second}} },
		"the earlier end":   func() []step { return []step{{"10", "1", "2", "", 200, 0}, {"10", "0", "9", "", 200, 2 * time.Second}} },
		"no reset":          func() []step { return []step{{"10", "0", "", "", 200, 0}} },
		"429":               func() []step { return []step{{"", "", "", "4", 429, 4 * time.Second}} },
		"429 and reset":     func() []step { return []step{{"10", "7", "4", "", 429, 4 * time.Second}} },
		"429 prefers one":   func() []step { return []step{{"10", "0", "9", "4", 429, 4 * time.Second}} },
		"429 capped":        func() []step { return []step{{"", "", "", "900", 429, maxWait}} },
		"headers cease": func() []step {
			return []step{{"2", "1", "", "", 200, 0}, {"", "", "", "", 200, 0}, {"", "", "", "", 200, 0}}
		},
		"limit 0":            func() []step { return []step{{"0", "0", "9", "", 200, 0}} },
		"negative":           func() []step { return []step{{"10", "-1", "9", "", 200, 0}} },
		"words":              func() []step { return []step{{"many", "few", "soon", "later", 200, 0}} },
		"infinite":           func() []step { return []step{{"Inf", "0", "9", "", 200, 0}, {"10", "NaN", "9", "", 200, 0}} },
		"reset is no number": func() []step { return []step{{"10", "0", "NaN", "", 200, 0}} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPacer()
				for i, s := range steps() {
					tk, err := p.acquire(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					p.done(tk, answer{status: s.status, sent: true, header: http.Header{
						"X-Ratelimit-Limit": {s.limit}, "X-Ratelimit-Remaining": {s.remaining}, "X-Ratelimit-Reset": {s.reset}, "Retry-After": {s.retryAfter},
					}})
					start := time.Now()
					tk, err = p.acquire(t.Context())
					if d := time.Since(start); err != nil || d < s.wait || d > s.wait+resetSlack {
						t.Errorf("step %d: waited %v, want %v: %v", i, d, s.wait, err)
					}
					p.done(tk, answer{}) // never sent
				}
			})
		})
	}
}

func TestPacingWaitsForAnswersAndEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		tell := func(tk ticket, remaining, reset string) {
			p.done(tk, answer{status: 200, sent: true, header: http.Header{"X-Ratelimit-Limit": {"2"}, "X-Ratelimit-Remaining": {remaining}, "X-Ratelimit-Reset": {reset}}})
		}
		first, _ := p.acquire(t.Context())
		second, _ := p.acquire(t.Context())
		tell(first, "1", "")
		// One left, one in flight, and nobody says for how long: it is the answer that is waited for.
		got := make(chan error, 1)
		go func() {
			_, err := p.acquire(t.Context())
			got <- err
		}()
		synctest.Wait()
		select {
		case <-got:
			t.Fatal("more is sent than the limit permits")
		default:
		}
		tell(second, "1", "")
		if err := <-got; err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.acquire(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestConfiguredRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n := always(t, 200, `{"data":{}}`)
		c2 := newClient(t, Config{Rate: 50, Transport: c.http.Transport})
		start := time.Now()
		var wg sync.WaitGroup
		for range 101 {
			wg.Go(func() { calls["GET"](t.Context(), c2) })
		}
		wg.Wait()
		if d := time.Since(start); n.Load() != 101 || d < 1999*time.Millisecond || d > 2001*time.Millisecond {
			t.Errorf("%d requests in %v", n.Load(), d)
		}
		slow := newClient(t, Config{Rate: 0.01, Transport: c.http.Transport})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		calls["GET"](ctx, slow)
		if err := calls["GET"](ctx, slow); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// Others use the limit, too: what is left of it is what Telnyx says, and an answer that says nothing has used one of it.
func TestAnswersWithoutLimitsUseTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		send := func(h http.Header) bool {
			ticket, _, wait := p.try(time.Now())
			if wait != nil {
				return false
			}
			p.done(ticket, answer{sent: true, status: 200, header: h})
			return true
		}
		left := func(n string) http.Header {
			return http.Header{"X-Ratelimit-Limit": {"10"}, "X-Ratelimit-Remaining": {n}, "X-Ratelimit-Reset": {"60"}}
		}
		if !send(left("9")) || !send(left("2")) { // others have sent six in between
			t.Fatal("the first requests wait")
		}
		for i := range 2 {
			if !send(http.Header{}) {
				t.Fatalf("request %d of the 2 that are left waits", i+1)
			}
		}
		if send(http.Header{}) {
			t.Error("a third went, and 2 were left")
		}
		time.Sleep(61 * time.Second)
		if !send(http.Header{}) {
			t.Error("the next window does not begin")
		}
	})
}

// What was sent in one window may have been counted in the next, in which its answer comes: there it uses one, too.
func TestAnAnswerOfAnEarlierWindowUsesTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		send := func() (ticket, bool) {
			tk, _, wait := p.try(time.Now())
			return tk, wait == nil
		}
		tell := func(tk ticket, remaining string) {
			p.done(tk, answer{sent: true, status: 200, header: http.Header{
				"X-Ratelimit-Limit": {"10"}, "X-Ratelimit-Remaining": {remaining}, "X-Ratelimit-Reset": {"1"},
			}})
		}
		first, _ := send()
		tell(first, "9")
		slow, _ := send()
		time.Sleep(2 * time.Second)
		if _, sent := send(); !sent {
			t.Fatal("the next window does not begin")
		}
		tell(slow, "8")
		for n := 1; ; n++ {
			if _, sent := send(); sent {
				continue
			}
			if n != 9 {
				t.Errorf("%d of 10 went, beside the one of before", n)
			}
			return
		}
	})
}
