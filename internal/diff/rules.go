package diff

import (
	"slices"

	"telnyxsync/internal/resource"
)

// Holds are the entries of rules that hold something, as they are to be remembered, and those that state
// remembers and that no longer do. A hold ends only with a run that loads the whole of its configuration,
// and in which its section is written.
func Holds(in Input) (put, gone []resource.Owned) {
	p := newPlanner(in)
	p.match(in.Kinds)
	return p.holds()
}

func (p *planner) holds() (put, gone []resource.Owned) {
	for i := range p.in.Kinds {
		k := &p.in.Kinds[i]
		if !k.Rules || k.Hold == nil {
			continue
		}
		held := map[string]bool{}
		rows := map[string]*resource.Owned{}
		for j := range p.in.Owned {
			if row := &p.in.Owned[j]; row.Addr.Kind == k.Name {
				rows[row.Addr.Name] = row
			}
		}
		for _, e := range p.entries[k.Name] {
			if !k.Hold(e.Object) {
				continue
			}
			own := resource.Owned{Addr: e.Addr, ID: e.Name, Root: e.Root, Applied: p.plain(k, e.Object)}
			if row := rows[e.Name]; row != nil && p.elses(row, &own) {
				own.Addr.Name += " (" + e.Root + ")"
				own.ID = own.Addr.Name
			}
			held[own.Addr.Name] = true
			if row := rows[own.Addr.Name]; row == nil || !sameOwned(row, &own) {
				put = append(put, own)
			}
		}
		for _, row := range rows {
			if SaysHolds(p.in.Desired.Root(row.Root), k.Name) && !held[row.Addr.Name] {
				gone = append(gone, *row)
			}
		}
	}
	slices.SortFunc(gone, func(a, b resource.Owned) int { return a.Addr.Compare(b.Addr) })
	return put, gone
}

// SaysHolds tells whether a configuration is loaded, and says of a kind which holds there are. One without any
// entry is as likely a directory that is not there.
func SaysHolds(root *resource.Root, kind string) bool {
	return root != nil && root.Sections[kind] && root.Entries > 0
}

// elses tells whether what state remembers under the name of a hold is that of another configuration, which
// this run does not load: it stays beside. If that one is no longer there and said the same, it has moved.
func (p *planner) elses(row, own *resource.Owned) bool {
	moved := resource.Text(row.Applied) == resource.Text(own.Applied) && !p.in.OtherRoots[row.Root]
	return row.Root != own.Root && p.in.Desired.Root(row.Root) == nil && !moved
}

// plain is an entry with ids in the place of its references, as far as they are known; else it keeps the
// name, as text.
func (p *planner) plain(k *resource.Kind, o resource.Object) resource.Object {
	out := resource.Overlay(o, nil)
	for _, r := range resource.References(k.Schema, o) {
		var c comparison
		id, known := p.resolve(r.Ref, &c).(string)
		if !known {
			id = r.Ref.Addr.String()
		}
		resource.Put(out, r.Path, id)
	}
	return out
}

// rules remembers holds.
func (p *planner) rules() {
	put, gone := p.holds()
	if !p.in.Stateless {
		p.plan.Settle, p.plan.Gone = append(p.plan.Settle, put...), append(p.plan.Gone, gone...)
	}
}
