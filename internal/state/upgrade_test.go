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

// TestReadingOlderState: it is read as it is, without a byte of it being changed.
func TestReadingOlderState(t *testing.T) {
	eachOlder(t, func(t *testing.T, old format) {
		dir := old.make(t, "")
		unchanged(t, dir, func() {
			s, err := state.Load(t.Context(), dir)
			must(t, err)
			old.holds(t, s)
			db, release, err := state.OpenReadOnly(t.Context(), dir)
			must(t, err)
			events, err := db.History(t.Context(), nil, 5)
			if err != nil || len(events) != 1 || events[0].RequestID != "req" || events[0].Reason.Key() != resource.Said("new").Key() {
				t.Errorf("history %+v, %v", events, err)
			}
			must(t, db.Close())
			release()
		})
		if got := version(t, dir); got != old.version {
			t.Errorf("format %d", got)
		}
	})
}

// TestReadingOlderStateOfAKilledWriter, which left its log behind: the log knows more than the file.
func TestReadingOlderStateOfAKilledWriter(t *testing.T) {
	eachOlder(t, func(t *testing.T, old format) {
		source, dir := old.make(t, ""), t.TempDir()
		db, err := sql.Open("sqlite", filepath.Join(source, "state.db"))
		must(t, err)
		defer db.Close()
		_, err = db.Exec(`PRAGMA wal_autocheckpoint = 0;
			INSERT INTO owned (kind, name, id, root, applied, protect, taken_down, attempts) VALUES ('toys', 'z', 'id-z', '', '{}', 0, 0, 'null')`)
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
	})
}

// TestUpgrade: a writer brings it up to date, and nothing that it holds is lost.
func TestUpgrade(t *testing.T) {
	eachOlder(t, func(t *testing.T, old format) {
		dir := old.make(t, "")
		before, err := state.Load(t.Context(), dir)
		must(t, err)
		reader, release, err := state.OpenReadOnly(t.Context(), dir)
		must(t, err)
		must(t, reader.Close())
		release()
		for range 2 { // the second time there is nothing to be done
			must(t, state.Write(t.Context(), dir, time.Second, func(db *state.DB, s state.Snapshot) error {
				old.holds(t, s)
				return nil
			}))
			if got := version(t, dir); got != state.Version {
				t.Errorf("format %d, want %d", got, state.Version)
			}
		}
		after, err := state.Load(t.Context(), dir)
		must(t, err)
		old.holds(t, after)
		if !reflect.DeepEqual(before, after) || before.Secret("x").Digest() != after.Secret("x").Digest() {
			t.Error("what was read before and after is not the same")
		}

		// It remembers what a new one remembers.
		renewed := time.Date(2026, 5, 6, 7, 8, 9, 123456789, time.FixedZone("", 3600))
		must(t, state.Write(t.Context(), dir, time.Second, func(db *state.DB, _ state.Snapshot) error {
			one := wantOwned()[0]
			one.Renewed, one.Incarnation = renewed, "2026-05-06T06:08:09Z?"
			return db.Commit(t.Context(), resource.Record{
				Own: []resource.Owned{one}, Events: []resource.Event{{Addr: one.Addr, Op: "renew", Outcome: "done"}},
				Orders:   []resource.Order{{ID: "order", At: renewed}},
				Troubles: []resource.Trouble{{Number: 15125550100, Next: renewed}},
			})
		}))
		s, err := state.Load(t.Context(), dir)
		must(t, err)
		if len(s.Owned) != 2 || s.Owned[0].Incarnation != "2026-05-06T06:08:09Z?" || s.Owned[1].Incarnation != "" || !s.Owned[0].Renewed.Equal(renewed) || s.Owned[0].Renewed.Location() != time.UTC || !s.Owned[1].Renewed.IsZero() {
			t.Errorf("got %+v", s.Owned)
		}
		if want := append(old.want.Orders, resource.Order{ID: "order", At: renewed.UTC()}); !reflect.DeepEqual(s.Orders, want) {
			t.Errorf("got %+v", s.Orders)
		}
		if want := append([]resource.Trouble{{Number: 15125550100, Next: renewed.UTC()}}, old.want.Troubles...); !reflect.DeepEqual(s.Troubles, want) {
			t.Errorf("got %+v", s.Troubles)
		}
	})
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
	fresh := columns(t.TempDir())
	eachOlder(t, func(t *testing.T, old format) {
		if upgraded := columns(old.make(t, "")); !reflect.DeepEqual(upgraded, fresh) || len(fresh) < 60 {
			t.Errorf("upgraded\n  %s\nnew\n  %s", strings.Join(upgraded, "\n  "), strings.Join(fresh, "\n  "))
		}
	})
}

