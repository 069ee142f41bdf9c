package telnyxsim

import (
	"maps"
	"net/http"
)

const pendingConnections = "_operator_connect_pending"

// operatorConnect simulates /operator_connect. The connections that a refresh brings
// to light stand in the account under "_operator_connect_pending"; the switch
// "_operator_connect_refresh" decides whether a refresh is found in progress.
func operatorConnect() part {
	pending := externalConnections().kind
	pending.name, pending.optional = pendingConnections, true
	defaults := pending.defaults
	pending.defaults = func(obj map[string]any, now string) {
		fill(obj, map[string]any{"external_sip_connection": "operator_connect"})
		defaults(obj, now)
	}
	return part{
		kind:     pending,
		switches: map[string][]string{"_operator_connect_refresh": {"idle", "in_progress"}},
		routes: []route{
			{method: http.MethodPost, pattern: "/operator_connect/actions/refresh", handle: refreshOperatorConnect},
		},
	}
}

func refreshOperatorConnect(c *call) reply {
	if c.acc.switches["_operator_connect_refresh"] == "in_progress" {
		return message(http.StatusOK, "A refresh is in progress already.")
	}
	if pending := c.acc.collections[pendingConnections]; pending != nil {
		for _, r := range pending.records {
			c.acc.collections[extConns].put(maps.Clone(r.fields))
		}
		delete(c.acc.collections, pendingConnections)
	}
	return message(http.StatusAccepted, "The refresh was started.")
}

func message(status int, text string) reply {
	return reply{status: status, body: map[string]any{"success": true, "message": text}}
}
