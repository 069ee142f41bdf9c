package apply_test

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

// numberWorld is a random account of phone numbers, of which groups are written. Little of it fits
// together: that is the point.
type numberWorld struct {
	account map[string]any
	groups  []*numberGroup
	pool    resource.Numbers // all numbers that there are, in groups or not
	entries bool             // connections are entries, not ids

	uploadTime time.Duration
	hopeless   map[resource.Number]bool // they fail for ever, or with what cannot pass
	tollFree   map[resource.Number]bool
	ever       resource.Numbers // have been in a group
	removed    []*numberGroup   // may come back
}

// numberGroup is what is written of a group.
type numberGroup struct {
	name, connection string // the id, or newZoom
	location, civic  string
	placeEntry       bool // the location is an entry, with an emergency address
	usage            string
	more             []any
	allowMove        bool
	observe          bool
	ignore           bool // the place is not compared
	numbers          resource.Numbers
}

// The connections. Those of Teams have three civic addresses each, of which the last has no default
// location.
const (
	teamsA, teamsB = "100", "101"
	teamsElsewhere = "109" // nobody writes of it
	zoomHere       = "200"
	zoomNew        = "new"
	otherHere      = "900" // of a kind that is not known here
)

var ourConnections = []string{teamsA, teamsB, zoomHere, zoomNew}

func onTeams(connection string) bool {
	return connection == teamsA || connection == teamsB || connection == teamsElsewhere
}

func someLocation(connection string, i int) string { return fmt.Sprintf("L%s-%d", connection, i) }
func someCivic(connection string, i int) string    { return fmt.Sprintf("A%s-%d", connection, i) }

// civicOf is the address of a location.
func civicOf(location string) string {
	i, _ := strconv.Atoi(location[len(location)-1:])
	return someCivic(location[1:4], i/2)
}

// defaultOf is the default location of an address; "" where it has none.
func defaultOf(civic string) string {
	i, _ := strconv.Atoi(civic[len(civic)-1:])
	return []string{someLocation(civic[1:4], 0), someLocation(civic[1:4], 2), ""}[i]
}

func civicAddressesOf(connection string) []any {
	location := func(i int, byDefault bool) any {
		return map[string]any{"id": someLocation(connection, i), "description": fmt.Sprint("Floor ", i), "is_default": byDefault}
	}
	return []any{
		map[string]any{"id": someCivic(connection, 0), "locations": []any{location(0, true), location(1, false)}},
		map[string]any{"id": someCivic(connection, 1), "locations": []any{location(2, true), location(3, false)}},
		map[string]any{"id": someCivic(connection, 2), "locations": []any{location(4, false)}},
	}
}

func pick[V any](t *rapid.T, what string, values ...V) V {
	return rapid.SampledFrom(values).Draw(t, what)
}

func oneIn(t *rapid.T, n int, what string) bool { return rapid.IntRange(0, n-1).Draw(t, what) == n-1 }

func drawNumberWorld(t *rapid.T) *numberWorld {
	w := &numberWorld{
		hopeless: map[resource.Number]bool{}, tollFree: map[resource.Number]bool{},
		entries:    rapid.Bool().Draw(t, "connections are entries"),
		uploadTime: pick(t, "upload time", 0, 30*time.Second, 5*time.Minute, time.Hour, 4*time.Hour),
	}
	next := resource.Number(15125550100)
	take := func(what string, most int) (s resource.Numbers) {
		for range rapid.IntRange(0, most).Draw(t, what) {
			s.Add(next)
			next++
		}
		return s
	}
	for i := range rapid.IntRange(1, 5).Draw(t, "groups") {
		g := &numberGroup{name: string(rune('a' + i)), numbers: take("numbers", 12)}
		take("gap", 3)
		g.numbers = g.numbers.Plus(take("more numbers", 3))
		g.draw(t)
		w.groups = append(w.groups, g)
	}
	take("rest", 4)
	w.pool = resource.Numbers{{From: 15125550100, To: max(next, 15125550101) - 1}}
	w.drawAccount(t)
	return w
}

// draw decides what is written of a group but for its numbers.
func (g *numberGroup) draw(t *rapid.T) {
	g.connection = pick(t, "connection", teamsA, teamsA, teamsB, zoomHere, zoomNew)
	g.drawPlace(t)
	g.allowMove = rapid.Bool().Draw(t, "allow move")
	g.observe, g.ignore = oneIn(t, 10, "observe"), oneIn(t, 10, "ignore")
}

func (g *numberGroup) drawPlace(t *rapid.T) {
	g.location, g.civic, g.usage, g.more, g.placeEntry = "", "", "", nil, false
	if !onTeams(g.connection) {
		return
	}
	switch pick(t, "place", "location", "location", "location", "civic", "civic", "no default", "none") {
	case "location":
		g.location = someLocation(g.connection, rapid.IntRange(0, 4).Draw(t, "location"))
		g.placeEntry = oneIn(t, 4, "location is an entry")
	case "civic":
		g.civic = someCivic(g.connection, rapid.IntRange(0, 1).Draw(t, "civic address"))
	case "no default":
		g.civic = someCivic(g.connection, 2)
	case "none":
		g.location = "nowhere"
	}
	g.drawUsage(t)
}

