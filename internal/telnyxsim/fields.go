package telnyxsim

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// form is the JSON type of a field.
type form string

const (
	text    form = "a string"
	boolean form = "a boolean"
	integer form = "an integer"
	number  form = "a number"
	texts   form = "an array of strings"
	objects form = "an array of objects"
	object  form = "an object"
	file    form = "a file" // of a form
)

// field describes what may stand in one field of an object.
type field struct {
	form     form
	required bool
	null     bool // null is allowed
	enum     []string
	fields   fields // of an object, nil allowing any, or of each in an array
	// variant is fields where they depend on the object that the field stands in.
	variant func(in map[string]any) fields
	check   func(any) string // says what is wrong with a value of the right form, or ""
}

// fields describes an object. Fields that are not in it are refused.
type fields map[string]field

// problems compares an object with its description. at is the JSON pointer of the
// object. Private fields, whose names begin with "_", are allowed if private is, with
// any value where they are not described: in the object and in those of its arrays.
func (fs fields) problems(at string, obj map[string]any, private bool) []problem {
	var ps []problem
	add := func(name, code, detail string) {
		ps = append(ps, problem{code: code, pointer: at + "/" + escapePointer(name), detail: detail})
	}
	for _, name := range slices.Sorted(maps.Keys(obj)) {
		f, known := fs[name]
		v := obj[name]
		switch {
		case !known && private && strings.HasPrefix(name, "_"):
		case !known:
			add(name, "10027", "There is no such field here.")
		case v == nil && !f.null:
			add(name, "10027", "The field must not be null.")
		case v == nil:
		case !f.form.holds(v):
			add(name, "10027", "The field must be "+string(f.form)+".")
		case f.enum != nil && !f.knows(v):
			add(name, "10032", "The field must be one of "+strings.Join(f.enum, ", ")+".")
		case f.form == objects:
			for i, one := range v.([]any) {
				ps = append(ps, f.fields.problems(fmt.Sprintf("%s/%s/%d", at, escapePointer(name), i), one.(map[string]any), private)...)
			}
		case f.in(obj) != nil:
			ps = append(ps, f.in(obj).problems(at+"/"+escapePointer(name), v.(map[string]any), false)...)
		case f.check != nil:
			if wrong := f.check(v); wrong != "" {
				add(name, "10027", wrong)
			}
		}
	}
	var missing []string
	for name, f := range fs { // sorted only if there are any: accounts are large
		if _, ok := obj[name]; f.required && !ok {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	for _, name := range missing {
		add(name, "10027", "The field is required.")
	}
	return ps
}

// in describes the object in a field, nil where there is no description.
func (f field) in(obj map[string]any) fields {
	if f.variant != nil {
		return f.variant(obj)
	}
	return f.fields
}

// knows tells whether a text, or each of an array, is one of the field's values.
func (f field) knows(v any) bool {
	if list, ok := v.([]any); ok {
		return !slices.ContainsFunc(list, func(one any) bool { return !slices.Contains(f.enum, one.(string)) })
	}
	return slices.Contains(f.enum, v.(string))
}

// holds tells whether a decoded JSON value has the form.
func (f form) holds(v any) bool {
	switch v := v.(type) {
	case string:
		return f == text
	case bool:
		return f == boolean
	case json.Number:
		_, err := strconv.ParseInt(v.String(), 10, 64)
		return f == number || f == integer && err == nil
	case map[string]any:
		return f == object
	case upload:
		return f == file
	case []any:
		return f == texts && allAre[string](v) || f == objects && allAre[map[string]any](v)
	default:
		return false
	}
}

// allAre tells whether a list has values of one type alone.
func allAre[T any](list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool { _, ok := v.(T); return !ok })
}

func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// merged returns both descriptions in one; more wins.
func (fs fields) merged(more fields) fields {
	out := maps.Clone(fs)
	maps.Copy(out, more)
	return out
}

// require returns the description with these fields required.
func (fs fields) require(names ...string) fields {
	out := maps.Clone(fs)
	for _, n := range names {
		f := out[n]
		f.required = true
		out[n] = f
	}
	return out
}

func within(lo, hi int64) func(any) string {
	return func(v any) string {
		if n, _ := strconv.ParseInt(v.(json.Number).String(), 10, 64); n < lo || n > hi {
			return fmt.Sprintf("The field must be within %d and %d.", lo, hi)
		}
		return ""
	}
}

func nonEmpty(v any) string {
	if v.(string) == "" {
		return "The field must not be empty."
	}
	return ""
}

// withScheme wants a URL that names its scheme.
func withScheme(v any) string {
	if u, err := url.Parse(v.(string)); err != nil || u.Scheme == "" || u.Host == "" {
		return "The field must be a URL that includes a scheme, such as https."
	}
	return ""
}

// emptyOrWithScheme is withScheme for fields that the empty string clears.
func emptyOrWithScheme(v any) string {
	if v.(string) == "" {
		return ""
	}
	return withScheme(v)
}

func isTime(v any) string {
	if _, err := time.Parse(time.RFC3339, v.(string)); err != nil {
		return "The field must be a time such as 2018-02-02T22:25:27.521Z."
	}
	return ""
}

func atLeastLong(n int) func(any) string {
	return func(v any) string {
		if len([]rune(v.(string))) < n {
			return fmt.Sprintf("The field must have at least %d characters.", n)
		}
		return ""
	}
}

// fill sets the fields that an object lacks.
func fill(obj, defaults map[string]any) {
	for k, v := range defaults {
		if _, ok := obj[k]; !ok {
			obj[k] = v
		}
	}
}

// public is an object as the API returns it: without what it never returns, in it and in
// the objects of its arrays.
func public(obj map[string]any) map[string]any {
	if isPublic(obj) { // most are: nothing needs to be copied
		return obj
	}
	out := make(map[string]any, len(obj))
	for k, v := range obj {
		if strings.HasPrefix(k, "_") {
			continue
		}
		if list, ok := v.([]any); ok && !areTexts(list) {
			shown := make([]any, len(list))
			for i, one := range list {
				shown[i] = public(one.(map[string]any))
			}
			v = shown
		}
		out[k] = v
	}
	return out
}

func isPublic(obj map[string]any) bool {
	for k, v := range obj {
		if list, ok := v.([]any); strings.HasPrefix(k, "_") || ok && !areTexts(list) {
			return false
		}
	}
	return true
}

// areTexts tells the two forms of arrays apart.
func areTexts(list []any) bool {
	if len(list) == 0 {
		return true
	}
	_, ok := list[0].(string)
	return ok
}
