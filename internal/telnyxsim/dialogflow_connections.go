package telnyxsim

import (
	"maps"
	"net/http"
	"strings"
)

const dialogflow = "dialogflow_connections"

// dialogflowConnections simulates /dialogflow_connections, which have no list. What
// no answer shows as it was sent stands in the account under "_service_account",
// "_dialogflow_api" and "_location".
func dialogflowConnections() part {
	const one = "/dialogflow_connections/{connection_id}"
	takes := dialogflowTakes()
	return part{
		kind: kind{
			name: dialogflow, key: "connection_id",
			fields: fields{
				"connection_id":           {form: text, required: true, check: nonEmpty},
				"conversation_profile_id": takes["conversation_profile_id"],
				"environment":             takes["environment"],
				"record_type":             {form: text},
				"_dialogflow_api":         takes["dialogflow_api"],
				"_location":               takes["location"],
				"_service_account":        {form: object, check: nonEmptyObject},
			},
			defaults: func(obj map[string]any, _ string) {
				fill(obj, map[string]any{
					"record_type": dialogflow, "_dialogflow_api": "es",
					"_service_account": map[string]any{"type": "service_account"},
				})
			},
		},
		switches: map[string][]string{"_dialogflow_service_account": {"masked", "returned", "omitted"}},
		routes: []route{
			{method: http.MethodPost, pattern: one, body: true, handle: createDialogflow},
			{method: http.MethodGet, pattern: one, handle: getDialogflow},
			{method: http.MethodPut, pattern: one, body: true, handle: putDialogflow},
			{method: http.MethodDelete, pattern: one, handle: deleteDialogflow},
		},
	}
}

func dialogflowTakes() fields {
	return fields{
		"conversation_profile_id": {form: text},
		"dialogflow_api":          {form: text, enum: []string{"es", "cx"}},
		"environment":             {form: text},
		"location":                {form: text},
		"service_account":         {form: object, required: true, check: nonEmptyObject},
	}
}

func nonEmptyObject(v any) string {
	if len(v.(map[string]any)) == 0 {
		return "The field must not be empty."
	}
	return ""
}

// showDialogflow is a connection as the API returns it. The documented answer has
// "****" for the service account; whether it always does is up to the account's switch.
func showDialogflow(c *call, obj map[string]any) map[string]any {
	account := obj["_service_account"]
	obj = maps.Clone(public(obj))
	switch c.acc.switches["_dialogflow_service_account"] {
	case "omitted":
	case "returned":
		obj["service_account"] = strings.TrimSpace(string(encode(account, "")))
	default:
		obj["service_account"] = "****"
	}
	return obj
}

func createDialogflow(c *call) reply {
	if refused := unknownConnection(c); refused != nil {
		return *refused
	}
	if _, taken := c.acc.collections[dialogflow].get(c.params["connection_id"]); taken {
		return refuse(http.StatusUnprocessableEntity, problem{
			code: "10012", pointer: "/connection_id", detail: "The connection has a Dialogflow connection already.",
		})
	}
	return storeDialogflow(c, http.StatusCreated)
}

// putDialogflow replaces a connection: what the body leaves out is gone.
func putDialogflow(c *call) reply {
	if _, found := c.acc.collections[dialogflow].get(c.params["connection_id"]); !found {
		return notFoundOf("Dialogflow connection")
	}
	return storeDialogflow(c, http.StatusOK)
}

func storeDialogflow(c *call, status int) reply {
	takes := dialogflowTakes()
	if c.body["dialogflow_api"] == "cx" { // documented in words alone
		takes = takes.require("conversation_profile_id", "location")
	}
	if ps := takes.problems("", c.body, false); ps != nil {
		return refuse(http.StatusUnprocessableEntity, ps...)
	}
	obj := map[string]any{"connection_id": c.params["connection_id"]}
	for name, v := range c.body {
		switch name {
		case "dialogflow_api", "location", "service_account":
			obj["_"+name] = v
		default:
			obj[name] = v
		}
	}
	connections := c.acc.collections[dialogflow]
	connections.kind.defaults(obj, c.stamp())
	connections.put(obj)
	return data(status, showDialogflow(c, obj))
}

func getDialogflow(c *call) reply {
	obj, found := c.acc.collections[dialogflow].get(c.params["connection_id"])
	if !found {
		return notFoundOf("Dialogflow connection")
	}
	return data(http.StatusOK, showDialogflow(c, obj))
}

func deleteDialogflow(c *call) reply {
	if _, found := c.acc.collections[dialogflow].get(c.params["connection_id"]); !found {
		return notFoundOf("Dialogflow connection")
	}
	c.acc.collections[dialogflow].remove(c.params["connection_id"])
	return reply{status: http.StatusNoContent}
}
