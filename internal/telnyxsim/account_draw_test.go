package telnyxsim

import (
	"encoding/json"
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

// value draws a valid value of a field.
func value(t *rapid.T, f field, label string) any {
	if f.null && rapid.IntRange(0, 3).Draw(t, label+" null") == 0 {
		return nil
	}
	var pool []any
	switch f.form {
	case text:
		for _, s := range append([]string{
			"", "abc", "1930000000000000001", "https://x.example/<a>&b", "+15125550100",
			"2026-01-02T03:04:05.678Z", "6a09cdc3-8948-47f0-aa62-74ac943d6c58", "ü / \u2028",
		}, f.enum...) {
			if f.enum == nil || slices.Contains(f.enum, s) {
				pool = append(pool, s)
			}
		}
	case boolean:
		pool = []any{true, false}
	case integer:
		pool = []any{json.Number("0"), json.Number("1"), json.Number("30"), json.Number("5060"), json.Number("9007199254740993")}
	case number:
		pool = []any{json.Number("0.10"), json.Number("1e3")}
	case texts:
		pool = []any{[]any{}, []any{"b", "a"}}
		if f.enum != nil {
			pool = []any{[]any{}, []any{f.enum[0]}}
		}
	case objects:
		list := []any{}
		for i := range rapid.IntRange(0, 3).Draw(t, label+" objects") {
			one := properties(t, f.fields, fmt.Sprint(label, i))
			one["_note"] = "kept"
			list = append(list, one)
		}
		return list
	case object:
		if f.fields != nil {
			return properties(t, f.fields, label)
		}
		pool = []any{map[string]any{}, map[string]any{"type": "service_account", "deep": map[string]any{"a/b": []any{nil}}}}
	}
	if f.check != nil {
		pool = slices.DeleteFunc(pool, func(v any) bool { return f.check(v) != "" })
	}
	return rapid.SampledFrom(pool).Draw(t, label)
}

// properties draws some of an object's fields, and all that are required.
func properties(t *rapid.T, fs fields, label string) map[string]any {
	obj := map[string]any{}
	for name, f := range fs {
		if f.variant == nil && (f.required || rapid.Bool().Draw(t, label+name+"?")) {
			obj[name] = value(t, f, label+name)
		}
	}
	for name, f := range fs { // once it is clear which variant it is
		if f.variant != nil {
			obj[name] = properties(t, f.variant(obj), label+name)
		}
	}
	return obj
}

// drawList draws the objects of a collection.
func drawList(t *rapid.T, k kind, label string) []any {
	list := []any{}
	for i := range rapid.IntRange(0, 4).Draw(t, label) {
		obj := properties(t, k.fields, label)
		if _, given := obj[k.key]; given {
			obj[k.key] = fmt.Sprint("key ", i)
		}
		obj["_note"] = map[string]any{"kept": true}
		list = append(list, obj)
	}
	return list
}

// drawAccount draws an account's document.
func drawAccount(t *rapid.T) map[string]any {
	doc := map[string]any{}
	for _, p := range parts() {
		for name, values := range p.switches {
			if rapid.Bool().Draw(t, name+"?") {
				doc[name] = rapid.SampledFrom(values).Draw(t, name)
			}
		}
		for name, check := range p.settings {
			v := rapid.SampledFrom([]string{"", "90s", "2026-07-16T11:59:00Z"}).Draw(t, name)
			if check(v) == "" {
				doc[name] = v
			}
		}
		if p.kind.name == "" || !rapid.Bool().Draw(t, p.kind.name+"?") {
			continue
		}
		doc[p.kind.name] = drawList(t, p.kind, p.kind.name)
		if p.kind.owned {
			owners := map[string]any{}
			for _, owner := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"key 0", "key 1", "a/b"}), 0, 2, rapid.ID).Draw(t, "owners") {
				owners[owner] = drawList(t, p.kind, p.kind.name+owner)
			}
			doc[p.kind.name] = owners
		}
	}
	if rapid.Bool().Draw(t, "keys?") {
		doc["api_keys"] = []any{"k"}
	}
	if rapid.Bool().Draw(t, "forbidden?") {
		doc["_forbidden"] = []any{"DELETE /media/*", "operator_connect"}
	}
	return doc
}
