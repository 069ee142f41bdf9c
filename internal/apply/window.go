package apply

import (
	"maps"
	"slices"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// class judges what the plan takes away of a class, with what was taken away in the last 24 hours: too much at once, or
// in small steps, looks like a mistake, and nobody knows which of it is none. What was withheld before stays withheld, and
// so does what would take all.
func (j *judgement) class(p *plan.Plan, class plan.Class, why [][]plan.Reason) {
	of, limit := bases[class], j.limits.of(class)
	groups := map[string][]int{}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Class(class) > 0 && c.Let == "" {
			kind := ""
			if of.perKind() {
				kind = c.Addr.Kind
			}
			groups[kind] = append(groups[kind], i)
		}
	}
	for kind, list := range groups {
		j.group(p, class, kind, limit, list, why)
	}
}

func (j *judgement) group(p *plan.Plan, class plan.Class, kind string, limit Limit, list []int, why [][]plan.Reason) {
	of := bases[class]
	taken := j.takenOf(class, kind)
	var fresh []int
	total, before := toll{}, map[int]*resource.WithheldSet{}
	disconnects, users := 0, 0
	for _, i := range list {
		c := &p.Changes[i]
		total.add(c, class)
		disconnects += j.dependents[c.Addr].count
		if set := j.withheldBefore(c, class); set != nil && !limit.Once {
			before[i] = set
		} else {
			fresh = append(fresh, i)
		}
		if c.To != nil && c.Items != nil && c.To.Usage == callingUsers {
			users += c.Class(class)
		}
	}
	n := total.len()
	base := j.base(p, of, class, kind, taken)
	args := plan.Args{"class": string(class), "kind": kind, "count": n, "disconnects": disconnects, "users": users}
	all := base > 0 && n >= 2 && n >= base && !limit.Once
	sum := toll{}
	if !limit.Once {
		sum.join(taken)
	}
	for _, i := range fresh {
		sum.add(&p.Changes[i], class)
	}
	over := sum.len() > limit.bound(of, base)
	for _, i := range list {
		if set := before[i]; set != nil {
			why[i] = append(why[i], plan.Reason{Code: WithheldBefore, Args: plan.Args{"at": seconds(set.At), "why": set.Guards}})
		} else if over {
			why[i] = append(why[i], plan.Reason{Code: OverLimit, Args: both(args, plan.Args{"taken": taken.len(), "limit": limit.bound(of, base), "base": base})})
		}
		if all {
			why[i] = append(why[i], plan.Reason{Code: AllOfKind, Args: args})
		}
	}
}

func both(a, b plan.Args) plan.Args {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// callingUsers is the usage of phone numbers that belong to people.
const callingUsers = "calling_user_assignment"

func seconds(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// base is what the share of a class is a share of.
func (j *judgement) base(p *plan.Plan, of base, class plan.Class, kind string, taken toll) int {
	switch of {
	case ofOwned:
		if class == plan.Deletes {
			return p.Owned[kind] + taken.len()
		}
		return p.Owned[kind]
	case ofEntries:
		return p.Entries[kind]
	case ofNumbers:
		c := p.Counts
		return c.Placed + c.Todo + c.Waiting + c.Parked + c.Wrong
	case ofNothing:
	}
	return 0
}

// takenOf is what was taken away of a class within the window.
func (j *judgement) takenOf(class plan.Class, kind string) (t toll) {
	for i := range j.taken {
		row := &j.taken[i]
		if row.Class != string(class) || kind != "" && row.Addr.Kind != kind || j.now.Sub(row.At) >= window {
			continue
		}
		t.take(row.Addr, row.ID, row.Items, row.Count)
	}
	return t
}

// toll counts losses, that of one object or phone number once: a call that is repeated takes nothing more away.
type toll struct {
	objects map[thing]int
	numbers resource.Numbers
	items   int // of which no call is repeated
}

type thing struct {
	addr resource.Addr
	id   string
}

func (t *toll) take(a resource.Addr, id string, items resource.Numbers, count int) {
	if len(items) > 0 {
		t.numbers = t.numbers.Plus(items)
		return
	}
	if t.objects == nil {
		t.objects = map[thing]int{}
	}
	t.objects[thing{a, id}] = max(t.objects[thing{a, id}], count)
}

func (t *toll) add(c *plan.Change, class plan.Class) {
	if numbers := numbersOf(c); c.Items != nil && numbers == nil {
		t.items += c.Class(class)
		return
	}
	t.take(c.Addr, c.ID, numbersOf(c), c.Class(class))
}

func (t *toll) join(o toll) {
	for k, n := range o.objects {
		t.take(k.addr, k.id, nil, n)
	}
	t.numbers = t.numbers.Plus(o.numbers)
}

func (t *toll) len() int {
	n := t.numbers.Len() + t.items
	for _, c := range t.objects {
		n += c
	}
	return n
}

// withheldBefore is the set in which a change was withheld by an earlier run, and has been planned ever since; nil where it
// was not.
func (j *judgement) withheldBefore(c *plan.Change, class plan.Class) *resource.WithheldSet {
	for i := range j.withheld {
		for k := range j.withheld[i].Changes {
			w := &j.withheld[i].Changes[k]
			lost := slices.ContainsFunc(w.Losses, func(l resource.Loss) bool { return l.Class == string(class) })
			if lost && w.Address == c.Addr.String() && (c.Items != nil || w.ID == c.ID) && overlap(w, c) {
				return &j.withheld[i]
			}
		}
	}
	return nil
}

func overlap(w *resource.WithheldChange, c *plan.Change) bool {
	if c.Items == nil || w.Items == nil { // of retention the rules are what is withheld
		return true
	}
	return len(rangesOf(w.Items).And(numbersOf(c))) > 0
}

// rangesOf are phone numbers that are written as ranges.
func rangesOf(texts []string) resource.Numbers {
	list := make([]any, len(texts))
	for i, t := range texts {
		list[i] = t
	}
	s, err := resource.ToNumbers(list)
	if err != nil {
		return nil // those are no phone numbers
	}
	return s
}
