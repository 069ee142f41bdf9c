package apply_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// row is what state knows of an entry.
func (y *toys) row(kind, name string) resource.Owned {
	y.Helper()
	for _, o := range y.snapshot().Owned {
		if o.Addr == (resource.Addr{Kind: kind, Name: name}) {
			return o
		}
	}
	y.Fatalf("state knows no %s/%s", kind, name)
	return resource.Owned{}
}

// When an object that expires was written is remembered, by whatever it was written.
func TestWhenItWasWrittenIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newToys(t)
		o := func(host string) resource.Object { return resource.Object{"file": "f", "ttl": "100h", "host": host} }
		wrote := func(what string, want time.Time) {
			t.Helper()
			if got := y.row("reels", "r").Renewed; !got.Equal(want) {
				t.Errorf("%s: written %v, want %v", what, got, want)
			}
		}
		y.must(config("/root", nil, entry("reels", "r", o("h")), entry("carriers", "c", resource.Object{"host": "h"})))
		first := time.Now()
		wrote("made", first)
		if got := y.row("carriers", "c").Renewed; !got.IsZero() {
			t.Errorf("a carrier does not expire, and was written %v", got)
		}

		time.Sleep(time.Hour)
		y.must(config("/root", nil, entry("reels", "r", o("h"))))
		wrote("not written", first)

		y.must(config("/root", nil, entry("reels", "r", o("other"))))
		changed := time.Now()
		wrote("changed", changed)

		time.Sleep(90 * time.Hour)
		made, result, err := y.apply(t.Context(), config("/root", nil, entry("reels", "r", o("other"))), apply.Options{})
		if err != nil || !result.OK() || len(made.Changes) != 1 || made.Changes[0].Op != plan.Renew {
			t.Fatalf("%v %+v %s", err, result, words.JSON(&made, nil))
		}
		renewed := time.Now()
		wrote("renewed", renewed)
		same(t, "sent", y.reels.calls, []string{"create r", "update r", "update r"})

		time.Sleep(90 * time.Hour)
		y.reels.before = func(string) error { return errRefused }
		if _, result, _ := y.apply(t.Context(), config("/root", nil, entry("reels", "r", o("other"))), apply.Options{}); result.OK() {
			t.Error("it was not refused")
		}
		wrote("refused", renewed)
	})
}

func TestWhatIsAdoptedUnwrittenWasNotWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newToys(t)
		y.reels.objects["id-r"], y.reels.ends["id-r"] = resource.Object{"host": "h"}, time.Now().Add(1000*time.Hour)
		y.must(config("/root", nil, entry("reels", "r", resource.Object{"host": "h"})))
		if got := y.row("reels", "r").Renewed; !got.IsZero() || len(y.reels.calls) > 0 {
			t.Errorf("written %v by %q", got, y.reels.calls)
		}
		// Where Telnyx does not say when it ends, that is no reason to believe that it will last.
		y.reels.ends["id-r"] = time.Time{}
		y.must(config("/root", nil, entry("reels", "r", resource.Object{"host": "h"})))
		if got := y.row("reels", "r").Renewed; !got.Equal(time.Now()) {
			t.Errorf("written %v", got)
		}
		same(t, "sent", y.reels.calls, []string{"update r"})
	})
}

// A renewal after which the end is where it was is tried three times, and then a person has to look.
func TestARenewalThatDoesNotTakeIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newToys(t)
		desired := func(host string) resource.Config {
			return config("/root", nil, entry("reels", "r", resource.Object{"ttl": "100h", "host": host}))
		}
		y.must(desired("h"))
		end := time.Now().Add(100 * time.Hour)
		y.reels.life = func(resource.Write) time.Time { return end }
		time.Sleep(101 * time.Hour)
		for i := range diff.StickLimit {
			y.must(desired("h"))
			if a := y.row("reels", "r").Attempts[plan.RenewPath]; a.Count != i+1 {
				t.Errorf("attempt %d: %+v", i+1, a)
			}
			time.Sleep(time.Minute)
		}
		made, result, err := y.apply(t.Context(), desired("h"), apply.Options{})
		if err != nil || len(result.Outcomes) > 0 || len(made.Problems) != 1 || !made.Problems[0].Held || !strings.Contains(words.Problem(&made.Problems[0]), "it was renewed 3 times") {
			t.Fatalf("%v %+v %s", err, result, words.JSON(&made, nil))
		}
		// Held is the renewal alone.
		if _, result, err = y.apply(t.Context(), desired("other"), apply.Options{}); err != nil || !result.OK() || len(result.Outcomes) != 1 {
			t.Errorf("%v %+v", err, result)
		}
		same(t, "sent", y.reels.calls, []string{"create r", "update r", "update r", "update r", "update r"})

		// Once it lasts, it starts over.
		y.reels.ends["id-r"] = time.Now().Add(100 * time.Hour)
		y.must(desired("other"))
		if a := y.row("reels", "r").Attempts; len(a) > 0 {
			t.Errorf("attempts %+v", a)
		}
	})
}

