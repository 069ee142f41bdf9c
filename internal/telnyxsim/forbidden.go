package telnyxsim

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// forbidden is something that no key of the account may do.
type forbidden struct {
	match
	below bool // with all that is below its path
}

// loadForbidden reads "_forbidden".
func (a *account) loadForbidden(top map[string]any) error {
	v, given := top["_forbidden"]
	if !given {
		return nil
	}
	list, ok := v.([]any)
	if !ok || !texts.holds(v) {
		return errors.New(`_forbidden must be an array of strings such as "media" or "GET /media"`)
	}
	a.forbids = list
	for _, v := range list {
		text := v.(string)
		f := forbidden{below: !strings.ContainsAny(text, " ")}
		if f.below {
			text = "* /" + strings.TrimPrefix(text, "/")
		}
		var err error
		if f.match, err = parseMatch(text); err != nil {
			return fmt.Errorf("_forbidden: %q: %w", v, err)
		}
		a.forbidden = append(a.forbidden, f)
	}
	return nil
}

// means tells whether what stands as a parameter is one of the operation, too: "/external_connections/{id}" is not
// the operation /external_connections/log_messages.
func (f *forbidden) means(pattern []string) bool {
	for i, named := range f.names {
		if named && !strings.HasPrefix(pattern[i], "{") {
			return false
		}
	}
	return true
}

// refuses is the answer to a request for what is forbidden; nil where it is not. As Telnyx does, it names what the key
// lacks.
func (a *account) refuses(rt *route, segments []string) *reply {
	pattern := strings.Split(rt.pattern, "/")[1:]
	for i := range a.forbidden {
		f := &a.forbidden[i]
		if (f.matches(rt.method, segments) || f.below && f.begins(rt.method, segments)) && f.means(pattern) {
			r := refuse(http.StatusForbidden, problem{code: "10010", detail: "The API key lacks the grant for " + rt.method + " " + rt.pattern + "."})
			return &r
		}
	}
	return nil
}
