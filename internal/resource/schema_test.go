package resource_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

type toy struct {
	ID     resource.ID         `yaml:"id" rule:"local"`
	Mode   string              `yaml:"mode" rule:"required,fixed,enum=a|b"`
	On     bool                `yaml:"on" rule:"outage=false"`
	Limit  int                 `yaml:"limit" rule:"null,min=-1,max=30" doc:"How many, at most 30."`
	Hook   resource.URL        `yaml:"hook"`
	Host   resource.Host       `yaml:"host"`
	Name   resource.Name       `yaml:"name"`
	Codecs []string            `yaml:"codecs"`
	Ports  resource.Set[int]   `yaml:"ports"`
	Inner  inner               `yaml:"inner"`
	Parent resource.RefTo[toy] `yaml:"parent"`
	Token  resource.Secret     `yaml:"token" rule:"createonly"`
	Rows   resource.Set[row]   `yaml:"rows"`
}

type inner struct {
	Text string              `yaml:"text"`
	Peer resource.RefTo[toy] `yaml:"peer"`
}

type row struct {
	Text string `yaml:"text"`
}

func (toy) KindName() string { return "toys" }

func TestSchemaOf(t *testing.T) {
	n := func(i int64) *int64 { return &i }
	text := &resource.Schema{Type: resource.String}
	ref := func() *resource.Schema { return &resource.Schema{Type: resource.RefType, RefKind: "toys"} }
	below := &resource.Schema{Type: resource.ObjectType, Fields: []resource.Field{{Name: "text", Schema: text}, {Name: "peer", Schema: ref()}}}
	want := &resource.Schema{Type: resource.ObjectType, Fields: []resource.Field{
		{Name: "id", Schema: &resource.Schema{Type: resource.String, Format: "id", Local: true}},
		{Name: "mode", Schema: &resource.Schema{Type: resource.String, Required: true, Fixed: true, Enum: []string{"a", "b"}}},
		{Name: "on", Schema: &resource.Schema{Type: resource.Bool, Outage: false}},
		{Name: "limit", Schema: &resource.Schema{Type: resource.Int, Nullable: true, Min: n(-1), Max: n(30), Doc: "How many, at most 30."}},
		{Name: "hook", Schema: &resource.Schema{Type: resource.String, Format: "url"}},
		{Name: "host", Schema: &resource.Schema{Type: resource.String, Format: "host"}},
		{Name: "name", Schema: &resource.Schema{Type: resource.String, Format: "name"}},
		{Name: "codecs", Schema: &resource.Schema{Type: resource.List, Elem: text}},
		{Name: "ports", Schema: &resource.Schema{Type: resource.List, Set: true, Elem: &resource.Schema{Type: resource.Int}}},
		{Name: "inner", Schema: below},
		{Name: "parent", Schema: ref()},
		{Name: "token", Schema: &resource.Schema{Type: resource.SecretType, CreateOnly: true, WriteOnly: true}},
		{Name: "rows", Schema: &resource.Schema{Type: resource.List, Set: true, Elem: &resource.Schema{
			Type: resource.ObjectType, Fields: []resource.Field{{Name: "text", Schema: text}},
		}}},
	}}
	if got := resource.SchemaOf[toy](); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %s\nwant %s", resource.Text(got), resource.Text(want))
	}
	if f := want.Field("nothing"); f != nil {
		t.Errorf("Field of an unknown name: %v", f)
	}
}

func TestSchemaOfPanics(t *testing.T) {
	type floats struct {
		F float64 `yaml:"f"`
	}
	type misspelt struct {
		F string `yaml:"f" rule:"requird"`
	}
	type bound struct {
		F int `yaml:"f" rule:"min=one"`
	}
	type keyless struct {
		F int
	}
	type list struct {
		F []inner `yaml:"f"`
	}
	type set struct {
		F resource.Set[resource.Secret] `yaml:"f"`
	}
	type lists struct {
		F []resource.NumberList `yaml:"f"`
	}
	for name, f := range map[string]func() *resource.Schema{
		"float64": resource.SchemaOf[floats], "requird": resource.SchemaOf[misspelt],
		"one": resource.SchemaOf[bound], "yaml": resource.SchemaOf[keyless],
		"references, secrets": resource.SchemaOf[list], "files or numbers": resource.SchemaOf[set], "a list of": resource.SchemaOf[lists],
	} {
		func() {
			defer func() {
				if p := recover(); p == nil || !strings.Contains(p.(string), name) {
					t.Errorf("%s: %v", name, p)
				}
			}()
			f()
		}()
	}
}

