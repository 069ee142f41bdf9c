package client

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// shelf serves entries in pages.
type shelf struct {
	mu       sync.Mutex
	ids      []string
	most     int // largest page size served; 0: as asked
	plain    int // page size where none is asked for
	data     string
	key      string
	requests []string
	// before is told of every request, before it is answered, and may change the shelf. after may change the answer.
	before func(n, page int)
	after  func(n, page int, o Object) *http.Response
}

func (s *shelf) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	page, _ := strconv.Atoi(q.Get("page[number]"))
	size, _ := strconv.Atoi(q.Get("page[size]"))
	s.requests = append(s.requests, r.URL.Path+"?"+q.Encode())
	if page == 0 {
		page, size = 1, s.plain
	}
	n := len(s.requests)
	if s.before != nil {
		s.before(n, page)
	}
	if s.most > 0 {
		size = min(size, s.most)
	}
	from := min((page-1)*size, len(s.ids))
	items := []any{}
	for _, id := range s.ids[from:min(from+size, len(s.ids))] {
		items = append(items, Object{cmp.Or(s.key, "id"): id})
	}
	o := Object{cmp.Or(s.data, "data"): items, "meta": Object{
		"page_number": page, "page_size": size,
		"total_pages": (len(s.ids) + size - 1) / size, "total_results": len(s.ids),
	}}
	if s.after != nil {
		if resp := s.after(n, page, o); resp != nil {
			return resp, nil
		}
	}
	b, err := json.Marshal(o)
	return respond(200, string(b)), err
}

func ids(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprint(1_911_630_617_284_000_000 + i)
	}
	return out
}

func read(items []Object) []string {
	out := make([]string, 0, len(items))
	for _, o := range items {
		out = append(out, o["id"].(string))
	}
	return out
}

func TestListReadsAllPagesInOrder(t *testing.T) {
	for _, tc := range []struct{ total, most, requests int }{
		{0, 0, 1}, {1, 0, 1}, {249, 0, 1}, {250, 0, 1}, {251, 0, 2}, {1000, 0, 4}, {1001, 0, 5}, {1000, 20, 50}, {7, 1, 7}, {1, 1, 1},
	} {
		s := &shelf{ids: ids(tc.total), most: tc.most}
		items, err := newClient(t, Config{Transport: s}).ExternalConnections().List(t.Context())
		if err != nil || !slices.Equal(read(items), s.ids) || len(s.requests) != tc.requests {
			t.Errorf("%+v: %d entries by %d requests, %v", tc, len(items), len(s.requests), err)
		}
		if s.requests[0] != "/v2/external_connections?page%5Bnumber%5D=1&page%5Bsize%5D=250" {
			t.Errorf("first request %s", s.requests[0])
		}
	}
}

func TestListReadsPagesInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{ids: ids(250 * 21)}
		slow := roundTrip(func(r *http.Request) (*http.Response, error) {
			time.Sleep(50 * time.Millisecond)
			return s.RoundTrip(r)
		})
		start := time.Now()
		items, err := newClient(t, Config{Transport: slow}).ExternalConnections().List(t.Context())
		if d := time.Since(start); err != nil || len(items) != len(s.ids) || d != 150*time.Millisecond {
			t.Errorf("%d entries in %v, %v", len(items), d, err)
		}
	})
}

func TestListTakesOtherKeysAndFilters(t *testing.T) {
	s := &shelf{ids: ids(300), data: "log_messages"}
	c := newClient(t, Config{Transport: s})
	l := listing{path: "/x/log_messages", data: "log_messages", query: map[string][]string{"filter[a][b]": {"c"}}}
	items, err := c.list(t.Context(), l)
	if err != nil || !slices.Equal(read(items), s.ids) {
		t.Errorf("%d entries, %v", len(items), err)
	}
	if len(l.query) != 1 || !strings.HasSuffix(s.requests[1], "?filter%5Ba%5D%5Bb%5D=c&page%5Bnumber%5D=2&page%5Bsize%5D=250") {
		t.Errorf("%v, %s", l.query, s.requests[1])
	}
}

