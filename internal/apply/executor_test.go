package apply_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

func TestAFailureBlocksOnlyWhatNeedsIt(t *testing.T) {
	y := newToys(t)
	y.carriers.before = func(call string) error {
		if call == "create bad" {
			return errRefused
		}
		return nil
	}
	desired := config("/root", nil,
		entry("carriers", "bad", resource.Object{"host": "h"}),
		entry("carriers", "good", resource.Object{"host": "h"}),
		entry("lines", "alone", resource.Object{"host": "h"}),
		entry("lines", "beyond-bad", resource.Object{"next": ref("lines", "on-bad")}),
		entry("lines", "on-bad", resource.Object{"carrier": ref("carriers", "bad")}),
		entry("lines", "on-good", resource.Object{"carrier": ref("carriers", "good")}),
	)
	_, result, err := y.apply(t.Context(), desired, apply.Options{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "outcomes", outcomes(result), []string{
		"create carriers/bad: failed",
		"create carriers/good: done",
		"create lines/alone: done",
		"create lines/on-bad: blocked by carriers/bad",
		"create lines/beyond-bad: blocked by lines/on-bad",
		"create lines/on-good: done",
	})
	same(t, "owned", y.owned(), []string{"carriers/good=id-good", "lines/alone=id-alone", "lines/on-good=id-on-good"})
	same(t, "intents", y.begun(), nil)

	y.carriers.before = nil
	y.must(desired)
	same(t, "creates of carriers", y.carriers.calls[2:], []string{"create bad"})
}

func TestIDsOfWhatWasMadeAreFilledIn(t *testing.T) {
	y := newToys(t)
	desired := config("/root", nil,
		entry("carriers", "c", resource.Object{"host": "h"}),
		entry("lines", "first", resource.Object{"next": ref("lines", "second"), "host": "h"}),
		entry("lines", "second", resource.Object{"carrier": ref("carriers", "c")}),
	)
	y.must(desired)
	want := map[string]string{"create first": `{"host":"h","next":"id-second"}`, "create second": `{"carrier":"id-c"}`}
	for call, text := range want {
		if got := resource.Text(y.lines.sent[call]); got != text {
			t.Errorf("%s sent %s, want %s", call, got, text)
		}
	}
	for _, o := range y.snapshot().Owned {
		if call := "create " + o.Addr.Name; want[call] != "" && resource.Text(o.Applied) != want[call] {
			t.Errorf("state has of %s: %s, want %s", o.Addr, resource.Text(o.Applied), want[call])
		}
	}
	made, err := y.engine.Plan(t.Context(), desired, y.snapshot(), apply.Options{})
	if err != nil || made.Exit() != 0 || made.Unchanged != 3 {
		t.Errorf("the next plan: %s %v", words.JSON(&made, nil), err)
	}
}

// A carrier goes after the lines that use it. Where the guards keep a line, the carrier stays.
func TestWhatWaitsForSomethingWithheldIsWithheld(t *testing.T) {
	y := newToys(t)
	y.must(config("/root", nil,
		entry("carriers", "c", resource.Object{"host": "h"}),
		entry("lines", "keep", resource.Object{"host": "h"}),
		entry("lines", "x", resource.Object{"carrier": ref("carriers", "c")}),
	))
	y.lines.numbers = func(string) int { return 2 }
	less := config("/root", []string{"carriers"}, entry("lines", "keep", resource.Object{"host": "h"}))
	made, result, err := y.apply(t.Context(), less, apply.Options{Prune: true})
	if err != nil || len(result.Outcomes) > 0 || len(made.Withheld) != 2 || made.Exit() != 4 {
		t.Fatalf("%v %+v %s", err, result, words.JSON(&made, nil))
	}
	if w := made.Withheld[0]; w.Addr.Kind != "carriers" || words.All(w.Guards) != "it waits for lines/x, which is withheld" {
		t.Errorf("%s: %s", w.Addr, words.All(w.Guards))
	}
	if len(y.carriers.objects) != 1 || len(y.lines.objects) != 2 {
		t.Errorf("left: %v %v", y.carriers.objects, y.lines.objects)
	}
}

func TestNothingMoreIsSentOnceTheStateCannotBeWritten(t *testing.T) {
	y := newToys(t)
	y.engine.Concurrency = 1
	desired := config("/root", nil,
		entry("carriers", "a", resource.Object{"host": "h"}),
		entry("carriers", "b", resource.Object{"host": "h"}),
		entry("carriers", "c", resource.Object{"host": "h"}),
	)
	var result plan.Result
	var err error
	y.db(func(db *state.DB, snap state.Snapshot) {
		made, planErr := y.engine.Plan(t.Context(), desired, snap, apply.Options{})
		if planErr != nil {
			t.Fatal(planErr)
		}
		y.carriers.before = func(string) error { return db.Close() }
		result, err = y.engine.Apply(t.Context(), db, desired, made, apply.Options{})
	})
	if err == nil || !strings.Contains(err.Error(), "state: ") {
		t.Errorf("error: %v, want that of the state", err)
	}
	same(t, "sent", y.carriers.calls, []string{"create a"})
	same(t, "outcomes", outcomes(result), []string{
		"create carriers/a: unknown", "create carriers/b: not started", "create carriers/c: not started",
	})
	// What was sent is looked for by the next run.
	same(t, "intents", y.begun(), []string{"carriers/a"})
	y.carriers.before = nil
	y.engine.Settle = time.Microsecond
	y.must(desired)
	same(t, "sent", y.carriers.calls, []string{"create a", "create b", "create c"})
}

func TestAStopStartsNothingAndFinishesWhatIsUnderWay(t *testing.T) {
	y := newToys(t)
	y.engine.Concurrency = 2
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	under := make(chan struct{}, 2)
	y.carriers.before = func(call string) error {
		under <- struct{}{}
		if call == "create a" {
			for range 2 { // both are under way
				<-under
			}
			stop()
		}
		<-ctx.Done()
		return nil
	}
	desired := config("/root", nil,
		entry("carriers", "a", resource.Object{"host": "h"}),
		entry("carriers", "b", resource.Object{"host": "h"}),
		entry("carriers", "c", resource.Object{"host": "h"}),
		entry("lines", "on-a", resource.Object{"carrier": ref("carriers", "a")}),
	)
	_, result, err := y.apply(ctx, desired, apply.Options{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "outcomes", outcomes(result), []string{
		"create carriers/a: done", "create carriers/b: done", "create carriers/c: not started", "create lines/on-a: not started",
	})
	same(t, "owned", y.owned(), []string{"carriers/a=id-a", "carriers/b=id-b"})
	same(t, "intents", y.begun(), nil)
}

// A request that never ends is given up some time after the stop, and its fate is unknown.
func TestAStopDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newToys(t)
		ctx, stop := context.WithCancel(t.Context())
		endless := &endless{memory: y.carriers, stop: stop}
		y.engine.Operations["carriers"] = endless
		begin := time.Now()
		_, result, err := y.apply(ctx, config("/root", nil, entry("carriers", "a", resource.Object{"host": "h"})), apply.Options{})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "outcomes", outcomes(result), []string{"create carriers/a: unknown"})
		same(t, "intents", y.begun(), []string{"carriers/a"})
		if took := time.Since(begin); took < 10*time.Second || took > time.Minute {
			t.Errorf("it took %v", took)
		}
	})
}

