package watch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// maxContent is how many bytes of a file are compared: of a larger one the size, the beginning and the end.
const maxContent = 32 << 20

// readOnly does not wait for somebody to write, should a file have become a pipe since it was looked at.
const readOnly = os.O_RDONLY | syscall.O_NONBLOCK

type sum [sha256.Size]byte

// snapshot is a fingerprint of all that is watched. Times are no part of it: they change without contents, and contents
// without them.
type snapshot struct {
	roots sum
	files map[string]sum // those of SetFiles
}

// same compares snapshots. A file that only one of them has says nothing: it was named or left out meanwhile.
func (s snapshot) same(t snapshot) bool {
	if s.roots != t.roots {
		return false
	}
	for path, a := range s.files {
		if b, ok := t.files[path]; ok && a != b {
			return false
		}
	}
	return true
}

// takeSnapshot reads everything. It calls pulse now and then, as that may take long, and fails only if ctx ends.
func takeSnapshot(ctx context.Context, pulse func(), roots, files []string) (snapshot, error) {
	r := reader{ctx: ctx, pulse: pulse, buf: make([]byte, 128<<10)}
	h := sha256.New()
	for _, root := range roots {
		path, info := follow("", root, func(string, string) {})
		fmt.Fprintf(h, "root %q %q\n", root, path)
		switch {
		case info == nil:
			fmt.Fprintln(h, "missing")
		case info.IsDir():
			r.directory(h, path)
		default:
			fmt.Fprintf(h, "%x\n", r.content(path))
		}
	}
	s := snapshot{roots: sum(h.Sum(nil)), files: make(map[string]sum, len(files))}
	for _, f := range files {
		s.files[f] = r.content(f)
	}
	return s, ctx.Err()
}

// reader reads contents.
type reader struct {
	ctx   context.Context
	pulse func()
	buf   []byte
}

// directory writes a directory's names, link targets and YAML files to h. Hidden files and directories are left out, but
// hidden links are not: they are how Kubernetes swaps a whole volume.
func (r *reader) directory(h hash.Hash, dir string) {
	if r.ctx.Err() != nil {
		return
	}
	r.pulse()
	entries, err := os.ReadDir(dir) // sorted
	for _, e := range entries {
		name := e.Name()
		path := filepath.Join(dir, name)
		hidden := strings.HasPrefix(name, ".")
		switch {
		case e.Type()&os.ModeSymlink != 0:
			target, err := os.Readlink(path)
			fmt.Fprintf(h, "link %q %q %s\n", name, target, reason(err))
		case hidden:
			continue
		case e.IsDir():
			fmt.Fprintf(h, "directory %q\n", name)
			r.directory(h, path)
			fmt.Fprintln(h, "end")
			continue
		default:
			fmt.Fprintf(h, "file %q\n", name)
		}
		if ext := filepath.Ext(name); !hidden && (ext == ".yaml" || ext == ".yml") {
			fmt.Fprintf(h, "%x\n", r.content(path))
		}
	}
	if err != nil {
		fmt.Fprintf(h, "unreadable %s\n", reason(err))
	}
}

// content is the sum of a file's content, or of the reason for which it cannot be read.
func (r *reader) content(path string) sum {
	h := sha256.New()
	if err := r.copy(h, path); err != nil {
		h.Reset()
		fmt.Fprintf(h, "unreadable %s", reason(err))
	} else {
		fmt.Fprint(h, "read")
	}
	return sum(h.Sum(nil))
}

func (r *reader) copy(to io.Writer, path string) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	r.pulse()
	// Devices may do something when opened, so what is no file is not opened at all.
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errNotRegular
	}
	f, err := os.OpenFile(path, readOnly, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errNotRegular
	}
	size := info.Size()
	if size <= maxContent {
		return r.part(to, io.NewSectionReader(f, 0, maxContent))
	}
	fmt.Fprintf(to, "%d", size)
	if err := r.part(to, io.NewSectionReader(f, 0, maxContent/2)); err != nil {
		return err
	}
	return r.part(to, io.NewSectionReader(f, size-maxContent/2, maxContent/2))
}

func (r *reader) part(to io.Writer, from io.Reader) error {
	for {
		n, err := from.Read(r.buf)
		if _, err := to.Write(r.buf[:n]); err != nil {
			return err
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = r.ctx.Err()
		}
		if err != nil {
			return err
		}
		r.pulse()
	}
}

var errNotRegular = errors.New("not a regular file")

// reason is the part of an error that does not vary from time to time.
func reason(err error) string {
	var no syscall.Errno
	switch {
	case err == nil:
		return ""
	case errors.As(err, &no):
		return no.Error()
	}
	return err.Error()
}
