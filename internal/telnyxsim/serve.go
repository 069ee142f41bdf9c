package telnyxsim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const maxBody = 1 << 20

// errTrailing says that a JSON document is followed by something.
var errTrailing = errors.New("there is something after the JSON value")

// errNotText says that bytes which stand for a text are none.
var errNotText = errors.New("it is not UTF-8")

// serveAPI answers one request under /v2: rate limit, latency, faults and journal
// stand around the operation itself.
func (s *Sim) serveAPI(w http.ResponseWriter, r *http.Request, path string) {
	entry := s.journal.begin(r.Method, path, r.URL.RawQuery, s.clock.Now())
	segments, err := split(path)
	if err != nil {
		segments = nil // there is nothing at such a path
	}
	rt, missing := s.lookup(r.Method, segments)

	rep, answered := s.answer(r, rt, missing, segments)
	if !answered {
		s.journal.end(entry, 0)
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	// Before the answer is sent: who has it must find it in the journal.
	s.journal.end(entry, rep.status)
	w.Header().Set("X-Request-Id", entry.RequestID)
	s.setDate(w.Header())
	rep.write(w, rt != nil && rt.intCodes)
}

// answer returns the reply to a request; false means that there is none and the
// connection is to be dropped.
func (s *Sim) answer(r *http.Request, rt *route, missing *reply, segments []string) (reply, bool) {
	limited, limits := s.limiter.take(time.Now())
	// The body is read before any waiting: only then does the server notice that a
	// client has gone.
	most := maxBody
	if rt != nil && rt.form {
		most = maxForm
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(most)+1))
	if err == nil && len(body) > most {
		// A client that is still sending would miss the refusal.
		_, err = io.Copy(io.Discard, io.LimitReader(r.Body, maxControlBody))
	}
	if err != nil || !sleep(r.Context(), s.cfg.Latency) {
		return reply{}, false
	}
	if limited {
		rep := refuse(http.StatusTooManyRequests, problem{code: "10011", detail: "You have exceeded the maximum number of allowed requests."})
		rep.header = limits
		return rep, true
	}

	s.late.catchUp(s.clock.Now())
	fault := s.faults.take(r.Method, segments)
	if !sleep(r.Context(), fault.delay) {
		return reply{}, false
	}
	var rep reply
	switch fault.Do {
	case doDropBefore:
		return reply{}, false
	case doStatus:
		rep = fault.reply()
	case doCommitLate:
		rep = fault.reply()
		s.late.add(s.clock.Now().Add(fault.after), func(at time.Time) { s.perform(r, rt, missing, segments, body, at) })
	default:
		rep = s.perform(r, rt, missing, segments, body, s.clock.Now())
	}
	switch fault.Do {
	case doDropAfter:
		return reply{}, false
	case doHTML:
		rep = reply{status: http.StatusOK, html: true, header: map[string]string{faultHeader: doHTML}}
	case doShortPage:
		rep = rep.short()
	}
	header := maps.Clone(limits)
	if header == nil {
		header = map[string]string{}
	}
	maps.Copy(header, rep.header)
	rep.header = header
	return rep, true
}

// perform checks key, query and body, in the order in which the service would meet
// them, and lets the operation answer as of a time.
func (s *Sim) perform(r *http.Request, rt *route, missing *reply, segments []string, body []byte, now time.Time) reply {
	c := &call{sim: s, now: now, page: s.cfg.PageCap, host: "http://" + r.Host}
	if r.TLS != nil {
		c.host = "https://" + r.Host
	}
	s.mu.Lock()
	known := s.acc.knowsKey(r.Header.Get("Authorization"))
	var forbids *reply
	if rt != nil {
		forbids = s.acc.refuses(rt, segments)
	}
	s.mu.Unlock()
	if !known {
		return refuse(http.StatusUnauthorized, problem{code: "10009", detail: "Could not understand the provided credentials."})
	}
	if missing != nil {
		return *missing
	}
	if forbids != nil {
		return *forbids
	}
	c.params = rt.params(segments)
	var refused *reply
	if c.query, refused = parseQuery(r.URL.RawQuery, rt.query); refused != nil {
		return *refused
	}
	if rt.body {
		if c.body, c.form, refused = rt.parse(r.Header.Get("Content-Type"), body); refused != nil {
			return *refused
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.acc = s.acc
	c.acc.settle(c.now)
	return rt.handle(c)
}

// separator stands between the values of a parameter that takes several.
const separator = "\x00"

// parseQuery reads the query parameters that an operation takes. Keys keep their
// brackets: page[size].
func parseQuery(raw string, takes []string) (map[string]string, *reply) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		r := badQuery("", "The query is not well-formed.")
		return nil, &r
	}
	query := map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(values)) {
		array := listOf(k)
		switch {
		case slices.Contains(takes, array):
			if before, given := query[array]; given {
				values[k] = append([]string{before}, values[k]...)
			}
			query[array] = strings.Join(values[k], separator)
		case !slices.Contains(takes, k):
			r := noParameter(k)
			return nil, &r
		case len(values[k]) > 1:
			r := badQuery(k, "The parameter is given more than once.")
			return nil, &r
		default:
			query[k] = values[k][0]
		}
	}
	return query, nil
}

// listOf is the key of the array that a parameter gives one or more values of:
// filter[a][] for filter[a][0], for filter[a][] and for filter[a]. Which of them the
// service understands is not documented.
func listOf(key string) string {
	name, index, _ := strings.Cut(strings.TrimSuffix(key, "]"), "[")
	if i := strings.LastIndexByte(index, '['); i >= 0 && strings.Trim(index[i+1:], "0123456789") == "" {
		return name + "[" + index[:i] + "[]"
	}
	return key + "[]"
}

// parse reads the body of a request, and reports whether it was a form.
func (rt *route) parse(contentType string, body []byte) (map[string]any, bool, *reply) {
	mt, params, err := mime.ParseMediaType(contentType)
	isForm := rt.form && err == nil && mt == "multipart/form-data"
	var object map[string]any
	var refused *reply
	switch {
	case isForm:
		object, refused = parseForm(params["boundary"], body)
	case len(body) > maxBody:
		refused = badBody(http.StatusRequestEntityTooLarge, "/", "The body is larger than 1 MB.")
	case err == nil && mt == "application/json":
		object, refused = parseJSON(body)
	case rt.form:
		refused = badBody(http.StatusUnsupportedMediaType, "/", "The body must be application/json or multipart/form-data.")
	default:
		refused = badBody(http.StatusUnsupportedMediaType, "/", "The body must be application/json.")
	}
	return object, isForm, refused
}

func badBody(status int, pointer, detail string) *reply {
	r := refuse(status, problem{code: "10015", pointer: pointer, title: http.StatusText(status), detail: detail})
	return &r
}

// parseJSON reads a JSON object. Numbers keep their digits.
func parseJSON(body []byte) (map[string]any, *reply) {
	v, err := decode(body)
	if err != nil {
		return nil, badBody(http.StatusBadRequest, "/", fmt.Sprintf("The body is not valid JSON: %v.", err))
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, badBody(http.StatusBadRequest, "/", "The body must be a JSON object.")
	}
	return object, nil
}

// decode reads one JSON value, with nothing behind it.
func decode(doc []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errTrailing
	}
	return v, nil
}

// sleep waits, and reports whether the client waited too.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
