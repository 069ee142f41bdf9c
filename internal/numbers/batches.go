package numbers

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"telnyxsync/internal/resource"
)

// Batch is what goes over the wire at once.
type Batch struct {
	Op      Op
	Target  resource.Target
	Ticket  string // of a retry
	Numbers resource.Numbers
	IDs     []string      // of the numbers, in ascending order of these; nil for a retry
	Place   string        // of a move: the location
	Seen    []string      // the tickets of the connection that are there already
	Waits   resource.Addr // the connection that is to be made first, while Target has none; else zero
}

// fill decides what waits so that fewer calls do, or because Telnyx takes no more at a time.
func (p *planner) fill(groups []*group) {
	type goal struct {
		resource.Target
		waits resource.Addr // connections that are to be made are as many as there are entries
	}
	targets := map[goal][]*group{}
	var order []goal
	for _, g := range groups {
		if g.Observe {
			continue // nobody waits for what is not sent
		}
		t := goal{g.Target, g.Waits}
		if targets[t] == nil {
			order = append(order, t)
		}
		targets[t] = append(targets[t], g)
	}
	jobs := MaxJobs
	for i := range p.open {
		if o := &p.open[i]; o.Op == resource.OrderAssign && !o.Settled {
			jobs--
		}
	}
	jobs = max(jobs, 0) // somebody else may have begun some
	for _, t := range order {
		coming := p.assigning(t.Target)
		if n := count(targets[t], Assign); n > 0 {
			most := min(jobs, (n+MaxBatch-1)/MaxBatch)
			jobs -= most
			p.holdBack(targets[t], Assign, n-most*MaxBatch, cause{code: CodeJobsBusy, count: MaxJobs})
			coming += n
			p.lookAt(p.in.Now.Add(p.times.BatchSettle))
		}
		if n := count(targets[t], Upload); coming > 0 {
			p.holdBack(targets[t], Upload, n%MaxBatch, cause{code: CodeBatchFills})
		}
	}
}

// assigning counts the numbers for a target that are being assigned, and have been for less time than
// uploads wait for.
func (p *planner) assigning(t resource.Target) (n int) {
	for i := range p.open {
		o := &p.open[i]
		if until := o.At.Add(p.times.BatchSettle); o.Op == resource.OrderAssign && o.Target == t && until.After(p.in.Now) {
			n += o.Numbers.Len()
			p.lookAt(until)
		}
	}
	return n
}

func count(groups []*group, op Op) (n int) {
	for _, g := range groups {
		for v, s := range g.verdicts {
			if v.op == op {
				n += s.Len()
			}
		}
	}
	return n
}

// holdBack makes the last n numbers of an op wait.
func (p *planner) holdBack(groups []*group, op Op, n int, why cause) {
	for _, g := range slices.Backward(groups) {
		for _, v := range slices.SortedFunc(maps.Keys(g.verdicts), compare) {
			if v.op != op || n <= 0 {
				continue
			}
			rest, tail := last(*g.verdicts[v], n)
			n -= tail.Len()
			if len(rest) == 0 {
				delete(g.verdicts, v)
			} else {
				*g.verdicts[v] = rest
			}
			wait := verdict{op: Wait, cause: why}
			if old := g.verdicts[wait]; old != nil {
				tail = tail.Plus(*old)
			}
			g.verdicts[wait] = &tail
		}
	}
}

// last cuts a set before its last n numbers.
func last(s resource.Numbers, n int) (rest, tail resource.Numbers) {
	rest = slices.Clone(s)
	for i := len(rest) - 1; i >= 0 && n > 0; i-- {
		r := rest[i]
		if size := int(r.To-r.From) + 1; size <= n {
			tail = append(tail, r)
			rest = rest[:i]
			n -= size
			continue
		}
		cut := r.To - resource.Number(n) + 1
		tail = append(tail, resource.Range{From: cut, To: r.To})
		rest[i].To = cut - 1
		n = 0
	}
	slices.Reverse(tail)
	return rest, tail
}

func compare(a, b verdict) int {
	return cmp.Or(cmp.Compare(rank(a.op), rank(b.op)), cmp.Compare(a.op, b.op), compareCauses(&a.cause, &b.cause),
		bit(a.drift)-bit(b.drift), bit(a.inDoubt)-bit(b.inDoubt))
}

// rank is the order in which a reader wants to hear of it.
func rank(o Op) int { return slices.Index([]Op{Adopt, Assign, Upload, Relocate, Retry, Wait}, o) }

