package numbers

import (
	"cmp"
	"maps"
	"time"

	"telnyxsync/internal/resource"
)

// retry is what is known of an upload that failed for some of its numbers.
type retry struct {
	together
	due     time.Time
	numbers resource.Numbers // that failed, parked ones too
	checked bool
	ok      bool
	looked  bool // whether somebody uploads any of it
	taken   bool
}

// retryOf is what is known of the upload that a number failed in; nil where there is none that could be retried.
func (p *planner) retryOf(t *resource.Trouble) *retry {
	if t.Ticket == "" {
		return nil
	}
	if p.retries == nil {
		p.retries = map[together]*retry{}
		due := latest(maps.Values(p.troubles))
		failed := map[together][]resource.Range{}
		for n, other := range p.troubles {
			failed[togetherOf(other)] = append(failed[togetherOf(other)], resource.Range{From: n, To: n})
		}
		for key, ranges := range failed {
			p.retries[key] = &retry{together: key, due: due[key], numbers: resource.NumbersOf(ranges...)}
		}
	}
	return p.retries[togetherOf(t)]
}

// retriable tells whether an upload can be retried, which sends again all that failed of it: none of
// that may be a number which is not, or no longer, wanted there, or was taken from the connection.
func (p *planner) retriable(r *retry) (bool, error) {
	if r == nil || r.checked {
		return r != nil && r.ok, nil
	}
	u, err := p.ticket(Ticket{r.target.Connection, r.ticket})
	if err != nil || u == nil {
		return false, err
	}
	failed := numbersOf(u, hasFailed)
	if r.ok = !unfinished(u) && len(failed) > 0 && len(failed.Minus(r.numbers)) == 0 && p.allWanted(failed, r.target); r.ok {
		if r.ok, err = p.allThere(failed, r.target.Connection); err != nil {
			return false, err
		}
		r.numbers = failed
	}
	r.checked = true
	return r.ok, nil
}

// uploadedByOthers tells whether an unfinished upload has any number of a retry, which would send it a second time.
// The connection's uploads are known.
func (p *planner) uploadedByOthers(r *retry) bool {
	if !r.looked {
		for n := range r.numbers.All() {
			ticket, _ := p.inUpload(r.target.Connection, n)
			r.taken = r.taken || ticket != ""
		}
		r.looked = true
	}
	return r.taken
}

// allThere tells whether numbers are on a connection.
func (p *planner) allThere(s resource.Numbers, connection string) (bool, error) {
	there, err := true, error(nil)
	for n := range s.All() {
		switch a, owned, ok := p.account(n); {
		case !ok:
			err = cmp.Or(p.in.Facts.AccountErr, errNotRead)
		case !owned || a.Connection != connection:
			there = false
		}
	}
	return there, err
}

func (p *planner) allWanted(s resource.Numbers, t resource.Target) bool {
	for i := range p.in.Groups {
		if p.in.Groups[i].Target == t && !p.in.Groups[i].Observe {
			s = s.Minus(p.in.Groups[i].Wanted)
		}
	}
	return len(s) == 0
}
