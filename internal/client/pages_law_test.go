package client

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// Whatever becomes of the pages, a list is exactly what is there, or an error.
func TestListIsAllOrAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Bare of *testing.T, whose Deadline does not work under this clock.
		rapid.Check(struct{ testing.TB }{t}, func(t *rapid.T) {
			total := rapid.IntRange(0, 900).Draw(t, "total")
			s := &shelf{ids: ids(total), most: rapid.IntRange(total/40+1, 300).Draw(t, "page size")}
			want := slices.Clone(s.ids)
			faults := rapid.MapOfN(rapid.IntRange(1, 30), rapid.SampledFrom([]string{
				"short", "long", "repeat", "other page", "502", "html", "no meta", "less", "more", "cut", "swap",
			}), 0, 6).Draw(t, "faults")
			s.after = func(n, page int, o Object) *http.Response {
				data := o["data"].([]any)
				meta := o["meta"].(Object)
				switch faults[n] {
				case "short":
					o["data"] = data[:len(data)/2]
				case "long": // by an entry of another page; an invented one in the place of a lost one would pass
					o["data"] = append(data, Object{"id": ids(1)[0]})
				case "repeat":
					o["data"] = append(data, data...)
				case "other page":
					meta["page_number"] = page + 1
				case "502":
					return respond(502, "")
				case "html":
					return respond(200, "<html>")
				case "no meta":
					delete(o, "meta")
				case "less":
					meta["total_results"] = total - 1
				case "more":
					meta["total_results"] = total + 1
				case "cut":
					meta["total_pages"] = 1
				case "swap":
					if len(data) > 1 {
						data[0] = data[1]
					}
				}
				return nil
			}
			c, err := New(Config{Key: testKey, Transport: s, Concurrency: rapid.IntRange(1, 12).Draw(t, "concurrency")})
			if err != nil {
				t.Fatal(err)
			}
			items, err := c.ExternalConnections().List(t.Context())
			switch {
			case err != nil && items != nil:
				t.Fatalf("entries beside the error %v", err)
			case err == nil && !slices.Equal(slices.Sorted(slices.Values(read(items))), want):
				t.Fatalf("%d entries of %d and no error", len(items), total)
			case err != nil && len(faults) == 0:
				t.Fatal(err)
			}
			if n := len(s.requests); n > 3*(total/s.most+2)+3*len(faults) {
				t.Fatalf("%d requests", n)
			}
		})
	})
}
