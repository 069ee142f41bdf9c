package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"telnyxsync/internal/contract"
	"telnyxsync/internal/state"
	"telnyxsync/internal/telnyxsim"
)

// The tests of this file are stories of what must not happen: something foreign is taken or
// deleted, something of ours is lost or made twice, calls are cut off.

const rec = "{host: a.example.com, port: 5060}"

// newRigBehind is newRig with something in front of the API that hands on what it is to answer.
func newRigBehind(t testing.TB, front func(w http.ResponseWriter, req *http.Request, next http.Handler)) *rig {
	t.Helper()
	sim, err := telnyxsim.New(telnyxsim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	api := contract.Wrap(t, sim)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if strings.HasPrefix(req.URL.Path, "/v2/") {
			front(w, req, api)
			return
		}
		sim.ServeHTTP(w, req)
	}))
	t.Cleanup(srv.Close)
	return newRigAt(t, srv.URL)
}

// called tells whether a request is METHOD PATH, as the journal names it.
func called(req *http.Request, call string) bool {
	return req.Method+" "+strings.TrimPrefix(req.URL.Path, "/v2") == call
}

// deadly is a rig whose commands can be killed.
type deadly struct {
	*rig
	next atomic.Pointer[strike]
}

type strike struct {
	call    string
	done    bool // what the request asks for is done
	cmd     *exec.Cmd
	started chan struct{}
}

func newDeadly(t testing.TB) *deadly {
	t.Helper()
	d := &deadly{}
	d.rig = newRigBehind(t, func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		s := d.next.Load()
		if s == nil || !called(req, s.call) || !d.next.CompareAndSwap(s, nil) {
			next.ServeHTTP(w, req)
			return
		}
		if s.done {
			next.ServeHTTP(httptest.NewRecorder(), req)
		}
		<-s.started
		_ = s.cmd.Process.Kill()
		panic(http.ErrAbortHandler)
	})
	return d
}

// kill runs a command and kills it when it makes a call; done tells whether the call takes effect.
func (d *deadly) kill(call string, done bool, args ...string) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s := &strike{call: call, done: done, cmd: d.process(ctx, args...), started: make(chan struct{})}
	d.next.Store(s)
	if err := s.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	close(s.started)
	_ = s.cmd.Wait() // killed
	if d.next.Swap(nil) != nil {
		d.t.Fatalf("telnyxsync %s ended without %s", strings.Join(args, " "), call)
	}
}

// wrote wants the writes since the last look.
func (r *rig) wrote(want ...string) {
	r.t.Helper()
	if _, writes := r.calls(); !slices.Equal(writes, want) {
		r.t.Errorf("writes: %q, want %q", writes, want)
	}
	r.clear()
}

// problem wants a plan of one problem about an address, with all of the texts, and no change.
func (r *rig) problem(p planDoc, address string, held bool, texts ...string) {
	r.t.Helper()
	if len(p.Changes) > 0 || len(p.Problems) != 1 || p.Problems[0].Address != address || p.Problems[0].Held != held {
		r.t.Errorf("plan: %+v, want one problem about %s, held: %t", p, address, held)
		return
	}
	for _, text := range texts {
		if !strings.Contains(p.Problems[0].text(), text) {
			r.t.Errorf("%s: %s, want %q in it", address, p.Problems[0].text(), text)
		}
	}
}

// refused wants a command to fail, saying so.
func (r *rig) refused(text string, args ...string) {
	r.t.Helper()
	if _, stderr := r.run(1, args...); !strings.Contains(stderr, text) {
		r.t.Errorf("telnyxsync %s: %s, want %q", strings.Join(args, " "), stderr, text)
	}
}

