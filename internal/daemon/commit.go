package daemon

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"telnyxsync/internal/resource"
)

// commitOf is the commit that the first configuration path is checked out at; "" where it is in no
// repository. It is for people to read and decides nothing.
func commitOf(paths []string) string {
	if len(paths) == 0 {
		return ""
	}
	dir, err := filepath.EvalSymlinks(paths[0])
	if err != nil {
		return ""
	}
	for ; ; dir = filepath.Dir(dir) {
		git := filepath.Join(dir, ".git")
		if text, err := os.ReadFile(git); err == nil { // a worktree's, "gitdir: PATH"
			git = strings.TrimSpace(strings.TrimPrefix(string(text), "gitdir:"))
			if !filepath.IsAbs(git) {
				git = filepath.Join(dir, git)
			}
		}
		if head, err := os.ReadFile(filepath.Join(git, "HEAD")); err == nil {
			return resolve(git, strings.TrimSpace(string(head)))
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

// resolve follows a reference of a repository to its commit.
func resolve(git, head string) string {
	ref, symbolic := strings.CutPrefix(head, "ref: ")
	if !symbolic {
		return head
	}
	common := git
	if text, err := os.ReadFile(filepath.Join(git, "commondir")); err == nil {
		common = filepath.Join(git, strings.TrimSpace(string(text)))
	}
	for _, dir := range []string{git, common} {
		if id, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(ref))); err == nil {
			return strings.TrimSpace(string(id))
		}
	}
	packed, _ := os.ReadFile(filepath.Join(common, "packed-refs")) // may not be there
	for line := range strings.Lines(string(packed)) {
		if id, name, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name == ref {
			return id
		}
	}
	return ""
}

func sortedKeys[V any](m map[resource.Addr]V) []resource.Addr {
	return slices.SortedFunc(maps.Keys(m), func(a, b resource.Addr) int { return cmp.Compare(a.String(), b.String()) })
}
