package secret_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/secret"
	"telnyxsync/internal/testrun"
)

const (
	noFile   = "there is no such file here"
	notPlain = "it is not a plain file: no pipes, sockets, devices or directories are read"
	outside  = "references.directories of the daemon's configuration does not list its directory"
)

// readAs says, in the environment of the test binary, that it only reads that file and prints what comes
// of it: so a test run by root can see what another user would.
const readAs = "TELNYXSYNC_TEST_READ"

func TestMain(m *testing.M) {
	if path := os.Getenv(readAs); path != "" {
		fmt.Println((&secret.Reader{}).Read(resource.SecretRef{File: path}))
		os.Exit(0)
	}
	os.Exit(testrun.Tests{M: m}.Run())
}

// failed is the error of a reference to a file.
func failed(path, why string) string { return "the secret {file: " + path + "}: " + why }

func TestNewlineAtTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	for text, want := range map[string]string{
		"x": "x", "x\n": "x", "x\r\n": "x", "x\n\n": "x\n", "x\r\n\r\n": "x\r\n", "\nx": "\nx", "x\r": "x\r", "x\r\r\n": "x\r", "x\n\r": "x\n\r",
		" x \n": " x ", "x\n ": "x\n ", "x\ny\n": "x\ny",
	} {
		put(t, path, "secret"+text)
		check(t, &secret.Reader{}, resource.SecretRef{File: path}, "secret"+want, "")
	}
	for _, text := range []string{"secret\x00", "secret\xff", "\ufeffsecret"} {
		put(t, path, text)
		check(t, &secret.Reader{}, resource.SecretRef{File: path}, "", failed(path, "it is no plain text: it is not UTF-8, or holds a NUL or a byte order mark"))
	}
	put(t, path, "short\n")
	check(t, &secret.Reader{}, resource.SecretRef{File: path}, "", failed(path, "it has fewer than 6 characters: so short a one could not be kept out of messages"))
	for _, text := range []string{"", "\n", "\r\n"} {
		put(t, path, text)
		check(t, &secret.Reader{}, resource.SecretRef{File: path}, "", failed(path, "it is empty"))
	}
}

func TestSizeOfFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	most := strings.Repeat("x", secret.MaxSize)
	for _, end := range []string{"", "\n", "\r\n"} {
		put(t, path, most+end)
		check(t, &secret.Reader{}, resource.SecretRef{File: path}, most, "")
	}
	large := failed(path, "it has more than 64 KB, which no secret has")
	for _, text := range []string{most + "x", most + "\n\n", most + "x\n", most + "\r\n\n", most + most} {
		put(t, path, text)
		check(t, &secret.Reader{}, resource.SecretRef{File: path}, "", large)
	}
	must(t, os.Truncate(path, 8<<40)) // a sparse file of many terabytes costs no more
	check(t, &secret.Reader{}, resource.SecretRef{File: path}, "", large)
}

// TestNoPlainFile: what may block for ever, or act on being read, is not read, whatever leads to it.
func TestNoPlainFile(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t, syscall.Mkfifo(at("fifo"), 0o600))
	must(t, os.Mkdir(at("directory"), 0o700))
	socket, err := net.Listen("unix", at("socket"))
	must(t, err)
	defer socket.Close()
	found := []string{at("fifo"), at("directory"), at("socket"), dir, "/dev/zero", "/dev/null", "/proc/self/environ", "/proc/self/status", "/sys/kernel/uevent_seqnum"}
	if syscall.Mknod(at("device"), syscall.S_IFCHR|0o600, 1<<8|5) == nil { // /dev/zero
		found = append(found, at("device"))
	} else {
		t.Log("cannot make a device without being root: that case is left out")
	}
	for i, path := range found {
		if _, err := os.Stat(path); err != nil {
			t.Logf("%s is not here: that case is left out", path)
			continue
		}
		link := at(fmt.Sprint("link-", i))
		must(t, os.Symlink(path, link))
		for _, p := range []string{path, link} {
			for _, list := range [][]string{nil, {"/"}} {
				in(t, 20*time.Second, func() {
					check(t, &secret.Reader{Directories: list}, resource.SecretRef{File: p}, "", failed(p, notPlain))
				})
			}
		}
		name := filepath.Base(link)
		in(t, 20*time.Second, func() {
			check(t, &secret.Reader{Credentials: dir}, resource.SecretRef{Credential: name}, "", "the secret {credential: "+name+"}: "+notPlain)
		})
	}
}

// in wants f to end within a time that no refusal needs.
func in(t *testing.T, limit time.Duration, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(limit):
		t.Fatal("Read blocks")
	}
}

// TestEnvironmentIsNoFile: a list of variables is not passed by through the kernel's file of all of them.
func TestEnvironmentIsNoFile(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink("/proc/self/environ", link))
	r := &secret.Reader{Env: []string{}}
	for _, path := range []string{"/proc/self/environ", "/proc/thread-self/environ", fmt.Sprintf("/proc/%d/environ", os.Getpid()), "/proc/self/root/proc/self/environ", link} {
		if _, err := os.Stat(path); err != nil {
			t.Skipf("/proc is missing, whose environ is no file for secrets: %v", err)
		}
		check(t, r, resource.SecretRef{File: path}, "", failed(path, notPlain))
	}
}

