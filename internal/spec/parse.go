package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"telnyxsync/internal/resource"

	"gopkg.in/yaml.v3"
)

// parse reads one file: text → nodes → sections → entries.
func (l *loader) parse(r *resource.Root, at place, data []byte) {
	file := at.shown
	if len(data) == 0 {
		// A file that was cut off looks so too, and its entries would seem to be gone.
		l.fail(resource.Position{File: file, Line: 1, Col: 1}, "", "the file is empty: write a comment into it if nothing is meant to be there, or remove it")
		return
	}
	doc, err := document(file, data)
	if err != nil {
		l.errs = append(l.errs, err)
		return
	}
	if doc == nil {
		return // only comments
	}
	d := &decoder{loader: l, file: file, at: at}
	if !d.bounded(doc) || !d.isMapping(doc, "") {
		return
	}
	d.pairs(doc, "", func(key string, k, v *yaml.Node) {
		kind := l.kinds[key]
		if kind == nil {
			d.fail(k, key, "unknown section%s; known are %s", didYouMean(key, l.sections), strings.Join(l.sections, ", "))
			return
		}
		if v.Tag == "!!null" {
			d.fail(v, key, "the section is empty: write `%s: {}` to say that there are none, or remove it to leave them alone", key)
			return
		}
		r.Sections[key] = true
		if !d.isMapping(v, key) {
			return
		}
		d.keys(v, key, func(name string, k, v *yaml.Node) { d.entry(r, kind, name, k, v) })
	})
}

// document parses the text into the mapping of its only document; nil if there is nothing in it.
func document(file string, data []byte) (doc *yaml.Node, failure *Error) {
	if line, col, bad := badText(data); bad != "" {
		return nil, &Error{Pos: resource.Position{File: file, Line: line, Col: col}, Text: bad}
	}
	defer func() {
		// The parser has panicked on hostile input before; a file must not end the program.
		if p := recover(); p != nil {
			doc, failure = nil, &Error{Pos: resource.Position{File: file, Line: 1, Col: 1}, Text: fmt.Sprintf("the YAML cannot be parsed: %v", p)}
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	switch err := dec.Decode(&first); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, syntaxError(file, data, err)
	}
	switch err := dec.Decode(&second); {
	case err == nil:
		return nil, &Error{
			Pos:  resource.Position{File: file, Line: second.Line, Col: second.Column},
			Text: "a second document begins here: put it into a file of its own",
		}
	case !errors.Is(err, io.EOF):
		return nil, syntaxError(file, data, err)
	}
	doc = first.Content[0]
	if doc.Tag == "!!null" && doc.Style&yaml.TaggedStyle == 0 {
		return nil, nil
	}
	return doc, nil
}

// badText finds the first byte or character that no YAML text may have.
func badText(data []byte) (line, col int, bad string) {
	line, col = 1, 1
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			return line, col, "the text is not UTF-8: save the file as UTF-8"
		case r < ' ' && r != '\n' && r != '\r' && r != '\t', r >= 0x7f && r < 0xa0 && r != 0x85, r == 0xfffe, r == 0xffff:
			return line, col, fmt.Sprintf("control character U+%04X: remove it", r)
		}
		i += n
		if col++; r == '\n' {
			line, col = line+1, 1
		}
	}
	return 0, 0, ""
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntaxError gives the parser's message a place; it tells the line at best.
func syntaxError(file string, data []byte, err error) *Error {
	pos := resource.Position{File: file, Line: 1, Col: 1}
	m := yamlLine.FindStringSubmatch(err.Error())
	text := err.Error()
	if m != nil {
		text = text[len(m[0]):]
		if n, err := strconv.Atoi(m[1]); err == nil {
			pos.Line = n
			if strings.HasPrefix(text, "did not find expected") {
				pos.Line++ // what the grammar finds is counted from 0, what the scanner finds from 1
			}
		}
	}
	if name, ok := strings.CutPrefix(text, "unknown anchor '"); ok {
		// This one comes without a line.
		name = strings.TrimSuffix(name, "' referenced")
		before, _, _ := bytes.Cut(data, []byte("*"+name))
		line := before[bytes.LastIndexByte(before, '\n')+1:]
		pos.Line, pos.Col = bytes.Count(before, []byte("\n"))+1, utf8.RuneCount(line)+1
		return &Error{Pos: pos, Text: aliasText}
	}
	return &Error{Pos: pos, Text: "not valid YAML: " + text + "; look at the indentation and the quotes around here"}
}

