package state_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// TestRename: the same object under another name is one record, whichever way it is told.
func TestRename(t *testing.T) {
	db := openState(t, t.TempDir())
	old, name := resource.Addr{Kind: "trunks", Name: "old"}, resource.Addr{Kind: "trunks", Name: "new"}
	must(t, db.Commit(t.Context(), resource.Record{Own: []resource.Owned{{Addr: old, ID: "1", Protect: true}}}))
	must(t, db.Commit(t.Context(), resource.Record{Own: []resource.Owned{{Addr: name, ID: "1", Protect: true}}, Forget: []resource.Addr{old}}))
	// Two that swap their names.
	must(t, db.Commit(t.Context(), resource.Record{Own: []resource.Owned{{Addr: old, ID: "2"}}}))
	must(t, db.Commit(t.Context(),
		resource.Record{Own: []resource.Owned{{Addr: old, ID: "1"}}}, resource.Record{Own: []resource.Owned{{Addr: name, ID: "2"}}}))
	// The same id in another kind is another object.
	other := resource.Addr{Kind: "routes", Name: "old"}
	must(t, db.Commit(t.Context(), resource.Record{Own: []resource.Owned{{Addr: other, ID: "1"}}}))
	s, err := db.Snapshot(t.Context())
	must(t, err)
	got := map[resource.Addr]string{}
	for _, o := range s.Owned {
		got[o.Addr] = o.ID
	}
	if want := (map[resource.Addr]string{old: "1", name: "2", other: "1"}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestAllOrNothing: a record that cannot be stored takes the others of its transaction with it, and
// a panic that somebody contains does not keep the database busy for ever.
func TestAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	db := openState(t, dir)
	must(t, db.Commit(t.Context(), own("a")))
	bad := own("bad")
	bad.Own[0].Applied = resource.Object{"f": func() {}} // no value of a tree
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a function was stored")
			}
		}()
		_ = db.Commit(t.Context(), own("b"), bad)
	}()
	s, err := state.Load(t.Context(), dir)
	if err != nil || len(s.Owned) != 1 {
		t.Errorf("%d owned, %v", len(s.Owned), err)
	}
	must(t, db.Commit(t.Context(), own("c"))) // and the database goes on
}

func TestHistoryOnlyGrows(t *testing.T) {
	db := openState(t, t.TempDir())
	a := resource.Addr{Kind: "toys", Name: "a"}
	var before []resource.Event
	for i := range 30 {
		must(t, db.Commit(t.Context(), resource.Record{
			Own:    []resource.Owned{{Addr: a, ID: fmt.Sprint(i)}},
			Events: []resource.Event{{Seq: 1, Addr: a, Op: "update", Reason: resource.Said(fmt.Sprint(i)), Outcome: "done"}}, // Seq is the database's, and At where there is none
		}, resource.Record{Forget: []resource.Addr{a}, EndIntents: []resource.Addr{a}}))
		after, err := db.History(t.Context(), nil, 1000)
		must(t, err)
		if len(after) != i+1 || after[0].Seq != int64(i+1) || after[0].Reason.String() != fmt.Sprint(i) || time.Since(after[0].At) > time.Minute {
			t.Fatalf("newest of %d: %+v", len(after), after[0])
		}
		if !reflect.DeepEqual(after[1:], before) && i > 0 {
			t.Fatalf("what was there has changed:\n%+v\n%+v", before, after[1:])
		}
		before = after
	}
}

func TestBind(t *testing.T) {
	dir := t.TempDir()
	db := openState(t, dir)
	const key, other = "KEY0190ABCDEF-very-secret-api-key", "KEY0190ABCDEF-another-api-key"
	s, err := db.Snapshot(t.Context())
	must(t, err)
	if s.BaseURL != "" || s.KeyChanged(key) {
		t.Errorf("bound before it was: %+v", s)
	}
	must(t, db.Bind(t.Context(), "https://api.telnyx.com/v2", key))
	s, err = state.Load(t.Context(), dir)
	must(t, err)
	if s.BaseURL != "https://api.telnyx.com/v2" || s.KeyChanged(key) || !s.KeyChanged(other) || !s.KeyChanged("") {
		t.Errorf("bound to %q; changed: %t, %t", s.BaseURL, s.KeyChanged(key), s.KeyChanged(other))
	}
	must(t, db.Bind(t.Context(), "http://127.0.0.1:1", other))
	s, err = state.Load(t.Context(), dir)
	must(t, err)
	if s.BaseURL != "http://127.0.0.1:1" || !s.KeyChanged(key) || s.KeyChanged(other) {
		t.Error("not bound anew")
	}
	noTrace(t, dir, key, other)
	must(t, db.Close())
	noTrace(t, dir, key, other)

	// The print is keyed: the same key leaves another one elsewhere.
	elsewhere := t.TempDir()
	db2 := openState(t, elsewhere)
	must(t, db2.Bind(t.Context(), "http://127.0.0.1:1", other))
	must(t, db2.Close())
	if a, b := printOf(t, dir), printOf(t, elsewhere); a == b {
		t.Errorf("the print %s is the same in two states", a)
	}
}

