package daemon

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/kinds"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/spec"
	"telnyxsync/internal/telnyxsim"
)

// wire hands requests to a simulator without a network, and to nobody while it is down.
type wire struct {
	sim  *telnyxsim.Sim
	down atomic.Bool
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	defer r.Body.Close()
	if w.down.Load() {
		return nil, io.ErrUnexpectedEOF
	}
	rec := httptest.NewRecorder()
	w.sim.ServeHTTP(rec, r)
	res := rec.Result()
	res.Header.Set("Date", w.sim.Now().UTC().Format(http.TimeFormat))
	res.Request = r
	return res, nil
}

const mediaYAML = `
media:
  year: {file: hold.xml}
  month: {file: hold.xml, ttl: 30d, renew_before: 3d}
  week: {file: hold.xml, ttl: 7d, renew_before: 1d}
  life-only: {ttl: 10d, renew_before: 2d}
  url: {media_url: "https://media.example.com/a.mp3", ttl: 20d, renew_before: 2d}
`

const day = 24 * time.Hour

// lives are ttl and renew_before of the media above.
var lives = map[string][2]time.Duration{
	"year": {365 * day, 365 * day / 10}, "month": {30 * day, 3 * day}, "week": {7 * day, day}, "life-only": {10 * day, 2 * day}, "url": {20 * day, 2 * day},
}

// In two years no medium expires while the daemon runs, each is renewed at most once in a period, and
// nothing but the daemon's own clock wakes it. Every now and then Telnyx is down for half a day.
func TestMediaAreRenewedForTwoYears(t *testing.T) { mediaAreRenewed(t, 2*365*day, 0) }

// Nor do they on a machine whose clock is three days off.
func TestMediaAreRenewedByTelnyxsClock(t *testing.T) {
	for _, ahead := range []time.Duration{3 * day, -3 * day} {
		t.Run(ahead.String(), func(t *testing.T) { mediaAreRenewed(t, 200*day, ahead) })
	}
}

// mediaAreRenewed lets the daemon run for some time; Telnyx's clock is ahead of the machine's.
func mediaAreRenewed(t *testing.T, span, ahead time.Duration) {
	t.Helper()
	dir, stateDir := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{"a.yaml": mediaYAML, "hold.xml": "<?xml version=\"1.0\"?><Response/>\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		sim, err := telnyxsim.New(telnyxsim.Config{
			Account: []byte(`{"media":[{"media_name":"life-only"}]}`), Now: func() time.Time { return time.Now().Add(ahead) },
		})
		if err != nil {
			t.Fatal(err)
		}
		w := &wire{sim: sim}
		l := newTestLoop(t, apply.Jobs()...)
		l.stateDir, l.alive, l.idle = stateDir, 30*day, func() {}
		l.engine = mediaEngine(t, w)
		l.Load = func(...string) (resource.Config, error) { return spec.Load(l.engine.Kinds, dir) }
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); l.work(ctx) }()
		l.kick(reconcile, "start")

		begin := time.Now()
		for time.Since(begin) < span {
			time.Sleep(6 * time.Hour)
			synctest.Wait()
			days := int(time.Since(begin) / day)
			w.down.Store(days%17 == 16 && time.Since(begin)%day < day/2)
			if missing := mediaMissing(t, sim); len(missing) > 0 {
				t.Fatalf("day %d: %v expired", days, missing)
			}
		}
		cancel()
		<-ended
		checkRenewals(t, sim, span)
	})
}

func mediaEngine(t *testing.T, transport http.RoundTripper) *apply.Engine {
	c, err := client.New(client.Config{BaseURL: "http://127.0.0.1/v2", Key: "KEY", Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	e := &apply.Engine{Kinds: kinds.Pure(kinds.Table()), Operations: map[string]apply.Operations{}, BaseURL: c.BaseURL(), Key: "KEY", Numbers: kinds.NewNumbers(c), ClockSkew: c.ClockSkew}
	for _, row := range kinds.Table() {
		if row.Open != nil {
			e.Operations[row.Name] = row.Open(c)
		}
	}
	return e
}

// mediaMissing are the media that calls cannot play now.
func mediaMissing(t *testing.T, sim *telnyxsim.Sim) (missing []string) {
	t.Helper()
	var account struct {
		Media []struct {
			Name    string    `json:"media_name"`
			Expires time.Time `json:"expires_at"`
		}
	}
	if err := json.Unmarshal(sim.Account(), &account); err != nil {
		t.Fatal(err)
	}
	alive := map[string]bool{}
	for _, m := range account.Media {
		alive[m.Name] = m.Expires.After(sim.Now())
	}
	for name := range lives {
		if !alive[name] {
			missing = append(missing, name)
		}
	}
	return missing
}

// checkRenewals looks at when each medium was written.
func checkRenewals(t *testing.T, sim *telnyxsim.Sim, span time.Duration) {
	t.Helper()
	written := map[string][]time.Time{}
	for _, r := range sim.Journal() {
		if name, ok := strings.CutPrefix(r.Path, "/media/"); ok && r.Method == http.MethodPut && r.Status == http.StatusOK {
			written[name] = append(written[name], r.Time)
		}
	}
	for name, life := range lives {
		period := life[0] - life[1]
		if n, want := len(written[name]), int(span/period); n < want-1 || n > want+1 {
			t.Errorf("%s: written %d times, want about %d", name, n, want)
		}
		for i := 1; i < len(written[name]); i++ { // Telnyx's clock shows to the second
			if gap := written[name][i].Sub(written[name][i-1]); gap < period-time.Second || gap > life[0] {
				t.Errorf("%s: renewed after %v, want at least %v", name, gap, period)
			}
		}
	}
}
