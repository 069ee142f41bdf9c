package telnyxsim

import (
	"maps"
	"net/http"
	"strings"
	"time"
)

const connNums = "connection_phone_numbers"

// connectionPhoneNumbers simulates the phone numbers of /external_connections/{id}: those
// that are on Microsoft Teams. What will change in a number stands in it under "_changes"
// and takes effect at "_changed_at". A number that is "_unlisted" is on Teams and not yet
// in the list.
func connectionPhoneNumbers() part {
	const one = "/external_connections/{id}/phone_numbers/{phone_number_id}"
	return part{
		kind: kind{
			name: connNums, key: "number_id", owned: true,
			fields: connNumFields().merged(fields{
				"number_id":        {form: text, check: nonEmpty},
				"telephone_number": {form: text, required: true, check: isE164()},
				"_changed_at":      {form: text, check: isTime},
				"_changes":         {form: object, fields: connNumFields()},
				"_unlisted":        {form: boolean},
			}),
			defaults: func(obj map[string]any, _ string) {
				fill(obj, map[string]any{
					"acquired_capabilities": capabilities(usages()), "displayed_country_code": "US",
				})
			},
			due: func(_ *account, obj map[string]any) (time.Time, bool) {
				s, waits := obj["_changed_at"].(string)
				at, _ := time.Parse(time.RFC3339, s) // fields checked it
				return at, waits
			},
			step: func(a *account, owner string, obj map[string]any, _ time.Time) {
				next := maps.Clone(obj)
				if changes, ok := obj["_changes"].(map[string]any); ok {
					maps.Copy(next, changes)
				}
				for _, name := range []string{"_changes", "_changed_at", "_unlisted"} {
					delete(next, name)
				}
				a.put(connNums, owner, next)
			},
		},
		switches: map[string][]string{"_numbers_listed": {"after_upload", "when_assigned"}},
		settings: map[string]func(any) string{"_numbers_lag": isDuration},
		routes: []route{
			listing{
				collection: connNums, owned: true, size: maxPage, refusal: http.StatusUnprocessableEntity, records: listedNums,
				filters: []filter{
					{key: "filter[phone_number][eq]", match: equals("telephone_number")},
					{key: "filter[phone_number][contains]", match: textTest("telephone_number", strings.Contains)},
					{key: "filter[location_id][eq]", match: equals("location_id")},
					{key: "filter[civic_address_id][eq]", match: equals("civic_address_id")},
				},
			}.route("/external_connections/{id}/phone_numbers"),
			{method: http.MethodGet, pattern: one, handle: getConnNum},
			{method: http.MethodPatch, pattern: one, body: true, handle: patchConnNum},
		},
	}
}

// connNumFields is what can change in a number.
func connNumFields() fields {
	return fields{
		"acquired_capabilities": {form: texts, enum: []string{
			"FirstPartyAppAssignment", "InboundCalling", "Office365", "OutboundCalling", "UserAssignment",
		}},
		"civic_address_id":       {form: text},
		"displayed_country_code": {form: text},
		"location_id":            {form: text},
		"ticket_id":              {form: text},
	}
}

func isDuration(v any) string {
	if d, err := time.ParseDuration(v.(string)); err != nil || d < 0 {
		return "It must be a duration such as 90s."
	}
	return ""
}

// capabilities are those that a number gets from its usages.
func capabilities(usages []any) []any {
	got := []any{"InboundCalling", "Office365", "OutboundCalling"}
	for _, u := range usages {
		switch u {
		case firstPartyApp:
			got = append([]any{"FirstPartyAppAssignment"}, got...)
		case callingUser:
			got = append(got, "UserAssignment")
		}
	}
	return got
}

// isListed tells whether the list of its connection has a number.
func isListed(obj map[string]any) bool { return obj["_unlisted"] != true }

// listedNums is the list of a connection. Whether numbers are in it that are assigned to
// the connection but not yet on Teams is not documented: that follows the account's
// switch.
func listedNums(c *call) []*record {
	owner := c.params["id"]
	live := c.acc.of(connNums, owner)
	var found []*record
	for _, r := range live.records {
		if isListed(r.fields) {
			found = append(found, r)
		}
	}
	if c.acc.switches["_numbers_listed"] != "when_assigned" {
		return found
	}
	for _, r := range c.acc.collections[phoneNums].in(owner) {
		if obj, on := live.get(r.fields["id"].(string)); !on || !isListed(obj) {
			found = append(found, &record{fields: assignedNum(r.fields)})
		}
	}
	return found
}

// assignedNum is a number in the list of a connection that it is merely assigned to.
func assignedNum(obj map[string]any) map[string]any {
	return map[string]any{
		"number_id": obj["id"], "telephone_number": obj["phone_number"], "acquired_capabilities": []any{},
	}
}

// connNum is the number of a connection that the path names; onTeams is false if it is
// merely assigned.
func connNum(c *call) (obj map[string]any, onTeams bool, refused *reply) {
	if refused := noExtConn(c); refused != nil {
		return nil, false, refused
	}
	owner, id := c.params["id"], c.params["phone_number_id"]
	if obj, found := c.acc.of(connNums, owner).get(id); found && isListed(obj) {
		return obj, true, nil
	}
	if c.acc.switches["_numbers_listed"] == "when_assigned" {
		if obj, found := c.acc.collections[phoneNums].get(id); found && obj["connection_id"] == owner {
			return assignedNum(obj), false, nil
		}
	}
	r := notFound("phone number of this connection")
	return nil, false, &r
}

func getConnNum(c *call) reply {
	obj, _, refused := connNum(c)
	if refused != nil {
		return *refused
	}
	return data(http.StatusOK, public(obj))
}

// patchConnNum answers with the number as it still is: it moves in the background.
func patchConnNum(c *call) reply {
	obj, onTeams, refused := connNum(c)
	if refused != nil {
		return *refused
	}
	takes := fields{"location_id": {form: text, required: true, check: nonEmpty}}
	if ps := takes.problems("", c.body, false); ps != nil {
		return refuse(http.StatusUnprocessableEntity, ps...)
	}
	if !onTeams {
		return unprocessable("", "The phone number is not on Microsoft Teams yet.")
	}
	address, _ := c.acc.location(c.params["id"], c.body["location_id"].(string))
	if address == nil {
		return unprocessable("/location_id", "There is no such location.")
	}
	c.acc.change(c.params["id"], obj, map[string]any{
		"location_id": c.body["location_id"], "civic_address_id": address["id"],
	}, c.now.Add(c.acc.uploadTime))
	return data(http.StatusOK, public(obj))
}

// change lets a number change at a time, together with what has not taken effect yet.
func (a *account) change(owner string, obj, changes map[string]any, at time.Time) {
	obj = maps.Clone(obj)
	if before, ok := obj["_changes"].(map[string]any); ok {
		before = maps.Clone(before)
		maps.Copy(before, changes)
		changes = before
	}
	obj["_changes"], obj["_changed_at"] = changes, stamp(at)
	a.put(connNums, owner, obj)
}

// arrive brings a number to Teams. The list of the connection may lag behind.
func (a *account) arrive(owner string, arrived map[string]any, at time.Time) {
	lag, _ := time.ParseDuration(a.switches["_numbers_lag"]) // fields checked it
	old, there := a.of(connNums, owner).get(arrived["number_id"].(string))
	if !there {
		old = maps.Clone(arrived)
		old["_unlisted"] = true
	}
	changes := maps.Clone(arrived)
	delete(changes, "number_id")
	delete(changes, "telephone_number")
	a.change(owner, old, changes, at.Add(lag))
}
