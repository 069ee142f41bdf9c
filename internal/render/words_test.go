package render

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"text/template"
	tree "text/template/parse"

	"telnyxsync/internal/kinds"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

var update = flag.Bool("update", false, "rewrite docs/reasons.md and the goldens of reasons")

// chapters are all codes, as docs/reasons.md shows them.
func chapters() []chapter {
	own := map[resource.Code]string{}
	for _, k := range kinds.Pure(kinds.Table()) {
		maps.Copy(own, k.Words)
	}
	return []chapter{
		{"Entries and objects", diffWords},
		{"Phone numbers", numberWords},
		{"Retention", retentionWords},
		{"Log messages", messageWords},
		{"Guards", guardWords},
		{"Approvals", approvalWords},
		{"What happened", applyWords},
		{"Of one kind", own},
	}
}

type chapter struct {
	title string
	words map[resource.Code]string
}

func (c *chapter) codes() []resource.Code { return slices.Sorted(maps.Keys(c.words)) }

// all knows the codes of kinds too.
func all() *Words { return NewWords(kinds.Pure(kinds.Table())) }

// Each code can be put into words with the arguments of its example, and all of those are in them. In state and in
// saved plans they are the same words.
func TestEveryCodeHasWords(t *testing.T) {
	w, seen := all(), 0
	for _, c := range chapters() {
		for _, code := range c.codes() {
			seen++
			args, used := examples[code], arguments(c.words[code])
			for name := range args {
				if !slices.Contains(used, name) {
					t.Errorf("the example of %s has %s, which its words do not", code, name)
				}
			}
			for _, name := range used {
				if _, is := args[name]; !is {
					t.Errorf("the example of %s has no %s", code, name)
				}
			}
			r := resource.Reason{Code: code, Args: args}
			text := w.Of(r)
			if text == "" || strings.Contains(text, "<no value>") || text == w.unknown(r) && len(used) > 0 {
				t.Errorf("%s is %q with the arguments of its example, %v: it needs %q", code, text, args, used)
			}
			if again := w.Of(resource.ParseReason(r.Key())); again != text {
				t.Errorf("%s is %q, and %q once it was stored", code, text, again)
			}
		}
	}
	if seen != len(words)+len(w.own) {
		t.Errorf("%d codes are in chapters, %d have words: a table is missing in chapters", seen, len(words)+len(w.own))
	}
	for code := range examples {
		if words[code] == nil && w.own[code] == nil {
			t.Errorf("%s has an example and no words", code)
		}
	}
}

// Values show as they do in differences, whether they are of this run or were stored.
func TestValuesOfReasons(t *testing.T) {
	for want, v := range map[string]any{
		"(none)": nil, `""`: "", "(secret)": resource.NewSecret("hush", ""), `["<a>",1]`: []any{"<a>", int64(1)}, "true": true,
		`"(id of trunks/a, known after apply)"`: resource.Pending{Addr: resource.Addr{Kind: "trunks", Name: "a"}},
	} {
		r := resource.Reason{Code: "renewal_undone", Args: resource.Args{"count": 1, "end": v, "address": "media/a"}}
		for _, r := range []resource.Reason{r, resource.ParseReason(r.Key())} {
			if text := all().Of(r); !strings.Contains(text, "Telnyx shows "+want+" as") {
				t.Errorf("%s is not in %q", want, text)
			}
		}
	}
}

// Codes of kinds cannot be taken for others.
func TestCodesOfKinds(t *testing.T) {
	for _, k := range kinds.Pure(kinds.Table()) {
		for code := range k.Words {
			if !strings.HasPrefix(string(code), k.Name+".") {
				t.Errorf("the code %s of %s does not begin with its name", code, k.Name)
			}
		}
	}
}

// arguments are those that a template may use.
func arguments(text string) []string {
	names := map[string]bool{}
	var walk func(n tree.Node)
	list := func(l *tree.ListNode) {
		if l != nil {
			for _, n := range l.Nodes {
				walk(n)
			}
		}
	}
	branch := func(b *tree.BranchNode) {
		walk(b.Pipe)
		list(b.List)
		list(b.ElseList)
	}
	walk = func(n tree.Node) {
		switch n := n.(type) {
		case *tree.ActionNode:
			walk(n.Pipe)
		case *tree.PipeNode:
			for _, c := range n.Cmds {
				walk(c)
			}
		case *tree.CommandNode:
			for _, a := range n.Args {
				walk(a)
			}
		case *tree.FieldNode:
			names[n.Ident[0]] = true
		case *tree.VariableNode: // $.name
			if n.Ident[0] == "$" && len(n.Ident) > 1 {
				names[n.Ident[1]] = true
			}
		case *tree.IfNode:
			branch(&n.BranchNode)
		case *tree.WithNode:
			branch(&n.BranchNode)
		case *tree.RangeNode:
			branch(&n.BranchNode)
		}
	}
	list(template.Must(template.New("").Funcs(funcs).Parse(text)).Root)
	return slices.Sorted(maps.Keys(names))
}

// Each code shows once as text, JSON and Markdown.
func TestReasonGoldens(t *testing.T) {
	var p plan.Plan
	for _, c := range chapters() {
		for _, code := range c.codes() {
			p.Problems = append(p.Problems, plan.Problem{
				Addr: resource.Addr{Kind: "reasons", Name: string(code)}, Reason: resource.Reason{Code: code, Args: examples[code]},
			})
		}
	}
	w := all()
	golden(t, "testdata/reasons.txt", []byte(w.Text(&p, TextOptions{Verbose: true})))
	golden(t, "testdata/reasons.json", w.JSON(&p, nil))
	const atOnce = 40 // fit into a comment
	var comments []byte
	for part := range slices.Chunk(p.Problems, atOnce) {
		comments = append(comments, w.Markdown(&plan.Plan{Problems: part})...)
	}
	golden(t, "testdata/reasons.md", comments)
}

// docs/reasons.md is what the tables say.
func TestReasonsPage(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("# Reasons\n\n" +
		"Plans as JSON, the history and the state say why by a code with arguments; its words are for people and may become\n" +
		"others, the code keeps its meaning. `text` is a text without a code of its own, with the argument `text`. This page is\n" +
		"generated by `go test ./internal/render -update`.\n")
	w := all()
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, c := range chapters() {
		if len(c.words) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n| Code | Arguments | For example |\n|---|---|---|\n", c.title)
		for _, code := range c.codes() {
			args := arguments(c.words[code])
			for i, name := range args {
				args[i] = "`" + name + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", code, strings.Join(args, ", "), cell.Replace(w.Of(resource.Reason{Code: code, Args: examples[code]})))
		}
	}
	golden(t, "../../docs/reasons.md", b.Bytes())
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what is found: run the tests of this package with -update and look at what changed\n%s", path, got)
	}
}
