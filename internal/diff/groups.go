package diff

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/numbers"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
)

// The operations of phone numbers. A wait writes nothing.
const (
	Assign   = Op(numbers.Assign)
	Upload   = Op(numbers.Upload)
	Relocate = Op(numbers.Relocate)
	Retry    = Op(numbers.Retry)
	Wait     = Op(numbers.Wait)
)

// NumberChange is one thing to be done with some numbers of a group, or what they wait for.
type NumberChange struct {
	Op      Op
	Addr    resource.Addr
	Source  *resource.Position
	Target  resource.Target
	Where   string // the target for a person
	Numbers resource.Numbers
	Reason  string
	From    string // of an assign: the connection that they are taken from
	Ticket  string
	Needs   []resource.Addr
	Calls   int // writing API calls that it costs at most by itself; see [NumberPlan.Calls]
	InDoubt bool
	Drift   bool
}

// NumberPlan is what becomes of phone numbers.
type NumberPlan struct {
	Changes   []NumberChange // by address
	Waiting   []NumberChange
	Observed  []NumberChange // of groups with `observe: true`
	Unmanaged []Unmanageds
	Counts    numbers.Counts
	Batches   []numbers.Batch // what carrying the changes out sends
	Needs     map[resource.Addr][]resource.Addr

	Settle  numbers.Settle
	Ended   []EndedNumbers // what ended, for the history
	Missing numbers.Missing
	Open    []resource.Order // on their way
	Next    time.Time        // when to look again; zero: nothing is on its way
}

// Calls counts the writing calls of an operation. Numbers of several groups may share one.
func (n *NumberPlan) Calls(op Op) (calls int) {
	for i := range n.Batches {
		switch b := &n.Batches[i]; {
		case Op(b.Op) != op:
		case op == Relocate:
			calls += b.Numbers.Len()
		default:
			calls++
		}
	}
	return calls
}

// EndedNumbers are numbers of a group of which something that was sent ended.
type EndedNumbers struct {
	Addr resource.Addr
	numbers.Ended
	Why string // its reason in words
}

// Unmanageds are numbers of a connection that are in no group.
type Unmanageds struct {
	Connection string // id
	Numbers    resource.Numbers
}

// groups decides on the numbers of all groups.
func (p *planner) groups() {
	var k *resource.Kind
	for i := range p.in.Kinds {
		if p.in.Kinds[i].Groups {
			k = &p.in.Kinds[i]
		}
	}
	if k == nil {
		return
	}
	p.kinds[k.Name] = k
	for i := range p.in.Owned {
		if row := &p.in.Owned[i]; row.Addr.Kind == k.Name {
			p.rows = append(p.rows, groupRow{row, resource.GroupOf(row.Applied)})
		}
	}
	written := slices.ContainsFunc(p.in.Desired.Roots, func(r resource.Root) bool { return r.Sections[k.Name] })
	if !written {
		return
	}
	var entries []*resource.Entry
	var needs [][]resource.Addr
	for _, e := range p.entries[k.Name] {
		if g, need, ok := p.group(e); ok {
			p.grouped = append(p.grouped, g)
			entries = append(entries, e)
			needs = append(needs, need)
		}
	}
	plan := numbers.Decide(numbers.Input{
		Now: p.in.Now, Times: p.in.Times, Groups: p.grouped, Left: p.left(k), Orders: p.in.Orders, Troubles: p.in.Troubles,
		Facts: p.in.Facts, Stateless: p.in.Stateless,
	})
	p.decided = plan
	n := &p.plan.Numbers
	civic := n.Missing.Civic // of locations, see places
	n.Missing, n.Settle, n.Open, n.Next, n.Counts = plan.Missing, plan.Settle, plan.Open, plan.Next, plan.Counts
	for c := range civic {
		n.Missing.Civic[c] = true
	}
	n.Needs = map[resource.Addr][]resource.Addr{}
	for i, e := range entries {
		n.Needs[e.Addr] = needs[i]
		p.verdicts(e, &p.grouped[i], &plan.Groups[i], needs[i])
	}
	for _, e := range plan.Settle.Ended {
		for i := range p.grouped {
			if s := e.Numbers.And(p.grouped[i].Wanted); len(s) > 0 {
				of := EndedNumbers{p.grouped[i].Addr, e, inWords(e.Reason)}
				of.Numbers = s
				n.Ended = append(n.Ended, of)
			}
		}
	}
	p.unmanaged()
}

