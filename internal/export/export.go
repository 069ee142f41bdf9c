// Package export turns live objects, and the phone numbers that connections hold, into the YAML that would
// ask for them: the way in for everybody who already has an account.
//
// It does not know where the objects come from, whether what it writes is valid, or where it is
// written to; the order of its input does not matter to what comes out.
package export

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/resource"
)

// Source is what is exported.
type Source struct {
	Kinds    []resource.Kind
	Live     map[string][]resource.Live // by kind
	Owned    []resource.Owned           // what state knows of them; may be nil
	Instance string                     // in owner tags
	Now      time.Time

	Connections []Connection // those that can hold phone numbers
	Groups      []Group      // of phone numbers, as state knows them
}

// Entry is an entry to be written.
type Entry struct {
	resource.Addr
	Object  resource.Object
	Protect bool

	notes  []string          // above the entry
	beside map[string]string // behind a field, by JSON pointer
	kind   *resource.Kind
	leave  bool     // it is written as a comment alone
	users  []func() // what is to be done to the entries that refer to it by name, should it be left out
	file   string   // of its phone numbers; "" where they stand in the YAML

	guessed []string // fields that nobody can read; with any of them the entry is only observed
}

// Entries makes an entry of each object: sorted, each with a name of its own that stays the same from
// one export to the next.
func Entries(src Source) []*Entry {
	var out []*Entry
	all := map[string]map[string]*Entry{} // by kind and id
	for i := range src.Kinds {
		k := &src.Kinds[i]
		rows := rowsOf(k, src.Owned)
		names := named(src.Live[k.Name], src.Instance, rows, k.Export.Stem)
		all[k.Name] = map[string]*Entry{}
		for j := range src.Live[k.Name] {
			l := &src.Live[k.Name][j]
			e := entry(k, names[l.ID], l, rows[l.ID])
			if why := unfit(l, rows[l.ID], src); why != "" {
				e.Leave("", why)
			}
			out = append(out, e)
			all[k.Name][l.ID] = e
		}
	}
	out = append(out, numbered(src, all)...)
	slices.SortFunc(out, func(a, b *Entry) int { return a.Compare(b.Addr) })
	nameSecrets(out)
	return out
}

// rowsOf is what state knows of a kind, by the ids of the objects.
func rowsOf(k *resource.Kind, owned []resource.Owned) map[string]*resource.Owned {
	rows := map[string]*resource.Owned{}
	for i := range owned {
		if o := &owned[i]; o.Addr.Kind == k.Name {
			rows[o.ID] = o
		}
	}
	return rows
}

// unfit says why an object cannot be taken over as it is; "" where it can.
func unfit(l *resource.Live, row *resource.Owned, src Source) string {
	ours := 0
	for _, o := range l.Owners {
		switch {
		case row != nil: // state goes before tags
		case o.Instance != src.Instance:
			return fmt.Sprintf("it carries the owner tag of another telnyxsync (%s): take that tag off if it is no longer used", o.Tag())
		default:
			ours++
		}
	}
	switch {
	case ours > 1:
		return fmt.Sprintf("it carries %d owner tags, of different entries: take all but one off", ours)
	case !l.Expires.IsZero() && !src.Now.Before(l.Expires):
		return "it expired at " + l.Expires.UTC().Format(time.RFC3339) + ", and nothing can be made of what it held"
	}
	return ""
}

// nameSecrets gives each secret an environment variable of its own.
func nameSecrets(entries []*Entry) {
	taken := map[string]bool{}
	for _, e := range entries {
		e.secrets(func(path string, _ resource.SecretRef) {
			base := envName(e.Addr, path)
			name := base
			for n := 2; taken[name]; n++ {
				name = fmt.Sprintf("%s_%d", base, n)
			}
			taken[name] = true
			resource.Put(e.Object, path, resource.SecretRef{Env: name})
		})
	}
}

func (e *Entry) secrets(f func(path string, ref resource.SecretRef)) {
	e.kind.Schema.Leaves(e.Object, func(path string, _ *resource.Schema, v any) {
		if ref, ok := v.(resource.SecretRef); ok {
			f(path, ref)
		}
	})
}

