package retention

import (
	"cmp"
	"slices"
	"time"

	"telnyxsync/internal/resource"
)

// judge judges recordings one by one, by what they show.
type judge struct {
	now      time.Time
	policies []Policy          // holds first, then the one that wins first
	sets     []map[string]bool // by policy: the ids that Telnyx's own filter finds; nil: not asked
	holds    int               // how many of the policies hold
	seen     []sight           // of the recording that is looked at
}

// newJudge takes the policies, holds among them, of which some may be remembered from earlier runs.
func newJudge(policies []Policy, now time.Time) *judge {
	j := &judge{now: now, policies: slices.Clone(policies), sets: make([]map[string]bool, len(policies))}
	slices.SortStableFunc(j.policies, func(a, b Policy) int {
		return cmp.Or(bit(b.Keep)-bit(a.Keep), cmp.Compare(b.filters(), a.filters()), cmp.Compare(b.After, a.After), a.Addr.Compare(b.Addr), cmp.Compare(a.Root, b.Root))
	})
	for j.holds < len(j.policies) && j.policies[j.holds].Keep {
		j.holds++
	}
	return j
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// asksHolds are those of which Telnyx's own filter has to tell, too, before anything is deleted: it may find
// what is not shown here, and know of ways to write a number that are not compared here.
func (j *judge) asksHolds() (list []int) {
	for i := range j.policies[:j.holds] {
		if len(j.policies[i].Filters) > 0 {
			list = append(list, i)
		}
	}
	return list
}

// tell says which recordings pass a policy, as Telnyx has it; see within.
func (j *judge) tell(policy int, ids map[string]bool) {
	if ids == nil {
		ids = map[string]bool{} // it was asked, and found none
	}
	j.sets[policy] = ids
}

// within tells whether a recording passes those filters of a policy that are of times.
func (j *judge) within(policy int, r *resource.Recording) (bool, error) {
	within := true
	for _, b := range j.policies[policy].Between {
		at, err := parse(r, b.Field)
		if err != nil {
			return false, err
		}
		within = within && b.has(at)
	}
	return within, nil
}

func (b *Between) has(at time.Time) bool {
	return (b.GTE.IsZero() || !at.Before(b.GTE)) && (b.LTE.IsZero() || !at.After(b.LTE))
}

// look sees a recording, which judge.seen has then, and says what becomes of it.
func (j *judge) look(r *resource.Recording) (created time.Time, v verdict, err error) {
	if r.ID == "" {
		return created, v, fail(NoID, nil)
	}
	if created, err = parse(r, createdAt); err != nil {
		return created, v, err
	}
	j.see(r, created)
	v = j.verdict(j.seen, r.ID, 0)
	return created, v, j.wrong(v, r)
}

// wrong is the error of a verdict that cannot be given.
func (j *judge) wrong(v verdict, r *resource.Recording) error {
	if v.bad < 0 {
		return nil
	}
	_, err := j.within(v.bad, r)
	return err
}

// sight is how a recording looks to a policy. It is all that has to be kept of its fields.
type sight byte

const (
	no        sight = iota
	yes             // it shows all that is asked for
	hidden          // Telnyx's own filter tells, as it does not show all
	otherwise       // likewise, as it may be written in another way
	unread          // a time that is asked for cannot be read

	ripe  sight = 1 << 7 // beside those: it is as old as the policy says
	stays sight = 1 << 6 // and it is in one's own storage, where the policy leaves it
)

// fits is a sight without what stands beside it.
func (s sight) fits() sight { return s &^ (ripe | stays) }

func (j *judge) see(r *resource.Recording, created time.Time) {
	j.seen = j.seen[:0]
	for i := range j.policies {
		p := &j.policies[i]
		s := p.sees(r)
		if !p.Keep && !created.After(j.now.Add(-p.After)) {
			s |= ripe
		}
		if r.Own && !p.DeletesOwn {
			s |= stays
		}
		j.seen = append(j.seen, s)
	}
}

// sees compares what a recording shows.
func (p *Policy) sees(r *resource.Recording) sight {
	within := true
	for i := range p.Between {
		at, wrong := moment(r, p.Between[i].Field)
		if wrong != "" {
			return unread
		}
		within = within && p.Between[i].has(at)
	}
	if !within {
		return no
	}
	s := yes
	for field, want := range p.Filters {
		switch have, shown := r.Fields[field]; {
		case !shown:
			s = max(s, hidden)
		case equal(field, have, want):
		case isParty(field) && mayBeOne(have, want):
			s = otherwise
		default:
			return no
		}
	}
	return s
}

// verdict is what becomes of a recording: it is due by a policy, or would be were it not in one's own storage, or one has
// to be asked about, or one cannot be told; each is -1 where that is not so. Where all are, it is kept; held says that it
// is by a hold.
type verdict struct {
	due, own, ask, bad int
	held               bool
	released           bool // a hold kept it that is no longer in force
}

// verdict goes through the policies from one on.
func (j *judge) verdict(seen []sight, id string, from int) verdict {
	kept := verdict{due: -1, own: -1, ask: -1, bad: -1}
	for i := from; i < len(seen); i++ {
		p, f := &j.policies[i], seen[i].fits()
		v := kept
		if f == unread {
			v.bad = i
			return v
		}
		// Where Telnyx's filter finds what is not written as it is asked for, the policy may mean it: it is kept for
		// as long as that says, and is not deleted by it.
		if f == hidden || f == otherwise {
			switch set := j.sets[i]; {
			case set == nil && p.Keep: // those are asked about last
				f = no
			case set == nil && !mayDelete(seen[i:]):
				return kept // whatever Telnyx says
			case set == nil:
				v.ask = i
				return v
			case !set[id]:
				f = no
			case f == hidden:
				f = yes
			}
		}
		switch {
		case f == no:
			continue
		case p.Ghost:
			kept.released = true
			continue
		case p.Keep:
			v.held = true
			return v
		case seen[i]&ripe == 0:
			return v
		case f == yes && p.Untold == 0 && seen[i]&stays != 0:
			v.own = i
			return v
		case f == yes && p.Untold == 0:
			v.due = i
			return v
		case p.Archive != "", p.Max > 0, p.Observe, seen[i]&stays != 0:
			return v // if it is meant by this, it is not to be deleted as another says
		}
		// It is old enough, whether it is meant by this or by another.
	}
	return kept
}

// mayDelete tells whether any of these policies could delete a recording, or cannot be told.
func mayDelete(seen []sight) bool {
	return slices.ContainsFunc(seen, func(s sight) bool { return s.fits() == unread || s&ripe != 0 && s.fits() != no })
}
