package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"telnyxsync/internal/daemon"
)

// patience is how long a test waits for what must come. It is long, as machines are busy; nothing
// is measured by it.
const patience = 40 * time.Second

// running is a daemon as a process of its own.
type running struct {
	*rig
	cmd     *exec.Cmd
	out     *buffer
	address string
	notices *notices
	ended   chan error
}

// buffer is written by a process and read by a test.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// notices are what a daemon tells systemd.
type notices struct {
	mu  sync.Mutex
	all []string
}

func listenNotices(t testing.TB) (*notices, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "tn") // short: a socket's path has 108 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	n := &notices{}
	go func() {
		b := make([]byte, 64<<10)
		for {
			k, err := conn.Read(b)
			if err != nil {
				return
			}
			n.mu.Lock()
			n.all = append(n.all, string(b[:k]))
			n.mu.Unlock()
		}
	}()
	return n, path
}

func (n *notices) list() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string{}, n.all...)
}

// startDaemon starts `telnyxsync run` on r's files. more are further lines of its configuration.
func startDaemon(t testing.TB, r *rig, more string) *running {
	t.Helper()
	socket, err := os.MkdirTemp("", "td")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(socket) })
	d := &running{rig: r, out: &buffer{}, address: "unix:" + filepath.Join(socket, "s"), ended: make(chan error, 1)}
	config := filepath.Join(filepath.Dir(r.state), "telnyxsync.yaml")
	d.config(config, more)
	var notify string
	d.notices, notify = listenNotices(t)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	t.Cleanup(cancel)
	d.cmd = r.process(ctx, "run", "--config", config)
	d.cmd.Env = append(d.cmd.Env, "NOTIFY_SOCKET="+notify, "WATCHDOG_USEC=600000000")
	d.cmd.Stdout, d.cmd.Stderr = d.out, d.out
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { d.ended <- d.cmd.Wait() }()
	t.Cleanup(func() {
		_ = d.cmd.Process.Kill()
		if t.Failed() {
			t.Logf("the daemon's log:\n%s", d.out)
		}
	})
	return d
}

func (d *running) config(path, more string) {
	d.t.Helper()
	text := fmt.Sprintf("configs: %s\nlisten: %s\nlog: {format: text}\n%s\n", d.dir, d.address, more)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func (d *running) signal(s os.Signal) {
	d.t.Helper()
	if err := d.cmd.Process.Signal(s); err != nil {
		d.t.Fatal(err)
	}
}

// stop ends the daemon and wants exit code 0.
func (d *running) stop() {
	d.t.Helper()
	d.signal(syscall.SIGTERM)
	select {
	case err := <-d.ended:
		if err != nil {
			d.t.Errorf("the daemon ended with %v, want exit code 0", err)
		}
	case <-time.After(patience):
		d.t.Fatal("the daemon does not end")
	}
}

func (d *running) status() *daemon.Status {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	s, err := askDaemon(ctx, d.address)
	if err != nil {
		return nil
	}
	return s
}

// served is what the daemon serves under a path.
func (d *running) served(path string) string {
	d.t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", strings.TrimPrefix(d.address, "unix:"))
	}}
	res, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Get("http://localhost" + path)
	if err != nil {
		return "" // it is not there yet
	}
	defer res.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil {
		d.t.Fatal(err)
	}
	return b.String()
}

// until waits for something to become true.
func until(t testing.TB, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if f() {
			return
		}
	}
	t.Fatalf("it never came to this: %s", what)
}

// untilStatus waits for a status; it fails with the last one.
func (d *running) untilStatus(what string, f func(s *daemon.Status) bool) {
	d.t.Helper()
	var last *daemon.Status
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if last = d.status(); last != nil && f(last) {
			return
		}
	}
	text, _ := json.MarshalIndent(last, "", " ")
	d.t.Fatalf("it never came to this: %s; the status is\n%s", what, text)
}

func (r *rig) connectors() map[string]any {
	out := map[string]any{}
	for _, c := range r.account(nil)["siprec_connectors"] {
		out[c["name"].(string)] = c["port"]
	}
	return out
}

