package numbers

import (
	"errors"
	"slices"

	"telnyxsync/internal/resource"
)

// planner makes one plan.
type planner struct {
	in       Input
	times    Times
	plan     Plan
	open     []resource.Order
	lost     resource.Numbers
	troubles map[resource.Number]*resource.Trouble
	retries  map[together]*retry // nil until it is asked for

	reasons map[cause]resource.Reason
	kept    map[string]resource.Reason // by their keys
	endings map[ending]int             // of Settle.Ended
	held    map[resource.Number]cause  // what happened to them cannot happen

	uploadsOf map[string]map[resource.Number]string // connection → number → the unfinished upload that has it
}

// Decide makes the plan, as far as what was read allows: where [Plan.Missing] is not empty it is to be
// made again with that.
func Decide(in Input) Plan {
	p := &planner{
		in: in, times: in.Times.filled(), troubles: map[resource.Number]*resource.Trouble{},
		uploadsOf: map[string]map[resource.Number]string{},
	}
	p.plan.ids, p.plan.places, p.plan.tickets = map[resource.Number]string{}, map[resource.Target]string{}, map[string][]string{}
	for c, r := range in.Facts.Uploads {
		for i := range r.Value {
			p.plan.tickets[c] = append(p.plan.tickets[c], r.Value[i].Ticket)
		}
		slices.Sort(p.plan.tickets[c])
	}
	m := &p.plan.Missing
	m.OnTeams, m.Assigned, m.Civic, m.Uploads = map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	m.Tickets, m.Jobs, m.Connections = map[Ticket]bool{}, map[string]bool{}, map[string]bool{}
	for i := range in.Troubles {
		p.troubles[in.Troubles[i].Number] = &in.Troubles[i]
	}
	p.capRetries()
	p.settle()
	p.void()
	p.plan.Groups = make([]Decided, len(in.Groups))
	work := make([]*group, len(in.Groups))
	for i := range in.Groups {
		work[i] = p.group(&in.Groups[i], &p.plan.Groups[i])
	}
	for _, g := range work {
		p.listed(g)
	}
	if len(p.held) > 0 {
		for _, g := range work {
			p.confuse(g)
		}
	}
	p.fill(work)
	for _, g := range work {
		p.finish(g)
	}
	p.plan.Open = p.open
	slices.Sort(m.lookup)
	for _, n := range slices.Compact(m.lookup) {
		m.Lookup.Add(n)
	}
	return p.plan
}

// order is what has a number on its way, a move to somewhere else left aside; nil where nothing has. Hardly
// ever is a number in two orders, as where a move follows another: then the later one counts.
func (p *planner) order(n resource.Number, t resource.Target) (found *resource.Order) {
	for i := range p.open {
		o := &p.open[i]
		if o.Op == resource.OrderRelocate && o.Target != t {
			continue
		}
		if len(o.Numbers) == 0 || n < o.Numbers[0].From || n > o.Numbers[len(o.Numbers)-1].To || !o.Numbers.Has(n) {
			continue
		}
		if found == nil || o.At.After(found.At) {
			found = o
		}
	}
	return found
}

// The questions. Each gives what was read, and ok is false where that is nothing yet, which is then
// asked for, or where it could not be read.

func (p *planner) onTeams(connection string) ([]resource.LiveNumber, bool) {
	r, asked := p.in.Facts.OnTeams[connection]
	if !asked && connection != "" {
		p.plan.Missing.OnTeams[connection] = true
	}
	return r.Value, asked && r.Err == nil
}

func (p *planner) uploads(connection string) ([]resource.Upload, bool) {
	r, asked := p.in.Facts.Uploads[connection]
	if !asked {
		p.plan.Missing.Uploads[connection] = true
	}
	return r.Value, asked && r.Err == nil
}

// account is a number as the account has it; owned is false where it has none.
func (p *planner) account(n resource.Number) (a resource.AccountNumber, owned, ok bool) {
	f := &p.in.Facts
	if !f.Looked.Has(n) {
		if f.AccountErr == nil {
			p.plan.Missing.lookup = append(p.plan.Missing.lookup, n)
		}
		return a, false, false
	}
	a, owned = f.Account[n]
	return a, owned, true
}

// errNotRead stands for what was not asked for yet.
var errNotRead = errors.New("unread")

func (p *planner) ticket(t Ticket) (*resource.Upload, error) {
	r, asked := p.in.Facts.Tickets[t]
	if !asked {
		p.plan.Missing.Tickets[t] = true
		return nil, errNotRead
	}
	return r.Value, r.Err
}

func (p *planner) job(id string) (*resource.BulkJob, error) {
	r, asked := p.in.Facts.Jobs[id]
	if !asked {
		p.plan.Missing.Jobs[id] = true
		return nil, errNotRead
	}
	return r.Value, r.Err
}

// walk goes through numbers and the entries of a list side by side; both ascend.
func walk(of resource.Numbers, list []resource.LiveNumber, f func(n resource.Number, l *resource.LiveNumber)) {
	i := 0
	for _, r := range of {
		for n := r.From; n <= r.To; n++ {
			for i < len(list) && list[i].Number < n {
				i++
			}
			if i < len(list) && list[i].Number == n {
				f(n, &list[i])
			} else {
				f(n, nil)
			}
		}
	}
}
