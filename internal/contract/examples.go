package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Examples returns the examples that the document has of an operation's successful
// answers, by a name that says where each comes from. op is as in
// "GET /external_connections". They are the examples of a media type, those of its
// schema with the outermost example winning (".../schema"), and those put together
// from the innermost ones (".../properties"): Telnyx gives both and they differ.
// An operation that the document does not have has no examples.
func (d *Document) Examples(op string) map[string]json.RawMessage {
	method, path, _ := strings.Cut(op, " ")
	item := d.doc.Paths.Value(path)
	if item == nil || item.GetOperation(method) == nil {
		return nil
	}
	found := map[string]any{}
	responses := item.GetOperation(method).Responses.Map()
	for _, status := range slices.Sorted(maps.Keys(responses)) {
		if !strings.HasPrefix(status, "2") {
			continue
		}
		for mediaType, media := range responses[status].Value.Content {
			name := status + "/" + mediaType
			if media.Example != nil {
				found[name+"/example"] = media.Example
			}
			for key, e := range media.Examples {
				found[name+"/examples/"+key] = e.Value.Value
			}
			if media.Schema == nil {
				continue
			}
			if v, ok := example(media.Schema.Value, false); ok {
				found[name+"/schema"] = v
			}
			if v, ok := example(media.Schema.Value, true); ok {
				found[name+"/properties"] = v
			}
		}
	}
	out := map[string]json.RawMessage{}
	for name, v := range found {
		raw, err := json.Marshal(v)
		if err != nil { // the document was JSON
			panic(fmt.Sprintf("contract: example %s of %s: %v", name, op, err))
		}
		out[name] = raw
	}
	return out
}

// example builds the example of a schema: its own, or else, and with deep always
// where it has parts, that of its parts.
func example(s *openapi3.Schema, deep bool) (any, bool) {
	if s.Example != nil && !deep {
		return s.Example, true
	}
	switch {
	case len(s.Properties) > 0:
		obj := map[string]any{}
		for name, p := range s.Properties {
			if v, ok := example(p.Value, deep); ok {
				obj[name] = v
			}
		}
		if len(obj) > 0 {
			return obj, true
		}
	case s.Items != nil:
		// An array's own example says more than one element can.
		if s.Example != nil {
			return s.Example, true
		}
		if v, ok := example(s.Items.Value, deep); ok {
			return []any{v}, true
		}
	}
	for _, alternatives := range []openapi3.SchemaRefs{s.OneOf, s.AnyOf, s.AllOf} {
		for _, a := range alternatives {
			if v, ok := example(a.Value, deep); ok {
				return v, true
			}
		}
	}
	return s.Example, s.Example != nil
}
