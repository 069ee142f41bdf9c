package state

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const lockName = "lock"

// Lock is the writers' lock of a state directory: whoever holds it is the only one that changes
// Telnyx and the state. The kernel drops it when the process ends, however that happens.
//
// The lock is on the directory itself as well as on the file `lock` in it, so that removing that
// file does not let two writers in. The file says who holds it, for messages.
type Lock struct {
	dir   string
	files []*os.File // the directory and the file
}

// Acquire makes the directory if needed (0700) and takes its lock, waiting for another holder
// until ctx ends.
func Acquire(ctx context.Context, dir string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, &unwritable{err}
	}
	l := &Lock{dir: dir}
	for _, open := range []struct {
		path  string
		flags int
	}{{dir, os.O_RDONLY | syscall.O_DIRECTORY}, {filepath.Join(dir, lockName), os.O_CREATE | os.O_RDWR | syscall.O_NOFOLLOW}} {
		f, err := os.OpenFile(open.path, open.flags, 0o600)
		if err != nil {
			return nil, errors.Join(&unwritable{err}, l.close())
		}
		l.files = append(l.files, f)
	}
	for _, f := range l.files {
		if err := l.wait(ctx, f); err != nil {
			return nil, errors.Join(err, l.close())
		}
	}
	if err := l.name().Truncate(0); err == nil {
		_, _ = l.name().WriteAt([]byte(fmt.Sprintf("%d\n", os.Getpid())), 0)
	}
	return l, nil
}

// name is the file that says who holds the lock.
func (l *Lock) name() *os.File { return l.files[1] }

func (l *Lock) wait(ctx context.Context, f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("state: lock %s: %w", f.Name(), err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("state %s is in use by another telnyxsync%s: wait until it is done, or stop it", l.dir, holder(l.name()))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func holder(f *os.File) string {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 20))
	if pid := strings.TrimSpace(string(text)); err == nil && pid != "" {
		return " (process " + pid + ")"
	}
	return ""
}

// Release gives the lock back.
func (l *Lock) Release() error {
	_ = l.name().Truncate(0) // who held it is nobody's business any more
	return l.close()
}

func (l *Lock) close() (err error) {
	for _, f := range l.files {
		err = errors.Join(err, f.Close())
	}
	return err
}

// shareLock makes sure that no writer is there, without creating anything; free is false if one is.
func shareLock(dir string) (unlock func(), free bool, err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, false, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err != nil {
		return nil, false, f.Close()
	}
	return func() { _ = f.Close() }, true, nil
}
