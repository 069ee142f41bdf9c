package diff_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"

	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"
)

// minimal is as little as gives a reason: the sections of an archive, see [TestGolden], and what they cannot say.
type minimal struct {
	desired, live, owned, intents, secrets, options string

	more func(in *diff.Input)
	in   func(t *testing.T) diff.Input // in the place of all the above
}

func (m *minimal) input(t *testing.T) diff.Input {
	if m.in != nil {
		return m.in(t)
	}
	a := &txtar.Archive{}
	for name, text := range map[string]string{
		"desired": m.desired, "live": m.live, "owned": m.owned, "intents": m.intents, "secrets": m.secrets, "options": m.options,
	} {
		if text != "" {
			a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(text)})
		}
	}
	in := world(t, a)
	if m.more != nil {
		m.more(&in)
	}
	return in
}

// Each reason that this package declares is given by an input of its own, with the very arguments that are documented
// beside it, and has words.
func TestEveryReason(t *testing.T) {
	inputs := objectReasons()
	maps.Copy(inputs, groupReasons())
	documented := declared(t)
	for code := range inputs {
		if _, is := documented[code]; !is {
			t.Errorf("%s has an input and is not declared", code)
		}
	}
	for code, want := range documented {
		m, has := inputs[code]
		if !has {
			t.Errorf("%s has no input that gives it", code)
			continue
		}
		p, missing := diff.Compute(m.input(t))
		if !missing.Empty() {
			t.Errorf("%s: the plan asks for %+v", code, missing)
		}
		found := false
		for _, r := range reasonsOf(&p) {
			if r.Code != code {
				continue
			}
			found = true
			if args := slices.Sorted(maps.Keys(r.Args)); !slices.Equal(args, want) {
				t.Errorf("%s has the arguments %q, documented are %q", code, args, want)
			}
			if text := words.Of(r); strings.Contains(text, "<no value>") || strings.HasPrefix(text, string(code)+"; ") {
				t.Errorf("%s is %q", code, text)
			}
		}
		if !found {
			t.Errorf("%s is not in the plan:\n%s", code, allOf(&p))
		}
	}
}

// Whatever a plan says, it says in words that nothing is missing from, and in the same ones once it was stored.
func TestLawOfReasons(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := compute(drawInput(t))
		for _, r := range reasonsOf(&p) {
			text, again := words.Of(r), words.Of(resource.ParseReason(r.Key()))
			if text != again || strings.Contains(text, "<no value>") {
				t.Errorf("%s is %q, and %q once it was stored", r.Key(), text, again)
			}
		}
	})
}

// declared are the codes of reasons.go, with the arguments that the comment beside each names in front of a colon.
func declared(t *testing.T) map[plan.Code][]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "reasons.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	out := map[plan.Code][]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, is := n.(*ast.ValueSpec)
		if !is {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		args, _, _ := strings.Cut(strings.TrimSpace(spec.Comment.Text()), ":")
		out[plan.Code(text)] = nil
		if args != "none" {
			out[plan.Code(text)] = slices.Sorted(slices.Values(strings.Split(args, ", ")))
		}
		return true
	})
	return out
}

// reasonsOf are all reasons of a plan, and those within them.
func reasonsOf(p *plan.Plan) (all []plan.Reason) {
	var add func(list ...plan.Reason)
	add = func(list ...plan.Reason) {
		for _, r := range list {
			all = append(all, r)
			for _, v := range r.Args {
				switch v := v.(type) {
				case plan.Reason:
					add(v)
				case []plan.Reason:
					add(v...)
				}
			}
		}
	}
	for _, changes := range [][]plan.Change{p.Changes, p.Waiting, p.Observed} {
		for i := range changes {
			add(changes[i].Reasons...)
			if !changes[i].Doubt.IsZero() {
				add(changes[i].Doubt)
			}
		}
	}
	for i := range p.Withheld {
		add(p.Withheld[i].Reasons...)
		add(p.Withheld[i].Guards...)
	}
	for _, o := range p.Orphans {
		add(o.Reason)
	}
	for i := range p.Problems {
		add(p.Problems[i].Reason)
	}
	for _, n := range p.NotCompared {
		add(n.Reason)
	}
	for _, n := range p.Notes {
		add(n.Reason)
	}
	for i := range p.Ended {
		add(p.Ended[i].Reasons...)
	}
	for i := range p.Remember.Events {
		add(p.Remember.Events[i].Reason)
	}
	return all
}

// otherRoot is a configuration that is there and not part of a run.
func otherRoot(in *diff.Input) { in.OtherRoots = map[string]bool{"/other": true} }

// noted gives the attempts of the only row a reason why its value is not written again.
func noted(in *diff.Input) {
	for path, a := range in.Owned[0].Attempts {
		a.Note = resource.Said("it may be in place")
		in.Owned[0].Attempts[path] = a
	}
}
