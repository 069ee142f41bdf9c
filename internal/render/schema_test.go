package render

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const schemaFile = "../../schema/plan.schema.json"

// planSchema is the schema of plans as JSON, by a validator that is not ours.
func planSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("plan.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("plan.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(t *testing.T, s *jsonschema.Schema, what string, text []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = s.Validate(doc)
	}
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// What plans are as JSON is what their schema says: those of tests of diff, with every reason, and with many items.
func TestPlansFitTheirSchema(t *testing.T) {
	s := planSchema(t)
	scripts, err := filepath.Glob("../diff/testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range scripts {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if f.Name == "json" {
				valid(t, s, name, f.Data)
				seen++
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d plans in scripts of diff", seen)
	}
	reasons, err := os.ReadFile("testdata/reasons.json")
	if err != nil {
		t.Fatal(err)
	}
	valid(t, s, "reasons", reasons)
	valid(t, s, "nothing", all().JSON(&plan.Plan{}, nil))
	p := largePlan(2000, 200, 10)
	valid(t, s, "many", all().JSON(&p, nil))
	everything, result := wholePlan()
	valid(t, s, "everything", all().JSON(&everything, &result))
}

// wholePlan has something in every field.
func wholePlan() (plan.Plan, plan.Result) {
	a, at := resource.Addr{Kind: "phone_numbers", Name: "hq"}, &resource.Position{File: "a.yaml", Line: 3, Col: 1}
	why := []plan.Reason{{Code: "new"}}
	nums := resource.NumbersOf(resource.Range{From: 15125550100, To: 15125550109})
	c := plan.Change{
		Op: plan.Retry, Addr: a, ID: "1", Source: at, Items: nums, Ticket: "t", Reasons: why, Needs: []resource.Addr{a}, Cost: 1, Drift: true, InDoubt: true,
		To:     &plan.Place{Target: resource.Target{Connection: "7", Location: "l", CivicAddress: "c", Usage: "u", Additional: "none"}, Name: "hq", From: "8"},
		Blast:  []plan.Blast{{Class: plan.Numbers, Count: 10}},
		Live:   resource.Object{"name": "x"},
		Deltas: []plan.Delta{{Path: "/a", Old: []any{"a"}, New: []any{"b"}, Origin: plan.FromDrift, Set: true}},
	}
	p := plan.Plan{
		Changes: []plan.Change{c}, Waiting: []plan.Change{c}, Observed: []plan.Change{c}, Withheld: []plan.Withheld{{Change: c, Guards: why}},
		Orphans: []plan.Orphan{{Addr: a, ID: "1", Reason: why[0]}}, Unmanaged: []plan.Unmanaged{{Addr: a, Paths: []string{"/a"}, Items: nums}},
		Problems:    []plan.Problem{{Addr: a, Source: at, Items: nums, Held: true, Unread: true, Reason: why[0], Err: helped{}}, {Addr: resource.Addr{Kind: "media"}, Reason: why[0]}},
		NotCompared: []plan.NotCompared{{Addr: a, Path: "/a", Reason: why[0]}}, Foreign: []plan.Foreign{{Kind: "media", ID: "1", Label: "l"}},
		Loose: []plan.Loose{{Connection: "7", Numbers: nums}}, Notes: []plan.Note{{Reason: why[0]}, {Addr: a, Source: at, Reason: why[0]}},
		Kept: []plan.Kept{
			{Addr: a, Source: at, Items: retention.Items{Of: "recording", List: []retention.Item{{ID: "r", Created: time.Unix(0, 0), Millis: 1000, Age: time.Hour, By: aPolicy}}}, Due: 1, More: true},
			{Addr: a, Items: retention.Items{Of: "transcription"}},
		},
		Counts: plan.Counts{Placed: 1, Todo: 2, Waiting: 3, Parked: 4, Wrong: 5},
	}
	var r plan.Result
	for _, s := range []plan.Status{plan.Done, plan.Submitted, plan.Failed, plan.Blocked, plan.InDoubt, plan.NotStarted, plan.Unverified} {
		r.Outcomes = append(r.Outcomes, plan.Outcome{
			Addr: a, Op: plan.Upload, Status: s, ID: "1", Items: nums, Failed: nums, Unknown: nums, Tickets: []string{"t"}, Reasons: why, Error: "no", BlockedBy: "media/a",
			Requests: []string{"r"},
		})
	}
	return p, r
}

// helped is an error that knows a remedy.
type helped struct{}

func (helped) Error() string                    { return "no" }
func (helped) Reason() (string, map[string]any) { return "state_newer", nil }

// The schema has the fields of the document and no others, and asks for those that are never left out.
func TestSchemaIsStrict(t *testing.T) {
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var root struct {
		Defs map[string]json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	parse := func(raw json.RawMessage) map[string]any {
		var m map[string]any
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	deref := func(m map[string]any) map[string]any {
		if ref, is := m["$ref"].(string); is {
			return parse(root.Defs[strings.TrimPrefix(ref, "#/$defs/")])
		}
		return m
	}
	used := 0
	var check func(path string, typ reflect.Type, schema map[string]any)
	check = func(path string, typ reflect.Type, schema map[string]any) {
		for typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		schema = deref(schema)
		if typ.Kind() == reflect.Slice && schema["type"] == "array" {
			if below, is := schema["items"].(map[string]any); is {
				check(path+"[]", typ.Elem(), below)
			}
			return
		}
		if typ.Kind() != reflect.Struct {
			return
		}
		used++
		properties, _ := schema["properties"].(map[string]any)
		var names, always []string
		for _, f := range reflect.VisibleFields(typ) {
			if f.Anonymous {
				continue
			}
			name, more, _ := strings.Cut(f.Tag.Get("json"), ",")
			if names = append(names, name); more != "omitempty" {
				always = append(always, name)
			}
			if below, is := properties[name].(map[string]any); is {
				check(path+"."+name, f.Type, below)
			}
		}
		slices.Sort(names)
		slices.Sort(always)
		var required []string
		list, _ := schema["required"].([]any)
		for _, v := range list {
			required = append(required, v.(string))
		}
		slices.Sort(required)
		if got := slices.Sorted(maps.Keys(properties)); !slices.Equal(got, names) {
			t.Errorf("%s has %q in the schema, and is written with %q", path, got, names)
		}
		if !slices.Equal(required, always) {
			t.Errorf("of %s, %q are required, and %q always written", path, required, always)
		}
		if schema["additionalProperties"] != false {
			t.Errorf("%s may have more than the schema says", path)
		}
	}
	check("$", reflect.TypeOf(document{}), parse(text))
	if used < 20 {
		t.Errorf("only %d structures were looked at", used)
	}
}
