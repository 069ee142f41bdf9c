package telnyxsim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

// reply is an answer before it is written.
type reply struct {
	status   int
	body     any       // nil: none
	raw      []byte    // instead of a body: what is no JSON; nil: none
	problems []problem // instead of a body: what was refused
	header   map[string]string
	html     bool
}

// problem is one entry of Telnyx's error envelope.
type problem struct {
	code, title, detail string
	pointer             string // into the body
	parameter           string // of the query
}

func ok(body any) reply { return reply{status: http.StatusOK, body: body} }

// data wraps one object as the API does.
func data(status int, object map[string]any) reply {
	return reply{status: status, body: map[string]any{"data": object}}
}

func refuse(status int, ps ...problem) reply { return reply{status: status, problems: ps} }

func notFound(what string) reply {
	return refuse(http.StatusNotFound, problem{code: "10005", detail: "There is no such " + what + "."})
}

func badQuery(parameter, detail string) reply {
	return refuse(http.StatusBadRequest, problem{code: "10015", parameter: parameter, detail: detail})
}

func noParameter(parameter string) reply {
	return badQuery(parameter, "This operation takes no such parameter.")
}

func unprocessable(pointer, detail string) reply {
	return refuse(http.StatusUnprocessableEntity, problem{code: "10027", pointer: pointer, detail: detail})
}

// title is the documented title of an error code.
func title(code string) string {
	switch code {
	case "10005":
		return "Resource not found"
	case "10007":
		return "Unexpected error"
	case "10009":
		return "Authentication failed"
	case "10010":
		return "Not authorized"
	case "10011":
		return "Too many requests"
	case "10012":
		return "Duplicate resource"
	case "10015":
		return "Bad Request"
	case "10021":
		return "Resource in use"
	case "10032":
		return "Invalid enumerated value"
	case "10036":
		return "Resource is being processed"
	default:
		return "Unprocessable Entity"
	}
}

// codeOf is the code that goes with an injected status.
func codeOf(status int) string {
	switch status {
	case http.StatusBadRequest, http.StatusMethodNotAllowed,
		http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
		return "10015"
	case http.StatusUnauthorized:
		return "10009"
	case http.StatusForbidden:
		return "10010"
	case http.StatusNotFound:
		return "10005"
	case http.StatusConflict:
		return "10036"
	case http.StatusUnprocessableEntity:
		return "10027"
	case http.StatusTooManyRequests:
		return "10011"
	default:
		return "10007"
	}
}

// envelope is the body of a refusal. SIPREC's codes are integers, and for the two
// documented refusals the status itself.
func envelope(status int, ps []problem, intCodes bool) map[string]any {
	errs := make([]any, len(ps))
	for i, p := range ps {
		e := map[string]any{"title": p.title, "detail": p.detail}
		if p.title == "" {
			e["title"] = title(p.code)
		}
		switch {
		case intCodes && (status == http.StatusNotFound || status == http.StatusUnprocessableEntity):
			e["code"] = status
		case intCodes:
			e["code"], _ = strconv.Atoi(p.code)
		default:
			e["code"] = p.code
			e["meta"] = map[string]any{"url": "https://developers.telnyx.com/docs/overview/errors/" + p.code}
		}
		switch {
		case p.pointer != "":
			e["source"] = map[string]any{"pointer": p.pointer}
		case p.parameter != "":
			e["source"] = map[string]any{"parameter": p.parameter}
		}
		errs[i] = e
	}
	return map[string]any{"errors": errs}
}

// write sends the reply.
func (r reply) write(w http.ResponseWriter, intCodes bool) {
	for k, v := range r.header {
		w.Header().Set(k, v)
	}
	body := r.raw
	switch {
	case r.html:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		body = []byte("<!DOCTYPE html>\n<html><head><title>Just a moment</title></head><body></body></html>\n")
	case r.problems != nil:
		body = encode(envelope(r.status, r.problems, intCodes), "")
	case r.body != nil:
		body = encode(r.body, "")
	}
	// These two statuses have no body; net/http refuses to write one.
	if r.status == http.StatusNoContent || r.status == http.StatusNotModified {
		body = nil
	}
	switch {
	case body == nil || r.html:
	case r.raw != nil:
		w.Header().Set("Content-Type", "application/octet-stream")
	default:
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(body) // an error here is a client that has gone away
}

// encode writes JSON with sorted keys and without HTML's escapes.
func encode(v any, indent string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		// What is encoded was decoded from JSON or built from plain values here.
		panic("telnyxsim: encode: " + err.Error())
	}
	return b.Bytes()
}