// otherKey is the flag that gives another API key.
func (r *rig) otherKey() string {
	r.t.Helper()
	path := filepath.Join(r.t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("KEY-of-another\n"), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return "--api-key-file=" + path
}

// connection finds the one connection of the account.
func (r *rig) connection() map[string]any {
	r.t.Helper()
	list := r.account(nil)["external_connections"]
	if len(list) != 1 {
		r.t.Fatalf("connections: %v, want one", list)
	}
	return list[0]
}

func TestAnotherAccountWithTheSameNamesIsLeftAlone(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a.yaml", "external_connections:\n  one: "+zoom+"\nsiprec_connectors:\n  gone: "+rec+"\n  rec: "+rec+"\n")
	r.run(0, "apply", "--yes")
	r.account(func(account map[string][]map[string]any) { // the connectors have the same names there
		account["external_connections"][0]["id"] = "77"
		account["external_connections"][0]["tags"] = []any{}
	})
	r.write("a.yaml", "external_connections: {}\nsiprec_connectors:\n  rec: {host: b.example.com, port: 5060}\n")
	r.clear()
	key := r.otherKey()
	for _, command := range [][]string{{"diff", "--prune"}, {"apply", "--yes", "--prune"}, {"state", "adopt", "siprec_connectors/new", "rec"}} {
		r.refused("seems to be of another account", append(command, key)...)
	}
	r.wrote()
}

func TestNamesProveNoAccount(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a.yaml", "siprec_connectors:\n  gone: "+rec+"\n  rec: "+rec+"\n")
	r.run(0, "apply", "--yes")
	r.write("a.yaml", "siprec_connectors:\n  rec: "+rec+"\n")
	r.clear()
	key := r.otherKey()
	for _, command := range [][]string{{"diff", "--prune"}, {"apply", "--yes", "--prune"}, {"state", "adopt", "siprec_connectors/new", "rec"}} {
		r.refused("--accept-account", append(command, key)...)
	}
	r.wrote()
	r.run(0, "apply", "--yes", "--prune", "--accept-account", key)
	r.wrote("DELETE /siprec_connectors/gone")
	r.run(0, "diff", "--prune", key) // that key is the known one now
	r.refused("--accept-account", "diff", "--prune")
}

func TestBegunCreatesProveNoAccount(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a.yaml", "external_connections:\n  one: "+zoom+"\n")
	r.fault("POST /external_connections", "drop-before-commit", "times", "-1")
	r.run(1, "apply", "--yes", "--settle", "5ms")
	r.control("DELETE", "/faults", nil)
	r.clear()
	key := r.otherKey()
	r.refused("--accept-account", "diff", key)
	r.refused("--accept-account", "apply", "--yes", key)
	r.wrote()
	r.run(0, "apply", "--yes", "--settle", "5ms")
}

// A connection is set inactive before it is deleted. Killed in between, and its entry written again,
// it has to carry calls again.
func TestAConnectionThatWasNotDeletedIsPutUpAgain(t *testing.T) {
	t.Parallel()
	before := "external_connections:\n  one: " + zoom + "\nsiprec_connectors:\n  rec: " + rec + "\n"
	r := newDeadly(t)
	r.write("a.yaml", before)
	r.run(0, "apply", "--yes")
	id := fmt.Sprint(r.connection()["id"])
	r.write("a.yaml", "external_connections: {}\nsiprec_connectors:\n  rec: "+rec+"\n")
	r.kill("DELETE /external_connections/"+id, false, "apply", "--yes", "--prune")
	if r.connection()["active"] != false {
		t.Fatal("it is still active: nothing is tested")
	}
	r.write("a.yaml", before)
	p := r.plan(3, "diff")
	if len(p.Changes) != 1 || len(p.Changes[0].Deltas) != 1 || p.Changes[0].Deltas[0].Path != "/active" ||
		p.Changes[0].Deltas[0].Old != false || p.Changes[0].Deltas[0].New != true || p.Changes[0].Deltas[0].Origin != "drift" {
		t.Errorf("plan: %+v", p)
	}
	r.run(0, "apply", "--yes")
	if r.connection()["active"] != true {
		t.Error("it is not active")
	}
	r.run(0, "diff")
	// That is over: what somebody else sets inactive now stays so, as nobody writes `active`.
	r.account(func(account map[string][]map[string]any) { account["external_connections"][0]["active"] = false })
	r.run(0, "diff")
}

func TestAConnectionWhoseDeletionIsRefusedIsPutUpAgain(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a.yaml", "external_connections:\n  one: "+zoom+"\nsiprec_connectors:\n  rec: "+rec+"\n")
	r.run(0, "apply", "--yes")
	r.write("a.yaml", "external_connections: {}\nsiprec_connectors:\n  rec: "+rec+"\n")
	r.fault("DELETE /external_connections/*", "status", "status", "422")
	out, _ := r.run(1, "apply", "--yes", "--prune")
	if r.connection()["active"] != true || !strings.Contains(out, "was not deleted and is active again") {
		t.Errorf("%v\n%s", r.connection(), out)
	}
	r.run(0, "apply", "--yes", "--prune")
	if list := r.account(nil)["external_connections"]; len(list) > 0 {
		t.Errorf("left: %v", list)
	}
}

// Numbers are assigned while the run is on its way.
func TestNumbersThatComeAfterThePlanKeepTheirConnection(t *testing.T) {
	t.Parallel()
	var r *rig
	var armed atomic.Bool
	var counts atomic.Int32
	r = newRigBehind(t, func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		// The first two looks are those of the plan, before and under the lock.
		if armed.Load() && called(req, "GET /phone_numbers") && counts.Add(1) == 3 {
			id := req.URL.Query().Get("filter[connection_id]")
			r.account(func(account map[string][]map[string]any) {
				account["phone_numbers"] = []map[string]any{{"phone_number": "+15125550100", "connection_id": id}}
			})
		}
		next.ServeHTTP(w, req)
	})
	r.write("a.yaml", "external_connections:\n  keep: "+zoom+"\n  one: "+zoom+"\n")
	r.run(0, "apply", "--yes")
	r.write("a.yaml", "external_connections:\n  keep: "+zoom+"\n")
	r.clear()
	armed.Store(true)
	out, _ := r.run(1, "apply", "--yes", "--prune")
	if !strings.Contains(out, "it holds 1 number since a moment ago") || counts.Load() != 3 {
		t.Errorf("%d counts of numbers\n%s", counts.Load(), out)
	}
	r.wrote()
	for _, c := range r.account(nil)["external_connections"] {
		if c["active"] != true {
			t.Errorf("not active: %v", c)
		}
	}
}

