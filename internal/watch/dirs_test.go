package watch

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

func TestDirectories(t *testing.T) {
	root := filepath.Join(t.TempDir(), "above", "root")
	at := func(parts ...string) string { return filepath.Join(append([]string{root}, parts...)...) }
	write(t, at("x", "y", "a.yaml"), "a")
	w := newWatcher(t, testConfig(root))
	run(t, w)
	c := consume(t, w, tree(root))
	for _, step := range []struct {
		what string
		do   func()
	}{
		{"a new directory with a file", func() { write(t, at("new", "deep", "deeper", "b.yaml"), "b") }},
		{"a file in the new directory", func() { write(t, at("new", "deep", "deeper", "b.yaml"), "b2") }},
		{"a directory renamed", func() { check(t, os.Rename(at("x"), at("z"))) }},
		{"a file below the renamed directory", func() { write(t, at("z", "y", "a.yaml"), "a2") }},
		{"a directory with the old name", func() { write(t, at("x", "y", "c.yaml"), "c") }},
		{"a file below it", func() { write(t, at("x", "y", "c.yaml"), "c2") }},
		{"two directories that change places", func() {
			check(t, os.Rename(at("x"), at("0")))
			check(t, os.Rename(at("z"), at("x")))
			check(t, os.Rename(at("0"), at("z")))
		}},
		{"a file in the first", func() { write(t, at("x", "y", "a.yaml"), "a3") }},
		{"a file in the second", func() { write(t, at("z", "y", "c.yaml"), "c3") }},
		{"a directory moved in", func() {
			out := filepath.Join(filepath.Dir(filepath.Dir(root)), "out")
			write(t, filepath.Join(out, "in", "d.yaml"), "d")
			check(t, os.Rename(out, at("moved")))
		}},
		{"a file in what was moved in", func() { write(t, at("moved", "in", "d.yaml"), "d2") }},
		{"a directory removed", func() { check(t, os.RemoveAll(at("x"))) }},
		{"and made again", func() { write(t, at("x", "y", "a.yaml"), "a4") }},
		{"a file in that", func() { write(t, at("x", "y", "a.yaml"), "a5") }},
		{"the root removed", func() { check(t, os.RemoveAll(root)) }},
		{"the root made again", func() { write(t, at("a.yaml"), "a") }},
		{"a file in the new root", func() { write(t, at("a.yaml"), "b") }},
		{"the root and what is above removed", func() { check(t, os.RemoveAll(filepath.Dir(root))) }},
		{"all made again", func() { write(t, at("k", "a.yaml"), "c") }},
		{"a file there", func() { write(t, at("k", "a.yaml"), "d") }},
		{"what is above renamed", func() { check(t, os.Rename(filepath.Dir(root), filepath.Dir(root)+"2")) }},
		{"and renamed back", func() { check(t, os.Rename(filepath.Dir(root)+"2", filepath.Dir(root))) }},
		{"a file there at last", func() { write(t, at("k", "a.yaml"), "e") }},
	} {
		c.expect(step.what, step.do)
	}
	c.still("a file beside the root", func() { write(t, filepath.Join(filepath.Dir(root), "b.yaml"), "b") })
	from := c.count()
	write(t, at(".hidden", "a.yaml"), "a")
	eventually(t, "a kick for the hidden directory", func() bool { return c.count() > from })
	time.Sleep(2 * quiet)
	c.still("a file in a hidden directory", func() { write(t, at(".hidden", "a.yaml"), "b") })
}

func TestRootThatDoesNotExistYet(t *testing.T) {
	root := filepath.Join(t.TempDir(), "a", "b", "c")
	w := newWatcher(t, testConfig(root))
	run(t, w)
	c := consume(t, w, tree(root))
	c.still("a directory on the way", func() { check(t, os.MkdirAll(filepath.Dir(filepath.Dir(root))+"x", 0o755)) })
	c.expect("all at once", func() { write(t, filepath.Join(root, "d", "a.yaml"), "a") })
	c.expect("a change", func() { write(t, filepath.Join(root, "d", "a.yaml"), "b") })
}

func TestRootThatIsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "one.yaml")
	w := newWatcher(t, testConfig(path))
	run(t, w)
	c := consume(t, w, file(path))
	c.expect("the file made", func() { write(t, path, "a") })
	c.expect("written", func() { write(t, path, "b") })
	c.expect("replaced", func() {
		write(t, path+".tmp", "c")
		check(t, os.Rename(path+".tmp", path))
	})
	c.still("a file beside it", func() { write(t, path+".other", "c") })
	c.expect("removed", func() { check(t, os.Remove(path)) })
}

// swapLink lets a link lead elsewhere as Kubernetes and git-sync do: a new link is renamed over the old one.
func swapLink(t *testing.T, link, target string) {
	t.Helper()
	check(t, os.Symlink(target, link+".tmp"))
	check(t, os.Rename(link+".tmp", link))
}