// endless answers a create only when it is given up.
type endless struct {
	*memory
	stop func()
}

func (e *endless) Create(ctx context.Context, _ resource.Write) (resource.Receipt, error) {
	e.stop()
	<-ctx.Done()
	return resource.Receipt{}, errLost
}

// The next run after a lost create looks twice, with time between, before it sends another.
func TestALostCreateIsLookedForTwice(t *testing.T) {
	desired := func() resource.Config {
		return config("/root", nil, entry("carriers", "a", resource.Object{"host": "h"}))
	}
	lost := state.Snapshot{Exists: true, Intents: []resource.Intent{{
		Addr: resource.Addr{Kind: "carriers", Name: "a"}, Root: "/root", Key: "id-a", At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}}}
	for _, c := range []struct {
		name   string
		settle time.Duration
		want   time.Duration
	}{{"as set", time.Minute, time.Minute}, {"by default", 0, 3 * time.Second}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				y := newToys(t)
				y.engine.Settle = c.settle
				var looks []time.Time
				y.carriers.observed = func() { looks = append(looks, time.Now()) }
				made, err := y.engine.PlanSettled(t.Context(), desired(), lost, apply.Options{})
				if err != nil || len(made.Changes) != 1 || !made.Changes[0].InDoubt {
					t.Fatalf("%v %s", err, words.JSON(&made, nil))
				}
				if len(looks) != 2 || looks[1].Sub(looks[0]) != c.want {
					t.Errorf("looks: %v, want two with %v between them", looks, c.want)
				}
			})
		})
	}
	t.Run("it shows between the looks", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			y := newToys(t)
			first := true
			y.carriers.observed = func() {
				if !first {
					y.carriers.objects["id-a"] = resource.Object{"host": "h"}
				}
				first = false
			}
			made, err := y.engine.PlanSettled(t.Context(), desired(), lost, apply.Options{})
			if err != nil || len(made.Changes) != 1 || made.Changes[0].Op != plan.Adopt {
				t.Errorf("%v %s", err, words.JSON(&made, nil))
			}
		})
	})
	t.Run("nothing is in doubt", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			y := newToys(t)
			looks := 0
			y.carriers.observed = func() { looks++ }
			if _, err := y.engine.PlanSettled(t.Context(), desired(), state.Snapshot{Exists: true}, apply.Options{}); err != nil || looks != 1 {
				t.Errorf("%d looks, %v", looks, err)
			}
		})
	})
	t.Run("stopped while it waits", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			y := newToys(t)
			ctx, stop := context.WithCancel(t.Context())
			y.carriers.observed = stop
			if _, err := y.engine.PlanSettled(ctx, desired(), lost, apply.Options{}); err == nil {
				t.Error("no error")
			}
		})
	})
}

