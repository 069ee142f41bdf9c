package retention

import (
	"maps"
	"slices"
	"time"

	"telnyxsync/internal/resource"
)

// HoldCount is what a hold keeps.
type HoldCount struct {
	Addr   resource.Addr
	Root   string
	Source *resource.Position // nil of one that is remembered
	Count  int                // all that it means, also what is too young to be due
	Due    int                // of these: what would be due if nothing held it, as far as that was asked
	More   bool               // it means more, which was not looked at
	Items  Items              // the Count
}

// hold puts down what is held by what it shows. Nothing is asked for the sake of whether it would be due.
func (f *Fold) hold(r *resource.Recording, created time.Time) {
	c := candidate{f.item(r, created), f.interned()}
	for i := range f.keeps {
		if c.seen.seen[i].fits() == yes {
			f.keeps[i][c.ID] = c.Item
		}
	}
	if v := f.judge.verdict(c.seen.seen, c.ID, f.judge.holds); v.due >= 0 || v.ask >= 0 {
		f.held = append(f.held, c)
	}
}

// Holds counts the holds, which are the first of the policies.
func (f *Fold) Holds() int { return f.judge.holds }

// Keeps says that a hold means a recording, as Telnyx's own filter finds it and it passes.
func (f *Fold) Keeps(i int, r *resource.Recording) error {
	created, err := parse(r, createdAt)
	if err == nil {
		f.found[i][r.ID] = f.item(r, created)
	}
	return err
}

// KeepsSome tells whether a hold is known to keep something.
func (f *Fold) KeepsSome(i int) bool { return len(f.keeps[i])+len(f.found[i]) > 0 }

// More says that a hold means more than was looked at.
func (f *Fold) More(i int) { f.more[i] = true }

// Time is when what a hold means was made, of a stretch of time; until is before since where it means none of it.
func (f *Fold) Time(i int, since, until time.Time) (time.Time, time.Time) {
	for _, b := range f.judge.policies[i].Between {
		if b.Field != createdAt {
			continue
		}
		if b.GTE.After(since) {
			since = b.GTE
		}
		if !b.LTE.IsZero() && b.LTE.Before(until) {
			until = b.LTE
		}
	}
	return since, until
}

// wouldBeDue says of what holds keep by which policy it would be due.
func (f *Fold) wouldBeDue() {
	all := slices.Concat(f.keeps, f.found)
	by := func(id string, policy int) {
		for _, kept := range all {
			if item, is := kept[id]; is {
				item.By = f.judge.policies[policy].Addr.String()
				kept[id] = item
			}
		}
	}
	for i := range f.held {
		c := &f.held[i]
		if v := f.judge.verdict(c.seen.seen, c.ID, f.judge.holds); v.due >= 0 {
			by(c.ID, v.due)
		}
	}
	for i, list := range f.due {
		for k := range list {
			by(list[k].ID, i)
		}
	}
}

// Counts are what holds keep as far as that is known; [Fold.Result] has them, too.
func (f *Fold) Counts() (out []HoldCount) {
	for i := range f.judge.holds {
		p := &f.judge.policies[i]
		if p.Ghost {
			continue
		}
		h := HoldCount{Addr: p.Addr, Root: p.Root, Source: p.Source, More: f.more[i]}
		h.Items = sorted(f.opt.Unit, slices.AppendSeq(slices.Collect(maps.Values(f.keeps[i])), maps.Values(f.found[i])))
		h.Count = h.Items.Len()
		for k := range h.Items.List {
			if h.Items.List[k].By != "" {
				h.Due++
			}
		}
		out = append(out, h)
	}
	return out
}

// tally counts what is not kept one by one.
type tally struct {
	count          int
	oldest, newest time.Time
	millis         int64
}

func (t *tally) add(millis int64, created time.Time) {
	if t.count == 0 || created.Before(t.oldest) {
		t.oldest = created
	}
	if created.After(t.newest) {
		t.newest = created
	}
	t.count++
	t.millis += millis
}

func (t *tally) args(unit string) resource.Args {
	return resource.Args{"count": t.count, "unit": unit, "oldest": stamp(t.oldest), "newest": stamp(t.newest), "audio": t.millis / 1000}
}