// Where Telnyx never says when it ends, each renewal is due by our own clock, however rarely somebody
// applies: that nothing shows it to have taken is no reason to let it expire.
func TestRenewalByOurOwnClockGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newToys(t)
		y.reels.life = func(resource.Write) time.Time { return time.Time{} }
		desired := config("/root", nil, entry("reels", "r", resource.Object{"ttl": "100h"}))
		y.must(desired)
		for i := range 2 * diff.StickLimit {
			time.Sleep(95 * time.Hour)
			y.must(desired)
			if got := y.row("reels", "r").Renewed; !got.Equal(time.Now()) {
				t.Fatalf("renewal %d: last written %v, now it is %v", i+1, got, time.Now())
			}
		}
	})
}

// Telnyx may give less than it was asked for. That is said, and renewed in time, but not at once and for ever.
func TestALifeThatIsNotGrantedWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newToys(t)
		y.reels.life = func(resource.Write) time.Time { return time.Now().Add(8 * time.Hour) }
		desired := config("/root", nil, entry("reels", "r", resource.Object{"ttl": "100h"}))
		y.must(desired)
		writes := 0
		for range 24 {
			time.Sleep(time.Hour)
			made, result, err := y.apply(t.Context(), desired, apply.Options{})
			if err != nil || !result.OK() {
				t.Fatalf("%v %+v", err, result)
			}
			if writes += len(result.Outcomes); len(result.Outcomes) == 0 && (len(made.Problems) != 1 || !strings.Contains(words.Problem(&made.Problems[0]), "Telnyx gave it 8h to live")) {
				t.Errorf("plan %s", words.JSON(&made, nil))
			}
			if left := time.Until(y.reels.ends["id-r"]); left < 3*time.Hour {
				t.Errorf("it has %v left", left)
			}
		}
		if writes < 3 || writes > 8 {
			t.Errorf("%d renewals in a day", writes)
		}
	})
}

// What is written only is taken to last. What a closer look shows is not: its answer counts.
func TestAttemptsOfWhatIsWrittenOnly(t *testing.T) {
	transcoded := func(_ string, v any) any { return fmt.Sprint(v, ", transcoded") }
	for name, test := range map[string]struct {
		verify  bool
		becomes func(field string, v any) any
		writes  int
		held    bool
	}{
		"not looked at":                   {},
		"looked at, and it stays":         {verify: true, writes: 5},
		"looked at, and never what it is": {verify: true, becomes: transcoded, writes: diff.StickLimit, held: true},
	} {
		t.Run(name, func(t *testing.T) {
			y := newToys(t)
			desired := config("/root", nil, entry("reels", "r", resource.Object{"file": "f", "verify": test.verify}))
			y.must(desired)
			y.reels.becomes = test.becomes
			for range 5 {
				if test.becomes == nil {
					y.reels.objects["id-r"] = resource.Object{"file": "somebody else's"}
				}
				if _, _, err := y.apply(t.Context(), desired, apply.Options{}); err != nil {
					t.Fatal(err)
				}
			}
			if got := len(y.reels.calls) - 1; got != test.writes {
				t.Errorf("%d writes, want %d", got, test.writes)
			}
			made, err := y.engine.Plan(t.Context(), desired, y.snapshot(), apply.Options{})
			if err != nil || (len(made.Problems) == 1 && made.Problems[0].Held) != test.held {
				t.Errorf("%v %s", err, words.JSON(&made, nil))
			}
		})
	}
	// Changed to and fro it is always another value, and never held.
	y := newToys(t)
	for i := range 10 {
		y.must(config("/root", nil, entry("reels", "r", resource.Object{"file": []any{"f", "g"}[i%2]})))
	}
	if len(y.reels.calls) != 10 {
		t.Errorf("sent %q", y.reels.calls)
	}
}
