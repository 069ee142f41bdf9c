package spec

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"unicode"
	"unicode/utf8"

	"telnyxsync/internal/resource"

	"gopkg.in/yaml.v3"
)

// maxWrong bounds what is said of one list or file: where a column was exported without the plus, all
// lines are wrong in the same way, and there can be a hundred thousand.
const maxWrong = 100

// numberList is a list or a file of phone numbers.
type numberList struct {
	entry *entry
	file  string // as it is shown
	path  string
	spans []span // those that are right
	set   resource.Numbers
	wrong int
	last  span // the first that is wrong beyond maxWrong
}

// span is a range and where it is written.
type span struct {
	resource.Range
	in        *numberList
	line, col int
	item      int // in a list of YAML, -1 elsewhere
}

func (s *span) pos() resource.Position {
	return resource.Position{File: s.in.file, Line: s.line, Col: s.col}
}

func (s *span) path() string {
	if s.item < 0 {
		return s.in.path
	}
	return s.in.path + "[" + strconv.Itoa(s.item) + "]"
}

// numbers reads a list of numbers and ranges, or a single one.
func (d *decoder) numbers(e *entry, n *yaml.Node, path string) (resource.Numbers, bool) {
	l := &numberList{entry: e, file: d.file, path: path}
	items, first := n.Content, 0
	switch n.Kind {
	case yaml.ScalarNode:
		items, first = []*yaml.Node{n}, -1
	case yaml.SequenceNode:
	default:
		d.fail(n, path, "must be a list of phone numbers, not %s", describe(n))
		return nil, false
	}
	for i, c := range items {
		at := span{in: l, line: c.Line, col: c.Column, item: first + i}
		if !isText(c) {
			d.wrongNumber(l, at, "must be a phone number, not "+describe(c)+`: write it in E.164 and in quotes, as in "+15125550100"`)
			continue
		}
		d.number(l, at, c.Value)
	}
	return d.finish(l)
}

func (d *decoder) number(l *numberList, at span, text string) {
	r, wrong := readRange(text)
	if wrong != "" {
		d.wrongNumber(l, at, wrong)
		return
	}
	at.Range = r
	l.spans = append(l.spans, at)
}

func (d *decoder) wrongNumber(l *numberList, at span, text string) {
	switch l.wrong++; {
	case l.wrong <= maxWrong:
		d.loader.fail(at.pos(), at.path(), "%s", text)
	case l.wrong == maxWrong+1:
		l.last = at
	}
}

// finish keeps a list that was read, for what can only be said once all are.
func (d *decoder) finish(l *numberList) (resource.Numbers, bool) {
	if more := l.wrong - maxWrong; more > 0 {
		d.loader.fail(l.last.pos(), l.path, "from here on %d more are wrong: correct those above and run this again", more)
	}
	ranges := make([]resource.Range, len(l.spans))
	for i := range l.spans {
		ranges[i] = l.spans[i].Range
	}
	l.set = resource.NumbersOf(ranges...)
	l.entry.numbers = append(l.entry.numbers, l)
	return l.set, l.wrong == 0
}

// numbersFile reads a file with a number or a range on each line; # begins a comment.
func (d *decoder) numbersFile(e *entry, n *yaml.Node, path string) (resource.Numbers, bool) {
	f, text, ok := d.within(n, path)
	if !ok {
		return nil, false
	}
	data, err := readNumbers(f)
	if err != nil {
		d.failReferred(n, path, text, err)
		return nil, false
	}
	l := &numberList{entry: e, file: filepath.Clean(text), path: path}
	if !filepath.IsAbs(text) {
		l.file = filepath.Join(filepath.Dir(d.at.shown), text)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if line, col, bad := badText(data); bad != "" {
		d.loader.fail(resource.Position{File: l.file, Line: line, Col: col}, path, "%s", bad)
		return nil, false
	}
	at := span{in: l, item: -1}
	for line := range bytes.Lines(data) {
		at.line++
		line, _, _ = bytes.Cut(line, []byte("#"))
		item := bytes.TrimLeftFunc(line, unicode.IsSpace)
		if len(item) == 0 {
			continue
		}
		at.col = utf8.RuneCount(line[:len(line)-len(item)]) + 1
		d.number(l, at, string(bytes.TrimSpace(item)))
	}
	if len(l.spans)+l.wrong == 0 {
		// One that was cut off looks so too, and its numbers would leave their entry unseen.
		d.fail(n, path, "the file %s: no number is in it: was it written completely? If none is meant to be there, remove the key", clip(text))
		return nil, false
	}
	return d.finish(l)
}

func readNumbers(f resource.File) ([]byte, error) {
	file, size, err := open(f)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if size > MaxFileSize {
		return nil, fmt.Errorf("it has %d bytes, more than the %d MB that a file of numbers may have: write ranges, or several entries", size, MaxFileSize>>20)
	}
	data, err := io.ReadAll(io.LimitReader(file, size+1))
	if err == nil && int64(len(data)) != size {
		err = errChanged
	}
	return data, err
}
