package telnyxsim_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"telnyxsync/internal/telnyxsim"
)

const theirs = "3fa85f64-5717-4562-b3fc-2c963f66afa6"

func texts(n int, more string) []byte {
	var objs []string
	for i := range n {
		objs = append(objs, fmt.Sprintf(`{"id":"%d","recording_id":"%s","created_at":"2026-07-0%dT00:00:00Z"}`, i, []string{theirs, leg}[i%2], i+1))
	}
	return []byte(`{` + more + `"recording_transcriptions":[` + strings.Join(objs, ",") + `]}`)
}

const transcriptionsPath = "/v2/recording_transcriptions"

func TestTranscriptions(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"recording_transcriptions":[{"id":"` + theirs + `","transcription_text":"hello"},{"status":"in-progress"}]}`)})
	got := a.want(200, "GET", transcriptionsPath, "")
	if got.column("transcription_text") != "hello <nil>" || strings.Contains(got.raw, "next") || tree(got.body["meta"]) != `{"cursors":{}}` {
		t.Errorf("listed are %s", got.raw)
	}
	same(t, "one", tree(a.want(200, "GET", transcriptionsPath+"/"+theirs, "").data()), `{"created_at":"2026-07-16T12:00:00.000Z","duration_millis":60000,`+
		`"id":"`+theirs+`","record_type":"recording_transcription","status":"completed","transcription_text":"hello","updated_at":"2026-07-16T12:00:00.000Z"}`)
	same(t, "deleted", a.want(200, "DELETE", transcriptionsPath+"/"+theirs, "").data()["id"].(string), theirs)
	for _, method := range []string{"GET", "DELETE"} {
		same(t, method, a.want(404, method, transcriptionsPath+"/"+theirs, "").errors(), "10005")
	}
}

// follow reads pages by cursors and shows them, a bar between two.
func (a *api) follow(way, path string, between func()) string {
	a.t.Helper()
	var pages []string
	for range 20 {
		got := a.want(200, "GET", path, "")
		pages = append(pages, got.column("id"))
		meta, _ := got.body["meta"].(map[string]any)
		next, more := meta[way].(string)
		if !more {
			return strings.Join(pages, "|")
		}
		cursor := map[string]string{"next": "after", "previous": "before"}[way]
		u, err := url.Parse(next)
		if err != nil || u.Query().Get("page["+cursor+"]") != meta["cursors"].(map[string]any)[cursor] {
			a.t.Fatalf("%s does not say what the cursors do: %s", next, got.raw)
		}
		path = next
		between()
	}
	return strings.Join(pages, "|") + "|…"
}

func TestTranscriptionsByCursors(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: texts(7, "")})
	nothing := func() {}
	const filtered = "?filter[created_at][gte]=2026-07-02T00:00:00Z&filter[recording_id]=" + leg + "&page[size]=2"
	for query, want := range map[string]string{
		"":                             "0 1 2 3 4 5 6",
		"?page[size]=3":                "0 1 2|3 4 5|6",
		"?page[size]=7":                "0 1 2 3 4 5 6",
		"?page[size]=3&page[number]=2": "0 1 2|3 4 5|6", // numbers lead nowhere
		filtered:                       "1 3|5",
		"?filter[created_at][lte]=2020-01-01T00:00:00Z": "",
	} {
		same(t, query, a.follow("next", transcriptionsPath+query, nothing), want)
	}
	last := a.want(200, "GET", transcriptionsPath+"?page[size]=6", "").body["meta"].(map[string]any)["next"].(string)
	same(t, "the other way", a.follow("previous", strings.Replace(last, "page%5Bsize%5D=6", "page%5Bsize%5D=2", 1), nothing), "6|4 5|2 3|0 1")

	// What goes meanwhile shifts nothing, though it be where the cursor was made.
	gone := 0
	same(t, "while some go", a.follow("next", transcriptionsPath+"?page[size]=3", func() {
		for range 3 {
			if _, err := a.try("DELETE", fmt.Sprint(transcriptionsPath, "/", gone), ""); err != nil {
				t.Fatal(err)
			}
			gone++
		}
	}), "0 1 2|3 4 5|6")

	a = serveUnchecked(t, telnyxsim.Config{Account: texts(7, ""), PageCap: 2}, malformed)
	same(t, "capped", a.follow("next", transcriptionsPath+"?page[size]=250", nothing), "0 1|2 3|4 5|6")
	for query, want := range map[string]string{
		"page[after]=v1:x":                "10015 page[after]",
		"page[after]=v1:":                 "10015 page[after]",
		"page[after]=":                    "10015 page[after]",
		"page[before]=g3Q%2BdGVsbnl4PzE=": "10015 page[before]",
		"page[after]=v1:g3Q%2BdGVsbnl4Pzk5&page[before]=v1:g3Q%2BdGVsbnl4Pzk5": "10015 page[before]",
		"page[size]=251":               "10015 page[size]",
		"page[number]=0":               "10015 page[number]",
		"filter[created_at][gte]=soon": "10015 filter[created_at][gte]",
	} {
		same(t, query, a.want(400, "GET", transcriptionsPath+"?"+query, "").errors(), want)
	}
}

func TestTranscriptionsByNumbers(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: texts(7, `"_transcription_paging":"numbers",`)})
	got := a.want(200, "GET", transcriptionsPath+"?page[size]=3&page[number]=2", "")
	same(t, "page 2", got.column("id"), "3 4 5")
	same(t, "meta", tree(got.body["meta"]), `{"page_number":2,"page_size":3,"total_pages":3,"total_results":7}`)
	a.want(200, "DELETE", transcriptionsPath+"/0", "")
	same(t, "shifted", a.want(200, "GET", transcriptionsPath+"?page[size]=3&page[number]=2", "").column("id"), "4 5 6")
	for _, way := range []string{"after", "before"} {
		same(t, way, a.want(400, "GET", transcriptionsPath+"?page["+way+"]=v1:x", "").errors(), "10015 page["+way+"]")
	}
}
