package state_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
	"testing"
	"time"
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
			db, release, err := state.OpenReadOnly(t.Context(), dir)
			must(t, err)
			events, err := db.History(t.Context(), nil, 5)
			if err != nil || len(events) != 5 {
				t.Errorf("%d events, %v", len(events), err)
			}
			if err := db.Commit(t.Context(), state.Record{Event: &state.Event{Op: "create"}}); err == nil {
				t.Error("what was opened for reading was written to")
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
		if got := loadAsOwner(t, dir); got != "exists true, 300 owned" {
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
		must(t, db.Commit(t.Context(), own(fmt.Sprint(i))))
		unchanged(t, dir, func() {
			s, err := state.Load(t.Context(), dir)
			if err != nil || len(s.Owned) != i+1 {
				t.Errorf("%d owned, %v", len(s.Owned), err)
			}
			s, err = db2.Snapshot(t.Context())
			if err != nil || len(s.Owned) != i+1 {
				t.Errorf("opened before: %d owned, %v", len(s.Owned), err)
			}
		})
	}
}

func own(name string) state.Record {
	return state.Record{Own: &resource.Owned{Addr: resource.Addr{Kind: "toys", Name: name}, ID: "id-" + name}}
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

// killedWriter lets another process commit records until it is killed, and tells how many it said
// it had committed.
func killedWriter(t *testing.T, dir string, records int) (committed int) {
	t.Helper()
	cmd := child("write", dir, false)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(lines.Text())
		}
		if committed = n + 1; committed == records {
			must(t, cmd.Process.Kill())
		}
	}
	_ = cmd.Wait()
	return committed
}

// wantPrefix wants the records 0…n-1 and perhaps one that was committed but not told of any more;
// each as a whole.
func wantPrefix(t *testing.T, s state.Snapshot, committed int) {
	t.Helper()
	count := map[string]int{}
	for _, o := range s.Owned {
		n, err := strconv.Atoi(o.Addr.Name)
		must(t, err)
		if n > committed {
			t.Errorf("%s was never committed", o.Addr)
		}
		count[o.Addr.Kind]++
	}
	if count["toys"] != count["pairs"] {
		t.Errorf("half a transaction: %v", count)
	}
	if count["toys"] < committed || count["toys"] > committed+1 {
		t.Errorf("%d records, committed were %d", count["toys"], committed)
	}
}

func TestKilledWriter(t *testing.T) {
	dir := worldDir(t)
	t.Setenv("TMPDIR", t.TempDir()) // where copies are made
	committed := 0
	for i, n := range []int{1, 7, 40} {
		must(t, os.RemoveAll(dir))
		committed = killedWriter(t, dir, n)
		if _, err := os.Stat(filepath.Join(dir, "state.db-wal")); err != nil {
			t.Fatalf("the log should be left behind: %v", err)
		}
		unchanged(t, dir, func() {
			s, err := state.Load(t.Context(), dir)
			must(t, err)
			wantPrefix(t, s, committed)
		})
		if i == 0 { // a power failure may lose the index, which is never written durably
			must(t, os.Remove(filepath.Join(dir, "state.db-shm")))
			unchanged(t, dir, func() {
				s, err := state.Load(t.Context(), dir)
				must(t, err)
				wantPrefix(t, s, committed)
			})
		}
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "telnyxsync-state-*")); len(left) > 0 {
		t.Errorf("copies stay behind: %v", left)
	}
	hand(t, dir, 0o500)
	unchanged(t, dir, func() {
		if got := loadAsOwner(t, dir); !strings.HasPrefix(got, "exists true, ") {
			t.Errorf("in a closed directory: %s", got)
		}
	})
	must(t, os.Chmod(dir, 0o700))
	if os.Getuid() == 0 {
		for _, f := range []string{"state.db", "state.db-wal", "state.db-shm", "lock", ""} { // to root again
			must(t, os.Chown(filepath.Join(dir, f), 0, 0))
		}
	}
	db := openState(t, dir) // the next writer takes it from there
	s, err := db.Snapshot(t.Context())
	must(t, err)
	wantPrefix(t, s, committed)
	must(t, db.Commit(t.Context(), own("next")))
}

// TestKilledWhileCreating: at whatever moment the first process dies, there is a whole state or none.
func TestKilledWhileCreating(t *testing.T) {
	seen := map[bool]int{}
	for i := range 12 {
		dir := filepath.Join(t.TempDir(), "state")
		cmd := child("create", dir, false)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		_, _ = bufio.NewReader(out).ReadString('\n')
		time.Sleep(time.Duration(i) * 3 * time.Millisecond)
		must(t, cmd.Process.Signal(syscall.SIGKILL))
		_ = cmd.Wait()

		files, err := os.ReadDir(dir)
		must(t, err)
		var names []string
		for _, f := range files {
			names = append(names, f.Name())
		}
		there := slices.Contains(names, "state.db")
		seen[there]++
		s, err := state.Load(t.Context(), dir)
		if err != nil || s.Exists != there {
			t.Errorf("%v: exists %t, %v", names, s.Exists, err)
		}
		db := openState(t, dir)
		must(t, db.Commit(t.Context(), own("a")))
		if s, err := db.Snapshot(t.Context()); err != nil || len(s.Owned) != 1 {
			t.Errorf("%v: %+v, %v", names, s, err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "state.db.new*")); left != nil {
			t.Errorf("%v stay behind", left)
		}
	}
	t.Logf("killed with a state in place: %d of 12 times", seen[true])
}

// TestLeftoversOfCreating are removed, whatever they hold, and never taken for a state.
func TestLeftoversOfCreating(t *testing.T) {
	dir := t.TempDir()
	for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
		must(t, os.WriteFile(filepath.Join(dir, "state.db.new"+suffix), []byte("half a database"), 0o600))
	}
	unchanged(t, dir, func() {
		if s, err := state.Load(t.Context(), dir); err != nil || s.Exists {
			t.Errorf("%+v, %v", s, err)
		}
	})
	must(t, openState(t, dir).Commit(t.Context(), own("a")))
	if left, _ := filepath.Glob(filepath.Join(dir, "state.db.new*")); left != nil {
		t.Errorf("%v stay behind", left)
	}
}