func TestDaemon(t *testing.T) {
	t.Parallel()
	sim := startSim(t)
	r := newRigAt(t, sim)
	r.write("a.yaml", "siprec_connectors:\n  one: {host: a.example.com, port: 5060}\n  two: {host: a.example.com, port: 5060}\n")
	d := startDaemon(t, r, "prune: owned\nschedules: {reconcile: '@every 1m'}")
	ports := func(want string) {
		t.Helper()
		until(t, want, func() bool { return fmt.Sprint(r.connectors()) == want })
	}
	ports("map[one:5060 two:5060]")
	d.untilStatus("ready", func(s *daemon.Status) bool { return s.Ready && s.OK() && s.Config.Entries == 2 })
	r.run(0, "status", "--listen", d.address)

	t.Log("an edit is applied")
	r.write("a.yaml", "siprec_connectors:\n  one: {host: a.example.com, port: 5061}\n  two: {host: a.example.com, port: 5060}\n")
	ports("map[one:5061 two:5060]")

	t.Log("drift is repaired at the next sweep, here one that SIGUSR1 starts")
	r.account(func(a map[string][]map[string]any) { a["siprec_connectors"][0]["port"] = 5099 })
	d.signal(syscall.SIGUSR1)
	ports("map[one:5061 two:5060]")

	t.Log("a broken file: the last good one stays in force and repairs drift, nothing is deleted")
	r.write("a.yaml", "siprec_connectors:\n  one: {host: a.example.com, port: none}\n")
	d.untilStatus("errors", func(s *daemon.Status) bool {
		return len(s.Config.Errors) == 1 && s.Config.InForce == "last good" && strings.Contains(s.Config.Errors[0], "a.yaml:2:")
	})
	if out, _ := r.run(1, "status", "--listen", d.address); !strings.Contains(out, "port: must be a whole number") {
		t.Errorf("status: %s", out)
	}
	r.account(func(a map[string][]map[string]any) { a["siprec_connectors"][1]["port"] = 5098 })
	d.signal(syscall.SIGUSR1)
	ports("map[one:5061 two:5060]")

	t.Log("the fix is picked up")
	r.write("a.yaml", "siprec_connectors:\n  one: {host: a.example.com, port: 5062}\n  two: {host: a.example.com, port: 5060}\n")
	ports("map[one:5062 two:5060]")
	d.untilStatus("no errors", func(s *daemon.Status) bool { return len(s.Config.Errors) == 0 && s.OK() })

	t.Log("an emptied directory deletes nothing")
	if err := os.Remove(filepath.Join(r.dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	d.untilStatus("errors", func(s *daemon.Status) bool { return len(s.Config.Errors) == 1 })
	d.signal(syscall.SIGUSR1)
	r.write("a.yaml", "siprec_connectors:\n  one: {host: a.example.com, port: 5063}\n  two: {host: a.example.com, port: 5060}\n")
	ports("map[one:5063 two:5060]")

	t.Log("the API is down for a while: not ready, but healthy; when it is back, one pass repairs")
	r.control("POST", "/faults", []any{map[string]any{"match": "* /siprec_connectors/*", "do": "drop-before-commit", "times": -1}})
	r.account(func(a map[string][]map[string]any) { a["siprec_connectors"][0]["port"] = 5097 })
	d.signal(syscall.SIGUSR1)
	d.untilStatus("problems", func(s *daemon.Status) bool { return s.Healthy && !s.Ready && len(s.Problems) == 2 })
	r.control("DELETE", "/faults", nil)
	d.signal(syscall.SIGUSR1)
	ports("map[one:5063 two:5060]")

	t.Log("a reload with a good and with a broken configuration of the daemon")
	config := filepath.Join(filepath.Dir(r.state), "telnyxsync.yaml")
	d.config(config, "prune: never\nmode: observe")
	d.signal(syscall.SIGHUP)
	d.untilStatus("observe", func(s *daemon.Status) bool { return s.Mode == "observe" && s.Ready })
	d.config(config, "prune: perhaps")
	d.signal(syscall.SIGHUP)
	d.untilStatus("a reload error", func(s *daemon.Status) bool { return strings.Contains(s.ReloadErr, "perhaps") && s.Mode == "observe" })

	t.Log("a reload to an address that is taken keeps the old one")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	old := d.address
	d.address = taken.Addr().String()
	d.config(config, "prune: never\nmode: observe")
	d.address = old
	d.signal(syscall.SIGHUP)
	d.untilStatus("a reload error", func(s *daemon.Status) bool { return strings.Contains(s.ReloadErr, "in use") && s.Mode == "observe" })

	t.Log("mode observe reports drift and repairs nothing")
	r.account(func(a map[string][]map[string]any) { a["siprec_connectors"][0]["port"] = 5096 })
	r.clear()
	d.signal(syscall.SIGUSR1)
	d.untilStatus("drift", func(s *daemon.Status) bool { return s.Drift == 1 })
	if _, writes := r.calls(); len(writes) > 0 {
		t.Errorf("observe wrote: %v", writes)
	}

	t.Log("an idle daemon stops at once, and starts clean again")
	d.stop()
	checkNotices(t, d.notices.list())
	d = startDaemon(t, r, "prune: owned")
	ports("map[one:5063 two:5060]")
	d.stop()
}

// checkNotices wants what systemd is told in its order.
func checkNotices(t *testing.T, all []string) {
	t.Helper()
	var order []string
	for _, n := range all {
		for line := range strings.Lines(n) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			switch key {
			case "READY", "RELOADING", "STOPPING":
				order = append(order, key)
			case "MONOTONIC_USEC":
				order = append(order, key)
				if len(value) < 3 {
					t.Errorf("MONOTONIC_USEC=%s", value)
				}
			}
		}
	}
	want := "[READY" + strings.Repeat(" RELOADING MONOTONIC_USEC READY", 3) + " STOPPING]"
	if fmt.Sprint(order) != want {
		t.Errorf("systemd was told %v, want %s\n%q", order, want, all)
	}
	if last := all[len(all)-1]; !strings.Contains(last, "STOPPING=1") {
		t.Errorf("the last notice is %q", last)
	}
}

// SIGTERM in the middle of an apply: what is under way is finished or journalled, the exit code is
// 0, and the next start ends with each entry made once.
func TestDaemonStopsInTheMiddle(t *testing.T) {
	t.Parallel()
	r := newRigAt(t, startSim(t, "--latency", "30ms"))
	var yaml strings.Builder
	yaml.WriteString("external_connections:\n")
	const entries = 60
	for i := range entries {
		fmt.Fprintf(&yaml, "  c%02d: %s\n", i, zoom)
	}
	r.write("a.yaml", yaml.String())
	d := startDaemon(t, r, "prune: never\napi: {concurrency: 2}")
	made := func() int { return len(r.account(nil)["external_connections"]) }
	until(t, "some are made", func() bool { return made() > 5 })
	d.stop()
	if n := made(); n >= entries {
		t.Logf("all %d were made before it stopped: this run shows little", n)
	}
	d = startDaemon(t, r, "prune: never")
	until(t, "all are made", func() bool { return made() == entries })
	d.untilStatus("success", func(s *daemon.Status) bool { return s.OK() })
	d.stop()
	if n := made(); n != entries {
		t.Errorf("%d connections for %d entries", n, entries)
	}
	r.run(0, "diff")
}

func TestDaemonHTTP(t *testing.T) {
	t.Parallel()
	r := newRigAt(t, startSim(t))
	r.write("a.yaml", "siprec_connectors:\n  one: {host: a.example.com, port: 5060}\n")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	d := startDaemon(t, r, "")
	config := filepath.Join(filepath.Dir(r.state), "telnyxsync.yaml")
	_ = d // its configuration lacks prune: it does not start
	select {
	case err := <-d.ended:
		if err == nil || !strings.Contains(d.out.String(), "prune: it is missing") {
			t.Errorf("%v: %s", err, d.out)
		}
	case <-time.After(patience):
		t.Fatal("it runs without prune")
	}
	d = startDaemon(t, r, "prune: never")
	d.untilStatus("ready", func(s *daemon.Status) bool { return s.Ready })
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte(strings.Replace(string(text), d.address, address, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	d.signal(syscall.SIGHUP)
	get := func(path, host string) (int, string) {
		req, err := http.NewRequest(http.MethodGet, "http://"+address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if host != "" {
			req.Host = host
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, err.Error()
		}
		defer res.Body.Close()
		var b bytes.Buffer
		_, _ = b.ReadFrom(res.Body)
		return res.StatusCode, b.String()
	}
	until(t, "it listens at its new address", func() bool { code, _ := get("/readyz", ""); return code == 200 })
	for path, want := range map[string]string{
		"/healthz": "ok", "/readyz": "Plan", "/status": `"in_force": "current"`, "/metrics": "telnyxsync_last_success_timestamp_seconds",
	} {
		if code, text := get(path, ""); code != 200 || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s", path, code, text)
		}
		if code, _ := get(path, "evil.example.com"); code != 403 {
			t.Errorf("%s for another host: %d, want 403", path, code)
		}
	}
	res, err := http.Post("http://"+address+"/status", "text/plain", nil)
	if err != nil || res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST /status: %v %v", err, res)
	}
	d.stop()
}
