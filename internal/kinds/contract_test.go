package kinds_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/contract"
	"telnyxsync/internal/resource"
)

// apart are the differences between what can be written in YAML and what the API's bodies hold.
var apart = map[string]string{
	"external_connections /id":                                            "says which connection is meant; no body holds it",
	"PATCH /external_connections/{id} /external_sip_connection":           "the type cannot change",
	"PATCH /external_connections/{id} /inbound/outbound_voice_profile_id": "known to POST alone",

	"POST /media /media":                  "sent of file",
	"PUT /media/{media_name} /media":      "sent of file",
	"media /file":                         "sent as media",
	"POST /media /ttl_secs":               "sent of ttl",
	"PUT /media/{media_name} /ttl_secs":   "sent of ttl",
	"media /ttl":                          "sent as ttl_secs",
	"PUT /media/{media_name} /media_name": "stands in the path",
	"media /renew_before":                 "says when it is written, not what",
	"media /verify_content":               "says how it is compared",

	"POST /custom_storage_credentials/{connection_id} /configuration/backend": "both levels name the backend",
	"PUT /custom_storage_credentials/{connection_id} /configuration/backend":  "both levels name the backend",
	"custom_storage_credentials /configuration/endpoint":                      "of s3-generic, which the document does not have",
	"custom_storage_credentials /connection":                                  "its id stands in the path",
	"custom_storage_credentials /connection_id":                               "stands in the path",
	"dialogflow_connections /connection_id":                                   "stands in the path",
}

var bodies = map[string][]string{
	"external_connections":       {"POST /external_connections", "PATCH /external_connections/{id}"},
	"siprec_connectors":          {"POST /siprec_connectors", "PUT /siprec_connectors/{connector_name}"},
	"media":                      {"POST /media", "PUT /media/{media_name}"},
	"custom_storage_credentials": {"POST /custom_storage_credentials/{connection_id}", "PUT /custom_storage_credentials/{connection_id}"},
	"dialogflow_connections":     {"POST /dialogflow_connections/{connection_id}", "PUT /dialogflow_connections/{connection_id}"},
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
	OneOf      []*property
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
	needed := map[string]bool{}
	for _, op := range slices.Concat(slices.Collect(maps.Values(bodies))...) {
		_, path, _ := strings.Cut(op, " ")
		needed[path] = true
	}
	maps.DeleteFunc(raw.Paths, func(path string, _ map[string]json.RawMessage) bool { return !needed[path] })
	text, err = json.Marshal(raw)
	must(t, err)
	must(t, json.Unmarshal(text, &doc))
	return doc
}

// schemas are what can be sent: as JSON, as a form.
func (d *apiDocument) schemas(t *testing.T, op string) (out []*property) {
	t.Helper()
	method, path, _ := strings.Cut(op, " ")
	for _, content := range d.Paths[path][strings.ToLower(method)].RequestBody.Content {
		out = append(out, content.Schema)
	}
	if len(out) == 0 {
		t.Fatalf("the document has no body of %s", op)
	}
	return out
}

func (d *apiDocument) body(t *testing.T, op string) []string {
	t.Helper()
	var walk func(at string, p *property) []string
	walk = func(at string, p *property) (out []string) {
		if len(p.Properties)+len(p.OneOf) == 0 {
			return []string{at}
		}
		for name, below := range p.Properties {
			out = append(out, walk(at+resource.Pointer(name), below)...)
		}
		for _, one := range p.OneOf {
			out = append(out, walk(at, one)...)
		}
		return out
	}
	var all []string
	for _, s := range d.schemas(t, op) {
		all = append(all, walk("", s)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Types and bounds are those of the document.
func TestTypesAreThoseOfTheContract(t *testing.T) {
	doc := document(t)
	types := map[string]resource.Type{"string": resource.String, "integer": resource.Int, "boolean": resource.Bool, "array": resource.List, "object": resource.ObjectType}
	for kind, operations := range bodies {
		for _, op := range operations {
			var walk func(at string, s *resource.Schema, p *property)
			walk = func(at string, s *resource.Schema, p *property) {
				same := s.Type == types[p.Type]
				if s.Type == resource.SecretType {
					same = p.Type == "object" && s.JSON || p.Type == "string" && !s.JSON
				}
				if !same && p.OneOf == nil {
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
				for _, one := range p.OneOf {
					walk(at, s, one)
				}
			}
			for _, p := range doc.schemas(t, op) {
				walk("", row(kind).Schema, p)
			}
		}
	}
}
