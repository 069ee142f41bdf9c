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

// version2 is one as the second format had it.
const version2 = `
PRAGMA application_id = 1414420563;
PRAGMA user_version = 2;
PRAGMA journal_mode = WAL;
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE owned (
	kind TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, root TEXT NOT NULL,
	applied TEXT NOT NULL, protect INTEGER NOT NULL, taken_down INTEGER NOT NULL, attempts TEXT NOT NULL,
	renewed TEXT NOT NULL DEFAULT '', ends TEXT NOT NULL DEFAULT '',
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
	('toys', 'a', 'id-a', '/etc/toys', '{"limit":5,"text":"x"}', 1, 0, '{"/text":{"value":"\"x\"","count":2}}',
		'2026-01-02T03:04:05.5Z', '2027-01-02T03:04:05Z'),
	('toys', 'b', 'id-b', '/etc/toys', 'null', 0, 1, 'null', '', '');
INSERT INTO intents VALUES ('toys', 'c', '/etc/toys', 'k', 'hash', '["id-a"]', '2026-01-02T03:04:05.000000006Z');
INSERT INTO history VALUES (1, '2026-01-02T03:04:05Z', 'toys', 'a', 'create', 'id-a', 'new', '[]', 'done', '', 'req', 'print');
INSERT INTO jobs VALUES ('reconcile', '2026-01-02T03:04:05Z', '2026-01-02T03:04:06Z', '');
`

// format is an older one: a database of it, and what stands in that.
type format struct {
	version    int
	statements string
	owned      []resource.Owned
}

func olderFormats() []format {
	first, second := wantOwned(), wantOwned()
	second[0].Renewed = time.Date(2026, 1, 2, 3, 4, 5, 5e8, time.UTC)
	second[0].Ends = time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	return []format{{1, version1, first}, {2, version2, second}}
}

// eachOlder runs a test for each of them.
func eachOlder(t *testing.T, f func(t *testing.T, old format)) {
	for _, old := range olderFormats() {
		t.Run(fmt.Sprint("format ", old.version), func(t *testing.T) { f(t, old) })
	}
}

// wantOwned is what they own, but for the times of the second.
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
	want := []resource.Intent{{
		Addr: resource.Addr{Kind: "toys", Name: "c"}, Root: "/etc/toys", Key: "k", Hash: "hash", Seen: []string{"id-a"},
		At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
	}}
	if !s.Exists || s.BaseURL != "https://api.telnyx.com/v2" || !reflect.DeepEqual(s.Owned, f.owned) || !reflect.DeepEqual(s.Intents, want) ||
		s.Orders != nil || s.Troubles != nil {
		t.Errorf("got %+v", s)
	}
}
