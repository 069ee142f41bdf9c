package apply

import (
	"errors"
	"slices"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/retention"
)

// The codes of what became of items beside: count, unit.
const (
	Archived         plan.Code = "archived"          // before they were deleted, or were to be
	NotArchived      plan.Code = "not_archived"      // and so they were not deleted
	StillThere       plan.Code = "still_there"       // also called: so many of them Telnyx called deleted; of the others it gave no answer
	StoppedLost      plan.Code = "stopped_lost"      // also batches: not tried, as nobody knows what became of so many calls in a row
	StoppedForbidden plan.Code = "stopped_forbidden" // also batches: not tried, as so many calls in a row were forbidden
)

// tell makes the outcomes of the changes.
func (d *deleting) tell() {
	tallies := map[int]*tally{}
	for _, call := range d.calls {
		for i, item := range call.List {
			t := tallies[call.of[i]]
			if t == nil {
				t = &tally{sent: retention.Items{Of: d.unit}, whys: map[plan.Code]int{}}
				tallies[call.of[i]] = t
			}
			d.tellOne(&d.out[call.of[i]], t, item)
		}
	}
	for i, t := range tallies {
		t.whys[Archived] = d.archived[i]
		for _, code := range []plan.Code{Archived, NotArchived, StillThere, StoppedLost, StoppedForbidden} {
			args := plan.Args{"count": t.whys[code], "unit": d.unit}
			if code == StillThere {
				args["called"] = t.called
			}
			if code == StoppedLost {
				args["batches"] = maxLost
			}
			if code == StoppedForbidden {
				args["batches"] = maxForbidden
			}
			if t.whys[code] > 0 {
				d.out[i].Reasons = append(d.out[i].Reasons, plan.Reason{Code: code, Args: args})
			}
		}
		d.out[i].Items = t.sent
	}
}

// tally counts what is to be said of a change.
type tally struct {
	sent   retention.Items // what waits for another run was not tried
	whys   map[plan.Code]int
	called int // deleted by Telnyx, of those that are still there
}

func (d *deleting) tellOne(o *plan.Outcome, t *tally, item retention.Item) {
	t.sent.List = append(t.sent.List, item)
	f, begun := d.fate[item.ID]
	if !begun {
		f.status = plan.NotStarted
		switch {
		case d.lost == maxLost:
			f.why = StoppedLost
		case d.forbidden == maxForbidden:
			f.why = StoppedForbidden
		}
	}
	t.whys[f.why]++
	if errors.Is(f.err, errStillThere) {
		t.called++
	}
	o.Status = worse(o.Status, f.status)
	switch f.status {
	case plan.Failed, plan.NotStarted: // it is there
		o.Failed = with(o.Failed, d.unit, item)
	case plan.InDoubt:
		o.Unknown = with(o.Unknown, d.unit, item)
	default:
	}
	if f.err != nil && o.Err == nil {
		o.Err, o.Error = f.err, f.err.Error()
	}
	if f.request != "" && !slices.Contains(o.Requests, f.request) {
		o.Requests = append(o.Requests, f.request)
	}
}

func with(items plan.Items, unit string, item retention.Item) plan.Items {
	s, _ := items.(retention.Items)
	return retention.Items{Of: unit, List: append(s.List, item)}
}
