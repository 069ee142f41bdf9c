package diff

import (
	"maps"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// StickLimit is how often one value is written to one field before it counts as one that Telnyx
// does not keep.
const StickLimit = 3

// Observed is what was read of one kind.
type Observed struct {
	resource.Observation
	Err error // the kind as a whole could not be read
}

// Input is all that a plan depends on.
type Input struct {
	Kinds    []resource.Kind
	Desired  resource.Config
	Live     map[string]Observed // by kind; a kind that is absent was not read and is left alone
	Owned    []resource.Owned
	Groups   []resource.Group
	Intents  []resource.Intent
	Instance string    // in owner tags; "" is "default"
	Now      time.Time // as Telnyx has it, where that is known

	// ClocksApart: this machine's clock is not Telnyx's, and one of them is wrong.
	ClocksApart bool

	// Secrets are what the references of the entries led to. One that leads nowhere is not compared;
	// with NeedSecrets, for a run that writes, its entry is left alone.
	Secrets     map[resource.SecretRef]resource.Resolved
	NeedSecrets bool

	// Of phone numbers: what was read of them, what is on its way, what went wrong, and how long things
	// may take.
	Facts    numbers.Facts
	Orders   []resource.Order
	Troubles []resource.Trouble
	Times    numbers.Times

	// OtherRoots are configurations that own something, are still there and are not part of this run.
	OtherRoots map[string]bool

	Prune     bool            // delete what is owned and no longer written
	Stateless bool            // there is no state to ask: ownership and origins are unknown
	Foreign   bool            // list what is not ours
	Only      []resource.Addr // nil: all
}

// Comparison is what has been compared, so that it is compared once however often phone numbers ask for more.
type Comparison struct{ p *planner }

// Compare matches and compares the objects of all entries.
func Compare(in Input) *Comparison {
	p := newPlanner(in)
	for i := range in.Owned {
		p.plan.Owned[in.Owned[i].Addr.Kind]++
	}
	kinds := slices.Clone(in.Kinds)
	slices.SortFunc(kinds, func(a, b resource.Kind) int { return strings.Compare(a.Name, b.Name) })
	p.matchers = p.match(kinds)
	for i := range kinds { // after all matches: references cross kinds
		if m := p.matchers[kinds[i].Name]; m != nil {
			p.kind(&kinds[i], m)
		}
	}
	return &Comparison{p}
}

// Plan makes the plan with what was read of phone numbers; what it would have to know of them beside is missing, and
// as long as anything is, the plan is none to be shown.
func (c *Comparison) Plan(facts numbers.Facts) (plan.Plan, numbers.Missing) {
	p := c.p.with(facts)
	p.places()
	p.groups()
	p.orphans(p.matchers)
	p.lostGroups()
	p.withdrawn(p.matchers)
	for _, name := range slices.Sorted(maps.Keys(p.matchers)) {
		if m := p.matchers[name]; m != nil {
			p.tagged(m.kind, m)
		}
	}
	p.elsewhere()
	if p.in.Stateless {
		p.note(reason(NoState, nil))
	}
	if p.in.Only != nil {
		p.plan.Only(p.in.Only)
	}
	p.plan.Changes = plan.Order(p.plan.Changes)
	p.block()
	return p.plan, p.missing
}

// Compute is Compare and Plan in one, for what asks nothing more.
func Compute(in Input) (plan.Plan, numbers.Missing) { return Compare(in).Plan(in.Facts) }

// with is a planner that goes on from where all objects are compared.
func (p *planner) with(facts numbers.Facts) *planner {
	next := *p
	next.in.Facts = facts
	next.plan.Changes = slices.Clone(p.plan.Changes)
	for i := range next.plan.Changes { // what waits for a change is added to it
		next.plan.Changes[i].Needs = slices.Clone(next.plan.Changes[i].Needs)
	}
	next.plan.Observed, next.plan.Problems = slices.Clone(p.plan.Observed), slices.Clone(p.plan.Problems)
	next.plan.Unmanaged, next.plan.Notes = slices.Clone(p.plan.Unmanaged), slices.Clone(p.plan.Notes)
	next.plan.Remember.Own = slices.Clone(p.plan.Remember.Own)
	next.plan.Remember.EndIntents = slices.Clone(p.plan.Remember.EndIntents)
	next.remembered = map[resource.Addr]bool{}
	return &next
}

func newPlanner(in Input) *planner {
	if in.Instance == "" {
		in.Instance = "default"
	}
	p := &planner{in: in, matches: map[resource.Addr]*match{}, entries: map[string][]*resource.Entry{}, kinds: map[string]*resource.Kind{}}
	p.plan.Owned, p.plan.Entries = map[string]int{}, map[string]int{}
	p.remembered = map[resource.Addr]bool{}
	p.in.Owned = slices.SortedFunc(slices.Values(in.Owned), func(a, b resource.Owned) int { return a.Addr.Compare(b.Addr) })
	p.in.Desired.Entries = slices.Clone(in.Desired.Entries) // what their keys refer to is filled in
	for i := range p.in.Desired.Entries {
		e := &p.in.Desired.Entries[i]
		p.entries[e.Kind] = append(p.entries[e.Kind], e)
		p.plan.Entries[e.Kind]++
	}
	return p
}

type planner struct {
	in       Input
	kinds    map[string]*resource.Kind
	entries  map[string][]*resource.Entry
	matches  map[resource.Addr]*match
	plan     plan.Plan
	missing  numbers.Missing
	matchers map[string]*matcher
	former   map[string]*resource.Owned // what is no longer written, by kind and what was applied; see formerly
	grouped  []numbers.Group            // as they were decided

	remembered map[resource.Addr]bool // groups whose numbers are, see awaited
}

// problem adds a problem, for more to be said of it.
func (p *planner) problem(a resource.Addr, source *resource.Position, held bool, why plan.Reason) *plan.Problem {
	p.plan.Problems = append(p.plan.Problems, plan.Problem{Addr: a, Source: source, Held: held, Reason: why})
	return &p.plan.Problems[len(p.plan.Problems)-1]
}

// failed adds the problem that an error is, whose remedy is not lost.
func (p *planner) failed(a resource.Addr, source *resource.Position, code plan.Code, err error) *plan.Problem {
	q := p.problem(a, source, false, reason(code, plan.Args{"error": err.Error()}))
	q.Err = err
	return q
}

func (p *planner) unread(a resource.Addr, source *resource.Position, code plan.Code, err error) {
	p.failed(a, source, code, err).Unread = true
}

func (p *planner) note(why plan.Reason) { p.plan.Notes = append(p.plan.Notes, plan.Note{Reason: why}) }

// matcher indexes what is known of a kind; nil if it was not or could not be read.
func (p *planner) matcher(k *resource.Kind) *matcher {
	seen, read := p.in.Live[k.Name]
	if !read {
		return nil
	}
	if seen.Err != nil {
		p.unread(resource.Addr{Kind: k.Name}, nil, KindUnread, seen.Err)
		return nil
	}
	m := &matcher{
		kind: k, instance: p.in.Instance,
		byID: map[string]*resource.Live{}, byKey: map[string][]*resource.Live{}, byTag: map[string][]*resource.Live{},
		rows: map[string]*resource.Owned{}, rowByID: map[string]*resource.Owned{},
		desired: map[string]*resource.Entry{}, intents: map[string]*resource.Intent{}, taken: map[string]resource.Addr{},
		leaving: map[string]bool{}, claimed: map[string]resource.Addr{},
	}
	live := slices.Clone(seen.Objects)
	slices.SortFunc(live, func(a, b resource.Live) int { return strings.Compare(a.ID, b.ID) })
	for i := range live {
		l := &live[i]
		m.byID[l.ID] = l
		for _, key := range l.Keys {
			m.byKey[key] = append(m.byKey[key], l)
		}
		for _, o := range l.Owners {
			if o.Instance == p.in.Instance {
				m.byTag[o.Name] = append(m.byTag[o.Name], l)
			}
		}
	}
	for i := range p.in.Owned {
		if o := &p.in.Owned[i]; o.Addr.Kind == k.Name {
			m.rows[o.Addr.Name], m.rowByID[o.ID] = o, o
		}
	}
	for i := range p.in.Intents {
		if in := &p.in.Intents[i]; in.Addr.Kind == k.Name {
			m.intents[in.Addr.Name] = in
		}
	}
	for _, e := range p.entries[k.Name] {
		m.desired[e.Name] = e
	}
	return m
}

func (p *planner) kind(k *resource.Kind, m *matcher) {
	failed, doubts := p.in.Live[k.Name].Failed, p.in.Live[k.Name].Doubts
	for _, e := range p.entries[k.Name] {
		f := p.matches[e.Addr]
		key := k.Key(e.Name, e.Object)
		err := failed[key]
		if err == nil && m.isID(key) {
			err = failed[strings.TrimPrefix(key, idKey)]
		}
		if err == nil && f.row != nil {
			err = failed[f.row.ID]
		}
		switch {
		case err != nil:
			p.unread(e.Addr, &e.Pos, EntryUnread, err)
		case !f.problem.IsZero():
			p.problem(e.Addr, &e.Pos, f.held, f.problem)
		default:
			if f.live != nil && doubts[f.live.ID] != nil {
				p.unread(e.Addr, &e.Pos, ContentUnread, doubts[f.live.ID])
			}
			p.entry(k, m, e, f)
		}
	}
	if p.in.Foreign && k.Listed {
		for id, l := range m.byID {
			if m.unknown(l) && !m.tagsOurs(l) {
				p.plan.Foreign = append(p.plan.Foreign, plan.Foreign{Kind: k.Name, ID: id, Label: l.Label})
			}
		}
		slices.SortFunc(p.plan.Foreign, func(a, b plan.Foreign) int {
			return strings.Compare(a.Kind+"\x00"+a.ID, b.Kind+"\x00"+b.ID)
		})
	}
}

// block takes out the changes that wait for something which this plan does not do: they are problems themselves. Each
// comes after what it needs.
func (p *planner) block() {
	planned := map[resource.Addr]bool{}
	for i := range p.plan.Changes {
		planned[p.plan.Changes[i].Addr] = true
	}
	said := map[resource.Addr]bool{}
	p.plan.Changes = slices.DeleteFunc(p.plan.Changes, func(c plan.Change) bool {
		i := slices.IndexFunc(c.Needs, func(n resource.Addr) bool { return !planned[n] })
		if i < 0 {
			return false
		}
		delete(planned, c.Addr)
		n := c.Needs[i]
		needed := plan.Args{"address": n.String()}
		switch {
		case c.Items != nil:
			if !said[c.Addr] {
				said[c.Addr] = true
				p.problem(c.Addr, c.Source, false, reason(NumbersWait, needed))
			}
		case c.Op == plan.Delete:
			p.problem(c.Addr, nil, false, reason(DeleteWaits, needed))
		default:
			p.problem(c.Addr, c.Source, false, reason(NeedsMissing, needed))
		}
		return true
	})
	slices.SortStableFunc(p.plan.Problems, func(a, b plan.Problem) int { return a.Addr.Compare(b.Addr) })
}
