package contract

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Deviation is a difference between the document and what the service is documented
// or suspected to do. Traffic that differs so is no violation.
type Deviation struct {
	// Operations are those it is about, as in "GET /external_connections". None
	// means all.
	Operations []string
	// First and Last bound the statuses that are answered though the operation
	// does not list them. Zero: it is not about a status.
	First, Last int
	// Field is the path of a field in the answer's body, dots between names,
	// arrays passed through: "data.inbound". The answer is checked without it.
	Field string
	// Null limits the deviation to a Field that is null.
	Null bool
	// Amend adds to an operation what the document lacks of it, before anything is
	// checked.
	Amend func(doc *openapi3.T, op *openapi3.Operation)
	// Reason says where the difference comes from.
	Reason string
}

// Deviations is the table of all known differences.
func Deviations() []Deviation {
	externalConnections := []string{
		"GET /external_connections", "POST /external_connections",
		"GET /external_connections/{id}", "PATCH /external_connections/{id}", "DELETE /external_connections/{id}",
	}
	return []Deviation{
		{
			First: 401, Last: 401,
			Reason: "every operation needs a key, though not every one lists the refusal of a wrong one",
		},
		{
			First: 403, Last: 403,
			Reason: "keys can be restricted by action, though hardly any operation lists what is answered then",
		},
		{
			First: 429, Last: 429,
			Reason: "rate limits hold for every operation and are documented for none",
		},
		{
			First: 500, Last: 599,
			Reason: "any operation can fail at the service or at a proxy before it; few list it",
		},
		{
			Operations: []string{
				"POST /siprec_connectors", "GET /siprec_connectors/{connector_name}", "PUT /siprec_connectors/{connector_name}",
			},
			Field:  "data.hostname",
			Reason: "some of Telnyx's documentation of the answer says hostname where the document says host",
		},
		{
			Operations: externalConnections, Field: "data.inbound", Null: true,
			Reason: "whether a connection without inbound settings has the field is not documented",
		},
		{
			Operations: externalConnections, Field: "data.inbound.channel_limit", Null: true,
			Reason: "whether no limit is null or nothing is not documented",
		},
		{
			Operations: externalConnections, Field: "data.outbound.channel_limit", Null: true,
			Reason: "whether no limit is null or nothing is not documented",
		},
		{
			Operations: []string{"GET /media"}, Amend: addPage,
			Reason: "the answer has the meta of pages: whether there are any shows only by asking for them",
		},
		{
			Operations: []string{
				"GET /custom_storage_credentials/{connection_id}", "POST /custom_storage_credentials/{connection_id}",
				"PUT /custom_storage_credentials/{connection_id}",
			},
			Amend:  addS3Generic,
			Reason: "Telnyx's newer SDKs have the backend s3-generic, which is S3 at an endpoint of one's own",
		},
		{
			Operations: []string{"GET /external_connections/log_messages", "GET /external_connections/log_messages/{id}"},
			Field:      "log_messages.id",
			Reason:     "log messages are read and dismissed by an id that no documented answer has",
		},
		{
			Operations: []string{"GET /recording_transcriptions"}, Amend: addCursors,
			Reason: "the examples of meta.next and meta.previous have page[after] and page[before], which the parameter lacks",
		},
		{
			Operations: []string{"GET /recording_transcriptions"}, Amend: addNumbers,
			Reason: "page numbers can be asked for: whether the answer then has the meta of other lists is not documented",
		},
	}
}

// amend changes the operations that the deviation is about, where the document has
// them.
func (v Deviation) amend(doc *openapi3.T) {
	if v.Amend == nil {
		return
	}
	for _, name := range v.Operations {
		method, path, _ := strings.Cut(name, " ")
		if item := doc.Paths.Value(path); item != nil && item.GetOperation(method) != nil {
			v.Amend(doc, item.GetOperation(method))
		}
	}
}

// addPage gives a list the page parameters that other lists have.
func addPage(doc *openapi3.T, op *openapi3.Operation) {
	like := doc.Paths.Value("/external_connections")
	if like == nil || like.Get == nil {
		return
	}
	if page := like.Get.Parameters.GetByInAndName(openapi3.ParameterInQuery, "page"); page != nil {
		op.Parameters = append(op.Parameters, &openapi3.ParameterRef{Value: page})
	}
}

