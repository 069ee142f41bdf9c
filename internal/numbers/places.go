package numbers

import (
	"fmt"
	"strings"

	"telnyxsync/internal/resource"
)

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
func NoSuchPlace(addresses []resource.CivicAddress, location, civic string) string {
	what, id := "location", location
	if location == "" {
		what, id = "civic address", civic
	}
	var names []string
	for i := range addresses {
		a := &addresses[i]
		if location == "" {
			names = append(names, fmt.Sprintf("%s (%s)", a.ID, a.Words))
			continue
		}
		for _, l := range a.Locations {
			names = append(names, fmt.Sprintf("%s (%s)", l.ID, Words(a, l)))
		}
	}
	if len(names) == 0 {
		return fmt.Sprintf("the connection has no %s %s, and none at all: let the Teams admin make its emergency addresses", what, id)
	}
	if more := len(names) - mostCandidates; more > 0 {
		names = append(names[:mostCandidates], fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("the connection has no %s %s; it has %s", what, id, strings.Join(names, "; "))
}

// Words are a location for a person.
func Words(a *resource.CivicAddress, l resource.Location) string {
	if l.Words == "" {
		return a.Words
	}
	return l.Words + ", " + a.Words
}
