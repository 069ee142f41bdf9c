package state

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// OpenReadOnly opens the state in a directory for reading and creates nothing there. The error is
// fs.ErrNotExist if there is none. The function that it returns is called after Close.
func OpenReadOnly(ctx context.Context, dir string) (*DB, func(), error) {
	path := filepath.Join(dir, fileName)
	if err := check(path); err != nil {
		return nil, nil, err
	}
	from, mode, release, err := readFrom(ctx, dir, path)
	if err != nil {
		return nil, nil, err
	}
	db, err := open(ctx, from, mode+"&_pragma=busy_timeout(10000)")
	if err != nil {
		release()
		var r *Refused
		if errors.As(err, &r) {
			r.Path = path // and not that of a copy
		}
		return nil, nil, err
	}
	return db, release, nil
}

// Load reads the snapshot of a directory without creating anything; Exists is false where there
// is no state.
func Load(ctx context.Context, dir string) (Snapshot, error) {
	db, release, err := OpenReadOnly(ctx, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return Snapshot{}, nil
	}
	if err != nil {
		return Snapshot{}, err
	}
	defer release()
	defer db.Close()
	// Requests first: one that is taken in meanwhile is in the snapshot then.
	waiting, err := Requests(dir)
	if err != nil {
		return Snapshot{}, err
	}
	snap, err := db.Snapshot(ctx)
	snap.Approvals = requestedOver(snap.Approvals, waiting)
	return snap, err
}

// patience is how long a reader waits for a writer that is just opening or closing the database.
const patience = 10 * time.Second

// readFrom tells which file to open and how, so that SQLite makes no log and no index beside the
// database: it does so even to read, unless they are there or it is told that nobody writes.
func readFrom(ctx context.Context, dir, path string) (from, mode string, release func(), err error) {
	for begin := time.Now(); ; {
		unlock, free, err := shareLock(dir)
		if err != nil {
			return "", "", nil, fmt.Errorf("state: %w", err)
		}
		switch {
		case free && size(path+"-wal") <= 0: // closed cleanly, and our share of the lock keeps writers away
			return path, "mode=ro&immutable=1", unlock, nil
		case free: // left behind by a writer that was killed, perhaps without its index
			defer unlock()
			return copied(path)
		case size(path+"-wal") >= 0 && size(path+"-shm") >= 0: // of a writer that has it open
			return path, "mode=ro", func() {}, nil
		case time.Since(begin) > patience:
			return "", "", nil, fmt.Errorf("state %s is just being opened or closed by another telnyxsync: try again", path)
		}
		select {
		case <-ctx.Done():
			return "", "", nil, fmt.Errorf("state %s: %w", path, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// size is -1 where there is no file.
func size(path string) int64 {
	info, err := os.Lstat(path)
	if err != nil {
		return -1
	}
	return info.Size()
}

// copied copies a database and its log to a directory of their own, where SQLite may do what it
// likes; release removes it.
func copied(path string) (from, mode string, release func(), err error) {
	dir, err := os.MkdirTemp("", "telnyxsync-state-*")
	if err != nil {
		return "", "", nil, fmt.Errorf("state: %w", err)
	}
	release = func() { _ = os.RemoveAll(dir) }
	from = filepath.Join(dir, fileName)
	for _, suffix := range []string{"", "-wal"} {
		if err := copyFile(from+suffix, path+suffix); err != nil {
			release()
			return "", "", nil, fmt.Errorf("state: %w", err)
		}
	}
	return from, "_pragma=query_only(1)", release, nil
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
