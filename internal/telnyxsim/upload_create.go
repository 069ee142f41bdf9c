package telnyxsim

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// maxNumbers is the most numbers that an upload or a job takes.
const maxNumbers = 1000

func uploadTakes() fields {
	enum := []string{callingUser, firstPartyApp}
	return fields{
		"additional_usages": {form: texts, enum: enum},
		"civic_address_id":  {form: text, check: nonEmpty},
		"location_id":       {form: text, check: nonEmpty},
		"number_ids":        {form: texts, required: true, check: someTexts},
		"usage":             {form: text, enum: enum},
	}
}

func someTexts(v any) string {
	if len(v.([]any)) == 0 {
		return "The field must not be empty."
	}
	return ""
}

func createUpload(c *call) reply {
	if refused := noExtConn(c); refused != nil {
		return *refused
	}
	if ids, _ := c.body["number_ids"].([]any); len(ids) > maxNumbers {
		return *badBody(http.StatusRequestEntityTooLarge, "/number_ids", "1000 numbers is the maximum allowed.")
	}
	if ps := uploadTakes().problems("", c.body, false); ps != nil {
		return refuse(http.StatusUnprocessableEntity, ps...)
	}
	owner := c.params["id"]
	if conn, _ := c.acc.collections[extConns].get(owner); conn["external_sip_connection"] != "operator_connect" {
		return unprocessable("", "The connection is no Operator Connect integration.")
	}
	place, refused := uploadPlace(c)
	if refused != nil {
		return *refused
	}
	asked, explicit := askedUsages(c.body)
	var ps []problem
	var entries []any
	available := []any{}
	seen := map[string]bool{}
	for i, id := range c.body["number_ids"].([]any) {
		id := id.(string)
		number, wrong := uploadable(c, id, slices.Contains(explicit, any(callingUser)))
		if seen[id] {
			wrong = &problem{code: "10027", detail: "The phone number is given more than once."}
		}
		seen[id] = true
		if wrong != nil {
			wrong.pointer = fmt.Sprintf("/number_ids/%d", i)
			ps = append(ps, *wrong)
			continue
		}
		for _, u := range supported(number, asked) {
			if !slices.Contains(available, u) {
				available = append(available, u)
			}
		}
		entry := maps.Clone(place)
		entry["number_id"], entry["phone_number"] = id, number["phone_number"]
		entries = append(entries, begin(entry))
	}
	if ps != nil {
		return refuse(http.StatusUnprocessableEntity, ps...)
	}
	ticket := c.acc.newName(c.acc.of(uploadColl, owner))
	obj := map[string]any{
		"ticket_id": ticket, "tenant_id": tenant, "status": "pending_upload",
		"available_usages": available, uploadEntries: entries, "_submitted_at": c.stamp(),
	}
	if location, known := place["location_id"]; known {
		obj["location_id"] = location
	}
	c.acc.putUpload(owner, obj)
	return reply{status: http.StatusAccepted, body: map[string]any{"success": true, "ticket_id": ticket}}
}

// begin is an entry at the beginning of its way.
func begin(entry map[string]any) map[string]any {
	entry = maps.Clone(entry)
	entry["status"], entry["internal_status"] = "pending_upload", "pending_assignment"
	delete(entry, "error_code")
	delete(entry, "error_message")
	return entry
}

// uploadPlace is where the numbers of an upload go: a location and its civic address, or
// the address alone where it has no default location.
func uploadPlace(c *call) (map[string]any, *reply) {
	location, byLocation := c.body["location_id"].(string)
	civic, byAddress := c.body["civic_address_id"].(string)
	if byLocation == byAddress {
		r := unprocessable("/location_id", "Exactly one of location_id and civic_address_id must be given.")
		return nil, &r
	}
	if byLocation {
		address, _ := c.acc.location(c.params["id"], location)
		if address == nil {
			r := unprocessable("/location_id", "There is no such location.")
			return nil, &r
		}
		return map[string]any{"location_id": location, "civic_address_id": address["id"]}, nil
	}
	address, found := c.acc.of(civicAddrs, c.params["id"]).get(civic)
	if !found {
		r := unprocessable("/civic_address_id", "There is no such civic address.")
		return nil, &r
	}
	place := map[string]any{"civic_address_id": civic}
	if location, has := address["default_location_id"]; has {
		place["location_id"] = location
	}
	return place, nil
}

// askedUsages is what numbers shall be used for, and what of that was asked for in so
// many words. Without additional_usages it is all that they support.
func askedUsages(body map[string]any) (asked, explicit []any) {
	more, given := body["additional_usages"].([]any)
	for _, u := range usages() {
		if body["usage"] == u || slices.Contains(more, u) {
			explicit = append(explicit, u)
		}
	}
	if !given || explicit == nil {
		return usages(), explicit
	}
	return explicit, explicit
}

func tollFree(number map[string]any) bool {
	return number["phone_number_type"] == "toll_free" || number["phone_number_type"] == "tollfree"
}

// supported is what a number can be used for of what is asked for.
func supported(number map[string]any, asked []any) []any {
	var can []any
	for _, u := range asked {
		if u != callingUser || !tollFree(number) {
			can = append(can, u)
		}
	}
	return can
}

// uploadable finds a number and says what keeps it from being uploaded. One that is on
// its way already is a violation too.
func uploadable(c *call, id string, toUsers bool) (map[string]any, *problem) {
	wrong := &problem{code: "10027"}
	number, found := c.acc.collections[phoneNums].get(id)
	switch tickets := c.acc.onWay[id]; {
	case !found:
		wrong.detail = "There is no such phone number."
	case len(tickets) > 0:
		c.sim.broken.add("upload of %s (%s) to the external connection %s: it is on its way already, in the upload %s",
			number["phone_number"], id, c.params["id"], tickets[0])
		wrong.code, wrong.detail = "10036", "The phone number is being uploaded already."
	case number["connection_id"] != c.params["id"]:
		wrong.detail = "The phone number is not assigned to this connection."
	case toUsers && tollFree(number):
		wrong.detail = callingUser + " is not supported for toll free numbers."
	default:
		return number, nil
	}
	return nil, wrong
}
