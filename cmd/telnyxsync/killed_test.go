package main

import (
	"bytes"
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"telnyxsync/internal/client"

	_ "modernc.org/sqlite"
)

// Starting a process costs more than all that it does here. So most runs that are killed are runs in this
// process: at their end nothing of theirs gets out or in any more, and the next run finds a copy of the
// state as it was then. As commits are durable, that is all that a killed process leaves. Every so often it
// is a process nevertheless, and SIGKILL.
const everyProcess = 9

// killed runs a command and kills it at its n-th request, in a way that the mode names; false if it ended
// before.
func (k *killer) killed(r *rig, n int, mode string, args ...string) bool {
	r.t.Helper()
	if n%everyProcess != everyProcess/2 {
		return k.killedInside(r, n, mode, args...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := r.process(ctx, args...)
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	k.arm(n, mode, cmd)
	err := k.run(cmd)
	k.arm(0, "", nil)
	if err != nil && cmd.ProcessState.ExitCode() != -1 {
		r.t.Fatalf("step %d: %v, want it killed\n%s", n, err, text.String())
	}
	return err != nil
}

func (k *killer) killedInside(r *rig, n int, mode string, args ...string) bool {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	line := newLine()
	left := filepath.Join(r.t.TempDir(), "state")
	var (
		mu        sync.Mutex
		over, hit bool
		copied    = make(chan error, 1)
	)
	k.armInside(n, mode, func() {
		mu.Lock()
		hit = !over
		mu.Unlock()
		if !hit {
			return
		}
		line.cut()
		copied <- copyOfKilled(r.state, left)
		cancel()
		line.letGo()
	})
	var text buffer // what stops a run is said while it goes on
	a := &app{in: http.NoBody, out: &text, err: &text, onConnect: func(cfg *client.Config) { cfg.Transport = line }}
	code := a.execute(ctx, r.located(args))
	mu.Lock()
	over = true
	was := hit
	mu.Unlock()
	line.end()
	if !was {
		k.arm(0, "", nil)
		if code != exitOK {
			r.t.Fatalf("step %d: exit code %d, want it killed\n%s", n, code, text.String())
		}
		return false
	}
	if err := <-copied; err != nil {
		r.t.Fatal(err)
	}
	k.arm(0, "", nil)
	if err := os.RemoveAll(r.state); err != nil {
		r.t.Fatal(err)
	}
	r.state = left
	return true
}

// line is the way of a run to its API, which can be cut for good.
type line struct {
	base *http.Transport

	mu   sync.Mutex
	isIn sync.WaitGroup // requests that have been let through
	dead bool
	free chan struct{} // closed once nothing that the run does matters any more
}

func newLine() *line {
	return &line{base: http.DefaultTransport.(*http.Transport).Clone(), free: make(chan struct{})}
}

func (l *line) RoundTrip(req *http.Request) (*http.Response, error) {
	l.mu.Lock()
	if l.dead {
		l.mu.Unlock()
		return l.nothing()
	}
	l.isIn.Add(1)
	l.mu.Unlock()
	res, err := l.base.RoundTrip(req)
	l.isIn.Done()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		if err == nil {
			res.Body.Close()
		}
		return l.nothing()
	}
	return res, err
}

// nothing is what a run gets to hear once its line is cut: nothing, until all that it left is copied.
func (l *line) nothing() (*http.Response, error) {
	<-l.free
	return nil, context.Canceled
}

// cut ends the line: nothing is sent any more, and no answer arrives.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = true
}

// letGo lets a run that was cut off come to its end.
func (l *line) letGo() { close(l.free) }

// end waits until what was sent has arrived, so that none of it disturbs the next run.
func (l *line) end() {
	l.isIn.Wait()
	l.base.CloseIdleConnections()
}

// copyOfKilled copies a state while its owner still has it open, at a moment when nothing is being written:
// in the middle of a write, the log would end with something that counts for nothing.
func copyOfKilled(from, to string) error {
	path := filepath.Join(from, "state.db")
	for {
		if _, err := os.Stat(path); err == nil {
			break
		}
		// There is none yet, unless it is just being moved to its place.
		err := os.MkdirAll(from, 0o700)
		if err == nil {
			err = os.CopyFS(to, os.DirFS(from))
		}
		if _, statErr := os.Stat(path); statErr != nil {
			return err
		}
		if err := os.RemoveAll(to); err != nil {
			return err
		}
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: "_txlock=immediate&_pragma=busy_timeout(10000)"}).String())
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	return os.CopyFS(to, os.DirFS(from))
}
