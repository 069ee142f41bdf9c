package diff

import (
	"slices"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// The times around the begin of a create in which Telnyx makes its object: clocks differ, and an answer that was lost
// at a gateway may be of something that is made minutes later. An object of another time is somebody else's, or of
// another create.
const (
	madeBefore = clockSkew
	madeAfter  = 15 * time.Minute
)

// withdrawn looks what became of creates whose outcome is unknown and whose entry is no longer written.
//
//	the kind, or what answers to its key, was not read   nothing is said of it, but for the error
//	nothing may be it, or what may be it is ours         it is over
//	an entry means what may be it                        nothing until that has it, or means something else
//	one object is it for certain                         it is ours, and an orphan
//	… in the place of one that is there yet              nothing until that is gone: an address has one object
//	else                                                 a person has to decide
//
// What it takes to be over or ours is what the plan says after one reading; see [plan.Plan.Settle].
func (p *planner) withdrawn(matchers map[string]*matcher) {
	intents := slices.SortedFunc(slices.Values(p.in.Intents), func(a, b resource.Intent) int { return a.Addr.Compare(b.Addr) })
	for i := range intents {
		in := &intents[i]
		m := matchers[in.Addr.Kind]
		if m == nil || p.in.Desired.Root(in.Root) == nil || p.in.Desired.Find(in.Addr) != nil {
			continue
		}
		if m.kind.Blind { // nothing is there that could be found, or taken away
			p.plan.Remember.EndIntents = append(p.plan.Remember.EndIntents, in.Addr)
			continue
		}
		if failed := p.in.Live[in.Addr.Kind].Failed; in.Key == "" && len(failed) > 0 {
			continue // the list is not whole; which of it could not be read has been said
		} else if err := failed[in.Key]; err != nil {
			p.unread(in.Addr, nil, OrphanUnread, err)
			continue
		}
		p.outcome(m, in)
	}
}

// outcome decides about one of them, of whose kind all was read.
func (p *planner) outcome(m *matcher, in *resource.Intent) {
	made, others := p.madeBy(m, in)
	begun := plan.Args{"at": clock(in.At)}
	switch {
	case len(made)+len(others) == 0:
		p.over(in, nil, reason(CameToNothing, begun), plan.Forget)
	case len(made) != 1 || len(others) > 0:
		all := ids(slices.Concat(made, others))
		p.problem(in.Addr, nil, true, reason(CreateAbandoned, plan.Args{"at": clock(in.At), "ids": all, "address": in.Addr.String()}))
	default:
		p.found(m, in, made[0])
	}
}

// found is what becomes of the object that a create has made.
func (p *planner) found(m *matcher, in *resource.Intent, l *resource.Live) {
	by, meant := m.taken[l.ID]
	if !meant {
		by, meant = m.claimed[l.ID]
	}
	old := m.rows[in.Addr.Name]
	switch {
	case meant:
		p.plan.Notes = append(p.plan.Notes, plan.Note{Addr: in.Addr, Reason: reason(CreateMeant, plan.Args{"at": clock(in.At), "id": l.ID, "address": by.String()})})
	case old != nil && !slices.Contains(p.plan.Remember.Forget, in.Addr):
		p.orphan(in.Addr, l.ID, reason(OrphanBehind, plan.Args{"at": clock(in.At), "id": old.ID}))
	default:
		why := reason(OrphanMade, plan.Args{"at": clock(in.At)})
		p.orphan(in.Addr, l.ID, why)
		p.over(in, &resource.Owned{Addr: in.Addr, ID: l.ID, Root: in.Root}, why, plan.Adopt)
	}
	p.plan.Foreign = slices.DeleteFunc(slices.Clone(p.plan.Foreign), func(f plan.Foreign) bool { return f.Kind == in.Addr.Kind && f.ID == l.ID })
}

// over takes down how a create ended; own is what is ours by it, nil where nothing came of it.
func (p *planner) over(in *resource.Intent, own *resource.Owned, why plan.Reason, op plan.Op) {
	w := plan.Withdrawn{Addr: in.Addr, At: in.At, Own: own, Event: resource.Event{Addr: in.Addr, Op: string(op), Reason: why, Outcome: string(plan.Done)}}
	if own != nil {
		w.Event.ID = own.ID
	} else {
		p.plan.Notes = append(p.plan.Notes, plan.Note{Addr: in.Addr, Reason: why})
	}
	p.plan.Withdrawn = append(p.plan.Withdrawn, w)
}

// madeBy finds what a create has made: objects that are it, unless there are several, and others that may be it as
// well. What state knows is neither.
func (p *planner) madeBy(m *matcher, in *resource.Intent) (made, others []*resource.Live) {
	unknown := func(list []*resource.Live) []*resource.Live {
		return slices.DeleteFunc(slices.Clone(list), func(l *resource.Live) bool {
			return m.rowByID[l.ID] != nil || slices.Contains(in.Seen, l.ID)
		})
	}
	if in.Key != "" {
		for _, l := range unknown(m.byKey[in.Key]) {
			if p.ofTime(l, in) && m.otherInstance(l) == "" {
				made = append(made, l)
			} else {
				others = append(others, l)
			}
		}
		return made, others
	}
	// Our tag was in what was sent.
	if made = unknown(m.byTag[in.Addr.Name]); len(made) > 0 {
		at := slices.IndexFunc(made, func(l *resource.Live) bool { return len(l.Owners) > 1 })
		if at >= 0 { // somebody else's tag as well
			return nil, made
		}
		return made, nil
	}
	return nil, p.suspects(m, in)
}

// longAgo is how long ago no create was begun that is still in doubt: what seems to was begun by a clock that was behind.
const longAgo = 365 * 24 * 60 * time.Minute

// ofTime tells whether Telnyx made an object when it was asked to, as far as it says when and our clock was right then.
func (p *planner) ofTime(l *resource.Live, in *resource.Intent) bool {
	off := in.At.After(p.in.Now.Add(clockSkew)) || p.in.Now.Sub(in.At) > longAgo
	return l.Created.IsZero() || off || !l.Created.Before(in.At.Add(-madeBefore)) && !l.Created.After(in.At.Add(madeAfter))
}
