package spec_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/spec"
)

const connector = "siprec_connectors: {%s: {host: a.example.com, port: 1}}\n"

// load loads paths within a time that no refusal needs.
func load(t *testing.T, table []resource.Kind, paths ...string) (resource.Config, []string) {
	t.Helper()
	type result struct {
		resource.Config
		error
	}
	done := make(chan result, 1)
	go func() {
		c, err := spec.Load(table, paths...)
		done <- result{c, err}
	}()
	select {
	case r := <-done:
		if r.error == nil {
			return r.Config, nil
		}
		return r.Config, strings.Split(r.Error(), "\n")
	case <-time.After(30 * time.Second):
		t.Fatal("Load blocks")
		panic("unreachable")
	}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

func wantErrors(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestHugeFileIsNotRead(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "huge.yaml", "")
	must(t, os.Truncate("huge.yaml", 50<<20))
	write(t, "edge.yaml", fmt.Sprintf(connector, "a"))
	must(t, os.Truncate("edge.yaml", spec.MaxFileSize+1))
	_, got := load(t, realKinds(), ".")
	wantErrors(t, got,
		"edge.yaml: the file has 10485761 bytes, more than the 10 MB that a configuration may have: split it",
		"huge.yaml: the file has 52428800 bytes, more than the 10 MB that a configuration may have: split it")
	// A sparse file of many terabytes costs no more.
	must(t, os.Truncate("huge.yaml", 8<<40))
	if _, got := load(t, realKinds(), "huge.yaml"); len(got) != 1 {
		t.Errorf("got %q", got)
	}
}

func TestLargestFile(t *testing.T) {
	t.Chdir(t.TempDir())
	text := fmt.Sprintf(connector, "a")
	write(t, "a.yaml", text+strings.Repeat("#\n", (spec.MaxFileSize-len(text))/2))
	if c, got := load(t, realKinds(), "."); got != nil || len(c.Entries) != 1 {
		t.Errorf("%d entries, errors %q", len(c.Entries), got)
	}
}

func TestNoPlainFile(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "conf/good.yaml", fmt.Sprintf(connector, "a"))
	must(t, syscall.Mkfifo("conf/fifo.yaml", 0o644))
	must(t, syscall.Mkfifo("conf/fifo.txt", 0o644)) // not meant for us
	must(t, os.Symlink("fifo.yaml", "conf/tofifo.yaml"))
	must(t, os.Symlink("/dev/zero", "zero"))
	const refused = ": not a regular file: only plain files are read, no pipes, sockets or devices"
	want := []string{"conf/fifo.yaml" + refused, "conf/tofifo.yaml" + refused}
	if syscall.Mknod("conf/device.yaml", syscall.S_IFCHR|0o644, 1<<8|5) == nil { // /dev/zero; only root can
		want = slices.Insert(want, 0, "conf/device.yaml"+refused)
	} else {
		t.Log("cannot make a device without being root: that case is left out")
	}
	_, got := load(t, realKinds(), "conf")
	wantErrors(t, got, want...)

	_, got = load(t, realKinds(), "conf/fifo.yaml", "zero", "/dev/stdin")
	if len(got) < 2 || !slices.Contains(got, "conf/fifo.yaml"+refused) || !slices.Contains(got, "zero"+refused) {
		t.Errorf("named on the command line: got %q", got)
	}
}

func TestMissing(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, os.Mkdir("empty", 0o755))
	write(t, "deep/only/readme.txt", "x")
	c, got := load(t, realKinds(), "nowhere", "nowhere.yaml", "empty", "deep", "")
	const none = ": no *.yaml or *.yml file is in this directory: is it the right one? A file with only comments means that nothing is desired"
	wantErrors(t, got, "."+none, "deep"+none, "empty"+none,
		"nowhere: file does not exist: correct the path", "nowhere.yaml: file does not exist: correct the path")
	if c.Root(mustAbs(t, "nowhere")) != nil {
		t.Error("a root that is not there counts as loaded")
	}
}

func mustAbs(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	must(t, err)
	return abs
}