func TestAReplaceThatIsTakenBackIsOver(t *testing.T) {
	t.Parallel()
	first, second := "siprec_connectors:\n  rec: {name: first, host: a.example.com, port: 5060}\n", "siprec_connectors:\n  rec: {name: second, host: a.example.com, port: 5060}\n"
	r, _ := newRig(t)
	r.write("a.yaml", first)
	r.run(0, "apply", "--yes")
	r.write("a.yaml", second)
	r.fault("POST /siprec_connectors", "drop-before-commit", "times", "-1")
	r.run(1, "apply", "--yes", "--settle", "5ms")
	r.control("DELETE", "/faults", nil)
	if out, _ := r.run(0, "state", "list"); !strings.Contains(out, "in doubt:") {
		t.Fatalf("no intent: nothing is tested\n%s", out)
	}
	r.write("a.yaml", first)
	r.run(0, "apply", "--yes")
	if out, _ := r.run(0, "state", "list"); strings.Contains(out, "in doubt:") {
		t.Errorf("the intent stands:\n%s", out)
	}
	// Somebody else makes one of the other name, with the very settings.
	r.account(func(account map[string][]map[string]any) {
		account["siprec_connectors"] = append(account["siprec_connectors"], map[string]any{"name": "second", "host": "a.example.com", "port": 5060})
	})
	r.write("a.yaml", second)
	r.clear()
	r.problem(r.plan(1, "diff"), "siprec_connectors/rec", true, "another object of that name which is not ours")
	r.run(1, "apply", "--yes")
	r.wrote()
}

// Begun, made, and then the YAML means something else: a person has to say what becomes of what was made.
func TestWhatALostCreateMadeIsNotForgotten(t *testing.T) {
	t.Parallel()
	named := func(name string) string {
		return "siprec_connectors:\n  keep: " + rec + "\n  rec: {name: " + name + ", host: a.example.com, port: 5060}\n"
	}
	t.Run("a replace is taken back", func(t *testing.T) {
		r := newDeadly(t)
		r.write("a.yaml", named("first"))
		r.run(0, "apply", "--yes")
		r.write("a.yaml", named("second"))
		r.kill("DELETE /siprec_connectors/first", false, "apply", "--yes")
		r.write("a.yaml", named("first"))
		r.clear()
		r.problem(r.plan(1, "diff"), "siprec_connectors/rec", true, `"first"`, `"second"`, "taken back")
		r.run(1, "apply", "--yes")
		r.wrote()
		// An entry for what was made settles it.
		r.write("b.yaml", "siprec_connectors:\n  other: {name: second, host: a.example.com, port: 5060}\n")
		r.run(0, "apply", "--yes")
		r.wrote()
		r.run(0, "diff", "--prune")
	})
	t.Run("a replace goes elsewhere", func(t *testing.T) {
		r := newDeadly(t)
		r.write("a.yaml", named("first"))
		r.run(0, "apply", "--yes")
		r.write("a.yaml", named("second"))
		r.kill("DELETE /siprec_connectors/first", false, "apply", "--yes")
		r.write("a.yaml", named("third"))
		r.clear()
		r.problem(r.plan(1, "diff"), "siprec_connectors/rec", true, `"first"`, `"second"`)
		r.run(1, "apply", "--yes")
		r.wrote()
	})
	t.Run("a create gets another name", func(t *testing.T) {
		r := newDeadly(t)
		r.write("a.yaml", "siprec_connectors:\n  keep: "+rec+"\n")
		r.run(0, "apply", "--yes")
		r.write("a.yaml", named("first"))
		r.kill("POST /siprec_connectors", true, "apply", "--yes")
		r.write("a.yaml", named("second"))
		r.clear()
		r.problem(r.plan(1, "diff"), "siprec_connectors/rec", true, "first", "telnyxsync state adopt siprec_connectors/rec")
		r.run(1, "apply", "--yes", "--settle", "5ms")
		r.wrote()
		r.run(0, "state", "adopt", "siprec_connectors/rec", "first")
		r.run(0, "apply", "--yes")
		r.wrote("POST /siprec_connectors", "DELETE /siprec_connectors/first")
		r.run(0, "diff", "--prune")
	})
}

