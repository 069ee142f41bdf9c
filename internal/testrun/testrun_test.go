package testrun

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

type fake func() int

func (f fake) Run() int { return f() }

func TestNothingIsLeftBehind(t *testing.T) {
	t.Setenv("TMPDIR", "")
	var file string
	code := Tests{M: fake(func() int {
		dir, err := os.MkdirTemp("", "testrun")
		if err != nil {
			t.Fatal(err)
		}
		file = filepath.Join(dir, "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if !roomy(shared) {
			os.RemoveAll(dir)
		}
		return 7
	})}.Run()
	if _, err := os.Stat(file); code != 7 || !os.IsNotExist(err) {
		t.Errorf("exit code %d, and of %s: %v", code, file, err)
	}
}

func TestTMPDIRIsKept(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	Tests{M: fake(func() int {
		if got := os.TempDir(); got != dir {
			t.Errorf("temporary files go to %s, want %s", got, dir)
		}
		return 0
	})}.Run()
}

func TestLawsAreDrawnAsOftenAsIsSaid(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	checks := flag.Int("rapid.checks", 100, "as rapid declares it")
	for _, c := range []struct {
		said     int
		variable string
		tests    string
		want     int
	}{{0, "", "", 100}, {40, "", "", 40}, {40, "20", "", 100}, {40, "", "full", 100}} { // rapid itself reads the variable
		*checks = 100
		t.Setenv("RAPID_CHECKS", c.variable)
		t.Setenv("TELNYXSYNC_TESTS", c.tests)
		tests := Tests{M: fake(func() int { return 0 }), Checks: c.said}
		if tests.Run(); *checks != c.want {
			t.Errorf("said %d, RAPID_CHECKS=%q, TELNYXSYNC_TESTS=%q: drawn %d times, want %d", c.said, c.variable, c.tests, *checks, c.want)
		}
	}
}
