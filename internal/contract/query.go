package contract

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// queryViolations finds what the validator lets pass: parameters that the operation
// does not have, keys that a deepObject parameter does not have (page[bogus]), and
// parameters that are repeated.
func queryViolations(route *routers.Route, raw string) []string {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return []string{"query: " + err.Error()}
	}
	var violations []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		name, path := brackets(key)
		p := route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name)
		if p == nil {
			p = route.PathItem.Parameters.GetByInAndName(openapi3.ParameterInQuery, name)
		}
		switch {
		case p == nil || p.Schema == nil:
			violations = append(violations, fmt.Sprintf("query: %s has no parameter %q", operation(route), key))
		case !takes(p.Schema.Value, path):
			violations = append(violations, fmt.Sprintf("query: %q is no key of the parameter %q of %s", key, name, operation(route)))
		case len(values[key]) > 1:
			violations = append(violations, fmt.Sprintf("query: %q is given %d times", key, len(values[key])))
		}
	}
	return violations
}

// brackets takes a key such as filter[a][b] apart.
func brackets(key string) (name string, path []string) {
	name, rest, found := strings.Cut(key, "[")
	if !found {
		return key, nil
	}
	return name, strings.Split(strings.TrimSuffix(rest, "]"), "][")
}

// takes tells whether a value may stand at the path within a schema.
func takes(s *openapi3.Schema, path []string) bool {
	for _, alternatives := range []openapi3.SchemaRefs{s.OneOf, s.AnyOf, s.AllOf} {
		for _, a := range alternatives {
			if takes(a.Value, path) {
				return true
			}
		}
	}
	switch {
	case s.Type.Is(openapi3.TypeObject):
		if len(path) == 0 {
			return false
		}
		if p := s.Properties[path[0]]; p != nil {
			return takes(p.Value, path[1:])
		}
		more := s.AdditionalProperties
		return more.Schema != nil && takes(more.Schema.Value, path[1:])
	case s.Type.Is(openapi3.TypeArray):
		if len(path) == 0 {
			return false
		}
		_, err := strconv.ParseUint(path[0], 10, 32)
		return (err == nil || path[0] == "") && takes(s.Items.Value, path[1:])
	default:
		// A schema that only names alternatives has been decided above.
		return len(path) == 0 && s.Type != nil
	}
}
