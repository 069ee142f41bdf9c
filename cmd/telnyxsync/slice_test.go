package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// The tests of this file run the program against `telnyxsync sim`, both as processes of their own:
// what a user types is what is tested.

// tree renders nested maps as YAML flow, which is JSON but for the keys.
func yamlEntries(kind string, entries map[string]map[string]any) string {
	var b strings.Builder
	b.WriteString(kind + ":\n")
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		fmt.Fprintf(&b, "  %s: %s\n", name, flow(entries[name]))
	}
	return b.String()
}

func flow(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, k+": "+flow(v[k]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, flow(e))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		return fmt.Sprintf("%q", v)
	case nil:
		return "null"
	}
	return fmt.Sprint(v)
}

// with returns a copy of a tree with another value at a path.
func with(tree map[string]any, path string, v any) map[string]any {
	out := maps.Clone(tree)
	name, rest, deeper := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if deeper {
		below, _ := out[name].(map[string]any)
		v = with(below, "/"+rest, v)
	}
	out[name] = v
	return out
}

func TestFirstApply(t *testing.T) {
	t.Parallel()
	for _, k := range kindCases() {
		t.Run(k.kind, func(t *testing.T) {
			r := newRigAt(t, startSim(t))
			r.writeMedia()
			r.write("a.yaml", yamlEntries(k.kind, map[string]map[string]any{"one": k.base("one")}))

			r.apart = true // in the directory of the files, their names are short
			p := r.plan(2, "diff")
			r.apart = false
			if p.Summary["create"] != 1 || p.Changes[0].Address != k.kind+"/one" || p.Changes[0].Source != "a.yaml:2" {
				t.Errorf("plan: %+v", p)
			}
			if _, writes := r.calls(); len(writes) > 0 {
				t.Errorf("diff wrote: %v", writes)
			}
			r.run(0, "apply", "--yes")
			r.clear()
			p = r.plan(0, "diff")
			if len(p.Changes) > 0 || len(p.Problems) > 0 || p.Summary["unchanged"] != 1 {
				t.Errorf("second diff: %+v", p)
			}
			if all, _ := r.calls(); len(all) != 1 {
				t.Errorf("a no-op diff made %d calls: %v", len(all), all)
			}
		})
	}
}

func TestEveryFieldChangedInYAML(t *testing.T) {
	t.Parallel()
	for _, k := range kindCases() {
		t.Run(k.kind, func(t *testing.T) {
			r := newRigAt(t, startSim(t))
			r.writeMedia()
			r.write("a.yaml", yamlEntries(k.kind, map[string]map[string]any{"one": k.base("one")}))
			r.run(0, "apply", "--yes")
			tree := k.base("one")
			for _, f := range k.fields {
				t.Log(f.path)
				tree = with(tree, f.path, f.v)
				r.write("a.yaml", yamlEntries(k.kind, map[string]map[string]any{"one": tree}))
				r.clear()
				p := r.plan(2, "diff")
				if len(p.Changes) != 1 || len(p.Changes[0].Deltas) != 1 || p.Changes[0].Deltas[0].Path != f.path || p.Changes[0].Deltas[0].Origin != f.origin() {
					t.Errorf("plan: %+v", p.Changes)
				}
				if _, writes := r.calls(); len(writes) > 0 {
					t.Errorf("diff wrote: %v", writes)
				}
				r.run(0, "apply", "--yes")
				if _, writes := r.calls(); len(writes) != 1 || !strings.HasPrefix(writes[0], k.write) {
					t.Errorf("writes: %v, want one %s", writes, k.write)
				}
				if p := r.plan(0, "diff"); len(p.Changes) > 0 {
					t.Errorf("diff after apply: %+v", p.Changes)
				}
			}
		})
	}
}

