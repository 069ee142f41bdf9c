package state_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// version1 is a database as the first release made it.
const version1 = `
PRAGMA application_id = 1414420563;
PRAGMA user_version = 1;
PRAGMA journal_mode = WAL;
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE owned (
	kind TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, root TEXT NOT NULL,
	applied TEXT NOT NULL, protect INTEGER NOT NULL, taken_down INTEGER NOT NULL, attempts TEXT NOT NULL,
	PRIMARY KEY (kind, name), UNIQUE (kind, id));
CREATE TABLE intents (
	kind TEXT NOT NULL, name TEXT NOT NULL, root TEXT NOT NULL, natural_key TEXT NOT NULL, hash TEXT NOT NULL,
	seen TEXT NOT NULL, at TEXT NOT NULL,
	PRIMARY KEY (kind, name));
CREATE TABLE history (
	seq BIGINT PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, op TEXT NOT NULL,
	object_id TEXT NOT NULL, reason TEXT NOT NULL, deltas TEXT NOT NULL, outcome TEXT NOT NULL,
	error TEXT NOT NULL, request_id TEXT NOT NULL, fingerprint TEXT NOT NULL);
CREATE TABLE jobs (name TEXT PRIMARY KEY, started TEXT NOT NULL, ended TEXT NOT NULL, error TEXT NOT NULL);
INSERT INTO meta VALUES ('base_url', 'https://api.telnyx.com/v2'), ('hmac_key', 'c0ffee'),
	('key_print', '6e24d1d5d6a1aa0f0fa1f0db8c2c1f8bc4ba9ebc4a0ba4f0a7e8d6b8f2a52b52');
INSERT INTO owned VALUES
	('toys', 'a', 'id-a', '/etc/toys', '{"limit":5,"text":"x"}', 1, 0, '{"/text":{"value":"\"x\"","count":2}}'),
	('toys', 'b', 'id-b', '/etc/toys', 'null', 0, 1, 'null');
INSERT INTO intents VALUES ('toys', 'c', '/etc/toys', 'k', 'hash', '["id-a"]', '2026-01-02T03:04:05.000000006Z');
INSERT INTO history VALUES (1, '2026-01-02T03:04:05Z', 'toys', 'a', 'create', 'id-a', 'new', '[]', 'done', '', 'req', 'print');
INSERT INTO jobs VALUES ('reconcile', '2026-01-02T03:04:05Z', '2026-01-02T03:04:06Z', '');
`

// wantOwned is what stands in that database.
func wantOwned() []resource.Owned {
	return []resource.Owned{
		{
			Addr: resource.Addr{Kind: "toys", Name: "a"}, ID: "id-a", Root: "/etc/toys", Protect: true,
			Applied:  resource.Object{"limit": int64(5), "text": "x"},
			Attempts: map[string]resource.Attempt{"/text": {Value: `"x"`, Count: 2}},
		},
		{Addr: resource.Addr{Kind: "toys", Name: "b"}, ID: "id-b", Root: "/etc/toys", TakenDown: true},
	}
}

// older makes such a database in a directory of its own; more is done to it before it is closed.
func older(t *testing.T, more string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	sqlOn(t, dir, version1+more)
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

func holdsVersion1(t *testing.T, s state.Snapshot) {
	t.Helper()
	want := []resource.Intent{{
		Addr: resource.Addr{Kind: "toys", Name: "c"}, Root: "/etc/toys", Key: "k", Hash: "hash", Seen: []string{"id-a"},
		At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
	}}
	if !s.Exists || s.BaseURL != "https://api.telnyx.com/v2" || !reflect.DeepEqual(s.Owned, wantOwned()) || !reflect.DeepEqual(s.Intents, want) {
		t.Errorf("got %+v", s)
	}
}

// TestReadingOlderState: it is read as it is, without a byte of it being changed.
func TestReadingOlderState(t *testing.T) {
	dir := older(t, "")
	unchanged(t, dir, func() {
		s, err := state.Load(t.Context(), dir)
		must(t, err)
		holdsVersion1(t, s)
		db, release, err := state.OpenReadOnly(t.Context(), dir)
		must(t, err)
		events, err := db.History(t.Context(), nil, 5)
		if err != nil || len(events) != 1 || events[0].RequestID != "req" {
			t.Errorf("history %+v, %v", events, err)
		}
		must(t, db.Close())
		release()
	})
	if got := version(t, dir); got != 1 {
		t.Errorf("format %d", got)
	}
}

// TestReadingOlderStateOfAKilledWriter, which left its log behind: the log knows more than the file.
func TestReadingOlderStateOfAKilledWriter(t *testing.T) {
	source, dir := older(t, ""), t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(source, "state.db"))
	must(t, err)
	defer db.Close()
	_, err = db.Exec(`PRAGMA wal_autocheckpoint = 0; INSERT INTO owned VALUES ('toys', 'z', 'id-z', '', '{}', 0, 0, 'null')`)
	must(t, err)
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(filepath.Join(source, "state.db"+suffix))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, "state.db"+suffix), data, 0o600))
	}
	unchanged(t, dir, func() {
		s, err := state.Load(t.Context(), dir)
		if err != nil || len(s.Owned) != 3 {
			t.Errorf("%d owned, %v", len(s.Owned), err)
		}
	})
	openState(t, dir)
	s, err := state.Load(t.Context(), dir)
	if err != nil || len(s.Owned) != 3 || s.Owned[2].ID != "id-z" {
		t.Errorf("after the upgrade: %+v, %v", s.Owned, err)
	}
}

