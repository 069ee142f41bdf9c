package telnyxsim

import "net/http"

const conns = "connections"

// connections simulates reading /connections/{id}: connections of all types, to
// which the external ones belong.
func connections() part {
	return part{
		kind: kind{
			name: conns, key: "id", optional: true,
			fields: fields{
				"active": {form: boolean},
				"anchorsite_override": {form: text, enum: []string{
					"Latency", "Chicago, IL", "Ashburn, VA", "San Jose, CA",
					"Sydney, Australia", "Amsterdam, Netherlands", "London, UK", "Toronto, Canada", "Vancouver, Canada",
					"Frankfurt, Germany",
				}},
				"connection_name":            {form: text},
				"created_at":                 {form: text, check: isTime},
				"id":                         {form: text, check: nonEmpty},
				"outbound_voice_profile_id":  {form: text},
				"record_type":                {form: text},
				"tags":                       {form: texts},
				"updated_at":                 {form: text, check: isTime},
				"webhook_api_version":        {form: text, enum: []string{"1", "2"}},
				"webhook_event_failover_url": {form: text, null: true, check: emptyOrWithScheme},
				"webhook_event_url":          {form: text, null: true, check: emptyOrWithScheme},
			},
			defaults: func(obj map[string]any, now string) {
				fill(obj, map[string]any{
					"record_type": "ip_connection", "active": true, "anchorsite_override": "Latency",
					"connection_name": "connection " + obj["id"].(string), "tags": []any{},
					"webhook_api_version": "1", "webhook_event_failover_url": "", "webhook_event_url": nil,
					"created_at": now, "updated_at": now,
				})
			},
		},
		routes: []route{
			{method: http.MethodGet, pattern: "/connections/{id}", handle: getConnection},
		},
	}
}

// unknownConnection refuses the id of a connection that the account does not have.
func unknownConnection(c *call) *reply {
	known := c.acc.collections[conns]
	if known == nil {
		return nil
	}
	id := c.params["connection_id"]
	if _, found := known.get(id); found {
		return nil
	}
	if _, found := c.acc.collections[extConns].get(id); found {
		return nil
	}
	r := notFoundOf("connection")
	return &r
}

// notFoundOf is notFound for what a connection_id in the path names.
func notFoundOf(what string) reply {
	r := notFound(what)
	r.problems[0].pointer = "/connection_id"
	return r
}

func getConnection(c *call) reply {
	id := c.params["id"]
	if known := c.acc.collections[conns]; known != nil {
		if obj, found := known.get(id); found {
			return data(http.StatusOK, public(obj))
		}
	}
	ext, found := c.acc.collections[extConns].get(id)
	if !found {
		return notFound("connection")
	}
	obj := map[string]any{}
	for _, name := range []string{
		"id", "record_type", "active", "tags", "created_at", "updated_at",
		"webhook_api_version", "webhook_event_url", "webhook_event_failover_url",
	} {
		if v, ok := ext[name]; ok {
			obj[name] = v
		}
	}
	if outbound, _ := ext["outbound"].(map[string]any); outbound != nil {
		if v, ok := outbound["outbound_voice_profile_id"]; ok {
			obj["outbound_voice_profile_id"] = v
		}
	}
	return data(http.StatusOK, obj)
}