// printOf is the stored print of the key, by its length among the texts of the file.
func printOf(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "state.db"))
	must(t, err)
	i := bytes.Index(data, []byte("key_print"))
	if i < 0 {
		t.Fatal("no print")
	}
	return string(data[i : i+9+64])
}

// noTrace looks for secrets in all files of a directory, in the forms that they may have taken.
func noTrace(t *testing.T, dir string, secrets ...string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	must(t, err)
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		must(t, err)
		lower := strings.ToLower(string(data))
		for _, s := range secrets {
			forms := []string{s, hex.EncodeToString([]byte(s))}
			for skip := range 3 { // wherever it stands in a longer text
				forms = append(forms, base64.RawStdEncoding.EncodeToString([]byte(s)[skip:skip+(len(s)-skip)/3*3]))
			}
			for _, form := range forms {
				if strings.Contains(lower, strings.ToLower(form)) {
					t.Errorf("%s holds %s", f.Name(), form)
				}
			}
		}
	}
}

func TestConcurrentCommits(t *testing.T) {
	dir := t.TempDir()
	db := openState(t, dir)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 10 {
				name := fmt.Sprintf("%d-%d", i, j)
				r := own(name)
				r.EndIntents = []resource.Addr{r.Own[0].Addr}
				r.Events = []resource.Event{{Addr: r.Own[0].Addr, Op: "create", Outcome: "done"}}
				err := db.Begin(t.Context(), resource.Intent{Addr: r.Own[0].Addr, At: time.Now()})
				if err := errors.Join(err, db.Commit(t.Context(), r)); err != nil {
					t.Error(err)
				}
				if _, err := db.Snapshot(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			if _, err := state.Load(t.Context(), dir); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	s, err := db.Snapshot(t.Context())
	must(t, err)
	events, err := db.History(t.Context(), nil, 1000)
	must(t, err)
	if len(s.Owned) != 80 || len(s.Intents) != 0 || len(events) != 80 || events[0].Seq != 80 {
		t.Errorf("%d owned, %d intents, %d events", len(s.Owned), len(s.Intents), len(events))
	}
}

// TestStoppedProgramRemembers: what was done is stored although the context has ended.
func TestStoppedProgramRemembers(t *testing.T) {
	dir := t.TempDir()
	db := openState(t, dir)
	ctx := timeout(t, 0)
	must(t, db.Begin(ctx, resource.Intent{Addr: resource.Addr{Kind: "toys", Name: "b"}, At: time.Now()}))
	must(t, db.Commit(ctx, own("a")))
	s, err := state.Load(t.Context(), dir)
	if err != nil || len(s.Owned) != 1 || len(s.Intents) != 1 {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestSecretDigests: the same value is the same to one state, and to no other.
func TestSecretDigests(t *testing.T) {
	const value = "hunter2-hunter2"
	load := func(dir string) state.Snapshot {
		s, err := state.Load(t.Context(), dir)
		must(t, err)
		return s
	}
	here, there := t.TempDir(), t.TempDir()
	filled(t, here)
	filled(t, there)
	a, b := load(here), load(there)
	again := load(here)
	one := a.Secret(value)
	if one.Reveal() != value || !strings.HasPrefix(one.Digest(), "hmac-sha256:") || len(one.Digest()) != len("hmac-sha256:")+64 {
		t.Errorf("%q, %q", one.Reveal(), one.Digest())
	}
	if strings.Contains(one.Digest(), value) {
		t.Error("the digest shows the value")
	}
	if got := again.Secret(value).Digest(); got != one.Digest() {
		t.Error("the same state tells the same value apart")
	}
	seen := map[string]string{one.Digest(): value}
	for _, other := range []string{"", value + " ", value[1:], strings.ToUpper(value), value + "\x00", "\x00" + value, "api-key\x00" + value, "secret\x00" + value} {
		d := a.Secret(other).Digest()
		if was, taken := seen[d]; taken {
			t.Errorf("%q and %q have one digest", other, was)
		}
		seen[d] = other
	}
	if b.Secret(value).Digest() == one.Digest() {
		t.Error("another state gives the same digest: who has one can try values for the other")
	}
	if none := (&state.Snapshot{}).Secret(value); none.Digest() != "" || none.Reveal() != value {
		t.Errorf("without a state: %q", none.Digest())
	}
	nowhere := load(filepath.Join(here, "nowhere"))
	if got := nowhere.Secret(value).Digest(); got != "" {
		t.Errorf("without a state: %q", got)
	}
	// The print of the API key does not serve to compare a secret with it.
	must(t, state.Write(t.Context(), here, time.Second, func(db *state.DB, _ state.Snapshot) error { return db.Bind(t.Context(), "https://x", value) }))
	if strings.HasSuffix(one.Digest(), printOf(t, here)[len("key_print"):]) {
		t.Error("a secret that is the API key has the key's print as its digest")
	}
}
