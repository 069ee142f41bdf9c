package client

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestLogMessages(t *testing.T) {
	for name, tc := range map[string]struct {
		ids []string
		key string // the field that has them: without an id where that is another
	}{
		"none":                    {nil, "id"},
		"with ids":                {ids(600), "id"},
		"without ids":             {ids(600), "title"},
		"all equal":               {slices.Repeat([]string{"Invalid attribute"}, 600), "title"},
		"pages of all equal ones": {append(slices.Repeat([]string{"a"}, 500), slices.Repeat([]string{"b"}, 250)...), "title"},
		"many are equal":          {append(ids(300), ids(299)...), "title"},
	} {
		s := &shelf{ids: tc.ids, data: "log_messages", key: tc.key}
		items, err := newClient(t, Config{Transport: s}).LogMessages().List(t.Context())
		var got []string
		for _, o := range items {
			got = append(got, keyText(o[tc.key]))
		}
		if err != nil || !slices.Equal(got, tc.ids) {
			t.Errorf("%s: %d entries, %v", name, len(got), err)
		}
		if s.requests[0] != "/v2/external_connections/log_messages?page%5Bnumber%5D=1&page%5Bsize%5D=250" {
			t.Errorf("first request %s", s.requests[0])
		}
	}
}

// Without ids there is less to tell by, and what there is is used.
func TestLogMessagesThatAreNotComplete(t *testing.T) {
	entries := func(o Object) []any { return o["log_messages"].([]any) }
	for name, tc := range map[string]struct {
		ids   []string
		key   string
		after func(page int, o Object)
		want  string
	}{
		"short page": {ids(600), "title", func(page int, o Object) {
			when(page == 2, func(o Object) { o["log_messages"] = entries(o)[1:] }, o)
		}, "expected 600 entries, got 599 on 3 pages"},
		"repeated page": {ids(600), "title", func(page int, o Object) {
			when(page == 2, func(o Object) {
				for i, v := range entries(o) {
					v.(Object)["title"] = ids(600)[i]
				}
			}, o)
		}, "page 1 and page 2 are the same"},
		"page 1 again":    {ids(600), "title", func(_ int, o Object) { o["meta"].(Object)["page_number"] = 1 }, "asked for page 2, got page 1"},
		"shrinking total": {ids(600), "title", func(page int, o Object) { o["meta"].(Object)["total_results"] = 601 - page }, "600 entries on page 1, 599 on page 2"},
		"no meta":         {ids(600), "title", func(_ int, o Object) { delete(o, "meta") }, "page 1 has no meta.total_results"},
		"an id twice":     {append(ids(300), ids(1)...), "id", func(int, Object) {}, "id 1911630617284000000 is on page 1 and on page 2"},
		"some ids, one of them twice": {append(ids(250), ids(1)...), "id", func(_ int, o Object) {
			for i, v := range entries(o) {
				when(i > 0, func(o Object) { delete(o, "id"); o["title"] = i }, v.(Object))
			}
		}, "id 1911630617284000000 is on page 1 and on page 2"},
	} {
		s := &shelf{ids: tc.ids, data: "log_messages", key: tc.key}
		s.after = func(_, page int, o Object) *http.Response { tc.after(page, o); return nil }
		items, err := newClient(t, Config{Transport: s}).LogMessages().List(t.Context())
		if items != nil || !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %d entries, %v", name, len(items), err)
		}
	}
	c, _ := always(t, 200, `{"data":[],"meta":{"total_results":0}}`)
	c.budget.tokens = 0
	if _, err := c.LogMessages().List(t.Context()); err == nil || !strings.Contains(err.Error(), "log_messages is null, not a list") {
		t.Error(err)
	}
}

func TestLogMessage(t *testing.T) {
	for body, want := range map[string]string{
		`{"log_messages":[{"id":1911630617284445511,"code":"1","title":"x"}]}`: "",
		`{"log_messages":[{"code":"1","title":"x"}]}`:                          "",
		`{"log_messages":[]}`:                       "log_messages has 0 entries, not one",
		`{"log_messages":[{},{}]}`:                  "log_messages has 2 entries, not one",
		`{"log_messages":[1]}`:                      "log_messages[0] is a number, not an object",
		`{"log_messages":{"code":"1","title":"x"}}`: "log_messages is an object, not a list",
		`{"data":{"code":"1","title":"x"}}`:         "log_messages is null, not a list",
		`<html>`:                                    ErrHTML.Error(),
	} {
		var path string
		c := newClient(t, Config{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			path = r.Method + " " + r.URL.EscapedPath()
			return respond(200, body), nil
		})})
		c.budget.tokens = 0
		o, err := c.LogMessages().Get(t.Context(), "a/b")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) || path != "GET /v2/external_connections/log_messages/a%2Fb" {
			t.Errorf("%s: %v, %v by %s", body, o, err, path)
		}
		if err == nil && o["title"] != "x" || strings.Contains(body, "5511") && o["id"] != json.Number("1911630617284445511") {
			t.Errorf("%s: %v", body, o)
		}
	}
	c, _ := always(t, 404, `{"errors":[{"code":"10005","title":"gone"}]}`)
	if _, err := c.LogMessages().Get(t.Context(), "1"); !NotFound(err) {
		t.Error(err)
	}
	c, n := always(t, 200, `{"log_messages":[{}]}`)
	for _, id := range []string{"", ".", ".."} {
		if _, err := c.LogMessages().Get(t.Context(), id); err == nil || n.Load() != 0 {
			t.Errorf("the id %q is accepted", id)
		}
	}
}
