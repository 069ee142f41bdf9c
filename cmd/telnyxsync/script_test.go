package main

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
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
	dir, err := filepath.Abs(filepath.Join("testdata", "script"))
	if err != nil {
		t.Fatal(err)
	}
	names := variables(t, dir)
	testscript.Run(t, testscript.Params{
		Dir:           dir,
		UpdateScripts: os.Getenv("UPDATE") != "",
		Setup: func(env *testscript.Env) error {
			sim, err := telnyxsim.New(telnyxsim.Config{})
			if err != nil {
				return err
			}
			surroundings.Lock() // the document is looked for from the working directory
			srv := httptest.NewServer(contract.Wrap(t, sim))
			surroundings.Unlock()
			env.Defer(srv.Close)
			env.Values["script"] = &script{sim: sim, tmp: env.Getenv("TMPDIR"), variable: names, given: map[string]bool{}}
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

func simOf(ts *testscript.TestScript) *telnyxsim.Sim { return scriptOf(ts).sim }

// script is one script that runs.
type script struct {
	sim      *telnyxsim.Sim
	tmp      string
	variable []string        // all that any script gives a value
	given    map[string]bool // those that this one has given one
}

func scriptOf(ts *testscript.TestScript) *script { return ts.Value("script").(*script) }

// surroundings is held by whoever needs the directory and the environment of this process. No test that needs them
// runs at the same time as the scripts: TestScripts is not parallel to any, its scripts are to each other.
var surroundings sync.Mutex

// fits tells whether a command can run in this process: it began in its own timezone, and has one directory
// for temporary files.
func (s *script) fits(ts *testscript.TestScript) bool {
	return ts.Getenv("TZ") == "" && ts.Getenv("TMPDIR") == s.tmp
}

// here runs telnyxsync in this process, in the directory and the environment of the script: starting a
// process takes longer than nearly all of its commands.
func (s *script) here(ts *testscript.TestScript, args []string) (code int) {
	surroundings.Lock()
	defer surroundings.Unlock()
	was, err := os.Getwd()
	ts.Check(err)
	defer func() { ts.Check(os.Chdir(was)) }()
	ts.Check(os.Chdir(ts.MkAbs(".")))
	for _, name := range s.variable {
		if v, set := os.LookupEnv(name); set {
			defer os.Setenv(name, v)
		} else {
			defer os.Unsetenv(name)
		}
		v := ts.Getenv(name)
		if s.given[name] = s.given[name] || v != ""; s.given[name] {
			err = os.Setenv(name, v)
		} else {
			err = os.Unsetenv(name)
		}
		ts.Check(err)
	}
	return run(context.Background(), args, strings.NewReader(""), ts.Stdout(), ts.Stderr())
}

// variables are the names that scripts give values, beside those that are there from the beginning.
func variables(t *testing.T, dir string) []string {
	t.Helper()
	names := map[string]bool{"HOME": true, "TELNYX_BASE_URL": true, "TELNYX_API_KEY": true, "STATE_DIRECTORY": true, "NO_PROXY": true, "PWD": true}
	for _, variable := range secrets {
		name, _, _ := strings.Cut(variable, "=")
		names[name] = true // which are there for the other tests
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^env '?(\w+)=`).FindAllStringSubmatch(string(text), -1) {
			names[m[1]] = true
		}
	}
	delete(names, "TMPDIR")
	delete(names, "TZ")
	return slices.Sorted(maps.Keys(names))
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if s := scriptOf(ts); args[1] == "telnyxsync" && s.fits(ts) {
		got = s.here(ts, args[2:])
	} else if err := ts.Exec(args[1], args[2:]...); err != nil {
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