// TestUnreadable sees the files as a user without rights does.
func TestUnreadable(t *testing.T) {
	dir, err := os.MkdirTemp("", "telnyxsync-unreadable")
	must(t, err)
	t.Cleanup(func() { _ = exec.Command("chmod", "-R", "u+rwx", dir).Run(); _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	write(t, filepath.Join(dir, "conf/a.yaml"), fmt.Sprintf(connector, "a"))
	write(t, filepath.Join(dir, "conf/closed/b.yaml"), fmt.Sprintf(connector, "b"))
	write(t, filepath.Join(dir, "conf/secret.yaml"), fmt.Sprintf(connector, "c"))
	write(t, filepath.Join(dir, "conf/z.yaml"), "siprec_connectors: {z: {host: z.example.com, port: 0}}\n")
	write(t, filepath.Join(dir, "hidden/a.yaml"), fmt.Sprintf(connector, "a"))
	must(t, os.Chmod(filepath.Join(dir, "conf/closed"), 0))
	must(t, os.Chmod(filepath.Join(dir, "conf/secret.yaml"), 0))
	must(t, os.Chmod(filepath.Join(dir, "hidden"), 0))

	see := func(path string) []string {
		cmd := exec.Command("/proc/self/exe") // the binary itself lies where only its owner can go
		cmd.Dir = dir
		cmd.Env = []string{loadAs + "=" + path}
		if os.Getuid() == 0 {
			cmd.SysProcAttr = nobody()
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return strings.Split(strings.TrimSpace(string(out)), "\n")
	}
	const refused = ": permission denied: let the user that runs telnyxsync read it"
	wantErrors(t, see("conf"),
		"conf/closed"+refused,
		"conf/secret.yaml"+refused,
		"conf/z.yaml:1:52: siprec_connectors.z.port: 0 is out of bounds: write a number from 1 to 65535")
	wantErrors(t, see("hidden"), "hidden"+refused)
	wantErrors(t, see("hidden/a.yaml"), "hidden/a.yaml"+refused)
	wantErrors(t, see("conf/secret.yaml"), "conf/secret.yaml"+refused)
}

// TestKubernetesVolume loads what the kubelet makes of a ConfigMap, before and after it swaps it.
func TestKubernetesVolume(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "vol/..2026_01_02/a.yaml", fmt.Sprintf(connector, "a"))
	write(t, "vol/..2026_01_02/b.yml", fmt.Sprintf(connector, "b"))
	must(t, os.Symlink("..2026_01_02", "vol/..data"))
	must(t, os.Symlink("..data/a.yaml", "vol/a.yaml"))
	must(t, os.Symlink("..data/b.yml", "vol/b.yml"))
	names := func() (out []string) {
		t.Helper()
		c, got := load(t, realKinds(), "vol")
		wantErrors(t, got)
		for _, e := range c.Entries {
			out = append(out, e.Name)
		}
		return out
	}
	if got := names(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %v", got)
	}
	write(t, "vol/..2026_01_03/a.yaml", fmt.Sprintf(connector, "changed"))
	write(t, "vol/..2026_01_03/b.yml", fmt.Sprintf(connector, "b"))
	must(t, os.Symlink("..2026_01_03", "vol/..data_tmp"))
	must(t, os.Rename("vol/..data_tmp", "vol/..data"))
	must(t, os.RemoveAll("vol/..2026_01_02"))
	if got := names(); !slices.Equal(got, []string{"b", "changed"}) {
		t.Errorf("after the swap: got %v", got)
	}
}

// TestLinkedRoot: git-sync and deployments swap a link to the whole root; the root keeps its name.
func TestLinkedRoot(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "rev-1/a.yaml", fmt.Sprintf(connector, "a"))
	must(t, os.Symlink("rev-1", "current"))
	must(t, os.Symlink("rev-1/a.yaml", "one.yaml"))
	for _, path := range []string{"current", "one.yaml"} {
		c, got := load(t, realKinds(), path)
		wantErrors(t, got)
		if r := c.Root(mustAbs(t, path)); r == nil || r.Entries != 1 || len(c.Entries) != 1 || c.Entries[0].Root != r.Path {
			t.Errorf("%s: got %+v", path, c)
		}
	}
}
