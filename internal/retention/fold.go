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
	Unit     string          // recording, transcription
	Now      time.Time       // by which things are old
	Only     []resource.Addr // the policies that this run is to delete by; nil: all
	Approved *Approved       // nil: nobody approved what is due
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
	due      [][]Item         // by policy
	aside    []candidate      // a question is open
	held     []candidate      // by what they show, and whether they would be due is open
	looks    map[string]*look // each way to look to the policies, once
	failing  map[string]error // what is aside and may turn out not to be told
	kept     []int            // by hold: of what would be due
	lastAsks bool             // holds were asked about
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
	f.due, f.kept = make([][]Item, len(f.judge.policies)), make([]int, f.judge.holds)
	return f
}

// Policy is one that [Fold.Ask] names.
func (f *Fold) Policy(i int) *Policy { return &f.judge.policies[i] }

// Within tells whether a recording that Telnyx's filter finds passes those filters of a policy that are of times.
func (f *Fold) Within(i int, r *resource.Recording) (bool, error) { return f.judge.within(i, r) }

// Tell says what Telnyx's own filter finds for a policy, of what is within its times.
func (f *Fold) Tell(i int, ids map[string]bool) { f.judge.tell(i, ids) }

// Look judges a recording. The error ends the run: nothing may be deleted.
func (f *Fold) Look(r *resource.Recording) error {
	j := f.judge
	if f.lastAsks { // what comes late may be held, too
		clear(j.sets[:j.holds])
		f.lastAsks = false
	}
	created, v, err := j.look(r)
	switch {
	case err != nil:
		return err
	case v.held:
		f.hold(r, created)
	case v.ask >= 0:
		f.aside = append(f.aside, candidate{itemOf(r, created), f.interned()})
		if bad := slices.IndexFunc(j.seen, func(s sight) bool { return s&^ripe == unread }); bad >= 0 {
			_, f.failing[r.ID] = j.within(bad, r)
		}
	case v.due >= 0:
		f.take(itemOf(r, created), v, j.seen)
	}
	return nil
}

// take takes down what is due, and whether it would have been by the rules under which retention was last let through.
func (f *Fold) take(i Item, v verdict, seen []sight) {
	i.released, i.counts = v.released, true
	for k := range f.judge.policies {
		if p := &f.judge.policies[k]; p.Steady && seen[k] == yes|ripe && p.Untold == 0 {
			i.counts = false
		}
	}
	f.due[v.due] = append(f.due[v.due], i)
}

// hold counts what is held and would be due, as far as that is known. Nothing is asked for its sake.
func (f *Fold) hold(r *resource.Recording, created time.Time) {
	switch v := f.judge.verdict(f.judge.seen, r.ID, f.judge.holds); {
	case v.due >= 0:
		count(f.kept, f.judge.seen)
	case v.ask >= 0:
		f.held = append(f.held, candidate{Item{ID: r.ID, Created: created}, f.interned()})
	}
}

// count takes one down for each hold that it shows to be under.
func count(kept []int, seen []sight) {
	for i := range kept {
		if seen[i]&^ripe == yes {
			kept[i]++
		}
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
		}
	}
	if len(asks) > 0 {
		return slices.Sorted(maps.Keys(asks)), nil
	}
	if slices.ContainsFunc(f.due, func(list []Item) bool { return len(list) > 0 }) {
		f.lastAsks = true
		policies = slices.DeleteFunc(f.judge.asksHolds(), func(i int) bool { return f.judge.sets[i] != nil })
	}
	return policies, nil
}

// HoldCount is how many a hold keeps that would be due without it, as far as that was seen.
type HoldCount struct {
	Addr  resource.Addr
	Count int
}

// Result is what a fold comes to.
type Result struct {
	Changes  []plan.Change // one for each policy by which something is due
	Observed []plan.Change // of policies that only observe
	Notes    []plan.Note   // what is due by policies that are left out of the run
	Holds    []HoldCount
}

// Result is what is due, once [Fold.Ask] asks for nothing more.
func (f *Fold) Result() (out Result) {
	if open, err := f.Ask(); len(open) > 0 || err != nil {
		panic("retention: what is due is not known before all questions are answered")
	}
	kept := slices.Clone(f.kept)
	for _, c := range f.held {
		if v := f.judge.verdict(c.seen.seen, c.ID, f.judge.holds); v.due >= 0 {
			count(kept, c.seen.seen)
		}
	}
	for i := range f.due {
		p := &f.judge.policies[i]
		items := sorted(f.opt.Unit, f.unheld(f.due[i], kept))
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
			out.Notes = append(out.Notes, plan.Note{Addr: p.Addr, Source: p.Source, Reason: plan.Reason{Code: NotAsked, Args: args}})
		default:
			out.Changes = append(out.Changes, f.apart(c, p)...)
		}
	}
	byAddr := func(a, b plan.Change) int { return a.Addr.Compare(b.Addr) }
	slices.SortFunc(out.Changes, byAddr)
	slices.SortFunc(out.Observed, byAddr)
	slices.SortFunc(out.Notes, compareNotes)
	for i, n := range kept {
		if p := &f.judge.policies[i]; !p.Ghost {
			out.Holds = append(out.Holds, HoldCount{p.Addr, n})
		}
	}
	return out
}

func (f *Fold) change(p *Policy, items Items) plan.Change {
	return plan.Change{
		Op: plan.Delete, Addr: p.Addr, Source: p.Source, Items: items, Reasons: []plan.Reason{{Code: IsDue, Args: items.due()}},
		Blast: items.blast(), Cost: calls(items.Len(), f.opt.Batch), Do: p,
	}
}

// apart takes what somebody approved out of what is due: what came of age since then is judged without it.
func (f *Fold) apart(c plan.Change, p *Policy) []plan.Change {
	if f.opt.Approved == nil {
		return []plan.Change{c}
	}
	all, _ := c.Items.(Items)
	let, rest := Items{Of: all.Of}, Items{Of: all.Of}
	for _, i := range all.List {
		if i.Created.After(f.opt.Approved.Cutoff.Add(-p.After)) {
			rest.List = append(rest.List, i)
		} else {
			let.List = append(let.List, i)
		}
	}
	var out []plan.Change
	if let.Len() > 0 {
		c := f.change(p, let)
		c.Let = f.opt.Approved.Code
		out = append(out, c)
	}
	if rest.Len() > 0 {
		out = append(out, f.change(p, rest))
	}
	return out
}

// classes are what guards count the units as.
var classes = map[string]plan.Class{"recording": plan.Recordings, "transcription": plan.Transcriptions}

// unheld leaves out what Telnyx's filter finds for a hold, and counts it there.
func (f *Fold) unheld(list []Item, kept []int) (out []Item) {
	for _, item := range list {
		held := false
		for i, set := range f.judge.sets[:f.judge.holds] {
			switch {
			case !set[item.ID]:
			case f.judge.policies[i].Ghost:
				item.released = true
			default:
				kept[i]++
				held = true
			}
		}
		if !held {
			out = append(out, item)
		}
	}
	return out
}

// calls is how many calls delete so many.
func calls(n, batch int) int {
	batch = max(batch, 1)
	return (n + batch - 1) / batch
}
