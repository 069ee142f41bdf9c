package state_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

func TestNoState(t *testing.T) {
	parent := t.TempDir()
	empty := filepath.Join(parent, "empty")
	must(t, os.Mkdir(empty, 0o700))
	unchanged(t, parent, func() {
		for _, dir := range []string{empty, filepath.Join(parent, "nowhere"), filepath.Join(parent, "no", "where")} {
			s, err := state.Load(t.Context(), dir)
			if err != nil || s.Exists || len(s.Owned) != 0 || s.KeyChanged("KEY") {
				t.Errorf("%s: %+v, %v", dir, s, err)
			}
			if _, _, err := state.OpenReadOnly(t.Context(), dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", dir, err)
			}
		}
	})
}

// TestReadingCreatesNothing, where the database was closed.
func TestReadingCreatesNothing(t *testing.T) {
	for _, locked := range []bool{true, false} {
		dir := t.TempDir()
		filled(t, dir)
		if !locked {
			must(t, os.Remove(filepath.Join(dir, "lock"))) // a copy of a state
		}
		unchanged(t, dir, func() {
			s, err := state.Load(t.Context(), dir)
			if err != nil || !s.Exists || len(s.Owned) != 300 {
				t.Errorf("%d owned, %v", len(s.Owned), err)
			}
			if !reflect.DeepEqual(s.Orders, someOrders(3)) || !reflect.DeepEqual(s.Troubles, someTroubles(40)) {
				t.Errorf("got %+v\n%+v", s.Orders, s.Troubles)
			}
			db, release, err := state.OpenReadOnly(t.Context(), dir)
			must(t, err)
			events, err := db.History(t.Context(), nil, 5)
			if err != nil || len(events) != 5 {
				t.Errorf("%d events, %v", len(events), err)
			}
			for _, r := range []resource.Record{
				{Events: []resource.Event{{Op: "create"}}},
				{ForgetGroups: []resource.Addr{{}}},
				{Groups: []resource.Group{{}}},
				{Rules: []resource.Rule{{}}},
				{Deletions: []resource.Deletion{{}}},
				{Orders: someOrders(1)},
				{EndOrders: []string{"order-0"}},
				{Troubles: someTroubles(1)},
				{EndTroubles: []resource.Number{15125550100}},
			} {
				if err := db.Commit(t.Context(), r); err == nil {
					t.Errorf("what was opened for reading was written to: %+v", r)
				}
			}
			must(t, db.Close())
			release()
		})
		openState(t, dir) // nothing is left that keeps a writer away
	}
}

// TestReadingInClosedDirectory, as a user who may not write there: the state is his, the directory
// is not to be changed.
func TestReadingInClosedDirectory(t *testing.T) {
	dir := worldDir(t)
	filled(t, dir)
	hand(t, dir, 0o500)
	unchanged(t, dir, func() {
		if got := loadAsOwner(t, dir); got != "exists true, 300 owned, 3 orders, 40 troubles" {
			t.Error(got)
		}
	})
}

// worldDir is a directory that other users can reach.
func worldDir(t *testing.T) string {
	t.Helper()
	parent, err := os.MkdirTemp("", "telnyxsync-test")
	must(t, err)
	t.Cleanup(func() {
		_ = exec.Command("chmod", "-R", "u+rwx", parent).Run()
		_ = os.RemoveAll(parent)
	})
	must(t, os.Chmod(parent, 0o755))
	return filepath.Join(parent, "state")
}

// hand gives a directory to nobody, if root can be asked to, and closes it to changes.
func hand(t *testing.T, dir string, mode fs.FileMode) {
	t.Helper()
	if os.Getuid() == 0 {
		must(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			return errors.Join(err, os.Chown(path, 65534, 65534))
		}))
	}
	must(t, os.Chmod(dir, mode))
}

func loadAsOwner(t *testing.T, dir string) string {
	t.Helper()
	out, _ := child("load", dir, os.Getuid() == 0).CombinedOutput()
	return strings.TrimSpace(string(out))
}

// TestReadingBesideWriter: a writer has it open, and what it commits is seen.
func TestReadingBesideWriter(t *testing.T) {
	dir := t.TempDir()
	db := openState(t, dir)
	db2, release, err := state.OpenReadOnly(t.Context(), dir)
	must(t, err)
	defer release()
	defer db2.Close()
	for i := range 5 {
		r := own(fmt.Sprint(i))
		r.Orders, r.Troubles = someOrders(i+1), someTroubles(i+1)
		must(t, db.Commit(t.Context(), r))
		unchanged(t, dir, func() {
			s, err := state.Load(t.Context(), dir)
			if err != nil || len(s.Owned) != i+1 || len(s.Orders) != i+1 || len(s.Troubles) != i+1 {
				t.Errorf("%+v, %v", s, err)
			}
			s, err = db2.Snapshot(t.Context())
			if err != nil || len(s.Owned) != i+1 || len(s.Orders) != i+1 || len(s.Troubles) != i+1 {
				t.Errorf("opened before: %+v, %v", s, err)
			}
		})
	}
}

func own(name string) resource.Record {
	return resource.Record{Own: []resource.Owned{{Addr: resource.Addr{Kind: "toys", Name: name}, ID: "id-" + name}}}
}

// TestReadingWhileWriterComes: the lock is held, and the database not open yet. The reader waits
// for one or the other and makes no log of its own.
func TestReadingWhileWriterComes(t *testing.T) {
	for _, opens := range []bool{true, false} {
		dir := t.TempDir()
		filled(t, dir)
		l, err := state.Acquire(t.Context(), dir)
		must(t, err)
		type result struct {
			state.Snapshot
			error
		}
		got := make(chan result, 1)
		unchanged(t, dir, func() {
			go func() {
				s, err := state.Load(t.Context(), dir)
				got <- result{s, err}
			}()
			time.Sleep(100 * time.Millisecond)
		})
		if opens {
			db, err := state.Open(t.Context(), l)
			must(t, err)
			defer db.Close()
		} else {
			must(t, l.Release())
		}
		if r := <-got; r.error != nil || len(r.Owned) != 300 {
			t.Errorf("opens %t: %d owned, %v", opens, len(r.Owned), r.error)
		}
		_ = l.Release()
	}
	// It does not wait longer than it is told to.
	dir := t.TempDir()
	filled(t, dir)
	l, err := state.Acquire(t.Context(), dir)
	must(t, err)
	defer l.Release()
	if _, err := state.Load(timeout(t, 50*time.Millisecond), dir); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
