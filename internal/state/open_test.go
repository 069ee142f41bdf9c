package state_test

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

func TestModes(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	dir := filepath.Join(t.TempDir(), "a", "state")
	db := openState(t, dir)
	must(t, db.Bind(t.Context(), "https://api.telnyx.com/v2", "KEY"))
	mode := func(path string, want fs.FileMode) {
		t.Helper()
		info, err := os.Stat(path)
		must(t, err)
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has the mode %v, want %v", path, got, want)
		}
	}
	mode(dir, 0o700)
	files, err := os.ReadDir(dir)
	must(t, err)
	if len(files) != 4 { // lock, state.db, and its log and index
		t.Errorf("files: %v", files)
	}
	for _, f := range files {
		mode(filepath.Join(dir, f.Name()), 0o600)
	}
}

func TestModeIsRestored(t *testing.T) {
	dir := t.TempDir()
	filled(t, dir)
	path := filepath.Join(dir, "state.db")
	must(t, os.Chmod(path, 0o644))
	openState(t, dir)
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

// refused opens a directory in each way and wants the same refusal of all, and nothing changed.
func refused(t *testing.T, dir, want string) {
	t.Helper()
	l, err := state.Acquire(t.Context(), dir) // makes the lock, which is not meant below
	must(t, errors.Join(err, l.Release()))
	unchanged(t, dir, func() {
		t.Helper()
		check := func(how string, err error) {
			t.Helper()
			var r *state.Refused
			words := render.NewWords(nil)
			switch {
			case !errors.As(err, &r):
				t.Errorf("%s: %v, want a refusal: %s", how, err, want)
			case r.Path != filepath.Join(dir, "state.db") || !strings.Contains(words.Of(resource.Reason{Code: r.Code}), " "):
				t.Errorf("%s: %+v does not say where, or what to do", how, r)
			case !strings.Contains(words.Error(err), want):
				t.Errorf("%s: %q, want %q", how, words.Error(err), want)
			}
			if errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: passes for no state at all: %v", how, err)
			}
		}
		l, err := state.Acquire(t.Context(), dir)
		must(t, err)
		db, err := state.Open(t.Context(), l)
		if err == nil {
			_ = db.Close()
		}
		must(t, l.Release())
		check("Open", err)
		ro, release, err := state.OpenReadOnly(t.Context(), dir)
		if err == nil {
			_ = ro.Close()
			release()
		}
		check("OpenReadOnly", err)
		_, err = state.Load(t.Context(), dir)
		check("Load", err)
	})
}

func TestDamagedIsRefused(t *testing.T) {
	source := t.TempDir()
	filled(t, source)
	whole, err := os.ReadFile(filepath.Join(source, "state.db"))
	must(t, err)
	page := int(binary.BigEndian.Uint16(whole[16:]))
	if len(whole) < 8*page {
		t.Fatalf("only %d bytes: too few pages for this test", len(whole))
	}
	noise := make([]byte, len(whole))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	flipped := func(offset int) []byte {
		b := bytes.Clone(whole)
		for i := range 8 { // the head of a page: its kind and where its cells are
			b[offset+i] ^= 0xff
		}
		return b
	}
	cases := map[string][]byte{
		"empty":                   {},
		"one byte":                whole[:1],
		"magic alone":             whole[:16],
		"header alone":            whole[:100],
		"noise":                   noise,
		"noise behind the header": append(bytes.Clone(whole[:100]), noise[100:]...),
		"noise behind a page":     append(bytes.Clone(whole[:page]), noise[page:]...),
		"one page":                whole[:page],
		"half":                    whole[:len(whole)/2/page*page],
		"half a page less":        whole[:len(whole)-page/2],
		"zeros":                   make([]byte, len(whole)),
		"zero page":               append(append(bytes.Clone(whole[:page]), make([]byte, page)...), whole[2*page:]...),
		"text":                    []byte("external_connections: {}\n"),
		"schema page":             flipped(100),
		"page size":               append(append(bytes.Clone(whole[:16]), 0x12, 0x34), whole[18:]...),
	}
	for i := 1; i < len(whole)/page; i++ {
		cases[fmt.Sprintf("page %d", i+1)] = flipped(i * page)
	}
	for name, data := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, os.WriteFile(filepath.Join(dir, "state.db"), data, 0o600))
			refused(t, dir, "damaged")
		})
	}
}