// The new one is there and the old one cannot be deleted; later it can.
func TestAHalfDoneReplaceIsFinished(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a.yaml", "siprec_connectors:\n  rec: {name: first, host: a.example.com, port: 5060}\n")
	r.run(0, "apply", "--yes")
	r.write("a.yaml", "siprec_connectors:\n  rec: {name: second, host: a.example.com, port: 5060}\n")
	r.fault("DELETE /siprec_connectors/first", "status", "status", "422")
	out, _ := r.run(1, "apply", "--yes")
	if !strings.Contains(out, "the old one is still there") {
		t.Errorf("%s", out)
	}
	r.clear()
	p := r.plan(2, "diff")
	if len(p.Changes) != 1 || p.Changes[0].Op != "replace" || len(p.Problems) > 0 {
		t.Errorf("plan: %+v", p)
	}
	r.run(0, "apply", "--yes")
	if _, writes := r.calls(); slices.Contains(writes, "POST /siprec_connectors") || !slices.Contains(writes, "DELETE /siprec_connectors/first") {
		t.Errorf("writes: %v", writes)
	}
	if got := r.found(); !slices.Equal(got, []string{"siprec:second"}) {
		t.Errorf("the account holds %v", got)
	}
	r.run(0, "diff", "--prune")
	if out, _ := r.run(0, "state", "list"); strings.Contains(out, "in doubt:") {
		t.Errorf("the intent stands:\n%s", out)
	}
}

func TestAConfigurationDoesNotTakeWhatIsAnothers(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	one := "external_connections:\n  one: " + zoom + "\n"
	r.write("a/a.yaml", one+"siprec_connectors:\n  rec: "+rec+"\n")
	r.write("b/b.yaml", one+"siprec_connectors:\n  mine: {name: rec, host: b.example.com, port: 5060}\n")
	r.run(0, "apply", "--yes", "a")
	r.clear()
	for _, args := range [][]string{{"diff", "b"}, {"apply", "--yes", "--prune", "b"}} {
		p := r.plan(1, args...)
		if len(p.Changes) > 0 || len(p.Problems) != 2 || !p.Problems[0].Held || !p.Problems[1].Held ||
			!strings.Contains(p.Problems[0].text(), "belongs to the configuration "+filepath.Join(r.dir, "a")) ||
			!strings.Contains(p.Problems[1].text(), "state forget siprec_connectors/rec") {
			t.Errorf("%v: %+v", args, p)
		}
	}
	r.wrote()
	r.run(0, "diff", "--prune", "a")

	t.Run("the directory has moved", func(t *testing.T) {
		if err := os.RemoveAll(filepath.Join(r.dir, "b")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(r.dir, "a"), filepath.Join(r.dir, "c")); err != nil {
			t.Fatal(err)
		}
		r.run(0, "apply", "--yes", "--prune", "c")
		r.wrote()
		if out, _ := r.run(0, "state", "list"); strings.Count(out, filepath.Join(r.dir, "c")) != 2 {
			t.Errorf("%s", out)
		}
	})
	t.Run("one within the other", func(t *testing.T) {
		for _, path := range []string{".", "c", "c/a.yaml", "."} {
			if p := r.plan(0, "apply", "--yes", path); len(p.Problems) > 0 {
				t.Errorf("%s: %+v", path, p)
			}
		}
		r.wrote()
	})
	t.Run("by another path", func(t *testing.T) {
		if err := os.Symlink(filepath.Join(r.dir, "c"), filepath.Join(r.dir, ".link")); err != nil {
			t.Fatal(err)
		}
		r.run(0, "apply", "--yes", "c")
		r.run(0, "apply", "--yes", ".link")
		r.wrote()
	})
}

