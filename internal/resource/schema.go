package resource

import (
	"fmt"
	"reflect"
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
	NumbersType     // a list of phone numbers and ranges of them
	NumbersFileType // the path of a file of such
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
	Capacity   string   // "zero": a change to 0, "any": every change takes capacity for calls away, which the guards count, too
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
		switch s.Type {
		case RefType, SecretType, FileType, NumbersType, NumbersFileType:
			panic("resource: no schema for a list of references, secrets, files or numbers")
		default:
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
		of := s
		if s.Type == List {
			of = s.Elem
		}
		of.Enum = strings.Split(arg, "|")
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
	case "capacity":
		s.Capacity = arg
	default:
		panic(fmt.Sprintf("resource: %v.%s: unknown rule %q", t, field, rule))
	}
}
