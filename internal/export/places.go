package export

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"telnyxsync/internal/resource"
)

// place is a location on Microsoft Teams.
type place struct {
	connection, location string
	stem                 string // what an entry that nobody has named is called; "" where nothing tells
	words                string // for a person
	gone                 bool   // state knows it, and the connection no longer has it
}

// key is the id of the location's object.
func (p place) key() string { return p.connection + "/" + p.location }

// places are the locations of the connections: those of the civic addresses, which is all that can be
// referred to, those that hold numbers, and those that state knows. Each is there once.
func places(connections []Connection, rows map[string]*resource.Owned) (out []place) {
	seen := map[string]bool{}
	add := func(p place) {
		if p.location != "" && !seen[p.key()] {
			seen[p.key()] = true
			out = append(out, p)
		}
	}
	for i := range connections {
		c := &connections[i]
		if !c.Teams {
			continue
		}
		for j := range c.Civic {
			a := &c.Civic[j]
			for _, l := range a.Locations {
				add(place{connection: c.ID, location: l.ID, stem: slug(l.Words+" "+town(a.Words), ""), words: words(l.Words, a.Words)})
			}
		}
		unlisted := "not among the civic addresses of its connection"
		if c.NoCivic {
			unlisted = ""
		}
		for j := range c.Numbers {
			add(place{connection: c.ID, location: c.Numbers[j].Location, words: unlisted})
		}
		for id := range rows {
			if location, ok := strings.CutPrefix(id, c.ID+"/"); ok {
				add(place{connection: c.ID, location: location, gone: !c.NoCivic})
			}
		}
	}
	return out
}

// locations makes an entry of each place.
func (g *grouper) locations(k *resource.Kind) {
	rows := rowsOf(k, g.src.Owned)
	byID := map[string]place{}
	var live []resource.Live
	for _, p := range places(g.src.Connections, rows) {
		byID[p.key()] = p
		live = append(live, resource.Live{ID: p.key()})
	}
	names := named(live, g.src.Instance, rows, func(l *resource.Live) string { return cmp.Or(byID[l.ID].stem, k.Export.Stem(l)) })
	for i := range live {
		p := byID[live[i].ID]
		e := newEntry(k, names[p.key()])
		e.Object["location_id"] = p.location
		if p.words != "" {
			e.beside["/location_id"] = p.words
		}
		if row := rows[p.key()]; row != nil {
			e.Protect = row.Protect
			e.fields(k, k.Schema, "", &live[i], row.Applied)
		}
		if p.gone {
			e.Leave("", "its connection no longer has it")
		}
		g.connect(e, p.connection)
		g.places[p.key()] = e
		g.out = append(g.out, e)
	}
}

// words joins texts, as on an envelope.
func words(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), ", ")
}

var (
	countryCode = regexp.MustCompile(`^[A-Z]{2}$`)
	regionCode  = regexp.MustCompile(`[0-9]|^[A-Z]{2,3}$`) // with a postal code, or by itself
)

// town finds the town in the words of an address, which stand in the order of an envelope: it comes before
// the state with its postal code, and the country. "" where they are too few to tell.
func town(address string) string {
	parts := strings.Split(address, ", ")
	for _, code := range []*regexp.Regexp{countryCode, regionCode} {
		if n := len(parts); n > 1 && code.MatchString(parts[n-1]) {
			parts = parts[:n-1]
		}
	}
	if last := parts[len(parts)-1]; !regionCode.MatchString(last) {
		return last
	}
	return ""
}
