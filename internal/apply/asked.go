package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// Retried is how it went with numbers that somebody wanted tried again.
type Retried struct {
	Result Result
	Not    []NotRetried // by what was asked for
}

// NotRetried are numbers that nothing was sent for.
type NotRetried struct {
	Numbers resource.Numbers `json:"numbers"`
	Why     string           `json:"reason"`
}

// Teams are the connections that state has numbers of ours on, or on their way to, on Microsoft Teams.
func (e *Engine) Teams(snap *state.Snapshot) []string { return e.teams(snap) }

// RetryNumbers tries numbers again that failed, parked ones too, at once and as if for the first time; of
// a range, those that failed. Nothing else is sent but what a retry of their uploads sends along. The
// writers' lock is held; the error is one of the state, or that no plan could be made.
func (e *Engine) RetryNumbers(ctx context.Context, db *state.DB, snap state.Snapshot, desired resource.Config, asked []resource.Range, o Options) (Retried, error) {
	var out Retried
	o.Writing = true
	all := resource.NumbersOf(asked...)
	if len(all.Minus(failed(&snap))) > 0 || len(all.And(onTheirWay(&snap))) > 0 {
		// What became of what is on its way, by what the state remembers, may have been seen by nobody yet.
		plan, err := e.PlanSettled(ctx, desired, snap, o)
		if err != nil {
			return out, err
		}
		if _, err := e.ApplyNumbers(ctx, db, desired, plan, o, func(*numbers.Batch) bool { return false }); err != nil {
			return out, err
		}
		if snap, err = db.Snapshot(ctx); err != nil {
			return out, err
		}
		out.Not = e.without(asked, desired, &snap, &plan)
	}
	again := all.And(failed(&snap)).Minus(onTheirWay(&snap))
	loose := again
	for _, g := range e.groups(desired) {
		loose = loose.Minus(diff.WantedNumbers(g.Object))
		if s := again.And(diff.WantedNumbers(g.Object)); g.Observe && len(s) > 0 {
			out.Not = append(out.Not, NotRetried{s, onlyObserved(g.Addr)})
			again = again.Minus(s)
		}
	}
	if len(loose) > 0 {
		out.Not = append(out.Not, NotRetried{loose, inNoGroup})
		again = again.Minus(loose)
	}
	if len(again) == 0 {
		return out, nil
	}
	err := e.sendAgain(ctx, db, snap, desired, again, o, &out)
	return out, err
}

// sendAgain makes numbers due, and sends what the plan has for them then.
func (e *Engine) sendAgain(ctx context.Context, db *state.DB, snap state.Snapshot, desired resource.Config, again resource.Numbers, o Options, out *Retried) error {
	rec := resource.Record{Troubles: numbers.Again(again, snap.Troubles, time.Now()), Events: e.askedEvents(desired, again)}
	snap.Troubles = overlaid(snap.Troubles, rec.Troubles)
	for round := range 2 {
		plan, err := e.PlanSettled(ctx, desired, snap, o)
		if err != nil {
			return err
		}
		if err := db.Commit(ctx, rec); err != nil {
			return err
		}
		rec = resource.Record{}
		plan.Numbers.Batches = e.narrowed(plan.Numbers.Batches, desired, again)
		result, err := e.ApplyNumbers(ctx, db, desired, plan, o, func(*numbers.Batch) bool { return true })
		out.Result.Numbers = append(out.Result.Numbers, result.Numbers...)
		if err != nil {
			return err
		}
		left := again
		for _, r := range result.Numbers {
			left = left.Minus(r.Numbers)
		}
		if snap, err = db.Snapshot(ctx); err != nil {
			return err
		}
		for _, n := range e.why(left, desired, &snap, &plan) {
			n.Why += "; it is due, and is tried by the next pass that can"
			out.Not = append(out.Not, n)
		}
		if round > 0 {
			break
		}
		// An upload that Telnyx does not retry is sent anew.
		again = nil
		out.Result.Numbers = slices.DeleteFunc(out.Result.Numbers, func(r NumberOutcome) bool {
			anew := r.Op == diff.Retry && r.Status == Failed && len(r.Numbers.Minus(dueAnew(&snap))) == 0
			if anew {
				again = again.Plus(r.Numbers)
			}
			return anew
		})
		if len(again) == 0 {
			return nil
		}
	}
	return nil
}

// dueAnew are the numbers that are due, and in no upload that could be retried.
func dueAnew(snap *state.Snapshot) (s resource.Numbers) {
	for i := range snap.Troubles {
		if t := &snap.Troubles[i]; t.Ticket == "" && !t.Parked() && !t.Next.After(time.Now()) {
			s.Add(t.Number) // they ascend
		}
	}
	return s
}