// decoder turns the nodes of one file into entries.
type decoder struct {
	*loader
	file  string
	at    place
	nodes int
}

func (d *decoder) pos(n *yaml.Node) resource.Position {
	return resource.Position{File: d.file, Line: n.Line, Col: n.Column}
}

func (d *decoder) fail(n *yaml.Node, path, format string, args ...any) {
	d.loader.fail(d.pos(n), path, format, args...)
}

// bounded walks all nodes once and refuses what nothing below needs to know: too many or too deep
// ones, aliases (that is how a small file becomes a huge tree), merge keys and tags.
func (d *decoder) bounded(doc *yaml.Node) bool {
	ok := true
	var walk func(n *yaml.Node, depth int) bool
	walk = func(n *yaml.Node, depth int) bool {
		d.nodes++
		switch {
		case d.nodes > MaxNodes:
			d.fail(n, "", "the file has more than %d YAML nodes: split it", MaxNodes)
			return false
		case depth > MaxDepth:
			d.fail(n, "", "nested deeper than %d levels: flatten it", MaxDepth)
			return false
		case n.Kind == yaml.AliasNode:
			d.fail(n, "", aliasText)
			ok = false
			return true
		case n.Tag == "!!merge":
			d.fail(n, "", "merge keys (<<) are not supported: write the fields out")
			ok = false
		case n.Style&yaml.TaggedStyle != 0:
			d.fail(n, "", "tags (!) are not supported: write the plain value, or put it in quotes if it begins so")
			ok = false
		}
		for _, c := range n.Content {
			if !walk(c, depth+1) {
				return false
			}
		}
		return true
	}
	return walk(doc, 1) && ok
}

// What was written is not repeated here either: a password may begin with * or !.
const aliasText = "aliases (*) are not supported: write the value out, or put it in quotes if it begins so"

func (d *decoder) isMapping(n *yaml.Node, path string) bool {
	if n.Kind != yaml.MappingNode {
		d.fail(n, path, "must be a mapping (key: value), not %s", describe(n))
	}
	return n.Kind == yaml.MappingNode
}

// pairs calls f for each key of a mapping, having reported keys that come twice: what is wrong in
// the value of the second is to be known too.
func (d *decoder) pairs(n *yaml.Node, path string, f func(key string, k, v *yaml.Node)) {
	seen := map[string]*yaml.Node{}
	d.keys(n, path, func(key string, k, v *yaml.Node) {
		if first := seen[key]; first != nil {
			d.fail(k, join(path, key), "the key is there already at %s: keep one of them", d.pos(first))
		} else {
			seen[key] = k
		}
		f(key, k, v)
	})
}

// keys calls f for each key of a mapping that is text, and reports the others.
func (d *decoder) keys(n *yaml.Node, path string, f func(key string, k, v *yaml.Node)) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if !isText(k) {
			d.fail(k, path, "a key must be text, not %s: put it in quotes", describe(k))
			continue
		}
		f(k.Value, k, v)
	}
}

func join(path, key string) string {
	if len(key) > 255 {
		key = clip(key) // longer than any name may be
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// describe names what a user wrote.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.Tag {
	case "!!null":
		return "null"
	case "!!bool":
		return "the boolean " + n.Value
	case "!!int", "!!float":
		return "the number " + n.Value
	case "!!timestamp":
		return "the date " + n.Value
	}
	return fmt.Sprintf("the text %q", clip(n.Value))
}

// clip keeps a value in a message to a readable length.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
