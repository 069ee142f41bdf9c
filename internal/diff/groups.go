package diff

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/numbers"
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
	Calls   int // writing API calls that it costs at most
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

// EndedNumbers are numbers of a group of which something that was sent ended.
type EndedNumbers struct {
	Addr resource.Addr
	numbers.Ended
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
			p.rows = append(p.rows, groupRow{row, uploadedOf(row.Applied)})
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
				of := EndedNumbers{p.grouped[i].Addr, e}
				of.Numbers = s
				n.Ended = append(n.Ended, of)
			}
		}
	}
	p.unmanaged()
}

// groupRow is what state knows of a group: its numbers, by what they were uploaded for.
type groupRow struct {
	*resource.Owned
	uploaded map[string]resource.Numbers
}

// group is what an entry wants of its numbers; ok is false where that cannot be told, which is a problem.
func (p *planner) group(e *resource.Entry) (g numbers.Group, needs []resource.Addr, ok bool) {
	row := p.row(e.Addr)
	if row != nil && p.in.OtherRoots[row.Root] {
		p.problem(e.Addr, &e.Pos, true, "it belongs to the configuration %s, which is not part of this run: load both in one run, "+
			"or run `telnyxsync state forget %s` if it has moved here", row.Root, row.Addr)
		return g, nil, false
	}
	g = numbers.Group{Addr: e.Addr, Known: map[string]resource.Numbers{}, Wanted: WantedNumbers(e.Object)}
	g.AllowMove, _ = e.Object["allow_move"].(bool)
	g.Observe = e.Observe || p.in.Only != nil && !slices.Contains(p.in.Only, e.Addr)
	g.AnyPlace = slices.ContainsFunc([]string{"/location", "/location_id", "/civic_address_id"}, e.Ignores)
	ref, _ := e.Object["connection"].(resource.Ref)
	var c comparison
	switch id := p.resolve(ref, &c).(type) {
	case string:
		g.Target.Connection = id
	default:
		if err := p.in.Live[ref.Addr.Kind].Err; err != nil {
			p.unread(e.Addr, &e.Pos, "its connection could not be read, so its numbers are left alone: %v", err)
			return g, nil, false
		}
		if !p.planned(ref.Addr) {
			p.problem(e.Addr, &e.Pos, false, "it needs %s, which is not there and will not be made by this plan", ref.Addr)
			return g, nil, false
		}
		needs = append(needs, ref.Addr)
	}
	g.Target.Location, g.Target.CivicAddress = resource.GetString(e.Object, "/location_id"), resource.GetString(e.Object, "/civic_address_id")
	if at, ok := e.Object["location"].(resource.Ref); ok {
		g.Target.Location = at.ID
		if place := p.in.Desired.Find(at.Addr); place != nil {
			g.Target.Location = resource.GetString(place.Object, "/location_id")
		}
		if p.planned(at.Addr) {
			needs = append(needs, at.Addr) // the emergency address comes before the first call
		}
	}
	g.Target.Usage = resource.GetString(e.Object, "/usage")
	if more, written := e.Object["additional_usages"].([]any); written {
		g.Target.Additional = "none"
		if len(more) > 0 {
			g.Target.Additional = strings.Trim(strings.ReplaceAll(fmt.Sprint(more), " ", ","), "[]")
		}
	}
	others := p.others(e, &g)
	g.Wanted = g.Wanted.Minus(others)
	if row != nil && TargetOf(row.Applied) == g.Target {
		g.Had, _ = resource.ToNumbers(row.Applied["placed"]) // it was written by us
	}
	return g, needs, true
}

// planned tells whether the plan changes an entry's object.
func (p *planner) planned(a resource.Addr) bool {
	return slices.ContainsFunc(p.plan.Changes, func(c Change) bool { return c.Addr == a && (len(c.Deltas) > 0 || c.Op == Create) })
}

func (p *planner) row(a resource.Addr) *resource.Owned {
	for _, r := range p.rows {
		if r.Addr == a {
			return r.Owned
		}
	}
	return nil
}

// WantedNumbers are the numbers of a group's entry.
func WantedNumbers(o resource.Object) resource.Numbers {
	list, _ := o["numbers"].(resource.Numbers)
	file, _ := o["numbers_file"].(resource.Numbers)
	return list.Plus(file)
}

// others fills in what is known of a group's numbers, whichever group they were in, and returns those
// that belong to a configuration which is not part of this run.
func (p *planner) others(e *resource.Entry, g *numbers.Group) (theirs resource.Numbers) {
	for _, row := range p.rows {
		for usage, known := range row.uploaded {
			known = known.And(g.Wanted)
			if len(known) == 0 {
				continue
			}
			if p.in.OtherRoots[row.Root] {
				p.problem(e.Addr, &e.Pos, true, "%s: they belong to %s of the configuration %s, which is not part of this run: load both in one run, or take them out of one",
					countedNumbers(known), row.Addr, row.Root)
				theirs = theirs.Plus(known)
				continue
			}
			g.Known[usage] = g.Known[usage].Plus(known)
		}
	}
	return theirs
}

