package spec

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"strings"

	"telnyxsync/internal/resource"
)

// Settings is a file that is a single mapping, such as the daemon's configuration: read with the
// strictness of the desired state.
type Settings struct {
	Object resource.Object // only the keys that were written
	e      *entry
}

// At is the place of a field, or of the nearest thing above it that was written.
func (s *Settings) At(pointer string) resource.Position { return s.e.at(pointer) }

// LoadSettings reads a file by a schema; check finds what is wrong beyond it. The error is the join
// of all [*Error]s.
func LoadSettings(schema *resource.Schema, path string, check func(o resource.Object) []resource.Invalid) (*Settings, error) {
	l := &loader{}
	s := &Settings{Object: resource.Object{}, e: &entry{
		Entry:  resource.Entry{Pos: resource.Position{File: path, Line: 1, Col: 1}},
		places: map[string]resource.Position{}, wrong: map[string]bool{},
	}}
	if f, err := os.OpenFile(path, readOnly, 0); err != nil {
		l.failFile(path, err)
	} else {
		data, ok := l.read(f, path)
		f.Close()
		if ok {
			l.settings(schema, s, path, data)
		}
	}
	if len(l.errs) == 0 || len(s.Object) > 0 {
		for _, f := range schema.Fields {
			if _, written := s.Object[f.Name]; f.Required && !written && !s.e.blamed(resource.Pointer(f.Name)) {
				l.fail(s.e.Pos, f.Name, "it is missing: write %s", oneOf(f.Enum))
			}
		}
		for _, bad := range check(s.Object) {
			if !s.e.blamed(bad.Path) {
				l.fail(s.At(bad.Path), strings.Join(resource.Split(bad.Path), "."), "%s", bad.Text)
			}
		}
	}
	return s, l.joined()
}

func (l *loader) settings(schema *resource.Schema, s *Settings, path string, data []byte) {
	doc, failure := document(path, data)
	if failure != nil {
		l.errs = append(l.errs, failure)
		return
	}
	if doc == nil {
		return
	}
	d := &decoder{loader: l, file: path}
	if d.bounded(doc) && d.isMapping(doc, "") {
		s.Object = d.object(s.e, schema, doc, "", "", nil)
	}
}

// joined is all errors in the order of their places, as one; nil if there are none.
func (l *loader) joined() error {
	slices.SortStableFunc(l.errs, func(a, b *Error) int {
		return cmp.Or(a.Pos.Compare(b.Pos), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Text, b.Text))
	})
	var errs []error
	for _, e := range l.errs {
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}
