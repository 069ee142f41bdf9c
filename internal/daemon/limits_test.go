package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
)

func TestLimits(t *testing.T) {
	load := func(more string) (Config, error) {
		path := filepath.Join(t.TempDir(), "telnyxsync.yaml")
		if err := os.WriteFile(path, []byte("configs: /c\nprune: never\n"+more), 0o600); err != nil {
			t.Fatal(err)
		}
		return LoadConfig(path, apply.Jobs())
	}
	for more, want := range map[string]apply.Limits{
		"": apply.DefaultLimits(),
		"limits:\n  recordings: {max: 5}\n  transcriptions: {max: 0}\n": {
			plan.Deletes: {Max: 10, Percent: 20}, plan.Capacity: {Max: 10, Percent: 20}, plan.Numbers: {Max: 50, Percent: 20}, plan.Adoptions: {Max: 10, Percent: 20},
			plan.Vanished: {Max: 10, Percent: 20}, plan.Recordings: {Max: 5}, plan.Transcriptions: {Max: 0}, plan.Released: {},
		},
		"limits:\n  deletes: {max: 1, max_percent: 2}\n  capacity: {max: 3}\n  numbers: {max_percent: 4}\n  adoptions: {max: 5, max_percent: 6}\n  vanished: {max: 7, max_percent: 8}\n": {
			plan.Deletes: {Max: 1, Percent: 2}, plan.Capacity: {Max: 3, Percent: 20}, plan.Numbers: {Max: 50, Percent: 4}, plan.Adoptions: {Max: 5, Percent: 6},
			plan.Vanished: {Max: 7, Percent: 8}, plan.Recordings: {Max: 100}, plan.Transcriptions: {Max: 100}, plan.Released: {},
		},
		"max_deletes: 3\nmax_delete_percent: 50\n": { // so many may be made anew, too
			plan.Deletes: {Max: 3, Percent: 50}, plan.Capacity: {Max: 10, Percent: 20}, plan.Numbers: {Max: 50, Percent: 20}, plan.Adoptions: {Max: 10, Percent: 20},
			plan.Vanished: {Max: 3, Percent: 20}, plan.Recordings: {Max: 100}, plan.Transcriptions: {Max: 100}, plan.Released: {},
		},
	} {
		c, err := load(more)
		if err != nil || fmt.Sprint(c.Limits) != fmt.Sprint(want) {
			t.Errorf("%q: %v %v, want %v", more, c.Limits, err, want)
		}
	}
	for more, want := range map[string]string{
		"limits:\n  recordins: {max: 5}\n":   ":4:3: limits.recordins:",
		"limits:\n  recordings: {max: -1}\n": ":4:21: limits.recordings.max:",
		"limits:\n  recordings: {most: 1}\n": ":4:16: limits.recordings.most:",
	} {
		if _, err := load(more); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", more, err, want)
		}
	}
}

// More is due than the limit allows: nothing is deleted, and that shows until it is no longer so.
func TestTooMuchIsDue(t *testing.T) {
	account := func() any {
		list := []any{}
		for i := range 4 {
			list = append(list, map[string]any{"id": fmt.Sprint("r", i), "created_at": time.Now().Add(-40 * day).UTC().Format(time.RFC3339)})
		}
		return map[string]any{"recordings": list}
	}
	withRetention(t, func(c *Config) { c.Enforce = true }, account, func(r *retention) {
		r.engine.Limits = apply.Limits{plan.Recordings: {Max: 3}}
		r.write(monthYAML)
		r.kick(reconcile, "start")
		r.left("the files are read", settledFor+time.Second, "r0 r1 r2 r3")
		r.kick(retentionJob, scheduled)
		r.left("withheld", time.Second, "r0 r1 r2 r3")
		r.kick(reconcile, scheduled) // a pass does not take away what the job said
		r.left("after a pass", time.Second, "r0 r1 r2 r3")
		s := r.current()
		w := s.Jobs[retentionJob].Withheld
		if s.OK() || len(w) != 1 || w[0].Code != apply.OverLimit || w[0].Address != "recording_retention/all" || !strings.Contains(w[0].Text, "recordings that are due by new or changed policies or holds: 4 planned, at most 3") {
			t.Errorf("%v %+v", s.OK(), w)
		}
		if shown := r.metric("telnyxsync_problems"); !slices.Contains(shown, `telnyxsync_problems{state="withheld"} 1`) {
			t.Errorf("the metrics say %q", shown)
		}
		if log := r.log.String(); strings.Count(log, `"level":"WARN","msg":"withheld"`) != 1 || !strings.Contains(log, `"code":"over_limit"`) {
			t.Errorf("the log says\n%s", log)
		}
		if !strings.Contains(r.lines(retentionJob), "withheld: recording_retention/all: recordings that are due") {
			t.Errorf("it says %s", r.lines(retentionJob))
		}
		r.write("recording_retention:\n  all: {delete_after: 50d}\n")
		r.kick(reconcile, filesChanged)
		r.left("the files are read again", settledFor+time.Second, "r0 r1 r2 r3")
		r.kick(retentionJob, scheduled)
		r.left("nothing is due", time.Second, "r0 r1 r2 r3")
		if s := r.current(); !s.OK() || len(s.Jobs[retentionJob].Withheld) > 0 {
			t.Errorf("%v %+v", s.OK(), s.Jobs[retentionJob])
		}
		if shown := r.metric("telnyxsync_problems"); !slices.Contains(shown, `telnyxsync_problems{state="withheld"} 0`) {
			t.Errorf("the metrics say %q", shown)
		}
		r.engine.Limits = apply.Limits{plan.Recordings: {Max: 4}}
		r.write(monthYAML)
		r.kick(reconcile, filesChanged)
		r.after(settledFor + time.Second)
		r.kick(retentionJob, scheduled)
		r.left("at the limit", time.Second, "")
	})
}
