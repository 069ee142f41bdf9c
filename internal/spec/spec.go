// Package spec reads desired state: YAML files become resource.Config, and everything that is
// wrong with any of them is reported at once, each as file:line:col with what to do.
//
// It does not know what Telnyx has, what is owned, or which kinds exist beyond the descriptions
// that it is handed.
package spec

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"telnyxsync/internal/resource"
)

// The bounds of one file. They are far above any real configuration and keep a hostile one from
// costing memory or time.
const (
	MaxFileSize = 10 << 20
	MaxNodes    = 200_000
	MaxDepth    = 32
)

// The bounds of phone numbers: what is beyond them is a slip of the finger in the end of a range.
const (
	MaxRange   = 100_000   // of one range
	MaxNumbers = 1_000_000 // of all entries
)

// maxHints bounds the search for what mistyped references may mean, which compares each with all
// names: nobody reads more.
const maxHints = 100

// Error is one thing wrong in the configuration.
type Error struct {
	Pos  resource.Position // Line 0: the file as a whole
	Path string            // the place in the tree: external_connections.zoom-emea.active
	Text string            // what is wrong, and what to do
}

// Error is `file:line:col: path: text`.
func (e *Error) Error() string {
	where := e.Pos.File
	if e.Pos.Line > 0 {
		where = e.Pos.String()
	}
	if e.Path != "" {
		where += ": " + e.Path
	}
	return oneLine(where + ": " + e.Text)
}

