package resource_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

// model is a set of numbers, naively.
type model map[resource.Number]bool

// numbers draws ranges close to each other, so that they overlap and touch, and the set of them.
func numbers(t *rapid.T, label string) (ranges []resource.Range, set model) {
	set = model{}
	for range rapid.IntRange(0, 6).Draw(t, label) {
		r := resource.Range{From: 15125550100 + resource.Number(rapid.IntRange(0, 40).Draw(t, "from"))}
		r.To = r.From + resource.Number(rapid.IntRange(0, 8).Draw(t, "length"))
		ranges = append(ranges, r)
		for n := r.From; n <= r.To; n++ {
			set[n] = true
		}
	}
	return ranges, set
}

// same tells whether a set is that of the model, and in the only form that a set has.
func same(t *rapid.T, what string, s resource.Numbers, m model) {
	t.Helper()
	if got, want := slices.Collect(s.All()), slices.Sorted(maps.Keys(m)); !slices.Equal(got, want) || s.Len() != len(m) {
		t.Fatalf("%s: %v of %d, want %v", what, got, s.Len(), want)
	}
	for i, r := range s {
		if r.To < r.From || i > 0 && r.From <= s[i-1].To+1 {
			t.Fatalf("%s: %v is not in its form", what, s.Texts())
		}
	}
}

func TestNumbersAreASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ranges, a := numbers(t, "ranges of the first")
		others, b := numbers(t, "ranges of the second")
		before := slices.Clone(ranges)
		s, u := resource.NumbersOf(ranges...), resource.NumbersOf(others...)
		if !slices.Equal(ranges, before) {
			t.Fatal("NumbersOf changed what it was given")
		}
		textS, textU := resource.Text(s), resource.Text(u)
		same(t, "NumbersOf", s, a)

		both, either, less := model{}, maps.Clone(b), model{}
		for n := range a {
			either[n] = true
			if b[n] {
				both[n] = true
			} else {
				less[n] = true
			}
		}
		same(t, "Plus", s.Plus(u), either)
		same(t, "Minus", s.Minus(u), less)
		same(t, "And", s.And(u), both)
		if s.Equal(u) != maps.Equal(a, b) || !s.Equal(s.Plus(nil)) || !s.Equal(s.Minus(nil)) {
			t.Fatalf("%v and %v: Equal is %t", s.Texts(), u.Texts(), s.Equal(u))
		}
		for n := resource.Number(15125550095); n < 15125550160; n++ {
			if s.Has(n) != a[n] {
				t.Fatalf("%v: Has(%v) = %t", s.Texts(), n, s.Has(n))
			}
		}
		var added resource.Numbers
		for _, n := range slices.Sorted(maps.Keys(a)) {
			added.Add(n)
		}
		same(t, "Add", added, a)
		if resource.Text(s) != textS || resource.Text(u) != textU {
			t.Fatal("an operation changed what it was given")
		}
		for range s.All() {
			break // a loop may end early
		}
	})
}

// TestNumbersAreReadBack: a set that was stored, with or without the tree that it stands in, is the same.
func TestNumbersAreReadBack(t *testing.T) {
	schema := resource.SchemaOf[struct {
		N resource.NumberList  `yaml:"n"`
		F resource.NumbersFile `yaml:"f"`
	}]()
	rapid.Check(t, func(t *rapid.T) {
		ranges, _ := numbers(t, "ranges")
		s := resource.NumbersOf(ranges...)
		o := resource.Object{"n": s, "f": s}
		for name, tree := range map[string]any{"as it is": o, "canonical": schema.Canon(o), "remembered": resource.Remembered(o)} {
			stored := resource.Text(tree)
			back, err := resource.DecodeObject(stored)
			if err != nil {
				t.Fatal(err)
			}
			for _, field := range []string{"n", "f"} {
				if got, err := resource.ToNumbers(back[field]); err != nil || !got.Equal(s) {
					t.Fatalf("%s: %s is read back as %v (%v)", name, stored, got, err)
				}
				if !resource.Equal(back[field], s) && len(s) > 0 {
					t.Fatalf("%s: %v differs from %v", name, back[field], s)
				}
			}
		}
		var again resource.Numbers
		if err := json.Unmarshal([]byte(resource.Text(s)), &again); err != nil || !again.Equal(s) {
			t.Fatalf("JSON %s: %v (%v)", resource.Text(s), again, err)
		}
		if got, err := resource.ToNumbers(s); err != nil || !got.Equal(s) {
			t.Fatalf("%v (%v)", got, err)
		}
		for i, text := range s.Texts() {
			if r, err := resource.ParseRange(text); err != nil || r != s[i] {
				t.Fatalf("%s is read back as %v (%v)", text, r, err)
			}
		}
	})
	for _, bad := range []any{"+15125550100", int64(5), true, []any{"+1"}, []any{int64(15125550100)}, []any{nil}} {
		if got, err := resource.ToNumbers(bad); err == nil {
			t.Errorf("ToNumbers(%#v) = %v", bad, got)
		}
	}
	if got, err := resource.ToNumbers(nil); got != nil || err != nil {
		t.Errorf("of nothing: %v, %v", got, err)
	}
}

func TestNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`\+[1-9][0-9]{6,14}`).Draw(t, "number")
		n, err := resource.ParseNumber(text)
		if err != nil || n.String() != text {
			t.Fatalf("%s is %v (%v)", text, n, err)
		}
		raw, err := json.Marshal(map[resource.Number]resource.Number{n: n})
		if err != nil {
			t.Fatal(err)
		}
		var back map[resource.Number]resource.Number
		if err := json.Unmarshal(raw, &back); err != nil || !reflect.DeepEqual(back, map[resource.Number]resource.Number{n: n}) {
			t.Fatalf("%s: %v (%v)", raw, back, err)
		}
	})
	for _, bad := range []string{
		"", "+", "15125550100", "+151255", "+1512555010012345", "+05125550100", "++15125550100", "+1 5125550100", "+1512555010O",
		" +15125550100", "+15125550100 ", "+15125550100\n", "+-15125550100", "+0x15125550100", "+1_5125550100", "+١٥١٢٥٥٥٠١٠٠",
	} {
		if n, err := resource.ParseNumber(bad); err == nil || !strings.Contains(err.Error(), "as in +15125550100") {
			t.Errorf("ParseNumber(%q) = %v, %v", bad, n, err)
		}
	}
}

func TestParseRange(t *testing.T) {
	for text, want := range map[string]string{
		"+15125550100":                   "+15125550100",
		"+15125550100-+15125550100":      "+15125550100",
		"+15125550100-+15125550199":      "+15125550100-+15125550199",
		"+15125550100  -   +15125550199": "+15125550100-+15125550199",
	} {
		if r, err := resource.ParseRange(text); err != nil || r.String() != want {
			t.Errorf("ParseRange(%q) = %v, %v, want %s", text, r, err, want)
		}
	}
	for text, why := range map[string]string{
		"+15125550199-+15125550100":              "its end comes before its beginning: swap them",
		"+15125550100-+155125550100":             "its ends have different lengths: write both out in full",
		"+155125550100-+15125550100":             "its ends have different lengths",
		"+15125550100-":                          "does not begin with a plus",
		"-+15125550100":                          "does not begin with a plus",
		"-":                                      "does not begin with a plus",
		"+15125550100-199":                       "does not begin with a plus",
		"+15125550100-+15125550101-+15125550102": "is not a number in E.164",
		"+15125550100\t-+15125550101":            "is not a number in E.164",
		" +15125550100-+15125550101":             "does not begin with a plus",
		"+15125550100-+15125550101 ":             "is not a number in E.164",
		"+15125550100 ":                          "is not a number in E.164",
		"+15125550100\u2013+15125550101":         "is not a number in E.164",
	} {
		if r, err := resource.ParseRange(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("ParseRange(%q) = %v, %v, want %s", text, r, err, why)
		}
	}
}

func TestSchemaOfNumbers(t *testing.T) {
	s := resource.SchemaOf[struct {
		N resource.NumberList  `yaml:"n" rule:"required" doc:"Numbers."`
		F resource.NumbersFile `yaml:"f"`
		S resource.Set[string] `yaml:"s" rule:"enum=a|b"`
		L []string             `yaml:"l" rule:"null,enum=a|b"`
	}]()
	if n := s.Field("n"); n.Type != resource.NumbersType || !n.Required || n.Doc != "Numbers." {
		t.Errorf("%+v", n)
	}
	if f := s.Field("f"); f.Type != resource.NumbersFileType {
		t.Errorf("%+v", f)
	}
	for _, name := range []string{"s", "l"} { // the words are those of an element
		if f := s.Field(name); f.Enum != nil || !slices.Equal(f.Elem.Enum, []string{"a", "b"}) || f.Nullable != (name == "l") || f.Elem.Nullable {
			t.Errorf("%s: %+v, its elements %+v", name, f, f.Elem)
		}
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"", "+15125550100", "+15125550100-+15125550199", "+15125550100 - +15125550199", "-", "+1-512-555-0100", "+999999999999999", "+0000000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := resource.ParseRange(text)
		if err != nil {
			return
		}
		if again, err := resource.ParseRange(r.String()); err != nil || again != r || r.To < r.From {
			t.Fatalf("%q is %v, which is read as %v (%v)", text, r, again, err)
		}
		if squeezed := strings.ReplaceAll(text, " ", ""); r.From != r.To && r.String() != squeezed || !strings.HasPrefix(squeezed, r.From.String()) {
			t.Fatalf("%q is %v", text, r)
		}
	})
}
