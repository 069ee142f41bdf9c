package watch

import (
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// sight is which directories matter, and what in them.
type sight struct {
	trees map[string]bool            // directories of which every entry matters
	names map[string]map[string]bool // directories of which some entries matter
}

func newSight() *sight {
	return &sight{trees: map[string]bool{}, names: map[string]map[string]bool{}}
}

// minds tells whether what happened to a path matters.
func (s *sight) minds(path string) bool {
	if s.trees[path] || s.names[path] != nil {
		return true // the directory itself: its mode, or that it is gone
	}
	dir := filepath.Dir(path)
	return s.trees[dir] || s.names[dir][filepath.Base(path)]
}

// watches are the watches that the kernel keeps.
type watches struct {
	log   *slog.Logger
	src   *source                // nil: there is none, everything is left to the poll
	have  map[string]os.FileInfo // watched directories, by the names under which they were added
	short bool                   // it has been said that watches are short
	full  error                  // why a directory could not be watched during this look
	again bool                   // something moved while it was looked at
}

// look finds what matters and watches it, pulse being called now and then.
//
// Every directory is watched before it is read. So whatever changes after the reading makes an event, and a directory
// made before it is found.
func (w *watches) look(roots, files []string, pulse func()) *sight {
	s := newSight()
	l := looker{watches: w, sight: s, pulse: pulse, seen: map[string]bool{}}
	w.full, w.again = nil, false
	for _, root := range roots {
		if path, info := follow("", root, l.pass); info != nil && info.IsDir() {
			l.tree(path)
		}
	}
	for _, f := range files {
		follow("", f, l.pass)
	}
	for _, dir := range slices.Sorted(maps.Keys(w.have)) {
		if !l.seen[dir] {
			w.drop(dir)
		}
	}
	w.report()
	return s
}

// looker is one look.
type looker struct {
	*watches
	*sight
	pulse func()
	seen  map[string]bool
}

func (l *looker) pass(dir, name string) {
	l.once(dir)
	if l.names[dir] == nil {
		l.names[dir] = map[string]bool{}
	}
	l.names[dir][name] = true
}

func (l *looker) once(dir string) {
	if !l.seen[dir] {
		l.seen[dir] = true
		l.watch(dir)
	}
}

func (l *looker) tree(dir string) {
	if l.trees[dir] {
		return // roots may lie in each other
	}
	l.trees[dir] = true
	l.pulse()
	l.once(dir)
	entries, _ := os.ReadDir(dir) // what is unreadable wakes when that changes
	for _, e := range entries {
		switch {
		case e.Type()&os.ModeSymlink != 0:
			follow(dir, e.Name(), l.pass)
		case e.IsDir() && !strings.HasPrefix(e.Name(), "."):
			l.tree(filepath.Join(dir, e.Name()))
		}
	}
}

// watch has the kernel watch a directory. It asks also for those that are watched already: the kernel forgets
// a directory that was removed, also if another one has taken its place.
func (l *looker) watch(dir string) {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || l.src == nil {
		return
	}
	if old, ok := l.have[dir]; !ok || !os.SameFile(old, info) {
		// The kernel knows directories, not names, and fsnotify keeps the name that it heard first. So before this
		// directory can be added, whatever had its name has to go, and the name that it had itself; both, as
		// two directories may have changed places.
		if ok {
			l.drop(dir)
		}
		for name, old := range l.have {
			if os.SameFile(old, info) {
				// It may have been seen under that name a moment ago. If both were kept, ending the one that is
				// no longer there would end the other.
				l.drop(name)
				l.again = l.again || l.seen[name]
				break
			}
		}
	}
	err = l.src.Add(dir)
	switch {
	case err == nil:
		l.have[dir] = info
		if now, err := os.Lstat(dir); err != nil || !os.SameFile(now, info) {
			l.drop(dir)
			l.again = true
		}
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ENOMEM):
		l.full = err
	default:
		// It vanished, or it may not be read. A watch from when it could be is still good.
		l.log.Debug("a directory is not watched", "directory", dir, "error", err)
	}
}

// drop ends a watch. That the kernel has ended it before is no error.
func (w *watches) drop(dir string) {
	delete(w.have, dir)
	if w.src != nil {
		if err := w.src.Remove(dir); err != nil {
			w.log.Debug("a watch had ended before", "directory", dir, "error", err)
		}
	}
}

// report says once that watches are short, and once that they no longer are.
func (w *watches) report() {
	switch {
	case w.full == nil && w.short && w.src != nil:
		w.short = false
		w.log.Info("all directories are watched again")
	case w.full != nil && !w.short:
		w.short = true
		w.log.Warn("some directories cannot be watched: their changes are noticed by polling only",
			"error", w.full, "hint", hint(w.full))
	}
}

// hint says what to do against an error of inotify.
func hint(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "raise fs.inotify.max_user_watches, for example: sysctl -w fs.inotify.max_user_watches=524288"
	case errors.Is(err, syscall.EMFILE):
		return "raise fs.inotify.max_user_instances, or the limit of open files (LimitNOFILE of the service)"
	case errors.Is(err, syscall.ENFILE):
		return "raise fs.file-max: the whole system has no descriptors left"
	}
	return "free some memory of the kernel, or watch fewer directories"
}
