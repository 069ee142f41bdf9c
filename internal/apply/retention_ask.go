package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"
)

// How often a list is read to see it twice the same, and an id that nothing has.
const (
	maxReadings = 5
	nobody      = "00000000-0000-4000-8000-000000000000"
)

var errUnfiltered = errors.New("unfiltered")

// ask asks Telnyx's own filter about a policy, until two readings find the same: where some come and others
// go while pages are read, one that was there all the time may be on none of them.
func (x *reader) ask(ctx context.Context, i int) error {
	p := x.fold.Policy(i)
	var before map[string]bool
	for range maxReadings {
		ids, err := x.found(ctx, i)
		if err != nil {
			return fmt.Errorf("what %s means could not be read: %w", p.Addr, err)
		}
		if before != nil && maps.Equal(ids, before) {
			x.fold.Tell(i, ids)
			return nil
		}
		before = ids
	}
	return fmt.Errorf("what %s means could not be read: it changed each time in %d readings", p.Addr, maxReadings)
}

// found is what Telnyx's own filter finds for a policy in one reading.
func (x *reader) found(ctx context.Context, i int) (ids map[string]bool, err error) {
	p := x.fold.Policy(i)
	ids, hidden := map[string]bool{}, map[string]bool{}
	for _, query := range p.Queries() {
		err := x.each(ctx, query, time.Time{}, x.until, func(r *resource.Recording) error {
			for field := range query {
				if _, shown := r.Fields[field]; !shown {
					hidden[field] = true
				}
			}
			passes, err := x.fold.Passes(i, r, query)
			if !passes || err != nil {
				return err
			}
			ids[r.ID] = true
			if p.Keep {
				err = x.fold.Keeps(i, r)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if p.Keep {
		return ids, nil
	}
	return ids, x.prove(ctx, hidden)
}

// prove makes sure that Telnyx filters by fields that nothing shows: a filter that it ignored would mean all.
func (x *reader) prove(ctx context.Context, fields map[string]bool) error {
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		err := x.each(ctx, map[string]string{field: nobody}, time.Time{}, x.until, func(*resource.Recording) error { return errUnfiltered })
		if errors.Is(err, errUnfiltered) {
			return fmt.Errorf("filter by %s: Telnyx ignores it, as it finds some with %s, which nothing has", field, nobody)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var errEnough = errors.New("enough")

// younger counts what holds mean and is too young to be due. Nothing is deleted by that, so one reading is enough; of what
// comes and goes meanwhile it may miss some. Of a hold without filters, which may mean all there is, one is enough.
func (x *reader) younger(ctx context.Context) error {
	for i := range x.fold.Holds() {
		p := x.fold.Policy(i)
		if p.Ghost {
			continue // nobody is told what it would keep
		}
		since, until := x.fold.Time(i, x.until.Truncate(time.Second), x.now.Add(time.Second)) // it is asked for in whole seconds
		if until.Before(since) {
			continue
		}
		if len(p.Filters) == 0 && x.fold.KeepsSome(i) {
			x.fold.More(i)
			continue
		}
		for _, query := range p.Queries() {
			if err := x.young(ctx, i, query, since, until); err != nil {
				return fmt.Errorf("what %s means could not be read: %w", p.Addr, err)
			}
		}
	}
	return nil
}

// young counts what one query finds.
func (x *reader) young(ctx context.Context, i int, query map[string]string, since, until time.Time) error {
	err := client.ErrIncomplete
	for n := 0; n < maxReadings && errors.Is(err, client.ErrIncomplete); n++ {
		err = x.each(ctx, query, since, until, func(r *resource.Recording) error {
			passes, err := x.fold.Passes(i, r, query)
			if !passes || err != nil {
				return err
			}
			if err := x.fold.Keeps(i, r); err != nil || len(query) > 0 {
				return err
			}
			return errEnough
		})
	}
	if errors.Is(err, errEnough) || errors.Is(err, client.ErrIncomplete) {
		x.fold.More(i)
		return nil
	}
	return err
}

// holds reports what each hold keeps.
func (x *reader) holds(p *plan.Plan, counts []retention.HoldCount) {
	for _, h := range counts {
		why := plan.Reason{Code: HoldMatchesNothing, Args: plan.Args{"count": 0, "unit": x.unit}}
		if h.Count > 0 {
			why = plan.Reason{Code: HoldKeeps, Args: plan.Args{"count": h.Count, "due": h.Due, "unit": x.unit, "more": h.More}}
		}
		p.Notes = append(p.Notes, plan.Note{Addr: h.Addr, Source: h.Source, Reason: why})
		p.Kept = append(p.Kept, plan.Kept{Addr: h.Addr, Source: h.Source, Items: h.Items, Due: h.Due, More: h.More})
	}
}