// finish turns what was found on single numbers into what is said of the group, and remembers what is
// in place.
func (p *planner) finish(g *group) {
	out, c := g.out, &p.plan.Counts
	if !p.in.Stateless && out.Err == nil {
		p.known(g)
	}
	for _, v := range slices.SortedFunc(maps.Keys(g.verdicts), compare) {
		s := *g.verdicts[v]
		out.Verdicts = append(out.Verdicts, p.verdict(v, s))
		switch n := s.Len(); {
		case v.op == Parked:
			c.Parked += n
		case v.op.Problem():
			c.Wrong += n
		case v.op == Wait:
			c.Waiting += n
		case v.op != Adopt && !g.Observe:
			c.Todo += n
			p.lookAt(p.in.Now.Add(p.times.Poll)) // it will be on its way then
		}
	}
	c.Placed += out.Placed.Len()
}

// listed ends the troubles of numbers that are in place.
func (p *planner) listed(g *group) {
	for n, t := range p.troubles {
		if g.out.Placed.Has(n) && p.over(t, Listed) {
			p.plan.Settle.EndTroubles = append(p.plan.Settle.EndTroubles, n)
			p.plan.Settle.Troubles = slices.DeleteFunc(p.plan.Settle.Troubles, func(t resource.Trouble) bool { return t.Number == n })
		}
	}
	slices.Sort(p.plan.Settle.EndTroubles)
}

// verdict is what is said of numbers that one was found on each of.
func (p *planner) verdict(v verdict, s resource.Numbers) Verdict {
	out := Verdict{Op: v.op, Numbers: s, Ticket: v.ticket, InDoubt: v.inDoubt, Drift: v.drift}
	if r := p.reason(v.cause); !r.IsZero() {
		out.Reasons = append(out.Reasons, r)
	}
	if v.drift {
		out.Reasons = append(out.Reasons, p.reason(cause{code: CodeWasInPlace}))
	}
	if v.op == Assign || v.op == Elsewhere {
		out.From = v.connection
	}
	if v.op == Assign && p.in.Facts.Connections[out.From].Value.Teams {
		out.Leaving = s.Len()
		out.Reasons = append(out.Reasons, p.reason(cause{code: CodeLeavesTeams, connection: out.From, count: out.Leaving}))
	}
	return out
}

// known works out which numbers are the group's from now on and what each was uploaded for, which of
// them are found in place for the first time, and which were uploaded for something else than is wanted.
func (p *planner) known(g *group) {
	usage := Usage(g.Target)
	up := map[string]resource.Numbers{}
	var all resource.Numbers
	for sig, s := range g.Known {
		s = s.And(g.Wanted)
		all = all.Plus(s)
		if here := s.And(g.out.Placed); len(here) > 0 {
			up[sig] = here
			if otherUse(sig, g.Target) {
				first, more, _ := strings.Cut(sig, "+")
				v := verdict{op: BadUsage, cause: cause{code: CodeOtherUsage, text: first, label: strings.TrimPrefix(more, "none")}}
				if old := g.verdicts[v]; old != nil { // another use of the same name
					here = here.Plus(*old)
				}
				g.verdicts[v] = &here
			}
		}
	}
	if found := g.out.Placed.Minus(all); len(found) > 0 {
		up[""] = up[""].Plus(found)
		g.verdicts[verdict{op: Adopt, cause: cause{code: CodeNotInState}}] = &found
	}
	rest := g.Wanted.Minus(g.out.Placed)
	for v, s := range g.verdicts {
		if v.op == NotOwned || v.op == Elsewhere {
			rest = rest.Minus(*s)
		}
	}
	for i := range p.open {
		if o := &p.open[i]; o.Op == resource.OrderUpload || o.Op == resource.OrderRetry {
			if sent := rest.And(o.Numbers); len(sent) > 0 {
				up[Usage(o.Target)] = up[Usage(o.Target)].Plus(sent)
				rest = rest.Minus(sent)
			}
		}
	}
	if len(rest) > 0 {
		up[usage] = up[usage].Plus(rest)
	}
	g.out.Uploaded = up
}

// otherUse tells whether numbers were uploaded for something else than is wanted, as far as both are written.
func otherUse(uploaded string, t resource.Target) bool {
	first, more, known := strings.Cut(uploaded, "+")
	return known && (t.Usage != "" && first != "" && first != t.Usage || t.Additional != "" && more != t.Additional)
}
