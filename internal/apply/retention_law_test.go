package apply_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/telnyxsim"

	"pgregory.net/rapid"
)

// wild is an account that others change while it is read, behind answers that are not always right.
type wild struct {
	*keeper
	policies []resource.Entry
	edits    map[int]edit
	twists   map[int]string
	wide     bool // Telnyx ignores the filter by created_at
}

// edit is what another client does before a request.
type edit struct {
	add    []any
	remove int // the position of one; -1 is none
	turn   int // so many of the first go to the end
}

// filtered are filters, and where the simulator has what they are about: with a "_" it shows it to nobody.
var filtered = []struct {
	name, shown string
	values      []string
}{
	{"connection_id", "connection_id", []string{"1", "2"}},
	{"from", "from", []string{"+15125550100", "sip:x"}},
	{"sip_call_id", "_sip_call_id", []string{"x", "y"}},
	{"conference_region", "_conference_region", []string{"eu"}},
}

func drawRecording(t *rapid.T, id string, now time.Time) object {
	r := object{"id": id}
	for _, f := range filtered {
		if v := rapid.SampledFrom(append(f.values[:len(f.values):len(f.values)], "")).Draw(t, f.shown); v != "" {
			r[f.shown] = v
		}
	}
	at := now.Add(-time.Duration(rapid.SampledFrom([]int{9, 4, 2, 7, 0, 5, 1, 3, 6, 8}).Draw(t, "days"))*aDay - time.Duration(rapid.SampledFrom([]int{-2, -1, 1, 2}).Draw(t, "minutes"))*time.Minute)
	zone := time.FixedZone("", rapid.SampledFrom([]int{0, 5*3600 + 1800, -12 * 3600, 14 * 3600}).Draw(t, "zone"))
	r["created_at"] = at.In(zone).Format(rapid.SampledFrom([]string{time.RFC3339, time.RFC3339Nano, "2006-01-02T15:04:05.000000000Z07:00"}).Draw(t, "format"))
	if rapid.IntRange(0, 40).Draw(t, "odd date") == 33 {
		r["created_at"] = rapid.SampledFrom([]string{
			"", "soon", "2016-12-31T23:59:60Z", "2020-01-01T00:00:00", "2020-01-01T00:00:00+24:00", "2020-13-01T00:00:00Z", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z",
		}).Draw(t, "as")
	}
	return r
}

func drawPolicy(t *rapid.T, name string, now time.Time) resource.Entry {
	o := resource.Object{}
	for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(filtered)-1), 0, 3, rapid.ID).Draw(t, "of") {
		o[filtered[i].name] = rapid.SampledFrom(filtered[i].values).Draw(t, "filter")
	}
	for _, end := range []string{"gte", "lte"} {
		if rapid.SampledFrom([]bool{false, false, false, true}).Draw(t, end) {
			at := now.Add(-time.Duration(rapid.IntRange(0, 9).Draw(t, "bound")) * aDay)
			resource.Put(o, "/created_at/"+end, at.UTC().Format(time.RFC3339))
		}
	}
	if rapid.SampledFrom([]bool{false, true, false}).Draw(t, "hold") {
		o["keep"] = true
	} else {
		o["delete_after"] = fmt.Sprintf("%dd", rapid.IntRange(1, 7).Draw(t, "age"))
	}
	return entry(recordingJob, name, o)
}

// truly tells whether a recording is due, from the words of the requirement.
func (w *wild) truly(r object, now time.Time) bool {
	text, _ := r["created_at"].(string)
	created, err := time.Parse(time.RFC3339, text)
	if err != nil || created.Year() < 1990 || strings.HasSuffix(text, "+24:00") {
		return false
	}
	most, age := -1, time.Duration(0)
	for _, p := range w.policies {
		n, fits := 0, true
		for _, f := range filtered {
			if want, written := p.Object[f.name]; written {
				n++
				fits = fits && r[f.shown] == want
			}
		}
		for _, end := range []string{"gte", "lte"} {
			if text := resource.GetString(p.Object, "/created_at/"+end); text != "" {
				bound, _ := time.Parse(time.RFC3339, text)
				n++
				fits = fits && (created.Equal(bound) || created.After(bound) == (end == "gte"))
			}
		}
		after := resource.GetDuration(p.Object, "/delete_after", 0)
		switch {
		case !fits:
		case p.Object["keep"] == true:
			return false
		case n > most, n == most && after > age:
			most, age = n, after
		}
	}
	return most >= 0 && !created.After(now.Add(-age))
}

func (w *wild) recordings() (list []object) {
	w.Helper()
	if err := json.Unmarshal(w.sim.Part("recordings"), &list); err != nil {
		w.Fatal(err)
	}
	return list
}

func (w *wild) due(now time.Time) map[string]bool {
	out := map[string]bool{}
	for _, r := range w.recordings() {
		if w.truly(r, now) {
			out[r["id"].(string)] = true
		}
	}
	return out
}

// before is what happens before a request.
func (w *wild) before(n int, r *http.Request) error {
	if e, is := w.edits[n]; is {
		list := []any{}
		for _, r := range w.recordings() {
			list = append(list, r)
		}
		if e.remove >= 0 && e.remove < len(list) {
			list = slices.Delete(list, e.remove, e.remove+1)
		}
		list = append(list, e.add...)
		turn := min(e.turn, len(list))
		list = append(slices.Clone(list[turn:]), list[:turn]...)
		if err := w.sim.SetAccount(must(w, object{"recordings": list})); err != nil {
			w.Fatal(err)
		}
	}
	if q := r.URL.Query(); w.wide && q.Has("filter[created_at][lte]") {
		q.Del("filter[created_at][lte]")
		r.URL.RawQuery = q.Encode()
	}
	if r.Method == http.MethodGet {
		return nil
	}
	ids := w.stage.deletes[len(w.stage.deletes)-1]
	due := w.due(time.Now())
	for _, r := range w.recordings() {
		if id := r["id"].(string); slices.Contains(ids, id) && !due[id] {
			w.Fatalf("%s is deleted, and no policy says so: %v", id, r)
		}
	}
	return nil
}

