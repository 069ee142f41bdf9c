package apply_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"

	"pgregory.net/rapid"
)

func skewed(by time.Duration) func() (time.Duration, bool) {
	return func() (time.Duration, bool) { return by, true }
}

func codesOf(notes []plan.Note) (out []string) {
	for _, n := range notes {
		out = append(out, string(n.Reason.Code))
	}
	return out
}

// A run whose clock is not Telnyx's says so, whoever is wrong, and never where nobody knows.
func TestClocksApartAreSaid(t *testing.T) {
	for name, c := range map[string]struct {
		skew  func() (time.Duration, bool)
		by    string
		ahead bool
		said  bool
	}{
		"nobody asks":         {nil, "", false, false},
		"nobody knows":        {func() (time.Duration, bool) { return 0, false }, "", false, false},
		"the same":            {skewed(0), "", false, false},
		"nearly":              {skewed(5 * time.Minute), "", false, false},
		"nearly, behind":      {skewed(-5 * time.Minute), "", false, false},
		"Telnyx is ahead":     {skewed(6 * time.Minute), "6m0s", false, true},
		"Telnyx is behind":    {skewed(-6 * time.Minute), "-6m0s", true, true},
		"by years":            {skewed(-5 * 365 * 24 * time.Hour), "-43800h0m0s", true, true},
		"by a little and one": {skewed(5*time.Minute + time.Second), "5m0s", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			y := newToys(t)
			y.engine.ClockSkew = c.skew
			made, err := y.engine.Plan(t.Context(), config("/root", []string{"carriers"}), state.Snapshot{Exists: true}, apply.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var want []plan.Note
			if c.said {
				want = []plan.Note{{Reason: plan.Reason{Code: apply.ClocksApart, Args: plan.Args{"skew": c.by, "ahead": c.ahead}}}}
			}
			if resource.Text(made.Notes) != resource.Text(want) || made.Exit() != 0 {
				t.Errorf("noted %+v with exit %d, want %+v", made.Notes, made.Exit(), want)
			}
			y.db(func(db *state.DB, snap state.Snapshot) {
				job := apply.Job{Name: "j", Run: func(context.Context, *apply.Engine, apply.Situation) (apply.Report, error) {
					return apply.Report{}, nil
				}}
				r, err := apply.RunJob(t.Context(), job, y.engine, apply.Situation{DB: db, Snap: snap})
				if err != nil || c.said != slices.Contains(codesOf(r.Says), string(apply.ClocksApart)) {
					t.Errorf("a job says %+v, %v", r.Says, err)
				}
			})
		})
	}
}

// What expires is renewed when it is time on Telnyx, whatever this machine's clock says, and the daemon wakes up then.
func TestRenewalsGoByTelnyxsClock(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		skew time.Duration // how far Telnyx's clock is ahead
		left time.Duration // to live, on Telnyx
		due  bool
	}{
		"three days behind, and due":       {3 * day, 9 * time.Hour, true},
		"three days behind, and not due":   {3 * day, 50 * time.Hour, false},
		"three days ahead, and due":        {-3 * day, 9 * time.Hour, true},
		"three days ahead, and not due":    {-3 * day, 50 * time.Hour, false},
		"three days behind, and over":      {3 * day, -time.Hour, true},
		"the same clock, and due":          {0, 9 * time.Hour, true},
		"the same clock, and not due":      {0, 50 * time.Hour, false},
		"years behind, and not due at all": {5 * 365 * day, 50 * time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				y := newToys(t)
				telnyx := func() time.Time { return time.Now().Add(c.skew) }
				y.reels.life = func(w resource.Write) time.Time {
					life, _ := reelLife(w.Desired)
					return telnyx().Add(life)
				}
				desired := config("/root", nil, entry("reels", "r", resource.Object{"ttl": "100h", "host": "h"}))
				y.engine.ClockSkew = skewed(c.skew)
				y.must(desired)
				y.reels.ends["id-r"] = telnyx().Add(c.left)
				made, _, err := y.apply(t.Context(), desired, apply.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if got := len(y.reels.calls) > 1; got != c.due {
					t.Errorf("%v to go: written: %v", c.left, y.reels.calls)
				}
				if c.due {
					if !y.reels.told.Equal(telnyx()) {
						t.Errorf("the write is told that it is %v, and for Telnyx it is %v", y.reels.told, telnyx())
					}
					return
				}
				if in := time.Until(made.NextRenewal); in != c.left-10*time.Hour {
					t.Errorf("it is due in %v, want in %v", in, c.left-10*time.Hour)
				}
				if renewed := y.snapshot().Owned[0].Renewed; !renewed.Equal(telnyx()) {
					t.Errorf("it is remembered as renewed at %v, and for Telnyx it is %v", renewed, telnyx())
				}
			})
		})
	}
}

// What has no end that Telnyx shows, and was written by a clock that was ahead, is not left alone until that comes.
func TestAWriteOfTheFutureIsNoReasonToWait(t *testing.T) {
	for shift, due := range map[time.Duration]bool{
		-5 * 365 * 24 * time.Hour: true, -time.Hour: false, 0: false, time.Minute: false, time.Hour: true, 5 * 365 * 24 * time.Hour: true,
	} {
		t.Run(shift.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				y := newToys(t)
				desired := config("/root", nil, entry("reels", "r", resource.Object{"ttl": "100h", "host": "h"}))
				y.must(desired)
				delete(y.reels.ends, "id-r")
				y.reels.life = nil
				own := y.snapshot().Owned[0]
				own.Renewed, own.Ends = time.Now().Add(shift), time.Time{}
				y.db(func(db *state.DB, _ state.Snapshot) {
					if err := db.Commit(t.Context(), resource.Record{Own: []resource.Owned{own}}); err != nil {
						t.Fatal(err)
					}
				})
				for range 2 { // once is enough
					if _, _, err := y.apply(t.Context(), desired, apply.Options{}); err != nil {
						t.Fatal(err)
					}
				}
				want := 1
				if due {
					want = 2
				}
				if len(y.reels.calls) != want {
					t.Errorf("written: %v, want %d writes", y.reels.calls, want)
				}
			})
		})
	}
}

