package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"telnyxsync/internal/contract"
	"telnyxsync/internal/daemon"
	"telnyxsync/internal/telnyxsim"
)

// flaky answers some of the requests badly: with an error, or by dropping the connection before or
// after the request was carried out.
type flaky struct {
	next http.Handler
	on   atomic.Bool
}

func (f *flaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const share = 5 // percent
	if !f.on.Load() || !strings.HasPrefix(r.URL.Path, "/v2") || rand.IntN(100) >= share {
		f.next.ServeHTTP(w, r)
		return
	}
	switch rand.IntN(3) {
	case 0:
		w.WriteHeader(http.StatusServiceUnavailable)
	case 1:
		panic(http.ErrAbortHandler)
	default:
		f.next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
}

// gauges reads numbers of the daemon's process from its metrics.
func (d *running) gauges(names ...string) map[string]float64 {
	d.t.Helper()
	out := map[string]float64{}
	for line := range strings.Lines(d.served("/metrics")) {
		for _, n := range names {
			if v, ok := strings.CutPrefix(line, n+" "); ok {
				out[n], _ = strconv.ParseFloat(strings.TrimSpace(v), 64)
			}
		}
	}
	return out
}

// TestSoak lets a daemon run under constant edits, drift and faults, and wants it back as it was:
// goroutines and descriptors at their starting count, the account equal to the files.
// TELNYXSYNC_SOAK sets the time, and with it the size.
func TestSoak(t *testing.T) {
	length, entries := 5*time.Second, 60
	if text := os.Getenv("TELNYXSYNC_SOAK"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
		entries = 2000
	}
	sim, err := telnyxsim.New(telnyxsim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	f := &flaky{next: contract.Wrap(t, sim)}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	r := newRigAt(t, srv.URL)
	const files = 9 // each holds entries of both kinds
	limits := make([]int, entries)
	for i := range limits {
		limits[i] = 1 // to fall to none is what guards count
	}
	writeFile := func(i int) {
		var b strings.Builder
		b.WriteString("external_connections:\n")
		for e := i; e < entries; e += files {
			if e%4 != 3 {
				fmt.Fprintf(&b, "  c%04d: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: \"1\", channel_limit: %d}}\n", e, limits[e])
			}
		}
		b.WriteString("siprec_connectors:\n")
		for e := i; e < entries; e += files {
			if e%4 == 3 {
				fmt.Fprintf(&b, "  s%04d: {host: a.example.com, port: %d}\n", e, 5000+limits[e])
			}
		}
		r.write(fmt.Sprintf("f%d.yaml.new", i), b.String())
		if err := os.Rename(fmt.Sprintf("%s/f%d.yaml.new", r.dir, i), fmt.Sprintf("%s/f%d.yaml", r.dir, i)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range files {
		writeFile(i)
	}
	d := startDaemon(t, r, "prune: never")
	d.untilStatus("all is there", func(s *daemon.Status) bool { return s.OK() && s.Config.Entries == entries })
	names := []string{"go_goroutines", "process_open_fds", "process_resident_memory_bytes"}
	d.signal(syscall.SIGUSR1)
	d.untilStatus("nothing to do", func(s *daemon.Status) bool { return s.OK() && len(s.LastPass.Outcomes) == 0 })
	var start map[string]float64
	settled := func() map[string]float64 {
		time.Sleep(time.Second)
		return d.gauges(names...)
	}
	start = settled()
	t.Logf("start: %v", start)

	f.on.Store(true)
	end, report := time.Now().Add(length), time.Now().Add(time.Minute)
	for time.Now().Before(end) {
		for range 1 + rand.IntN(3) {
			limits[rand.IntN(entries)] = 1 + rand.IntN(50)
		}
		writeFile(rand.IntN(files))
		drift(t, sim)
		if rand.IntN(10) == 0 {
			d.signal(syscall.SIGUSR1)
		}
		if time.Now().After(report) {
			t.Logf("now: %v", d.gauges(names...))
			report = time.Now().Add(time.Minute)
		}
		time.Sleep(time.Duration(rand.IntN(600)) * time.Millisecond)
	}
	f.on.Store(false)
	for i := range files {
		writeFile(i)
	}
	equal := func() bool {
		d.signal(syscall.SIGUSR1)
		time.Sleep(500 * time.Millisecond)
		s := d.status()
		return s != nil && s.OK() && len(s.LastPass.Outcomes) == 0
	}
	until(t, "nothing is left to do", equal)
	r.run(0, "diff")
	if n := len(r.account(nil)["external_connections"]) + len(r.account(nil)["siprec_connectors"]); n != entries {
		t.Errorf("%d objects for %d entries", n, entries)
	}
	var last map[string]float64
	until(t, fmt.Sprintf("goroutines and descriptors are at their starting count %v", start), func() bool {
		last = settled()
		return last["go_goroutines"] <= start["go_goroutines"] && last["process_open_fds"] <= start["process_open_fds"]
	})
	t.Logf("end: %v", last)
	d.stop()
}

// drift changes something behind the daemon's back.
func drift(t testing.TB, sim *telnyxsim.Sim) {
	t.Helper()
	call := func(method, path, body string) []byte {
		req := httptest.NewRequest(method, "/v2"+path, strings.NewReader(body))
		req.Header.Set("Authorization", "Bearer somebody")
		req.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, req)
		return w.Body.Bytes()
	}
	var list struct{ Data []struct{ ID string } }
	page := 1 + rand.IntN(3)
	if err := json.Unmarshal(call("GET", fmt.Sprintf("/external_connections?page[number]=%d&page[size]=10", page), ""), &list); err != nil || len(list.Data) == 0 {
		return
	}
	call("PATCH", "/external_connections/"+list.Data[rand.IntN(len(list.Data))].ID,
		fmt.Sprintf(`{"outbound":{"outbound_voice_profile_id":"1","channel_limit":%d}}`, 100+rand.IntN(50)))
}
