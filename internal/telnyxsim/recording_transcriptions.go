package telnyxsim

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
)

const transcriptionColl = "recording_transcriptions"

// recordingTranscriptions simulates /recording_transcriptions. Documented are requests with
// page numbers and answers with cursors. Which of the two is meant follows the account's
// switch: with cursors, page numbers are taken and lead nowhere; with numbers there are no
// cursors, and meta is that of other lists. Dates may be any text, as those of recordings.
func recordingTranscriptions() part {
	const all = "/recording_transcriptions"
	list := transcriptionList().route(all)
	list.query = append(list.query, "page[after]", "page[before]")
	list.handle = listTranscriptions
	return part{
		kind: kind{
			name: transcriptionColl, key: "id", uuid: true, group: "recording_id",
			fields: fields{
				"created_at":         {form: text},
				"duration_millis":    {form: integer, check: within(0, math.MaxInt32)},
				"id":                 {form: text, check: nonEmpty},
				"record_type":        {form: text, enum: []string{"recording_transcription"}},
				"recording_id":       {form: text},
				"status":             {form: text, enum: []string{"completed", "in-progress"}},
				"transcription_text": {form: text},
				"updated_at":         {form: text},
			},
			defaults: transcriptionDefaults,
		},
		switches: map[string][]string{"_transcription_paging": {"cursors", "numbers"}},
		routes: []route{
			list,
			{method: http.MethodGet, pattern: all + "/{recording_transcription_id}", handle: getTranscription},
			{method: http.MethodDelete, pattern: all + "/{recording_transcription_id}", handle: deleteTranscription},
		},
	}
}

// transcriptionDefaults invents a text where one is to be expected.
func transcriptionDefaults(obj map[string]any, now string) {
	fill(obj, map[string]any{
		"record_type": "recording_transcription", "status": "completed", "created_at": now, "duration_millis": json.Number("60000"),
	})
	fill(obj, map[string]any{"updated_at": obj["created_at"]})
	if obj["status"] == "completed" {
		fill(obj, map[string]any{"transcription_text": "text of " + obj["id"].(string)})
	}
}

func transcriptionList() listing {
	return listing{
		collection: transcriptionColl, size: 20, keep: true,
		filters: append([]filter{{key: "filter[recording_id]", group: true}}, period("created_at", "created_at")...),
	}
}

func listTranscriptions(c *call) reply {
	l := transcriptionList()
	after, byAfter := c.query["page[after]"]
	before, byBefore := c.query["page[before]"]
	if c.acc.switches["_transcription_paging"] == "numbers" {
		switch {
		case byAfter:
			return noParameter("page[after]")
		case byBefore:
			return noParameter("page[before]")
		}
		return l.answer(c)
	}
	found, refused := l.find(c)
	if refused != nil {
		return *refused
	}
	if _, wrong := pageParam(c, "page[number]", 1, math.MaxInt32); wrong != nil {
		return *wrong
	}
	size, wrong := pageParam(c, "page[size]", l.size, maxPage)
	if wrong != nil {
		return *wrong
	}
	size = min(size, c.page)
	from := 0
	switch {
	case byAfter && byBefore:
		return badQuery("page[before]", "The parameter cannot be used along with page[after].")
	case byAfter:
		pos, known := cursorPlace(after)
		if !known {
			return badQuery("page[after]", "The parameter must be a cursor.")
		}
		from = sort.Search(len(found), func(i int) bool { return found[i].pos > pos })
	case byBefore:
		pos, known := cursorPlace(before)
		if !known {
			return badQuery("page[before]", "The parameter must be a cursor.")
		}
		end := sort.Search(len(found), func(i int) bool { return found[i].pos >= pos })
		from = max(0, end-size)
		size = end - from
	}
	to := min(from+size, len(found))
	list := make([]map[string]any, 0, to-from)
	for _, r := range found[from:to] {
		list = append(list, public(r.fields))
	}
	return ok(map[string]any{"data": list, "meta": cursorMeta(c, found, from, to)})
}

// cursorMeta says what lies around a page. What is not there is left out.
func cursorMeta(c *call, found []*record, from, to int) map[string]any {
	cursors := map[string]any{}
	meta := map[string]any{"cursors": cursors}
	lead := func(name, way string, r *record) {
		cursors[name] = cursorTo(r)
		q := url.Values{"page[" + name + "]": {cursorTo(r)}}
		for key, v := range c.query {
			if strings.HasPrefix(key, "filter[") || key == "page[size]" {
				q.Set(key, v)
			}
		}
		meta[way] = "/v2/recording_transcriptions?" + q.Encode()
	}
	if from > 0 && from < to {
		lead("before", "previous", found[from])
	}
	if from < to && to < len(found) {
		lead("after", "next", found[to-1])
	}
	return meta
}

// cursorTo is the place of an object in the collection, which lasts as long as the account
// does, whatever goes around it.
func cursorTo(r *record) string {
	return "v1:" + base64.StdEncoding.EncodeToString([]byte("\x83t>telnyx?"+strconv.Itoa(r.pos)))
}

func cursorPlace(cursor string) (int, bool) {
	text, version := strings.CutPrefix(cursor, "v1:")
	b, err := base64.StdEncoding.DecodeString(text)
	number, ours := strings.CutPrefix(string(b), "\x83t>telnyx?")
	pos, wrong := strconv.Atoi(number)
	return pos, version && err == nil && ours && wrong == nil
}

func getTranscription(c *call) reply {
	obj, found := c.acc.collections[transcriptionColl].get(c.params["recording_transcription_id"])
	if !found {
		return notFound("recording transcription")
	}
	return data(http.StatusOK, public(obj))
}

// deleteTranscription answers with what is gone.
func deleteTranscription(c *call) reply {
	obj, found := c.acc.collections[transcriptionColl].get(c.params["recording_transcription_id"])
	if !found {
		return notFound("recording transcription")
	}
	c.acc.collections[transcriptionColl].remove(c.params["recording_transcription_id"])
	return data(http.StatusOK, public(obj))
}
