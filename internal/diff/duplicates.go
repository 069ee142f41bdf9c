package diff

import (
	"maps"
	"slices"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// namedIDs is how many ids a note has room for.
const namedIDs = 3

// tagged looks for objects that carry our owner tag, and that state does not know. Where an entry of that name has an object
// of its own they are its duplicates: a create took effect after it had been looked for, or another state has an entry of the
// same name. A person has to decide. Of all others there is a note: an entry of another state, or of one that is lost.
func (p *planner) tagged(k *resource.Kind, m *matcher) {
	if !k.Tagged {
		return
	}
	var lost []string
	told := map[string]bool{} // as duplicates, which one that carries two tags may be besides
	for _, name := range slices.Sorted(maps.Keys(m.byTag)) {
		twins := slices.DeleteFunc(slices.Clone(m.byTag[name]), func(l *resource.Live) bool { return !m.unknown(l) })
		e := m.desired[name]
		switch {
		case len(twins) == 0:
		case e == nil:
			lost = append(lost, p.untold(name, k, twins)...)
		case p.has(m, e) != "":
			for _, id := range ids(twins) {
				told[id] = true
			}
			p.problem(e.Addr, &e.Pos, true, reason(Duplicate, plan.Args{"ids": ids(twins), "id": p.has(m, e), "address": e.String()}))
		case p.matches[e.Addr].problem.IsZero():
			lost = append(lost, ids(twins)...)
		}
	}
	slices.Sort(lost)
	lost = slices.DeleteFunc(slices.Compact(lost), func(id string) bool { return told[id] })
	if len(lost) > 0 && !p.in.Stateless {
		p.note(reason(TaggedElsewhere, plan.Args{"count": len(lost), "kind": k.Name, "ids": lost[:min(len(lost), namedIDs)]}))
	}
}

// untold are objects that carry the tag of an entry that is not written, but for what a withdrawn create of it is said to
// have made.
func (p *planner) untold(name string, k *resource.Kind, twins []*resource.Live) []string {
	said := func(id string) bool {
		a := resource.Addr{Kind: k.Name, Name: name}
		return slices.ContainsFunc(p.plan.Orphans, func(o plan.Orphan) bool { return o.ID == id }) ||
			slices.ContainsFunc(p.plan.Notes, func(n plan.Note) bool { return n.Reason.Code == CreateMeant && n.Reason.Args["id"] == id }) ||
			slices.ContainsFunc(p.plan.Problems, func(q plan.Problem) bool { return q.Addr == a && q.Reason.Code == CreateAbandoned })
	}
	return slices.DeleteFunc(ids(twins), said)
}

// has is the id of the object that an entry has, also where a person has to decide something else of it; "" if it has none.
func (p *planner) has(m *matcher, e *resource.Entry) string {
	switch f := p.matches[e.Addr]; {
	case f.live != nil:
		return f.live.ID
	case f.row != nil && m.byID[f.row.ID] != nil:
		return f.row.ID
	}
	return ""
}

// unknown tells whether neither state nor this plan has an object for anybody.
func (m *matcher) unknown(l *resource.Live) bool {
	_, taken := m.taken[l.ID]
	return !taken && m.rowByID[l.ID] == nil
}

// tagsOurs tells whether an object carries an owner tag of our instance.
func (m *matcher) tagsOurs(l *resource.Live) bool {
	return slices.ContainsFunc(l.Owners, func(o resource.Owner) bool { return o.Instance == m.instance })
}
