package resource

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Canon brings a decoded JSON value into the form in which trees are compared: fields the schema
// does not know are dropped, null is absent, identifiers are text however they were sent, sets
// are sorted, and what comes back of a secret, masked or not, is no secret to compare with. A value
// of another shape than expected is kept as its text, so that it shows.
func (s *Schema) Canon(v any) any {
	if _, ref := v.(SecretRef); s.Type == SecretType && !ref {
		return nil
	}
	switch v := v.(type) {
	case nil:
		return nil
	case map[string]any:
		if s.Type == ObjectType {
			o := Object{}
			for _, f := range s.Fields {
				if c := f.Canon(v[f.Name]); c != nil {
					o[f.Name] = c
				}
			}
			return o
		}
	case []any:
		if s.Type == List {
			list := make([]any, 0, len(v))
			for _, e := range v {
				list = append(list, s.Elem.Canon(e))
			}
			return s.sorted(list)
		}
	case bool:
		if s.Type == Bool {
			return v
		}
	case json.Number:
		if n, err := v.Int64(); err == nil && s.Type == Int {
			return n
		}
		return v.String()
	case int64:
		if s.Type == Int {
			return v
		}
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && s.Type == Int {
			return n
		}
		return v
	case Ref, Pending, SecretRef, File, Numbers:
		return v
	}
	return Text(v)
}

func (s *Schema) sorted(list []any) []any {
	if s.Set {
		slices.SortFunc(list, func(a, b any) int { return cmp.Compare(Text(a), Text(b)) })
		list = slices.CompactFunc(list, func(a, b any) bool { return Text(a) == Text(b) })
	}
	return list
}

// Equal compares two canonical values. What is absent, null, "" and [] are the same nothing:
// Telnyx answers now one, now the other for a field that is not set.
func Equal(a, b any) bool {
	switch a := a.(type) { // most values are one of these, and need no JSON to be compared
	case bool:
		if b, ok := b.(bool); ok {
			return a == b
		}
	case int64:
		if b, ok := b.(int64); ok {
			return a == b
		}
	case string:
		if b, ok := b.(string); ok {
			return a == b
		}
	}
	return isNothing(a) && isNothing(b) || !isNothing(a) && !isNothing(b) && Text(a) == Text(b)
}

func isNothing(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	}
	return false
}

// DecodeObject reads a tree that was stored as the JSON of [Text].
func DecodeObject(text string) (Object, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var raw map[string]any
	if err := d.Decode(&raw); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("there is more behind the object")
	}
	o, _ := restore(raw).(Object)
	return o, nil
}

// restore undoes what JSON did to the values of a tree.
func restore(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, field := range v {
			v[name] = restore(field)
		}
	case []any:
		for i, e := range v {
			v[i] = restore(e)
		}
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		return v.String()
	}
	return v
}
