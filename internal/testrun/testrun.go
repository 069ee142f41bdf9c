// Package testrun makes a run of tests cheap. What they write is kept in memory: they write thousands of
// databases and files, and waiting for a disk to have each of them for good costs more than all else.
// Laws that run whole programs are drawn less often than rapid would, unless everything is asked for.
//
// It is for tests only, and knows nothing of them.
package testrun

import (
	"flag"
	"os"
	"runtime/debug"
	"strconv"
)

// tests is a *testing.M, or what stands for one.
type tests interface{ Run() int }

// Tests are tests whose temporary files are kept in memory, where there is room for them and TMPDIR does
// not say otherwise.
type Tests struct {
	M tests
	// Checks is how often each law is drawn, unless they run in full, or RAPID_CHECKS or -rapid.checks says
	// otherwise; 0 is as rapid has it.
	Checks int
}

// Run runs them, and leaves nothing behind.
func (t Tests) Run() int {
	// Thousands of short runs make much garbage and keep nothing.
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(400))
	}
	// Not parsed yet: what the command line says comes after it.
	if checks := flag.Lookup("rapid.checks"); t.Checks > 0 && checks != nil && !Full() && os.Getenv("RAPID_CHECKS") == "" {
		if err := checks.Value.Set(strconv.Itoa(t.Checks)); err != nil {
			panic(err)
		}
	}
	if os.Getenv("TMPDIR") != "" || !roomy(shared) {
		return t.M.Run()
	}
	dir, err := os.MkdirTemp(shared, "telnyxsync-test-")
	if err != nil {
		return t.M.Run() // it may not be ours to write to
	}
	defer func() { _ = os.RemoveAll(dir) }()
	// As in the usual place, another user can get to the files that allow it.
	if os.Chmod(dir, 0o711) != nil || os.Setenv("TMPDIR", dir) != nil { //nolint:gosec // nothing in it can be listed
		return t.M.Run()
	}
	return t.M.Run()
}

// Full says that costly tests are to do all that they can: TELNYXSYNC_TESTS=full asks for it, as CI does once.
func Full() bool { return os.Getenv("TELNYXSYNC_TESTS") == "full" }

// shared is where Linux has a file system in memory.
const shared = "/dev/shm"
