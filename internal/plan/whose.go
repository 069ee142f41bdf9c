package plan

import "telnyxsync/internal/resource"

// Whose says which object an entry has and which entry has an object, as matching found it. The zero value knows
// nothing.
type Whose struct {
	ids   map[resource.Addr]string
	addrs map[object]resource.Addr
}

type object struct{ kind, id string }

// Has takes down that an entry has an object.
func (w *Whose) Has(a resource.Addr, id string) {
	if w.ids == nil {
		w.ids, w.addrs = map[resource.Addr]string{}, map[object]resource.Addr{}
	}
	w.ids[a], w.addrs[object{a.Kind, id}] = id, a
}

// ID is the id of an entry's object; "" where it has none, or none that was read.
func (w *Whose) ID(a resource.Addr) string { return w.ids[a] }

// Of is the entry that has an object.
func (w *Whose) Of(kind, id string) (resource.Addr, bool) {
	a, ok := w.addrs[object{kind, id}]
	return a, ok
}