// verdicts turns what was decided on a group into changes and problems.
func (p *planner) verdicts(e *resource.Entry, g *numbers.Group, d *numbers.Decided, needs []resource.Addr) {
	if d.Err != nil {
		p.unread(e.Addr, &e.Pos, "the numbers of its connection could not be read, so they are left alone: %v", d.Err)
		return
	}
	quiet := true
	for _, v := range d.Verdicts {
		if v.Op.Problem() {
			held := v.Op != numbers.Unread && v.Op != numbers.NotOwned && v.Op != numbers.BadPlace
			p.problem(e.Addr, &e.Pos, held, "%s: %s: %s%s", countedNumbers(v.Numbers), render.NumberOp(string(v.Op)), strings.TrimSuffix(inWords(v.Reasons...), "."), remedy(v))
			p.plan.Problems[len(p.plan.Problems)-1].Unread = v.Op == numbers.Unread
			quiet = false
			continue
		}
		c := NumberChange{
			Op: Op(v.Op), Addr: e.Addr, Source: &e.Pos, Target: g.Target, Where: p.where(e, g), Numbers: v.Numbers, Reason: inWords(v.Reasons...),
			From: v.From, Ticket: v.Ticket, Needs: needs, InDoubt: v.InDoubt, Drift: v.Drift, Calls: calls(v),
		}
		switch n := &p.plan.Numbers; {
		case v.Op == numbers.Wait:
			n.Waiting = append(n.Waiting, c)
		case e.Observe:
			n.Observed = append(n.Observed, c)
			quiet = false
		default:
			n.Changes = append(n.Changes, c)
			quiet = false
		}
	}
	if quiet {
		p.plan.Unchanged++
	}
	p.remember(e, g, d)
}

// inWords are reasons for a person.
func inWords(reasons ...resource.Reason) string {
	var w *render.Words // those of numbers are its own
	return w.All(reasons)
}

// remedy says what to do about numbers that are parked.
func remedy(v numbers.Verdict) string {
	if v.Op != numbers.Parked {
		return ""
	}
	first := v.Numbers[0].From
	return fmt.Sprintf("; mend what it says, then change the entry, or run `telnyxsync uploads retry %s`", first)
}

func calls(v numbers.Verdict) int {
	switch v.Op {
	case numbers.Assign, numbers.Upload:
		return (v.Numbers.Len() + numbers.MaxBatch - 1) / numbers.MaxBatch
	case numbers.Relocate:
		return v.Numbers.Len()
	case numbers.Retry:
		return 1
	default:
		return 0
	}
}

// remember takes down which numbers are the group's, before anything is sent for them.
func (p *planner) remember(e *resource.Entry, g *numbers.Group, d *numbers.Decided) {
	if p.in.Stateless || e.Observe || g.Target.Connection == "" {
		return
	}
	now := resource.GroupRow{Target: g.Target, Uploaded: d.Uploaded, Placed: d.Placed}
	p.remembered[e.Addr] = true
	row := p.row(e.Addr)
	own := &resource.Owned{Addr: e.Addr, ID: e.Name, Root: e.Root, Applied: now.Applied(), Protect: row != nil && row.Protect}
	if e.Protect != nil {
		own.Protect = *e.Protect
	}
	if row == nil || !sameOwned(row.Owned, own) {
		p.plan.Settle = append(p.plan.Settle, *own)
	}
}
