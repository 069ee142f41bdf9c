package resource_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

// leaf draws a value of a tree without references.
func leaf() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Just(any(nil)),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.Int64(), func(n int64) any { return n }),
		rapid.Map(text(), func(s string) any { return s }),
	)
}

// text draws text, also what JSON and HTML escape.
func text() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "<&>", "\u2028", "5", "1e3", "null", "~1", "/", "\x00", "\ufffd"}))
}

// value draws a value of at most that depth.
func value(depth int) *rapid.Generator[any] {
	if depth == 0 {
		return leaf()
	}
	return rapid.OneOf(leaf(),
		rapid.Map(rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[any] { return value(depth - 1) }), 0, 4), func(l []any) any { return l }),
		rapid.Map(tree(depth-1), func(o resource.Object) any { return o }))
}

func tree(depth int) *rapid.Generator[resource.Object] {
	return rapid.MapOfN(text(), rapid.Deferred(func() *rapid.Generator[any] { return value(depth) }), 0, 4)
}

func TestPointerAndSplitAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOf(rapid.OneOf(text(), rapid.StringMatching(`[/~01]{0,6}`))).Draw(t, "names")
		p := resource.Pointer(names...)
		got := resource.Split(p)
		if len(names) != len(got) || len(names) > 0 && !slices.Equal(names, got) {
			t.Fatalf("Split(%q) = %q, want %q", p, got, names)
		}
		if again := resource.Pointer(got...); again != p {
			t.Fatalf("Pointer(Split(%q)) = %q", p, again)
		}
	})
}

func TestPutIsFoundByGet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := tree(2).Draw(t, "object")
		p := resource.Pointer(rapid.SliceOfN(text(), 1, 4).Draw(t, "names")...)
		v := leaf().Draw(t, "value")
		resource.Put(o, p, v)
		if got, ok := resource.Get(o, p); !ok || !reflect.DeepEqual(got, v) {
			t.Fatalf("Get(%q) = %v, %t after Put of %v", p, got, ok, v)
		}
		if got, ok := resource.Get(o, p+"/below"); ok {
			t.Fatalf("there is %v below a leaf", got)
		}
	})
}

func TestOverlay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := tree(3).Draw(t, "base"), tree(3).Draw(t, "top")
		textA, textB := resource.Text(a), resource.Text(b)
		ab := resource.Overlay(a, b)
		if resource.Text(a) != textA || resource.Text(b) != textB {
			t.Fatal("Overlay changed what it was given")
		}
		same := func(law string, got, want resource.Object) {
			if resource.Text(got) != resource.Text(want) {
				t.Fatalf("%s: %s, want %s", law, resource.Text(got), resource.Text(want))
			}
		}
		same("nothing on top", resource.Overlay(a, nil), a)
		same("nothing below", resource.Overlay(nil, b), b)
		same("itself", resource.Overlay(a, a), a)
		same("twice", resource.Overlay(ab, b), ab)
		for k := range a {
			if _, ok := ab[k]; !ok {
				t.Fatalf("%q of the base is gone", k)
			}
		}
		var leaves func(path []string, o resource.Object)
		leaves = func(path []string, o resource.Object) {
			for k, v := range o {
				p := append(slices.Clone(path), k)
				if below, ok := v.(resource.Object); ok && len(below) > 0 {
					leaves(p, below)
				} else if got, there := resource.Get(ab, resource.Pointer(p...)); !there || !ok && resource.Text(got) != resource.Text(v) {
					t.Fatalf("%q: %v, want %v from the top", p, got, v)
				}
			}
		}
		leaves(nil, b)
		// The result may be added to without a change to what it was made of.
		ab["added"] = true
		if resource.Text(a) != textA || resource.Text(b) != textB {
			t.Fatal("the result shares its top with what it was made of")
		}
	})
}

func TestDecodeObjectInvertsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := tree(3).Draw(t, "object")
		got, err := resource.DecodeObject(resource.Text(o))
		if err != nil || !reflect.DeepEqual(got, o) {
			t.Fatalf("got %#v (%v), want %#v", got, err, o)
		}
	})
	for _, bad := range []string{"", "null x", "[]", `"x"`, "5", "{", `{"a":1}{"b":2}`, `{"a":1} x`, "nul"} {
		if o, err := resource.DecodeObject(bad); err == nil {
			t.Errorf("DecodeObject(%q) = %v, want an error", bad, o)
		}
	}
	if o, err := resource.DecodeObject(" null\n"); o != nil || err != nil { // of an object without a tree
		t.Errorf("null: %v, %v", o, err)
	}
}

