package numbers

import (
	"fmt"
	"testing"
	"time"

	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

const years = 5 * 365 * 24 * time.Hour

// A number whose retry, or order, was put down by a clock that was off waits no longer than any other, and nothing is up
// for it early.
func TestTimesThatAClockPutDownWrongly(t *testing.T) {
	order := func(op string, at time.Time) []resource.Order {
		return []resource.Order{{ID: "o", Op: op, Target: atL1, Numbers: set(n1), Ticket: "T", At: at}}
	}
	trouble := func(at, next time.Time, attempts int) []resource.Trouble {
		return []resource.Trouble{{Number: n1, Target: atL1, Op: resource.OrderUpload, Reason: resource.Said("why"), Attempts: attempts, At: at, Next: next}}
	}
	coming := func() *account {
		return assigned0().uploading(here, upload("T", "in_progress", map[resource.Number]string{n1: "pending"}))
	}
	odd := func() *account {
		return assigned0().uploading(here, upload("T", "error", map[resource.Number]string{n1: "never_heard_of"}))
	}
	ahead, behind := now.Add(years), now.Add(-years)
	for name, c := range map[string]struct {
		account  *account
		orders   []resource.Order
		troubles []resource.Trouble
		apart    bool
		want     string        // of the verdicts
		next     time.Duration // of the trouble that is put, since now; 0: none is
		at       time.Duration // of the order that is put, since now; -1: none is
	}{
		"a retry in years":                       {assigned0(), nil, trouble(ahead, ahead.Add(time.Minute), 1), false, "[wait [+15125550101]]", time.Minute, -1},
		"of many attempts":                       {assigned0(), nil, trouble(ahead, ahead.Add(time.Hour), 20), false, "[wait [+15125550101]]", time.Hour, -1},
		"put off by years":                       {assigned0(), nil, trouble(now.Add(-time.Minute), ahead, 3), false, "[wait [+15125550101]]", 4 * time.Minute, -1},
		"a retry in an hour":                     {assigned0(), nil, trouble(now, now.Add(time.Hour), 8), false, "[wait [+15125550101]]", 0, -1},
		"by a clock that was half an hour ahead": {assigned0(), nil, trouble(now.Add(30*time.Minute), now.Add(31*time.Minute), 1), false, "[wait [+15125550101]]", time.Minute, -1},
		"by a clock that was behind":             {assigned0(), nil, trouble(behind, behind.Add(time.Minute), 1), false, "[upload [+15125550101]]", 0, -1},
		"parked in the future":                   {assigned0(), nil, trouble(ahead, time.Time{}, 1), false, "[parked [+15125550101]]", 0, -1},
		"a retry in years, by two clocks":        {assigned0(), nil, trouble(ahead, ahead.Add(time.Minute), 1), true, "[wait [+15125550101]]", 0, -1},
		"an upload of the future":                {coming(), order(resource.OrderUpload, ahead), nil, false, "[wait [+15125550101]]", 0, 0},
		"an upload of long ago":                  {coming(), order(resource.OrderUpload, behind), nil, false, "[wait [+15125550101]]", 0, 0},
		"an upload of two days ago":              {coming(), order(resource.OrderUpload, now.Add(-48*time.Hour)), nil, false, "[stuck [+15125550101]]", 0, -1},
		"that, by two clocks":                    {coming(), order(resource.OrderUpload, now.Add(-48*time.Hour)), nil, true, "[wait [+15125550101]]", 0, -1},
		"an upload that failed oddly":            {odd(), order(resource.OrderUpload, now.Add(-48*time.Hour)), nil, false, "[parked [+15125550101]]", 0, -1},
		"that, by a clock that was behind":       {odd(), order(resource.OrderUpload, behind), nil, false, "[wait [+15125550101]]", 0, 0},
		"that, by two clocks ":                   {odd(), order(resource.OrderUpload, now.Add(-48*time.Hour)), nil, true, "[wait [+15125550101]]", 0, -1},
		"a move of the future":                   {new(account).shows(here, "L2", n1), order(resource.OrderRelocate, ahead), nil, false, "[wait [+15125550101]]", 0, 0},
		"a move of long ago":                     {new(account).shows(here, "L2", n1), order(resource.OrderRelocate, behind), nil, false, "[wait [+15125550101]]", 0, 0},
		"a move of an hour ago, by two":          {new(account).shows(here, "L2", n1), order(resource.OrderRelocate, now.Add(-time.Hour)), nil, true, "[wait [+15125550101]]", 0, -1},
		"a move of an hour ago":                  {new(account).shows(here, "L2", n1), order(resource.OrderRelocate, now.Add(-time.Hour)), nil, false, "[wait [+15125550101]]", time.Minute, -1},
		"an assignment of the future":            {new(account).owns("", n1), order(resource.OrderAssign, ahead), nil, false, "[wait [+15125550101]]", 0, 0},
		"an assignment of an hour ago, by 2":     {new(account).owns("", n1), order(resource.OrderAssign, now.Add(-time.Hour)), nil, true, "[wait [+15125550101]]", 0, -time.Hour},
		"an upload of the future, by two":        {coming(), order(resource.OrderUpload, ahead), nil, true, "[wait [+15125550101]]", 0, -1},
		"an upload of long ago, by two":          {coming(), order(resource.OrderUpload, behind), nil, true, "[wait [+15125550101]]", 0, -1},
		"an upload of long ago, over at once":    {assigned0().shows(here, "L1", n1), order(resource.OrderUpload, behind), nil, false, "[adopt [+15125550101]]", 0, -1},
	} {
		t.Run(name, func(t *testing.T) {
			p := c.account.decide(t, Input{Groups: []Group{groupOf(atL1, set(n1))}, Orders: c.orders, Troubles: c.troubles, ClocksApart: c.apart})
			same(t, "verdicts", said(&p.Groups[0]), c.want)
			next, at := time.Duration(0), time.Duration(-1)
			for _, tr := range p.Settle.Troubles {
				if !tr.Parked() {
					next = tr.Next.Sub(now)
				}
				if tr.At.After(now) {
					t.Errorf("it failed in the future: %v", tr.At)
				}
			}
			for _, o := range p.Settle.Orders {
				at = o.At.Sub(now)
			}
			if next != c.next || at != c.at {
				t.Errorf("the retry is put to %v, want %v; the order to %v, want %v", next, c.next, at, c.at)
			}
			if most := now.Add(DefaultRetryCap); p.Next.After(most) && !c.apart {
				t.Errorf("it is looked at again at %v", p.Next)
			}
		})
	}
}

// Whatever the times are, none but those of clocks that differ leads to a wait of more than the cap, and two plans, one
// upon the other, put nothing twice.
func TestLawOfCaps(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		times := Times{
			RetryBase: time.Duration(rapid.IntRange(1, 100).Draw(r, "base")) * time.Second,
			RetryCap:  time.Duration(rapid.IntRange(1, 100).Draw(r, "cap")) * time.Minute,
		}
		drawn := func(what string) time.Time {
			return now.Add(rapid.SampledFrom([]time.Duration{-years, -time.Hour, -time.Second, 0, time.Second, time.Hour, 24 * time.Hour, years}).Draw(r, what))
		}
		in := Input{Times: times, Groups: []Group{groupOf(atL1, set(n1, n2, n3))}}
		for _, n := range []resource.Number{n1, n2, n3} {
			in.Troubles = append(in.Troubles, resource.Trouble{
				Number: n, Target: atL1, Op: resource.OrderUpload, Attempts: rapid.IntRange(0, 30).Draw(r, "attempts"),
				At: drawn("at"), Next: drawn("next"), Reason: resource.Said("why"),
			})
		}
		a := new(account).owns(here, n1, n2, n3)
		p := a.decide(t, in)
		if p.Next.After(now.Add(times.filled().RetryCap)) {
			t.Fatalf("it is looked at again at %v: %s", p.Next, fmt.Sprint(in.Troubles))
		}
		for _, put := range p.Settle.Troubles {
			for i := range in.Troubles {
				if in.Troubles[i].Number == put.Number {
					in.Troubles[i] = put
				}
			}
		}
		if again := a.decide(t, in); len(again.Settle.Troubles) > 0 || !again.Next.Equal(p.Next) {
			t.Fatalf("it is put again: %s", fmt.Sprint(again.Settle.Troubles))
		}
	})
}
