package telnyxsim

import (
	"maps"
	"math"
	"net/http"
	"slices"
	"time"
)

const extConns = "external_connections"

// externalConnections simulates /external_connections.
func externalConnections() part {
	return part{
		kind: kind{
			name: extConns, key: "id",
			fields:   extConnFields(),
			defaults: extConnDefaults,
		},
		switches: map[string][]string{"_tags_patch": {"replace", "merge"}},
		routes: []route{
			listing{collection: extConns, size: maxPage, filters: extConnFilters()}.route("/external_connections"),
			{method: http.MethodPost, pattern: "/external_connections", body: true, handle: createExtConn},
			{method: http.MethodGet, pattern: "/external_connections/{id}", handle: getExtConn},
			{method: http.MethodPatch, pattern: "/external_connections/{id}", body: true, handle: patchExtConn},
			{method: http.MethodDelete, pattern: "/external_connections/{id}", handle: deleteExtConn},
		},
	}
}

// extConnWritable is what both create and update take.
func extConnWritable() fields {
	limit := field{form: integer, check: within(0, math.MaxInt64)}
	return fields{
		"active":                     {form: boolean},
		"inbound":                    {form: object, fields: fields{"channel_limit": limit}},
		"outbound":                   {form: object, fields: fields{"channel_limit": limit, "outbound_voice_profile_id": {form: text, check: nonEmpty}}},
		"tags":                       {form: texts},
		"webhook_event_url":          {form: text, check: withScheme},
		"webhook_event_failover_url": {form: text, null: true, check: emptyOrWithScheme},
		"webhook_timeout_secs":       {form: integer, null: true, check: within(0, 30)},
	}
}

// extConnFields is a connection as it is returned. Nulls are allowed where the
// contract has none: whether the live service sends them is not documented.
func extConnFields() fields {
	limit := field{form: integer, null: true, check: within(0, math.MaxInt64)}
	return extConnWritable().merged(fields{
		"id":                      {form: text, check: nonEmpty},
		"external_sip_connection": {form: text, enum: []string{"zoom", "operator_connect"}},
		"credential_active":       {form: boolean},
		"inbound":                 {form: object, null: true, fields: fields{"channel_limit": limit}},
		"outbound":                {form: object, fields: fields{"channel_limit": limit, "outbound_voice_profile_id": {form: text}}},
		"record_type":             {form: text},
		"webhook_api_version":     {form: text, enum: []string{"1", "2"}},
		"created_at":              {form: text, check: isTime},
		"updated_at":              {form: text, check: isTime},
		"_uploads_refreshed_at":   {form: text, check: isTime},
	})
}

func extConnDefaults(obj map[string]any, now string) {
	fill(obj, map[string]any{
		"record_type": "external_connection", "external_sip_connection": "zoom",
		"active": true, "credential_active": false, "tags": []any{},
		"webhook_api_version": "1", "webhook_event_failover_url": "", "webhook_timeout_secs": nil,
		"created_at": now, "updated_at": now,
	})
}

func extConnFilters() []filter {
	return []filter{
		{key: "filter[id]", match: equals("id")},
		{key: "filter[external_sip_connection]", enum: []string{"zoom", "operator_connect"}, match: equals("external_sip_connection")},
		// External connections have no name, so none contains anything.
		{key: "filter[connection_name][contains]", match: nothing},
		{key: "filter[created_at]", check: isDate, match: createdOn},
		{key: "filter[phone_number][contains]", match: holdsNumber},
	}
}

func isDate(v string) string {
	if _, err := time.Parse(time.DateOnly, v); err != nil {
		return "The parameter must be a date such as 2022-12-31."
	}
	return ""
}

func createdOn(_ *account, date string) predicate {
	return func(obj map[string]any) bool {
		at, err := time.Parse(time.RFC3339, obj["created_at"].(string))
		return err == nil && at.UTC().Format(time.DateOnly) == date
	}
}

// holdsNumber matches the connections of a number. Despite the parameter's name,
// only the whole number in E.164 matches.
func holdsNumber(a *account, e164 string) predicate {
	holders := map[string]bool{}
	for _, r := range a.collections[phoneNums].records {
		if id, ok := r.fields["connection_id"].(string); ok && r.fields["phone_number"] == e164 {
			holders[id] = true
		}
	}
	return func(obj map[string]any) bool { return holders[obj["id"].(string)] }
}

