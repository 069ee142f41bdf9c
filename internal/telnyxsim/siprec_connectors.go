package telnyxsim

import (
	"maps"
	"net/http"
)

const siprec = "siprec_connectors"

// siprecConnectors simulates /siprec_connectors, which have no list.
func siprecConnectors() part {
	routes := []route{
		{method: http.MethodPost, pattern: "/siprec_connectors", body: true, handle: createSiprec},
		{method: http.MethodGet, pattern: "/siprec_connectors/{connector_name}", handle: getSiprec},
		{method: http.MethodPut, pattern: "/siprec_connectors/{connector_name}", body: true, handle: putSiprec},
		{method: http.MethodDelete, pattern: "/siprec_connectors/{connector_name}", handle: deleteSiprec},
	}
	for i := range routes {
		routes[i].intCodes = true
	}
	return part{
		kind: kind{
			name: siprec, key: "name",
			fields: siprecWritable().require("name").merged(fields{
				"record_type": {form: text},
				"created_at":  {form: text, check: isTime},
				"updated_at":  {form: text, check: isTime},
			}),
			defaults: func(obj map[string]any, now string) {
				fill(obj, map[string]any{"record_type": "siprec_connector", "created_at": now, "updated_at": now})
			},
		},
		switches: map[string][]string{"_siprec_host_field": {"host", "hostname"}, "_siprec_put_created": {"keep", "renew"}},
		routes:   routes,
	}
}

func siprecWritable() fields {
	return fields{
		"name":          {form: text, check: nonEmpty},
		"host":          {form: text, check: nonEmpty},
		"port":          {form: integer, check: within(1, 65535)},
		"app_subdomain": {form: text},
	}
}

// showSiprec is a connector as the API returns it: some of Telnyx's documentation
// says hostname for host.
func showSiprec(c *call, obj map[string]any) map[string]any {
	obj = public(obj)
	if host, ok := obj["host"]; ok && c.acc.switches["_siprec_host_field"] == "hostname" {
		obj = maps.Clone(obj)
		delete(obj, "host")
		obj["hostname"] = host
	}
	return obj
}

func createSiprec(c *call) reply {
	if ps := siprecWritable().require("name", "host", "port").problems("", c.body, false); ps != nil {
		return refuse(http.StatusUnprocessableEntity, ps...)
	}
	connectors := c.acc.collections[siprec]
	if _, taken := connectors.get(c.body["name"].(string)); taken {
		return unprocessable("/name", "There is a connector of this name already.")
	}
	connectors.kind.defaults(c.body, c.stamp())
	connectors.put(c.body)
	return data(http.StatusCreated, showSiprec(c, c.body))
}

func getSiprec(c *call) reply {
	obj, found := c.acc.collections[siprec].get(c.params["connector_name"])
	if !found {
		return notFound("SIPREC connector")
	}
	return data(http.StatusOK, showSiprec(c, obj))
}

// putSiprec replaces a connector: what the body leaves out is gone.
func putSiprec(c *call) reply {
	connectors := c.acc.collections[siprec]
	old, found := connectors.get(c.params["connector_name"])
	if !found {
		return notFound("SIPREC connector")
	}
	if ps := siprecWritable().require("name", "host", "port").problems("", c.body, false); ps != nil {
		return refuse(http.StatusUnprocessableEntity, ps...)
	}
	if c.body["name"] != old["name"] {
		return unprocessable("/name", "A connector cannot be renamed.")
	}
	obj := maps.Clone(c.body)
	for name, v := range old {
		if _, writable := siprecWritable()[name]; !writable {
			obj[name] = v
		}
	}
	obj["updated_at"] = c.stamp()
	if c.acc.switches["_siprec_put_created"] == "renew" { // what it does is not documented
		obj["created_at"] = c.stamp()
	}
	connectors.put(obj)
	return data(http.StatusOK, showSiprec(c, obj))
}

func deleteSiprec(c *call) reply {
	connectors := c.acc.collections[siprec]
	if _, found := connectors.get(c.params["connector_name"]); !found {
		return notFound("SIPREC connector")
	}
	connectors.remove(c.params["connector_name"])
	return reply{status: http.StatusNoContent}
}
