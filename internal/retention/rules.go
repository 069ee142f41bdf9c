package retention

import (
	"cmp"
	"slices"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// Input is what policies are made of.
type Input struct {
	Kind       string // of the entries: recording_retention
	Desired    resource.Config
	Known      []resource.Rule  // as the state has them, of whatever kind
	Whose      plan.Whose       // which connections entries have
	Owned      []resource.Owned // by which a connection is known that was not found
	OtherRoots map[string]bool  // configurations that are still there and not part of this run
	Stateless  bool             // there is no state to ask, so nothing is known of changes

	Baselines []resource.Baseline // under which retention was last let through, of whatever kind

	// Parts are rules of configurations that this run loads as part of a larger one, which is named: as one file of a
	// directory, where another run loaded that file alone.
	Parts map[resource.RuleKey]string
}

// Ruled is what is written and remembered, as the judge takes it.
type Ruled struct {
	Policies []Policy
	Problems []plan.Problem
	Notes    []plan.Note         // what changed, and which holds are remembered from elsewhere
	Remember resource.Record     // nothing where there is no state
	InForce  []resource.RuleSays // policies and holds, by address and root
	Err      error               // an [Error] if something forbids that anything is deleted; Problems has it, too
}

// Rules reads the policies and holds that are written, and the holds that other runs wrote. What cannot be told of a
// hold forbids the run; a policy of which something cannot be told deletes nothing, and what may be meant by it is not
// deleted before its time.
func Rules(in Input) Ruled {
	r := &reader{Input: in, rows: map[resource.RuleKey]*resource.Rule{}, written: map[resource.RuleKey]bool{}, from: map[int][]string{}}
	for i := range in.Known {
		if row := &in.Known[i]; row.Addr.Kind == in.Kind {
			r.rows[row.Key()] = row
		}
	}
	for i := range in.Desired.Entries {
		if e := &in.Desired.Entries[i]; e.Kind == in.Kind {
			r.entry(e)
		}
	}
	for _, row := range r.sorted() {
		r.row(row)
	}
	r.tell()
	r.compareWithBaseline()
	if in.Stateless {
		r.out.Notes, r.out.Remember = nil, resource.Record{}
	}
	slices.SortStableFunc(r.out.Notes, compareNotes)
	slices.SortStableFunc(r.out.Problems, func(a, b plan.Problem) int { return a.Addr.Compare(b.Addr) })
	return r.out
}

func compareNotes(a, b plan.Note) int {
	return cmp.Or(a.Addr.Compare(b.Addr), cmp.Compare(a.Reason.Code, b.Reason.Code), cmp.Compare(a.Reason.Key(), b.Reason.Key()))
}

type reader struct {
	Input
	rows    map[resource.RuleKey]*resource.Rule
	written map[resource.RuleKey]bool // in this run, or moved in it
	from    map[int][]string          // of holds that are remembered, by policy: the configurations that say it
	dropped []Policy                  // holds that are no longer written
	out     Ruled
}

func (r *reader) sorted() (list []*resource.Rule) {
	for _, row := range r.rows {
		list = append(list, row)
	}
	slices.SortFunc(list, func(a, b *resource.Rule) int { return cmp.Or(a.Addr.Compare(b.Addr), cmp.Compare(a.Root, b.Root)) })
	return list
}

// entry reads what is written.
func (r *reader) entry(e *resource.Entry) {
	p, untold, err := r.policy(e.Addr, e.Object)
	p.Root, p.Source, p.Observe = e.Root, &e.Pos, e.Observe
	switch {
	case err != nil:
		r.forbid(p, *err)
	case untold != "" && p.Keep:
		r.forbid(p, resource.Reason{Code: HoldUntold, Args: resource.Args{"policy": e.String(), "connection": untold}})
	case untold != "":
		r.out.Problems = append(r.out.Problems, plan.Problem{Addr: e.Addr, Source: p.Source, Reason: resource.Reason{
			Code: PolicyUntold, Args: resource.Args{"connection": untold},
		}})
	}
	r.out.Policies = append(r.out.Policies, p)
	r.remember(e)
}

// forbid is a problem by which nothing may be deleted.
func (r *reader) forbid(p Policy, why resource.Reason) {
	r.out.Problems = append(r.out.Problems, plan.Problem{Addr: p.Addr, Source: p.Source, Reason: why})
	if r.out.Err == nil {
		r.out.Err = &Error{Why: why}
	}
}

// remember takes down what an entry says, for runs that do not load it, and what changed about it.
func (r *reader) remember(e *resource.Entry) {
	own := resource.Rule{Addr: e.Addr, Root: e.Root, File: e.File, Hold: e.Object["keep"] == true, Says: r.says(e)}
	r.out.InForce = append(r.out.InForce, saysOf(&own))
	r.written[own.Key()] = true
	row := r.rows[own.Key()]
	if row == nil {
		row = r.moved(&own)
	}
	r.out.Notes = append(r.out.Notes, r.changes(e, row, &own)...)
	switch {
	case row == nil:
	case row.Key() != own.Key():
		r.written[row.Key()] = true
		r.out.Remember.ForgetRules = append(r.out.Remember.ForgetRules, row.Key())
	case row.Hold == own.Hold && row.File == own.File && resource.Text(row.Says) == resource.Text(own.Says):
		return
	}
	r.out.Remember.Rules = append(r.out.Remember.Rules, own)
}

// moved finds what is remembered of the same entry in a configuration that is no longer there, or in another of this
// run: what says the same under the same name has moved. What another configuration says stays beside it.
func (r *reader) moved(own *resource.Rule) *resource.Rule {
	for _, row := range r.sorted() {
		_, still := r.entryOf(row)
		if row.Addr == own.Addr && !r.written[row.Key()] && !still && !r.OtherRoots[row.Root] && resource.Text(row.Says) == resource.Text(own.Says) {
			return row
		}
	}
	return nil
}

func (r *reader) entryOf(row *resource.Rule) (*resource.Entry, bool) {
	e := r.Desired.Find(row.Addr)
	return e, e != nil && e.Root == row.Root
}

// row looks at what is remembered and not written in this run. A hold stays in force until a run loads the whole of
// its configuration, and writes its section without it.
func (r *reader) row(row *resource.Rule) {
	if r.written[row.Key()] {
		return
	}
	root := r.Desired.Root(row.Root)
	if part, is := r.Parts[row.Key()]; is && root == nil {
		root = r.Desired.Root(part)
	}
	p, untold, err := r.policy(row.Addr, row.Says)
	p.Root = row.Root
	if Says(root, r.Kind) {
		r.out.Remember.ForgetRules = append(r.out.Remember.ForgetRules, row.Key())
		switch e := r.Desired.Find(row.Addr); {
		case e != nil && e.Root == root.Path: // its file was read as part of that
		case row.Hold:
			r.dropped = append(r.dropped, p)
		default:
			r.note(row.Addr, PolicyRemoved, ages(PolicyRemoved, row.Says))
		}
		return
	}
	if !row.Hold {
		return // it deletes only where it is written
	}
	r.out.InForce = append(r.out.InForce, saysOf(row))
	args := resource.Args{"policy": row.Addr.String(), "root": row.Root}
	switch {
	case err != nil && err.Code == RuleUnread:
		args["field"], args["value"] = err.Args["field"], err.Args["value"]
		r.forbid(p, resource.Reason{Code: KnownUnread, Args: args})
	case err != nil, !p.Keep:
		r.forbid(p, resource.Reason{Code: KnownNoHold, Args: args})
	case untold != "":
		args["connection"] = untold
		r.forbid(p, resource.Reason{Code: KnownUntold, Args: args})
	default:
		if i := r.one(&p); i >= 0 {
			if r.out.Policies[i].Source == nil {
				r.from[i] = append(r.from[i], row.Root)
			}
			return
		}
		r.from[len(r.out.Policies)] = []string{row.Root}
	}
	r.out.Policies = append(r.out.Policies, p)
}

// one is the hold in force that is the same, or -1: what two configurations say alike is one hold.
func (r *reader) one(p *Policy) int {
	return slices.IndexFunc(r.out.Policies, func(q Policy) bool { return q.Keep && q.same(p) })
}

// tell notes which holds are remembered, and which are released: those that no configuration says any more.
func (r *reader) tell() {
	elsewhere := map[int]bool{}
	var released []Policy
	for i := range r.dropped {
		p := &r.dropped[i]
		switch k := r.one(p); {
		case k >= 0 && !elsewhere[k]:
			elsewhere[k] = true
			r.note(p.Addr, HoldElsewhere, resource.Args{"roots": r.sayers(k)})
		case k < 0 && !slices.ContainsFunc(released, func(q Policy) bool { return q.same(p) }):
			released = append(released, *p)
			r.note(p.Addr, HoldRemoved, nil)
		}
	}
	for i := range r.out.Policies {
		if roots := r.from[i]; roots != nil && !elsewhere[i] {
			r.note(r.out.Policies[i].Addr, HoldRemembered, resource.Args{"roots": roots})
		}
	}
}

// sayers are the configurations that say a hold.
func (r *reader) sayers(i int) []string {
	if roots := r.from[i]; roots != nil {
		return roots
	}
	return []string{r.out.Policies[i].Root}
}

func (r *reader) note(a resource.Addr, code resource.Code, args resource.Args) {
	r.out.Notes = append(r.out.Notes, plan.Note{Addr: a, Reason: resource.Reason{Code: code, Args: args}})
}

// Says tells whether a configuration is loaded, and says of a kind which rules there are. One without any
// entry is as likely a directory that is not there.
func Says(root *resource.Root, kind string) bool {
	return root != nil && root.Sections[kind] && root.Entries > 0
}