func createExtConn(c *call) reply {
	takes := extConnWritable().merged(fields{
		"external_sip_connection": {form: text, required: true, enum: []string{"zoom"}},
	}).require("outbound")
	// Only here does inbound name a profile; no answer ever repeats it.
	takes["inbound"] = field{form: object, fields: takes["inbound"].fields.merged(fields{
		"outbound_voice_profile_id": {form: text, required: true, check: nonEmpty},
	})}
	takes["outbound"] = withProfile(takes["outbound"])
	if ps := takes.problems("", c.body, false); ps != nil {
		return refuse(http.StatusUnprocessableEntity, ps...)
	}
	if refused := unknownProfile(c, "outbound", "inbound"); refused != nil {
		return *refused
	}
	obj := maps.Clone(c.body)
	if inbound, ok := obj["inbound"].(map[string]any); ok {
		obj["_inbound_outbound_voice_profile_id"] = inbound["outbound_voice_profile_id"]
		delete(inbound, "outbound_voice_profile_id")
	}
	c.acc.create(extConns, obj, c.stamp())
	return data(http.StatusCreated, public(obj))
}

// withProfile is outbound where Telnyx insists on the voice profile.
func withProfile(outbound field) field {
	outbound.required = true
	outbound.fields = outbound.fields.require("outbound_voice_profile_id")
	return outbound
}

// unknownProfile refuses voice profiles that the account does not have.
func unknownProfile(c *call, in ...string) *reply {
	profiles := c.acc.collections[voiceProfiles]
	if profiles == nil {
		return nil
	}
	for _, side := range in {
		obj, _ := c.body[side].(map[string]any)
		id, given := obj["outbound_voice_profile_id"].(string)
		if _, known := profiles.get(id); given && !known {
			r := unprocessable("/"+side+"/outbound_voice_profile_id", "There is no such outbound voice profile.")
			return &r
		}
	}
	return nil
}

// noExtConn refuses what is asked of a connection that is not there.
func noExtConn(c *call) *reply {
	if _, found := c.acc.collections[extConns].get(c.params["id"]); found {
		return nil
	}
	r := notFound("external connection")
	return &r
}

func getExtConn(c *call) reply {
	obj, found := c.acc.collections[extConns].get(c.params["id"])
	if !found {
		return notFound("external connection")
	}
	return data(http.StatusOK, public(obj))
}

func patchExtConn(c *call) reply {
	conns := c.acc.collections[extConns]
	old, found := conns.get(c.params["id"])
	if !found {
		return notFound("external connection")
	}
	takes := extConnWritable()
	// Whatever is to be changed, the profile must be repeated.
	takes["outbound"] = withProfile(takes["outbound"])
	if ps := takes.problems("", c.body, false); ps != nil {
		return refuse(http.StatusUnprocessableEntity, ps...)
	}
	if refused := unknownProfile(c, "outbound"); refused != nil {
		return *refused
	}
	obj := maps.Clone(old)
	for name, v := range c.body {
		switch name {
		case "inbound", "outbound":
			side := map[string]any{}
			if before, ok := old[name].(map[string]any); ok {
				maps.Copy(side, before)
			}
			maps.Copy(side, v.(map[string]any))
			obj[name] = side
		case "tags":
			obj[name] = patchTags(c, old[name].([]any), v.([]any))
		default:
			obj[name] = v
		}
	}
	obj["updated_at"] = c.stamp()
	conns.put(obj)
	return data(http.StatusOK, public(obj))
}

// patchTags follows the account's switch: which of the two the service does is not
// documented.
func patchTags(c *call, old, sent []any) []any {
	if c.acc.switches["_tags_patch"] != "merge" {
		return sent
	}
	tags := slices.Clone(old)
	for _, t := range sent {
		if !slices.Contains(tags, t) {
			tags = append(tags, t)
		}
	}
	return tags
}

func deleteExtConn(c *call) reply {
	conns := c.acc.collections[extConns]
	id := c.params["id"]
	obj, found := conns.get(id)
	if !found {
		return notFound("external connection")
	}
	switch {
	case obj["external_sip_connection"] == "operator_connect":
		return unprocessable("/external_sip_connection", "To remove an Operator Connect integration please contact Telnyx support.")
	case obj["active"] == true:
		return unprocessable("/active", "The connection is active: deactivate it first.")
	case len(c.acc.collections[phoneNums].in(id)) > 0:
		return refuse(http.StatusUnprocessableEntity, problem{
			code: "10021", detail: "The connection is used by phone numbers.",
		})
	}
	conns.remove(id)
	return data(http.StatusOK, public(obj))
}
