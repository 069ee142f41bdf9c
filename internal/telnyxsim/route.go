package telnyxsim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// part is one simulated part of the API: a collection of the account (if it has
// one), its operations, and the account's switches for what is undocumented.
type part struct {
	kind   kind
	routes []route
	// switches maps a key of the account to the values it takes, the default first.
	switches map[string][]string
	// settings maps keys of the account to what is wrong with a text there, or "".
	settings map[string]func(any) string
}

// route is an operation.
type route struct {
	method  string
	pattern string   // segments after /v2, {name} standing for any one
	query   []string // the query parameters it takes
	body    bool     // it takes a JSON object
	form    bool     // it takes multipart/form-data in its place too
	// intCodes makes error codes integers, as the SIPREC operations have them.
	intCodes bool
	// handle answers, under the account's lock. Nil keeps a path that is not
	// simulated from being taken for an object's id.
	handle func(*call) reply
}

// call is a request that has been understood so far: it has a key, a route, known
// query parameters and, where the route takes one, a JSON object or a form for a body.
type call struct {
	acc    *account
	sim    *Sim // for what is no part of the account
	now    time.Time
	params map[string]string // the pattern's names
	query  map[string]string
	body   map[string]any
	form   bool   // body came as a form: its values are texts and files
	page   int    // the largest page to serve
	host   string // scheme and host that were asked
}

// stamp is the time of the call as the API writes it.
func (c *call) stamp() string { return stamp(c.now) }

// stamp keeps to the years that a timestamp can have.
func stamp(t time.Time) string {
	t = t.UTC()
	if first := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC); t.Before(first) {
		t = first
	}
	if last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC); t.After(last) {
		t = last
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}

// node is a place in the tree of paths. A literal segment wins over a parameter for
// good: /external_connections/log_messages is never the connection "log_messages".
type node struct {
	literals map[string]*node
	param    *node
	routes   map[string]*route // by method
}

func newNode() *node {
	return &node{literals: map[string]*node{}, routes: map[string]*route{}}
}

// plant builds the tree of all operations.
func plant(parts []part) *node {
	root := newNode()
	for _, p := range parts {
		for _, r := range p.routes {
			n := root
			for _, seg := range strings.Split(r.pattern, "/")[1:] {
				if strings.HasPrefix(seg, "{") {
					if n.param == nil {
						n.param = newNode()
					}
					n = n.param
					continue
				}
				if n.literals[seg] == nil {
					n.literals[seg] = newNode()
				}
				n = n.literals[seg]
			}
			if r.handle != nil {
				n.routes[r.method] = &r
			}
		}
	}
	return root
}

// find returns the node of a path's segments, nil where there is none.
func (n *node) find(segments []string) *node {
	for _, seg := range segments {
		switch {
		case n.literals[seg] != nil:
			n = n.literals[seg]
		case n.param != nil && seg != "":
			n = n.param
		default:
			return nil
		}
	}
	return n
}

// methods lists what a node answers, for the Allow header.
func (n *node) methods() []string {
	var ms []string
	for m := range n.routes {
		ms = append(ms, m)
	}
	slices.Sort(ms)
	return ms
}

// params maps the names in the route's pattern to a path's segments.
func (r *route) params(segments []string) map[string]string {
	ps := map[string]string{}
	for i, seg := range strings.Split(r.pattern, "/")[1:] {
		if name, ok := strings.CutPrefix(seg, "{"); ok {
			ps[strings.TrimSuffix(name, "}")] = segments[i]
		}
	}
	return ps
}

// split cuts an escaped path into its segments, each unescaped on its own, so that
// an escaped slash stays inside its name. Names are texts: bytes that are none are an
// error.
func split(escaped string) ([]string, error) {
	segments := strings.Split(strings.TrimPrefix(escaped, "/"), "/")
	for i, seg := range segments {
		s, err := url.PathUnescape(seg)
		if err != nil {
			return nil, err
		}
		if !utf8.ValidString(s) {
			return nil, errNotText
		}
		segments[i] = s
	}
	return segments, nil
}

// lookup finds the operation of a request. The reply says why there is none.
func (s *Sim) lookup(method string, segments []string) (*route, *reply) {
	n := s.routes.find(segments)
	if n == nil || len(n.routes) == 0 {
		r := refuse(http.StatusNotFound, problem{
			code: "10005", detail: "The requested resource or URL could not be found.",
		})
		return nil, &r
	}
	rt := n.routes[method]
	if rt == nil {
		allow := strings.Join(n.methods(), ", ")
		r := refuse(http.StatusMethodNotAllowed, problem{
			code: "10015", title: "Method not allowed", detail: "This path answers " + allow + ".",
		})
		r.header = map[string]string{"Allow": allow}
		return nil, &r
	}
	return rt, nil
}
