package kinds_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/client"
	"telnyxsync/internal/contract"
	"telnyxsync/internal/resource"
)

// apart are the differences between what can be written in YAML and what the API's bodies hold.
var apart = map[string]string{
	"external_connections /id":                                            "says which connection is meant; no body holds it",
	"PATCH /external_connections/{id} /external_sip_connection":           "the type cannot change",
	"PATCH /external_connections/{id} /inbound/outbound_voice_profile_id": "known to POST alone",
}

var bodies = map[string][]string{
	"external_connections": {"POST /external_connections", "PATCH /external_connections/{id}"},
	"siprec_connectors":    {"POST /siprec_connectors", "PUT /siprec_connectors/{connector_name}"},
}

// Each property that a body can hold can be written in YAML, and each that can be written can be sent.
func TestSchemaIsTheContract(t *testing.T) {
	doc := document(t)
	used := map[string]bool{}
	differs := func(what string) bool {
		used[what] = true
		return apart[what] != ""
	}
	for kind, operations := range bodies {
		written := leaves("", row(kind).Schema)
		for _, op := range operations {
			sent := doc.body(t, op)
			for _, p := range sent {
				if !slices.Contains(written, p) && !differs(op+" "+p) {
					t.Errorf("%s: %s can be sent and not be written", op, p)
				}
			}
			for _, p := range written {
				if !slices.Contains(sent, p) && !differs(kind+" "+p) && !differs(op+" "+p) {
					t.Errorf("%s: %s can be written and not be sent", op, p)
				}
			}
		}
	}
	for what := range apart {
		if !used[what] {
			t.Errorf("%s is no difference", what)
		}
	}
}

func leaves(at string, s *resource.Schema) (out []string) {
	if s.Type != resource.ObjectType {
		return []string{at}
	}
	for _, f := range s.Fields {
		out = append(out, leaves(at+resource.Pointer(f.Name), f.Schema)...)
	}
	return out
}

type property struct {
	Type       string
	Nullable   bool
	Properties map[string]*property
	Enum       []string
	Minimum    *int64
	Maximum    *int64
}

type apiDocument struct {
	Paths map[string]map[string]struct {
		RequestBody struct {
			Content map[string]struct{ Schema *property }
		}
	}
}

// document reads the parts of Telnyx's document that say what a body holds.
func document(t *testing.T) (doc apiDocument) {
	t.Helper()
	contract.Open(t) // or the test is skipped
	path := os.Getenv("TELNYX_OPENAPI")
	if path == "" {
		path = "../../../shared/telnyx-openapi.json"
	}
	text, err := os.ReadFile(path)
	must(t, err)
	// What else stands among a path's operations is of other shapes, and of no use here.
	var raw struct {
		Paths map[string]map[string]json.RawMessage
	}
	must(t, json.Unmarshal(text, &raw))
	for _, ops := range raw.Paths {
		maps.DeleteFunc(ops, func(name string, _ json.RawMessage) bool {
			return !slices.Contains([]string{"get", "post", "put", "patch", "delete"}, name)
		})
	}
	for path := range raw.Paths {
		if !strings.HasPrefix(path, "/external_connections") && !strings.HasPrefix(path, "/siprec_connectors") {
			delete(raw.Paths, path)
		}
	}
	text, err = json.Marshal(raw)
	must(t, err)
	must(t, json.Unmarshal(text, &doc))
	return doc
}

func (d *apiDocument) schema(t *testing.T, op string) *property {
	t.Helper()
	method, path, _ := strings.Cut(op, " ")
	s := d.Paths[path][strings.ToLower(method)].RequestBody.Content["application/json"].Schema
	if s == nil {
		t.Fatalf("the document has no body of %s", op)
	}
	return s
}

func (d *apiDocument) body(t *testing.T, op string) []string {
	t.Helper()
	var walk func(at string, p *property) []string
	walk = func(at string, p *property) (out []string) {
		if len(p.Properties) == 0 {
			return []string{at}
		}
		for _, name := range slices.Sorted(maps.Keys(p.Properties)) {
			out = append(out, walk(at+resource.Pointer(name), p.Properties[name])...)
		}
		return out
	}
	return walk("", d.schema(t, op))
}

