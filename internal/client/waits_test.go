package client

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRetryAfter(t *testing.T) {
	for _, tc := range []struct {
		value    string
		min, max time.Duration
	}{
		{"2", 2 * time.Second, 2 * time.Second},
		{"1.5", 1500 * time.Millisecond, 1500 * time.Millisecond},
		{"86400", maxWait, maxWait},
		{"1e300", maxWait, maxWait},
		{"date+3s", 3 * time.Second, 3 * time.Second},
		{"date+900s", maxWait, maxWait},
		{"date-9s", 0, backoffBase},
		{"-5", 0, backoffBase},
		{"soon", 0, backoffBase},
		{"NaN", 0, backoffBase},
		{"", 0, backoffBase},
	} {
		for _, status := range []int{429, 503} {
			synctest.Test(t, func(t *testing.T) {
				value := tc.value
				if s, ok := strings.CutPrefix(value, "date"); ok {
					d, _ := time.ParseDuration(s)
					value = time.Now().Add(d).UTC().Format(http.TimeFormat)
				}
				n := 0
				c := newClient(t, Config{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
					if n++; n == 1 {
						return respond(status, "", "Retry-After", value), nil
					}
					return respond(200, `{"data":{}}`), nil
				})})
				start := time.Now()
				err := calls["GET"](t.Context(), c)
				if d := time.Since(start); err != nil || d < tc.min || d > tc.max {
					t.Errorf("%d, %q: waited %v, %v", status, tc.value, d, err)
				}
			})
		}
	}
}

func TestTimeoutOfOneAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c := newClient(t, Config{Timeout: time.Second, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if n++; n < 3 {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return respond(200, `{"data":{}}`), nil
		})})
		if err := calls["PUT"](t.Context(), c); err != nil || n != 3 {
			t.Errorf("%v after %d attempts", err, n)
		}
		n = 0
		err := calls["POST"](t.Context(), c)
		if n != 1 || !Unknown(err) || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "(1s)") {
			t.Errorf("%v after %d attempts", err, n)
		}
	})
}

func TestCancellation(t *testing.T) {
	hang := roundTrip(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	always := func(status int, headers ...string) roundTrip {
		return func(*http.Request) (*http.Response, error) { return respond(status, "", headers...), nil }
	}
	for _, tc := range []struct {
		name, method string
		rt           roundTrip
		unknown      bool
	}{
		{"while waiting to retry", "GET", always(503, "Retry-After", "50"), false},
		{"while waiting after a refusal", "POST", always(429, "Retry-After", "50"), false},
		{"while waiting after a perhaps", "PATCH", always(503, "Retry-After", "50"), true},
		{"in flight, GET", "GET", hang, false},
		{"in flight, POST", "POST", hang, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newClient(t, Config{Transport: tc.rt})
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				start := time.Now()
				err := calls[tc.method](ctx, c)
				if d := time.Since(start); d != 10*time.Second || !errors.Is(err, context.DeadlineExceeded) || Unknown(err) != tc.unknown {
					t.Errorf("after %v: %v, unknown %v", d, err, Unknown(err))
				}
			})
		})
	}
	c, n := answers(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for method, call := range calls {
		if err := call(ctx, c); !errors.Is(err, context.Canceled) || Unknown(err) || *n != 0 {
			t.Errorf("%s with a context that is done: %v", method, err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, Config{Transport: hang, Concurrency: 1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go calls["GET"](ctx, c)
		synctest.Wait()
		if err := calls["POST"](ctx, c); !errors.Is(err, context.DeadlineExceeded) || Unknown(err) {
			t.Errorf("while waiting for a slot: %v", err)
		}
	})
}

func TestServerClockThatDiffers(t *testing.T) {
	now := time.Date(2026, 7, 16, 12, 0, 0, 0, time.UTC)
	for _, skew := range []time.Duration{-time.Hour, -2 * time.Second, 0, time.Hour} {
		server := now.Add(skew)
		h := http.Header{"Date": {server.Format(http.TimeFormat)}, "Retry-After": {server.Add(9 * time.Second).Format(http.TimeFormat)}}
		want := 9 * time.Second
		if skew.Abs() < 5*time.Second {
			want += skew // no more than a slow answer explains
		}
		if d, ok := retryAfter(h, now); !ok || d != want {
			t.Errorf("skew %v: %v, want %v", skew, d, want)
		}
	}
}
