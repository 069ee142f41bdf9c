package diff_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/resource"

	"github.com/rogpeppe/go-internal/txtar"
	"gopkg.in/yaml.v3"
)

var update = flag.Bool("update", false, "rewrite the goldens with what is found")

// TestGolden computes the plan of each archive of testdata. What goes in:
//
//	desired   entries by section, with the real line numbers
//	live      objects by kind; `failed: TEXT` in an object is one that could not be read, and a text
//	          in the place of the list a kind that could not
//	owned     by address: id, applied, root (/root), protect, attempts {PATH: [VALUE, COUNT]}
//	intents   by address: key, seen
//	options   prune, stateless, foreign, only, instance, sections (written and empty), unread
//
// What comes out is `plan`, the text and what the eye does not see, and, where the archive has
// them, `json` and `markdown`.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives in testdata: %v", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			in := world(t, a)
			before := resource.Text(in.Desired) + resource.Text(in.Owned) + resource.Text(in.Intents)
			plan := diff.Compute(in)
			if after := resource.Text(in.Desired) + resource.Text(in.Owned) + resource.Text(in.Intents); after != before {
				t.Errorf("Compute changed what it was given:\n%s\n%s", before, after)
			}
			for i, f := range a.Files {
				var got []byte
				switch f.Name {
				case "plan":
					got = []byte(diff.Text(&plan, diff.TextOptions{}) + unseen(&plan))
				case "json":
					got = diff.JSON(&plan, nil)
				case "markdown":
					got = []byte(diff.Markdown(&plan))
				default:
					continue
				}
				if !*update && !bytes.Equal(f.Data, got) {
					t.Errorf("%s:\n%s\nwant:\n%s", f.Name, got, f.Data)
				}
				a.Files[i].Data = got
			}
			if *update {
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// unseen is what a plan says to those that carry it out.
func unseen(p *diff.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nexit %d\n", p.Exit())
	for _, c := range p.Changes {
		fmt.Fprintf(&b, "%s %s: calls %d", c.Op, c.Addr, c.Calls)
		for _, flag := range []struct {
			name string
			on   bool
		}{{"guarded", c.Guarded}, {"in doubt", c.InDoubt}, {"retag", c.Write.Retag}, {"drift", c.Drift()}, {"resume", c.Resume != nil}} {
			if flag.on {
				b.WriteString(", " + flag.name)
			}
		}
		if c.Op == diff.Create && c.Write.Key == "" {
			fmt.Fprintf(&b, ", seen %q", c.Seen)
		}
		if c.Op == diff.Create || c.Op == diff.Replace {
			fmt.Fprintf(&b, ", send %s", resource.Text(c.Write.Desired))
		} else if len(c.Write.Patch) > 0 {
			fmt.Fprintf(&b, ", send %s", resource.Text(c.Write.Patch))
		}
		if c.Op == diff.Rename {
			fmt.Fprintf(&b, ", from %s", c.From.Addr)
		}
		b.WriteString("\n")
		if c.Own != nil {
			fmt.Fprintf(&b, "  own %s\n", owned(c.Own))
		}
	}
	for _, o := range p.Settle {
		fmt.Fprintf(&b, "settle %s\n", owned(&o))
	}
	for _, o := range p.Gone {
		fmt.Fprintf(&b, "gone %s\n", o.Addr)
	}
	return b.String()
}

func owned(o *resource.Owned) string {
	text := fmt.Sprintf("%s [%s] %s", o.Addr, o.ID, resource.Text(o.Applied))
	if o.Protect {
		text += " protected"
	}
	if o.Attempts != nil {
		text += " attempts " + resource.Text(o.Attempts)
	}
	return text
}

func section[T any](t testing.TB, a *txtar.Archive, name string) (out T) {
	t.Helper()
	for _, f := range a.Files {
		if f.Name == name {
			if err := yaml.Unmarshal(f.Data, &out); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	return out
}

// world reads the input of an archive.
func world(t testing.TB, a *txtar.Archive) diff.Input {
	t.Helper()
	options := section[struct {
		Prune, Stateless, Foreign    bool
		Instance                     string
		Only, Sections, Unread, Lost []string
	}](t, a, "options")
	in := diff.Input{
		Kinds: toys(), Instance: options.Instance,
		Prune: options.Prune, Stateless: options.Stateless, Foreign: options.Foreign,
	}
	for _, text := range options.Only {
		in.Only = append(in.Only, addr(text))
	}
	in.Desired = config(options.Sections, entries(t, a)...)
	in.Live = liveOf(section[map[string]any](t, a, "live"))
	for _, kind := range options.Unread {
		delete(in.Live, kind)
	}
	type row struct {
		ID, Root string
		Applied  map[string]any
		Protect  bool
		Attempts map[string][]any
	}
	rows := section[map[string]row](t, a, "owned")
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		r := rows[name]
		o := resource.Owned{Addr: addr(name), ID: r.ID, Root: "/root", Protect: r.Protect}
		if r.Root != "" {
			o.Root = r.Root
		}
		if r.Applied != nil {
			o.Applied = tree(toy(o.Addr.Kind).Schema, r.Applied, false).(resource.Object)
		}
		for path, a := range r.Attempts {
			if o.Attempts == nil {
				o.Attempts = map[string]resource.Attempt{}
			}
			o.Attempts[path] = resource.Attempt{Value: resource.Text(a[0]), Count: a[1].(int)}
		}
		in.Owned = append(in.Owned, o)
	}
	intents := section[map[string]resource.Intent](t, a, "intents")
	for _, name := range slices.Sorted(maps.Keys(intents)) {
		i := intents[name]
		i.Addr, i.At = addr(name), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		in.Intents = append(in.Intents, i)
	}
	return in
}

func entries(t testing.TB, a *txtar.Archive) (out []resource.Entry) {
	for kind, of := range section[map[string]yaml.Node](t, a, "desired") {
		for i := 0; i+1 < len(of.Content); i += 2 {
			key := of.Content[i]
			fields := map[string]any{}
			if err := of.Content[i+1].Decode(&fields); err != nil {
				t.Fatal(err)
			}
			e := resource.Entry{
				Addr: resource.Addr{Kind: kind, Name: key.Value},
				Pos:  resource.Position{File: "a.yaml", Line: key.Line, Col: key.Column},
			}
			if protect, ok := fields["protect"].(bool); ok {
				e.Protect = &protect
			}
			e.Observe, _ = fields["observe"].(bool)
			ignore, _ := fields["ignore"].([]any)
			for _, p := range ignore {
				e.Ignore = append(e.Ignore, p.(string))
			}
			for _, name := range []string{"protect", "observe", "ignore"} {
				delete(fields, name)
			}
			e.Object = tree(toy(kind).Schema, fields, true).(resource.Object)
			out = append(out, e)
		}
	}
	return out
}

func liveOf(kinds map[string]any) map[string]diff.Observed {
	out := map[string]diff.Observed{}
	for _, k := range toys() {
		seen := diff.Observed{Observation: resource.Observation{Failed: map[string]error{}}}
		switch of := kinds[k.Name].(type) {
		case string:
			seen.Err = errors.New(of)
		case []any:
			for _, v := range of {
				fields := v.(map[string]any)
				id := fields["id"].(string)
				if why, failed := fields["failed"].(string); failed {
					seen.Failed[id] = errors.New(why)
					continue
				}
				delete(fields, "id")
				seen.Objects = append(seen.Objects, live(k.Name, id, tree(k.Schema, fields, false).(resource.Object)))
			}
		}
		out[k.Name] = seen
	}
	return out
}

// tree gives decoded YAML the types of a tree. References are addresses only where somebody wrote them.
func tree(s *resource.Schema, v any, written bool) any {
	switch v := v.(type) {
	case map[string]any:
		if s.Type == resource.RefType {
			return resource.Ref{ID: v["id"].(string)}
		}
		o := resource.Object{}
		for name, field := range v {
			o[name] = tree(s.Field(name), field, written)
		}
		return o
	case string:
		if s.Type == resource.RefType && written {
			return resource.Ref{Addr: resource.Addr{Kind: s.RefKind, Name: v}}
		}
	case int:
		return int64(v)
	}
	return s.Canon(v)
}
