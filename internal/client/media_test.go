package client

import (
	"errors"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMediaRequests(t *testing.T) {
	type seen struct{ Method, URI, Type, Body string }
	var got seen
	c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = seen{r.Method, r.RequestURI, r.Header.Get("Content-Type"), string(b)}
		io.WriteString(w, `{"data":{"media_name":"a b"}}`)
	})
	ctx := t.Context()
	check := func(o Object, err error, want seen) {
		t.Helper()
		if err != nil || got != want || o["media_name"] != "a b" {
			t.Errorf("%v, %v\ngot  %+v\nwant %+v", o, err, got, want)
		}
	}
	const j = "application/json"
	m := MediaContent{URL: "https://h/x.mp3?a=1&b", TTL: 90*time.Second + 900*time.Millisecond}
	o, _, err := c.Media().Create(ctx, "a b", m)
	check(o, err, seen{"POST", "/v2/media", j, `{"media_name":"a b","media_url":"https://h/x.mp3?a=1\u0026b","ttl_secs":90}`})
	o, _, err = c.Media().Update(ctx, "a b", m)
	check(o, err, seen{"PUT", "/v2/media/a%20b", j, `{"media_url":"https://h/x.mp3?a=1\u0026b","ttl_secs":90}`})
	o, err = c.Media().Get(ctx, "a b")
	check(o, err, seen{Method: "GET", URI: "/v2/media/a%20b"})
	if _, err := c.Media().Delete(ctx, "../x"); err != nil || got != (seen{Method: "DELETE", URI: "/v2/media/..%2Fx"}) {
		t.Errorf("%v, %+v", err, got)
	}
	for ttl, want := range map[time.Duration]string{
		time.Second:                  `1}`,
		630719999 * time.Second:      `630719999}`,
		630720000 * time.Second:      `630719999}`,
		time.Duration(math.MaxInt64): `630719999}`,
	} {
		if _, _, err := c.Media().Update(ctx, "x", MediaContent{URL: "https://h", TTL: ttl}); err != nil || !strings.HasSuffix(got.Body, `"ttl_secs":`+want) {
			t.Errorf("%v: %s, %v", ttl, got.Body, err)
		}
	}
}

