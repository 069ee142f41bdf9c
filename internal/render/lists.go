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

// alike puts those of n that have one key together, where the first of them stands. Fewer than foldFrom stay alone, as
// does what has no key, and all where everything was asked for.
func (w *writer) alike(n int, key func(i int) string) (out [][]int) {
	keys, by := make([]string, n), map[string][]int{}
	for i := range n {
		keys[i] = key(i)
		by[keys[i]] = append(by[keys[i]], i)
	}
	for i := range n {
		all := by[keys[i]]
		switch {
		case w.verbose || keys[i] == "" || len(all) < foldFrom:
			out = append(out, []int{i})
		case all[0] == i:
			out = append(out, all)
		}
	}
	return out
}

// many writes the line of changes of one operation on one kind.
func (w *writer) many(op plan.Op, addrs []resource.Addr) {
	w.paint(signs[op][1], fmt.Sprintf("%s %s %d %s: %s", signs[op][0], verb(op), len(addrs), addrs[0].Kind, folded(addrs)))
}

// objects writes changes of objects. Of many, those that take something away, or are the only ones of their sort, stand
// in full, and the others of one operation on one kind in a line.
func (w *writer) objects(list []*plan.Change) {
	if len(list) <= fullObjects {
		w.changes(list)
		return
	}
	for _, all := range w.alike(len(list), func(i int) string {
		if len(list[i].Blast) > 0 {
			return ""
		}
		return string(list[i].Op) + " " + list[i].Addr.Kind
	}) {
		first := list[all[0]]
		if len(all) == 1 {
			w.change(first, nil)
			continue
		}
		w.many(first.Op, pick(all, func(i int) resource.Addr { return list[i].Addr }))
		w.line("    --verbose shows each")
	}
}

// withheld writes what guards keep from being done: a reason that many share is written once.
func (w *writer) withheld(list []plan.Withheld, sets []plan.Set) {
	defer func() {
		for i := range sets {
			w.line("  %s", w.words.Approve(&sets[i]))
		}
	}()
	for _, all := range w.alike(len(list), func(i int) string {
		return string(list[i].Op) + " " + list[i].Addr.Kind + " " + keysOf(list[i].Guards)
	}) {
		first := &list[all[0]]
		if len(all) == 1 {
			w.change(&first.Change, first.Guards)
			continue
		}
		w.many(first.Op, pick(all, func(i int) resource.Addr { return list[i].Addr }))
		for _, g := range first.Guards {
			w.paint(red, "    withheld: "+w.words.Of(g))
		}
		if why := keysOf(first.Reasons); !slices.ContainsFunc(all, func(i int) bool { return keysOf(list[i].Reasons) != why }) {
			w.line("    %s", w.words.All(first.Reasons))
		}
		w.line("    --verbose shows each")
	}
}

// problems writes what is wrong: a text that many share is written once.
func (w *writer) problems(list []plan.Problem) {
	text := func(i int) string { return w.words.Problem(&list[i]) }
	for _, all := range w.alike(len(list), text) {
		subject := fmt.Sprintf("%d entries: %s", len(all), folded(pick(all, func(i int) resource.Addr { return list[i].Addr })))
		if q := &list[all[0]]; len(all) == 1 {
			subject = plan.Subject(q.Addr) + in2(place(q.Source))
		}
		w.paint(red, "  ! "+subject)
		w.line("      %s", text(all[0]))
	}
}

func pick[T any](list []int, of func(i int) T) []T {
	out := make([]T, len(list))
	for i, k := range list {
		out[i] = of(k)
	}
	return out
}

// keysOf tells lists of reasons apart.
func keysOf(reasons []plan.Reason) string {
	keys := make([]string, len(reasons))
	for i, r := range reasons {
		keys[i] = r.Key()
	}
	return strings.Join(keys, "\n")
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
