package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// scroll serves entries in pages with cursors, and whatever page number is asked for the first one.
type scroll struct {
	ids      []string
	most     int // largest page size served; 0: as asked
	requests []string
	before   func(n int)                          // of every request, before it is answered
	after    func(n int, o Object) *http.Response // may change the answer
}

func (s *scroll) RoundTrip(r *http.Request) (*http.Response, error) {
	q := r.URL.Query()
	s.requests = append(s.requests, r.URL.Path+"?"+q.Encode())
	n := len(s.requests)
	if s.before != nil {
		s.before(n)
	}
	size, _ := strconv.Atoi(q.Get("page[size]"))
	if s.most > 0 {
		size = min(size, s.most)
	}
	from := slices.Index(s.ids, strings.TrimPrefix(q.Get("page[after]"), "v1:")) + 1
	to := min(from+size, len(s.ids))
	items := []any{}
	for _, id := range s.ids[from:to] {
		items = append(items, Object{"id": id, "transcription_text": canary})
	}
	meta := Object{"cursors": Object{}}
	if to < len(s.ids) {
		after := "v1:" + s.ids[to-1]
		meta["cursors"] = Object{"after": after}
		meta["next"] = "/v2/recording_transcriptions?" + url.Values{"page[after]": {after}, "page[size]": {strconv.Itoa(size)}}.Encode()
	}
	o := Object{"data": items, "meta": meta}
	if s.after != nil {
		if resp := s.after(n, o); resp != nil {
			return resp, nil
		}
	}
	b, err := json.Marshal(o)
	return respond(200, string(b)), err
}

const canary = "Guten Morgen, the card number is 4929"

// transcriptions collects what Each hands out.
func transcriptions(rt http.RoundTripper, f TranscriptionFilter) ([]string, error) {
	c, err := New(Config{Key: testKey, Transport: rt})
	if err != nil {
		return nil, err
	}
	var got []string
	err = c.RecordingTranscriptions().Each(context.Background(), f, func(o Object) error {
		got = append(got, keyText(o["id"]))
		return nil
	})
	return got, err
}

func TestCursorsLeadToAllPages(t *testing.T) {
	for _, tc := range []struct{ total, most, requests int }{
		{0, 0, 1}, {1, 0, 1}, {249, 0, 1}, {250, 0, 1}, {251, 0, 2}, {1000, 0, 4}, {1001, 20, 51}, {3, 1, 3},
	} {
		s := &scroll{ids: ids(tc.total), most: tc.most}
		got, err := transcriptions(s, TranscriptionFilter{RecordingID: "r"})
		if err != nil || !slices.Equal(got, s.ids) || len(s.requests) != tc.requests {
			t.Errorf("%+v: %d entries by %d requests, %v", tc, len(got), len(s.requests), err)
		}
		const all = "/v2/recording_transcriptions?filter%5Brecording_id%5D=r&page%5B"
		if s.requests[0] != all+"number%5D=1&page%5Bsize%5D=250" {
			t.Errorf("first request %s", s.requests[0])
		}
		if len(s.requests) > 1 && s.requests[1] != all+"after%5D=v1%3A"+s.ids[cmp.Or(tc.most, 250)-1]+"&page%5Bsize%5D=250" {
			t.Errorf("second request %s", s.requests[1])
		}
	}
}

// The same collection in pages with numbers.
func TestTranscriptionsByPageNumbers(t *testing.T) {
	for _, total := range []int{0, 1, 250, 600} {
		s := &shelf{ids: ids(total)}
		got, err := transcriptions(s, TranscriptionFilter{})
		if err != nil || !slices.Equal(got, s.ids) || len(s.requests) != max((total+249)/250, 1) {
			t.Errorf("%d of %d entries by %d requests, %v", len(got), total, len(s.requests), err)
		}
	}
	s := &shelf{ids: ids(600)}
	s.after = func(_, page int, o Object) *http.Response {
		o["meta"].(Object)["total_results"] = 601 - page
		return nil
	}
	if _, err := transcriptions(s, TranscriptionFilter{}); !errors.Is(err, ErrIncomplete) {
		t.Error(err)
	}
}

