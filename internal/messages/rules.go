package messages

import (
	"slices"
	"strings"

	"telnyxsync/internal/resource"
)

// rule is what an entry says of messages; "" is whatever.
type rule struct {
	resource.Addr
	source                                  *resource.Position
	code, title, detail, connection, number string
	dismiss                                 bool
	observes                                bool // it would dismiss them
}

// rulesOf reads the entries. What one rule knows and another dismisses is dismissed, whatever they are called.
func rulesOf(in Input) (rules []*rule) {
	var known []*rule
	for i := range in.Desired.Entries {
		e := &in.Desired.Entries[i]
		if e.Kind != in.Kind {
			continue
		}
		o := e.Object
		dismiss := o["dismiss"] == true
		r := &rule{
			Addr: e.Addr, source: &e.Pos, code: resource.GetString(o, "/code"), title: resource.GetString(o, "/title_contains"),
			detail: resource.GetString(o, "/detail_contains"), number: resource.GetString(o, "/telephone_number"),
			dismiss:  dismiss && !e.Observe && (in.Only == nil || slices.Contains(in.Only, e.Addr)),
			observes: dismiss && e.Observe,
		}
		if ref, ok := o["connection"].(resource.Ref); ok {
			if r.connection = ref.ID; r.connection == "" {
				r.connection = in.Whose.ID(ref.Addr)
			}
			if r.connection == "" {
				continue // of a connection that is not there no message tells
			}
		}
		if r.dismiss {
			rules = append(rules, r)
		} else {
			known = append(known, r)
		}
	}
	return append(rules, known...)
}

// match is the first rule that a message passes.
func match(rules []*rule, m *resource.Message) *rule {
	for _, r := range rules {
		if (r.code == "" || r.code == m.Code) && strings.Contains(m.Title, r.title) && strings.Contains(m.Detail, r.detail) &&
			(r.connection == "" || r.connection == m.Connection) && (r.number == "" || r.number == m.Number) {
			return r
		}
	}
	return nil
}