func newEntry(k *resource.Kind, name string) *Entry {
	return &Entry{Addr: resource.Addr{Kind: k.Name, Name: name}, Object: resource.Object{}, beside: map[string]string{}, kind: k}
}

func entry(k *resource.Kind, name string, l *resource.Live, row *resource.Owned) *Entry {
	e := newEntry(k, name)
	for field, v := range k.Export.Identity(name, l) {
		e.Object[field] = v
	}
	var applied resource.Object
	if row != nil {
		e.Protect, applied = row.Protect, row.Applied
	}
	e.fields(k, k.Schema, "", l, applied)
	if len(e.guessed) > 0 {
		// Applied as it is, it would overwrite what nobody sees with what nobody wrote.
		e.secrets(func(path string, _ resource.SecretRef) { e.guessed = append(e.guessed, path) })
		var names []string
		for _, path := range e.guessed {
			names = append(names, strings.Join(resource.Split(path), "."))
		}
		e.notes = append(e.notes, fmt.Sprintf("Telnyx shows neither %s: write them, then remove observe and ignore.", strings.Join(names, " nor ")))
	}
	return e
}

// fields takes over what can be read. Of what cannot, what was last applied; of what has to be written
// all the same, something that a person is told to correct.
func (e *Entry) fields(k *resource.Kind, s *resource.Schema, at string, l *resource.Live, applied resource.Object) {
	for _, f := range s.Fields {
		path := at + resource.Pointer(f.Name)
		if f.Type == resource.ObjectType {
			e.fields(k, f.Schema, path, l, applied)
			continue
		}
		if f.Local || f.Policy || f.Type == resource.RefType {
			continue
		}
		v, shown := resource.Get(l.Object, path)
		last, was := resource.Get(applied, path)
		hint, hinted := resource.Get(l.Hints, path)
		switch {
		case f.Type == resource.FileType: // where it lay is not remembered
		case f.Type == resource.SecretType:
			if f.Required || k.Export.Secrets != nil && slices.Contains(k.Export.Secrets(e.Object), path) {
				e.put(path, resource.SecretRef{}, "")
			}
		case shown && !nothing(v):
			e.put(path, v, "")
		case f.CreateOnly, f.WriteOnly:
			switch {
			case was:
				e.put(path, last, "")
			case hinted && (applied == nil || f.Required): // what was applied without it is not managed
				e.put(path, hint, "")
			case f.Required:
				e.put(path, placeholder(f.Schema), "cannot be read back")
				e.guessed = append(e.guessed, path)
			}
		}
	}
}

func (e *Entry) put(path string, v any, beside string) {
	resource.Put(e.Object, path, v)
	if beside != "" {
		e.beside[path] = beside
	}
}

func nothing(v any) bool {
	list, isList := v.([]any)
	return v == nil || v == "" || isList && len(list) == 0
}

func placeholder(s *resource.Schema) any {
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	return "global"
}

// Leave keeps a field, or with "" the whole entry, out of what is written: it stands there as a
// comment that says why. Without a field that says which object is meant, the entry would mean another; so
// would a group of phone numbers without any of its fields.
func (e *Entry) Leave(path, why string) {
	names := resource.Split(path)
	s := e.kind.Schema.At(path)
	if _, there := resource.Get(e.Object, path); e.leave || path == "" || !there || s == nil || s.Local || e.kind.Groups {
		e.leave = true
		e.notes = append(e.notes, "not exported: "+why)
		for _, dereference := range e.users {
			dereference()
		}
		e.users = nil
		return
	}
	v, _ := resource.Get(e.Object, path)
	e.Object = resource.Without(e.Object, path)
	delete(e.beside, path)
	e.notes = append(e.notes, fmt.Sprintf("%s is left out (Telnyx has %s): %s", strings.Join(names, "."), resource.Text(v), why))
}

// Env lists the environment variables that entries refer to, sorted.
func Env(entries []*Entry) (names []string) {
	for _, e := range entries {
		if e.leave {
			continue
		}
		e.secrets(func(_ string, ref resource.SecretRef) { names = append(names, ref.Env) })
	}
	slices.Sort(names)
	return slices.Compact(names)
}