// oneLine writes out what would break a line or act on a terminal: keys and file names may hold it.
func oneLine(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// Load reads roots, each a directory or a single file, and merges them. The error is nil or the
// join of all [*Error]s of all files, in the order of their places.
func Load(kinds []resource.Kind, paths ...string) (resource.Config, error) {
	l := &loader{kinds: map[string]*resource.Kind{}, first: map[resource.Addr]*entry{}}
	for i := range kinds {
		l.kinds[kinds[i].Name] = &kinds[i]
		l.sections = append(l.sections, kinds[i].Name)
	}
	slices.Sort(l.sections)
	seen := map[string]bool{}
	for _, p := range paths {
		abs, err := filepath.Abs(p)
		if err != nil {
			return resource.Config{}, err
		}
		if !seen[abs] {
			seen[abs] = true
			l.root(abs, filepath.Clean(p))
		}
	}
	slices.SortFunc(l.entries, func(a, b *entry) int { return a.Compare(b.Addr) })
	l.checkEntries()
	l.checkIdentities()
	l.checkNumbers()
	l.checkReferences()

	slices.Sort(l.files)
	config := resource.Config{Roots: l.roots, Files: slices.Compact(l.files)}
	for _, e := range l.entries {
		config.Entries = append(config.Entries, e.Entry)
	}
	return config, l.joined()
}

// loader collects entries and errors over all files.
type loader struct {
	kinds    map[string]*resource.Kind
	sections []string // names of the kinds, sorted, for suggestions
	roots    []resource.Root
	entries  []*entry
	first    map[resource.Addr]*entry
	files    []string // absolute: what was referred to
	errs     []*Error
}

// entry is an entry with the places of its fields, for errors found after decoding.
type entry struct {
	resource.Entry
	kind   *resource.Kind
	places map[string]resource.Position // by JSON pointer
	wrong  map[string]bool              // JSON pointers of values that were reported and left out

	numbers []*numberList // also of fields in which something else was wrong
}

// blamed tells whether something at a field, above or below it was reported as wrong: what is said
// of that field beyond it would only be a consequence.
func (e *entry) blamed(pointer string) bool {
	for p := range e.wrong {
		if p == pointer || strings.HasPrefix(p, pointer+"/") || strings.HasPrefix(pointer, p+"/") {
			return true
		}
	}
	return false
}

// at is the place of a field, or of the nearest thing above it that was written.
func (e *entry) at(pointer string) resource.Position {
	for p := pointer; p != ""; p = p[:strings.LastIndexByte(p, '/')] {
		if pos, ok := e.places[p]; ok {
			return pos
		}
	}
	return e.Pos
}

func (e *entry) path(pointer string) string {
	return strings.Join(append([]string{e.Kind, e.Name}, resource.Split(pointer)...), ".")
}

func (l *loader) fail(pos resource.Position, path, format string, args ...any) {
	l.errs = append(l.errs, &Error{Pos: pos, Path: path, Text: fmt.Sprintf(format, args...)})
}

func (l *loader) checkEntries() {
	for _, e := range l.entries {
		l.checkRequired(e, e.kind.Schema, e.Object, "")
		var bad []resource.Invalid
		if e.kind.Check != nil {
			bad = e.kind.Check(e.Name, e.Object)
		}
		if e.kind.CheckBeside != nil {
			bad = append(bad, e.kind.CheckBeside(e.Object, l.written)...)
		}
		for _, b := range bad {
			if !e.blamed(b.Path) {
				l.fail(e.at(b.Path), e.path(b.Path), "%s", b.Text)
			}
		}
	}
}

// written is what is written of an entry; nil where there is none.
func (l *loader) written(a resource.Addr) resource.Object {
	if e := l.first[a]; e != nil {
		return e.Object
	}
	return nil
}

// checkRequired finds what is missing in an object that was written.
func (l *loader) checkRequired(e *entry, s *resource.Schema, o resource.Object, pointer string) {
	for _, f := range s.Fields {
		p := pointer + resource.Pointer(f.Name)
		v, written := o[f.Name]
		if f.Required && !written && !e.blamed(p) {
			l.fail(e.at(pointer), e.path(pointer), "%s is missing: write %s", f.Name, oneOf(f.Enum))
		}
		if below, ok := v.(resource.Object); ok {
			l.checkRequired(e, f.Schema, below, p)
		}
	}
}

// oneOf is what can be written for a field; "it" where that is anything.
func oneOf(enum []string) string {
	if len(enum) == 0 {
		return "it"
	}
	return strings.Join(enum, " or ")
}

// checkIdentities finds two entries that mean one object.
func (l *loader) checkIdentities() {
	type identity struct{ kind, key string }
	owner := map[identity]*entry{}
	// Without the field that says which object is meant, the key would be that of another.
	doubtful := func(e *entry) bool {
		return slices.ContainsFunc(e.kind.Schema.Fields, func(f resource.Field) bool {
			return f.Local && e.blamed(resource.Pointer(f.Name))
		})
	}
	for _, e := range l.entries {
		if doubtful(e) {
			continue
		}
		id := identity{e.Kind, e.kind.Key(e.Name, e.Object)}
		if id.key == "" {
			continue
		}
		if other := owner[id]; other != nil {
			l.fail(e.Pos, e.path(""), "it means the same object (%s) as %s at %s: keep one of them, or tell them apart",
				id.key, other.Addr, other.Pos)
			continue
		}
		owner[id] = e
	}
}

// checkReferences finds references to nothing, and cycles.
func (l *loader) checkReferences() {
	next := map[resource.Addr][]resource.Addr{}
	names := map[string][]string{}
	for _, e := range l.entries {
		names[e.Kind] = append(names[e.Kind], e.Name)
	}
	// An error above the entries (its path is a section's at most) may hide the one that is meant.
	unread := ""
	if slices.ContainsFunc(l.errs, func(e *Error) bool { return !strings.Contains(e.Path, ".") }) {
		unread = " in what could be read"
	}
	for _, e := range l.entries {
		for _, r := range resource.References(e.kind.Schema, e.Object) {
			if r.Ref.ID != "" {
				continue
			}
			if l.first[r.Ref.Addr] == nil {
				hint := ""
				if len(l.errs) < maxHints {
					hint = didYouMean(r.Ref.Addr.Name, names[r.Ref.Addr.Kind])
				}
				l.fail(e.at(r.Path), e.path(r.Path), "there is no %s%s%s; write the name of an entry, or {id: \"…\"} for one that is not managed here",
					r.Ref.Addr, unread, hint)
				continue
			}
			next[e.Addr] = append(next[e.Addr], r.Ref.Addr)
		}
	}
	const active, finished = 1, 2
	mark := map[resource.Addr]int{}
	var trail []resource.Addr
	var visit func(a resource.Addr)
	visit = func(a resource.Addr) {
		mark[a] = active
		trail = append(trail, a)
		for _, b := range next[a] {
			switch mark[b] {
			case active:
				cycle := append(slices.Clone(trail[slices.Index(trail, b):]), b)
				names := make([]string, len(cycle))
				for i, c := range cycle {
					names[i] = c.String()
				}
				e := l.first[a]
				l.fail(e.Pos, e.path(""), "references go round in a circle (%s): take one of them out", strings.Join(names, " → "))
			case 0:
				visit(b)
			}
		}
		trail = trail[:len(trail)-1]
		mark[a] = finished
	}
	for _, e := range l.entries {
		if mark[e.Addr] == 0 {
			visit(e.Addr)
		}
	}
}