// What cannot be sent as it stands is refused, and nothing was done.
func TestMediaThatIsNotSent(t *testing.T) {
	c, n := always(t, 200, `{"data":{}}`)
	open := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil }
	file := func(f File) MediaContent { return MediaContent{File: &f, TTL: time.Hour} }
	good := file(File{Size: 1, Open: open})
	for name, tc := range map[string]struct {
		medium string
		m      MediaContent
		want   string
	}{
		"nothing":         {"a", MediaContent{TTL: time.Hour}, "exactly one"},
		"both":            {"a", MediaContent{URL: "https://h", File: good.File, TTL: time.Hour}, "exactly one"},
		"no life":         {"a", MediaContent{URL: "https://h"}, "at least a second"},
		"half a second":   {"a", MediaContent{File: good.File, TTL: time.Second / 2}, "at least a second"},
		"negative life":   {"a", MediaContent{URL: "https://h", TTL: -time.Hour}, "at least a second"},
		"no Open":         {"a", file(File{Size: 1}), "no Open"},
		"negative size":   {"a", file(File{Size: -1, Open: open}), "-1 bytes"},
		"too large":       {"a", file(File{Size: MaxMedia + 1, Open: open}), "at most 20971520"},
		"bad type":        {"a", file(File{Size: 1, Open: open, ContentType: "audio/mpeg\r\nX-Evil: 1"}), "content type"},
		"no name":         {"", good, "name"},
		"a name of dots":  {"..", good, `".."`},
		"a name of a dot": {".", MediaContent{URL: "https://h", TTL: time.Hour}, `"."`},
	} {
		_, _, err1 := c.Media().Create(t.Context(), tc.medium, tc.m)
		_, _, err2 := c.Media().Update(t.Context(), tc.medium, tc.m)
		for _, err := range []error{err1, err2} {
			if err == nil || Unknown(err) || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if n.Load() != 0 {
		t.Errorf("%d requests", n.Load())
	}
	if err := c.Media().Download(t.Context(), "", nil); err == nil || n.Load() != 0 {
		t.Error("a download without a name")
	}
}

func names(items []Object) []string {
	out := make([]string, 0, len(items))
	for _, o := range items {
		out = append(out, o["media_name"].(string))
	}
	return out
}

func TestMediaList(t *testing.T) {
	meta := func(o Object) Object { return o["meta"].(Object) }
	drop := func(o Object) { o["data"] = o["data"].([]any)[1:] }
	for name, tc := range map[string]struct {
		total, plain, most int
		after              func(n, page int, o Object)
		want               string // in the error; "": all are listed
		requests           int
	}{
		"none":             {0, 20, 0, nil, "", 1},
		"all at once":      {20, 20, 0, nil, "", 1},
		"all of many":      {900, 900, 0, nil, "", 1},
		"without any meta": {25, 25, 0, func(n, page int, o Object) { delete(o, "meta") }, "", 1},
		"only the total":   {25, 25, 0, func(n, page int, o Object) { o["meta"] = Object{"total_results": 25} }, "", 1},
		"one more":         {21, 20, 0, nil, "", 2},
		"many more":        {700, 20, 0, nil, "", 4},
		"in small pages":   {45, 20, 20, nil, "", 4},
		"more pages claimed": {20, 20, 0, func(n, page int, o Object) {
			when(n == 1, func(o Object) { meta(o)["total_pages"] = 3 }, o)
		}, "", 2},
		"short once":          {20, 20, 0, func(n, page int, o Object) { when(n == 1, drop, o) }, "", 2}, // asked anew, in pages
		"short always":        {20, 20, 0, func(n, page int, o Object) { drop(o) }, "expected 20 entries, got 19", 6},
		"more than there are": {20, 20, 0, func(n, page int, o Object) { meta(o)["total_results"] = 19 }, "expected 19 entries, got 20", 3},
		"none and some":       {20, 20, 0, func(n, page int, o Object) { meta(o)["total_results"] = 0 }, "expected 0 entries, got 20", 3},
		"more once": {20, 20, 0, func(n, page int, o Object) {
			when(n == 1, func(o Object) { meta(o)["total_results"] = 19 }, o)
		}, "", 2},
		"meta null":      {20, 20, 0, func(n, page int, o Object) { o["meta"] = nil }, "no meta.total_results", 3},
		"meta empty":     {20, 20, 0, func(n, page int, o Object) { o["meta"] = Object{} }, "no meta.total_results", 3},
		"meta a list":    {20, 20, 0, func(n, page int, o Object) { o["meta"] = []any{} }, "no meta.total_results", 3},
		"negative total": {20, 20, 0, func(n, page int, o Object) { meta(o)["total_results"] = -1 }, "no meta.total_results", 3},
		"page 2":         {20, 20, 0, func(n, page int, o Object) { meta(o)["page_number"] = 2 }, "asked for page 1, got page 2", 3},
		"a name twice": {20, 20, 0, func(n, page int, o Object) {
			o["data"].([]any)[7] = Object{"media_name": "1911630617284000000"}
		}, "media_name 1911630617284000000 is on page 1 and on page 1", 3},
		"a name twice without meta": {20, 20, 0, func(n, page int, o Object) {
			delete(o, "meta")
			o["data"].([]any)[7] = Object{"media_name": "1911630617284000000"}
		}, "on page 1 and on page 1", 3},
		"no name": {20, 20, 0, func(n, page int, o Object) { o["data"].([]any)[7] = Object{"id": "7"} }, "without media_name", 3},
		"pages that are all the first": {45, 20, 20, func(n, page int, o Object) {
			if page > 1 {
				o["data"] = []any{}
				for _, id := range ids(20) {
					o["data"] = append(o["data"].([]any), Object{"media_name": id})
				}
				meta(o)["page_number"] = 1
			}
		}, "asked for page 2, got page 1", 12},
		"pages that are all the first and do not say so": {40, 20, 20, func(n, page int, o Object) {
			delete(meta(o), "page_number")
			o["data"] = []any{}
			for _, id := range ids(20) {
				o["data"] = append(o["data"].([]any), Object{"media_name": id})
			}
		}, "on page 1 and on page 2", 9},
		"pages without meta": {45, 20, 20, func(n, page int, o Object) {
			when(n%2 == 0, func(o Object) { delete(o, "meta") }, o)
		}, "page 1 has no meta.total_results", 6},
		"endless": {45, 20, 20, func(n, page int, o Object) { meta(o)["total_pages"] = 1 << 30 }, "1073741824 pages", 6},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shelf{ids: ids(tc.total), plain: tc.plain, most: tc.most, key: "media_name"}
			s.after = func(n, page int, o Object) *http.Response {
				if tc.after != nil {
					tc.after(n, page, o)
				}
				return nil
			}
			items, err := newClient(t, Config{Transport: s, Concurrency: 1}).Media().List(t.Context())
			if len(s.requests) != tc.requests {
				t.Errorf("%d requests, want %d", len(s.requests), tc.requests)
			}
			for i, r := range s.requests {
				if i == 0 && r != "/v2/media?" || r != "/v2/media?" && !strings.HasSuffix(r, "&page%5Bsize%5D=250") {
					t.Errorf("request %d: %s", i+1, r)
				}
			}
			switch {
			case tc.want == "":
				if err != nil || !slices.Equal(names(items), s.ids) {
					t.Errorf("%d entries, %v", len(items), err)
				}
			case !errors.Is(err, ErrIncomplete) || items != nil || !strings.Contains(err.Error(), tc.want) ||
				!strings.Contains(err.Error(), "never taken for deletions"):
				t.Errorf("%d entries, %v", len(items), err)
			}
		})
	}
}

func TestMediaListFails(t *testing.T) {
	for _, body := range []string{``, `<html>`, `{}`, `{"data":{}}`, `{"data":null}`, `{"data":["x"]}`, `[]`} {
		c, _ := always(t, 200, body)
		c.budget.tokens = 0
		if items, err := c.Media().List(t.Context()); items != nil || err == nil || errors.Is(err, ErrIncomplete) {
			t.Errorf("%s: %v, %v", body, items, err)
		}
	}
	c, n := always(t, 403, `{}`)
	if _, err := c.Media().List(t.Context()); !Forbidden(err) || n.Load() != 1 {
		t.Errorf("%v after %d requests", err, n.Load())
	}
}
