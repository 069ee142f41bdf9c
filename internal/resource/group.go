package resource

import "maps"

// Group is what is remembered of a group of phone numbers.
type Group struct {
	Addr     Addr
	Root     string // of the configuration that it came from
	File     string // where it is written, relative to the root
	Protect  bool
	Target   Target             // what was wanted of them
	Uploaded map[string]Numbers // all that are the group's, by what they were uploaded for; "" where that is not known
	Placed   Numbers            // those of them that were in place when we looked last
}

// All are the numbers of the group.
func (g *Group) All() (s Numbers) {
	for _, some := range g.Uploaded {
		s = s.Plus(some)
	}
	return s
}

// Equal tells whether the same is remembered.
func (g *Group) Equal(o *Group) bool {
	same := func(a, b Numbers) bool { return a.Equal(b) }
	return g.Addr == o.Addr && g.Root == o.Root && g.File == o.File && g.Protect == o.Protect && g.Target == o.Target &&
		g.Placed.Equal(o.Placed) && maps.EqualFunc(g.Uploaded, o.Uploaded, same)
}

// GroupOf reads what of a group was remembered as the fields of an object, as formats of the state up to 3 had it. What
// has another shape is nothing.
func GroupOf(applied Object) Group {
	g := Group{Uploaded: map[string]Numbers{}, Target: Target{
		Connection: GetString(applied, "/connection"), Location: GetString(applied, "/location_id"), CivicAddress: GetString(applied, "/civic_address_id"),
		Usage: GetString(applied, "/usage"), Additional: GetString(applied, "/additional_usages"),
	}}
	uploaded, _ := applied["uploaded"].(Object)
	for usage, v := range uploaded {
		g.Uploaded[usage], _ = ToNumbers(v)
	}
	g.Placed, _ = ToNumbers(applied["placed"])
	return g
}

// Applied is the inverse of [GroupOf], which is how people are shown a group.
func (g *Group) Applied() Object {
	o := make(Object, 7)
	put := func(name, text string) {
		if text != "" {
			o[name] = text
		}
	}
	put("connection", g.Target.Connection)
	put("location_id", g.Target.Location)
	put("civic_address_id", g.Target.CivicAddress)
	put("usage", g.Target.Usage)
	put("additional_usages", g.Target.Additional)
	uploaded := make(Object, len(g.Uploaded))
	for usage, s := range g.Uploaded {
		uploaded[usage] = s
	}
	o["uploaded"] = uploaded
	if len(g.Placed) > 0 {
		o["placed"] = g.Placed
	}
	return o
}
