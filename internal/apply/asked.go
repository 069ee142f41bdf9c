package apply

import (
	"context"
	"slices"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// Retried is how it went with numbers that somebody wanted tried again.
type Retried struct {
	Result plan.Result
	Not    []NotRetried // by what was asked for
}

// NotRetried are numbers that nothing was sent for, and why.
type NotRetried struct {
	Numbers resource.Numbers
	Addr    resource.Addr // the group; zero where there is none
	Reasons []plan.Reason
	Due     bool // they are tried by the next pass that can
}

// The codes of what is not tried again.
const (
	NotFailed    plan.Code = "not_failed"    // op: they are to be sent by the next apply
	OnlyObserved plan.Code = "only_observed" // address
	InNoGroup    plan.Code = "in_no_group"   //
	InPlace      plan.Code = "in_place"      // address
	NoFailure    plan.Code = "no_failure"    // nothing is known to have failed
)

// RetryNumbers tries numbers again that failed, parked ones too, at once and as if for the first time; of
// a range, those that failed. Nothing else is sent but what a retry of their uploads sends along. The
// writers' lock is held; the error is one of the state, or that no plan could be made.
func (e *Engine) RetryNumbers(ctx context.Context, db *state.DB, snap state.Snapshot, desired resource.Config, asked []resource.Range, o Options) (Retried, error) {
	var out Retried
	o.Writing = true
	all := resource.NumbersOf(asked...)
	if len(all.Minus(failed(&snap))) > 0 || len(all.And(onTheirWay(&snap))) > 0 {
		// What became of what is on its way, by what the state remembers, may have been seen by nobody yet.
		p, err := e.PlanSettled(ctx, desired, snap, o)
		if err != nil {
			return out, err
		}
		if _, err := e.ApplyNumbers(ctx, db, desired, p, o, nil); err != nil {
			return out, err
		}
		if snap, err = db.Snapshot(ctx); err != nil {
			return out, err
		}
		out.Not = e.without(asked, desired, &snap, &p)
	}
	again := all.And(failed(&snap)).Minus(onTheirWay(&snap))
	loose := again
	for _, g := range e.groups(desired) {
		loose = loose.Minus(diff.WantedNumbers(g.Object))
		if s := again.And(diff.WantedNumbers(g.Object)); g.Observe && len(s) > 0 {
			out.Not = append(out.Not, NotRetried{Numbers: s, Reasons: onlyObserved(g.Addr)})
			again = again.Minus(s)
		}
	}
	if len(loose) > 0 {
		out.Not = append(out.Not, NotRetried{Numbers: loose, Reasons: because(InNoGroup, nil)})
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
	rec := resource.Record{Troubles: numbers.Again(again, snap.Troubles, e.now()), Events: e.askedEvents(desired, again)}
	snap.Troubles = overlaid(snap.Troubles, rec.Troubles)
	for round := range 2 {
		p, err := e.PlanSettled(ctx, desired, snap, o)
		if err != nil {
			return err
		}
		if err := db.Commit(ctx, rec); err != nil {
			return err
		}
		rec = resource.Record{}
		asked := again
		result, err := e.ApplyNumbers(ctx, db, desired, p, o, func(changes []plan.Change) []plan.Change { return narrow(changes, asked) })
		out.Result.Outcomes = append(out.Result.Outcomes, result.Outcomes...)
		if err != nil {
			return err
		}
		left := again
		for _, r := range result.Outcomes {
			sent, _ := r.Items.(resource.Numbers)
			left = left.Minus(sent)
		}
		if snap, err = db.Snapshot(ctx); err != nil {
			return err
		}
		for _, n := range e.why(left, desired, &snap, &p) {
			n.Due = true
			out.Not = append(out.Not, n)
		}
		if round > 0 {
			break
		}
		// An upload that Telnyx does not retry is sent anew.
		again = nil
		due := e.dueAnew(&snap)
		out.Result.Outcomes = slices.DeleteFunc(out.Result.Outcomes, func(r plan.Outcome) bool {
			sent, _ := r.Items.(resource.Numbers)
			anew := r.Op == plan.Retry && r.Status == plan.Failed && len(sent.Minus(due)) == 0
			if anew {
				again = again.Plus(sent)
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
func (e *Engine) dueAnew(snap *state.Snapshot) (s resource.Numbers) {
	for i := range snap.Troubles {
		if t := &snap.Troubles[i]; t.Ticket == "" && !t.Parked() && !t.Next.After(e.now()) {
			s.Add(t.Number) // they ascend
		}
	}
	return s
}

func because(code plan.Code, args plan.Args) []plan.Reason {
	return []plan.Reason{{Code: code, Args: args}}
}

func onlyObserved(a resource.Addr) []plan.Reason {
	return because(OnlyObserved, plan.Args{"address": a.String()})
}

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
func (e *Engine) without(asked []resource.Range, desired resource.Config, snap *state.Snapshot, p *plan.Plan) (out []NotRetried) {
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
	return e.why(rest, desired, snap, p)
}

// why says why nothing is sent for numbers; nothing of none.
func (e *Engine) why(s resource.Numbers, desired resource.Config, snap *state.Snapshot, p *plan.Plan) (out []NotRetried) {
	say := func(of resource.Numbers, a resource.Addr, reasons []plan.Reason) {
		if of = of.And(s); len(of) > 0 {
			out = append(out, NotRetried{Numbers: of, Addr: a, Reasons: reasons})
			s = s.Minus(of)
		}
	}
	none := resource.Addr{}
	for _, c := range p.Waiting {
		say(numbersOf(&c), none, c.Reasons)
	}
	for _, c := range slices.Concat(p.Changes, p.Observed) {
		how := because(NotFailed, plan.Args{"op": string(c.Op)})
		if g := desired.Find(c.Addr); g != nil && g.Observe {
			how = onlyObserved(c.Addr)
		}
		say(numbersOf(&c), none, how)
	}
	for i := range snap.Groups {
		if g := &snap.Groups[i]; desired.Find(g.Addr) != nil {
			say(g.Placed, none, because(InPlace, plan.Args{"address": g.Addr.String()}))
		}
	}
	for _, g := range e.groups(desired) {
		var reasons []plan.Reason
		for i := range p.Problems {
			if q := &p.Problems[i]; q.Addr == g.Addr {
				reasons = append(reasons, q.Reason)
			}
		}
		if reasons == nil {
			reasons = because(NoFailure, nil)
		}
		say(diff.WantedNumbers(g.Object), g.Addr, reasons)
	}
	say(s, none, because(InNoGroup, nil))
	return out
}

func numbersOf(c *plan.Change) resource.Numbers {
	s, _ := c.Items.(resource.Numbers)
	return s
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

func (e *Engine) grouped(kind string) bool {
	return slices.ContainsFunc(e.Kinds, func(k resource.Kind) bool { return k.Name == kind && k.Groups })
}

func (e *Engine) askedEvents(desired resource.Config, s resource.Numbers) (out []resource.Event) {
	for _, g := range e.groups(desired) {
		if own := diff.WantedNumbers(g.Object).And(s); len(own) > 0 {
			out = append(out, numberEvent(g.Addr, plan.Retry, "", own, plan.Reason{Code: NumbersAsked}, string(plan.Done), "", "", Fingerprint(desired)))
		}
	}
	return out
}
