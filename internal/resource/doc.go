// Package resource holds the vocabulary that all other packages share: addresses, trees of
// desired and live values, the schema of a kind, and what is remembered of an object we own.
//
// It does not know YAML, Telnyx's API, how two trees are compared, or which kinds exist.
package resource

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Object is a tree of what somebody wrote or what Telnyx answered: values are Object, []any,
// string, int64, bool, nil (written as null: clear it), [Ref], [SecretRef] and [File]. A key that is
// absent is not managed; that is why no struct with zero values flows through the program.
type Object = map[string]any

// Addr names an entry: the section it stands in and the user's own name for it.
type Addr struct {
	Kind string // as the API names the collection: "external_connections"
	Name string // may hold any printable text, slashes included
}

// String is KIND/NAME.
func (a Addr) String() string { return a.Kind + "/" + a.Name }

// MarshalText makes addresses readable in JSON.
func (a Addr) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (a *Addr) UnmarshalText(text []byte) (err error) {
	*a, err = ParseAddr(string(text))
	return err
}

// Compare orders addresses by kind, then name.
func (a Addr) Compare(b Addr) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
}

// ParseAddr reads KIND/NAME; the name may hold further slashes.
func ParseAddr(s string) (Addr, error) {
	kind, name, ok := strings.Cut(s, "/")
	if !ok || kind == "" || name == "" {
		return Addr{}, fmt.Errorf("%q is not an address: write KIND/NAME, as in external_connections/zoom-emea", s)
	}
	return Addr{Kind: kind, Name: name}, nil
}

// Position is a place in a YAML file; Line and Col count from 1, Col in characters.
type Position struct {
	File string
	Line int
	Col  int
}

// String is FILE:LINE:COL.
func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col) }

// Compare orders positions by file, line and column.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Col, q.Col))
}

// Entry is one desired resource.
type Entry struct {
	Addr
	Pos    Position
	Root   string // the configuration root it was loaded from
	File   string // that it is written in, relative to the root, with slashes; the name of a root that is a file
	Object Object // only the keys that were written

	Protect *bool    // nil: not written, what state remembers stays in force
	Observe bool     // report drift, change nothing
	Ignore  []string // JSON pointers that are not compared
}

// Ignores tells whether the entry leaves a path, or something above it, out of comparison.
func (e *Entry) Ignores(path string) bool {
	for _, p := range e.Ignore {
		if path == p || strings.HasPrefix(path, p+"/") {
			return true
		}
	}
	return false
}

// Root is a configuration root that was loaded whole: a directory or a single file.
type Root struct {
	Path     string          // absolute, symbolic links kept: `..data` and git-sync swap them
	Sections map[string]bool // the sections written in it, also the empty ones
	Entries  int
}

// Config is the desired state of one run.
type Config struct {
	Roots   []Root
	Entries []Entry  // sorted by address
	Files   []string // absolute, sorted: what the entries refer to beside the YAML
}

// Find returns the entry of an address, or nil.
func (c *Config) Find(a Addr) *Entry {
	i, found := slices.BinarySearchFunc(c.Entries, a, func(e Entry, a Addr) int { return e.Compare(a) })
	if !found {
		return nil
	}
	return &c.Entries[i]
}

// Root returns the loaded root of that path, or nil.
func (c *Config) Root(path string) *Root {
	for i := range c.Roots {
		if c.Roots[i].Path == path {
			return &c.Roots[i]
		}
	}
	return nil
}