// Retention says by a code why it does not trust the clocks.
func TestRetentionByOtherClocks(t *testing.T) {
	t.Parallel()
	for ahead, want := range map[string]plan.Code{"6m": apply.ClocksApart, "-6m": apply.ClocksApart, "4m": ""} {
		k := plainly(t, object{"recordings": aged(5, 40), "_date_ahead": ahead})
		desired := k.load("a", "recording_retention:\n  all: {delete_after: 15d}\n")
		_, err := k.run(context.Background(), recordingJob, apply.Situation{Desired: desired})
		var told *resource.ReasonError
		switch is := errors.As(err, &told); {
		case want == "" && err != nil:
			t.Errorf("%s: %v", ahead, err)
		case want != "" && (!is || told.Why.Code != want):
			t.Errorf("%s: %v, want %s", ahead, err, want)
		}
	}
}

// shifted moves all times that the state has of what is on its way and what failed.
func (l *numberLaw) shifted(by time.Duration) {
	snap := l.snapshot()
	rec := resource.Record{Orders: snap.Orders, Troubles: snap.Troubles}
	for i := range rec.Orders {
		rec.Orders[i].At = rec.Orders[i].At.Add(by)
	}
	for i := range rec.Troubles {
		t := &rec.Troubles[i]
		if t.At = t.At.Add(by); !t.Parked() {
			t.Next = t.Next.Add(by)
		}
	}
	if err := l.db.Commit(context.Background(), rec); err != nil {
		l.Fatal(err)
	}
	l.pass(context.Background())
	snap = l.snapshot()
	for i := range snap.Troubles {
		t := &snap.Troubles[i]
		if t.Next.After(time.Now().Add(l.times.RetryCap)) {
			l.Errorf("%s waits until %v, the cap is %v", t.Number, t.Next, l.times.RetryCap)
		}
	}
	for i := range snap.Orders {
		if o := &snap.Orders[i]; o.At.After(time.Now()) {
			l.Errorf("an order counts from %v on: %s", o.At, resource.Text(o))
		}
	}
}

// apartFor lets some passes go by clocks that differ: none of them lets go of a number that is on its way, for time alone,
// and no retry is moved.
func (l *numberLaw) apartFor() {
	skew := pick(l.T, "skew", 6*time.Minute, -6*time.Minute, 72*time.Hour, -72*time.Hour)
	l.engine.ClockSkew = skewed(skew)
	defer func() { l.engine.ClockSkew = nil }()
	before := l.snapshot()
	made, err := l.engine.Plan(context.Background(), l.w.config(), before, apply.Options{Writing: true})
	if err != nil {
		l.Fatal(err)
	}
	if !slices.Contains(codesOf(made.Notes), string(apply.ClocksApart)) {
		l.Errorf("nobody says that the clocks differ: %v", codesOf(made.Notes))
	}
	put := map[resource.Number]resource.Trouble{}
	for _, t := range made.Remember.Troubles {
		put[t.Number] = t
	}
	for _, t := range before.Troubles {
		if p, is := put[t.Number]; is && p.Target == t.Target && p.Op == t.Op && p.Attempts == t.Attempts && !p.Next.Equal(t.Next) && p.Parked() == t.Parked() {
			l.Errorf("the retry of %s is moved from %v to %v", t.Number, t.Next, p.Next)
		}
	}
	for i := range made.Ended {
		for _, r := range made.Ended[i].Reasons {
			if slices.Contains([]plan.Code{"assignment_lost", "job_without_effect", "move_without_effect"}, r.Code) {
				l.Errorf("by clocks that differ a time is up: %s", fmt.Sprint(r))
			}
		}
	}
}

// Clocks that were years off when something was remembered, and clocks that differ now, change nothing of how numbers end.
func TestLawsOfNumbersByOtherClocks(t *testing.T) {
	wrap := checked(t)
	const years = 5 * 365 * 24 * time.Hour
	rapid.Check(t, func(r *rapid.T) {
		lawOfNumbers(t, r, wrap, map[string]func(l *numberLaw){
			"years ahead": func(l *numberLaw) { l.shifted(years) }, "years behind": func(l *numberLaw) { l.shifted(-years) },
			"clocks apart": (*numberLaw).apartFor,
		})
	})
}

// A clock that was off and is set makes nothing older than it is: what the answers of an earlier run told of it is no
// reason to delete anything.
func TestAClockThatWasSetMakesNothingOld(t *testing.T) {
	t.Parallel()
	k := plainly(t, object{"recordings": aged(5, 14, 40)})
	desired := k.load("a", "recording_retention:\n  all: {delete_after: 15d}\n")
	now := k.engine.ClockSkew
	k.engine.ClockSkew = func() (time.Duration, bool) { // until the first answer, what the last run heard
		if n := len(k.sim.Journal()); n == 0 {
			return 72 * time.Hour, true
		}
		return now()
	}
	k.sim.ClearJournal()
	k.enforce(desired)
	if left := k.ids("recordings"); len(left) != 2 {
		t.Errorf("left %v", sorted(left))
	}
}