// awaited tells whether numbers of a group that is no longer written are wanted by one of which nothing is
// remembered in this run, be it that they could not be read: until it is, this row knows what they are used for.
func (p *planner) awaited(o *resource.Owned) bool {
	var known resource.Numbers
	for _, s := range uploadedOf(o.Applied) {
		known = known.Plus(s)
	}
	return slices.ContainsFunc(p.entries[o.Addr.Kind], func(e *resource.Entry) bool {
		return !p.remembered[e.Addr] && len(known.And(WantedNumbers(e.Object))) > 0
	})
}

// uploadedOf is what a group's row remembers: its numbers, by what they were uploaded for.
func uploadedOf(applied resource.Object) map[string]resource.Numbers {
	out := map[string]resource.Numbers{}
	uploaded, _ := applied["uploaded"].(resource.Object)
	for usage, v := range uploaded {
		out[usage], _ = resource.ToNumbers(v) // it was written by us
	}
	return out
}

// TargetOf is what a group was applied with.
func TargetOf(applied resource.Object) resource.Target {
	return resource.Target{
		Connection: resource.GetString(applied, "/connection"), Location: resource.GetString(applied, "/location_id"),
		CivicAddress: resource.GetString(applied, "/civic_address_id"), Usage: resource.GetString(applied, "/usage"),
		Additional: resource.GetString(applied, "/additional_usages"),
	}
}

// left finds the numbers that left a group of this run, and are in none any more.
func (p *planner) left(k *resource.Kind) (all resource.Numbers) {
	var wanted, others resource.Numbers
	for _, e := range p.entries[k.Name] {
		wanted = wanted.Plus(WantedNumbers(e.Object))
	}
	for _, row := range p.rows {
		root := p.in.Desired.Root(row.Root)
		ours := root != nil && root.Sections[k.Name]
		var gone resource.Numbers
		for _, known := range row.uploaded {
			if !ours {
				others = others.Plus(known)
				continue
			}
			gone = gone.Plus(known.Minus(wanted))
		}
		if len(gone) == 0 {
			continue
		}
		all = all.Plus(gone)
		p.plan.Unmanaged = append(p.plan.Unmanaged, Unmanaged{Addr: row.Addr, Paths: []string{countedNumbers(gone)}})
	}
	// Those that were on their way when they left may fail after their group has forgotten them.
	var begun []resource.Range
	for i := range p.in.Orders {
		begun = append(begun, p.in.Orders[i].Numbers...)
	}
	for i := range p.in.Troubles {
		n := p.in.Troubles[i].Number
		begun = append(begun, resource.Range{From: n, To: n})
	}
	return all.Plus(resource.NumbersOf(begun...).Minus(wanted).Minus(others))
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
			p.problem(e.Addr, &e.Pos, held, "%s: %s: %s%s", countedNumbers(v.Numbers), v.Op, strings.TrimSuffix(v.Why, "."), remedy(v))
			p.plan.Problems[len(p.plan.Problems)-1].Unread = v.Op == numbers.Unread
			quiet = false
			continue
		}
		c := NumberChange{
			Op: Op(v.Op), Addr: e.Addr, Source: &e.Pos, Target: g.Target, Where: p.where(e, g), Numbers: v.Numbers, Reason: v.Why,
			From: v.From, Ticket: v.Ticket, Needs: needs, InDoubt: v.InDoubt, Drift: v.Drift, Calls: calls(v),
		}
		switch n := &p.plan.Numbers; {
		case v.Op == numbers.Wait:
			n.Waiting = append(n.Waiting, c)
		case e.Observe:
			n.Observed = append(n.Observed, c)
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
	applied := resource.Object{}
	for name, text := range map[string]string{
		"connection": g.Target.Connection, "location_id": g.Target.Location, "civic_address_id": g.Target.CivicAddress,
		"usage": g.Target.Usage, "additional_usages": g.Target.Additional,
	} {
		if text != "" {
			applied[name] = text
		}
	}
	uploaded := resource.Object{}
	for usage, s := range d.Uploaded {
		uploaded[usage] = s
	}
	applied["uploaded"] = uploaded
	if len(d.Placed) > 0 {
		applied["placed"] = d.Placed
	}
	p.remembered[e.Addr] = true
	row := p.row(e.Addr)
	own := &resource.Owned{Addr: e.Addr, ID: e.Name, Root: e.Root, Applied: applied, Protect: row != nil && row.Protect}
	if e.Protect != nil {
		own.Protect = *e.Protect
	}
	if row == nil || !sameOwned(row, own) {
		p.plan.Settle = append(p.plan.Settle, *own)
	}
}

// where is a target for a person.
func (p *planner) where(e *resource.Entry, g *numbers.Group) string {
	ref, _ := e.Object["connection"].(resource.Ref)
	out := ref.Addr.Name
	if out == "" {
		out = ref.ID
	}
	if at, ok := e.Object["location"].(resource.Ref); ok && at.Addr.Name != "" {
		out += ", " + at.Addr.Name
	} else if g.Target.Location != "" {
		out += ", location " + g.Target.Location
	} else if g.Target.CivicAddress != "" {
		out += ", civic address " + g.Target.CivicAddress
	}
	if words := placeWords(p.in.Facts.Civic[g.Target.Connection].Value, g.Target); words != "" {
		out += " (" + words + ")"
	}
	return out
}

