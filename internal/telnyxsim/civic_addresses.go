package telnyxsim

import (
	"maps"
	"net/http"
	"strconv"
)

const (
	civicAddrs      = "civic_addresses"
	staticEmergency = "static_emergency_address_id"
)

// civicAddresses simulates the civic addresses of /external_connections/{id} and their
// locations. What was last written to a location stands in it under
// "_static_emergency_address_id", which no answer repeats later.
func civicAddresses() part {
	const one = "/external_connections/{id}/civic_addresses/{address_id}"
	list := civicAddressList()
	return part{
		kind: kind{
			name: civicAddrs, key: "id", uuid: true, owned: true,
			fields:   civicAddressFields(),
			defaults: civicAddressDefaults,
		},
		switches: map[string][]string{
			"_location_orders":  {"none", "pending"},
			"_location_repatch": {"refuse", "accept"},
		},
		routes: []route{
			{
				method: http.MethodGet, pattern: "/external_connections/{id}/civic_addresses",
				query: []string{list.filters[0].key}, handle: listCivicAddresses,
			},
			{method: http.MethodGet, pattern: one, handle: getCivicAddress},
			{method: http.MethodPatch, pattern: "/external_connections/{id}/locations/{location_id}", body: true, handle: patchLocation},
		},
	}
}

func civicAddressFields() fields {
	str := field{form: text}
	return fields{
		"city_or_town":        str,
		"city_or_town_alias":  str,
		"company_name":        str,
		"country":             str,
		"country_or_district": str,
		"default_location_id": str,
		"description":         str,
		"house_number":        str,
		"house_number_suffix": str,
		"id":                  {form: text, check: nonEmpty},
		"locations": {form: objects, fields: fields{
			"additional_info":     str,
			"description":         str,
			"id":                  {form: text, check: nonEmpty},
			"is_default":          {form: boolean},
			"_" + staticEmergency: {form: text, check: nonEmpty},
		}},
		"postal_or_zip_code": str,
		"record_type":        str,
		"state_or_province":  str,
		"street_name":        str,
		"street_suffix":      str,
	}
}

// civicAddressDefaults makes the first location the default one, unless something is
// said of that: an address whose locations are all none has no default.
func civicAddressDefaults(obj map[string]any, _ string) {
	fill(obj, map[string]any{"record_type": "civic_address", "country": "US", "description": "", "locations": []any{}})
	locations := obj["locations"].([]any)
	byDefault, said := obj["default_location_id"].(string)
	for i, v := range locations {
		l := v.(map[string]any)
		fill(l, map[string]any{
			"id":          uuidOf(civicAddrs, obj["id"].(string), strconv.Itoa(i)),
			"description": "", "additional_info": "",
		})
		isDefault, saidHere := l["is_default"]
		if isDefault == true && byDefault == "" {
			byDefault = l["id"].(string)
		}
		said = said || saidHere
	}
	if !said && len(locations) > 0 {
		byDefault = locations[0].(map[string]any)["id"].(string)
	}
	for _, v := range locations {
		l := v.(map[string]any)
		fill(l, map[string]any{"is_default": l["id"] == byDefault})
	}
	if byDefault != "" {
		fill(obj, map[string]any{"default_location_id": byDefault})
	}
}

func civicAddressList() listing {
	return listing{
		collection: civicAddrs, owned: true,
		filters: []filter{{key: "filter[country][]", match: among("country")}},
	}
}

// listCivicAddresses answers without pages and without a meta.
func listCivicAddresses(c *call) reply {
	found, refused := civicAddressList().find(c)
	if refused != nil {
		return *refused
	}
	data := make([]map[string]any, len(found))
	for i, r := range found {
		data[i] = public(r.fields)
	}
	return ok(map[string]any{"data": data})
}

// getCivicAddress takes the id of a location too, as the documentation says of it.
func getCivicAddress(c *call) reply {
	if refused := noExtConn(c); refused != nil {
		return *refused
	}
	id := c.params["address_id"]
	obj, found := c.acc.of(civicAddrs, c.params["id"]).get(id)
	if !found {
		obj, _ = c.acc.location(c.params["id"], id)
	}
	if obj == nil {
		return notFound("civic address")
	}
	return data(http.StatusOK, public(obj))
}

// location finds a location of a connection: its civic address, and where in there.
func (a *account) location(owner, id string) (address map[string]any, i int) {
	for _, r := range a.of(civicAddrs, owner).records {
		for i, v := range r.fields["locations"].([]any) {
			if v.(map[string]any)["id"] == id {
				return r.fields, i
			}
		}
	}
	return nil, 0
}

// patchLocation follows two of the account's switches: whether orders have to be
// processed, and whether a location can be given an address twice. Neither is documented.
func patchLocation(c *call) reply {
	if refused := noExtConn(c); refused != nil {
		return *refused
	}
	id := c.params["location_id"]
	address, i := c.acc.location(c.params["id"], id)
	if address == nil {
		return notFound("location")
	}
	takes := fields{staticEmergency: {form: text, required: true, check: nonEmpty}}
	if ps := takes.problems("", c.body, false); ps != nil {
		return refuse(http.StatusUnprocessableEntity, ps...)
	}
	locations := append([]any{}, address["locations"].([]any)...)
	location := maps.Clone(locations[i].(map[string]any))
	if _, has := location["_"+staticEmergency]; has && c.acc.switches["_location_repatch"] != "accept" {
		return unprocessable("/"+staticEmergency, "The location already has an accepted emergency address.")
	}
	location["_"+staticEmergency] = c.body[staticEmergency]
	locations[i] = location
	address = maps.Clone(address)
	address["locations"] = locations
	c.acc.put(civicAddrs, c.params["id"], address)
	status := http.StatusOK
	if c.acc.switches["_location_orders"] == "pending" {
		status = http.StatusAccepted
	}
	return data(status, map[string]any{
		"location_id": id, staticEmergency: c.body[staticEmergency], "accepted_address_suggestions": true,
	})
}
