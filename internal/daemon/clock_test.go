package daemon

import (
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/apply"
)

// That the clocks differ is in status and log, once, as long as they do; until then nothing is deleted for its age.
func TestClocksApartAreInStatusAndLog(t *testing.T) {
	withRetention(t, func(c *Config) { c.Enforce = true }, twoRecordings, func(r *retention) {
		noted := func() (n int) {
			for _, e := range r.current().Notes {
				if e.Code == apply.ClocksApart && strings.Contains(e.Text, "this machine's clock is behind: the clocks of Telnyx and of this machine are 6m0s apart") {
					n++
				}
			}
			return n
		}
		r.write(monthYAML)
		r.kick(reconcile, "start")
		r.left("as it should be", time.Hour, "old young")
		if noted() != 0 {
			t.Errorf("the clocks agree, and the notes are %+v", r.current().Notes)
		}
		r.sim.Advance(6 * time.Minute)
		for range 3 {
			r.kick(reconcile, "schedule")
			r.kick(retentionJob, "schedule")
			r.left("apart", time.Hour, "old young")
		}
		if noted() != 1 {
			t.Errorf("the notes are %+v", r.current().Notes)
		}
		if j := r.current().Jobs[retentionJob]; !strings.Contains(j.Error, "set that of this machine") {
			t.Errorf("the job says %+v", j)
		}
		if j := r.current().Jobs[reconcile]; !strings.Contains(strings.Join(j.Lines, "\n"), "set that of this machine") {
			t.Errorf("the pass says %+v", j)
		}
		if n := strings.Count(r.log.String(), `"code":"clocks_apart"`); n != 1 {
			t.Errorf("the log says it %d times:\n%s", n, r.log.String())
		}
		r.sim.Advance(-6 * time.Minute)
		r.kick(reconcile, "schedule")
		r.kick(retentionJob, "schedule")
		r.left("they agree again", time.Hour, "young")
		r.kick(reconcile, "schedule") // the two have clients of their own here
		r.left("and the pass", time.Hour, "young")
		if noted() != 0 {
			t.Errorf("the clocks agree again, and the notes are %+v", r.current().Notes)
		}
	})
}
