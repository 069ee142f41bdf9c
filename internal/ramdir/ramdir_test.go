package ramdir

import (
	"os"
	"path/filepath"
	"testing"
)

type fake func() int

func (f fake) Run() int { return f() }

func TestNothingIsLeftBehind(t *testing.T) {
	t.Setenv("TMPDIR", "")
	var file string
	code := Tests{fake(func() int {
		dir, err := os.MkdirTemp("", "ramdir")
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
	Tests{fake(func() int {
		if got := os.TempDir(); got != dir {
			t.Errorf("temporary files go to %s, want %s", got, dir)
		}
		return 0
	})}.Run()
}
