package export

import (
	"cmp"
	"slices"
	"strings"

	"telnyxsync/internal/resource"
)

// Connection is what is known of the phone numbers of an external connection.
type Connection struct {
	ID      string
	Teams   bool                    // it leads to Microsoft Teams, where numbers have places
	Numbers []resource.LiveNumber   // ascending
	Civic   []resource.CivicAddress // on Teams: the places that there are
	NoCivic bool                    // those could not be read
}

// Group is what state knows of a group of phone numbers.
type Group struct {
	Name    string
	Target  resource.Target
	Numbers resource.Numbers // of which nobody knows that they were uploaded for anything but Target says
	Protect bool
}

// numbered makes the entries of what belongs to phone numbers: the places on Microsoft Teams, and the
// groups. all are the other entries, by kind and id.
func numbered(src Source, all map[string]map[string]*Entry) []*Entry {
	src.Connections = slices.SortedFunc(slices.Values(src.Connections), func(a, b Connection) int { return cmp.Compare(a.ID, b.ID) })
	src.Groups = slices.SortedFunc(slices.Values(src.Groups), func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	g := &grouper{src: src, places: map[string]*Entry{}, taken: taken{}, twice: twice(src.Connections)}
	for _, kinds := range []bool{false, true} { // places first: groups refer to them
		for i := range src.Kinds {
			k := &src.Kinds[i]
			if !k.Blind && !k.Groups || k.Groups != kinds {
				continue
			}
			g.connections = all[k.Schema.Field("connection").RefKind]
			if k.Groups {
				g.groups(k)
			} else {
				g.locations(k)
			}
		}
	}
	return g.out
}

// grouper makes entries of phone numbers and their places.
type grouper struct {
	src         Source
	connections map[string]*Entry // by id
	places      map[string]*Entry // by CONNECTION/LOCATION
	taken       taken             // names of groups
	twice       resource.Numbers  // that are listed twice: of such nobody can tell where they belong
	out         []*Entry
}

// refer lets a field name an entry; otherwise is done where that entry is, or comes to be, left out.
func (e *Entry) refer(field string, to *Entry, otherwise func()) {
	if to == nil || to.leave {
		otherwise()
		return
	}
	e.Object[field] = resource.Ref{Addr: to.Addr}
	to.users = append(to.users, otherwise)
}

// connect lets an entry name its connection. What is not for us to manage, with all that it holds, is not
// by way of its id either.
func (g *grouper) connect(e *Entry, id string) {
	c := g.connections[id]
	e.refer("connection", c, func() { e.Object["connection"] = resource.Ref{ID: id} })
	if c != nil && c.leave {
		e.Leave("", "its connection is not exported")
	}
}

// twice finds the numbers that are listed more than once, as those may be that move from one connection to
// another.
func twice(connections []Connection) (found resource.Numbers) {
	var all []resource.Number
	for i := range connections {
		for j := range connections[i].Numbers {
			all = append(all, connections[i].Numbers[j].Number)
		}
	}
	slices.Sort(all)
	for i := 1; i < len(all); i++ {
		if all[i] == all[i-1] {
			found.Add(all[i])
		}
	}
	return found
}

// bundle is the numbers that become one group.
type bundle struct {
	known  *Group // what state knows of it
	target resource.Target
	set    resource.Numbers
}

// groups makes an entry of the numbers of each connection that are at one place; of those that state has in
// groups of their own, an entry for each of these.
func (g *grouper) groups(k *resource.Kind) {
	for i := range g.src.Groups {
		g.taken[g.src.Groups[i].Name] = true // also where none of its numbers are left: another group is not it
	}
	for i := range g.src.Connections {
		c := &g.src.Connections[i]
		for _, b := range g.bundles(c) {
			g.out = append(g.out, g.group(k, c, b))
		}
	}
}

// bundles divides the numbers of a connection. Those that have no place are in none, where they should have
// one.
func (g *grouper) bundles(c *Connection) (out []*bundle) {
	var known []*Group
	for i := range g.src.Groups {
		if g.src.Groups[i].Target.Connection == c.ID {
			known = append(known, &g.src.Groups[i])
		}
	}
	byGroup, byTarget := map[*Group]*bundle{}, map[resource.Target]*bundle{}
	var assigned, moving resource.Numbers
	for i := range c.Numbers {
		l := &c.Numbers[i]
		at := resource.Target{Connection: c.ID, Location: l.Location}
		if l.Location == "" {
			at.CivicAddress = l.CivicAddress
		}
		switch {
		case g.twice.Has(l.Number):
			moving.Add(l.Number)
			continue
		case c.Teams && !at.Placed():
			assigned.Add(l.Number)
			continue
		}
		in := theirs(known, l)
		if in == nil {
			in = theOnly(known, at)
		}
		b := byGroup[in]
		if in == nil {
			b = byTarget[at]
		}
		switch {
		case b != nil:
		case in != nil:
			b = &bundle{known: in, target: in.Target}
			byGroup[in] = b
			out = append(out, b)
		default:
			b = &bundle{target: at}
			byTarget[at] = b
			out = append(out, b)
		}
		b.set.Add(l.Number)
	}
	g.tell(c, assigned, moving)
	slices.SortFunc(out, func(a, b *bundle) int {
		return cmp.Or(cmp.Compare(a.target.Location, b.target.Location), cmp.Compare(a.target.CivicAddress, b.target.CivicAddress))
	})
	return out
}

// theirs is the group that state has a number in, if it is where that group's are to be.
func theirs(known []*Group, l *resource.LiveNumber) *Group {
	for _, k := range known {
		if k.Numbers.Has(l.Number) && fits(k.Target, l) {
			return k
		}
	}
	return nil
}

// theOnly is the group for all numbers of a place, if state has but one for it, and says no more of them.
func theOnly(known []*Group, at resource.Target) (found *Group) {
	for _, k := range known {
		if k.Target == at && found != nil {
			return nil
		}
		if k.Target == at {
			found = k
		}
	}
	return found
}

// fits tells whether a number is where a target wants it.
func fits(t resource.Target, l *resource.LiveNumber) bool {
	switch {
	case t.Location != "":
		return l.Location == t.Location
	case t.CivicAddress != "":
		return l.CivicAddress == t.CivicAddress
	}
	return l.Location == "" && l.CivicAddress == ""
}

// group makes the entry of a group.
func (g *grouper) group(k *resource.Kind, c *Connection, b *bundle) *Entry {
	t := b.target
	at := g.places[place{connection: c.ID, location: t.Location}.key()]
	var e *Entry
	if b.known != nil {
		e = newEntry(k, b.known.Name)
		e.Protect = b.known.Protect
	} else {
		e = newEntry(k, g.taken.give(g.stem(c, t, at)))
	}
	switch {
	case t.Location != "":
		e.refer("location", at, func() {
			delete(e.Object, "location")
			e.Object["location_id"] = t.Location
		})
	case t.CivicAddress != "":
		e.Object["civic_address_id"] = t.CivicAddress
		if a := civic(c, t.CivicAddress); a != nil && a.Words != "" {
			e.beside["/civic_address_id"] = a.Words
		}
	}
	if t.Usage != "" {
		e.Object["usage"] = t.Usage
	}
	switch t.Additional {
	case "":
	case "none":
		e.Object["additional_usages"] = []any{}
	default:
		e.Object["additional_usages"] = anys(strings.Split(t.Additional, ","))
	}
	e.Object["numbers"] = b.set
	g.connect(e, c.ID)
	return e
}

// stem is what a group that nobody has named is called: after its connection and its place.
func (g *grouper) stem(c *Connection, t resource.Target, at *Entry) string {
	parts := []string{c.ID}
	if e := g.connections[c.ID]; e != nil {
		parts[0] = e.Name
	}
	switch {
	case at != nil:
		parts = append(parts, at.Name)
	case t.CivicAddress != "":
		name := t.CivicAddress
		if a := civic(c, name); a != nil {
			name = slug(town(a.Words), name)
		}
		parts = append(parts, "address-"+name)
	}
	return readable(strings.Join(parts, "-"))
}

func civic(c *Connection, id string) *resource.CivicAddress {
	for i := range c.Civic {
		if c.Civic[i].ID == id {
			return &c.Civic[i]
		}
	}
	return nil
}