func placeWords(addresses []resource.CivicAddress, t resource.Target) string {
	for i := range addresses {
		if t.Location == "" && addresses[i].ID == t.CivicAddress {
			return addresses[i].Words
		}
		for _, l := range addresses[i].Locations {
			if t.Location != "" && l.ID == t.Location {
				return numbers.Words(&addresses[i], l)
			}
		}
	}
	return ""
}

// unmanaged finds the numbers of the groups' connections that are in no group at all.
func (p *planner) unmanaged() {
	seen := map[string]bool{}
	var known resource.Numbers
	for i := range p.grouped {
		known = known.Plus(p.grouped[i].Wanted)
	}
	for _, row := range p.rows { // other configurations may be looking after them
		for _, s := range row.uploaded {
			known = known.Plus(s)
		}
	}
	for i := range p.grouped {
		c := p.grouped[i].Target.Connection
		list := p.in.Facts.OnTeams[c].Value
		if !p.grouped[i].Target.Placed() {
			list = p.in.Facts.Assigned[c].Value
		}
		if seen[c] || len(list) == 0 {
			continue
		}
		seen[c] = true
		var all resource.Numbers
		for _, l := range list {
			all.Add(l.Number)
		}
		if rest := all.Minus(known); len(rest) > 0 {
			p.plan.Numbers.Unmanaged = append(p.plan.Numbers.Unmanaged, Unmanageds{Connection: c, Numbers: rest})
		}
	}
}

// places makes sure that locations which are to be written are there.
func (p *planner) places() {
	p.plan.Numbers.Missing.Civic = map[string]bool{}
	p.plan.Changes = slices.DeleteFunc(p.plan.Changes, func(c Change) bool {
		k := p.kinds[c.Addr.Kind]
		if k == nil || k.Place == nil || len(c.Deltas) == 0 || c.Write.Key == "" {
			return false
		}
		connection, location := k.Place(c.Write.Key)
		r, asked := p.in.Facts.Civic[connection]
		switch {
		case !asked:
			p.plan.Numbers.Missing.Civic[connection] = true
			return false
		case r.Err != nil:
			p.unread(c.Addr, c.Source, "the civic addresses of its connection could not be read, so nothing is sent there: %v", r.Err)
			return true
		}
		if _, ok := numbers.Find(r.Value, location, ""); !ok {
			p.problem(c.Addr, c.Source, false, "%s", numbers.NoSuchPlace(r.Value, location, ""))
			return true
		}
		return false
	})
}

// batches gathers what is sent for the groups whose changes are left in the plan.
func (p *planner) batches() {
	kept := map[resource.Addr]bool{}
	for i := range p.plan.Numbers.Changes {
		kept[p.plan.Numbers.Changes[i].Addr] = true
	}
	p.plan.Numbers.Batches = p.decided.Batch(p.grouped, func(a resource.Addr) bool { return kept[a] })
}

// Remembers tells whether carrying the plan out would change anything, be it only what is remembered.
func (p *Plan) Remembers() bool {
	s := &p.Numbers.Settle
	return len(p.Changes)+len(p.Settle)+len(p.Gone)+len(p.Over)+len(p.Numbers.Changes)+
		len(s.Orders)+len(s.EndOrders)+len(s.Troubles)+len(s.EndTroubles) > 0
}

func onlyDrift(changes []NumberChange) (out []NumberChange) {
	for _, c := range changes {
		if c.Drift {
			out = append(out, c)
		}
	}
	return out
}

// shownRanges is how many ranges of numbers a line names.
const shownRanges = 3

// countedNumbers counts numbers and names them, or the first.
func countedNumbers(s resource.Numbers) string {
	word := "numbers"
	if s.Len() == 1 {
		word = "number"
	}
	return fmt.Sprintf("%s %s (%s)", thousands(s.Len()), word, rangesText(s, shownRanges))
}

func rangesText(s resource.Numbers, most int) string {
	more := ""
	if rest := len(s) - most; most > 0 && rest > 0 {
		s = s[:most]
		more = fmt.Sprintf(" and %s more %s", thousands(rest), plural(rest, "range"))
	}
	return strings.Join(s.Texts(), ", ") + more
}

// thousands writes a count with commas.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// blockNumbers takes out the changes of numbers that wait for something which this plan does not do.
func (p *planner) blockNumbers(planned, withheld map[resource.Addr]bool) {
	said := map[resource.Addr]bool{}
	n := &p.plan.Numbers
	n.Changes = slices.DeleteFunc(n.Changes, func(c NumberChange) bool {
		i := slices.IndexFunc(c.Needs, func(a resource.Addr) bool { return !planned[a] })
		if i < 0 {
			return false
		}
		if !said[c.Addr] {
			said[c.Addr] = true
			what := "which is not done by this plan"
			if withheld[c.Needs[i]] {
				what = "which is withheld"
			}
			p.problem(c.Addr, c.Source, false, "its numbers wait for %s, %s", c.Needs[i], what)
		}
		return true
	})
}
