package contract

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// Deviation is a difference between the document and what the service is documented
// or suspected to do. Answers that differ so are no violations.
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
	}
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