func TestWaysToSayThatThereIsMore(t *testing.T) {
	meta := func(o Object) Object { return o["meta"].(Object) }
	cursors := func(o Object) Object { return meta(o)["cursors"].(Object) }
	for name, tc := range map[string]struct {
		after    func(n int, o Object)
		requests int
	}{
		"no next":              {func(n int, o Object) { delete(meta(o), "next") }, 3},
		"no cursors":           {func(n int, o Object) { delete(meta(o), "cursors"); fill(meta(o), "next", nil) }, 3},
		"cursors null":         {func(n int, o Object) { meta(o)["cursors"] = nil; fill(meta(o), "next", "") }, 3},
		"false at the end":     {func(n int, o Object) { fill(meta(o), "next", false); fill(cursors(o), "after", false) }, 3},
		"nulls at the end":     {func(n int, o Object) { fill(meta(o), "next", nil); fill(cursors(o), "after", nil) }, 3},
		"next of another host": {func(n int, o Object) { swap(meta(o), "next", "/v2", "https://evil.example/v2") }, 3},
		"next is no path":      {func(n int, o Object) { swap(meta(o), "next", "/v2", "::") }, 3},
		"next without a size":  {func(n int, o Object) { swap(meta(o), "next", "size", "x") }, 3},
		"a cursor at the end":  {func(n int, o Object) { fill(cursors(o), "after", "v1:"+ids(600)[599]) }, 4},
		"totals, too":          {func(n int, o Object) { meta(o)["total_results"] = 600 }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			s := &scroll{ids: ids(600)}
			s.after = func(n int, o Object) *http.Response { tc.after(n, o); return nil }
			got, err := transcriptions(s, TranscriptionFilter{})
			if err != nil || !slices.Equal(got, s.ids) || len(s.requests) != tc.requests {
				t.Errorf("%d entries by %d requests, %v", len(got), len(s.requests), err)
			}
			for _, r := range s.requests {
				if !strings.HasPrefix(r, "/v2/recording_transcriptions?") {
					t.Errorf("asked for %s", r)
				}
			}
		})
	}
}

// fill sets what is missing.
func fill(o Object, name string, v any) {
	if _, ok := o[name]; !ok {
		o[name] = v
	}
}

func swap(o Object, name, from, to string) {
	if s, ok := o[name].(string); ok {
		o[name] = strings.Replace(s, from, to, 1)
	}
}

func TestCursorsThatDoNotAddUp(t *testing.T) {
	meta := func(o Object) Object { return o["meta"].(Object) }
	drop := func(o Object) { o["data"] = o["data"].([]any)[1:] }
	cursors := func(after, next any) func(Object) {
		return func(o Object) { meta(o)["cursors"], meta(o)["next"] = Object{"after": after}, next }
	}
	at := func(page int, do func(Object)) func(int, Object) {
		return func(n int, o Object) { when(n == page, do, o) }
	}
	const path = "/v2/recording_transcriptions?page[after]="
	for name, tc := range map[string]struct {
		after func(n int, o Object)
		want  string
	}{
		"short page":       {at(2, drop), "page 2 has 249 entries of 250, and yet there are more behind it"},
		"short first page": {at(1, drop), "page 1 has 249 entries of 250, and yet there are more behind it"},
		"empty page":       {at(2, func(o Object) { o["data"] = []any{} }), "page 1 says that there are more behind it, and there are none"},
		"the last is the most": {func(n int, o Object) {
			when(n < 3, func(o Object) { o["data"] = o["data"].([]any)[:90]; swap(meta(o), "next", "size", "x") }, o)
		}, "has 100 entries, where 90 are a full page"},
		"repeated page": {func(n int, o Object) {
			when(n == 2, func(o Object) {
				for i, v := range o["data"].([]any) {
					v.(Object)["id"] = ids(600)[i]
				}
			}, o)
		}, "id 1911630617284000000 is on page 1 and on page 2"},
		"repeated cursor":        {at(2, cursors("v1:"+ids(600)[249], path+"v1:"+ids(600)[249])), "page 2 leads to where an earlier one has led"},
		"a cursor to itself":     {at(3, cursors("v1:"+ids(600)[499], nil)), "page 3 leads to where an earlier one has led"},
		"back to page 1":         {at(3, cursors("v1:nowhere", nil)), "page 3 has 100 entries of 250, and yet there are more behind it"},
		"no meta":                {at(2, func(o Object) { delete(o, "meta") }), "page 2 does not say whether it is the last"},
		"meta null":              {at(2, func(o Object) { o["meta"] = nil }), "page 2 does not say whether it is the last"},
		"meta empty":             {at(3, func(o Object) { o["meta"] = Object{} }), "page 3 does not say whether it is the last"},
		"no meta at first":       {at(1, func(o Object) { delete(o, "meta") }), "page 1 has no meta.total_results"},
		"next leads nowhere":     {at(1, cursors(nil, "/v2/recording_transcriptions")), "page 1 says that there are more behind it, and not where"},
		"next is another number": {at(1, cursors(nil, "/v2/recording_transcriptions?page[number]=1")), "and not where"},
		"next is an object":      {at(3, cursors(nil, Object{"href": path})), "page 3 says that there are more behind it, and not where"},
		"a cursor is an object":  {at(3, cursors(Object{}, nil)), "page 3 says that there are more behind it, and not where"},
		"cursors are a text":     {at(3, func(o Object) { meta(o)["cursors"] = "v1:x" }), "page 3 says that there are more behind it, and not where"},
		"shrinking total":        {func(n int, o Object) { meta(o)["total_results"] = 601 - n }, "it changed while it was read: 600 entries on page 1, 599 on page 2"},
		"total too large":        {func(n int, o Object) { meta(o)["total_results"] = 601 }, "expected 601 entries, got 600"},
		"no id":                  {at(3, func(o Object) { delete(o["data"].([]any)[7].(Object), "id") }), "an entry without id on page 3"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &scroll{ids: ids(600)}
			s.after = func(n int, o Object) *http.Response { tc.after(n, o); return nil }
			_, err := transcriptions(s, TranscriptionFilter{})
			if !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("each: %v", err)
			}
		})
	}
}