func TestListThatIsNotComplete(t *testing.T) {
	meta := func(o Object) Object { return o["meta"].(Object) }
	drop := func(o Object) { o["data"] = o["data"].([]any)[1:] }
	for name, tc := range map[string]struct {
		after    func(n, page int, o Object)
		want     string // in the error; "": the list is complete in the end
		requests int
	}{
		"short page":            {func(n, page int, o Object) { drop(o) }, "expected 600 entries, got 597 on 3 pages", 9},
		"short page once":       {func(n, page int, o Object) { when(n == 2, drop, o) }, "", 6},
		"short page twice":      {func(n, page int, o Object) { when(n == 2 || n == 5, drop, o) }, "", 9},
		"empty page":            {func(n, page int, o Object) { when(page == 2, func(o Object) { o["data"] = []any{} }, o) }, "got 350", 9},
		"page 1 again":          {func(n, page int, o Object) { meta(o)["page_number"] = 1 }, "asked for page 2, got page 1", 9},
		"no meta":               {func(n, page int, o Object) { delete(o, "meta") }, "page 1 has no meta.total_results", 3},
		"meta null":             {func(n, page int, o Object) { o["meta"] = nil }, "page 1 has no meta.total_results", 3},
		"no total":              {func(n, page int, o Object) { delete(meta(o), "total_results") }, "page 1 has no meta.total_results", 3},
		"no total on page 3":    {func(n, page int, o Object) { when(page == 3, func(o Object) { delete(meta(o), "total_results") }, o) }, "page 3 has no", 9},
		"negative total":        {func(n, page int, o Object) { meta(o)["total_results"] = -600 }, "page 1 has no meta.total_results", 3},
		"totals differ":         {func(n, page int, o Object) { meta(o)["total_results"] = 600 + page }, "601 entries on page 1, 602 on page 2", 9},
		"total too large":       {func(n, page int, o Object) { meta(o)["total_results"] = 601 }, "expected 601 entries, got 600", 9},
		"endless":               {func(n, page int, o Object) { meta(o)["total_pages"] = 1 << 30 }, "1073741824 pages for 600 entries", 3},
		"endless and plausible": {func(n, page int, o Object) { meta(o)["total_pages"], meta(o)["total_results"] = 100_001, 1<<30 }, "100001 pages", 3},
		"one page too few":      {func(n, page int, o Object) { meta(o)["total_pages"] = 2 }, "got 500 on 2 pages", 6},
		"no entry has an id":    {func(n, page int, o Object) { delete(o["data"].([]any)[3].(Object), "id") }, "an entry without id on page 1", 9},
		"an id twice":           {func(n, page int, o Object) { o["data"].([]any)[9] = Object{"id": "1911630617284000000"} }, "on page 1 and on page 1", 9},
		"an id on two pages": {func(n, page int, o Object) {
			when(page == 3, func(o Object) { o["data"].([]any)[9] = Object{"id": "1911630617284000000"} }, o)
		}, "on page 1 and on page 3", 9},
		"no page count":         {func(n, page int, o Object) { delete(meta(o), "total_pages") }, "", 3},
		"nothing but the total": {func(n, page int, o Object) { o["meta"] = Object{"total_results": 600} }, "", 3},
		"numbers as text":       {func(n, page int, o Object) { o["meta"] = Object{"total_results": "600", "total_pages": "3"} }, "", 3},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shelf{ids: ids(600)}
			s.after = func(n, page int, o Object) *http.Response {
				tc.after(n, page, o)
				return nil
			}
			items, err := newClient(t, Config{Transport: s}).ExternalConnections().List(t.Context())
			if len(s.requests) != tc.requests {
				t.Errorf("%d requests, want %d", len(s.requests), tc.requests)
			}
			if tc.want == "" {
				if err != nil || !slices.Equal(read(items), s.ids) {
					t.Errorf("%d entries, %v", len(items), err)
				}
				return
			}
			if !errors.Is(err, ErrIncomplete) || items != nil || !strings.Contains(err.Error(), tc.want) ||
				!strings.Contains(err.Error(), "never taken for deletions") {
				t.Errorf("%d entries, %v", len(items), err)
			}
		})
	}
}

func when(cond bool, do func(Object), o Object) {
	if cond {
		do(o)
	}
}

func TestListThatChangesWhileItIsRead(t *testing.T) {
	for name, change := range map[string]func(s *shelf){
		"an entry goes":           func(s *shelf) { s.ids = s.ids[1:] },
		"an entry comes":          func(s *shelf) { s.ids = append([]string{"new"}, s.ids...) },
		"one goes, another comes": func(s *shelf) { s.ids = append(slices.Clone(s.ids[1:]), "new") },
		"one comes, another goes": func(s *shelf) { s.ids = append([]string{"new"}, s.ids[:len(s.ids)-1]...) },
	} {
		for at := 1; at <= 3; at++ {
			s := &shelf{ids: ids(600)}
			s.before = func(n, _ int) {
				if n == at {
					change(s)
				}
			}
			c := newClient(t, Config{Transport: s, Concurrency: 1})
			items, err := c.ExternalConnections().List(t.Context())
			// With a constant total and no entry seen twice a shift cannot be told from none; then the list is one that
			// lacks at most what came during the reading, and is left to be what it is.
			if err != nil {
				t.Errorf("%s before request %d: %v", name, at, err)
			} else if name != "one goes, another comes" && !slices.Equal(read(items), s.ids) {
				t.Errorf("%s before request %d: the list is wrong", name, at)
			}
		}
	}
}

func TestListFailsWithItsPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, resp := range []func() *http.Response{
			func() *http.Response { return respond(500, "") },
			func() *http.Response { return respond(404, `{"errors":[{"code":"10005","title":"gone"}]}`) },
			func() *http.Response { return respond(200, "<html>") },
			func() *http.Response { return respond(200, `{"meta":{"total_results":600}}`) },
			func() *http.Response { return respond(200, `{"data":{},"meta":{"total_results":600}}`) },
			func() *http.Response { return respond(200, `{"data":["x"],"meta":{"total_results":600}}`) },
		} {
			for bad := 1; bad <= 3; bad++ {
				s := &shelf{ids: ids(600)}
				s.after = func(_, page int, o Object) *http.Response {
					if page == bad {
						return resp()
					}
					return nil
				}
				items, err := newClient(t, Config{Transport: s}).ExternalConnections().List(t.Context())
				if items != nil || err == nil || errors.Is(err, ErrIncomplete) || Unknown(err) {
					t.Errorf("page %d: %d entries, %v", bad, len(items), err)
				}
			}
		}
	})
}

func TestListStopsAtTheFirstFailure(t *testing.T) {
	var n atomic.Int32
	s := &shelf{ids: ids(5000), most: 1}
	c := newClient(t, Config{Concurrency: 2, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if n.Add(1) > 5 {
			return respond(403, ""), nil
		}
		return s.RoundTrip(r)
	})})
	if _, err := c.ExternalConnections().List(t.Context()); !Forbidden(err) || n.Load() > 8 {
		t.Errorf("%v after %d requests", err, n.Load())
	}
}
