package numbers

import (
	"cmp"
	"fmt"
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
	InDoubt bool
}

// fill decides what waits so that fewer calls do, or because Telnyx takes no more at a time.
func (p *planner) fill(groups []*group) {
	targets := map[resource.Target][]*group{}
	var order []resource.Target
	for _, g := range groups {
		if g.Observe {
			continue // nobody waits for what is not sent
		}
		if targets[g.Target] == nil {
			order = append(order, g.Target)
		}
		targets[g.Target] = append(targets[g.Target], g)
	}
	jobs := MaxJobs
	for i := range p.open {
		if o := &p.open[i]; o.Op == resource.OrderAssign && !o.Settled {
			jobs--
		}
	}
	jobs = max(jobs, 0) // somebody else may have begun some
	for _, t := range order {
		coming := p.assigning(t)
		if n := count(targets[t], Assign); n > 0 {
			most := min(jobs, (n+MaxBatch-1)/MaxBatch)
			jobs -= most
			p.holdBack(targets[t], Assign, n-most*MaxBatch, fmt.Sprintf("it waits until one of the %d jobs ends that Telnyx takes at a time", MaxJobs))
			coming += n
			p.lookAt(p.in.Now.Add(p.times.BatchSettle))
		}
		if n := count(targets[t], Upload); coming > 0 {
			p.holdBack(targets[t], Upload, n%MaxBatch, "it waits for numbers that are being assigned, to be uploaded with them")
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
func (p *planner) holdBack(groups []*group, op Op, n int, why string) {
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
			wait := verdict{op: Wait, why: why}
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
	return cmp.Or(cmp.Compare(rank(a.op), rank(b.op)), strings.Compare(string(a.op), string(b.op)), strings.Compare(a.from, b.from),
		strings.Compare(a.ticket, b.ticket), strings.Compare(a.why, b.why), bit(a.drift)-bit(b.drift), bit(a.inDoubt)-bit(b.inDoubt))
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
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
		why := v.why
		if n := s.Len(); v.op == Assign && p.in.Facts.Connections[v.from].Value.Teams {
			why += fmt.Sprintf("; this releases %d %s from Microsoft Teams on %s, which disconnects the users there", n, noun(n), v.from)
		}
		out.Verdicts = append(out.Verdicts, Verdict{
			Op: v.op, Numbers: s, Why: why, From: v.from, Ticket: v.ticket, InDoubt: v.inDoubt, Drift: v.drift,
		})
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
	for n := range p.troubles {
		if out.Placed.Has(n) {
			_ = next(stateOf(p.troubles[n]), Listed)
			p.plan.Settle.EndTroubles = append(p.plan.Settle.EndTroubles, n)
			p.plan.Settle.Troubles = slices.DeleteFunc(p.plan.Settle.Troubles, func(t resource.Trouble) bool { return t.Number == n })
		}
	}
	slices.Sort(p.plan.Settle.EndTroubles)
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
				v := verdict{op: BadUsage, why: fmt.Sprintf("they were uploaded for %s, and Telnyx cannot change that: put it back, or have them released and uploaded anew", words(sig))}
				if old := g.verdicts[v]; old != nil { // another use in the same words
					here = here.Plus(*old)
				}
				g.verdicts[v] = &here
			}
		}
	}
	if found := g.out.Placed.Minus(all); len(found) > 0 {
		up[""] = up[""].Plus(found)
		g.verdicts[verdict{op: Adopt, why: "they are in place already, and state does not know them"}] = &found
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

func noun(n int) string {
	if n == 1 {
		return "number"
	}
	return "numbers"
}

// otherUse tells whether numbers were uploaded for something else than is wanted, as far as both are written.
func otherUse(uploaded string, t resource.Target) bool {
	first, more, known := strings.Cut(uploaded, "+")
	return known && (t.Usage != "" && first != "" && first != t.Usage || t.Additional != "" && more != t.Additional)
}

func words(usage string) string {
	first, more, _ := strings.Cut(usage, "+")
	if more != "" && more != "none" {
		return first + " and " + strings.ReplaceAll(more, ",", ", ")
	}
	return first
}