func (g *numberGroup) drawUsage(t *rapid.T) {
	g.usage = pick(t, "usage", "", "calling_user_assignment", "first_party_app_assignment")
	g.more = pick(t, "additional usages", nil, []any{}, []any{"calling_user_assignment"})
}

// toUsers tells whether a group's numbers are, in so many words, for users.
func (g *numberGroup) toUsers() bool {
	return g.usage == "calling_user_assignment" || slices.Contains(g.more, any("calling_user_assignment"))
}

// group is the one that a number is in; nil for none.
func (w *numberWorld) group(n resource.Number) *numberGroup {
	for _, g := range w.groups {
		if g.numbers.Has(n) {
			return g
		}
	}
	return nil
}

// drawAccount puts each number somewhere.
func (w *numberWorld) drawAccount(t *rapid.T) {
	numbers, rules := []any{}, []any{}
	live, uploads := map[string][]any{}, map[string][]any{}
	entries := map[string][]any{} // of an upload, by where it goes and whether it ever ends
	for n := range w.pool.All() {
		g := w.group(n)
		connection := pick(t, "on", teamsA, teamsB, zoomHere)
		if g != nil && g.connection != zoomNew {
			connection = g.connection
		}
		where := pick(t, "number", "free", "free", "free", "free", "here", "right", "elsewhere", "other", "not owned", "coming", "coming elsewhere")
		id := n.String()[1:]
		o := map[string]any{"id": id, "phone_number": n.String()}
		if oneIn(t, 12, "toll-free") {
			o["phone_number_type"], w.tollFree[n] = "toll_free", true
		}
		if oneIn(t, 15, "job error") {
			o["_job_error"], w.hopeless[n] = "The number cannot be updated.", true
		}
		switch where {
		case "elsewhere", "coming elsewhere":
			connection = teamsElsewhere
		case "other":
			connection = otherHere
		}
		if where != "free" {
			o["connection_id"] = connection
		}
		if where != "not owned" {
			numbers = append(numbers, o)
		}
		place := someLocation(connection, rapid.IntRange(0, 4).Draw(t, "place"))
		if where == "right" && g != nil && g.connection == connection && g.location != "" && g.location != "nowhere" {
			place = g.location
		}
		switch {
		case !onTeams(connection):
		case where == "right", where == "elsewhere":
			live[connection] = append(live[connection], map[string]any{
				"number_id": id, "telephone_number": n.String(), "location_id": place, "civic_address_id": civicOf(place),
			})
		case where == "coming", where == "coming elsewhere":
			key := place
			if oneIn(t, 6, "hangs") {
				key += "/hangs"
			}
			entries[key] = append(entries[key], map[string]any{
				"number_id": id, "phone_number": n.String(), "location_id": place, "civic_address_id": civicOf(place),
			})
		}
		rules = append(rules, w.drawFailure(t, n)...)
	}
	for _, connection := range []string{teamsA, teamsB, teamsElsewhere} {
		for i := range 5 {
			for _, suffix := range []string{"", "/hangs"} {
				place := someLocation(connection, i)
				if list := entries[place+suffix]; list != nil {
					u := map[string]any{"ticket_id": "begun-" + place + suffix[min(len(suffix), 1):], "location_id": place, "tn_upload_entries": list}
					if suffix != "" {
						u["_submitted_at"] = "9999-01-01T00:00:00Z"
					}
					uploads[connection] = append(uploads[connection], u)
				}
			}
		}
	}
	jobs := []any{}
	for i := range pick(t, "jobs of others", 0, 0, 0, 0, 19) {
		jobs = append(jobs, map[string]any{"id": fmt.Sprint("job-", i), "status": "pending"})
	}
	connections := []any{}
	for _, id := range []string{teamsA, teamsB, teamsElsewhere, zoomHere} {
		kind := "zoom"
		if onTeams(id) {
			kind = "operator_connect"
		}
		connections = append(connections, map[string]any{
			"id": id, "external_sip_connection": kind, "active": true, "outbound": map[string]any{"outbound_voice_profile_id": "1"},
		})
	}
	w.account = map[string]any{
		"external_connections": connections, "phone_numbers": numbers, "phone_numbers_jobs": jobs, "_upload_failures": rules,
		"connection_phone_numbers": live, "uploads": uploads,
		"civic_addresses": map[string]any{
			teamsA: civicAddressesOf(teamsA), teamsB: civicAddressesOf(teamsB), teamsElsewhere: civicAddressesOf(teamsElsewhere),
		},
		"_numbers_listed": pick(t, "listed", "after_upload", "when_assigned"),
		"_numbers_lag":    pick(t, "lag", "0s", "90s", "20m"),
		"_retry_ticket":   pick(t, "retry", "new", "same"),
	}
}

// drawFailure is a rule by which the uploads of a number fail.
func (w *numberWorld) drawFailure(t *rapid.T, n resource.Number) []any {
	code, times := "internal_error", 1
	switch pick(t, "fails", "", "", "", "", "", "once", "twice", "for ever", "odd") {
	case "once":
	case "twice":
		code, times = "unable_to_retrieve_partner_info", 2
	case "for ever":
		times, w.hopeless[n] = -1, true
	case "odd":
		code, times, w.hopeless[n] = pick(t, "code", "unknown_country_code", "unable_to_match_geography_entry"), 1, true
	default:
		return nil
	}
	return []any{map[string]any{"telephone_number": n.String(), "error_code": code, "times": times}}
}
