package main

import (
	"fmt"
	"maps"
	"slices"

	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

// numbers draws phone numbers onto the connections of an account: on Teams at places of their own, at such
// that nobody lists, without a place, and on two connections at once.
func (d *accountDrawer) numbers(account map[string]any) {
	d.held = map[resource.Number]resource.Target{}
	civic, lists, all := map[string]any{}, map[string][]any{}, []any{}
	places := map[string][]map[string]any{} // of each connection of Teams
	var teams, zoom []string
	for _, v := range account["external_connections"].([]any) {
		o := v.(map[string]any)
		id := o["id"].(string)
		if o["external_sip_connection"] == "operator_connect" {
			teams = append(teams, id)
			civic[id], places[id] = d.civicAddresses(id)
		} else {
			zoom = append(zoom, id)
		}
	}
	listed := d.one("listed", "after_upload", "when_assigned")
	account["civic_addresses"], account["_numbers_listed"] = civic, listed
	times := map[resource.Number]int{}
	hold := func(n resource.Number, t resource.Target) {
		if !resource.ValidName(t.Connection) {
			return // it cannot be read
		}
		if times[n]++; slices.Contains(zoom, t.Connection) || t.Placed() {
			d.held[n] = t
		}
	}
	put := func(n resource.Number, connection string) { // on Teams
		o := maps.Clone(rapid.SampledFrom(places[connection]).Draw(d.T, "place"))
		o["number_id"], o["telephone_number"] = fmt.Sprint(n), n.String()
		lists[connection] = append(lists[connection], o)
		t := resource.Target{Connection: connection}
		t.Location, _ = o["location_id"].(string)
		t.CivicAddress, _ = o["civic_address_id"].(string)
		hold(n, t)
		d.locate(t)
	}
	first := rapid.SampledFrom([]resource.Number{15125550100, 4930123450, 15125559990}).Draw(d.T, "first number")
	for i := range rapid.IntRange(0, 25).Draw(d.T, "numbers") {
		n := first + resource.Number(i)
		var connection any
		switch is := d.one("number", "on Teams", "on Teams", "on Teams", "assigned", "on Zoom", "moving", "on none", "not there"); {
		case is == "not there":
			continue
		case is == "on Teams" && len(teams) > 0:
			id := rapid.SampledFrom(teams).Draw(d.T, "connection")
			put(n, id)
			connection = id
		case is == "assigned" && len(teams) > 0:
			connection = rapid.SampledFrom(teams).Draw(d.T, "connection")
		case is == "on Zoom" && len(zoom) > 0:
			id := rapid.SampledFrom(zoom).Draw(d.T, "connection")
			connection = id
			hold(n, resource.Target{Connection: id})
		case is == "moving" && len(teams) > 0:
			from, to := rapid.SampledFrom(teams).Draw(d.T, "from"), rapid.SampledFrom(slices.Concat(teams, zoom)).Draw(d.T, "to")
			put(n, from)
			connection = to
			switch there := to != from && d.coin("there already"); {
			case there && slices.Contains(teams, to):
				put(n, to)
			case to != from && (slices.Contains(zoom, to) || listed == "when_assigned"):
				hold(n, resource.Target{Connection: to})
			}
		}
		all = append(all, map[string]any{"id": fmt.Sprint(n), "phone_number": n.String(), "connection_id": connection})
	}
	for n := range times {
		if times[n] > 1 {
			delete(d.held, n) // nobody can tell where it belongs
		}
	}
	account["phone_numbers"], account["connection_phone_numbers"] = all, lists
}

// locate takes down that an account has a location.
func (d *accountDrawer) locate(t resource.Target) {
	if id := "locations " + t.Connection + "/" + t.Location; t.Location != "" && !slices.Contains(d.ids, id) {
		d.ids = append(d.ids, id)
	}
}

// civicAddresses draws those of a connection, and the places where its numbers may be listed.
func (d *accountDrawer) civicAddresses(connection string) (list []any, places []map[string]any) {
	list = []any{}
	for i := range rapid.IntRange(0, 3).Draw(d.T, "civic addresses") {
		a := map[string]any{"id": fmt.Sprint("address-", i)}
		for _, f := range []string{"company_name", "house_number", "street_name", "city_or_town", "state_or_province", "postal_or_zip_code"} {
			d.maybe(a, f, d.words)
		}
		locations := []any{}
		for j := range rapid.IntRange(0, 3).Draw(d.T, "locations") {
			l := map[string]any{"id": fmt.Sprintf("location-%d-%d", i, j)}
			if d.hostile && d.coin("odd location") {
				l["id"] = fmt.Sprint(d.id("location"), i, j)
			}
			d.maybe(l, "description", d.words)
			d.maybe(l, "additional_info", d.words)
			locations = append(locations, l)
			places = append(places, map[string]any{"location_id": l["id"], "civic_address_id": a["id"]})
			d.locate(resource.Target{Connection: connection, Location: l["id"].(string)})
		}
		a["locations"] = locations
		list = append(list, a)
		places = append(places, map[string]any{"civic_address_id": a["id"]})
	}
	return list, append(places, map[string]any{"location_id": "listed-nowhere", "civic_address_id": "address-0"}, map[string]any{"civic_address_id": "unknown"})
}

// words draws what stands in an address.
func (d *accountDrawer) words(label string) any {
	if d.coin("odd words") {
		return d.text(label)
	}
	return d.one(label, "Floor 14", "Austin", "311", "Congress Ave", "TX", "78701", "München", "Contoso, Inc.")
}

// placed finds the numbers that were exported; each has to be where its group wants it.
func (d *accountDrawer) placed(t rapid.TB, config resource.Config) (n int) {
	t.Helper()
	targets, sets := exportedGroups(t, config)
	for name, g := range targets {
		for number := range sets[name].All() {
			n++
			at, held := d.held[number]
			if !held || at.Connection != g.Connection || g.Location != "" && g.Location != at.Location || g.CivicAddress != "" && g.CivicAddress != at.CivicAddress ||
				!g.Placed() && at.Placed() {
				t.Fatalf("%s of %s is to be at %+v, and is at %+v", number, name, g, at)
			}
		}
	}
	return n
}
