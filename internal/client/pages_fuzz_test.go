package client

import (
	"strings"
	"testing"
)

// Whatever a page says: it is followed to places of the same collection alone, and to none twice.
func FuzzPage(f *testing.F) {
	for _, seed := range []string{
		`{"data":[{"id":"1"}],"meta":{"page_number":1,"page_size":250,"total_pages":1,"total_results":1}}`,
		`{"data":[{"id":1}],"meta":{"cursors":{"after":"v1:g3Q+","before":null},"next":"/v2/x?page[after]=v1:g3Q%2B&page[size]=1","previous":""}}`,
		`{"data":[{"id":"1"}],"meta":{"cursors":null,"next":"/v2/x?page[number]=2"}}`,
		`{"data":[],"meta":{"cursors":{"after":{"x":[]}},"next":"://%zz"}}`,
		`{"data":[{"x":1},{"x":2}],"meta":{"next":true,"total_results":-1}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := decodeObject(body)
		if err != nil {
			return
		}
		p, err := readPageOf(o, "data")
		if err != nil {
			return
		}
		if n, err := p.count(); err == nil && (n < 1 || n > maxPages) {
			t.Errorf("%d pages", n)
		}
		if !p.leads() {
			return
		}
		c, err := New(Config{Key: testKey})
		if err != nil {
			t.Fatal(err)
		}
		w := walk{tally: c.tally(listing{key: "id", keyless: true}), full: len(p.items), been: map[string]bool{}}
		w.total = p.total
		for range 3 {
			if err := w.add(p); err != nil {
				return
			}
			on, err := w.next()
			if on != nil && err != nil {
				t.Errorf("%v beside %v", on, err)
			}
			for name := range on {
				if !strings.HasPrefix(name, "page[") {
					t.Errorf("asks for %s", name)
				}
			}
			if on == nil {
				return
			}
		}
		t.Errorf("the same page leads on for ever: %s", body)
	})
}
