package client

import (
	"errors"
	"net/http"
)

// ErrReadOnly is the refusal of a read-only client to send anything but GET.
var ErrReadOnly = errors.New("this is a dry run: its client sends nothing but GET")

const maxRedirects = 5

// transport wraps what carries the requests. The read-only guard sits innermost, where no caller and no redirect can
// pass it by.
func transport(rt http.RoundTripper, concurrency int, readOnly bool) http.RoundTripper {
	if rt == nil {
		t, ok := http.DefaultTransport.(*http.Transport)
		if ok {
			t = t.Clone()
		} else {
			t = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
		}
		t.MaxIdleConnsPerHost = concurrency
		t.MaxIdleConns = max(t.MaxIdleConns, concurrency)
		rt = t
	}
	if readOnly {
		return getOnly{rt}
	}
	return rt
}

// getOnly is what makes a dry run unable to write.
type getOnly struct{ next http.RoundTripper }

func (g getOnly) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, ErrReadOnly
	}
	return g.next.RoundTrip(r)
}

func (g getOnly) CloseIdleConnections() {
	if c, ok := g.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// checkRedirect follows a redirect only for GET and only within the host and scheme that the key was meant for. One that
// is not followed comes back as the answer it is, and becomes an error with its status.
func checkRedirect(next *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case first.Method != http.MethodGet,
		next.URL.Scheme != first.URL.Scheme,
		hostPort(next.URL) != hostPort(first.URL),
		next.URL.User != nil, // it would replace the Authorization header
		len(via) > maxRedirects:
		return http.ErrUseLastResponse
	}
	return nil
}