func TestObjectsOfOtherConfigurationsAreMentioned(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a/a.yaml", "siprec_connectors:\n  one: "+rec+"\n  two: "+rec+"\n")
	r.write("b/b.yaml", "external_connections:\n  three: "+zoom+"\n")
	r.run(0, "apply", "--yes", "a", "b")
	for path, note := range map[string]string{
		"a": "1 owned object belongs to the configuration " + filepath.Join(r.dir, "b") + ", which is not part of this run, and is left alone",
		"b": "2 owned objects belong to the configuration " + filepath.Join(r.dir, "a") + ", which is not part of this run, and are left alone",
	} {
		if out, _ := r.run(0, "diff", path); !strings.Contains(out, note) {
			t.Errorf("%s: %s, want %q", path, out, note)
		}
	}
	if out, _ := r.run(0, "diff", "a", "b"); strings.Contains(out, "not part of this run") {
		t.Errorf("%s", out)
	}
}

func TestAnEmptyConfigurationForbidsDeletions(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a/a.yaml", "siprec_connectors:\n  one: "+rec+"\n  two: "+rec+"\n")
	r.write("b/b.yaml", "siprec_connectors:\n  three: "+rec+"\n")
	r.run(0, "apply", "--yes", "a", "b")
	r.write("a/a.yaml", "siprec_connectors:\n  one: "+rec+"\n")
	r.write("b/b.yaml", "# nothing, for some reason\n")
	r.clear()
	p := r.plan(4, "apply", "--yes", "--prune", "a", "b")
	if len(p.Withheld) != 1 || p.Withheld[0].Address != "siprec_connectors/two" || !strings.Contains(p.Withheld[0].withheld(), filepath.Join(r.dir, "b")) {
		t.Errorf("plan: %+v", p)
	}
	r.wrote()
	// A file without a byte is one that was cut off.
	r.write("b/b.yaml", "")
	for _, args := range [][]string{{"validate", "a", "b"}, {"diff", "a", "b"}, {"apply", "--yes", "--prune", "a", "b"}} {
		r.refused("b.yaml", args...)
	}
	r.wrote()
}

