package diff

import (
	"cmp"
	"slices"
	"strings"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// match is which live object an entry means, and how that is known.
//
//	state has the id for the address   → live, row        (live nil: it vanished)
//	an owner tag names the entry       → live             an adopt
//	a natural key answers              → live             an adopt,
//	  … and state has it elsewhere     → live, from       a rename
//	nothing                            → all nil          a create
//
// Tags and keys are asked also where the object that state has for the address vanished; what they
// find is another object, and adopted like any.
//
// An object is taken by one entry at most; state goes before tags, tags before keys. One that came to be under the id of
// what state has, when that was gone, belongs to nobody before a person says so: see incarnation.go.
type match struct {
	row     *resource.Owned // what state has for the entry
	live    *resource.Live
	from    *resource.Owned // the row of the entry's former name
	resume  *resource.Live  // what a replace that was cut off has already made
	rekey   bool            // the entry's natural key is no longer that of its object
	begun   bool            // that replace was begun
	after   *resource.Addr  // of a create: the entry whose replace leaves the natural key to it
	problem plan.Reason     // none: all is well
	held    bool            // a person has to decide
}

// hold leaves an entry to a person.
func (f *match) hold(code plan.Code, args plan.Args) { f.held, f.problem = true, reason(code, args) }

// known is what state has of the object that the entry has. Of one that was found in the place of
// another, which vanished, it has nothing.
func (f *match) known() *resource.Owned {
	switch {
	case f.from != nil:
		return f.from
	case f.row != nil && f.live != nil && f.row.ID != f.live.ID:
		return nil
	}
	return f.row
}

// matcher finds the objects of the entries of one kind.
type matcher struct {
	kind     *resource.Kind
	instance string
	byID     map[string]*resource.Live
	byKey    map[string][]*resource.Live
	byTag    map[string][]*resource.Live
	rows     map[string]*resource.Owned // by entry name
	rowByID  map[string]*resource.Owned
	desired  map[string]*resource.Entry // by entry name
	intents  map[string]*resource.Intent
	taken    map[string]resource.Addr // id → the entry that it belongs to
	leaving  map[string]bool          // ids that a replace will delete
	claimed  map[string]resource.Addr // id → an entry that may mean it, or another
}

func (m *matcher) all(entries []*resource.Entry) map[resource.Addr]*match {
	found := map[resource.Addr]*match{}
	for _, e := range entries {
		found[e.Addr] = m.byState(e)
	}
	for _, e := range entries {
		if f := found[e.Addr]; f.live == nil && f.problem.IsZero() {
			m.tagged(e, f)
		}
	}
	// The choosiest keys go first: an id before "whichever Operator Connect connection there is".
	rest := slices.Clone(entries)
	rank := func(e *resource.Entry) int {
		n := 2 * len(m.byKey[m.key(e)])
		if m.isID(m.key(e)) {
			n--
		}
		return n
	}
	slices.SortStableFunc(rest, func(a, b *resource.Entry) int { return cmp.Compare(rank(a), rank(b)) })
	for _, e := range rest {
		if f := found[e.Addr]; f.live == nil && f.problem.IsZero() {
			m.keyed(e, f)
		}
	}
	return found
}

func (m *matcher) key(e *resource.Entry) string { return m.kind.Key(e.Name, e.Object) }

// isID tells whether a natural key is an id that was written.
func (m *matcher) isID(key string) bool { return m.kind.IDs && strings.HasPrefix(key, idKey) }

const idKey = "id="

func (m *matcher) byState(e *resource.Entry) *match {
	f := &match{row: m.rows[e.Name]}
	if f.row == nil {
		return f
	}
	live := m.byID[f.row.ID]
	if live == nil {
		return f
	}
	if f.row.IsAnother(live) {
		f.hold(AnotherObject, another(f.row, live))
		return f
	}
	if key := m.key(e); key != "" && !slices.Contains(live.Keys, key) {
		if m.kind.Blind {
			return f // it means another that is there too; nothing is to be undone of the first
		}
		if !m.kind.Rekeying {
			f.hold(StateKnowsAnother, plan.Args{"id": f.row.ID, "key": key, "address": e.String()})
			return f
		}
		f.rekey = true
		in := m.intents[e.Name]
		f.begun = in != nil && in.Key == key
		if other := m.byKey[key]; len(other) > 0 {
			if !f.begun {
				f.hold(NameTaken, plan.Args{"key": key})
				return f
			}
			f.resume = other[0]
			m.taken[other[0].ID] = e.Addr
		}
	}
	f.live = live
	m.taken[live.ID] = e.Addr
	m.leaving[live.ID] = f.rekey
	return f
}

func (m *matcher) tagged(e *resource.Entry, f *match) {
	var candidates []*resource.Live
	key := m.key(e)
	for _, l := range m.byTag[e.Name] {
		// What the YAML says of the identity goes before a tag that stands on another object.
		if m.rowByID[l.ID] == nil && (key == "" || slices.Contains(l.Keys, key)) {
			candidates = append(candidates, l)
		}
	}
	switch len(candidates) {
	case 0:
	case 1:
		if rival := m.rival(candidates[0], e); rival != "" {
			f.hold(TwoOwnerTags, plan.Args{"id": candidates[0].ID, "name": rival})
			return
		}
		f.live = candidates[0]
		m.taken[f.live.ID] = e.Addr
	default:
		f.hold(ManyTagged, plan.Args{"ids": ids(candidates), "address": e.String()})
	}
}

// rival is another entry whose owner tag an object carries, and which has no object of its own.
func (m *matcher) rival(l *resource.Live, e *resource.Entry) string {
	for _, o := range l.Owners {
		if o.Instance != m.instance || o.Name == e.Name || m.desired[o.Name] == nil {
			continue
		}
		if row := m.rows[o.Name]; row == nil || m.byID[row.ID] == nil {
			return o.Name
		}
	}
	return ""
}

func (m *matcher) keyed(e *resource.Entry, f *match) {
	key := m.key(e)
	if key == "" {
		return
	}
	var candidates []*resource.Live
	for _, l := range m.byKey[key] {
		if _, taken := m.taken[l.ID]; taken {
			continue
		}
		if row := m.rowByID[l.ID]; row != nil && m.desired[row.Addr.Name] != nil && !m.left(row, l) {
			continue // its own entry has it, or has a problem with it
		}
		candidates = append(candidates, l)
	}
	switch {
	case len(candidates) == 0:
		// Where a key means one object alone, that of another entry must not be made once more.
		if l := m.byKey[key]; len(l) == 1 && (m.isID(key) || m.kind.Rekeying) {
			holder := m.holder(l[0].ID)
			if m.leaving[l[0].ID] {
				f.after = &holder
				return
			}
			f.hold(ObjectTaken, plan.Args{"id": l[0].ID, "address": holder.String()})
		}
		return
	case len(candidates) > 1:
		for _, l := range candidates {
			m.claimed[l.ID] = e.Addr
		}
		f.hold(ManyCandidates, plan.Args{"ids": ids(candidates)})
		return
	}
	l := candidates[0]
	if other := m.otherInstance(l); other != "" && m.rowByID[l.ID] == nil {
		f.hold(OtherInstance, plan.Args{"id": l.ID, "tag": other})
		return
	}
	if row := m.rowByID[l.ID]; row != nil && row.IsAnother(l) {
		m.claimed[l.ID] = e.Addr
		f.hold(AnotherObject, another(row, l))
		return
	}
	f.live, f.from = l, m.rowByID[l.ID]
	m.taken[l.ID] = e.Addr
}

// left tells whether the entry that had an object means another now, which is there too: see byState.
func (m *matcher) left(row *resource.Owned, l *resource.Live) bool {
	key := m.key(m.desired[row.Addr.Name])
	return m.kind.Blind && key != "" && !slices.Contains(l.Keys, key)
}

// holder is the entry that an object belongs to, be it one with a problem.
func (m *matcher) holder(id string) resource.Addr {
	if a, taken := m.taken[id]; taken {
		return a
	}
	return m.rowByID[id].Addr
}

func (m *matcher) otherInstance(l *resource.Live) string {
	for _, o := range l.Owners {
		if o.Instance != m.instance {
			return o.Tag()
		}
	}
	return ""
}

func ids(lives []*resource.Live) []string {
	out := make([]string, len(lives))
	for i, l := range lives {
		out[i] = l.ID
	}
	slices.Sort(out)
	return out
}

// free is the object that answers to a key and belongs to nobody that we know.
func (m *matcher) free(key string) *resource.Live {
	for _, l := range m.byKey[key] {
		if _, taken := m.taken[l.ID]; !taken && m.rowByID[l.ID] == nil {
			return l
		}
	}
	return nil
}

// covers tells whether an object has all that was written, as far as that can be read.
func covers(s *resource.Schema, live *resource.Live, written resource.Object) bool {
	all := true
	s.Leaves(written, func(path string, s *resource.Schema, v any) {
		have, shown := resource.Get(live.Object, path)
		if shown || !s.WriteOnly && !s.CreateOnly {
			all = all && resource.Equal(have, resource.Remembered(v))
		}
	})
	return all
}
