package state

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"telnyxsync/internal/resource"

	"modernc.org/sqlite" // also the driver "sqlite"
)

const fileName = "state.db"

// Refused is a database that is not used: it is never recreated in silence, as that would make
// everything we own foreign.
type Refused struct {
	Path string
	Why  string
	Code resource.Code // what helps
}

// Error says what is wrong, and where.
func (r *Refused) Error() string { return fmt.Sprintf("state %s: %s", r.Path, r.Why) }

// Reason is what helps.
func (r *Refused) Reason() (code string, args map[string]any) { return string(r.Code), nil }

// What helps against a state that is refused, or that cannot be written.
const (
	NoPlainFile    resource.Code = "state_no_plain_file"
	OfOtherUser    resource.Code = "state_of_other_user"
	OfOtherProgram resource.Code = "state_of_other_program"
	Newer          resource.Code = "state_newer"
	Damaged        resource.Code = "state_damaged"
	NotWritable    resource.Code = "state_unwritable"
)

// unwritable is an error of a directory in which nothing can be written.
type unwritable struct{ err error }

// Error says what is wrong.
func (u *unwritable) Error() string { return fmt.Sprintf("state: %v", u.err) }

// Unwrap is where it comes from.
func (u *unwritable) Unwrap() error { return u.err }

// Reason is what helps.
func (u *unwritable) Reason() (code string, args map[string]any) { return string(NotWritable), nil }

// Open opens the state in a directory for writing, making both if they are not there. The caller
// holds the lock of that directory.
func Open(ctx context.Context, l *Lock) (*DB, error) {
	path := filepath.Join(l.dir, fileName)
	if err := check(path); errors.Is(err, fs.ErrNotExist) {
		if err := create(ctx, path); err != nil {
			return nil, fmt.Errorf("state %s: create: %w", path, err)
		}
	} else if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	db, err := open(ctx, path, "_txlock=immediate&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)")
	if err != nil {
		return nil, err
	}
	if err := db.upgrade(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// upgrades bring a database from the version before to that of the key, each in one transaction.
var upgrades = map[int]func(ctx context.Context, tx *sql.Tx) error{
	2: statements(`ALTER TABLE owned ADD COLUMN renewed TEXT NOT NULL DEFAULT ''; ALTER TABLE owned ADD COLUMN ends TEXT NOT NULL DEFAULT ''`),
	3: statements(numbersSchema),
	4: toTyped,
	5: statements(incarnationSchema + guardSchema),
}

func statements(text string) func(ctx context.Context, tx *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, text)
		return err
	}
}

func (d *DB) upgrade(ctx context.Context) error {
	for d.version < Version {
		next := d.version + 1
		err := d.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			if err := upgrades[next](ctx, tx); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", next))
			return err
		})
		if err != nil {
			return fmt.Errorf("bring the state to format %d: %w", next, err)
		}
		d.version = next
	}
	return nil
}

// check looks at the file before SQLite does.
func check(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) && (size(path+"-wal") >= 0 || size(path+"-journal") >= 0) {
		return corrupt(path, "it is gone, and its log is still there")
	}
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	if !info.Mode().IsRegular() {
		return &Refused{path, "it is not a plain file", NoPlainFile}
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
		name := strconv.Itoa(int(st.Uid))
		if u, err := user.LookupId(name); err == nil {
			name = u.Username
		}
		return &Refused{path, "it belongs to the user " + name, OfOtherUser}
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	defer f.Close()
	// What is not ours is told from the head of the file, as SQLite may write to what it opens.
	const magic = "SQLite format 3\x00"
	head := make([]byte, 100)
	if _, err := io.ReadFull(f, head); err != nil || string(head[:len(magic)]) != magic {
		return corrupt(path, "it is no SQLite database")
	}
	if binary.BigEndian.Uint32(head[68:]) != applicationID {
		return &Refused{path, "it is the database of another program", OfOtherProgram}
	}
	return checkVersion(path, int(int32(binary.BigEndian.Uint32(head[60:]))))
}

func checkVersion(path string, v int) error {
	switch {
	case v > Version:
		return &Refused{path, fmt.Sprintf("a newer telnyxsync wrote it (format %d, this one knows %d)", v, Version), Newer}
	case v < 1:
		return corrupt(path, fmt.Sprintf("there is no format %d", v))
	}
	return nil
}

func corrupt(path, why string) error {
	return &Refused{path, "it is damaged: " + why, Damaged}
}

// unusable tells damage from what passes: a full disk, a lock, a missing permission.
func unusable(path string, err error) error {
	var e *sqlite.Error
	const corruptCode, notADatabase, primary = 11, 26, 0xff
	if errors.As(err, &e) && e.Code()&primary != corruptCode && e.Code()&primary != notADatabase {
		return fmt.Errorf("state %s cannot be used: %w; look at the disk's free space and the permissions, and run it again", path, err)
	}
	return corrupt(path, err.Error())
}

// open opens an existing database and makes sure that it is ours and whole.
func open(ctx context.Context, path, options string) (*DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	dsn := (&url.URL{Scheme: "file", Path: abs, RawQuery: options}).String()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	db.SetMaxOpenConns(1) // one writer; and reads see what was just written
	version, err := verify(ctx, db, path)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &DB{db: db, path: path, version: version, now: time.Now}, nil
}

func verify(ctx context.Context, db *sql.DB, path string) (version int, err error) {
	var (
		first, third, fourth int // how many there are of the tables of format 1, and of those that formats 3 and 4 added
		found                string
	)
	const count = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name IN "
	for _, q := range []struct {
		text string
		dest any
	}{
		{"PRAGMA user_version", &version}, // again: the log may know more than the head of the file
		{"PRAGMA integrity_check(1)", &found},
		{count + "('meta', 'owned', 'intents', 'history', 'jobs')", &first},
		{count + "('orders', 'troubles', 'messages')", &third},
		{count + "('groups', 'rules', 'deletions')", &fourth},
	} {
		if err := db.QueryRowContext(ctx, q.text).Scan(q.dest); err != nil {
			return 0, unusable(path, err)
		}
	}
	switch {
	case found != "ok":
		return 0, corrupt(path, found)
	case first != 5 || version >= 3 && third != 3 || version >= 4 && fourth != 3:
		return 0, corrupt(path, "tables are missing")
	}
	return version, checkVersion(path, version)
}

// create makes the database beside its place and moves it there when it is whole, so that an
// empty or half-made file is always damage, never a beginning.
func create(ctx context.Context, path string) error {
	temp := path + ".new"
	for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
		if err := os.Remove(temp + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := initialise(ctx, temp); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func initialise(ctx context.Context, path string) (err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: abs, RawQuery: "_pragma=synchronous(FULL)"}).String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	meta, err := newMeta()
	if err != nil {
		return err
	}
	statements := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d; BEGIN; %s", applicationID, Version, schema)
	if _, err := db.ExecContext(ctx, statements); err != nil {
		return err
	}
	for name, value := range meta {
		if _, err := db.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES (?, ?)`, name, value); err != nil {
			return err
		}
	}
	_, err = db.ExecContext(ctx, "COMMIT; PRAGMA journal_mode = WAL")
	return err
}
