package export

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"telnyxsync/internal/resource"

	"gopkg.in/yaml.v3"
)

// File is a file of YAML with the entries that stand in it.
type File struct {
	Name  string
	Text  []byte
	spans []span
}

// span is where an entry stands: its lines, from 1.
type span struct {
	entry       *Entry
	first, last int
}

// At is the entry that a line belongs to; nil where it is none's.
func (f *File) At(line int) *Entry {
	i, _ := slices.BinarySearchFunc(f.spans, line, func(s span, line int) int {
		switch {
		case s.last < line:
			return -1
		case s.first > line:
			return 1
		}
		return 0
	})
	if i < len(f.spans) && f.spans[i].first <= line && line <= f.spans[i].last {
		return f.spans[i].entry
	}
	return nil
}

// These keep files well within the bounds of what can be read back.
const (
	mostNodes = 100_000
	mostBytes = 5 << 20
)

// Render writes entries, which are sorted, into files: one for each kind, or one for all. More than
// a file may hold goes into further ones, and so do long lists of phone numbers, see [Outsource]. Above each stands the
// head, a comment for each text.
func Render(entries []*Entry, perKind bool, head ...string) []*File {
	var files []*File
	var f *writer
	kind := ""
	for _, e := range entries {
		text, nodes := render(e)
		switch {
		case f == nil, perKind && e.Kind != kind, f.nodes+nodes > mostNodes, len(f.file.Text)+len(text) > mostBytes:
			name := "telnyxsync"
			if perKind {
				name = e.Kind
			}
			f.end()
			f = newWriter(unused(files, name), head)
			files = append(files, f.file)
			kind = ""
		}
		if e.Kind != kind {
			kind = e.Kind
			f.begin(e.kind)
		}
		f.entry(e, text, nodes)
	}
	f.end()
	for _, f := range files {
		f.Text = bytes.TrimRight(f.Text, "\n")
		f.Text = append(f.Text, '\n')
	}
	for _, e := range entries {
		if e.outsourced() {
			files = append(files, numbersFile(e, head))
		}
	}
	return files
}

func unused(files []*File, base string) string {
	name := base + ".yaml"
	for n := 2; slices.ContainsFunc(files, func(f *File) bool { return f.Name == name }); n++ {
		name = fmt.Sprintf("%s-%d.yaml", base, n)
	}
	return name
}

type writer struct {
	file    *File
	lines   int
	nodes   int
	section int  // where the line begins that names it; 0 where there is none
	filled  bool // there is an entry in it that is no comment
}

func newWriter(name string, head []string) *writer {
	w := &writer{file: &File{Name: name}}
	for _, text := range head {
		w.line("# " + comment(text))
	}
	return w
}

func (w *writer) line(text string) {
	w.file.Text = append(append(w.file.Text, text...), '\n')
	w.lines += 1 + strings.Count(text, "\n")
}

// begin begins a section.
func (w *writer) begin(k *resource.Kind) {
	w.end()
	if k.Export.Note != "" {
		w.line("# " + comment(k.Export.Note))
	}
	w.section, w.filled = len(w.file.Text), false
	w.line(k.Name + ":")
}

// end ends a section. One that holds only comments is a comment itself: it would be no YAML that can be
// read back, and an empty one would mean that there are none.
func (w *writer) end() {
	if w != nil && w.section > 0 && !w.filled {
		w.file.Text = slices.Insert(w.file.Text, w.section, []byte("# ")...)
	}
}

func (w *writer) entry(e *Entry, text string, nodes int) {
	w.filled = w.filled || !e.leave
	first := w.lines + 1
	w.line(text)
	w.nodes += nodes
	w.file.spans = append(w.file.spans, span{e, first, w.lines})
}

