package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// foldFrom is how many in a row with one reason are written once, with their addresses folded.
const foldFrom = 4

// fullObjects is how many changes of objects are written in full where not all of them were asked for.
const fullObjects = 30

// objects writes changes of objects. Of many, those that take something away, or are the only ones of their sort, stand
// in full, and the others of one operation on one kind in a line.
func (w *writer) objects(list []*plan.Change) {
	if len(list) <= fullObjects || w.verbose {
		w.changes(list)
		return
	}
	type sort struct {
		op   plan.Op
		kind string
	}
	alike := map[sort][]resource.Addr{}
	for _, c := range list {
		if len(c.Blast) == 0 {
			s := sort{c.Op, c.Addr.Kind}
			alike[s] = append(alike[s], c.Addr)
		}
	}
	said := map[sort]bool{}
	for _, c := range list {
		s := sort{c.Op, c.Addr.Kind}
		switch {
		case len(c.Blast) > 0 || len(alike[s]) < foldFrom:
			w.change(c, nil)
		case !said[s]:
			said[s] = true
			w.paint(signs[c.Op][1], fmt.Sprintf("%s %s %d %s: %s", signs[c.Op][0], c.Op, len(alike[s]), c.Addr.Kind, folded(alike[s])))
			w.line("    --verbose shows each")
		}
	}
}

// withheld writes what guards keep from being done: a reason that many share is written once.
func (w *writer) withheld(list []plan.Withheld) {
	for len(list) > 0 {
		n := 1
		for n < len(list) && !w.verbose && same(list[0].Guards, list[n].Guards) && list[0].Op == list[n].Op && list[0].Addr.Kind == list[n].Addr.Kind {
			n++
		}
		if n < foldFrom {
			for i := range list[:n] {
				w.change(&list[i].Change, list[i].Guards)
			}
		} else {
			addrs := make([]resource.Addr, n)
			for i := range addrs {
				addrs[i] = list[i].Addr
			}
			sign := signs[list[0].Op]
			w.paint(sign[1], fmt.Sprintf("%s %s %d %s: %s", sign[0], list[0].Op, n, list[0].Addr.Kind, folded(addrs)))
			for _, g := range list[0].Guards {
				w.paint(red, "    withheld: "+w.words.Of(g))
			}
			if reasons := list[0].Reasons; !slices.ContainsFunc(list[:n], func(h plan.Withheld) bool { return !same(h.Reasons, reasons) }) {
				w.line("    %s", w.words.All(reasons))
			}
			w.line("    --verbose shows each")
		}
		list = list[n:]
	}
}

// problems writes what is wrong: a text that many share is written once.
func (w *writer) problems(list []plan.Problem) {
	texts := make([]string, len(list))
	by := map[string][]int{}
	for i := range list {
		texts[i] = w.words.Problem(&list[i])
		by[texts[i]] = append(by[texts[i]], i)
	}
	for i := range list {
		all := by[texts[i]]
		if w.verbose || len(all) < foldFrom {
			q := &list[i]
			w.paint(red, "  ! "+plan.Subject(q.Addr)+in2(place(q.Source)))
			w.line("      %s", texts[i])
			continue
		}
		if all[0] != i {
			continue // it was written with the first
		}
		addrs := make([]resource.Addr, len(all))
		for j, k := range all {
			addrs[j] = list[k].Addr
		}
		w.paint(red, fmt.Sprintf("  ! %d entries: %s", len(all), folded(addrs)))
		w.line("      %s", texts[i])
	}
}

func same(a, b []plan.Reason) bool {
	return slices.EqualFunc(a, b, func(a, b plan.Reason) bool { return a.Key() == b.Key() })
}

// folded names addresses in a line: the first of each kind, and how many more there are.
func folded(addrs []resource.Addr) string {
	const shown = 3
	var kinds []string
	names := map[string][]string{}
	for _, a := range addrs {
		if names[a.Kind] == nil {
			kinds = append(kinds, a.Kind)
		}
		names[a.Kind] = append(names[a.Kind], a.Name)
	}
	parts := make([]string, len(kinds))
	for i, kind := range kinds {
		list := names[kind]
		more := ""
		if rest := len(list) - shown; rest > 0 {
			list, more = list[:shown], fmt.Sprintf(" and %d more", rest)
		}
		parts[i] = kind + "/{" + strings.Join(list, ", ") + "}" + more
	}
	return strings.Join(parts, "; ")
}
