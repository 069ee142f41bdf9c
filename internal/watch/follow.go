package watch

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// maxLinks is where Linux gives up with ELOOP.
const maxLinks = 40

// follow goes from a directory without links in its path to where a path leads, as the kernel does. pass is called
// with every directory entry on the way, before it looks at that.
// The information is nil if the path leads nowhere; then the last entry passed is the missing one.
func follow(dir, path string, pass func(dir, name string)) (string, os.FileInfo) {
	const sep = string(filepath.Separator)
	if filepath.IsAbs(path) {
		dir = sep
	}
	links := 0
	rest := strings.Split(path, sep)
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			dir = filepath.Dir(dir)
			continue
		}
		pass(dir, name)
		at := filepath.Join(dir, name)
		info, err := os.Lstat(at)
		if err != nil {
			return at, nil
		}
		if info.Mode()&os.ModeSymlink == 0 {
			dir = at
			continue
		}
		target, err := os.Readlink(at)
		if links++; err != nil || links > maxLinks {
			return at, nil
		}
		if filepath.IsAbs(target) {
			dir = sep
		}
		rest = append(strings.Split(target, sep), rest...)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return dir, nil
	}
	return dir, info
}

// changedSince tells whether a file, or a link on the way to it, may have changed after a time. Of a file that is
// missing, the directory is asked that would hold it.
func changedSince(path string, when time.Time) bool {
	// Kernels stamp files with a clock that lags a little; FAT counts in steps of 2 s.
	when = when.Add(-2 * time.Second)
	changed := false
	lastDir := ""
	end, info := follow("", path, func(dir, name string) {
		lastDir = dir
		link, err := os.Lstat(filepath.Join(dir, name))
		if err == nil && link.Mode()&os.ModeSymlink != 0 {
			changed = changed || changeTime(link).After(when)
		}
	})
	if info == nil {
		end = lastDir
	}
	if info, err := os.Lstat(end); err == nil {
		changed = changed || changeTime(info).After(when)
	}
	return changed
}