// TestFlippedByte: whichever byte is flipped, the state is refused or reads as it was written; what
// it says never changes in silence where an id or a name is concerned.
func TestFlippedByte(t *testing.T) {
	source := t.TempDir()
	filled(t, source)
	whole, err := os.ReadFile(filepath.Join(source, "state.db"))
	must(t, err)
	want, err := state.Load(t.Context(), source)
	must(t, err)
	dir := t.TempDir()
	path := filepath.Join(dir, "state.db")
	r := rand.New(rand.NewPCG(3, 4))
	silent := 0
	for range 100 {
		at := r.IntN(len(whole))
		data := bytes.Clone(whole)
		data[at] ^= 1 << r.IntN(8)
		must(t, os.WriteFile(path, data, 0o600))
		got, err := state.Load(t.Context(), dir)
		if after, _ := os.ReadFile(path); !bytes.Equal(after, data) {
			t.Fatalf("byte %d: the file was changed", at)
		}
		if err != nil {
			continue
		}
		if !got.Exists || len(got.Owned) != len(want.Owned) || len(got.Orders) != len(want.Orders) || len(got.Troubles) != len(want.Troubles) {
			t.Fatalf("byte %d: %d owned, %d orders, %d troubles", at, len(got.Owned), len(got.Orders), len(got.Troubles))
		}
		for i, o := range got.Orders {
			if o.ID != want.Orders[i].ID {
				t.Errorf("byte %d: the order %s became %s", at, want.Orders[i].ID, o.ID)
			}
		}
		for i, r := range got.Troubles {
			if r.Number != want.Troubles[i].Number {
				t.Errorf("byte %d: the trouble of %s became one of %s", at, want.Troubles[i].Number, r.Number)
			}
		}
		for i, o := range got.Owned {
			if o.Addr != want.Owned[i].Addr || o.ID != want.Owned[i].ID {
				t.Errorf("byte %d: %s %s became %s %s", at, want.Owned[i].Addr, want.Owned[i].ID, o.Addr, o.ID)
			}
			if resource.Text(o) != resource.Text(want.Owned[i]) {
				silent++
			}
		}
	}
	t.Logf("%d flips changed a value that nothing checks", silent)
}

func TestForeignAndNewer(t *testing.T) {
	make := func(t *testing.T, statements string) string {
		dir := t.TempDir()
		db, err := sql.Open("sqlite", filepath.Join(dir, "state.db"))
		must(t, err)
		_, err = db.Exec(statements)
		must(t, errors.Join(err, db.Close(), os.Chmod(filepath.Join(dir, "state.db"), 0o600)))
		return dir
	}
	for name, c := range map[string]struct{ statements, want string }{
		"no application":      {"CREATE TABLE t (a)", "another program"},
		"in WAL mode":         {"PRAGMA journal_mode = WAL; CREATE TABLE t (a)", "another program"},
		"another application": {"PRAGMA application_id = 7; PRAGMA user_version = 1; CREATE TABLE owned (a)", "another program"},
		"newer":               {"PRAGMA application_id = 1414420563; PRAGMA user_version = 6; CREATE TABLE t (a)", "newer telnyxsync wrote it (format 6, this one knows 5): upgrade"},
		"much newer":          {"PRAGMA application_id = 1414420563; PRAGMA user_version = 2147483647; CREATE TABLE t (a)", "upgrade telnyxsync"},
		"no version":          {"PRAGMA application_id = 1414420563; CREATE TABLE t (a)", "damaged"},
		"negative version":    {"PRAGMA application_id = 1414420563; PRAGMA user_version = -1; CREATE TABLE t (a)", "damaged"},
		"without tables":      {"PRAGMA application_id = 1414420563; PRAGMA user_version = 1; CREATE TABLE t (a)", "damaged"},
		"without new tables":  {older(t, 2) + "PRAGMA user_version = 3", "tables are missing"},
		"without one of them": {older(t, 2) + "PRAGMA user_version = 3; CREATE TABLE orders (a)", "tables are missing"},
		"without the newest":  {older(t, 3) + "PRAGMA user_version = 4; CREATE TABLE groups (a); CREATE TABLE rules (a)", "tables are missing"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, make(t, c.statements), c.want) })
	}
}

func TestNoPlainFile(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"directory": func(path string) error { return os.Mkdir(path, 0o700) },
		"pipe":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"link": func(path string) error {
			dir := t.TempDir()
			filled(t, dir)
			return os.Symlink(filepath.Join(dir, "state.db"), path)
		},
		"dangling link": func(path string) error { return os.Symlink("nowhere", path) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, put(filepath.Join(dir, "state.db")))
			refused(t, dir, "not a plain file")
		})
	}
}

func TestAnotherUsers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make a file of another user: run this test as root")
	}
	dir := t.TempDir()
	filled(t, dir)
	must(t, os.Chown(filepath.Join(dir, "state.db"), 65534, 65534))
	refused(t, dir, "belongs to the user nobody")
	must(t, os.Chown(filepath.Join(dir, "state.db"), 54321, 54321))
	refused(t, dir, "belongs to the user 54321")
}

// TestLogWithoutDatabase: where the log is and the database is not, there was a state.
func TestLogWithoutDatabase(t *testing.T) {
	for _, suffix := range []string{"-wal", "-journal"} {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "state.db"+suffix), []byte("frames"), 0o600))
		refused(t, dir, "damaged")
	}
}

func TestPaths(t *testing.T) {
	for _, name := range []string{"with space", "what?", "100%", "%2e%41", "a#b", "a&b=c;d", "état", "a?mode=memory&x", "'quoted\"", `back\slash`, "new\nline"} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			t.Chdir(parent)
			filled(t, name) // relative, too
			for _, dir := range []string{name, filepath.Join(parent, name)} {
				unchanged(t, parent, func() {
					s, err := state.Load(t.Context(), dir)
					if err != nil || len(s.Owned) != 300 {
						t.Errorf("%d owned, %v", len(s.Owned), err)
					}
				})
			}
			if found, _ := os.ReadDir(parent); len(found) != 1 {
				t.Errorf("files elsewhere: %v", found)
			}
		})
	}
}