// A full disk passes; damage does not. Nobody should be told to restore a backup for the first.
func TestAFullDiskIsNoDamage(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	if err := os.Mkdir(r.state, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", r.state, "tmpfs", 0, "size=512k,mode=0700"); err != nil {
		t.Skipf("a small file system cannot be mounted (%v), which takes root: run this test as root on Linux", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(r.state, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	filler := filepath.Join(r.state, "filler")
	fill := func(free int) {
		t.Helper()
		var fs syscall.Statfs_t
		if err := syscall.Statfs(r.state, &fs); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filler, make([]byte, max(int(fs.Bavail)*int(fs.Bsize)-free, 0)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const page = 4096
	r.write("a.yaml", "siprec_connectors:\n  one: "+rec+"\n")
	try := func(free int) (failed bool) {
		t.Helper()
		fill(free)
		out, code := r.exits("apply", "--yes")
		if strings.Contains(out, "damage") || code != 0 && !strings.Contains(out, "full") && !strings.Contains(out, "free space") && !strings.Contains(out, "no space") {
			t.Errorf("with %d bytes free: %s", free, out)
		}
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		return code != 0
	}
	if !try(2*page) || !try(6*page) {
		t.Error("the state was made on a full disk: nothing was tested")
	}
	r.wrote()
	r.run(0, "apply", "--yes")
	r.write("a.yaml", "siprec_connectors:\n  one: "+rec+"\n  two: "+rec+"\n")
	failed := 0
	for free := 0; free <= 12; free += 2 {
		if try(free * page) {
			failed++
		}
	}
	if failed == 0 {
		t.Error("nothing failed: nothing was tested")
	}
	r.run(0, "apply", "--yes", "--settle", "5ms")
	r.run(0, "diff")
	if got := r.found(); !slices.Equal(got, []string{"siprec:one", "siprec:two"}) {
		t.Errorf("the account holds %v", got)
	}
}

func TestAnAbandonedCreateIsSaidAndEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		done bool
		says string
		then int // what a diff ends with that would prune: an empty configuration deletes nothing
	}{
		{"it was made", true, "orphan siprec_connectors/rec orphan_made", exitWithheld},
		{"it was not made", false, "note siprec_connectors/rec came_to_nothing", exitOK},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newDeadly(t)
			r.write("a.yaml", "siprec_connectors:\n  rec: "+rec+"\n")
			r.kill("POST /siprec_connectors", c.done, "apply", "--yes")
			r.write("a.yaml", "siprec_connectors: {}\n")
			r.clear()
			if p := r.plan(0, "diff"); !slices.Equal(p.codes(), []string{c.says}) {
				t.Errorf("diff says %v, want %s", p.codes(), c.says)
			}
			r.run(0, "apply", "--yes", "--prune", "--settle", "5ms")
			r.wrote()
			if known := r.remembered(); len(known.Intents) > 0 || len(known.Owned) > 0 != c.done {
				t.Errorf("remembered: %+v", known)
			}
			r.run(c.then, "diff", "--prune")
		})
	}
}

func TestALostCreateWhoseTagWasChangedIsNotMadeTwice(t *testing.T) {
	t.Parallel()
	var r *rig
	var lost atomic.Bool
	r = newRigBehind(t, func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		if !called(req, "POST /external_connections") || lost.Swap(true) {
			next.ServeHTTP(w, req)
			return
		}
		next.ServeHTTP(httptest.NewRecorder(), req)
		r.account(func(account map[string][]map[string]any) {
			account["external_connections"][0]["tags"] = []any{"telnyxsync:default:nobody"}
		})
		panic(http.ErrAbortHandler)
	})
	r.write("a.yaml", "external_connections:\n  one: "+zoom+"\n")
	r.run(1, "apply", "--yes", "--settle", "5ms")
	id := fmt.Sprint(r.connection()["id"])
	r.problem(r.plan(1, "diff"), "external_connections/one", true, id, "telnyxsync state adopt external_connections/one ID")
	r.run(1, "apply", "--yes", "--settle", "5ms")
	r.wrote("POST /external_connections")
}

// Who removes the file `lock` does not let a second writer in.
func TestRemovingTheLockFileLetsNobodyIn(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a.yaml", "siprec_connectors:\n  rec: "+rec+"\n")
	lock, err := state.Acquire(context.Background(), r.state)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(r.state, "lock")); err != nil {
		t.Fatal(err)
	}
	r.refused("in use by another telnyxsync", "apply", "--yes", "--lock-wait", "200ms")
	r.wrote()
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	r.run(0, "apply", "--yes")
}

func TestAConnectionOfAnotherTypeIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.account(func(account map[string][]map[string]any) {
		account["external_connections"] = []map[string]any{{
			"id": "11", "external_sip_connection": "operator_connect", "outbound": map[string]any{"outbound_voice_profile_id": "1"},
		}}
	})
	r.write("a.yaml", `external_connections: {one: {id: "11", external_sip_connection: zoom, outbound: {outbound_voice_profile_id: "2"}, tags: [x]}}`)
	for range 2 { // found by its id, and known by state
		r.problem(r.plan(1, "diff"), "external_connections/one", true, "/external_sip_connection cannot be changed")
		r.run(1, "apply", "--yes")
		r.wrote()
		r.run(0, "state", "adopt", "external_connections/one", "11")
	}
}

func TestVanishedObjectsAreCapped(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a.yaml", "siprec_connectors:\n  a: "+rec+"\n  b: "+rec+"\n  c: "+rec+"\n")
	r.run(0, "apply", "--yes")
	r.account(func(account map[string][]map[string]any) { account["siprec_connectors"] = []map[string]any{} })
	r.write("b.yaml", "siprec_connectors:\n  new: "+rec+"\n")
	r.clear()
	p := r.plan(4, "diff", "--max-deletes", "2")
	if len(p.Changes) != 1 || len(p.Withheld) != 3 || !strings.Contains(p.Withheld[0].withheld(), "siprec_connectors that are gone and would be made anew: 3 planned, at most 2 in 24 hours") {
		t.Errorf("plan: %+v", p)
	}
	r.run(4, "apply", "--yes", "--max-deletes", "2")
	r.wrote("POST /siprec_connectors") // the one that never was there
	r.run(0, "apply", "--yes", "--max-deletes", "3")
	if got := r.found(); len(got) != 4 {
		t.Errorf("the account holds %v", got)
	}
}
