package spec

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"telnyxsync/internal/resource"
)

// root loads one configuration root. shown is the path as the user gave it, for messages.
func (l *loader) root(abs, shown string) {
	r := resource.Root{Path: abs, Sections: map[string]bool{}}
	before := len(l.entries)
	info, err := os.Stat(abs)
	switch {
	case err != nil:
		l.failFile(shown, err)
		return
	case info.IsDir():
		l.directory(&r, abs, shown)
	case !info.Mode().IsRegular():
		l.failFile(shown, errNotRegular)
		return
	default:
		l.oneFile(&r, abs, shown)
	}
	r.Entries = len(l.entries) - before
	l.roots = append(l.roots, r)
}

func (l *loader) oneFile(r *resource.Root, abs, shown string) {
	// A file that is named on the command line may be a link to anywhere: the user chose it.
	f, err := os.OpenFile(abs, readOnly, 0)
	if err != nil {
		l.failFile(shown, err)
		return
	}
	defer f.Close()
	l.file(r, f, place{shown: shown, root: filepath.Dir(abs), name: filepath.Base(abs)})
}

// place is where a file of YAML lies: what it refers to is found from there.
type place struct {
	shown string // as it is named in messages
	root  string // absolute: the directory that the paths in it may not leave
	name  string // below root
}

// shownRoot is the root as the user gave it.
func (p place) shownRoot() string {
	if dir := strings.TrimSuffix(p.shown, p.name); dir != "" {
		return filepath.Clean(dir)
	}
	return "."
}

func (l *loader) directory(r *resource.Root, abs, shown string) {
	dir, err := os.OpenRoot(abs)
	if err != nil {
		l.failFile(shown, err)
		return
	}
	defer dir.Close()
	before := len(l.errs)
	files := l.list(dir, abs, shown)
	if len(files) == 0 && len(l.errs) == before {
		l.fail(resource.Position{File: shown}, "", "no *.yaml or *.yml file is in this directory: is it the right one? A file with only comments means that nothing is desired")
	}
	for _, name := range files {
		path := filepath.Join(shown, name)
		// os.Root refuses whatever leads out of the root, also through symbolic links.
		info, err := dir.Stat(name)
		if err != nil {
			l.failFile(path, err)
			continue
		}
		if !info.Mode().IsRegular() {
			l.failFile(path, errNotRegular)
			continue
		}
		f, err := dir.OpenFile(name, readOnly, 0)
		if err != nil {
			l.failFile(path, err)
			continue
		}
		l.file(r, f, place{shown: path, root: abs, name: name})
		f.Close()
	}
}

// list finds the YAML files below a directory, sorted; hidden files and directories are left out,
// which also passes over the `..data` of a Kubernetes volume.
func (l *loader) list(dir *os.Root, abs, shown string) (files []string) {
	err := fs.WalkDir(dir.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			l.failFile(filepath.Join(shown, name), err)
			return nil // goes on with the rest: all errors are wanted
		case name != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		}
		if d.Type()&fs.ModeSymlink != 0 {
			// Where it leads is looked at from outside, as it may be out of the root. Passing over it
			// would make its entries vanish without a word.
			if info, err := os.Stat(filepath.Join(abs, name)); err == nil && info.IsDir() {
				l.fail(resource.Position{File: filepath.Join(shown, name)}, "",
					"a symbolic link to a directory is not followed: give that directory as a PATH of its own, or hide the link with a leading dot")
				return nil
			}
		}
		if ext := filepath.Ext(name); ext == ".yaml" || ext == ".yml" {
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		l.failFile(shown, err)
	}
	slices.Sort(files)
	return files
}

// readOnly does not wait for somebody to write, should a file have become a pipe since it was looked at.
const readOnly = os.O_RDONLY | syscall.O_NONBLOCK

var errNotRegular = errors.New("not a regular file")

func (l *loader) file(r *resource.Root, f *os.File, at place) {
	if data, ok := l.read(f, at.shown); ok {
		l.parse(r, at, data)
	}
}

// read reads a file within its bounds; what is wrong with it is reported.
func (l *loader) read(f *os.File, shown string) (data []byte, ok bool) {
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	if err == nil && info.Size() > MaxFileSize {
		err = fmt.Errorf("the file has %d bytes, more than the %d MB that a configuration may have: split it", info.Size(), MaxFileSize>>20)
	}
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	}
	if err == nil && len(data) > MaxFileSize {
		err = fmt.Errorf("the file grew over %d MB while it was read: split it", MaxFileSize>>20)
	}
	if err != nil {
		l.failFile(shown, err)
	}
	return data, err == nil
}

func (l *loader) failFile(shown string, err error) {
	l.fail(resource.Position{File: shown}, "", "%s", why(err))
}

// why says what is wrong with a file, without its path, and what to do.
func why(err error) string {
	hint := ""
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err, hint = fs.ErrNotExist, ": correct the path"
	case errors.Is(err, fs.ErrPermission):
		err, hint = fs.ErrPermission, ": let the user that runs telnyxsync read it"
	case errors.Is(err, syscall.ELOOP):
		err, hint = syscall.ELOOP, ": correct the link"
	case errors.Is(err, errNotRegular):
		hint = ": only plain files are read, no pipes, sockets or devices"
	default:
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		if strings.Contains(err.Error(), "escapes") {
			hint = ": files must lie inside the configuration's root"
		}
	}
	return fmt.Sprintf("%v%s", err, hint)
}
