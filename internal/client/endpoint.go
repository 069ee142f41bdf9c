package client

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// endpoint is a checked base URL.
type endpoint struct{ url *url.URL }

func (e endpoint) String() string { return e.url.String() }

// parseEndpoint checks a base URL. Its errors do not repeat the URL, which may hold a password by mistake.
func parseEndpoint(raw string) (endpoint, error) {
	if raw == "" {
		raw = DefaultBaseURL
	}
	u, err := url.Parse(raw)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return endpoint{}, fmt.Errorf("base URL: %w: want something like %s", err, DefaultBaseURL)
	}
	switch {
	case u.User != nil:
		return endpoint{}, errors.New("base URL: it must not hold a user or password: the API key is passed apart")
	case strings.ContainsAny(raw, "?#"):
		return endpoint{}, errors.New("base URL: it must not hold a query or fragment")
	case u.Opaque != "" || u.Hostname() == "":
		return endpoint{}, fmt.Errorf("base URL: no host: want something like %s", DefaultBaseURL)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return endpoint{}, fmt.Errorf("base URL: http would send the API key in the clear: use https://%s", u.Host)
	case u.Scheme != "http" && u.Scheme != "https":
		return endpoint{}, fmt.Errorf("base URL: scheme %q: want https", u.Scheme)
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return endpoint{}, fmt.Errorf("base URL: port %s: want 1 to 65535", p)
		}
	}
	host := strings.ToLower(u.Hostname())
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if p := u.Port(); p != "" && p != defaultPort(u.Scheme) {
		host += ":" + p
	}
	n := &url.URL{Scheme: u.Scheme, Host: host, Path: strings.TrimRight(u.Path, "/")}
	if u.RawPath != "" {
		n.RawPath = strings.TrimRight(u.RawPath, "/")
	}
	return endpoint{url: n}, nil
}

// loopback reports whether a host is this machine by its very name: nothing is resolved.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

func defaultPort(scheme string) string {
	if scheme == "http" {
		return "80"
	}
	return "443"
}

// hostPort is a URL's host with its port written out, for comparing.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = defaultPort(u.Scheme)
	}
	return strings.ToLower(net.JoinHostPort(u.Hostname(), port))
}

// path joins segments to a path below the base URL, each escaped so that it stays one segment whatever it holds: names
// come from users, and `../recordings` must not become another collection. Segments that no escaping saves are refused.
func (c *Client) path(segments ...string) (string, error) {
	var b strings.Builder
	for _, s := range segments {
		if s == "" || s == "." || s == ".." {
			return "", fmt.Errorf("%q cannot stand in a path of the API: an id or name is missing or wrong", s)
		}
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	return b.String(), nil
}

// resolve makes the full URL of an escaped path.
func (e endpoint) resolve(path string, query url.Values) (*url.URL, error) {
	u, err := url.Parse(e.url.Scheme + "://" + e.url.Host + e.url.EscapedPath() + path)
	if err != nil {
		return nil, err
	}
	u.RawQuery = query.Encode()
	return u, nil
}
