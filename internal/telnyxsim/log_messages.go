package telnyxsim

import (
	"maps"
	"net/http"
	"strings"
)

const logColl = "log_messages"

// logMessages simulates /external_connections/log_messages. Their ids, which get and
// dismiss them, are in no documented answer: that follows the account's switch.
func logMessages() part {
	const all = "/external_connections/log_messages"
	list := logMessageList().route(all)
	list.handle = listLogMessages
	return part{
		kind:     logMessageKind(logColl),
		switches: map[string][]string{"_log_message_ids": {"hidden", "shown"}},
		routes: []route{
			list,
			{method: http.MethodGet, pattern: all + "/{id}", handle: getLogMessage},
			{method: http.MethodDelete, pattern: all + "/{id}", handle: dismissLogMessage},
		},
	}
}

func logMessageKind(name string) kind {
	str := field{form: text}
	return kind{
		name: name, key: "id",
		fields: fields{
			"code":   {form: text, required: true},
			"detail": str,
			"id":     {form: text, check: nonEmpty},
			"meta": {form: object, fields: fields{
				"external_connection_id": str, "telephone_number": str, "ticket_id": str,
			}},
			"source": {form: object, fields: fields{"pointer": str}},
			"title":  {form: text, required: true},
		},
		defaults: func(map[string]any, string) {},
	}
}

func logMessageList() listing {
	inMeta := func(name string, test func(s, value string) bool) func(*account, string) predicate {
		return func(_ *account, value string) predicate {
			return func(obj map[string]any) bool {
				meta, _ := obj["meta"].(map[string]any)
				s, has := meta[name].(string)
				return has && test(s, value)
			}
		}
	}
	// "null" finds those that have none.
	orNull := func(name string) func(*account, string) predicate {
		return func(a *account, value string) predicate {
			equal := inMeta(name, func(s, value string) bool { return s == value })(a, value)
			return func(obj map[string]any) bool {
				meta, _ := obj["meta"].(map[string]any)
				return equal(obj) || value == "null" && meta[name] == nil
			}
		}
	}
	return listing{
		collection: logColl, size: maxPage, data: logColl, refusal: http.StatusUnprocessableEntity,
		filters: []filter{
			{key: "filter[external_connection_id]", match: orNull("external_connection_id")},
			{key: "filter[telephone_number][eq]", match: orNull("telephone_number")},
			{key: "filter[telephone_number][contains]", check: someDigits, match: inMeta("telephone_number", strings.Contains)},
		},
	}
}

func showLogMessage(c *call, obj map[string]any) map[string]any {
	obj = public(obj)
	if c.acc.switches["_log_message_ids"] != "shown" {
		obj = maps.Clone(obj)
		delete(obj, "id")
	}
	return obj
}

func listLogMessages(c *call) reply {
	l := logMessageList()
	l.show = func(obj map[string]any) map[string]any { return showLogMessage(c, obj) }
	return l.answer(c)
}

// getLogMessage answers with a list of one.
func getLogMessage(c *call) reply {
	obj, found := c.acc.collections[logColl].get(c.params["id"])
	if !found {
		return notFound("log message")
	}
	return ok(map[string]any{logColl: []map[string]any{showLogMessage(c, obj)}})
}

func dismissLogMessage(c *call) reply {
	if _, found := c.acc.collections[logColl].get(c.params["id"]); !found {
		return notFound("log message")
	}
	c.acc.collections[logColl].remove(c.params["id"])
	return ok(map[string]any{"success": true})
}
