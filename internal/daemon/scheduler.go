package daemon

import (
	"math/rand/v2"
	"time"

	"github.com/robfig/cron/v3"
)

// beatEvery is how often the scheduler shows that it is alive.
const beatEvery = 5 * time.Second

// scheduler kicks jobs when they are due. It runs nothing itself: a run that is still going is not
// doubled, and runs that were missed, as when the machine slept, are made up for by one.
type scheduler struct {
	cron *cron.Cron
	ids  map[string]cron.EntryID
}

func newScheduler(schedules map[string]*Schedule, loc *time.Location, kick func(job string), beat func()) *scheduler {
	s := &scheduler{cron: cron.New(cron.WithLocation(loc), cron.WithChain(), cron.WithLogger(cron.DiscardLogger)), ids: map[string]cron.EntryID{}}
	for name, schedule := range schedules {
		s.ids[name] = s.cron.Schedule(jittered{schedule}, cron.FuncJob(func() { kick(name) }))
	}
	s.cron.Schedule(cron.ConstantDelaySchedule{Delay: beatEvery}, cron.FuncJob(beat))
	return s
}

func (s *scheduler) start() { s.cron.Start() }

// stop waits for kicks under way; they take no time.
func (s *scheduler) stop() { <-s.cron.Stop().Done() }

// next is when each job runs next.
func (s *scheduler) next() map[string]time.Time {
	out := map[string]time.Time{}
	for name, id := range s.ids {
		out[name] = s.cron.Entry(id).Next
	}
	return out
}

// jittered puts runs off by up to a tenth of the time between them, a minute at most, so that many
// daemons do not all call at the full hour.
type jittered struct{ *Schedule }

// Next implements cron.Schedule.
func (j jittered) Next(t time.Time) time.Time {
	next := j.Schedule.Next(t)
	if next.IsZero() {
		return next
	}
	spread := min(j.Schedule.Next(next).Sub(next)/10, time.Minute)
	if spread <= 0 {
		return next
	}
	return next.Add(rand.N(spread))
}
