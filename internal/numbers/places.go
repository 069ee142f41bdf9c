package numbers

import "telnyxsync/internal/resource"

// Find looks for a place: a location, or a civic address by its id. It gives the location, or the
// default one of the address ("" where it has none), and whether there is such a place.
func Find(addresses []resource.CivicAddress, location, civic string) (found string, ok bool) {
	for i := range addresses {
		a := &addresses[i]
		if location == "" && a.ID == civic {
			return a.Default, true
		}
		for _, l := range a.Locations {
			if location != "" && l.ID == location {
				return location, true
			}
		}
	}
	return "", false
}

// mostCandidates is how many places an error names.
const mostCandidates = 10

// NoSuchPlace says that a connection has no such place, and which it has.
func NoSuchPlace(addresses []resource.CivicAddress, location, civic string) resource.Reason {
	r := resource.Reason{Code: CodeNoSuchPlace, Args: resource.Args{"location": location}}
	if location == "" {
		r.Args = resource.Args{"civic_address": civic}
	}
	candidates, rooms, of := []string{}, []string{}, []string{}
	add := func(id, room string, a *resource.CivicAddress) {
		candidates, rooms, of = append(candidates, id), append(rooms, room), append(of, a.Words)
	}
	for i := range addresses {
		a := &addresses[i]
		if location == "" {
			add(a.ID, "", a)
			continue
		}
		for _, l := range a.Locations {
			add(l.ID, l.Words, a)
		}
	}
	n := min(len(candidates), mostCandidates)
	if more := len(candidates) - n; more > 0 {
		r.Args["more"] = more
	}
	r.Args["candidates"], r.Args["rooms"], r.Args["addresses"] = candidates[:n], rooms[:n], of[:n]
	return r
}