// TestFailedUpgradeLeavesTheOld: it is as it was, can be read, and the lock is free again. Of two
// steps, the one that succeeded stays.
func TestFailedUpgradeLeavesTheOld(t *testing.T) {
	for _, c := range []struct{ from, stays int }{{1, 1}, {1, 2}, {2, 2}, {1, 3}, {3, 3}} {
		t.Run(fmt.Sprintf("from %d, at %d", c.from, c.stays), func(t *testing.T) {
			old := olderFormats(t)[c.from-1]
			inTheWay, away := "ALTER TABLE owned ADD COLUMN renewed INTEGER", "ALTER TABLE owned DROP COLUMN renewed"
			switch c.stays { // the second of the tables that are to be made, or what is moved last
			case 2:
				inTheWay, away = "CREATE TABLE troubles (a)", "DROP TABLE troubles"
			case 3:
				inTheWay, away = "CREATE TABLE deletions (a)", "DROP TABLE deletions"
			}
			dir := old.make(t, inTheWay)
			attempt := func() {
				l, err := state.Acquire(t.Context(), dir)
				must(t, err)
				db, err := state.Open(t.Context(), l)
				if err == nil {
					_ = db.Close()
				}
				if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("bring the state to format %d", c.stays+1)) {
					t.Errorf("got %v", err)
				}
				var r *state.Refused
				if errors.As(err, &r) {
					t.Errorf("it passes for one that is damaged: %v", err)
				}
				must(t, l.Release())
			}
			if c.from < c.stays {
				attempt()
			}
			must(t, os.WriteFile(filepath.Join(dir, "lock"), nil, 0o600)) // which is not meant
			for range 2 {
				unchanged(t, dir, attempt)
				s, err := state.Load(t.Context(), dir)
				must(t, err)
				old.holds(t, s)
			}
			if got := version(t, dir); got != c.stays {
				t.Errorf("format %d", got)
			}
			sqlOn(t, dir, away) // once what was in the way is gone
			openState(t, dir)
			s, err := state.Load(t.Context(), dir)
			must(t, err)
			old.holds(t, s)
		})
	}
}

// TestKilledWhileUpgrading: at whatever moment the writer dies, the old or the new is there, and whole.
func TestKilledWhileUpgrading(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()) // where copies are made
	logs := 0
	eachOlder(t, func(t *testing.T, old format) {
		for i := range 6 {
			dir := old.make(t, "")
			kill(t, "upgrade", dir, time.Duration(i)*3*time.Millisecond)
			if info, err := os.Stat(filepath.Join(dir, "state.db-wal")); err == nil && info.Size() > 0 {
				logs++
			}
			s, err := state.Load(t.Context(), dir)
			must(t, err)
			old.holds(t, s)
			db := openState(t, dir)
			s, err = db.Snapshot(t.Context())
			must(t, err)
			old.holds(t, s)
			must(t, db.Commit(t.Context(), resource.Record{Orders: []resource.Order{{ID: "order"}}}))
		}
	})
	t.Logf("killed with a log left behind: %d of 18 times", logs)
}

// TestReadingWhileUpgraded: a reader that has the old one open goes on reading while a writer upgrades.
func TestReadingWhileUpgraded(t *testing.T) {
	eachOlder(t, func(t *testing.T, old format) {
		dir := old.make(t, "")
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
		must(t, db.Commit(t.Context(), resource.Record{
			Own:    []resource.Owned{{Addr: resource.Addr{Kind: "toys", Name: "d"}, ID: "id-d", Renewed: time.Now()}},
			Orders: []resource.Order{{ID: "order"}},
		}))
		s, err := reader.Snapshot(t.Context())
		if err != nil || len(s.Owned) != 3 || !reflect.DeepEqual(s.Groups, old.want.Groups) || !reflect.DeepEqual(s.Rules, old.want.Rules) ||
			!reflect.DeepEqual(s.Deletions, old.want.Deletions) {
			t.Errorf("%+v, %v", s, err)
		}
	})
}