func TestKubernetesVolume(t *testing.T) {
	root := t.TempDir()
	volume := func(n int) string {
		name := fmt.Sprintf("..2026_%d", n)
		write(t, filepath.Join(root, name, "a.yaml"), fmt.Sprintf("a of %d", n))
		write(t, filepath.Join(root, name, "b.yaml"), fmt.Sprintf("b of %d", n))
		return name
	}
	check(t, os.Symlink(volume(0), filepath.Join(root, "..data")))
	for _, f := range []string{"a.yaml", "b.yaml"} {
		check(t, os.Symlink("..data/"+f, filepath.Join(root, f)))
	}
	w := newWatcher(t, testConfig(root))
	run(t, w)
	c := consume(t, w, tree(root))
	whole(t, c, quiet/2, func(round int) {
		name := volume(round + 1)
		swapLink(t, filepath.Join(root, "..data"), name)
		check(t, os.RemoveAll(filepath.Join(root, fmt.Sprintf("..2026_%d", round))))
	})
	c.expect("a file behind the links", func() { write(t, filepath.Join(root, "a.yaml"), "in place") })
}

func TestGitSync(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "current", "configs")
	worktree := func(n int) string {
		name := filepath.Join("worktrees", fmt.Sprint(n))
		for i := range 20 {
			write(t, filepath.Join(dir, name, "configs", "sub", fmt.Sprintf("%d.yaml", i)), fmt.Sprintf("%d of %d", i, n))
		}
		return name
	}
	check(t, os.Symlink(worktree(0), filepath.Join(dir, "current")))
	w := newWatcher(t, testConfig(root))
	run(t, w)
	c := consume(t, w, tree(root))
	whole(t, c, quiet/2, func(round int) {
		swapLink(t, filepath.Join(dir, "current"), worktree(round+1))
		check(t, os.RemoveAll(filepath.Join(dir, "worktrees", fmt.Sprint(round))))
	})
	link, err := os.Readlink(filepath.Join(dir, "current"))
	check(t, err)
	c.expect("a file behind the new link", func() {
		write(t, filepath.Join(dir, link, "configs", "sub", "new.yaml"), "new")
	})
	c.still("a worktree being prepared", func() { worktree(99) })
}

func TestChainOfLinks(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write(t, at("v1/a.yaml"), "1")
	write(t, at("v2/a.yaml"), "2")
	check(t, os.MkdirAll(at("links"), 0o755))
	check(t, os.Symlink("links/middle", at("root")))
	check(t, os.Symlink("../v1", at("links/middle")))
	w := newWatcher(t, testConfig(at("root")))
	run(t, w)
	c := consume(t, w, tree(at("root")))
	c.expect("the middle link", func() { swapLink(t, at("links/middle"), at("v2")) })
	c.expect("a file behind it", func() { write(t, at("v2/a.yaml"), "3") })
	c.expect("a loop", func() { swapLink(t, at("links/middle"), "middle") })
	c.expect("and out of it", func() { swapLink(t, at("links/middle"), "../v1") })
}

// Root may read everything, so this runs as somebody else.
func TestChmod(t *testing.T) {
	if os.Getuid() == 0 {
		if runtime.GOOS != "linux" {
			t.Skip("/proc is missing, through which this test runs itself as another user: run it on Linux, or not as root")
		}
		// Through /proc, as the directory of the test program is closed to others.
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestChmod$", "-test.v")
		cmd.Dir, cmd.Env = "/", append(os.Environ(), "TMPDIR=/tmp")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.CombinedOutput()
		if err != nil || !slices.Contains([]string{"ok", "PASS"}, lastLine(out)) {
			t.Fatalf("as another user: %v\n%s", err, out)
		}
		return
	}
	root := t.TempDir()
	path := filepath.Join(root, "sub", "a.yaml")
	write(t, path, "a")
	closed := filepath.Join(root, "closed")
	write(t, filepath.Join(closed, "a.yaml"), "a")
	check(t, os.Chmod(closed, 0))
	t.Cleanup(func() {
		for _, dir := range []string{root, closed, filepath.Dir(path)} {
			os.Chmod(dir, 0o755)
		}
	})
	w := newWatcher(t, testConfig(root))
	run(t, w)
	c := consume(t, w, tree(root))
	c.expect("opening what was closed from the beginning", func() { check(t, os.Chmod(closed, 0o755)) })
	c.expect("a change in it", func() { write(t, filepath.Join(closed, "a.yaml"), "b") })
	for _, what := range []string{path, filepath.Dir(path), root} {
		c.expect("chmod 000 "+what, func() { check(t, os.Chmod(what, 0)) })
		c.expect("chmod back "+what, func() { check(t, os.Chmod(what, 0o755)) })
		c.expect("a change after "+what, func() { write(t, path, "after "+what) })
	}
}

func lastLine(out []byte) string {
	end := len(out)
	for end > 0 && out[end-1] == '\n' {
		end--
	}
	start := end
	for start > 0 && out[start-1] != '\n' {
		start--
	}
	return string(out[start:end])
}
