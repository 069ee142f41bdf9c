package watch

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// age makes a file look as if it had been there for long; only its change time tells otherwise.
func age(t *testing.T, path string) {
	t.Helper()
	old := time.Now().Add(-time.Hour)
	check(t, os.Chtimes(path, old, old))
}

func TestSetFiles(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	one, two := filepath.Join(dir, "deep", "one.mp3"), filepath.Join(dir, "two.txt")
	write(t, two, "two")
	w := newWatcher(t, testConfig(root))
	run(t, w)
	both := func() string { return file(one)() + file(two)() }
	c := consume(t, w, both)
	c.still("a file nobody has named", func() { write(t, two, "more") })

	w.SetFiles([]string{two, one, two})
	// It has changed a moment ago: perhaps after it was read.
	eventually(t, "a kick for the new file", func() bool { return c.count() == 1 })
	c.expect("written", func() { write(t, two, "2") })
	c.expect("made", func() { write(t, one, "1") })
	c.expect("replaced", func() {
		write(t, one+".tmp", "11")
		check(t, os.Rename(one+".tmp", one))
	})
	c.still("a file beside it", func() { write(t, one+".other", "1") })
	c.still("the same files", func() { w.SetFiles([]string{one, two}) })
	w.SetFiles([]string{one})
	time.Sleep(quiet)
	c.still("a file that is no longer named", func() { write(t, two, "22") })
	c.expect("one that still is", func() { write(t, one, "111") })
}

func TestSecretInKubernetesVolume(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	secret := filepath.Join(dir, "key")
	write(t, filepath.Join(dir, "..1", "key"), "one")
	write(t, filepath.Join(dir, "..2", "key"), "two")
	check(t, os.Symlink("..1", filepath.Join(dir, "..data")))
	check(t, os.Symlink("..data/key", secret))
	w := newWatcher(t, testConfig(root))
	w.SetFiles([]string{secret})
	run(t, w)
	c := consume(t, w, file(secret))
	c.wait(0, `"one" false`)
	c.expect("the swap", func() { swapLink(t, filepath.Join(dir, "..data"), "..2") })
	c.expect("the file behind it", func() { write(t, filepath.Join(dir, "..2", "key"), "three") })
}

// What has changed between the reading of a file and the naming of it is not missed; and what has not, costs nothing.
func TestChangedSince(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "a"), filepath.Join(dir, "link")
	write(t, path, "a")
	check(t, os.Symlink("a", link))
	age(t, path)
	now := time.Now()
	for _, p := range []string{path, link, filepath.Join(dir, "missing")} {
		if !changedSince(p, now) {
			t.Errorf("%s: changed a moment ago, and it does not show", p)
		}
		if changedSince(p, now.Add(time.Minute)) {
			t.Errorf("%s: changed in the future", p)
		}
	}
}

func TestChangesBeforeRun(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "a.yaml"), "a")
	w := newWatcher(t, testConfig(root))
	write(t, filepath.Join(root, "a.yaml"), "b")
	run(t, w)
	c := consume(t, w, tree(root))
	c.wait(0, tree(root)())

	w = newWatcher(t, testConfig(root))
	run(t, w)
	consume(t, w, tree(root)).still("nothing changed since New", func() {})
}

func TestPoll(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	secret := filepath.Join(dir, "key")
	path := filepath.Join(root, "sub", "a.yaml")
	write(t, path, "a")
	cfg := testConfig(root)
	cfg.Poll = 2 * quiet
	w := newWatcher(t, cfg)
	w.open = func() (*source, error) { return nil, fs.ErrInvalid }
	w.SetFiles([]string{secret})
	run(t, w)
	both := func() string { return tree(root)() + file(secret)() }
	c := consume(t, w, both)
	c.wait(0, both()) // the directory of the secret is new
	info, err := os.Stat(path)
	check(t, err)
	c.expect("content, with the times set back", func() {
		write(t, path, "b")
		check(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
	})
	c.still("times without content", func() { age(t, path) })
	c.expect("a referenced file", func() { write(t, secret, "s") })
	c.expect("a renamed file", func() { check(t, os.Rename(path, filepath.Join(root, "b.yaml"))) })
	c.expect("a link", func() { check(t, os.Symlink("b.yaml", filepath.Join(root, "c.yaml"))) })
	c.expect("removal", func() { check(t, os.RemoveAll(root)) })
	c.still("nothing", func() {})
}

// Without events, quiet is when nothing differs any more.
func TestPollWaitsForTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.yaml")
	write(t, path, "before")
	cfg := testConfig(path)
	cfg.Poll = quiet / 2
	w := newWatcher(t, cfg)
	w.open = func() (*source, error) { return nil, fs.ErrInvalid }
	run(t, w)
	c := consume(t, w, file(path))
	for round := range 10 {
		from, before, last, gap := c.count(), c.read(), time.Now(), time.Duration(0)
		for i := range 20 {
			write(t, path, fmt.Sprintf("round %d, step %d", round, i))
			time.Sleep(quiet / 4)
			gap, last = max(gap, time.Since(last)), time.Now()
		}
		after := c.read()
		c.wait(from, after)
		if !slices.ContainsFunc(c.from(from), func(s string) bool { return s != before && s != after }) {
			return
		}
		if gap < quiet/2 {
			t.Fatalf("a kick showed a state in between, though no step took longer than %v", gap)
		}
	}
	t.Fatal("the machine is too busy: every round was interrupted")
}