func TestEveryFieldDrifted(t *testing.T) {
	t.Parallel()
	for _, k := range kindCases() {
		t.Run(k.kind, func(t *testing.T) {
			r := newRigAt(t, startSim(t))
			r.writeMedia()
			r.write("a.yaml", yamlEntries(k.kind, map[string]map[string]any{"one": k.base("one")}))
			r.run(0, "apply", "--yes")
			// Far more often than a value that does not stick is written: this one does.
			for _, f := range append(slices.Clone(k.shown()), k.shown()...) {
				t.Log(f.path)
				r.account(func(account map[string][]map[string]any) {
					account[k.kind][0] = with(account[k.kind][0], f.path, f.v)
				})
				r.clear()
				p := r.plan(3, "diff", "--drift-only")
				if len(p.Changes) != 1 || !slices.ContainsFunc(p.Changes[0].Deltas, func(d struct {
					Path     string
					Old, New any
					Origin   string
				},
				) bool {
					return d.Path == f.path && d.Origin == "drift"
				}) {
					t.Errorf("plan: %+v", p.Changes)
				}
				r.run(0, "apply", "--yes")
				if _, writes := r.calls(); len(writes) != 1 {
					t.Errorf("writes: %v", writes)
				}
				if p := r.plan(0, "diff"); len(p.Changes) > 0 {
					t.Errorf("diff after apply: %+v", p.Changes)
				}
			}
		})
	}
}

func TestOrphanAndPrune(t *testing.T) {
	t.Parallel()
	for _, k := range kindCases() {
		t.Run(k.kind, func(t *testing.T) {
			r := newRigAt(t, startSim(t))
			r.writeMedia()
			r.write("a.yaml", yamlEntries(k.kind, map[string]map[string]any{"one": k.base("one"), "two": k.base("two")}))
			r.run(0, "apply", "--yes")
			r.write("a.yaml", yamlEntries(k.kind, map[string]map[string]any{"one": k.base("one")}))

			p := r.plan(0, "diff")
			if len(p.Orphans) != 1 || p.Orphans[0].Address != k.kind+"/two" || len(p.Changes) > 0 {
				t.Errorf("diff: %+v", p)
			}
			r.run(0, "apply", "--yes")
			if n := len(r.account(nil)[k.kind]); n != 2 {
				t.Fatalf("%d objects, want 2: an orphan is left alone", n)
			}
			r.clear()
			p = r.plan(2, "diff", "--prune")
			if p.Summary["delete"] != 1 {
				t.Errorf("diff --prune: %+v", p)
			}
			if _, writes := r.calls(); len(writes) > 0 {
				t.Errorf("diff --prune wrote: %v", writes)
			}
			r.run(0, "apply", "--prune", "--yes")
			after := r.account(nil)[k.kind]
			if len(after) != 1 || !k.isOf("one", after[0]) {
				t.Errorf("left: %v, want the object of the entry one", after)
			}
			if p := r.plan(0, "diff", "--prune"); len(p.Orphans)+len(p.Changes) > 0 {
				t.Errorf("after: %+v", p)
			}
		})
	}
}

func TestTwoRootsOnOneState(t *testing.T) {
	t.Parallel()
	r := newRigAt(t, startSim(t))
	for _, root := range []string{"a", "b"} {
		r.writeMediaIn(root)
		for _, k := range kindCases() {
			r.write(root+"/"+k.kind+".yaml", yamlEntries(k.kind, map[string]map[string]any{root: k.base(root)}))
		}
		r.run(0, "apply", "--yes", root)
	}
	for _, root := range []string{"a", "b"} {
		p := r.plan(0, "diff", "--prune", root)
		if len(p.Changes)+len(p.Orphans) > 0 {
			t.Errorf("%s: %+v", root, p)
		}
		r.run(0, "apply", "--prune", "--yes", root)
	}
	account := r.account(nil)
	for _, k := range kindCases() {
		if n := len(account[k.kind]); n != 2 {
			t.Errorf("%s: %d objects, want 2", k.kind, n)
		}
	}
}
