package watch

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// gitLock tells whether git is at work. Git holds index.lock from before it changes the first file until after the last.
type gitLock struct {
	roots []string
	wait  time.Duration

	since time.Time   // when a kick was first held back; zero: none is
	stale os.FileInfo // a lock that was waited for long enough: somebody forgot it
}

// held tells whether a kick has to wait at this time, and for which lock. gaveUp is true once the wait for that lock is over.
func (g *gitLock) held(now time.Time) (path string, held, gaveUp bool) {
	path, info := g.find()
	if info == nil {
		return "", false, false
	}
	if g.stale != nil && os.SameFile(g.stale, info) && g.stale.ModTime().Equal(info.ModTime()) {
		return path, false, false
	}
	if g.since.IsZero() {
		g.since = now
	}
	if now.Sub(g.since) >= g.wait {
		g.stale = info
		return path, false, true
	}
	return path, true, false
}

// kicked says that the waiting is over.
func (g *gitLock) kicked() { g.since = time.Time{} }

// find looks for a lock. A root that is a link is looked for in both places: it may lie in a repository, and
// it may lead into one.
func (g *gitLock) find() (string, os.FileInfo) {
	for _, root := range g.roots {
		target, _ := follow("", root, func(string, string) {})
		for _, from := range []string{root, target} {
			lock := lockPath(from)
			if lock == "" {
				continue
			}
			if info, err := os.Lstat(lock); err == nil {
				return lock, info
			}
		}
	}
	return "", nil
}

// lockPath is where git locks the index of the work tree in which a path lies, "" if it lies in none. The path need
// not exist: a checkout may just have removed it.
func lockPath(path string) string {
	for {
		git := filepath.Join(path, ".git")
		if info, err := os.Stat(git); err == nil {
			if info.IsDir() {
				return filepath.Join(git, "index.lock")
			}
			if dir := linkedGitDir(git); dir != "" {
				return filepath.Join(dir, "index.lock")
			}
		}
		up := filepath.Dir(path)
		if up == path {
			return ""
		}
		path = up
	}
}

// linkedGitDir reads a `.git` that is a file, as in worktrees and submodules; "" if it is none of git's.
func linkedGitDir(file string) string {
	f, err := os.OpenFile(file, readOnly, 0)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 8<<10))
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(text), "\n")
	dir, ok := strings.CutPrefix(line, "gitdir: ")
	if dir = strings.TrimSpace(dir); !ok || dir == "" {
		return ""
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(filepath.Dir(file), dir)
	}
	return dir
}
