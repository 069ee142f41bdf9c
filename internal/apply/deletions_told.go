package apply

import (
	"cmp"
	"maps"
	"slices"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"
)

// tell makes the outcomes of the changes.
func (d *deleting) tell() {
	whys := map[int]map[plan.Code]int{} // by change
	for _, call := range d.calls {
		for i, item := range call.List {
			f, begun := d.fate[item.ID]
			if !begun {
				f.status = plan.NotStarted
			}
			o := &d.out[call.of[i]]
			o.Status = worse(o.Status, f.status)
			switch f.status {
			case plan.Failed:
				o.Failed = with(o.Failed, d.unit, item)
			case plan.InDoubt, plan.NotStarted:
				o.Unknown = with(o.Unknown, d.unit, item)
			default:
			}
			if f.err != nil && o.Err == nil {
				o.Err, o.Error = f.err, f.err.Error()
			}
			if why := f.why; why != "" || !begun && d.stopped {
				if !begun {
					why = StoppedLost
				}
				if whys[call.of[i]] == nil {
					whys[call.of[i]] = map[plan.Code]int{}
				}
				whys[call.of[i]][why]++
			}
			if f.request != "" && (len(o.Requests) == 0 || o.Requests[len(o.Requests)-1] != f.request) {
				o.Requests = append(o.Requests, f.request)
			}
		}
	}
	for i, n := range d.archived {
		d.out[i].Reasons = append(d.out[i].Reasons, plan.Reason{Code: Archived, Args: plan.Args{"count": n, "unit": d.unit}})
	}
	for i, codes := range whys {
		for _, code := range slices.Sorted(maps.Keys(codes)) {
			d.out[i].Reasons = append(d.out[i].Reasons, plan.Reason{Code: code, Args: plan.Args{"count": codes[code], "unit": d.unit}})
		}
	}
	// What waits for another run was not tried.
	sent := map[int]retention.Items{}
	for _, call := range d.calls {
		for i, item := range call.List {
			s := sent[call.of[i]]
			s.Of, s.List = d.unit, append(s.List, item)
			sent[call.of[i]] = s
		}
	}
	for i, s := range sent {
		d.out[i].Items = s
	}
}

func with(items plan.Items, unit string, item retention.Item) plan.Items {
	s, _ := items.(retention.Items)
	return retention.Items{Of: unit, List: append(s.List, item)}
}

// sortEvents puts rows that were found in no order into one.
func sortEvents(list []resource.Event) {
	slices.SortFunc(list, func(a, b resource.Event) int { return cmp.Or(a.Addr.Compare(b.Addr), cmp.Compare(a.ID, b.ID)) })
}