// What a lost create has made, and what shows some time later, is adopted in the same run.
func TestALateObjectIsAdoptedAndNotMadeTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newToys(t)
		y.carriers.late = func(add func()) { time.AfterFunc(2*time.Second, add) }
		y.carriers.after = func(string, error) error { return errLost }
		y.must(config("/root", nil,
			entry("carriers", "a", resource.Object{"host": "h"}),
			entry("lines", "on-a", resource.Object{"carrier": ref("carriers", "a")}),
		))
		same(t, "sent", y.carriers.calls, []string{"create a"})
		same(t, "owned", y.owned(), []string{"carriers/a=id-a", "lines/on-a=id-on-a"})
		same(t, "intents", y.begun(), nil)
	})
}

func TestNumbersThatComeAfterThePlanKeepTheirLine(t *testing.T) {
	y := newToys(t)
	y.engine.Concurrency = 1
	keep := entry("lines", "keep", resource.Object{"host": "h"})
	y.must(config("/root", nil, keep, entry("lines", "x", resource.Object{"host": "h"})))
	looks := 0
	y.lines.numbers = func(string) int {
		looks++
		return looks - 1
	}
	_, result, err := y.apply(t.Context(), config("/root", nil, keep), apply.Options{Prune: true})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "outcomes", outcomes(result), []string{"delete lines/x: failed"})
	same(t, "sent", y.lines.calls, []string{"create keep", "create x"})
	same(t, "owned", y.owned(), []string{"lines/keep=id-keep", "lines/x=id-x"})
	if text := words.Wrong(&result.Outcomes[0]); strings.Count(text, "it holds 1 number since a moment ago") != 1 {
		t.Error(text)
	}
	y.db(func(db *state.DB, _ state.Snapshot) {
		events, err := db.History(t.Context(), nil, 1)
		if err != nil || len(events) != 1 || events[0].Outcome != "failed" || words.Of(resource.ParseReason(events[0].Error)) != words.Wrong(&result.Outcomes[0]) {
			t.Errorf("the history has %+v, %v", events, err)
		}
	})
}

func TestWhatProvesTheAccount(t *testing.T) {
	both := config("/root", nil, entry("carriers", "a", resource.Object{"host": "h"}), entry("lines", "a", resource.Object{"host": "h"}))
	names := config("/root", nil, entry("lines", "a", resource.Object{"host": "h"}))
	none := config("/root", []string{"carriers", "lines"})
	const unproved, another = "nothing that the state knows can prove", "seems to be of another account"
	for _, c := range []struct {
		name    string
		applied resource.Config
		lost    bool // the answers to its creates
		change  func(y *toys)
		desired resource.Config
		want    string // "" where all is well
	}{
		{name: "another key", applied: both, desired: both},
		{name: "another key, and the section is not read", applied: both, desired: names},
		{name: "another key, names alone", applied: names, desired: names, want: unproved},
		{name: "another account, same names", applied: both, desired: both, want: another, change: func(y *toys) {
			y.carriers.objects = map[string]resource.Object{"id-elsewhere": {"host": "h"}}
		}},
		{name: "another account, same names, nothing written", applied: both, desired: none, want: another, change: func(y *toys) {
			y.carriers.objects = map[string]resource.Object{}
		}},
		{name: "creates alone", applied: both, lost: true, desired: both, want: unproved},
		{name: "nothing at all", applied: none, desired: both},
	} {
		t.Run(c.name, func(t *testing.T) {
			y := newToys(t)
			y.engine.Settle = time.Microsecond
			if c.lost {
				for _, m := range []*memory{y.carriers, y.lines} {
					m.before = func(string) error { return errLost }
				}
			}
			if _, _, err := y.apply(t.Context(), c.applied, apply.Options{}); err != nil {
				t.Fatal(err)
			}
			if c.change != nil {
				c.change(y)
			}
			y.engine.Key = "KEY-another"
			_, err := y.engine.Plan(t.Context(), c.desired, y.snapshot(), apply.Options{Prune: true})
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(words.Error(err), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if _, err := y.engine.Plan(t.Context(), c.desired, y.snapshot(), apply.Options{AcceptAccount: true}); err != nil {
				t.Errorf("accepted, and: %v", err)
			}
		})
	}
}
