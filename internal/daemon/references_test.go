package daemon

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/resource"
)

// Without references everything may be read; once they are written, nothing that they do not list.
func TestReferences(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]References{
		"":                          {},
		"references: {}":            {Env: []string{}, Directories: []string{}, Credentials: []string{}},
		"references: {env: [A, B]}": {Env: []string{"A", "B"}, Directories: []string{}, Credentials: []string{}},
		"references: {directories: [secrets, /run/secrets], credentials: [c]}": {
			Env: []string{}, Directories: []string{filepath.Join(dir, "secrets"), "/run/secrets"}, Credentials: []string{"c"},
		},
	} {
		path := filepath.Join(dir, "telnyxsync.yaml")
		if err := os.WriteFile(path, []byte("configs: configs\nprune: never\n"+text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := LoadConfig(path, apply.Jobs())
		if err != nil {
			t.Fatal(err)
		}
		got := c.References
		for _, lists := range [][2][]string{{got.Env, want.Env}, {got.Directories, want.Directories}, {got.Credentials, want.Credentials}} {
			if !slices.Equal(lists[0], lists[1]) || (lists[0] == nil) != (lists[1] == nil) {
				t.Errorf("%s: %+v, want %+v", text, got, want)
			}
		}
	}
}

// What is in force is looked after while the files do not load: its secrets are watched on.
func TestFilesInForceAreWatchedOn(t *testing.T) {
	l := newTestLoop(t)
	var set []string
	l.watch = func(files []string) { set = slices.Clone(files) }
	files, failure := []string{"/a", "/b"}, error(nil)
	l.Load = func(...string) (resource.Config, error) { return resource.Config{Files: files}, failure }
	l.reload(l.since)
	files, failure = []string{"/c"}, errors.New("broken")
	l.reload(l.since)
	slices.Sort(set)
	if !slices.Equal(set, []string{"/a", "/b", "/c"}) {
		t.Errorf("watched: %v", set)
	}
}
