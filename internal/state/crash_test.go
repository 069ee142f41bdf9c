package state_test

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"telnyxsync/internal/state"
)

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
	for what, n := range map[string]int{
		"groups": len(s.Groups), "rules": len(s.Rules), "deletions": len(s.Deletions), "orders": len(s.Orders), "troubles": len(s.Troubles),
	} {
		if n != count["toys"] {
			t.Errorf("half a transaction: %v, %d %s", count, n, what)
		}
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

// kill lets another process play a role over and over, and kills it some time after the first.
func kill(t *testing.T, role, dir string, after time.Duration) {
	t.Helper()
	cmd := child(role, dir, false)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "again\n" {
		t.Errorf("%q, %v", line, err)
	}
	time.Sleep(after)
	must(t, cmd.Process.Signal(syscall.SIGKILL))
	_ = cmd.Wait()
}

// TestKilledWhileCreating: at whatever moment the first process dies, there is a whole state or none.
func TestKilledWhileCreating(t *testing.T) {
	seen := map[bool]int{}
	for i := range 12 {
		dir := filepath.Join(t.TempDir(), "state")
		kill(t, "create", dir, time.Duration(i)*3*time.Millisecond)

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