// render writes one entry, indented, and counts its nodes.
func render(e *Entry) (text string, nodes int) {
	var b strings.Builder
	for _, n := range e.notes {
		fmt.Fprintf(&b, "# %s\n", comment(n))
	}
	value := &yaml.Node{Kind: yaml.MappingNode}
	e.mapping(value, e.kind.Schema, e.Object, "")
	if len(e.guessed) > 0 {
		value.Content = append(value.Content, scalar("observe"), node(true), scalar("ignore"), node(anys(e.guessed)))
	}
	if e.Protect {
		value.Content = append(value.Content, scalar("protect"), &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
	}
	if len(value.Content) == 0 {
		value.Style = yaml.FlowStyle
	}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	err := enc.Encode(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{scalar(e.Name), value}})
	if err != nil {
		panic(err) // nodes of plain text
	}
	body := strings.TrimRight(out.String(), "\n")
	if e.leave {
		body = "# " + strings.ReplaceAll(body, "\n", "\n# ")
	}
	b.WriteString(body)
	return "  " + strings.ReplaceAll(b.String(), "\n", "\n  "), count(value) + 1
}

func count(n *yaml.Node) int {
	sum := 1
	for _, c := range n.Content {
		sum += count(c)
	}
	return sum
}

// mapping writes the fields of an object in the order of the schema.
func (e *Entry) mapping(n *yaml.Node, s *resource.Schema, o resource.Object, at string) {
	for _, f := range s.Fields {
		v, written := o[f.Name]
		if !written {
			continue
		}
		path := at + resource.Pointer(f.Name)
		key := scalar(f.Name)
		var value *yaml.Node
		below, deeper := v.(resource.Object)
		_, isNumbers := v.(resource.Numbers)
		switch {
		case deeper:
			value = &yaml.Node{Kind: yaml.MappingNode}
			e.mapping(value, f.Schema, below, path)
		case isNumbers && e.outsourced():
			key, value = scalar(fileField), scalar(e.file)
		default:
			value = node(v)
		}
		if text := e.beside[path]; text != "" {
			value.LineComment = "# " + comment(text)
		}
		n.Content = append(n.Content, key, value)
	}
}

func anys(texts []string) (out []any) {
	for _, t := range texts {
		out = append(out, t)
	}
	return out
}

// node writes one value.
func node(v any) *yaml.Node {
	switch v := v.(type) {
	case string:
		return scalar(v)
	case int64:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.FormatInt(v, 10)}
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v)}
	case resource.SecretRef:
		return &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle, Content: []*yaml.Node{scalar("env"), scalar(v.Env)}}
	case resource.Ref:
		if v.ID == "" {
			return scalar(v.Addr.Name)
		}
		return &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle, Content: []*yaml.Node{scalar("id"), quoted(v.ID)}}
	case resource.Numbers:
		return numberList(v)
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, e := range v {
			n.Content = append(n.Content, node(e))
		}
		return n
	case resource.Object: // in a list
		n := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			n.Content = append(n.Content, scalar(name), node(v[name]))
		}
		return n
	}
	return scalar(resource.Text(v))
}

// misread is what the encoder leaves bare although it means something else: to us (a merge key), or to
// tools of YAML 1.1 (booleans).
var misread = []string{"<<", "y", "n", "yes", "no", "on", "off"}

// scalar is text, in quotes wherever it could be taken for something else.
func scalar(text string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	if slices.Contains(misread, strings.ToLower(text)) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		n.Style = yaml.DoubleQuotedStyle // in which control characters are escaped
	}
	return n
}

// quoted is text in quotes.
func quoted(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: text}
}

// comment makes a text one line that can stand behind #.
func comment(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, text)
}

// EnvExample is a file for the environment that the exported YAML refers to; nil where it needs none.
func EnvExample(entries []*Entry) []byte {
	names := Env(entries)
	if len(names) == 0 {
		return nil
	}
	var b bytes.Buffer
	b.WriteString("# The secrets that the exported YAML refers to: Telnyx does not show them. Copy this file to .env, fill\n" +
		"# that in between the quotes, keep it out of the repository, and load it before diff and apply:\n" +
		"#   set -a; . ./.env; set +a\n")
	for _, n := range names {
		fmt.Fprintf(&b, "%s=''\n", n)
	}
	return b.Bytes()
}
