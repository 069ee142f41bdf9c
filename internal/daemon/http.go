package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"
)

// aliveWithin is how long a part may be silent before /healthz says that it is not alive.
const aliveWithin = 2 * time.Minute

// current is the status with what is known only now.
func (d *Daemon) current() Status {
	s := d.board.snapshot()
	s.Silent = append([]string{}, d.beats.silent(aliveWithin)...)
	s.Healthy = len(s.Silent) == 0
	return s
}

// handler answers /healthz, /readyz, /status and /metrics. Nothing there writes.
func (d *Daemon) handler() http.Handler {
	mux := http.NewServeMux()
	answer := func(ok bool, text string, w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if !ok {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprintln(w, text)
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		s := d.current()
		if !s.Healthy {
			answer(false, "not alive: "+strings.Join(s.Silent, ", "), w)
			return
		}
		answer(true, "ok", w)
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		s := d.current()
		answer(s.Ready, s.Line(), w)
	})
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		_ = e.Encode(d.current()) // who asked has gone
	})
	mux.Handle("GET /metrics", d.metrics.handler())
	return mux
}

// localOnly refuses requests whose Host is not a loopback address: a page in a browser that was
// led here by its own name must not read the status.
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
		if host != "localhost" && (err != nil || !addr.IsLoopback()) {
			http.Error(w, "this is served on loopback only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// listen opens the address of the configuration.
func listen(ctx context.Context, address string) (net.Listener, error) {
	path, unix := strings.CutPrefix(address, "unix:")
	if !unix {
		return (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	}
	// A socket that nobody answers at was left behind by a process that was killed.
	if c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", path); err == nil {
		_ = c.Close()
		return nil, fmt.Errorf("%s is in use by another process", path)
	} else if info, statErr := os.Lstat(path); statErr == nil && info.Mode()&fs.ModeSocket != 0 {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	return (&net.ListenConfig{}).Listen(ctx, "unix", path)
}

// serve answers until ctx ends.
func (d *Daemon) serve(ctx context.Context, l net.Listener) error {
	h := d.handler()
	if l.Addr().Network() == "tcp" {
		h = localOnly(h)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute}
	done := make(chan struct{})
	defer context.AfterFunc(ctx, func() {
		defer close(done)
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if srv.Shutdown(patience) != nil {
			_ = srv.Close() // somebody reads too slowly
		}
	})()
	err := srv.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		<-done
		return nil
	}
	return err
}
