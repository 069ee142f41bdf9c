package state

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const lockName = "lock"

// Lock is the writers' lock of a state directory: whoever holds it is the only one that changes
// Telnyx and the state. The kernel drops it when the process ends, however that happens.
type Lock struct {
	dir string
	f   *os.File
}

// Acquire makes the directory if needed (0700) and takes its lock, waiting for another holder
// until ctx ends.
func Acquire(ctx context.Context, dir string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("state: %w: choose another directory with --state, or let the user that runs telnyxsync write there", err)
	}
	path := filepath.Join(dir, lockName)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state: %w: choose another directory with --state, or let the user that runs telnyxsync write there", err)
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("state: lock %s: %w", path, err), f.Close())
		}
		select {
		case <-ctx.Done():
			holder := holder(f)
			return nil, errors.Join(fmt.Errorf("state %s is in use by another telnyxsync%s: wait until it is done, or stop it", dir, holder), f.Close())
		case <-time.After(50 * time.Millisecond):
		}
	}
	// Who holds it is for messages alone; the lock does not depend on it.
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(fmt.Sprintf("%d\n", os.Getpid())), 0)
	}
	return &Lock{dir: dir, f: f}, nil
}

func holder(f *os.File) string {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 20))
	if pid := strings.TrimSpace(string(text)); err == nil && pid != "" {
		return " (process " + pid + ")"
	}
	return ""
}

// Release gives the lock back.
func (l *Lock) Release() error { return l.f.Close() }

// shareLock makes sure that no writer is there, without creating anything; free is false if one is.
func shareLock(dir string) (unlock func(), free bool, err error) {
	f, err := os.Open(filepath.Join(dir, lockName))
	if errors.Is(err, fs.ErrNotExist) {
		return func() {}, true, nil // a copy of a state that nobody ever wrote to here
	}
	if err != nil {
		return nil, false, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err != nil {
		return nil, false, f.Close()
	}
	return func() { _ = f.Close() }, true, nil
}
