package apply

import (
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// maxSkew is how far the clocks may be apart: by a wrong one, everything is old.
const maxSkew = 5 * time.Minute

// The codes of clocks that cannot be relied on.
const (
	ClocksApart  plan.Code = "clocks_apart"   // skew, ahead: how far Telnyx's is ahead, and whether this machine's is
	ClockUnknown plan.Code = "clock_unknown"  // none: no answer says what time it is for Telnyx
	ClockSetBack plan.Code = "clock_set_back" // by: this machine's, while something ran
)

// now is what time it is for Telnyx, as far as its last answer told; else what this machine's clock says. All that is
// planned and remembered goes by it: what expires, falls due and was begun does so on Telnyx.
func (e *Engine) now() time.Time {
	skew, _ := e.skew()
	return e.machine().Add(skew)
}

// Time is what time it is for Telnyx, see now.
func (e *Engine) Time() time.Time { return e.now() }

// machine is what this machine's clock says: schedules and waits go by it.
func (e *Engine) machine() time.Time {
	if e.Now == nil {
		return time.Now()
	}
	return e.Now()
}

// local is when a time of Telnyx comes by this machine's clock; zero is none.
func (e *Engine) local(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	skew, _ := e.skew()
	return t.Add(-skew)
}

func (e *Engine) skew() (skew time.Duration, known bool) {
	if e.ClockSkew == nil {
		return 0, false
	}
	return e.ClockSkew()
}

// apart says that the clocks differ too much for anything to be taken for over; no reason where they do not, or where
// nobody knows.
func (e *Engine) apart() (why plan.Reason) {
	if skew, _ := e.skew(); skew.Abs() > maxSkew {
		why = plan.Reason{Code: ClocksApart, Args: plan.Args{"skew": skew.Round(time.Minute).String(), "ahead": skew < 0}}
	}
	return why
}

// noteClocks says in a plan that the clocks differ.
func (e *Engine) noteClocks(p *plan.Plan) {
	if why := e.apart(); !why.IsZero() {
		p.Notes = append(p.Notes, plan.Note{Reason: why})
	}
}

// clocksSince is why nothing may be deleted for its age: the clocks differ, nobody knows, or this machine's was set back
// since a time that it told itself. Nil where all is well.
func (e *Engine) clocksSince(begun time.Time) error {
	if why := e.apart(); !why.IsZero() {
		return &resource.ReasonError{Why: why}
	}
	if _, known := e.skew(); !known {
		return &resource.ReasonError{Why: plan.Reason{Code: ClockUnknown}}
	}
	// Without its monotonic part a time is what the clock said.
	now := e.machine()
	if by := now.Sub(begun) - now.Round(0).Sub(begun.Round(0)); by > maxSkew {
		return &resource.ReasonError{Why: plan.Reason{Code: ClockSetBack, Args: plan.Args{"by": by.Round(time.Second).String()}}}
	}
	return nil
}