// Types and bounds are those of the document.
func TestTypesAreThoseOfTheContract(t *testing.T) {
	doc := document(t)
	types := map[string]resource.Type{"string": resource.String, "integer": resource.Int, "boolean": resource.Bool, "array": resource.List, "object": resource.ObjectType}
	for kind, operations := range bodies {
		for _, op := range operations {
			var walk func(at string, s *resource.Schema, p *property)
			walk = func(at string, s *resource.Schema, p *property) {
				if s.Type != types[p.Type] {
					t.Errorf("%s %s: type %v, the document says %s", op, at, s.Type, p.Type)
				}
				// PATCH sends nulls; POST and PUT leave out what is null, and tags are always sent as a list.
				if strings.HasPrefix(op, "PATCH") && s.Nullable && !p.Nullable && at != "/tags" {
					t.Errorf("%s %s: null can be written and not be sent", op, at)
				}
				for _, e := range p.Enum {
					if !slices.Contains(s.Enum, e) {
						t.Errorf("%s %s: %q cannot be written", op, at, e)
					}
				}
				if p.Maximum != nil && (s.Max == nil || *s.Max != *p.Maximum) || p.Minimum != nil && (s.Min == nil || *s.Min != *p.Minimum) {
					t.Errorf("%s %s: other bounds than the document's", op, at)
				}
				for name, below := range p.Properties {
					if f := s.Field(name); f != nil {
						walk(at+resource.Pointer(name), f, below)
					}
				}
			}
			walk("", row(kind).Schema, doc.schema(t, op))
		}
	}
}

// answers hands each request the same answer, without a network.
type answers struct {
	status int
	body   string
}

func (a answers) RoundTrip(q *http.Request) (*http.Response, error) {
	if q.Body != nil {
		_, _ = io.Copy(io.Discard, q.Body)
		_ = q.Body.Close()
	}
	return &http.Response{
		StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: q,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(a.body)),
	}, nil
}

// All that the document shows as an answer can be read, and makes sense.
func TestExamplesOfAnswers(t *testing.T) {
	doc := contract.Open(t)
	for op, kind := range map[string]string{
		"GET /external_connections":               "external_connections",
		"POST /external_connections":              "external_connections",
		"GET /external_connections/{id}":          "external_connections",
		"PATCH /external_connections/{id}":        "external_connections",
		"DELETE /external_connections/{id}":       "external_connections",
		"POST /siprec_connectors":                 "siprec_connectors",
		"GET /siprec_connectors/{connector_name}": "siprec_connectors",
		"PUT /siprec_connectors/{connector_name}": "siprec_connectors",
	} {
		examples := doc.Examples(op)
		if len(examples) == 0 {
			t.Errorf("%s: the document has no example", op)
		}
		for name, raw := range examples {
			t.Run(op+"/"+name, func(t *testing.T) {
				l := through(t, op, kind, string(raw))
				if l == nil {
					return
				}
				if l.ID == "" {
					t.Errorf("no id: %s", raw)
				}
				schema := row(kind).Schema
				if again := schema.Canon(l.Object); resource.Text(again) != resource.Text(l.Object) {
					t.Errorf("not canonical: %s", resource.Text(l.Object))
				}
				schema.Leaves(l.Object, func(path string, s *resource.Schema, v any) {
					got := map[string]resource.Type{"string": resource.String, "int64": resource.Int, "bool": resource.Bool, "[]interface {}": resource.List}
					if typ, ok := got[fmt.Sprintf("%T", v)]; !ok || typ != s.Type {
						t.Errorf("%s is %T %v", path, v, v)
					}
				})
				for _, id := range []string{"id", "name"} {
					if _, there := l.Object[id]; there {
						t.Errorf("%s is the identity, not a setting", id)
					}
				}
				if kind == "siprec_connectors" && (resource.GetString(l.Object, "/host") == "" || l.Object["port"] == nil) {
					t.Errorf("no host or port: %s of %s", resource.Text(l.Object), raw)
				}
				if kind == "external_connections" && resource.GetString(l.Object, "/outbound/outbound_voice_profile_id") == "" {
					t.Errorf("no voice profile: %s of %s", resource.Text(l.Object), raw)
				}
			})
		}
	}
}

// through reads an answer the way the operation that it belongs to does.
func through(t *testing.T, op, kind, body string) *resource.Live {
	t.Helper()
	ops := row(kind).Open(newClient(t, client.Config{Transport: answers{http.StatusOK, body}}))
	l := &resource.Live{ID: "my-siprec-connector", Object: resource.Object{"active": false, "outbound": resource.Object{"outbound_voice_profile_id": "1"}}}
	var receipt resource.Receipt
	var err error
	switch method, path, _ := strings.Cut(op, " "); {
	case method == http.MethodPost:
		w := write(nil, l.Object, nil)
		w.Key = l.ID
		receipt, err = ops.Create(t.Context(), w)
	case method == http.MethodPatch, method == http.MethodPut:
		receipt, err = ops.Update(t.Context(), write(l, l.Object, resource.Object{}))
	case method == http.MethodDelete:
		_, err = ops.Delete(t.Context(), l)
	case path == "/external_connections":
		var seen resource.Observation
		if seen, err = ops.Observe(t.Context(), resource.Want{}); client.Unknown(err) {
			t.Fatal(err)
		}
		if err != nil { // an example's pages need not add up
			t.Logf("%v", err)
			return nil
		}
		receipt.Live = &seen.Objects[0]
	default:
		receipt.Live, err = ops.Read(t.Context(), l.ID)
	}
	must(t, err)
	return receipt.Live
}