// TestCanon: what Telnyx answers comes into the form in which trees are compared.
func TestCanon(t *testing.T) {
	s := resource.SchemaOf[toy]()
	for _, c := range []struct{ raw, want string }{
		{`{}`, `{}`},
		{`{"unknown":1,"mode":"a","created_at":"2026"}`, `{"mode":"a"}`},
		{`{"mode":null,"inner":null,"codecs":null,"on":null}`, `{}`},
		{`{"id":1911630617284445511}`, `{"id":"1911630617284445511"}`},
		{`{"limit":"30","on":true}`, `{"limit":30,"on":true}`},
		{`{"limit":1.5,"on":"yes"}`, `{"limit":"1.5","on":"yes"}`},
		{`{"codecs":["b","a","b"],"ports":[20,3,"3",20]}`, `{"codecs":["b","a","b"],"ports":[20,3]}`},
		{`{"codecs":"b","inner":"x"}`, `{"codecs":"b","inner":"x"}`},
		{`{"codecs":{"a":1},"inner":[1],"mode":{"b":[]},"limit":true}`, `{"codecs":"{\"a\":1}","inner":"[1]","limit":"true","mode":"{\"b\":[]}"}`},
		{`{"inner":{"text":5,"more":1}}`, `{"inner":{"text":"5"}}`},
		{`{"rows":[{"text":"b"},{"text":"a","x":1},{"text":"b"}]}`, `{"rows":[{"text":"a"},{"text":"b"}]}`},
		{`{"codecs":[],"ports":[],"inner":{},"hook":""}`, `{"codecs":[],"hook":"","inner":{},"ports":[]}`},
	} {
		if got := resource.Text(s.Canon(decode(t, c.raw))); got != c.want {
			t.Errorf("Canon(%s)\n got %s\nwant %s", c.raw, got, c.want)
		}
	}
}

func decode(t testing.TB, raw string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// answer draws what an API might answer for a schema: mostly what is expected, at times anything.
func answer(s *resource.Schema) *rapid.Generator[any] {
	anything := rapid.OneOf(value(2), rapid.Map(rapid.SampledFrom([]string{"0", "-1", "1.5", "1e3", "99999999999999999999"}), func(s string) any { return json.Number(s) }))
	var expected *rapid.Generator[any]
	switch s.Type {
	case resource.ObjectType:
		expected = rapid.Custom(func(t *rapid.T) any {
			o := resource.Object{"unknown": 1}
			for _, f := range s.Fields {
				if rapid.Bool().Draw(t, "there") {
					o[f.Name] = answer(f.Schema).Draw(t, f.Name)
				}
			}
			return o
		})
	case resource.List:
		expected = rapid.Map(rapid.SliceOfN(answer(s.Elem), 0, 5), func(l []any) any { return l })
	case resource.Int:
		expected = rapid.Map(rapid.Int64Range(-3, 3), func(n int64) any { return json.Number(resource.Text(n)) })
	case resource.Bool:
		expected = rapid.Map(rapid.Bool(), func(b bool) any { return b })
	default:
		expected = rapid.Map(rapid.SampledFrom([]string{"", "a", "b", "5"}), func(s string) any { return s })
	}
	return rapid.OneOf(expected, expected, expected, anything)
}

func TestCanonIsIdempotent(t *testing.T) {
	s := resource.SchemaOf[toy]()
	rapid.Check(t, func(t *rapid.T) {
		raw := answer(s).Draw(t, "raw")
		before := resource.Text(raw)
		once := s.Canon(raw)
		if resource.Text(raw) != before {
			t.Fatal("Canon changed what it was given")
		}
		twice := s.Canon(once)
		if !reflect.DeepEqual(once, twice) {
			t.Fatalf("once  %#v\ntwice %#v", once, twice)
		}
		// It also survives being stored.
		if o, ok := once.(resource.Object); ok {
			stored, err := resource.DecodeObject(resource.Text(o))
			if err != nil || !reflect.DeepEqual(s.Canon(stored), once) {
				t.Fatalf("stored %#v (%v), want %#v", stored, err, once)
			}
		}
	})
}

func TestSetsHaveNoOrder(t *testing.T) {
	s := resource.SchemaOf[toy]().Field("ports")
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOf(rapid.Map(rapid.Int64Range(0, 30), func(n int64) any { return n })).Draw(t, "list")
		other := rapid.Permutation(append(append([]any{}, list...), list...)).Draw(t, "other")
		if a, b := s.Canon(list), s.Canon(other); !resource.Equal(a, b) {
			t.Fatalf("%v and %v", a, b)
		}
	})
}

