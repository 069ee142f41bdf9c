package retention

import (
	"maps"
	"slices"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// Options are what a fold is about, beside policies.
type Options struct {
	Unit string          // recording, transcription
	Now  time.Time       // by which things are old
	Only []resource.Addr // the policies that this run is to delete by; nil: all
	// Batch is how many one call deletes; 0 is one.
	Batch int
}

// Approved says that somebody approved what was due at a time by the policies and holds as they are.
type Approved struct {
	Code   string
	Cutoff time.Time
}

// Fold judges by policies all that is handed to it, page by page:
//
//	for each recording of the list: Look
//	while Ask names policies: ask Telnyx's own filter about each, Tell
//	Result
//
// It may be asked in between, too: what is known by then need not be put aside. It keeps what is due, and of what a
// question is open about no more than a report says, with how it looked to each policy.
type Fold struct {
	judge    *judge
	opt      Options
	due      [][]Item          // by policy
	own      []tally           // by policy: what would be due, and is in one's own storage
	aside    []candidate       // a question is open
	held     []candidate       // by what they show, and whether they would be due is open
	looks    map[string]*look  // each way to look to the policies, once
	failing  map[string]error  // what is aside and may turn out not to be told
	keeps    []map[string]Item // by hold: what shows to be meant
	found    []map[string]Item // by hold: what Telnyx's own filter finds
	more     []bool            // by hold: it keeps more than was looked at
	lastAsks bool              // holds were asked about
}

// candidate is one of which Telnyx's filter has to tell.
type candidate struct {
	Item
	seen *look
}

// look is how recordings look to the policies.
type look struct{ seen []sight }

// NewFold begins.
func NewFold(policies []Policy, opt Options) *Fold {
	f := &Fold{judge: newJudge(policies, opt.Now), opt: opt, looks: map[string]*look{}, failing: map[string]error{}}
	f.due, f.own = make([][]Item, len(f.judge.policies)), make([]tally, len(f.judge.policies))
	f.more = make([]bool, f.judge.holds)
	for range f.judge.holds {
		f.keeps, f.found = append(f.keeps, map[string]Item{}), append(f.found, map[string]Item{})
	}
	return f
}

// Policy is one that [Fold.Ask] names.
func (f *Fold) Policy(i int) *Policy { return &f.judge.policies[i] }

// Passes tells whether a recording that Telnyx's filter finds by one of [Policy.Queries] passes what that leaves out:
// filters of times, and of what recordings show.
func (f *Fold) Passes(i int, r *resource.Recording, query map[string]string) (bool, error) {
	within, err := f.judge.within(i, r)
	return within && f.judge.policies[i].shows(r, query), err
}

// Tell says what Telnyx's own filter finds for a policy, of what passes.
func (f *Fold) Tell(i int, ids map[string]bool) {
	f.judge.tell(i, ids)
	if i < f.judge.holds {
		maps.DeleteFunc(f.found[i], func(id string, _ Item) bool { return !ids[id] })
	}
}

// Look judges a recording. The error ends the run: nothing may be deleted.
func (f *Fold) Look(r *resource.Recording) error {
	j := f.judge
	if f.lastAsks { // what comes late may be held, too
		clear(j.sets[:j.holds])
		for i := range f.found {
			clear(f.found[i])
		}
		f.lastAsks = false
	}
	created, v, err := j.look(r)
	switch {
	case err != nil:
		return err
	case v.held:
		f.hold(r, created)
	case v.ask >= 0:
		f.aside = append(f.aside, candidate{f.item(r, created), f.interned()})
		if bad := slices.IndexFunc(j.seen, func(s sight) bool { return s&^ripe == unread }); bad >= 0 {
			_, f.failing[r.ID] = j.within(bad, r)
		}
	case v.due >= 0:
		f.take(f.item(r, created), v, j.seen)
	case v.own >= 0:
		f.own[v.own].add(r.Millis, created)
	}
	return nil
}

// take takes down what is due, and whether it would have been by the rules under which retention was last let through.
func (f *Fold) take(i Item, v verdict, seen []sight) {
	i.released, i.counts = v.released, true
	for k := range f.judge.policies {
		if p := &f.judge.policies[k]; p.Steady && seen[k].fits() == yes && seen[k]&ripe != 0 && p.Untold == 0 {
			i.counts = false
		}
	}
	f.due[v.due] = append(f.due[v.due], i)
}

func (f *Fold) item(r *resource.Recording, created time.Time) Item {
	return Item{
		ID: r.ID, Created: created.UTC(), From: Mask(r.From), To: Mask(r.To), Millis: r.Millis, Age: f.opt.Now.Sub(created).Truncate(time.Hour),
	}
}

// interned is how the recording that is looked at looks to the policies.
func (f *Fold) interned() *look {
	key := make([]byte, 0, 64)
	for _, s := range f.judge.seen {
		key = append(key, byte(s))
	}
	l := f.looks[string(key)]
	if l == nil {
		l = &look{slices.Clone(f.judge.seen)}
		f.looks[string(key)] = l
	}
	return l
}

// Ask names the policies of which Telnyx's own filter has to tell next; none once all is known. Holds are the last.
func (f *Fold) Ask() (policies []int, err error) {
	again, asks := f.aside, map[int]bool{}
	f.aside = nil
	for _, c := range again {
		switch v := f.judge.verdict(c.seen.seen, c.ID, 0); {
		case v.bad >= 0:
			return nil, f.failing[c.ID]
		case v.ask >= 0:
			asks[v.ask] = true
			f.aside = append(f.aside, c)
		case v.due >= 0:
			f.take(c.Item, v, c.seen.seen)
		case v.own >= 0:
			f.own[v.own].add(c.Millis, c.Created)
		}
	}
	if len(asks) > 0 {
		return slices.Sorted(maps.Keys(asks)), nil
	}
	f.lastAsks = true
	return slices.DeleteFunc(f.judge.asksHolds(), func(i int) bool { return f.judge.sets[i] != nil }), nil
}

// Result is what a fold comes to.
type Result struct {
	Changes  []plan.Change // one for each policy by which something is due
	Observed []plan.Change // of policies that only observe
	Notes    []plan.Note   // of each policy by which nothing is deleted, and what stays in one's own storage
	Holds    []HoldCount
}

// Result is what is due, with what somebody approved of it apart, once [Fold.Ask] asks for nothing more.
func (f *Fold) Result(approved *Approved) (out Result) {
	if open, err := f.Ask(); len(open) > 0 || err != nil {
		panic("retention: what is due is not known before all questions are answered")
	}
	f.wouldBeDue()
	for i := f.judge.holds; i < len(f.due); i++ {
		p := &f.judge.policies[i]
		note := func(code resource.Code, args resource.Args) {
			out.Notes = append(out.Notes, plan.Note{Addr: p.Addr, Source: p.Source, Reason: plan.Reason{Code: code, Args: args}})
		}
		items, own := sorted(f.opt.Unit, f.unheld(f.due[i])), &f.own[i]
		if own.count > 0 {
			note(InOwn, own.args(f.opt.Unit))
		} else if items.Len() == 0 {
			note(NoneDue, resource.Args{"unit": f.opt.Unit})
		}
		if items.Len() == 0 {
			continue
		}
		c := f.change(p, items)
		switch {
		case p.Observe:
			out.Observed = append(out.Observed, c)
		case f.opt.Only != nil && !slices.Contains(f.opt.Only, p.Addr):
			args := items.due()
			args["count"], args["unit"] = items.Len(), f.opt.Unit
			note(NotAsked, args)
		default:
			out.Changes = append(out.Changes, f.apart(c, p, approved)...)
		}
	}
	byAddr := func(a, b plan.Change) int { return a.Addr.Compare(b.Addr) }
	slices.SortFunc(out.Changes, byAddr)
	slices.SortFunc(out.Observed, byAddr)
	slices.SortFunc(out.Notes, compareNotes)
	out.Holds = f.Counts()
	return out
}

func (f *Fold) change(p *Policy, items Items) plan.Change {
	return plan.Change{
		Op: plan.Delete, Addr: p.Addr, Source: p.Source, Items: items, Reasons: []plan.Reason{{Code: IsDue, Args: items.due()}},
		Blast: items.blast(), Cost: calls(items.Len(), f.opt.Batch), Do: p,
	}
}

// apart takes what somebody approved out of what is due: what came of age since then is judged without it.
func (f *Fold) apart(c plan.Change, p *Policy, approved *Approved) []plan.Change {
	if approved == nil {
		return []plan.Change{c}
	}
	all, _ := c.Items.(Items)
	let, rest := Items{Of: all.Of}, Items{Of: all.Of}
	for _, i := range all.List {
		if i.Created.After(approved.Cutoff.Add(-p.After)) {
			rest.List = append(rest.List, i)
		} else {
			let.List = append(let.List, i)
		}
	}
	var out []plan.Change
	if let.Len() > 0 {
		c := f.change(p, let)
		c.Let = approved.Code
		out = append(out, c)
	}
	if rest.Len() > 0 {
		out = append(out, f.change(p, rest))
	}
	return out
}

// classes are what guards count the units as.
var classes = map[string]plan.Class{"recording": plan.Recordings, "transcription": plan.Transcriptions}

// unheld leaves out what Telnyx's filter finds for a hold, and takes down what it finds for one that is not in force.
func (f *Fold) unheld(list []Item) (out []Item) {
	for i := range list {
		held := false
		for k, set := range f.judge.sets[:f.judge.holds] {
			switch {
			case !set[list[i].ID]:
			case f.judge.policies[k].Ghost:
				list[i].released = true
			default:
				held = true
			}
		}
		if !held {
			out = append(out, list[i])
		}
	}
	return out
}

// calls is how many calls delete so many.
func calls(n, batch int) int {
	batch = max(batch, 1)
	return (n + batch - 1) / batch
}