func onlyObserved(a resource.Addr) string {
	return fmt.Sprintf("%s is only observed (observe: true)", a)
}

const inNoGroup = "in no group of phone_numbers that was loaded: write it into one, or give the right --configs"

func failed(snap *state.Snapshot) (s resource.Numbers) {
	for i := range snap.Troubles {
		s.Add(snap.Troubles[i].Number) // they ascend
	}
	return s
}

func onTheirWay(snap *state.Snapshot) (s resource.Numbers) {
	for i := range snap.Orders {
		s = s.Plus(snap.Orders[i].Numbers)
	}
	return s
}

// groups are the entries of phone numbers.
func (e *Engine) groups(desired resource.Config) (out []*resource.Entry) {
	for i := range desired.Entries {
		if e.grouped(desired.Entries[i].Kind) {
			out = append(out, &desired.Entries[i])
		}
	}
	return out
}

// without says of what was asked for and has not failed why. Of a range in which something failed,
// nobody wants to hear of the rest.
func (e *Engine) without(asked []resource.Range, desired resource.Config, snap *state.Snapshot, plan *diff.Plan) (out []NotRetried) {
	bad := failed(snap).Minus(onTheirWay(snap))
	var rest resource.Numbers
	for _, r := range asked {
		s := resource.Numbers{r}
		if len(s.And(bad)) == 0 {
			rest = rest.Plus(s)
		}
	}
	if len(rest) == 0 {
		return nil
	}
	return e.why(rest, desired, snap, plan)
}

// why says why nothing is sent for numbers; nothing of none.
func (e *Engine) why(s resource.Numbers, desired resource.Config, snap *state.Snapshot, plan *diff.Plan) (out []NotRetried) {
	say := func(of resource.Numbers, format string, args ...any) {
		if of = of.And(s); len(of) > 0 {
			out = append(out, NotRetried{of, fmt.Sprintf(format, args...)})
			s = s.Minus(of)
		}
	}
	for _, c := range plan.Numbers.Waiting {
		say(c.Numbers, "%s", c.Reason)
	}
	for _, c := range append(slices.Clone(plan.Numbers.Changes), plan.Numbers.Observed...) {
		how := fmt.Sprintf("it has not failed, it is to be sent (%s) by `telnyxsync apply`", c.Op)
		if g := desired.Find(c.Addr); g != nil && g.Observe {
			how = onlyObserved(c.Addr)
		}
		say(c.Numbers, "%s", how)
	}
	for i := range snap.Groups {
		if g := &snap.Groups[i]; desired.Find(g.Addr) != nil {
			say(g.Placed, "it is in place already, in %s", g.Addr)
		}
	}
	for _, g := range e.groups(desired) {
		var texts []string
		for _, p := range plan.Problems {
			if p.Addr == g.Addr {
				texts = append(texts, p.Text)
			}
		}
		if texts == nil {
			texts = []string{"nothing is known to have failed: `telnyxsync diff` tells what is to be done"}
		}
		say(diff.WantedNumbers(g.Object), "%s: %s", g.Addr, strings.Join(texts, "; "))
	}
	say(s, "%s", inNoGroup)
	return out
}

// overlaid are troubles with others in the place of those of the same numbers.
func overlaid(troubles, others []resource.Trouble) []resource.Trouble {
	by := map[resource.Number]resource.Trouble{}
	for _, t := range others {
		by[t.Number] = t
	}
	out := slices.Clone(troubles)
	for i := range out {
		if t, ok := by[out[i].Number]; ok {
			out[i] = t
		}
	}
	return out
}

// narrowed leaves of batches what was asked for: with an assignment of one number, nobody wants others
// taken from their connections.
func (e *Engine) narrowed(batches []numbers.Batch, desired resource.Config, s resource.Numbers) (out []numbers.Batch) {
	for _, b := range batches {
		if len(b.Numbers.And(s)) == 0 {
			continue
		}
		b = b.Only(s)
		b.Groups = slices.DeleteFunc(slices.Clone(b.Groups), func(a resource.Addr) bool {
			g := desired.Find(a)
			return g != nil && len(diff.WantedNumbers(g.Object).And(b.Numbers)) == 0
		})
		out = append(out, b)
	}
	return out
}

func (e *Engine) askedEvents(desired resource.Config, s resource.Numbers) (out []resource.Event) {
	for _, g := range e.groups(desired) {
		if own := diff.WantedNumbers(g.Object).And(s); len(own) > 0 {
			out = append(out, numberEvent(g.Addr, diff.Retry, "", own, "by `telnyxsync uploads retry`", string(Done), "", "", Fingerprint(desired)))
		}
	}
	return out
}
