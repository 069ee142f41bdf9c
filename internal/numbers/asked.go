package numbers

import (
	"iter"
	"time"

	"telnyxsync/internal/resource"
)

// Again is what to remember of numbers that somebody wants tried again now: they count as never tried.
// Others that failed in the same upload and wait become due with them, as a retry sends all that failed
// of one; those that are parked stay so, unless they are asked for themselves.
func Again(s resource.Numbers, before []resource.Trouble, now time.Time) (out []resource.Trouble) {
	with := map[together]bool{}
	for i := range before {
		if t := &before[i]; s.Has(t.Number) && t.Ticket != "" {
			with[togetherOf(t)] = true
		}
	}
	for _, t := range before {
		switch {
		case s.Has(t.Number):
			r := troubleRow(&t)
			r.trouble.Attempts, r.trouble.Next = 0, now
			r, err := transition(r, Asked)
			if err != nil {
				continue // it stays as it is
			}
			t = r.trouble
		case with[togetherOf(&t)] && t.Next.After(now):
			t.Next = now
		default:
			continue
		}
		out = append(out, t)
	}
	return out
}

// together names what is retried at once.
type together struct {
	ticket string
	target resource.Target
}

func togetherOf(t *resource.Trouble) together { return together{t.Ticket, t.Target} }

// Due is when each of some numbers is tried again, in their order; zero where it is parked. Those of one
// upload are tried together, with the last of them.
func Due(troubles []resource.Trouble) []time.Time {
	due := latest(func(yield func(*resource.Trouble) bool) {
		for i := range troubles {
			if !yield(&troubles[i]) {
				return
			}
		}
	})
	out := make([]time.Time, len(troubles))
	for i := range troubles {
		t := &troubles[i]
		if out[i] = t.Next; !t.Parked() && t.Ticket != "" {
			out[i] = due[togetherOf(t)]
		}
	}
	return out
}

// latest is when each upload that failed is due: with the last of its numbers that is tried again.
func latest(troubles iter.Seq[*resource.Trouble]) map[together]time.Time {
	due := map[together]time.Time{}
	for t := range troubles {
		if t.Ticket != "" && t.Next.After(due[togetherOf(t)]) {
			due[togetherOf(t)] = t.Next
		}
	}
	return due
}

// Followed tells whether an order is an upload that somebody else began and that has numbers of ours: its
// id is made of the ticket, see follow.
func Followed(o *resource.Order) bool {
	return o.Op == resource.OrderUpload && o.ID == followedID(o.Ticket)
}

// followedID is the id of an order that follows somebody else's upload. States hold it, so it stays as it is.
func followedID(ticket string) string {
	const blank = ' '
	return resource.OrderUpload + string(blank) + ticket
}