// after twists an answer.
func (w *wild) after(n int, r *http.Request, res *http.Response) (*http.Response, error) {
	twist := w.twists[n]
	if twist == "" || r.Method != http.MethodGet {
		return res, nil
	}
	if twist == "yesterday" {
		res.Header.Set("Date", time.Now().Add(-aDay).UTC().Format(http.TimeFormat))
		return res, nil
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	var answer object
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, err
	}
	list, _ := answer["data"].([]any)
	meta, _ := answer["meta"].(object)
	switch last := len(list) - 1; {
	case meta == nil || last < 0:
	case twist == "short":
		answer["data"] = list[:last]
	case twist == "twice":
		answer["data"] = append(list, list[0])
	case twist == "the same for another":
		list[last] = list[0]
	case twist == "a page less":
		meta["total_pages"] = max(meta["total_pages"].(float64)-1, 1)
	case twist == "one less":
		meta["total_results"] = meta["total_results"].(float64) - 1
	case twist == "one less in all":
		answer["data"] = list[:last]
		meta["total_results"] = meta["total_results"].(float64) - 1
	case twist == "another page":
		meta["page_number"] = meta["page_number"].(float64) + 1
	case twist == "without an id":
		delete(list[last].(object), "id")
	case twist == "no date":
		delete(list[last].(object), "created_at")
	case twist == "odd date":
		list[last].(object)["created_at"] = "2020-01-01"
	case twist == "turned":
		slices.Reverse(list)
	}
	if text, err = json.Marshal(answer); err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(text))
	return res, nil
}

var twists = []string{
	"short", "twice", "the same for another", "a page less", "one less", "one less in all", "another page", "without an id", "no date", "odd date", "turned", "yesterday",
}

// Whatever Telnyx answers, and whatever others do meanwhile, nothing is ever deleted that no policy covers.
// Undisturbed, all goes that is due.
func TestRetentionLaw(t *testing.T) {
	t.Parallel()
	plain := func(h http.Handler) http.Handler { return h } // the answers are wrong on purpose
	rapid.Check(t, func(t *rapid.T) {
		now := time.Now()
		fresh := 0
		draw := func(n int) []any {
			list := []any{}
			for range n {
				fresh++
				list = append(list, drawRecording(t, fmt.Sprint("r", fresh), now))
			}
			return list
		}
		w := &wild{edits: map[int]edit{}, twists: map[int]string{}}
		account := draw(rapid.SampledFrom([]int{6, 9, 12, 3, 0}).Draw(t, "recordings"))
		for i := range rapid.SampledFrom([]int{2, 3, 1, 4, 5}).Draw(t, "policies") {
			w.policies = append(w.policies, drawPolicy(t, fmt.Sprint("p", i), now))
		}
		for range rapid.IntRange(0, 8).Draw(t, "edits") {
			w.edits[rapid.IntRange(1, 25).Draw(t, "at")] = edit{
				add: draw(rapid.IntRange(0, 2).Draw(t, "more")), remove: rapid.IntRange(-1, 6).Draw(t, "less"), turn: rapid.IntRange(0, 2).Draw(t, "turn"),
			}
		}
		for range rapid.IntRange(0, 2).Draw(t, "twists") {
			w.twists[rapid.IntRange(1, 20).Draw(t, "answer")] = rapid.SampledFrom(twists).Draw(t, "twist")
		}
		w.wide = rapid.IntRange(0, 3).Draw(t, "wide") == 0
		w.keeper = newKeeper(t, plain, object{"recordings": account}, telnyxsim.Config{})
		defer w.close()
		w.stage.size = rapid.IntRange(1, 5).Draw(t, "page")
		w.connect(client.Config{Concurrency: rapid.IntRange(1, 3).Draw(t, "concurrency")})
		desired := config("/root", nil, slices.Clone(w.policies)...)
		s := apply.Situation{Desired: desired, Enforce: true}
		w.stage.before, w.stage.after = w.before, w.after
		for range 2 {
			report, err := w.run(context.Background(), recordingJob, s)
			if lines := strings.Join(linesOf(report), "\n"); err == nil && strings.Contains(lines, "nobody knows") {
				t.Fatal(lines)
			}
		}

		w.edits, w.twists = nil, nil
		due, before := w.due(time.Now()), w.ids("recordings")
		report, err := w.run(context.Background(), recordingJob, s)
		odd := slices.ContainsFunc(w.recordings(), func(r object) bool { // a date that ends the run
			at, wrong := time.Parse(time.RFC3339, fmt.Sprint(r["created_at"]))
			return wrong != nil && w.wide || wrong == nil && (at.Year() < 1990 || strings.HasSuffix(r["created_at"].(string), "+24:00"))
		})
		gone := minus(before, w.ids("recordings"))
		switch {
		case errors.Is(err, client.ErrIncomplete):
			t.Fatal(err)
		case err != nil && !odd, report.Failed:
			t.Fatal(err, linesOf(report))
		case err != nil && len(gone) > 0:
			t.Fatalf("%v, and %v are deleted", err, sorted(gone))
		case err == nil && !maps.Equal(gone, due):
			t.Fatalf("%v were deleted, want %v", sorted(gone), sorted(due))
		}
		once := map[string]bool{}
		for _, e := range w.history() {
			if e.Outcome == string(plan.Done) && once[e.ID] {
				t.Fatalf("the history has %s twice", e.ID)
			}
			once[e.ID] = true
		}
	})
}