func TestParseOwnerInvertsTag(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := resource.Owner{
			Instance: rapid.StringMatching(`[^:]+`).Draw(t, "instance"),
			Name:     rapid.OneOf(text(), rapid.StringMatching(`[:a]+`)).Filter(func(s string) bool { return s != "" }).Draw(t, "name"),
		}
		if got, ok := resource.ParseOwner(o.Tag()); !ok || got != o {
			t.Fatalf("ParseOwner(%q) = %+v, %t", o.Tag(), got, ok)
		}
		tag := rapid.OneOf(text(), rapid.StringMatching(`(telnyxsync)?:?[a:]{0,4}`)).Draw(t, "tag")
		if got, ok := resource.ParseOwner(tag); ok && got.Tag() != tag {
			t.Fatalf("ParseOwner(%q) = %+v, whose tag is %q", tag, got, got.Tag())
		}
	})
	for _, tag := range []string{"", "emea", "telnyxsync", "telnyxsync:", "telnyxsync:a", "telnyxsync:a:", "telnyxsync::b", "Telnyxsync:a:b", " telnyxsync:a:b"} {
		if o, ok := resource.ParseOwner(tag); ok {
			t.Errorf("%q is the tag of %+v", tag, o)
		}
	}
}

func TestAddr(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := resource.Addr{
			Kind: rapid.StringMatching(`[a-z_]+`).Draw(t, "kind"),
			Name: rapid.OneOf(text(), rapid.StringMatching(`[/a]+`)).Filter(func(s string) bool { return s != "" }).Draw(t, "name"),
		}
		if got, err := resource.ParseAddr(a.String()); err != nil || got != a {
			t.Fatalf("ParseAddr(%q) = %+v, %v", a.String(), got, err)
		}
		b := a
		b.Name = text().Draw(t, "other")
		if a.Compare(b) != -b.Compare(a) || (a.Compare(b) == 0) != (a == b) {
			t.Fatalf("%v and %v are in no order", a, b)
		}
		raw, err := json.Marshal(map[resource.Addr]resource.Addr{a: a})
		if err != nil {
			t.Fatal(err)
		}
		var back map[resource.Addr]resource.Addr
		if err := json.Unmarshal(raw, &back); err != nil || back[a] != a {
			t.Fatalf("JSON %s: %v, %v", raw, back, err)
		}
	})
	for _, bad := range []string{"", "/", "a", "a/", "/b"} {
		if a, err := resource.ParseAddr(bad); err == nil || !strings.Contains(err.Error(), "write KIND/NAME") {
			t.Errorf("ParseAddr(%q) = %+v, %v", bad, a, err)
		}
	}
}

func FuzzParseAddr(f *testing.F) {
	for _, s := range []string{"", "a/b", "/", "a/", "/b", "a//b", "external_connections/zoom-emea", "\xff/\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := resource.ParseAddr(s)
		if err == nil && (a.String() != s || a.Kind == "" || a.Name == "" || strings.Contains(a.Kind, "/")) {
			t.Fatalf("ParseAddr(%q) = %+v", s, a)
		}
		if (err == nil) != (strings.Index(s, "/") > 0 && !strings.HasSuffix(s, "/") || strings.Index(s, "/") > 0 && strings.Index(s, "/") < len(s)-1) {
			t.Fatalf("ParseAddr(%q): %v", s, err)
		}
	})
}

func FuzzDecodeObject(f *testing.F) {
	for _, s := range []string{"null", "{}", `{"a":[1,"x",null,true,{"b":1.5}]}`, `{"a":1e9}`, `{"a":99999999999999999999}`, `{"a":-0}`, "{}{}", "[", "\xff", `{"a":1,"a":{"b":2}}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		o, err := resource.DecodeObject(s)
		if err != nil {
			return
		}
		stored := resource.Text(o)
		again, err := resource.DecodeObject(stored)
		if err != nil || !reflect.DeepEqual(o, again) {
			t.Fatalf("%q: %#v is read back as %#v (%v)", s, o, again, err)
		}
		if !utf8.ValidString(stored) || resource.Text(resource.Overlay(o, nil)) != stored && o != nil {
			t.Fatalf("%q: %q", s, stored)
		}
		_ = maps.Clone(o)
	})
}
