package watch

import (
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// kernel keeps watches as inotify does: it knows directories, and each has one watch whatever it is called.
type kernel struct {
	t       *testing.T
	names   map[string]uint64 // the directory that a name was added for
	watched map[uint64]bool
	added   func(dir string)
}

func inode(t *testing.T, dir string) uint64 {
	t.Helper()
	info, err := os.Stat(dir)
	check(t, err)
	return info.Sys().(*syscall.Stat_t).Ino
}

func (k *kernel) Add(dir string) error {
	k.names[dir] = inode(k.t, dir)
	k.watched[k.names[dir]] = true
	k.added(dir)
	return nil
}

func (k *kernel) Remove(dir string) error {
	delete(k.watched, k.names[dir])
	delete(k.names, dir)
	return nil
}

func (k *kernel) Close() error { return nil }

// A directory that is renamed while it is looked at, and so seen under both names, is still watched when the name
// that is gone is let go.
func TestRenamedWhileItIsLookedAt(t *testing.T) {
	root := t.TempDir()
	at := func(names ...string) string { return filepath.Join(append([]string{root}, names...)...) }
	write(t, at("0", "y", "a.yaml"), "a")
	write(t, at("z", "y", "b.yaml"), "b")
	k := &kernel{t: t, names: map[string]uint64{}, watched: map[uint64]bool{}}
	moved := false
	k.added = func(dir string) {
		if dir == at("0", "y") && !moved {
			moved = true
			check(t, os.Rename(at("z"), at("x")))
			check(t, os.Rename(at("0"), at("z")))
		}
	}
	w := &watches{log: slog.New(slog.DiscardHandler), src: &source{adder: k}, have: map[string]os.FileInfo{}}
	// The events of the renames lead to one more look; any further one has to be asked for.
	for n := 0; n < 2 || w.again && n < 10; n++ {
		w.look([]string{root}, nil, func() {})
	}
	for _, dir := range []string{at("z"), at("z", "y"), at("x"), at("x", "y")} {
		if !k.watched[inode(t, dir)] {
			t.Errorf("%s is not watched", dir)
		}
	}
}
