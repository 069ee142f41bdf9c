package telnyxsim

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// match says which requests are meant: METHOD PATH, the path as after /v2. "*" is any method; "*" or "{x}" is any
// one segment of the path.
type match struct {
	method string
	path   []string
	wild   []bool // which of the path's segments match any
	names  []bool // which of these are a "{x}"
}

func parseMatch(text string) (match, error) {
	var m match
	words := strings.Fields(text)
	if len(words) != 2 || !strings.HasPrefix(words[1], "/") {
		return m, errors.New(`match must be METHOD PATH, as in "GET /external_connections"`)
	}
	m.method = words[0]
	if m.method != strings.ToUpper(m.method) {
		return m, fmt.Errorf("the method %q must be in capitals", m.method)
	}
	for seg := range strings.SplitSeq(words[1][1:], "/") {
		names := strings.HasPrefix(seg, "{") && strings.HasSuffix(seg, "}")
		name, err := url.PathUnescape(seg)
		if err != nil {
			return m, fmt.Errorf("the path's segment %q is badly escaped", seg)
		}
		m.path, m.wild, m.names = append(m.path, name), append(m.wild, names || seg == "*"), append(m.names, names)
	}
	return m, nil
}

// matches tells whether a request is meant, by its method and the unescaped segments of its path.
func (m *match) matches(method string, segments []string) bool {
	return len(m.path) == len(segments) && m.begins(method, segments)
}

// begins tells whether a request is meant, or one that is above it.
func (m *match) begins(method string, segments []string) bool {
	if m.method != "*" && m.method != method || len(m.path) > len(segments) {
		return false
	}
	for i, seg := range m.path {
		if !m.wild[i] && seg != segments[i] {
			return false
		}
	}
	return true
}