// addCursors gives the page parameter of a list cursors in the place of numbers.
func addCursors(_ *openapi3.T, op *openapi3.Operation) {
	page := op.Parameters.GetByInAndName(openapi3.ParameterInQuery, "page")
	if page == nil {
		return
	}
	for _, name := range []string{"after", "before"} {
		page.Schema.Value.Properties[name] = openapi3.NewStringSchema().NewRef()
	}
}

// addNumbers gives the answer of a list with cursors the meta of those with page numbers.
func addNumbers(_ *openapi3.T, op *openapi3.Operation) {
	media := op.Responses.Value("200").Value.Content["application/json"]
	meta := media.Schema.Value.Properties["meta"]
	if meta == nil {
		return
	}
	for _, name := range []string{"page_number", "page_size", "total_pages", "total_results"} {
		meta.Value.Properties[name] = openapi3.NewIntegerSchema().NewRef()
	}
}

// addS3Generic adds the backend to the bodies of requests and answers that know s3.
func addS3Generic(_ *openapi3.T, op *openapi3.Operation) {
	const known, added = "s3", "s3-generic"
	for _, body := range bodies(op) {
		backend, configuration := body.Properties["backend"], body.Properties["configuration"]
		if backend == nil || configuration == nil {
			continue
		}
		backend.Value.Enum = append(backend.Value.Enum, added)
		for _, c := range configuration.Value.OneOf {
			if b := c.Value.Properties["backend"]; b == nil || !slices.Contains(b.Value.Enum, any(known)) {
				continue
			}
			s3 := *c.Value
			s3.Properties = maps.Clone(s3.Properties)
			s3.Properties["backend"] = openapi3.NewStringSchema().WithEnum(added).NewRef()
			s3.Properties["endpoint"] = openapi3.NewStringSchema().NewRef()
			configuration.Value.OneOf = append(configuration.Value.OneOf, s3.NewRef())
			break
		}
	}
}

// bodies returns the schemas of what an operation takes and of the data that it
// answers.
func bodies(op *openapi3.Operation) []*openapi3.Schema {
	var found []*openapi3.Schema
	if op.RequestBody != nil {
		if media := op.RequestBody.Value.Content["application/json"]; media != nil {
			found = append(found, media.Schema.Value)
		}
	}
	for status, r := range op.Responses.Map() {
		media := r.Value.Content["application/json"]
		if status[0] != '2' || media == nil {
			continue
		}
		if data := media.Schema.Value.Properties["data"]; data != nil {
			found = append(found, data.Value)
		}
	}
	return found
}

// deviates tells whether an operation may answer a status that it does not list.
func (d *Document) deviates(op string, status int) bool {
	return slices.ContainsFunc(d.deviations, func(v Deviation) bool {
		return v.concerns(op) && v.First <= status && status <= v.Last
	})
}

func (v Deviation) concerns(op string) bool {
	return v.Operations == nil || slices.Contains(v.Operations, op)
}

// without takes the fields that deviate out of an answer. A body that is no JSON is
// returned as it is, for the validator to refuse.
func (d *Document) without(op string, body []byte) []byte {
	var value any
	for _, v := range d.deviations {
		if v.Field == "" || !v.concerns(op) {
			continue
		}
		if value == nil {
			dec := json.NewDecoder(bytes.NewReader(body))
			dec.UseNumber()
			if dec.Decode(&value) != nil || dec.More() {
				return body
			}
		}
		prune(value, strings.Split(v.Field, "."), v.Null)
	}
	if value == nil {
		return body
	}
	pruned, err := json.Marshal(value)
	if err != nil {
		return body
	}
	return pruned
}

// prune removes the field at a path, if only then where it is null.
func prune(value any, path []string, onlyNull bool) {
	switch value := value.(type) {
	case []any:
		for _, v := range value {
			prune(v, path, onlyNull)
		}
	case map[string]any:
		v, there := value[path[0]]
		switch {
		case !there:
		case len(path) > 1:
			prune(v, path[1:], onlyNull)
		case v == nil || !onlyNull:
			delete(value, path[0])
		}
	}
}