// TestUpgrade: a writer brings it up to date, and nothing that it holds is lost.
func TestUpgrade(t *testing.T) {
	dir := older(t, "")
	before, err := state.Load(t.Context(), dir)
	must(t, err)
	reader, release, err := state.OpenReadOnly(t.Context(), dir)
	must(t, err)
	must(t, reader.Close())
	release()
	for range 2 { // the second time there is nothing to be done
		must(t, state.Write(t.Context(), dir, time.Second, func(db *state.DB, s state.Snapshot) error {
			holdsVersion1(t, s)
			return nil
		}))
		if got := version(t, dir); got != state.Version {
			t.Errorf("format %d, want %d", got, state.Version)
		}
	}
	after, err := state.Load(t.Context(), dir)
	must(t, err)
	holdsVersion1(t, after)
	if !reflect.DeepEqual(before, after) || before.Secret("x").Digest() != after.Secret("x").Digest() {
		t.Error("what was read before and after is not the same")
	}

	// It remembers what a new one remembers.
	renewed := time.Date(2026, 5, 6, 7, 8, 9, 123456789, time.FixedZone("", 3600))
	must(t, state.Write(t.Context(), dir, time.Second, func(db *state.DB, _ state.Snapshot) error {
		one := wantOwned()[0]
		one.Renewed = renewed
		return db.Commit(t.Context(), state.Record{Own: &one, Event: &state.Event{Addr: one.Addr, Op: "renew", Outcome: "done"}})
	}))
	s, err := state.Load(t.Context(), dir)
	must(t, err)
	if len(s.Owned) != 2 || !s.Owned[0].Renewed.Equal(renewed) || s.Owned[0].Renewed.Location() != time.UTC || !s.Owned[1].Renewed.IsZero() {
		t.Errorf("got %+v", s.Owned)
	}
}

// TestUpgradedIsLikeNew: an upgraded database and a new one have the same tables and columns.
func TestUpgradedIsLikeNew(t *testing.T) {
	columns := func(dir string) (out []string) {
		must(t, state.Write(t.Context(), dir, time.Second, func(*state.DB, state.Snapshot) error { return nil }))
		db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "state.db")+"?mode=ro&immutable=1")
		must(t, err)
		defer db.Close()
		rows, err := db.Query(`SELECT m.name, c.name, c.type, c."notnull", COALESCE(c.dflt_value, ''), c.pk FROM sqlite_master m, pragma_table_info(m.name) c
			WHERE m.type = 'table' ORDER BY m.name, c.cid`)
		must(t, err)
		defer rows.Close()
		for rows.Next() {
			var table, name, typ, dflt string
			var notnull, pk int
			must(t, rows.Scan(&table, &name, &typ, &notnull, &dflt, &pk))
			out = append(out, fmt.Sprint(table, ".", name, " ", typ, " ", notnull, " ", dflt, " ", pk))
		}
		must(t, rows.Err())
		return out
	}
	upgraded, fresh := columns(older(t, "")), columns(t.TempDir())
	if !reflect.DeepEqual(upgraded, fresh) || len(fresh) < 30 {
		t.Errorf("upgraded\n  %s\nnew\n  %s", strings.Join(upgraded, "\n  "), strings.Join(fresh, "\n  "))
	}
}

// TestFailedUpgradeLeavesTheOld: it is as it was, can be read, and the lock is free again.
func TestFailedUpgradeLeavesTheOld(t *testing.T) {
	dir := older(t, "ALTER TABLE owned ADD COLUMN renewed INTEGER")
	for range 2 {
		l, err := state.Acquire(t.Context(), dir)
		must(t, err)
		unchanged(t, dir, func() {
			db, err := state.Open(t.Context(), l)
			if err == nil {
				_ = db.Close()
			}
			if err == nil || !strings.Contains(err.Error(), "bring the state to format 2") {
				t.Errorf("got %v", err)
			}
			var r *state.Refused
			if errors.As(err, &r) {
				t.Errorf("it passes for one that is damaged: %v", err)
			}
		})
		must(t, l.Release())
		s, err := state.Load(t.Context(), dir)
		must(t, err)
		holdsVersion1(t, s)
	}
	if got := version(t, dir); got != 1 {
		t.Errorf("format %d", got)
	}
	sqlOn(t, dir, "ALTER TABLE owned DROP COLUMN renewed") // once what was in the way is gone
	openState(t, dir)
	if got, err := state.Load(t.Context(), dir); err != nil || len(got.Owned) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestReadingWhileUpgraded: a reader that has the old one open goes on reading while a writer upgrades.
func TestReadingWhileUpgraded(t *testing.T) {
	dir := older(t, "")
	writer, err := sql.Open("sqlite", filepath.Join(dir, "state.db")) // an older writer, so that the reader reads beside it
	must(t, err)
	_, err = writer.Exec("INSERT INTO jobs VALUES ('other', '2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z', '')")
	must(t, err)
	l, err := state.Acquire(t.Context(), dir)
	must(t, err)
	defer l.Release()
	reader, release, err := state.OpenReadOnly(t.Context(), dir)
	must(t, err)
	defer release()
	defer reader.Close()
	must(t, writer.Close())
	db, err := state.Open(t.Context(), l)
	must(t, err)
	defer db.Close()
	must(t, db.Commit(t.Context(), state.Record{Own: &resource.Owned{Addr: resource.Addr{Kind: "toys", Name: "d"}, ID: "id-d", Renewed: time.Now()}}))
	s, err := reader.Snapshot(t.Context())
	if err != nil || len(s.Owned) != 3 {
		t.Errorf("%d owned, %v", len(s.Owned), err)
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
