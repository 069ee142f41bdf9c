package state_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"telnyxsync/internal/render"
	"telnyxsync/internal/state"
)

func timeout(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestWritersExcludeEachOther(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	cmd := child("hold", dir, false)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "holding\n" {
		t.Fatalf("%q, %v", line, err)
	}
	begin := time.Now()
	_, err = state.Acquire(timeout(t, 300*time.Millisecond), dir)
	want := fmt.Sprintf("state %s is in use by another telnyxsync (process %d): wait until it is done, or stop it", dir, cmd.Process.Pid)
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if waited := time.Since(begin); waited < 300*time.Millisecond {
		t.Errorf("waited only %v", waited)
	}
	// The kernel drops it with the process, and who waits gets it.
	got := make(chan error, 1)
	go func() {
		l, err := state.Acquire(timeout(t, 20*time.Second), dir)
		if err == nil {
			err = l.Release()
		}
		got <- err
	}()
	must(t, cmd.Process.Kill())
	must(t, <-got)
}

func TestLockBetweenProcesses(t *testing.T) {
	dir := t.TempDir()
	l, err := state.Acquire(t.Context(), dir)
	must(t, err)
	out, err := child("acquire", dir, false).CombinedOutput()
	if err == nil || !strings.Contains(string(out), fmt.Sprintf("(process %d)", os.Getpid())) {
		t.Errorf("%v: %s", err, out)
	}
	must(t, l.Release())
	if out, err := child("acquire", dir, false).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestLockInOneProcess(t *testing.T) {
	dir := t.TempDir()
	var holders, most atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			l, err := state.Acquire(t.Context(), dir)
			if err != nil {
				t.Error(err)
				return
			}
			most.Store(max(most.Load(), holders.Add(1)))
			time.Sleep(time.Millisecond)
			holders.Add(-1)
			_ = l.Release()
		})
	}
	wg.Wait()
	if most.Load() != 1 {
		t.Errorf("%d held it at once", most.Load())
	}
}

func TestLockIsNoLink(t *testing.T) {
	dir, target := t.TempDir(), filepath.Join(t.TempDir(), "precious")
	must(t, os.WriteFile(target, []byte("precious"), 0o600))
	must(t, os.Symlink(target, filepath.Join(dir, "lock")))
	if _, err := state.Acquire(timeout(t, time.Second), dir); err == nil {
		t.Error("a link passes for the lock")
	}
	if text, _ := os.ReadFile(target); string(text) != "precious" {
		t.Errorf("its target now holds %q", text)
	}
}

// A directory in which nothing can be written says what is wrong, and what helps.
func TestUnwritableDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	for what, dir := range map[string]string{"below a file": filepath.Join(file, "state"), "a file": file} {
		_, err := state.Acquire(t.Context(), dir)
		const help = ": choose another directory with --state, or let the user that runs telnyxsync write there"
		if got := render.NewWords(nil).Error(err); !strings.HasPrefix(got, "state: ") || !strings.Contains(got, file) || !strings.HasSuffix(got, help) {
			t.Errorf("%s: %s", what, got)
		}
	}
}
