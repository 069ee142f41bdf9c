package daemon

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the test is about these zones wherever it runs
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// matches is a slow and plain reading of one field, for the oracle.
func matches(field string, v, low, high int) bool {
	for part := range strings.SplitSeq(field, ",") {
		span, stepText, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			step, _ = strconv.Atoi(stepText)
		}
		from, to := low, high
		if span != "*" {
			a, b, isRange := strings.Cut(span, "-")
			from, _ = strconv.Atoi(a)
			to = from
			if isRange {
				to, _ = strconv.Atoi(b)
			} else if stepped {
				to = high
			}
		}
		if v >= from && v <= to && (v-from)%step == 0 {
			return true
		}
	}
	return false
}

// plain is an expression as five sets of values.
type plain struct {
	minute, hour, dom, month, dow [60]bool
	anyDay, fixed                 bool
	runs                          []time.Time
}

func read(text string) *plain {
	f := strings.Fields(text)
	p := &plain{anyDay: strings.Contains(f[2], "*") || strings.Contains(f[4], "*"), fixed: !strings.Contains(f[1], "*")}
	for i, set := range []*[60]bool{&p.minute, &p.hour, &p.dom, &p.month, &p.dow} {
		bounds := [][2]int{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 6}}[i]
		for v := bounds[0]; v <= bounds[1]; v++ {
			set[v] = matches(f[i], v, bounds[0], bounds[1])
		}
	}
	return p
}

func (p *plain) at(day time.Time, hour, minute int) bool {
	if !p.minute[minute] || !p.hour[hour] || !p.month[day.Month()] {
		return false
	}
	dom, dow := p.dom[day.Day()], p.dow[day.Weekday()]
	if p.anyDay {
		return dom && dow
	}
	return dom || dow
}

// oracle walks through time minute by minute and writes down when expressions run, as the comment
// of Schedule says it in words. It shares no code with it.
func oracle(texts []string, loc *time.Location, from, to time.Time) map[string]*plain {
	all := map[string]*plain{}
	for _, text := range texts {
		all[text] = read(text)
	}
	var (
		dayBegan, last time.Time
		was            int
		repeat         time.Time // until then the clock shows what it has shown before
	)
	for t := from; t.Before(to); t = t.Add(time.Minute) {
		l := t.In(loc)
		_, is := l.Zone()
		first := last.IsZero()
		if first || l.Day() != last.Day() {
			dayBegan = t
		}
		skipped := 0
		if !first && is > was {
			skipped = (is - was) / 60
		}
		if !first && is < was {
			repeat = t.Add(time.Duration(was-is) * time.Second)
		}
		hour, minute, passed := l.Hour(), l.Minute(), int(t.Sub(dayBegan)/time.Minute)
		for _, p := range all {
			if !p.fixed {
				if p.at(l, passed/60%24, passed%60) {
					p.runs = append(p.runs, t)
				}
				continue
			}
			// What the clock jumped over is due when that much time has passed after the jump.
			for i := range skipped {
				w := t.UTC().Add(time.Duration(was+i*60) * time.Second)
				if p.at(w, w.Hour(), w.Minute()) {
					p.runs = append(p.runs, t.Add(time.Duration(i)*time.Minute))
				}
			}
			if !t.Before(repeat) && p.at(l, hour, minute) {
				p.runs = append(p.runs, t)
			}
		}
		last, was = l, is
	}
	for _, p := range all {
		slices.SortFunc(p.runs, time.Time.Compare)
		p.runs = slices.CompactFunc(p.runs, time.Time.Equal)
	}
	return all
}

func TestScheduleAgainstAnOracleOverTenYears(t *testing.T) {
	expressions := []string{
		"30 2 * * *", "0 0 * * *", "15,45 1-3 * * *", "5 3 * * 0", // fixed hours, in the changes and beside them
		"0 * * * *", "*/10 * * * *", "0 */6 * * *", "30 */2 * * *", // by the time that passes
		"0 4 29 2 *", "0 12 1 * 1", "59 23 31 12 *",
	}
	for _, name := range []string{"America/New_York", "Europe/Berlin", "Australia/Lord_Howe"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loc := zone(t, name)
			from, to := time.Date(2025, 1, 1, 0, 0, 0, 0, loc), time.Date(2035, 1, 1, 0, 0, 0, 0, loc)
			all := oracle(expressions, loc, from, to)
			for _, text := range expressions {
				s, err := ParseSchedule(text, loc)
				if err != nil {
					t.Fatal(err)
				}
				want := all[text].runs
				at := from.Add(-time.Second)
				for i, w := range want {
					if at = s.Next(at); !at.Equal(w) {
						t.Errorf("%s: run %d is at %v, want %v", text, i, at, w.In(loc))
						break
					}
				}
				if len(want) == 0 {
					t.Errorf("%s: never runs", text)
				}
			}
		})
	}
}

func TestFixedHourRunsOnceADay(t *testing.T) {
	loc := zone(t, "Europe/Berlin")
	s, err := ParseSchedule("30 2 * * *", loc)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	at := time.Date(2026, 3, 27, 12, 0, 0, 0, loc)
	for range 4 {
		at = s.Next(at)
		got = append(got, at.Format("01-02 15:04 MST"))
	}
	at = time.Date(2026, 10, 24, 0, 0, 0, 0, loc)
	for range 3 {
		at = s.Next(at)
		got = append(got, at.Format("01-02 15:04 MST"))
	}
	want := "[03-28 02:30 CET 03-29 03:30 CEST 03-30 02:30 CEST 03-31 02:30 CEST 10-24 02:30 CEST 10-25 02:30 CEST 10-26 02:30 CET]"
	if fmt.Sprint(got) != want {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestBadSchedules(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "five fields",
		"* * * *":                         "five fields",
		"61 * * * *":                      "five fields",
		"0 0 30 2 *":                      "never comes",
		"TZ=UTC 0 0 * * *":                "set timezone beside schedules",
		"CRON_TZ=Europe/Berlin 0 0 * * *": "set timezone beside schedules",
		"@every 30s":                      "a minute is the least",
		"@every soon":                     "no duration",
		"@daily":                          "five fields",
		"0 0 * * * *":                     "five fields",
	} {
		if _, err := ParseSchedule(text, time.UTC); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzParseSchedule(f *testing.F) {
	for _, s := range []string{"30 2 * * *", "*/10 * * * *", "@every 10m", "0 0 29 2 1-5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSchedule(text, time.UTC)
		if err != nil {
			return
		}
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		if next := s.Next(at); !next.After(at) {
			t.Errorf("%q: after %v comes %v", text, at, next)
		}
	})
}
