package telnyxsim

import (
	"maps"
	"net/http"
	"time"
)

const (
	pendingConnections = "_operator_connect_pending"
	pendingMessages    = "_operator_connect_log_messages"
	refreshStarted     = "_operator_connect_started_at"
)

// operatorConnect simulates /operator_connect. What a refresh brings to light stands in
// the account: the connections under "_operator_connect_pending", the messages under
// "_operator_connect_log_messages". It comes at their "_arrives_at", which a refresh sets
// to Config.UploadTime from then. The switch "_operator_connect_refresh" makes every
// refresh find another one in progress.
func operatorConnect() part {
	pending := externalConnections().kind
	defaults := pending.defaults
	pending.defaults = func(obj map[string]any, now string) {
		fill(obj, map[string]any{"external_sip_connection": "operator_connect"})
		defaults(obj, now)
	}
	return part{
		kind:     arriving(pending, pendingConnections, extConns),
		switches: map[string][]string{"_operator_connect_refresh": {"idle", "in_progress"}},
		settings: map[string]func(any) string{refreshStarted: isTime},
		routes: []route{
			{method: http.MethodPost, pattern: "/operator_connect/actions/refresh", handle: refreshOperatorConnect},
		},
	}
}

// operatorConnectLog is the messages that a refresh brings.
func operatorConnectLog() part {
	return part{kind: arriving(logMessageKind(pendingMessages), pendingMessages, logColl)}
}

// arriving makes a kind of what waits for a refresh out of the kind that it will be of.
func arriving(k kind, name, becomes string) kind {
	k.name, k.optional = name, true
	k.fields = k.fields.merged(fields{"_arrives_at": {form: text, check: isTime}})
	k.due = func(_ *account, obj map[string]any) (time.Time, bool) {
		s, comes := obj["_arrives_at"].(string)
		at, _ := time.Parse(time.RFC3339, s) // fields checked it
		return at, comes
	}
	k.step = func(a *account, _ string, obj map[string]any, _ time.Time) {
		waiting := a.collections[name]
		waiting.remove(obj[k.key].(string))
		if len(waiting.records) == 0 {
			delete(a.collections, name)
		}
		obj = maps.Clone(obj)
		delete(obj, "_arrives_at")
		a.put(becomes, "", obj)
	}
	return k
}

func refreshOperatorConnect(c *call) reply {
	started, given := c.acc.switches[refreshStarted]
	if c.acc.switches["_operator_connect_refresh"] == "in_progress" || given && c.acc.runs(started, c.now) {
		return message(http.StatusOK, "Operator connect refresh already in progress")
	}
	c.acc.switches[refreshStarted] = c.stamp()
	for _, name := range []string{pendingConnections, pendingMessages} {
		for _, r := range c.acc.of(name, "").records {
			obj := maps.Clone(r.fields)
			obj["_arrives_at"] = stamp(c.now.Add(c.acc.uploadTime))
			c.acc.put(name, "", obj)
		}
	}
	return message(http.StatusAccepted, "Operator connect refresh started")
}

func message(status int, text string) reply {
	return reply{status: status, body: map[string]any{"success": true, "message": text}}
}
