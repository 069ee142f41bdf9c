package kinds_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

// fileOf puts a file below a root and looks at it as the configuration does.
func fileOf(t *testing.T, root, name, content string) resource.File {
	t.Helper()
	path := filepath.Join(root, name)
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	must(t, os.WriteFile(path, []byte(content), 0o600))
	return resource.File{Root: root, Name: name, Size: int64(len(content)), SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(content))), Type: "audio/wav"}
}

// What was looked at is what is sent. Whatever became of the file since, nothing is sent, and that much is known.
func TestMediumFileThatChanged(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"other bytes": func(path string) error { return os.WriteFile(path, []byte("NEW"), 0o600) },
		"shorter":     func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"longer":      func(path string) error { return os.WriteFile(path, []byte("old and more"), 0o600) },
		"gone":        os.Remove,
		"a directory": func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) },
		"a link out": func(path string) error {
			out := filepath.Join(filepath.Dir(path), "..", "..", "out.wav")
			return errors.Join(os.Remove(path), os.WriteFile(out, []byte("old"), 0o600), os.Symlink("../../out.wav", path))
		},
		"a pipe that somebody holds": func(path string) error {
			if err := errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)); err != nil {
				return err
			}
			f, err := os.OpenFile(path, os.O_RDWR, 0) // and writes nothing into
			if err == nil {
				t.Cleanup(func() { f.Close() })
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := filepath.Join(t.TempDir(), "root")
			file := fileOf(t, root, "audio/a.wav", "old")
			must(t, change(filepath.Join(root, file.Name)))
			r := newRig(t, hold)
			ops := r.ops(media)
			w := write(nil, resource.Object{"file": file}, nil)
			w.Key = "new"
			_, made := ops.Create(t.Context(), w)
			_, changed := ops.Update(t.Context(), write(r.read(media, "hold"), resource.Object{"file": file}, resource.Object{"file": file}))
			for _, err := range []error{made, changed} {
				if err == nil || client.Unknown(err) || client.NotFound(err) || strings.Contains(err.Error(), root) {
					t.Errorf("error %v", err)
				}
			}
			r.wrote()
		})
	}
	t.Run("the root is gone", func(t *testing.T) {
		root := filepath.Join(t.TempDir(), "root")
		file := fileOf(t, root, "a.wav", "old")
		must(t, os.RemoveAll(root))
		r := newRig(t, hold)
		w := write(nil, resource.Object{"file": file}, nil)
		w.Key = "new"
		if _, err := r.ops(media).Create(t.Context(), w); err == nil || client.Unknown(err) {
			t.Errorf("error %v", err)
		}
		r.wrote()
	})
}

// A renewal needs no file: as long as that is broken, what Telnyx has is sent again, which is what was applied.
func TestMediumRenewedWithoutItsFile(t *testing.T) {
	root := t.TempDir()
	file := fileOf(t, root, "a.wav", "old")
	for name, change := range map[string]func(path string) error{
		"gone":    os.Remove,
		"another": func(path string) error { return os.WriteFile(path, []byte("new"), 0o600) },
		"as seen": func(path string) error { return os.WriteFile(path, []byte("old"), 0o600) },
	} {
		must(t, change(filepath.Join(root, "a.wav")))
		r := newRig(t, hold)
		_, err := r.ops(media).Update(t.Context(), write(r.read(media, "hold"), resource.Object{"file": file, "ttl": "10d"}, resource.Object{}))
		must(t, err)
		sent := "hold"
		if name == "as seen" {
			sent = "a.wav"
		}
		r.wrote(`PUT /media/hold {"media":"` + sent + ` audio/wav: old","ttl_secs":"864000"}`)
	}
}

// A file that changes while it is sent breaks off the upload: half of the one and half of the other is nothing to play.
func TestMediumFileThatChangesWhileItIsSent(t *testing.T) {
	root := t.TempDir()
	const size = 1 << 20
	file := fileOf(t, root, "a.wav", strings.Repeat("a", size))
	r := newRig(t, hold)
	c := newClient(t, client.Config{BaseURL: r.client.BaseURL(), Transport: meanwhile{http.DefaultTransport, func() {
		must(t, os.WriteFile(filepath.Join(root, "a.wav"), []byte(strings.Repeat("b", size)), 0o600))
	}}})
	w := write(nil, resource.Object{"file": file}, nil)
	w.Key = "new"
	if _, err := row(media).Open(c).Create(t.Context(), w); err == nil || !strings.Contains(err.Error(), "the file changed") {
		t.Errorf("error %v", err)
	}
	if strings.Contains(string(r.sim.Account()), `"new"`) {
		t.Error("it was made")
	}
}

// meanwhile does something once the first bytes of a body were read.
type meanwhile struct {
	http.RoundTripper
	do func()
}

func (m meanwhile) RoundTrip(q *http.Request) (*http.Response, error) {
	body := q.Body
	q.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(body, 2000), readerFunc(func([]byte) (int, error) {
		m.do()
		return 0, io.EOF
	}), body), body}
	return m.RoundTripper.RoundTrip(q)
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
