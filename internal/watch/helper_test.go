package watch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"telnyxsync/internal/testrun"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testrun.Tests{M: m}) }

const (
	quiet   = 60 * time.Millisecond
	never   = time.Hour // a poll that plays no part
	patient = 10 * time.Second
)

// testConfig relies on events alone.
func testConfig(roots ...string) Config {
	return Config{Roots: roots, Debounce: quiet, MaxDelay: 3 * time.Second, Poll: never, GitWait: patient}
}

func newWatcher(t *testing.T, cfg Config) *Watcher {
	t.Helper()
	w, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// run runs a watcher until the test ends, or until stop is called.
func run(t *testing.T, w *Watcher) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	<-w.ready
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(patient):
			t.Error("Run did not return")
		}
	})
	t.Cleanup(stop)
	return stop
}

// consumer records at every kick what is there then.
type consumer struct {
	t     *testing.T
	read  func() string
	mu    sync.Mutex
	seen  []string
	fresh chan struct{}
}

func consume(t *testing.T, w *Watcher, read func() string) *consumer {
	t.Helper()
	c := &consumer{t: t, read: read, fresh: make(chan struct{}, 1)}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-w.Kicks():
			}
			state := read()
			c.mu.Lock()
			c.seen = append(c.seen, state)
			c.mu.Unlock()
			signal(c.fresh)
		}
	}()
	t.Cleanup(func() { close(stop); <-done })
	return c
}

func (c *consumer) from(i int) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.seen[min(i, len(c.seen)):]...)
}

func (c *consumer) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.seen)
}

// wait waits until the last state recorded since the kick number from is the given one.
func (c *consumer) wait(from int, state string) {
	c.t.Helper()
	c.waitFor("", from, state)
}

func (c *consumer) waitFor(what string, from int, state string) {
	c.t.Helper()
	late := time.After(patient)
	for {
		if seen := c.from(from); len(seen) > 0 && seen[len(seen)-1] == state {
			return
		}
		select {
		case <-c.fresh:
		case <-late:
			c.t.Fatalf("%s: the final state was not seen within %v; %d kicks came", what, patient, c.count()-from)
		}
	}
}

// expect does something and waits for the state after it.
func (c *consumer) expect(what string, do func()) {
	c.t.Helper()
	from, before := c.count(), c.read()
	do()
	after := c.read()
	if before == after {
		c.t.Fatalf("%s: changes nothing that the test can see", what)
	}
	c.waitFor(what, from, after)
}

// still checks that something leads to no kick.
func (c *consumer) still(what string, do func()) {
	c.t.Helper()
	from := c.count()
	do()
	time.Sleep(4 * quiet)
	if n := c.count() - from; n != 0 {
		c.t.Errorf("%s: %d kicks, want none", what, n)
	}
}

// tree gives a function that digests what a reader of a directory sees: its YAML files, none of them hidden.
func tree(root string) func() string {
	return func() string {
		h := sha256.New()
		dir, err := filepath.EvalSymlinks(root)
		if err != nil {
			return "no root"
		}
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				fmt.Fprintf(h, "%s: error\n", path)
			case path != dir && strings.HasPrefix(d.Name(), "."):
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			case strings.HasSuffix(path, ".yaml"):
				data, err := os.ReadFile(path)
				fmt.Fprintf(h, "%s: %q %v\n", strings.TrimPrefix(path, dir), data, err != nil)
			}
			return nil
		})
		return fmt.Sprintf("%x", h.Sum(nil))
	}
}

// file gives a function that tells what a file has in it.
func file(path string) func() string {
	return func() string {
		data, err := os.ReadFile(path)
		return fmt.Sprintf("%q %v", data, err != nil)
	}
}

// check fails the test at an error of what prepares it.
func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(path), 0o755))
	check(t, os.WriteFile(path, []byte(text), 0o644))
}

// logBook is a log that tests read.
type logBook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBook) count(text string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Count(b.buf.String(), text)
}

func (b *logBook) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patient); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patient, what)
		}
	}
}
