package client

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// each collects what Each hands out.
func each(ctx context.Context, c *Client) ([]string, error) {
	var got []string
	err := c.Recordings().Each(ctx, RecordingFilter{}, func(o Object) error {
		got = append(got, keyText(o["id"]))
		return nil
	})
	return got, err
}

func TestEachReadsAllPagesInOrder(t *testing.T) {
	for _, tc := range []struct{ total, most, requests int }{
		{0, 0, 1}, {1, 0, 1}, {250, 0, 1}, {251, 0, 2}, {1001, 0, 5}, {1000, 20, 50}, {7, 1, 7}, {100_000, 0, 400},
	} {
		s := &shelf{ids: ids(tc.total), most: tc.most}
		got, err := each(t.Context(), newClient(t, Config{Transport: s}))
		if err != nil || !slices.Equal(got, s.ids) || len(s.requests) != tc.requests {
			t.Errorf("%+v: %d entries by %d requests, %v", tc, len(got), len(s.requests), err)
		}
	}
}

// Pages are read in parallel, and never more of them ahead than requests may be in flight.
func TestEachHoldsFewPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const total, concurrency = 250 * 41, 4
		var asked atomic.Int32
		s := &shelf{ids: ids(total)}
		c := newClient(t, Config{Concurrency: concurrency, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			asked.Add(1)
			time.Sleep(50 * time.Millisecond)
			return s.RoundTrip(r)
		})})
		start, n := time.Now(), 0
		err := c.Recordings().Each(t.Context(), RecordingFilter{}, func(Object) error {
			if n++; n%250 == 1 {
				synctest.Wait()
				if ahead := int(asked.Load()) - n/250; ahead > concurrency+1 {
					t.Errorf("at entry %d %d pages are held or on their way", n, ahead)
				}
			}
			return nil
		})
		if d := time.Since(start); err != nil || n != total || d > 11*50*time.Millisecond {
			t.Errorf("%d entries in %v, %v", n, d, err)
		}
	})
}

func TestEachThatIsNotComplete(t *testing.T) {
	meta := func(o Object) Object { return o["meta"].(Object) }
	entries := func(o Object) []any { return o["data"].([]any) }
	for name, tc := range map[string]struct {
		after func(page int, o Object)
		want  string
		most  int // entries that were handed out
	}{
		"short page": {func(page int, o Object) { when(page == 2, func(o Object) { o["data"] = entries(o)[1:] }, o) }, "expected 600 entries, got 599 on 3 pages", 599},
		"short page at the end": {func(page int, o Object) {
			when(page == 3, func(o Object) { o["data"] = entries(o)[:99] }, o)
		}, "got 599 on 3 pages", 599},
		"repeated page": {func(page int, o Object) {
			when(page == 2, func(o Object) {
				for i, v := range entries(o) {
					v.(Object)["id"] = ids(600)[i]
				}
			}, o)
		}, "id 1911630617284000000 is on page 1 and on page 2", 250},
		"page 1 again":     {func(_ int, o Object) { meta(o)["page_number"] = 1 }, "asked for page 2, got page 1", 250},
		"shrinking total":  {func(page int, o Object) { meta(o)["total_results"] = 601 - page }, "600 entries on page 1, 599 on page 2", 250},
		"growing total":    {func(page int, o Object) { meta(o)["total_results"] = 600 + page/3 }, "600 entries on page 1, 601 on page 3", 500},
		"no meta at first": {func(_ int, o Object) { delete(o, "meta") }, "page 1 has no meta.total_results", 0},
		"no meta later":    {func(page int, o Object) { when(page == 3, func(o Object) { delete(o, "meta") }, o) }, "page 3 has no", 500},
		"endless":          {func(_ int, o Object) { meta(o)["total_pages"] = 1 << 30 }, "1073741824 pages for 600 entries", 0},
		"a page too few":   {func(_ int, o Object) { meta(o)["total_pages"] = 2 }, "got 500 on 2 pages", 500},
		"no id":            {func(page int, o Object) { delete(entries(o)[3].(Object), "id") }, "an entry without id on page 1", 0},
		"reordered": {func(page int, o Object) {
			// As if what stood on page 2 had changed places with what stood on page 3.
			when(page == 3, func(o Object) { entries(o)[0].(Object)["id"] = ids(600)[250] }, o)
		}, "id 1911630617284000250 is on page 2 and on page 3", 500},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shelf{ids: ids(600)}
			s.after = func(_, page int, o Object) *http.Response {
				tc.after(page, o)
				return nil
			}
			got, err := each(t.Context(), newClient(t, Config{Transport: s}))
			if !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "never taken for deletions") {
				t.Errorf("%v", err)
			}
			// What was handed out is of pages that had nothing wrong with them, and read once.
			if len(got) > tc.most || len(s.requests) > 3 {
				t.Errorf("%d entries by %d requests", len(got), len(s.requests))
			}
		})
	}
}

func TestEachFailsWithItsPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, resp := range []func() *http.Response{
			func() *http.Response { return respond(500, "") },
			func() *http.Response { return respond(200, "<html>") },
			func() *http.Response { return respond(200, `{"data":{},"meta":{"total_results":600}}`) },
		} {
			for bad := 1; bad <= 3; bad++ {
				s := &shelf{ids: ids(600)}
				s.after = func(_, page int, o Object) *http.Response {
					if page == bad {
						return resp()
					}
					return nil
				}
				got, err := each(t.Context(), newClient(t, Config{Transport: s}))
				if len(got) > (bad-1)*250 || err == nil || errors.Is(err, ErrIncomplete) || apiError(t, err).Path != "/recordings" {
					t.Errorf("page %d: %d entries, %v", bad, len(got), err)
				}
			}
		}
	})
}

func TestErrorOfTakeEndsEach(t *testing.T) {
	for at := 1; at <= 1200; at += 299 {
		s := &shelf{ids: ids(1200)}
		n := 0
		err := newClient(t, Config{Transport: s}).Recordings().Each(t.Context(), RecordingFilter{}, func(Object) error {
			if n++; n == at {
				return errDisk
			}
			return nil
		})
		if err != errDisk || n != at {
			t.Errorf("at %d: %v after %d entries", at, err, n)
		}
	}
}

func TestEachThatIsGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	err := newClient(t, Config{Transport: &shelf{ids: ids(5000)}}).Recordings().Each(ctx, RecordingFilter{}, func(Object) error {
		if n++; n == 600 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || n >= 5000 {
		t.Errorf("%v after %d entries", err, n)
	}
}

// Whatever becomes of the pages: what was handed out is exactly what is there, or there is an error.
func TestEachIsAllOrAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(struct{ testing.TB }{t}, func(t *rapid.T) {
			total := rapid.IntRange(0, 900).Draw(t, "total")
			s := &shelf{ids: ids(total), most: rapid.IntRange(total/40+1, 300).Draw(t, "page size")}
			want := slices.Clone(s.ids)
			faults := rapid.MapOfN(rapid.IntRange(1, 30), rapid.SampledFrom([]string{
				"one goes", "one comes", "short", "502",
			}), 0, 3).Draw(t, "faults")
			s.before = func(n, _ int) {
				switch {
				case faults[n] == "one goes" && len(s.ids) > 0:
					s.ids = s.ids[1:]
				case faults[n] == "one comes":
					s.ids = append([]string{"new"}, s.ids...)
				}
			}
			s.after = func(n, _ int, o Object) *http.Response {
				switch faults[n] {
				case "short":
					o["data"] = o["data"].([]any)[:len(o["data"].([]any))/2]
				case "502":
					return respond(502, "")
				}
				return nil
			}
			c, err := New(Config{Key: testKey, Transport: s, Concurrency: rapid.IntRange(1, 12).Draw(t, "concurrency")})
			if err != nil {
				t.Fatal(err)
			}
			got, err := each(t.Context(), c)
			switch {
			case err != nil && len(faults) == 0:
				t.Fatal(err)
			case err == nil && len(faults) == 0 && !slices.Equal(got, want), err == nil && len(got) < min(len(want), len(s.ids)):
				t.Fatalf("%d entries of %d and no error", len(got), len(want))
			}
		})
	})
}
