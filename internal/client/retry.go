package client

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	maxAttempts = 4
	backoffBase = 250 * time.Millisecond
	backoffCap  = 10 * time.Second
	// maxWait caps every wait that a header asks for: a wrong header must not stop the program for a day.
	maxWait = 60 * time.Second
)

// do sends a request and sends it again where that is safe and may help. What comes back with an error is what the last
// attempt brought, so Meta is right for failures too.
func (c *Client) do(ctx context.Context, r request) (answer, error) {
	if r.mask == nil {
		r.mask = c.mask
	}
	c.budget.earn()
	var sent, doubt bool // over all attempts: the first may have taken effect though the last was never sent
	for n := 1; ; n++ {
		a, e := c.attempt(ctx, r, n)
		if e == nil {
			return a, nil
		}
		sent, doubt = sent || e.Sent, doubt || e.uncertain()
		e.Sent, e.doubt = sent, doubt
		switch {
		case !e.again:
			return a, e
		case n == maxAttempts:
			e.note = "after " + strconv.Itoa(n) + " attempts"
			return a, e
		case !c.budget.spend():
			e.note = "not retried: too many requests failed of late, and retries are limited to a tenth of all requests"
			return a, e
		}
		if err := sleep(ctx, max(backoff(n), e.RetryAfter)); err != nil {
			e.note = "stopped while waiting to retry"
			e.Err = errors.Join(err, e.Err)
			return a, e
		}
	}
}

// retriable decides whether a failed attempt may be sent again. A 409 is not here: on Telnyx it means that something is
// still in progress, and waiting for that is the caller's business.
func retriable(method string, a answer) bool {
	switch {
	case errors.Is(a.err, context.Canceled), errors.Is(a.err, context.DeadlineExceeded):
		return false // the caller's; a timeout of one attempt is errTimeout
	case errors.Is(a.err, ErrReadOnly), errors.Is(a.err, errTooLarge), isOurs(a.err):
		return false
	case a.status == http.StatusTooManyRequests:
		return true
	}
	if method == http.MethodPost {
		// Even a refusal on the way, a 503 say, does not prove that nothing was made.
		return !a.sent && !untrusted(a.err)
	}
	switch a.status {
	case 0:
		return !untrusted(a.err)
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	if a.status/100 == 2 {
		return method == http.MethodGet || a.err != nil
	}
	return false
}

// untrusted reports an error that another attempt will only repeat: a certificate that does not verify.
func untrusted(err error) bool {
	var cert *tls.CertificateVerificationError
	return errors.As(err, &cert)
}

// backoff is the wait after attempt n: full jitter, so that many clients do not come back together.
func backoff(n int) time.Duration {
	return rand.N(min(backoffCap, backoffBase<<min(n-1, 16)) + 1)
}

// budget keeps retries at a tenth of all requests over time, with a reserve for short troubles. When much fails,
// repeating everything four times makes an outage worse.
type budget struct {
	mu     sync.Mutex
	tokens float64
}

const (
	budgetCap  = 20
	budgetEarn = 0.1 // per call
)

func newBudget() *budget { return &budget{tokens: budgetCap} }

func (b *budget) earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = min(b.tokens+budgetEarn, budgetCap)
}

func (b *budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// retryAfter reads Retry-After, seconds or an HTTP date, capped at maxWait. Telnyx does not document it.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	s := strings.TrimSpace(h.Get("Retry-After"))
	if s == "" {
		return 0, false
	}
	if f, ok := number(s); ok {
		return seconds(f), true
	}
	if t, err := http.ParseTime(s); err == nil {
		return min(max(t.Sub(serverNow(h, now)), 0), maxWait), true
	}
	return 0, false
}

// serverNow is the time to read a server's absolute times by: our own, unless the Date header shows that the clocks differ
// by more than its resolution and a slow answer explain.
func serverNow(h http.Header, now time.Time) time.Time {
	if t, err := http.ParseTime(h.Get("Date")); err == nil && t.Sub(now).Abs() > 5*time.Second {
		return t
	}
	return now
}

// seconds turns a header's number into a wait between nothing and maxWait.
func seconds(f float64) time.Duration {
	if f >= maxWait.Seconds() {
		return maxWait
	}
	return max(time.Duration(f*float64(time.Second)), 0)
}