func TestEqualIsAnEquivalence(t *testing.T) {
	s := resource.SchemaOf[toy]()
	one := rapid.Custom(func(t *rapid.T) any {
		f := rapid.SampledFrom(s.Fields).Draw(t, "field")
		return f.Canon(answer(f.Schema).Draw(t, f.Name))
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := one.Draw(t, "a"), one.Draw(t, "b"), one.Draw(t, "c")
		if !resource.Equal(a, a) {
			t.Fatalf("%v is not itself", a)
		}
		if resource.Equal(a, b) != resource.Equal(b, a) {
			t.Fatalf("%v and %v depend on the order", a, b)
		}
		if resource.Equal(a, b) && resource.Equal(b, c) && !resource.Equal(a, c) {
			t.Fatalf("%v is %v is %v, but not the first the last", a, b, c)
		}
	})
	for _, nothing := range []any{nil, "", []any{}} {
		if !resource.Equal(nothing, nil) || resource.Equal(nothing, "x") || resource.Equal(nothing, false) ||
			resource.Equal(nothing, int64(0)) || resource.Equal(nothing, resource.Object{}) {
			t.Errorf("%#v is not nothing, or is something", nothing)
		}
	}
	if resource.Equal(int64(5), "5") || resource.Equal(false, "false") {
		t.Error("a number or a boolean equals its text")
	}
}

func TestReferences(t *testing.T) {
	s := resource.SchemaOf[toy]()
	to := func(name string) resource.Ref { return resource.Ref{Addr: resource.Addr{Kind: "toys", Name: name}} }
	o := resource.Object{
		"parent": to("a"), "mode": "a",
		"inner": resource.Object{"peer": resource.Ref{ID: "5"}, "text": "x"},
		"rows":  []any{resource.Object{"text": "y"}},
	}
	want := []resource.Reference{
		{Path: "/inner/peer", Ref: resource.Ref{ID: "5"}},
		{Path: "/parent", Ref: to("a")},
	}
	if got := resource.References(s, o); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestValidName(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "a/b": true, "zoom emea": true, "Zürich": true, "…": true, "日本": true, "-": true, "%2e": true, strings.Repeat("a", 255): true,
		"": false, ".": false, "..": false, " a": false, "a ": false, "\u00a0a": false, "a\u00a0b": false, "a\nb": false, "a\x00": false,
		"a\u200bb": false, "a\u202eb": false, "\ufeffa": false, "a\ufffd": false, "\xff": false, strings.Repeat("a", 256): false, "...": true,
	} {
		if got := resource.ValidName(name); got != want {
			t.Errorf("ValidName(%q) = %t", name, got)
		}
	}
}

func TestIgnores(t *testing.T) {
	e := resource.Entry{Ignore: []string{"/tags", "/outbound/channel_limit"}}
	for path, want := range map[string]bool{
		"/tags": true, "/tags/0": true, "/tagsy": false, "/outbound": false, "/outbound/channel_limit": true, "/outbound/channel_limits": false, "": false,
	} {
		if e.Ignores(path) != want {
			t.Errorf("Ignores(%q) = %t", path, !want)
		}
	}
}

func TestPendingAndPosition(t *testing.T) {
	p := resource.Pending{Addr: resource.Addr{Kind: "toys", Name: "a"}}
	if got := resource.Text(p); got != `"(id of toys/a, known after apply)"` {
		t.Error(got)
	}
	a, b := resource.Position{File: "a", Line: 2, Col: 1}, resource.Position{File: "a", Line: 10, Col: 1}
	if a.Compare(b) >= 0 || b.Compare(a) <= 0 || a.Compare(a) != 0 || a.String() != "a:2:1" {
		t.Error("positions are ordered by number")
	}
}
