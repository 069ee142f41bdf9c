package main

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"telnyxsync/internal/contract"
	"telnyxsync/internal/telnyxsim"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts types the commands of testdata/script/*.txtar. Each script has a simulated account
// of its own ($SIM) that TELNYX_BASE_URL points at, and these commands beside testscript's:
//
//	exits CODE COMMAND…  runs a command that must end with this exit code
//	account FILE         replaces the account
//	fault JSON           injects a fault, see `telnyxsync help sim`
//	faults-end           takes all faults away
//	writes [CALL…]       the writing calls since the last look must be these, in any order
//	reads N              the reading calls since the last look must be so many
func TestScripts(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", "..", "examples"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: os.Getenv("UPDATE") != "",
		Setup: func(env *testscript.Env) error {
			sim, err := telnyxsim.New(telnyxsim.Config{})
			if err != nil {
				return err
			}
			srv := httptest.NewServer(contract.Wrap(t, sim))
			env.Defer(srv.Close)
			env.Values["sim"] = sim
			env.Setenv("SIM", srv.URL)
			env.Setenv("TELNYX_BASE_URL", srv.URL+"/v2")
			env.Setenv("TELNYX_API_KEY", "KEY0123456789")
			env.Setenv("STATE_DIRECTORY", filepath.Join(env.WorkDir, ".state"))
			env.Setenv("HOME", filepath.Join(env.WorkDir, ".home"))
			env.Setenv("EXAMPLES", root)
			env.Setenv("NO_PROXY", "127.0.0.1")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":      exits,
			"account":    setAccount,
			"fault":      addFault,
			"faults-end": func(ts *testscript.TestScript, _ bool, _ []string) { simOf(ts).ClearFaults() },
			"writes":     checkWrites,
			"reads":      checkReads,
		},
	})
}

func simOf(ts *testscript.TestScript) *telnyxsim.Sim { return ts.Value("sim").(*telnyxsim.Sim) }

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func setAccount(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(simOf(ts).SetAccount([]byte(ts.ReadFile(args[0]))))
}

func addFault(ts *testscript.TestScript, _ bool, args []string) {
	var f telnyxsim.Fault
	ts.Check(json.Unmarshal([]byte(args[0]), &f))
	ts.Check(simOf(ts).AddFaults(f))
}

func checkWrites(ts *testscript.TestScript, _ bool, args []string) {
	left := map[string]int{}
	for _, a := range args {
		left[a]++
	}
	for _, j := range simOf(ts).Journal() {
		if call := j.Method + " " + j.Path; j.Method != "GET" {
			left[call]--
		}
	}
	simOf(ts).ClearJournal()
	for call, n := range left {
		if n != 0 {
			ts.Fatalf("writing calls: %q is %d too few (or, negative, too many)", call, n)
		}
	}
}

func checkReads(ts *testscript.TestScript, _ bool, args []string) {
	n := 0
	var all []string
	for _, j := range simOf(ts).Journal() {
		if j.Method == "GET" {
			n++
			all = append(all, j.Path)
		}
	}
	simOf(ts).ClearJournal()
	if strconv.Itoa(n) != args[0] {
		ts.Fatalf("%d reading calls, want %s: %s", n, args[0], strings.Join(all, " "))
	}
}
