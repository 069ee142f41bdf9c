package resource

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Type is the shape of a value.
type Type int

// The shapes. An object's fields are compared one by one; everything else is compared whole.
const (
	ObjectType Type = iota
	List
	String
	Int
	Bool
	RefType
	SecretType
	FileType
)

// Formats of strings.
const (
	FormatID       = "id"
	FormatURL      = "url"
	FormatHost     = "host"
	FormatName     = "name"
	FormatDuration = "duration"
)

// Schema describes a value of the YAML: its shape and what may be done with it.
type Schema struct {
	Type    Type
	Fields  []Field // of an object, in the order of the struct
	Elem    *Schema // of a list
	Set     bool    // order and repetitions mean nothing
	RefKind string  // the kind that a reference points to
	Format  string  // of a string
	Doc     string  // what an editor says of it: a sentence or two

	Required   bool
	Nullable   bool     // null clears it
	CreateOnly bool     // sent on create, returned by nothing, changed by nothing
	WriteOnly  bool     // sent, returned by nothing: compared with what was last applied
	Assumed    bool     // of one that is written only: right as it is where it was never applied
	Fixed      bool     // set when the object is made, changed by nothing
	One        bool     // a list may be written as its only element
	Local      bool     // says which object is meant; neither sent nor compared
	Policy     bool     // says how the object is looked after; neither sent nor compared
	JSON       bool     // a secret that has to be a JSON object
	MaxBytes   int64    // of a file
	Enum       []string // allowed values of a string
	Min, Max   *int64   // bounds of an integer
	Outage     any      // changing to this value takes calls down: the guards count it
}

// Field is a named field of an object.
type Field struct {
	Name string
	*Schema
}

// Field returns the field of that name, or nil.
func (s *Schema) Field(name string) *Schema {
	for _, f := range s.Fields {
		if f.Name == name {
			return f.Schema
		}
	}
	return nil
}

// At returns the schema at a JSON pointer, or nil.
func (s *Schema) At(pointer string) *Schema {
	for _, name := range Split(pointer) {
		if s = s.Field(name); s == nil {
			return nil
		}
	}
	return s
}

// Names lists the fields of an object.
func (s *Schema) Names() []string {
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.Name
	}
	return names
}

// SchemaOf derives the schema of a kind from the struct of its YAML. Field names come from the
// `yaml` tag, what is said of them from the `doc` tag, rules from the `rule` tag: required, null,
// createonly, writeonly, assumed, fixed, local, policy, json, one, min=N, max=N, maxbytes=N, enum=A|B,
// outage=false. It panics on a struct that it does not understand: that is a mistake in a program,
// found by the first test.
func SchemaOf[T any]() *Schema { return schemaOf(reflect.TypeFor[T]()) }

func schemaOf(t reflect.Type) *Schema {
	if f, ok := reflect.Zero(t).Interface().(fieldType); ok {
		return f.fieldSchema()
	}
	switch t.Kind() {
	case reflect.String:
		return &Schema{Type: String}
	case reflect.Int:
		return &Schema{Type: Int}
	case reflect.Bool:
		return &Schema{Type: Bool}
	case reflect.Slice:
		return listOf(schemaOf(t.Elem()))
	case reflect.Struct:
		s := &Schema{Type: ObjectType}
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Tag.Get("yaml") == "" {
				panic(fmt.Sprintf("resource: %v.%s: no yaml tag", t, f.Name))
			}
			fs := schemaOf(f.Type)
			fs.Doc = f.Tag.Get("doc")
			for rule := range strings.SplitSeq(f.Tag.Get("rule"), ",") {
				fs.addRule(t, f.Name, rule)
			}
			s.Fields = append(s.Fields, Field{Name: f.Tag.Get("yaml"), Schema: fs})
		}
		return s
	default:
		panic(fmt.Sprintf("resource: no schema for %v", t))
	}
}

// listOf is the schema of a list. Lists are compared whole: nothing would find a reference or hide
// a secret in one.
func listOf(elem *Schema) *Schema {
	var check func(s *Schema)
	check = func(s *Schema) {
		if s.Type == RefType || s.Type == SecretType || s.Type == FileType {
			panic("resource: no schema for a list of references, secrets or files")
		}
		for _, f := range s.Fields {
			check(f.Schema)
		}
	}
	check(elem)
	return &Schema{Type: List, Elem: elem}
}

func (s *Schema) addRule(t reflect.Type, field, rule string) {
	name, arg, _ := strings.Cut(rule, "=")
	switch name {
	case "":
	case "required":
		s.Required = true
	case "null":
		s.Nullable = true
	case "createonly":
		s.CreateOnly = true
	case "fixed":
		s.Fixed = true
	case "writeonly":
		s.WriteOnly = true
	case "assumed":
		s.Assumed = true
	case "local":
		s.Local = true
	case "policy":
		s.Policy = true
	case "json":
		s.JSON = true
	case "one":
		s.One = true
	case "enum":
		s.Enum = strings.Split(arg, "|")
	case "min", "max", "maxbytes":
		n, err := strconv.ParseInt(arg, 10, 64)
		if err != nil {
			panic(fmt.Sprintf("resource: %v.%s: %v", t, field, err))
		}
		switch name {
		case "min":
			s.Min = &n
		case "max":
			s.Max = &n
		default:
			s.MaxBytes = n
		}
	case "outage":
		s.Outage = arg == "true"
	default:
		panic(fmt.Sprintf("resource: %v.%s: unknown rule %q", t, field, rule))
	}
}

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
	case Ref, Pending, SecretRef, File:
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
