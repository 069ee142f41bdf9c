package daemon

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Schedule says when a job runs: a crontab expression of five fields, or `@every DURATION`.
//
// Crontab knows nothing of clocks that are changed. What people mean by the two sorts of
// expressions is:
//
//   - An expression with fixed hours ("30 2 * * *") is about the clock on the wall: it runs once a
//     day, also on the day on which its hour is skipped (then as much later as the clock was put
//     forward) or comes twice (then the first time).
//   - One whose hour is * or */N is about the time between runs: it goes by the time that passes,
//     counted from the day's beginning, so that no run is skipped or doubled.
type Schedule struct {
	text   string
	every  time.Duration // of @every; else 0
	fields *cron.SpecSchedule
	fixed  bool // the hours are fixed
	loc    *time.Location
}

// horizon is how far a run may lie ahead: every date comes within eight years, also 29 February.
const horizon = 9 * 366

// ParseSchedule reads an expression for a timezone.
func ParseSchedule(text string, loc *time.Location) (*Schedule, error) {
	s := &Schedule{text: text, loc: loc}
	if strings.Contains(text, "TZ=") {
		return nil, errors.New("a timezone inside the expression is not supported: set timezone beside schedules")
	}
	if rest, ok := strings.CutPrefix(text, "@every "); ok {
		d, err := time.ParseDuration(strings.TrimSpace(rest))
		if err != nil {
			return nil, fmt.Errorf("%q is no duration: write @every 10m", rest)
		}
		if d < time.Minute {
			return nil, fmt.Errorf("every %v is too often: a minute is the least", d)
		}
		s.every = d
		return s, nil
	}
	parsed, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%w; write five fields (minute hour day month weekday), as in 0 */6 * * *, or @every 10m", err)
	}
	fields, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return nil, errors.New("write five fields (minute hour day month weekday), as in 0 */6 * * *, or @every 10m")
	}
	s.fields = fields
	s.fixed = !strings.Contains(strings.Fields(text)[1], "*")
	if s.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, loc)).IsZero() {
		return nil, errors.New("this never comes: look at the day and the month")
	}
	return s, nil
}

// String is the expression.
func (s *Schedule) String() string { return s.text }

// Next is the first run after t.
func (s *Schedule) Next(t time.Time) time.Time {
	if s.every > 0 {
		return t.Add(s.every)
	}
	t = t.In(s.loc)
	y, m, d := t.Date()
	// A run of the day before may fall into this day, where midnight itself is skipped.
	for i := -1; i < horizon; i++ {
		day := time.Date(y, m, d+i, 12, 0, 0, 0, s.loc) // noon is skipped nowhere
		if !s.onDay(day) {
			continue
		}
		if next := s.nextOn(day, t); !next.IsZero() {
			return next
		}
	}
	return time.Time{}
}

// onDay: where both the day of the month and the weekday are restricted, either is enough.
func (s *Schedule) onDay(day time.Time) bool {
	const star = 1 << 63
	if s.fields.Month&(1<<uint(day.Month())) == 0 {
		return false
	}
	dom := s.fields.Dom&(1<<uint(day.Day())) != 0
	dow := s.fields.Dow&(1<<uint(day.Weekday())) != 0
	if s.fields.Dom&star != 0 || s.fields.Dow&star != 0 {
		return dom && dow
	}
	return dom || dow
}

// nextOn is the first run of a day after t; zero if there is none.
func (s *Schedule) nextOn(day, t time.Time) time.Time {
	begin, end := midnight(day), midnight(day.AddDate(0, 0, 1))
	// The clock on the wall is never further than two changes from the time that has passed.
	const slack = 2 * 60
	first, last := max(int(t.Sub(begin)/time.Minute)-slack, 0), int(end.Sub(begin)/time.Minute)+slack
	for minutes := first; minutes < last; minutes++ {
		hour, minute := minutes/60, minutes%60
		if s.fields.Minute&(1<<uint(minute)) == 0 || s.fields.Hour&(1<<uint(hour%24)) == 0 {
			continue
		}
		var run time.Time
		if s.fixed {
			if hour > 23 {
				break
			}
			run = wall(day, hour, minute)
		} else if run = begin.Add(time.Duration(minutes) * time.Minute); !run.Before(end) {
			break
		}
		if run.After(t) {
			return run
		}
	}
	return time.Time{}
}

// midnight is the first moment of a day.
func midnight(day time.Time) time.Time { return wall(day, 0, 0) }

// wall is the moment at which the clock on the wall shows a time: the first where it does so twice.
// Where it never does, it is the moment that would have shown it, had the clock not been changed.
func wall(day time.Time, hour, minute int) time.Time {
	y, m, d := day.Date()
	naive := time.Date(y, m, d, hour, minute, 0, 0, time.UTC)
	offset := func(t time.Time) time.Duration {
		_, seconds := t.In(day.Location()).Zone()
		return time.Duration(seconds) * time.Second
	}
	// The clock is changed at most once in two days, so the offset is that of the day before or after.
	before, after := offset(naive.Add(-24*time.Hour)), offset(naive.Add(24*time.Hour))
	first, second := naive.Add(-before), naive.Add(-after)
	if offset(first) != before && offset(second) == after {
		return second.In(day.Location())
	}
	return first.In(day.Location()) // the only one, the first of two, or the one in the gap
}
