package apply_test

import (
	"slices"

	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

// What is written of a world of numbers, and how people change it.

// config is what is written now.
func (w *numberWorld) config() resource.Config {
	var entries []resource.Entry
	add := func(kind, name string, o resource.Object) *resource.Entry {
		a := resource.Addr{Kind: kind, Name: name}
		if i := slices.IndexFunc(entries, func(e resource.Entry) bool { return e.Addr == a }); i >= 0 {
			return &entries[i]
		}
		entries = append(entries, resource.Entry{Addr: a, Object: o})
		return &entries[len(entries)-1]
	}
	connection := func(id string) resource.Ref {
		if !w.entries && id != zoomNew {
			return resource.Ref{ID: id}
		}
		o := resource.Object{"external_sip_connection": "zoom", "outbound": resource.Object{"outbound_voice_profile_id": "1"}}
		if id != zoomNew {
			o["id"] = id
		}
		if onTeams(id) {
			o["external_sip_connection"] = "operator_connect"
		}
		add("external_connections", "c-"+id, o)
		return ref("external_connections", "c-"+id)
	}
	for _, g := range w.groups {
		if len(g.numbers) == 0 {
			continue // spec wants some
		}
		w.ever = w.ever.Plus(g.numbers)
		o := resource.Object{"connection": connection(g.connection), "numbers": g.numbers}
		switch {
		case g.placeEntry:
			add("locations", g.location, resource.Object{
				"connection": connection(g.connection), "location_id": g.location, "static_emergency_address_id": "E-" + g.location,
			})
			o["location"] = ref("locations", g.location)
		case g.location != "":
			o["location_id"] = g.location
		case g.civic != "":
			o["civic_address_id"] = g.civic
		}
		if g.usage != "" {
			o["usage"] = g.usage
		}
		if g.more != nil {
			o["additional_usages"] = g.more
		}
		if g.allowMove {
			o["allow_move"] = true
		}
		e := add("phone_numbers", g.name, o)
		if e.Observe = g.observe; g.ignore {
			e.Ignore = []string{"/location", "/location_id", "/civic_address_id"}
		}
	}
	return config("/root", []string{"external_connections", "locations", "phone_numbers"}, entries...)
}

// edit changes what is written.
func (w *numberWorld) edit(t *rapid.T) {
	if len(w.groups) == 0 {
		return
	}
	i := rapid.IntRange(0, len(w.groups)-1).Draw(t, "group")
	g := w.groups[i]
	switch pick(t, "edit", "numbers", "numbers", "place", "place", "connection", "usage", "allow", "observe", "remove", "bring back") {
	case "numbers": // some leave their groups, and may come to this one
		from := w.pool[0].From + resource.Number(rapid.IntRange(0, w.pool.Len()-1).Draw(t, "from"))
		some := resource.Numbers{{From: from, To: min(from+resource.Number(rapid.IntRange(0, 3).Draw(t, "count")), w.pool[0].To)}}
		for _, other := range w.groups {
			other.numbers = other.numbers.Minus(some)
		}
		if rapid.IntRange(0, 2).Draw(t, "join") > 0 {
			g.numbers = g.numbers.Plus(some)
		}
	case "place":
		g.drawPlace(t)
	case "connection":
		g.connection = pick(t, "connection", ourConnections...)
		g.drawPlace(t)
	case "usage":
		if onTeams(g.connection) {
			g.drawUsage(t)
		}
	case "allow":
		g.allowMove = !g.allowMove
	case "observe":
		g.observe = !g.observe
	case "remove":
		w.groups = slices.Delete(w.groups, i, i+1)
		w.removed = append(w.removed, g)
	case "bring back":
		for _, old := range w.removed {
			for _, other := range w.groups {
				old.numbers = old.numbers.Minus(other.numbers)
			}
			w.groups = append(w.groups, old)
		}
		w.removed = nil
	}
}
