package diff_test

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the goldens with what is found")

// TestGolden computes the plan of each archive of testdata. What goes in:
//
//	desired   entries by section, with the real line numbers
//	live      objects by kind; `failed: TEXT` in an object is one that could not be read, and a text
//	          in the place of the list a kind that could not; expires, created and born, times; `doubt: TEXT`,
//	          why a closer look shows nothing
//	owned     by address: id, applied, root (/root), protect, attempts {PATH: [VALUE, COUNT]}, renewed, a time, and
//	          born, one that may have ? behind it
//	intents   by address: key, seen, root; begun at 2026-01-02T03:04:05Z
//	secrets   of the environment, by name; what is not there cannot be read
//	options   prune, stateless, foreign, only, instance, sections (written and empty), unread,
//	          need_secrets, keyless: there is no state that could hash secrets
//
// It is 2026-06-01. A file is {name, of}, a letter that stands for its content; remembered and live it is the letter
// alone. A secret that is remembered is its text.
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
			before := given(in)
			plan := compute(in)
			if after := given(in); after != before {
				t.Errorf("Compute changed what it was given:\n%s\n%s", before, after)
			}
			apply.Guard(&plan, unlimited)
			for i, f := range a.Files {
				var got []byte
				switch f.Name {
				case "plan":
					got = []byte(words.Text(&plan, render.TextOptions{}) + unseen(&plan))
				case "json":
					got = words.JSON(&plan, nil)
				case "markdown":
					got = []byte(words.Markdown(&plan))
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

// unlimited are limits that nothing exceeds: what is left are guards that go by what the plan says of a change.
var unlimited = apply.Limits{plan.Deletes: {Max: math.MaxInt, Percent: 100}, plan.Vanished: {Max: math.MaxInt, Percent: 100}}

// given is all of an input that a plan is made of. (What an entry is as JSON is its address alone.)
func given(in diff.Input) string {
	text := resource.Text(in.Owned) + resource.Text(in.Intents)
	for i := range in.Desired.Entries {
		e := &in.Desired.Entries[i]
		text += fmt.Sprintf("\n%s %s %v %v %s", e.Addr, resource.Text(e.Protect), e.Observe, e.Ignore, resource.Text(e.Object))
	}
	for _, k := range in.Kinds {
		text += "\n" + k.Name
		for _, l := range in.Live[k.Name].Objects {
			text += resource.Text(l)
		}
	}
	return text
}

// unseen is what a plan says to those that carry it out.
func unseen(p *plan.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nexit %d\n", p.Exit())
	for _, c := range p.Changes {
		w := diff.WorkOf(&c)
		fmt.Fprintf(&b, "%s %s: calls %d", c.Op, c.Addr, c.Cost)
		for _, flag := range []struct {
			name string
			on   bool
		}{{"guarded", c.Class(plan.Deletes) > 0}, {"in doubt", c.InDoubt}, {"retag", w.Write.Retag}, {"drift", c.Drifted()}, {"resume", w.Resume != nil}, {"deep", w.Write.Deep}} {
			if flag.on {
				b.WriteString(", " + flag.name)
			}
		}
		if w.KeyOf != nil {
			fmt.Fprintf(&b, ", key of %s", w.KeyOf)
		}
		if w.Seen != nil || w.KeyOf == nil && c.Op == plan.Create && w.Write.Key == "" {
			fmt.Fprintf(&b, ", seen %q", w.Seen)
		}
		if c.Op == plan.Create || c.Op == plan.Replace {
			fmt.Fprintf(&b, ", send %s", sent(w.Write.Desired))
		} else if len(w.Write.Patch) > 0 {
			fmt.Fprintf(&b, ", send %s", sent(w.Write.Patch))
			if full := sent(w.Write.Desired); c.Addr.Kind == "vaults" && full != sent(w.Write.Patch) {
				fmt.Fprintf(&b, " of %s", full) // which a PUT sends
			}
		}
		if c.Op == plan.Rename {
			fmt.Fprintf(&b, ", from %s", w.From.Addr)
		}
		b.WriteString("\n")
		if w.Own != nil {
			fmt.Fprintf(&b, "  own %s\n", owned(w.Own))
		}
	}
	for _, o := range p.Remember.Own {
		fmt.Fprintf(&b, "settle %s\n", owned(&o))
	}
	for _, o := range p.Remember.Forget {
		fmt.Fprintf(&b, "gone %s\n", o)
	}
	for _, w := range p.Withdrawn {
		fmt.Fprintf(&b, "over %s\n", w.Addr)
		if w.Own != nil {
			fmt.Fprintf(&b, "  own %s\n", owned(w.Own))
		}
	}
	if !p.NextRenewal.IsZero() {
		fmt.Fprintf(&b, "next renewal %s\n", p.NextRenewal.Format(time.RFC3339))
	}
	return b.String()
}

// sent is a body with the secrets in it.
func sent(o resource.Object) string {
	var revealed func(v any) any
	revealed = func(v any) any {
		switch v := v.(type) {
		case resource.Secret:
			return "the secret " + v.Reveal()
		case resource.Object:
			out := resource.Object{}
			for name, field := range v {
				out[name] = revealed(field)
			}
			return out
		}
		return v
	}
	return resource.Short(resource.Text(revealed(o)))
}

func owned(o *resource.Owned) string {
	text := fmt.Sprintf("%s [%s] %s", o.Addr, o.ID, resource.Short(resource.Text(o.Applied)))
	if o.Protect {
		text += " protected"
	}
	if o.Incarnation != "" {
		text += " born " + o.Incarnation
	}
	if o.Attempts != nil {
		text += " attempts " + resource.Text(o.Attempts)
	}
	if !o.Renewed.IsZero() {
		text += " renewed " + o.Renewed.Format(time.RFC3339)
	}
	return text
}
