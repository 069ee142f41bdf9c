package client

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// ErrHTML marks an answer that is a web page: some proxy or another server spoke, not the API.
var ErrHTML = errors.New("the answer is HTML, not the API's: check the base URL and the proxy")

// ErrUnreadable marks a 2xx answer without what it has to hold.
var ErrUnreadable = errors.New("unreadable answer")

// Error is a call that failed. Its texts come from the server: they are bounded, escaped and free of the key, so they can
// go to a terminal as they are.
//
// Telnyx uses its codes with more than one meaning: branch on the status, or better on [NotFound], [Unauthorized],
// [Forbidden] and [Unknown].
type Error struct {
	Method, Path string // the path is below the base URL, escaped, without the query
	Status       int    // 0 without an answer
	Codes        []string
	Title        string
	Detail       string
	Pointer      string  // what the error points at: a JSON pointer or a parameter
	Places       []Place // of each error that points at something
	RequestID    string
	Sent         bool          // an attempt may have reached Telnyx
	Err          error         // the transport's error, the context's, a file's, ErrHTML, ErrUnreadable, ErrReadOnly…; may be nil
	RetryAfter   time.Duration // what the answer asked to wait, at most a minute

	note      string // how the attempts ended
	doubt     bool   // the write may have taken effect
	again     bool   // another attempt is safe and may help
	elsewhere bool   // it is not Telnyx's API that answered
}

// Place is what one of the errors of an answer points at, and its text.
type Place struct{ Pointer, Text string }

// Error gives one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s:", e.Method, e.Path)
	if e.Status != 0 {
		fmt.Fprintf(&b, " %d", e.Status)
	}
	if len(e.Codes) > 0 {
		b.WriteString(" " + strings.Join(e.Codes, ","))
	}
	title := e.Title
	if title == "" && e.Status != 0 {
		title = http.StatusText(e.Status)
	}
	var parts []string
	for _, s := range []string{title, e.Detail} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if e.Err != nil {
		parts = append(parts, strings.ReplaceAll(e.Err.Error(), "\n", "; "))
	}
	if len(parts) > 0 {
		b.WriteString(" " + strings.Join(parts, ": "))
	}
	var about []string
	if e.Pointer != "" {
		about = append(about, e.Pointer)
	}
	if e.RequestID != "" {
		about = append(about, "request "+e.RequestID)
	}
	if e.note != "" {
		about = append(about, e.note)
	}
	if len(about) > 0 {
		b.WriteString(" (" + strings.Join(about, ", ") + ")")
	}
	switch {
	case Unauthorized(e):
		b.WriteString("; Telnyx refused the API key: make or check keys at https://portal.telnyx.com (API Keys)")
	case e.doubt:
		b.WriteString("; it may have taken effect all the same")
	case Forbidden(e):
		b.WriteString("; the API key works, but it or its account may not do this: permit it at https://portal.telnyx.com")
	}
	return b.String()
}

// Same is the text of the error without what differs each time, the id of the request and how often it was tried: for what
// is to stay the same while nothing changes.
func (e *Error) Same() string {
	same := *e
	same.RequestID, same.note = "", ""
	return same.Error()
}

// Unwrap gives the error beneath, if there is one.
func (e *Error) Unwrap() error { return e.Err }

// definite reports a refusal by which nothing was changed: a 4xx, except that a 408 may come after the work has begun.
func definite(status int) bool {
	return status/100 == 4 && status != http.StatusRequestTimeout
}

func (e *Error) uncertain() bool {
	return e.Method != http.MethodGet && e.Sent && !definite(e.Status)
}

// NotFound reports that Telnyx knows no such object (404). A web page with that status says nothing about the object, and
// is not meant: an absent object is created anew.
func NotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound && !e.elsewhere && !errors.Is(e.Err, ErrHTML)
}

// Unauthorized reports that the key was refused (401): whatever else is asked for will be, too.
func Unauthorized(err error) bool {
	var e *Error
	return errors.As(err, &e) && !e.elsewhere && e.Status == http.StatusUnauthorized
}

// Forbidden reports that the key may not do this (403), which says nothing of what else it may. A web page with that
// status is some proxy's, and not meant.
func Forbidden(err error) bool {
	var e *Error
	return errors.As(err, &e) && !e.elsewhere && e.Status == http.StatusForbidden && !errors.Is(e.Err, ErrHTML)
}

// Unknown reports a write whose fate is not known: an attempt was, or may have been, written, and no definite answer came.
// The connection was lost, time ran out, the context ended, the answer was a 5xx or 408, or a 2xx that cannot be read.
// Read back before doing anything else.
//
// A definite refusal (4xx other than 408) is not unknown, unless an earlier attempt of the same call is: a refusal such as
// "already has an accepted address" may come of the first attempt's success. Of a batch a 404 is unknown, too: it may be
// about one entry of many.
func Unknown(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.doubt || e.uncertain())
}

// judge turns what came back into nil or an error.
func judge(r request, a answer) *Error {
	html := a.err == nil && isHTML(a.contentType, a.body)
	switch {
	case a.status/100 == 2 && r.read == nil && (r.stream == nil || a.err == nil):
		return nil
	case a.status == http.StatusNotFound && r.method == http.MethodDelete && !html:
		return nil // gone already, perhaps by an earlier attempt
	}
	e := &Error{
		Method:    r.method,
		Path:      r.mask.clean(r.path, maxText),
		Status:    a.status,
		RequestID: a.requestID,
		Sent:      a.sent,
		Err:       a.err,
		elsewhere: r.elsewhere != nil,
	}
	e.RetryAfter, _ = retryAfter(a.header, time.Now())
	switch {
	case a.status == 0:
	case e.elsewhere && a.status/100 != 2:
		// Its own words quote the URL and how it was signed.
		e.Detail = "so answers the storage that its URL leads to, which holds for some minutes"
	case html:
		e.Err = ErrHTML
	case a.status/100 == 2:
		if a.err == nil {
			err := r.read(a.body)
			if err == nil {
				return nil
			}
			e.Err = fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
	case a.status/100 == 3:
		e.Detail = "redirects to " + r.mask.clean(a.header.Get("Location"), maxText) + " are not followed: check the base URL"
	case r.private && !isError(a.body):
	default:
		e.parse(r.mask, a.body)
	}
	e.again = retriable(r.method, a)
	return e
}