// Page numbers in meta.next are followed as long as they count.
func TestNextByPageNumbers(t *testing.T) {
	s := &shelf{ids: ids(600)}
	s.after = func(_, page int, o Object) *http.Response {
		o["meta"] = Object{"next": nil, "previous": nil}
		if page < 3 {
			o["meta"] = Object{"next": fmt.Sprintf("/v2/recording_transcriptions?page[number]=%d&page[size]=250", page+1)}
		}
		return nil
	}
	if got, err := transcriptions(s, TranscriptionFilter{}); err != nil || !slices.Equal(got, s.ids) || len(s.requests) != 3 {
		t.Errorf("%d entries by %d requests, %v", len(got), len(s.requests), err)
	}
}

// A server that lets every page lead on is left in the end.
func TestCursorsWithoutEnd(t *testing.T) {
	w := walk{tally: newClient(t, Config{}).tally(listing{}), been: map[string]bool{}}
	w.pages, w.last = maxPages-1, pageOf{trail: trail{said: true, more: true, after: "v1:a"}}
	if on, err := w.next(); err != nil || on.Get("page[after]") != "v1:a" {
		t.Errorf("%v, %v", on, err)
	}
	w.pages, w.last.trail.after = maxPages, "v1:b"
	if on, err := w.next(); err == nil || on != nil {
		t.Errorf("%v, %v", on, err)
	}
}

func TestListByCursorsIsReadAgain(t *testing.T) {
	s := &scroll{ids: ids(600)}
	s.after = func(n int, o Object) *http.Response {
		when(n == 2, func(o Object) { o["data"] = o["data"].([]any)[1:] }, o)
		return nil
	}
	items, err := newClient(t, Config{Transport: s}).RecordingTranscriptions().List(t.Context(), TranscriptionFilter{})
	if err != nil || !slices.Equal(read(items), s.ids) || len(s.requests) != 6 || items[0]["transcription_text"] != canary {
		t.Errorf("%d entries by %d requests, %v", len(items), len(s.requests), err)
	}
}

// Whatever comes and goes meanwhile, cursors miss nothing that stays, and give nothing twice.
func TestCursorsWhileEntriesGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(struct{ testing.TB }{t}, func(t *rapid.T) {
			total := rapid.IntRange(0, 400).Draw(t, "total")
			s := &scroll{ids: ids(total), most: rapid.IntRange(total/20+1, 60).Draw(t, "page size")}
			stays := slices.Clone(s.ids)
			faults := rapid.MapOfN(rapid.IntRange(1, 20), rapid.SampledFrom([]string{"one goes", "502", "html", "again"}), 0, 4).Draw(t, "faults")
			s.before = func(n int) {
				if faults[n] == "one goes" && len(s.ids) > s.most {
					s.ids, stays = s.ids[1:], s.ids[1:]
				}
			}
			s.after = func(n int, o Object) *http.Response {
				switch faults[n] {
				case "502":
					return respond(502, "")
				case "html":
					return respond(200, "<html>")
				case "again":
					o["data"] = append(o["data"].([]any), o["data"].([]any)...)
				}
				return nil
			}
			got, err := transcriptions(s, TranscriptionFilter{})
			if err != nil && len(faults) == 0 {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			for _, id := range got {
				if seen[id] {
					t.Fatalf("%s comes twice", id)
				}
				seen[id] = true
			}
			for _, id := range stays {
				if err == nil && !seen[id] {
					t.Fatalf("%s is missing, and no error", id)
				}
			}
		})
	})
}
