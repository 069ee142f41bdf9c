package telnyxsim

import (
	"fmt"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

// manyRecordings is an account's document: half of them of one connection, a minute apart.
func manyRecordings(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"recordings":[`)
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"%d","connection_id":"%d","created_at":"%s"}`, i, i%2, stamp(at.Add(time.Duration(i)*time.Minute)))
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

// pages calls a list for each of its pages and counts how often objects were looked at.
func pages(t *testing.T, sim *Sim, query map[string]string) (objects, looks int) {
	t.Helper()
	l := recordingList()
	for i, f := range l.filters {
		if f.match == nil {
			continue
		}
		l.filters[i].match = func(a *account, value string) predicate {
			test := f.match(a, value)
			return func(obj map[string]any) bool { looks++; return test(obj) }
		}
	}
	for page := 1; ; page++ {
		query["page[number]"], query["page[size]"] = fmt.Sprint(page), "250"
		got := l.answer(&call{acc: sim.acc, sim: sim, query: query, page: maxPage, now: sim.Now()})
		list := got.body.(map[string]any)["data"].([]map[string]any)
		if objects += len(list); len(list) == 0 {
			return objects, looks
		}
	}
}

// An account of many is read in many pages: the work for one must not grow with the account.
func TestPagesOfMany(t *testing.T) {
	const many = 100_000
	sim, err := New(Config{Account: manyRecordings(many)})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		query          map[string]string
		objects, looks int
	}{
		{map[string]string{}, many, 0},
		{map[string]string{"filter[connection_id]": "1"}, many / 2, 0},
		{map[string]string{"filter[created_at][lte]": "2026-02-04T17:19:00Z"}, many / 2, many},
		{map[string]string{"filter[connection_id]": "1", "filter[created_at][lte]": "2026-02-04T17:19:00Z"}, many / 4, many / 2},
	} {
		if objects, looks := pages(t, sim, test.query); objects != test.objects || looks > test.looks {
			t.Errorf("%v: %d objects by %d looks, want %d by %d", test.query, objects, looks, test.objects, test.looks)
		}
	}

	few, err := New(Config{Account: manyRecordings(1000)})
	if err != nil {
		t.Fatal(err)
	}
	page := func(sim *Sim) float64 {
		r := httptest.NewRequest("GET", "/v2/recordings?filter[created_at][gte]=2020-01-01T00:00:00Z&page[size]=250&page[number]=2", nil)
		r.Header.Set("Authorization", "Bearer k")
		return testing.AllocsPerRun(20, func() {
			sim.ServeHTTP(httptest.NewRecorder(), r)
			sim.ClearJournal()
		})
	}
	if a, b := page(few), page(sim); b > 2*a {
		t.Errorf("a page of 1,000 takes %v allocations, one of 100,000 %v", a, b)
	}
}

// What was found is found anew when something has come, gone or changed.
func TestFoundAnew(t *testing.T) {
	sim, err := New(Config{Account: manyRecordings(1000)})
	if err != nil {
		t.Fatal(err)
	}
	query := map[string]string{"filter[created_at][lte]": "2026-01-01T08:19:00Z"}
	recs := sim.acc.collections[recordingColl]
	for i, change := range []func(){
		func() {},
		func() { recs.remove("0"); recs.remove("1"); recs.remove("999") },
		func() { recs.remove("no such") },
		func() { recs.put(map[string]any{"id": "2", "created_at": "2026-12-01T00:00:00Z"}) },
		func() { recs.put(map[string]any{"id": "x", "created_at": "2026-01-01T00:00:00Z"}) },
	} {
		change()
		want := []int{500, 498, 498, 497, 498}[i]
		for range 2 {
			if n, _ := pages(t, sim, query); n != want {
				t.Errorf("after change %d there are %d, want %d", i, n, want)
			}
		}
	}
	if n, _ := pages(t, sim, map[string]string{"filter[from]": "x"}); n != 0 {
		t.Errorf("another question is answered with %d", n)
	}
}

func BenchmarkRecordings(b *testing.B) {
	doc := manyRecordings(100_000)
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			if _, err := New(Config{Account: doc}); err != nil {
				b.Fatal(err)
			}
		}
	})
	sim, err := New(Config{Account: doc})
	if err != nil {
		b.Fatal(err)
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.Run("pages", func(b *testing.B) { // 400 requests
		for b.Loop() {
			for page := range 400 {
				ask(b, sim, 200, "GET", fmt.Sprintf("/v2/recordings?filter[created_at][lte]=2030-01-01T00:00:00Z&page[size]=250&page[number]=%d", page+1), "")
			}
		}
		b.ReportMetric(float64(m.HeapAlloc)/100_000, "heap-B/recording")
	})
	b.Run("batches", func(b *testing.B) { // 1,000 requests
		for b.Loop() {
			b.StopTimer()
			if err := sim.SetAccount(doc); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			for batch := range 1000 {
				var ids []string
				for i := range 100 {
					ids = append(ids, fmt.Sprintf(`"%d"`, batch*100+i))
				}
				ask(b, sim, 200, "POST", "/v2/recordings/actions/delete", `{"ids":[`+strings.Join(ids, ",")+`]}`)
			}
		}
	})
}
