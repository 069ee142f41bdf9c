package telnyxsim

import (
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"time"
)

const recordingColl = "recordings"

// recordings simulates /recordings. Their dates may be any text: one that is no time passes
// no filter of that date. What is filtered by and never returned stands under "_sip_call_id"
// and "_conference_region". For the content see storage.go.
func recordings() part {
	const all = "/recordings"
	list := recordingList().route(all)
	list.handle = listRecordings
	return part{
		kind: kind{
			name: recordingColl, key: "id", uuid: true, group: "connection_id",
			fields:   recordingFields(),
			defaults: recordingDefaults,
		},
		switches: map[string][]string{"_recordings_batch_missing": {"ignore", "refuse", "partial"}},
		routes: []route{
			list,
			{method: http.MethodPost, pattern: all + "/actions/delete", body: true, handle: deleteRecordings},
			{method: http.MethodGet, pattern: all + "/{recording_id}", handle: getRecording},
			{method: http.MethodDelete, pattern: all + "/{recording_id}", handle: deleteRecording},
		},
	}
}

func recordingFields() fields {
	str := field{form: text}
	return fields{
		"call_control_id":      str,
		"call_leg_id":          str,
		"call_session_id":      str,
		"channels":             {form: text, enum: []string{"single", "dual"}},
		"conference_id":        str,
		"connection_id":        str,
		"created_at":           str,
		"download_urls":        {form: object, fields: fields{"mp3": str, "wav": str}},
		"duration_millis":      {form: integer, check: within(0, math.MaxInt32)},
		"from":                 str,
		"id":                   {form: text, check: nonEmpty},
		"initiated_by":         str,
		"record_type":          {form: text, enum: []string{"recording"}},
		"recording_ended_at":   str,
		"recording_started_at": str,
		"source":               {form: text, enum: []string{"conference", "call"}},
		"status":               {form: text, enum: []string{"completed"}},
		"to":                   str,
		"updated_at":           str,
		"_bytes":               {form: integer, check: within(1, math.MaxInt32)},
		"_conference_region":   str,
		"_content":             {form: text, check: isBase64},
		"_sip_call_id":         str,
	}
}

// recordingDefaults keeps to what is always there: accounts have many recordings.
func recordingDefaults(obj map[string]any, now string) {
	fill(obj, map[string]any{
		"record_type": "recording", "status": "completed", "source": "call", "channels": "single",
		"created_at": now, "duration_millis": json.Number("60000"),
	})
	created := obj["created_at"].(string)
	fill(obj, map[string]any{"updated_at": created, "recording_ended_at": created})
	started := obj["recording_ended_at"].(string)
	if at, err := time.Parse(time.RFC3339, started); err == nil {
		long, _ := obj["duration_millis"].(json.Number).Int64() // fields checked it
		started = stamp(at.Add(-time.Duration(long) * time.Millisecond))
	}
	fill(obj, map[string]any{"recording_started_at": started})
}

func recordingList() listing {
	l := listing{
		collection: recordingColl, size: 20, keep: true,
		filters: []filter{
			{key: "filter[connection_id]", group: true},
			{key: "filter[sip_call_id]", match: equals("_sip_call_id")},
			{key: "filter[conference_region]", match: equals("_conference_region")},
		},
	}
	for _, name := range []string{"from", "to", "call_leg_id", "call_session_id", "call_control_id", "conference_id"} {
		l.filters = append(l.filters, filter{key: "filter[" + name + "]", match: equals(name)})
	}
	l.filters = append(l.filters, period("created_at", "created_at")...)
	l.filters = append(l.filters, period("start_time", "recording_started_at")...)
	l.filters = append(l.filters, period("end_time", "recording_ended_at")...)
	return l
}

// period filters by the time in a field, both ends included.
func period(key, name string) []filter {
	test := func(passes func(at, value time.Time) bool) func(*account, string) predicate {
		return func(_ *account, text string) predicate {
			value, _ := time.Parse(time.RFC3339, text) // isInstant checked it
			return func(obj map[string]any) bool {
				s, _ := obj[name].(string)
				at, err := time.Parse(time.RFC3339, s)
				return err == nil && passes(at, value)
			}
		}
	}
	return []filter{
		{key: "filter[" + key + "][gte]", check: isInstant, match: test(func(at, value time.Time) bool { return !at.Before(value) })},
		{key: "filter[" + key + "][lte]", check: isInstant, match: test(func(at, value time.Time) bool { return !at.After(value) })},
	}
}

func isInstant(v string) string {
	if _, err := time.Parse(time.RFC3339, v); err != nil {
		return "The parameter must be a time such as 2019-03-29T11:10:00Z."
	}
	return ""
}

// showRecording shows recordings with URLs that hold from now on. Those that one was handed
// in with stay.
func showRecording(c *call) func(obj map[string]any) map[string]any {
	urls := downloadURLs(c)
	return func(obj map[string]any) map[string]any {
		if _, given := obj["download_urls"]; given {
			return public(obj)
		}
		obj = maps.Clone(public(obj))
		obj["download_urls"] = urls(obj["id"].(string))
		return obj
	}
}

func listRecordings(c *call) reply {
	l := recordingList()
	l.show = showRecording(c)
	return l.answer(c)
}

func getRecording(c *call) reply {
	obj, found := c.acc.collections[recordingColl].get(c.params["recording_id"])
	if !found {
		return notFound("recording")
	}
	return data(http.StatusOK, showRecording(c)(obj))
}

// deleteRecording answers with what is gone. Its transcriptions stay.
func deleteRecording(c *call) reply {
	obj, found := c.acc.collections[recordingColl].get(c.params["recording_id"])
	if !found {
		return notFound("recording")
	}
	c.acc.collections[recordingColl].remove(c.params["recording_id"])
	return data(http.StatusOK, showRecording(c)(obj))
}

// deleteRecordings answers for all at once. What it does where some are not there is not
// documented: that follows the account's switch. A batch without ids is a violation, as a
// client that sends one might mean all.
func deleteRecordings(c *call) reply {
	takes := fields{"ids": {form: texts, required: true}}
	if ps := takes.problems("", c.body, false); ps != nil {
		return refuse(http.StatusUnprocessableEntity, ps...)
	}
	ids := c.body["ids"].([]any)
	if len(ids) == 0 {
		c.sim.broken.add("POST /recordings/actions/delete: there are no ids")
		return unprocessable("/ids", "The field must not be empty.")
	}
	recs := c.acc.collections[recordingColl]
	var there []string
	for _, id := range ids {
		if _, found := recs.get(id.(string)); found {
			there = append(there, id.(string))
		}
	}
	missing := c.acc.switches["_recordings_batch_missing"]
	lacks := len(there) < len(ids)
	if lacks && missing == "refuse" {
		return notFound("recording")
	}
	for _, id := range there {
		recs.remove(id)
	}
	if lacks && missing == "partial" {
		return notFound("recording")
	}
	return ok(map[string]any{"status": "ok"})
}
