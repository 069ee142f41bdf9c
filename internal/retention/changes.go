package retention

import (
	"maps"
	"slices"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// connected tells what an entry means by its connection.
type connected func(o resource.Object) (id string, addr resource.Addr)

// changes compare what an entry says with what is remembered of it.
func (r *reader) changes(e *resource.Entry, row, own *resource.Rule) (notes []plan.Note) {
	add := func(code resource.Code, args resource.Args) {
		notes = append(notes, plan.Note{Addr: e.Addr, Source: &e.Pos, Reason: resource.Reason{Code: code, Args: args}})
	}
	switch {
	case row == nil && own.Hold:
		add(HoldNew, nil)
		return notes
	case row == nil:
		add(PolicyNew, ages(PolicyNew, own.Says))
		return notes
	case row.Hold && !own.Hold:
		add(HoldReleased, ages(HoldReleased, own.Says))
	case !row.Hold && own.Hold:
		add(HoldPlaced, ages(HoldPlaced, row.Says))
	case !own.Hold:
		before, after := age(row.Says), age(own.Says)
		args := resource.Args{"old": resource.DurationText(before), "new": resource.DurationText(after)}
		if after > before {
			add(PolicyLengthened, args)
		} else if after < before {
			add(PolicyShortened, args)
		}
		if a, b := row.Says["observe"] == true, own.Says["observe"] == true; b && !a {
			add(PolicyObserves, nil)
		} else if a && !b {
			add(PolicyActs, nil)
		}
		if a, b := bound(row.Says), bound(own.Says); a != b {
			add(PolicyBound, resource.Args{"old": a, "new": b})
		}
		if a, b := resource.GetString(row.Says, "/archive"), resource.GetString(own.Says, "/archive"); a != b {
			add(PolicyArchive, resource.Args{"old": a, "new": b})
		}
		if a, b := deletesOwn(row.Says), deletesOwn(own.Says); a && !b {
			add(PolicyKeepsOwn, nil)
		} else if b && !a {
			add(PolicyDeletesOwn, nil)
		}
	}
	before, after, _ := filtersOf(row.Says, own.Says, r.connection)
	if how := compare(before, after); how != same {
		add(filterCodes[own.Hold][how], resource.Args{"old": before.texts(), "new": after.texts()})
	}
	return notes
}

var filterCodes = map[bool]map[how]resource.Code{
	false: {narrowed: PolicyNarrowed, widened: PolicyWidened, refiltered: PolicyRefiltered},
	true:  {narrowed: HoldNarrowed, widened: HoldWidened, refiltered: HoldRefiltered},
}

func age(o resource.Object) time.Duration { return resource.GetDuration(o, "/delete_after", 0) }

func bound(o resource.Object) int64 {
	n, _ := o["max_deletes_per_run"].(int64)
	return n
}

// ages are the arguments of what is said of a policy's age; of a hold there are none.
func ages(code resource.Code, o resource.Object) resource.Args {
	if code == HoldRemoved {
		return nil
	}
	return resource.Args{"after": resource.DurationText(age(o))}
}

// filters are what a rule asks for, by field; those of times by field and end.
type filters map[string]string

// filtersOf reads two that are to be compared. A connection of which either does not know the id is in none of them.
func filtersOf(a, b resource.Object, of connected) (x, y filters, known bool) {
	x, y, known = filters{}, filters{}, true
	for _, s := range []struct {
		o    resource.Object
		into filters
	}{{a, x}, {b, y}} {
		for _, name := range filterNames {
			if v := resource.GetString(s.o, "/"+name); v != "" {
				s.into[name] = normal(name, v)
			}
		}
		for _, field := range timeNames {
			for _, end := range []string{"gte", "lte"} {
				if v := resource.GetString(s.o, resource.Pointer(field, end)); v != "" {
					s.into[field+"/"+end] = v
				}
			}
		}
		if id, addr := of(s.o); id != "" {
			s.into[connectionID] = id
		} else if addr.Name != "" {
			known = false
		}
	}
	if !known {
		delete(x, connectionID)
		delete(y, connectionID)
	}
	return x, y, known
}

// texts are the filters as reports list them.
func (f filters) texts() []string {
	out := []string{}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		out = append(out, name+"="+f[name])
	}
	return out
}

// how filters changed.
type how int

const (
	same how = iota
	narrowed
	widened
	refiltered
)

func compare(before, after filters) how {
	less, more := implies(after, before), implies(before, after)
	switch {
	case less && more:
		return same
	case less:
		return narrowed
	case more:
		return widened
	}
	return refiltered
}

// implies tells whether all that passes a passes b.
func implies(a, b filters) bool {
	for name, want := range b {
		have, asked := a[name]
		if !asked {
			return false
		}
		if have == want {
			continue
		}
		x, errX := time.Parse(time.RFC3339, have)
		y, errY := time.Parse(time.RFC3339, want)
		n := len(name) - len("/gte")
		isTime := n > 0 && (name[n:] == "/gte" || name[n:] == "/lte")
		if !isTime || errX != nil || errY != nil || name[n:] == "/gte" && x.Before(y) || name[n:] == "/lte" && x.After(y) {
			return false
		}
	}
	return true
}
