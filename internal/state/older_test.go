package state_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// format is an older one: a database of it, and what stands in that.
type format struct {
	version    int
	statements string
	want       state.Snapshot
}

func olderFormats(t *testing.T) (formats []format) {
	t.Helper()
	first := wantOlder()
	second := first
	second.Owned = wantOwned()
	second.Owned[0].Renewed = time.Date(2026, 1, 2, 3, 4, 5, 5e8, time.UTC)
	second.Owned[0].Ends = time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	third := second
	target := resource.Target{Connection: "7", Location: "l", Usage: "calling_user_assignment", Additional: "none"}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	third.Orders = []resource.Order{{ID: "order-1", Op: "upload", Target: target, Numbers: span(101, 101), Seen: []string{"t-0"}, At: at}}
	third.Troubles = []resource.Trouble{{
		Number: 15125550102, Target: target, Op: "upload", Code: "10015", Reason: resource.Said("the number is <not> ready"), Ticket: "t-1", Attempts: 3, At: at,
	}}
	third.Messages = []resource.Message{{
		Key: "m", ID: "m", Code: "1", Title: "title", Detail: "detail", Pointer: "/p", Connection: "7", Number: "+15125550102", Ticket: "t-1", First: at,
	}}
	for i, want := range []state.Snapshot{first, second, third} {
		formats = append(formats, format{i + 1, older(t, i+1) + testdata(t, "disguised.sql"), want})
	}
	return append(formats, format{4, older(t, 4), third}) // all stands where it belongs
}

// older are the statements that make a database of an older format.
func older(t *testing.T, version int) string {
	return testdata(t, fmt.Sprintf("format%d.sql", version))
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	must(t, err)
	return string(text)
}

// span is the numbers from one to another, by their last digits.
func span(from, to resource.Number) resource.Numbers {
	return resource.NumbersOf(resource.Range{From: 15125550000 + from, To: 15125550000 + to})
}

// wantOlder is what all of them hold.
func wantOlder() state.Snapshot {
	addr := func(kind, name string) resource.Addr { return resource.Addr{Kind: kind, Name: name} }
	hold := func(kind, name, root string, says resource.Object) resource.Rule {
		return resource.Rule{Addr: addr(kind, name), Root: root, Hold: says["keep"] == true, Says: says}
	}
	const recordings, policy = "recording_retention", "all"
	created := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	return state.Snapshot{
		Owned: wantOwned(),
		Intents: []resource.Intent{{
			Addr: addr("toys", "c"), Root: "/etc/toys", Key: "k", Hash: "hash", Seen: []string{"id-a"}, At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
		}},
		Groups: []resource.Group{
			{
				Addr: addr("phone_numbers", "hq"), Root: "/etc/a", Protect: true,
				Target:   resource.Target{Connection: "7", Location: "l", Usage: "calling_user_assignment", Additional: "none"},
				Uploaded: map[string]resource.Numbers{"": span(105, 105), "calling_user_assignment+none": span(100, 102)}, Placed: span(100, 100),
			},
			{Addr: addr("phone_numbers", "lab"), Root: "/etc/b", Target: resource.Target{Connection: "8"}, Uploaded: map[string]resource.Numbers{}},
		},
		Rules: []resource.Rule{
			hold(recordings, "case-7", "/etc/a", resource.Object{"call_leg_id": "leg", "keep": true}),
			hold(recordings, "case-7", "/etc/b", resource.Object{"from": "+15125550100", "keep": true}),
			hold(recordings, "old (/etc/b)", "/etc/a", resource.Object{"keep": true, "max_deletes_per_run": int64(5)}), // its own name
			hold(recordings, "twin", "/etc/b", resource.Object{"keep": true}),
			hold(recordings, "twin (/etc/b)", "/etc/b", resource.Object{"keep": true, "to": "x"}),
			hold("transcription_retention", "case-7", "/etc/a", resource.Object{"keep": "true"}),
		},
		Deletions: []resource.Deletion{
			{
				ID: "recordings/batch 1", Unit: "recording", At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
				Items: []resource.Deleted{
					{ID: "r-1", Rule: addr(recordings, policy), Created: created, From: "+1512555****", To: "+1512555****", Age: "365d"},
					{ID: "r-2", Rule: addr(recordings, policy), Created: created, Age: "365d"},
				},
			},
			{ID: "recordings/batch 2", Unit: "recording", At: time.Date(2026, 1, 2, 3, 4, 5, 5e8, time.UTC)},
			{ID: "transcriptions/batch 1", Unit: "transcription", At: time.Date(2026, 1, 2, 3, 4, 5, 5e8, time.UTC)},
		},
	}
}

// eachOlder runs a test for each of them.
func eachOlder(t *testing.T, f func(t *testing.T, old format)) {
	for _, old := range olderFormats(t) {
		t.Run(fmt.Sprint("format ", old.version), func(t *testing.T) { f(t, old) })
	}
}

// wantOwned is what they own, but for the times of the second.
func wantOwned() []resource.Owned {
	return []resource.Owned{
		{
			Addr: resource.Addr{Kind: "toys", Name: "a"}, ID: "id-a", Root: "/etc/toys", Protect: true,
			Applied:  resource.Object{"limit": int64(5), "text": "x"},
			Attempts: map[string]resource.Attempt{"/text": {Value: `"x"`, Count: 2, Note: resource.Said("it does not last")}},
		},
		{Addr: resource.Addr{Kind: "toys", Name: "b"}, ID: "id-b", Root: "/etc/toys", TakenDown: true},
	}
}

// make makes such a database in a directory of its own; more is done to it before it is closed.
func (f *format) make(t *testing.T, more string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	sqlOn(t, dir, f.statements+more)
	must(t, os.Chmod(filepath.Join(dir, "state.db"), 0o600))
	return dir
}

func sqlOn(t *testing.T, dir, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "state.db"))
	must(t, err)
	_, err = db.Exec(statements)
	must(t, errors.Join(err, db.Close()))
}

// version tells the format of a database, without the package that is tested.
func version(t *testing.T, dir string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "state.db")+"?mode=ro&immutable=1")
	must(t, err)
	must(t, errors.Join(db.QueryRow("PRAGMA user_version").Scan(&n), db.Close()))
	return n
}

// holds wants all that stands in it, and nothing else.
func (f *format) holds(t *testing.T, s state.Snapshot) {
	t.Helper()
	if got := known(s); !s.Exists || s.BaseURL != "https://api.telnyx.com/v2" || !reflect.DeepEqual(got, f.want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, f.want)
	}
}
