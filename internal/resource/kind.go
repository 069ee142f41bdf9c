package resource

import (
	"strings"
	"time"
	"unicode"
)

// Kind is the pure description of a kind of resource. How its objects are read and written is
// not in it.
type Kind struct {
	Name   string  // the section, as the API names the collection
	Doc    string  // what an editor says of the section: a sentence or two
	Schema *Schema // of an entry

	// Key is the natural key by which an entry finds an object that state does not know; "" where
	// there is none. An object answers to it if the key is one of its [Live.Keys].
	Key func(name string, o Object) string

	// KeyField is the field that the natural key is written in, as a JSON pointer; "" where it cannot
	// change. KeyRef is one that may stand in its place: a reference whose object's id is the key.
	KeyField, KeyRef string

	// Incarnation is where an object shows when it came to be, as a JSON pointer in what Telnyx answers: that tells it from
	// another of its name. "" where ids are used once alone, and where nothing shows it.
	Incarnation string

	// Check finds what is wrong with an entry beyond the schema. May be nil.
	Check func(name string, o Object) []Invalid

	// CheckBeside finds what is wrong with an entry given those that it refers to; find gives what is
	// written of them, nil where there is no entry of an address. May be nil.
	CheckBeside func(o Object, find func(Addr) Object) []Invalid

	// Uncreatable says why an entry's object cannot be made through the API; none where it can. May be nil.
	Uncreatable func(o Object) Reason

	// Forgotten says why an object is forgotten instead of deleted; none where it is deleted. May be nil.
	Forgotten func(l *Live) Reason

	// Place is the location that a natural key means, and its connection, both by their ids: it is looked
	// for among the connection's civic addresses before anything is written to it. May be nil.
	Place func(key string) (connection, location string)

	// Renewal says for how long an object is to live when it is made or renewed, and how long before
	// its end it is renewed; nil where objects do not expire.
	Renewal func(o Object) (life, before time.Duration)

	// Deep tells whether an entry asks for what only a closer look at its object shows. May be nil.
	Deep func(o Object) bool

	// Words are the sentences of the kind's own codes, as templates of their arguments; see package render. The codes
	// begin with the kind's name and a dot.
	Words map[Code]string

	Export Export

	// DeleteCalls is how many writing calls a deletion takes; nil means one.
	DeleteCalls func(l *Live) int

	IDs      bool // Telnyx makes the ids, so no two accounts have the same; else they are the users' names
	Listed   bool // one listing shows all objects, so foreign ones are known
	Tagged   bool // objects carry our owner tag
	Rekeying bool // an entry whose natural key changes is replaced; else that is refused
	Blind    bool // no reading shows its objects: they are taken to be there, and writes are stored before they are sent
	Groups   bool // its entries are groups of phone numbers, not one object each
	Rules    bool // its entries are rules of a job, and no objects
}

// Export says how an object that is there already is written as an entry.
type Export struct {
	// Identity are the fields by which an entry of a name means the object.
	Identity func(name string, l *Live) Object
	// Stem is what an entry that nobody has named is called.
	Stem func(l *Live) string
	// Secrets are the JSON pointers of the secrets that an entry needs beside those that every entry
	// needs. May be nil.
	Secrets func(o Object) []string
	// Note is what a person should know of the exported section; "" is nothing.
	Note string
}

// Invalid is something wrong at a field of an entry.
type Invalid struct {
	Path string // JSON pointer within the entry; "" is the entry itself
	Text string // what is wrong, and what to do
}

// ValidName tells whether a text can name an entry and stand as one segment of a path: printable,
// at most 255 bytes, without space at its ends, and neither "." nor "..".
func ValidName(s string) bool {
	if s == "" || len(s) > 255 || s == "." || s == ".." || strings.TrimSpace(s) != s {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar })
}

// The escapes of JSON pointers.
var (
	escapePointer   = strings.NewReplacer("~", "~0", "/", "~1")
	unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")
)

// Pointer joins names to a JSON pointer (RFC 6901).
func Pointer(names ...string) string {
	var b strings.Builder
	for _, n := range names {
		b.WriteByte('/')
		b.WriteString(escapePointer.Replace(n))
	}
	return b.String()
}

// Split is the inverse of Pointer.
func Split(pointer string) []string {
	if pointer == "" {
		return nil
	}
	names := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	if !strings.Contains(pointer, "~") {
		return names // as nearly always
	}
	for i, n := range names {
		names[i] = unescapePointer.Replace(n)
	}
	return names
}

// Get returns the value at a pointer, and whether anything was written there.
func Get(o Object, pointer string) (any, bool) {
	var v any = o
	for rest := strings.TrimPrefix(pointer, "/"); pointer != ""; { // without Split, as it is asked for every field
		var name string
		var more, ok bool
		name, rest, more = strings.Cut(rest, "/")
		if strings.Contains(name, "~") {
			name = unescapePointer.Replace(name)
		}
		m, _ := v.(map[string]any)
		if v, ok = m[name]; !ok {
			return nil, false
		}
		if !more {
			break
		}
	}
	return v, true
}

// GetString returns the text at a pointer, "" where there is none.
func GetString(o Object, pointer string) string {
	v, _ := Get(o, pointer)
	s, _ := v.(string)
	return s
}

// Put puts a value at a pointer, making the objects above it.
func Put(o Object, pointer string, v any) {
	names := Split(pointer)
	for _, name := range names[:len(names)-1] {
		m, ok := o[name].(map[string]any)
		if !ok {
			m = Object{}
			o[name] = m
		}
		o = m
	}
	o[names[len(names)-1]] = v
}

// Without returns an object without the field at a pointer, and without what would be empty for it; the
// object is not changed.
func Without(o Object, pointer string) Object { return without(o, Split(pointer)) }

func without(o Object, names []string) Object {
	out := Overlay(o, nil)
	below, deeper := o[names[0]].(map[string]any)
	if len(names) > 1 && deeper {
		if below = without(below, names[1:]); len(below) > 0 {
			out[names[0]] = below
			return out
		}
	}
	delete(out, names[0])
	return out
}

// Overlay returns base with the leaves of top put over it; neither is changed.
func Overlay(base, top Object) Object {
	out := Object{}
	for k, v := range base {
		out[k] = v
	}
	for k, v := range top {
		below, isObject := out[k].(map[string]any)
		if above, ok := v.(map[string]any); ok && isObject {
			v = Overlay(below, above)
		}
		out[k] = v
	}
	return out
}

// Reference is a reference that an entry makes.
type Reference struct {
	Path string // JSON pointer of the field
	Ref  Ref
}

// References lists the references of a tree, in the order of the schema's fields.
func References(s *Schema, o Object) (refs []Reference) {
	s.Leaves(o, func(path string, _ *Schema, v any) {
		if r, ok := v.(Ref); ok {
			refs = append(refs, Reference{Path: path, Ref: r})
		}
	})
	return refs
}

// Leaves calls f for every leaf that was written, in the order of the schema's fields. Lists and
// references are leaves.
func (s *Schema) Leaves(o Object, f func(path string, s *Schema, v any)) { s.leaves("", o, f) }

func (s *Schema) leaves(path string, o Object, f func(path string, s *Schema, v any)) {
	for _, field := range s.Fields {
		v, written := o[field.Name]
		if !written {
			continue
		}
		p := path + Pointer(field.Name)
		if below, ok := v.(map[string]any); ok && field.Type == ObjectType {
			field.leaves(p, below, f)
			continue
		}
		f(p, field.Schema, v)
	}
}