func TestMissingFiles(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a"), "secret")
	must(t, os.Symlink("nothing", filepath.Join(dir, "dangling")))
	must(t, os.Symlink("loop", filepath.Join(dir, "loop")))
	for name, why := range map[string]string{
		"nothing": noFile, "dangling": noFile, "no/where": noFile, "a/b": "not a directory", "loop": "too many levels of symbolic links",
		strings.Repeat("n", 300): "file name too long", "a\x00b": "invalid argument",
	} {
		path := filepath.Join(dir, name)
		check(t, &secret.Reader{}, resource.SecretRef{File: path}, "", failed(path, why))
	}
	// It was there, and is not any more: read anew each time.
	gone := filepath.Join(dir, "a")
	check(t, &secret.Reader{}, resource.SecretRef{File: gone}, "secret", "")
	must(t, os.Remove(gone))
	check(t, &secret.Reader{}, resource.SecretRef{File: gone}, "", failed(gone, noFile))
	check(t, &secret.Reader{Directories: []string{dir}}, resource.SecretRef{File: gone}, "", failed(gone, noFile))
}

// TestUnreadable reads as a user without rights.
func TestUnreadable(t *testing.T) {
	dir, err := os.MkdirTemp("", "telnyxsync-unreadable") // where others can go, unlike t.TempDir
	must(t, err)
	t.Cleanup(func() { _ = exec.Command("chmod", "-R", "u+rwx", dir).Run(); _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	put(t, filepath.Join(dir, "file"), "hunter2")
	put(t, filepath.Join(dir, "closed", "file"), "hunter2")
	put(t, filepath.Join(dir, "open"), "hunter2")
	must(t, os.Chmod(filepath.Join(dir, "open"), 0o644))
	must(t, os.Chmod(filepath.Join(dir, "file"), 0))
	must(t, os.Chmod(filepath.Join(dir, "closed"), 0))
	const denied = "the user that runs telnyxsync may not read it"
	for name, want := range map[string]string{"file": denied, "closed/file": denied, "open": ""} {
		path := filepath.Join(dir, name)
		cmd := exec.Command("/proc/self/exe") // the binary itself lies where only its owner can go
		cmd.Env, cmd.Dir = []string{readAs + "=" + path}, "/"
		if os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		out, err := cmd.CombinedOutput()
		must(t, err)
		if want = " " + failed(path, want); name == "open" {
			want = "hunter2 <nil>"
		}
		if got := strings.TrimSuffix(string(out), "\n"); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestDirectories: what counts is where a file lies in the end.
func TestDirectories(t *testing.T) {
	top := t.TempDir()
	at := func(name string) string { return filepath.Join(top, name) }
	for _, name := range []string{"b/file", "b/deep/er/file", "b/..data", "bc/file", "c/file"} {
		put(t, at(name), "secret")
	}
	for link, target := range map[string]string{
		"b/out": "../c/file", "b/out-absolute": at("c/file"), "b/out-dir": "../c", "b/around": "../b/file", "c/in": "../b/file", "c/in-dir": at("b"),
		"linked": "b", "b/chain": "out", "b/dangling": "nothing",
	} {
		must(t, os.Symlink(target, at(link)))
	}
	for _, c := range []struct {
		list []string
		path string
		why  string
	}{
		{list: []string{"b"}, path: "b/file"},
		{list: []string{"b"}, path: "b/deep/er/file"},
		{list: []string{"b"}, path: "b/..data"},
		{list: []string{"b"}, path: "b/deep/../file"},
		{list: []string{"b/"}, path: "b/file"},
		{list: []string{"bc/../b"}, path: "b/file"},
		{list: []string{"nothing", "c", "b"}, path: "b/file"},
		{list: []string{"b/deep"}, path: "b/deep/er/file"},
		{list: []string{""}, path: "b/file"}, // the directory above
		{list: []string{"b"}, path: "b/around"},
		{list: []string{"b"}, path: "c/in"}, // a link that leads into it
		{list: []string{"b"}, path: "c/in-dir/file"},
		{list: []string{"b"}, path: "linked/file"},
		{list: []string{"linked"}, path: "b/file"},
		{list: []string{"linked"}, path: "linked/deep/er/file"},

		{list: []string{}, path: "b/file", why: outside},
		{list: []string{"nothing"}, path: "b/file", why: outside},
		{list: []string{"b"}, path: "bc/file", why: outside}, // a name that begins like it
		{list: []string{"bc"}, path: "b/file", why: outside},
		{list: []string{"b/deep"}, path: "b/file", why: outside},
		{list: []string{"b"}, path: "b/../c/file", why: outside},
		{list: []string{"b"}, path: "b/out", why: outside}, // a link that leads out of it
		{list: []string{"b"}, path: "b/out-absolute", why: outside},
		{list: []string{"b"}, path: "b/out-dir/file", why: outside},
		{list: []string{"b"}, path: "b/chain", why: outside},
		{list: []string{"c"}, path: "c/in", why: outside},
		{list: []string{"b/file"}, path: "b/file", why: outside}, // a file is no directory
		{list: []string{"b"}, path: "b", why: outside},
		{list: []string{"b"}, path: "b/nothing", why: noFile},
		{list: []string{"b"}, path: "b/dangling", why: noFile},
	} {
		r := &secret.Reader{Directories: []string{}}
		for _, name := range c.list {
			r.Directories = append(r.Directories, top+"/"+name)
		}
		ref := resource.SecretRef{File: top + "/" + c.path}
		if c.why == "" {
			check(t, r, ref, "secret", "")
		} else {
			check(t, r, ref, "", failed(ref.File, c.why))
		}
	}
	check(t, &secret.Reader{Directories: []string{"/"}}, resource.SecretRef{File: at("c/file")}, "secret", "")
}
