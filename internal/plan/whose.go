package plan

import "telnyxsync/internal/resource"

// Whose says which object an entry has, as matching found it. The zero value knows nothing.
type Whose struct{ ids map[resource.Addr]string }

// Has takes down that an entry has an object.
func (w *Whose) Has(a resource.Addr, id string) {
	if w.ids == nil {
		w.ids = map[resource.Addr]string{}
	}
	w.ids[a] = id
}

// ID is the id of an entry's object; "" where it has none, or none that was read.
func (w *Whose) ID(a resource.Addr) string { return w.ids[a] }