func TestSnapshot(t *testing.T) {
	root := t.TempDir()
	big := filepath.Join(root, "big.mp3")
	f, err := os.Create(big)
	check(t, err)
	defer f.Close()
	check(t, f.Truncate(3*maxContent))
	take := func() snapshot {
		t.Helper()
		s, err := takeSnapshot(t.Context(), func() {}, []string{root}, []string{big})
		check(t, err)
		return s
	}
	last := take()
	for _, step := range []struct {
		what    string
		differs bool
		do      func() error
	}{
		{"nothing", false, func() error { return nil }},
		{"the end of a big file", true, func() error { _, err := f.WriteAt([]byte("x"), 3*maxContent-1); return err }},
		{"its length", true, func() error { return f.Truncate(3*maxContent + 1) }},
		{"a name", true, func() error { return os.WriteFile(filepath.Join(root, "a.txt"), nil, 0o644) }},
		{"what is no YAML", false, func() error { return os.WriteFile(filepath.Join(root, "a.txt"), []byte("a"), 0o644) }},
		{"YAML", true, func() error { return os.WriteFile(filepath.Join(root, "a.yml"), []byte("a"), 0o644) }},
		{"a hidden file", false, func() error { return os.WriteFile(filepath.Join(root, ".a.swp"), []byte("a"), 0o644) }},
		{"a hidden link", true, func() error { return os.Symlink("a", filepath.Join(root, "..data")) }},
		{"its target", true, func() error {
			os.Remove(filepath.Join(root, "..data"))
			return os.Symlink("b", filepath.Join(root, "..data"))
		}},
		{"an empty directory", true, func() error { return os.Mkdir(filepath.Join(root, "d"), 0o755) }},
		{"a directory that is a file now", true, func() error {
			os.Remove(filepath.Join(root, "d"))
			return os.WriteFile(filepath.Join(root, "d"), nil, 0o644)
		}},
	} {
		check(t, step.do())
		now := take()
		if now.same(last) == step.differs {
			t.Errorf("%s: differs is %v", step.what, !step.differs)
		}
		last = now
	}
}

func TestFollow(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	check(t, err)
	write(t, filepath.Join(dir, "real", "f"), "")
	check(t, os.Symlink("real", filepath.Join(dir, "rel")))
	check(t, os.Symlink(dir+"/rel/../rel", filepath.Join(dir, "abs")))
	check(t, os.Symlink("loop", filepath.Join(dir, "loop")))
	for path, want := range map[string]string{
		"real/f":      "real/f real f",
		"rel/f":       "real/f rel real f",
		"abs/f":       "real/f abs rel real rel real f",
		"rel/../abs":  "real rel real abs rel real rel real",
		"gone/f":      "gone gone missing",
		"rel/gone/f":  "real/gone rel real gone missing",
		"real/f/more": "real/f/more real f more missing",
	} {
		var passed []string
		end, info := follow(dir, path, func(at, name string) {
			if strings.HasPrefix(at, dir) {
				passed = append(passed, name)
			}
		})
		rel, err := filepath.Rel(dir, end)
		check(t, err)
		got := rel + " " + strings.Join(passed, " ")
		if info == nil {
			got += " missing"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if _, info := follow(dir, "loop", func(string, string) {}); info != nil {
		t.Error("a loop leads somewhere")
	}
}
