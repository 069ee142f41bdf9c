package client

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Bounds of what is taken over from an error answer.
const (
	maxText  = 300 // characters of a text
	maxToken = 100 // characters of a code, a request id
	maxCodes = 5
	// maxPlaces is as many as a call names objects.
	maxPlaces = 1000
	maxDepth  = 6 // of nested values that are written out
)

// decode reads exactly one JSON value.
func decode(body []byte) (any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, errors.New("the body is empty")
	}
	d := json.NewDecoder(bytes.NewReader(trimBOM(body)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, errors.New("the body is not JSON")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the body goes on after its JSON")
	}
	return v, nil
}

func decodeObject(body []byte) (Object, error) {
	v, err := decode(body)
	if err != nil {
		return nil, err
	}
	o, ok := v.(Object)
	if !ok {
		return nil, fmt.Errorf("the body is %s, not an object", typeName(v))
	}
	return o, nil
}

func isObject(body []byte) bool {
	_, err := decodeObject(body)
	return err == nil
}

// isError reports an object that says what is wrong, in whichever of the shapes that parse knows.
func isError(body []byte) bool {
	o, err := decodeObject(body)
	return err == nil && slices.ContainsFunc([]string{"errors", "error", "title", "detail", "message"}, func(name string) bool {
		return o[name] != nil
	})
}

// typeName names a decoded value's type without its content, which may be a secret.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case json.Number:
		return "a number"
	case string:
		return "a string"
	case []any:
		return "a list"
	}
	return "an object"
}

func trimBOM(body []byte) []byte {
	return bytes.TrimPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("\xef\xbb\xbf"))
}

func isHTML(contentType string, body []byte) bool {
	if b := trimBOM(body); len(bytes.TrimSpace(b)) > 0 {
		return bytes.TrimLeft(b, " \t\r\n")[0] == '<'
	}
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(contentType)), "text/html")
}

// parse takes what it can from the body of an error answer. Telnyx documents {"errors":[{code,title,detail,source}]} and
// answers in several other shapes too: codes as integers, a detail that is an object, errors as a map of field to
// messages, FastAPI's {"detail":[{loc,msg}]}, plain text, nothing. Whatever comes, the status stands.
func (e *Error) parse(m *masker, body []byte) {
	if len(bytes.TrimSpace(body)) == 0 {
		return
	}
	p := parser{e: e, mask: m}
	v, err := decode(body)
	if err != nil {
		e.Detail = m.clean(string(body), maxText)
		return
	}
	p.value(v)
	e.Detail = m.clean(strings.Join(p.details, "; "), maxText)
}

type parser struct {
	e       *Error
	mask    *masker
	details []string
}

func (p *parser) value(v any) {
	o, ok := v.(Object)
	if !ok {
		p.list(v)
		return
	}
	switch errs := o["errors"].(type) {
	case nil:
		if inner, ok := o["error"].(Object); ok {
			p.one(inner)
			return
		}
		p.one(o)
	case Object:
		if scalar(errs["code"]) || scalar(errs["title"]) {
			p.one(errs)
			return
		}
		p.fields(errs)
	default:
		p.list(errs)
	}
}

func (p *parser) list(v any) {
	items, ok := v.([]any)
	if !ok {
		p.detail(flatten(v, 0))
		return
	}
	for _, item := range items {
		if o, ok := item.(Object); ok {
			p.one(o)
		} else {
			p.detail(flatten(item, 0))
		}
	}
}

// one takes over one error object, whatever it calls its parts.
func (p *parser) one(o Object) {
	known := false
	take := func(names ...string) any {
		for _, n := range names {
			if v, ok := o[n]; ok && v != nil {
				known = true
				return v
			}
		}
		return nil
	}
	code := p.mask.clean(flatten(take("code", "type"), 0), maxToken)
	if code != "" && len(p.e.Codes) < maxCodes && !slices.Contains(p.e.Codes, code) {
		p.e.Codes = append(p.e.Codes, code)
	}
	title := flatten(take("title", "error"), 0)
	switch {
	case p.e.Title == "":
		p.e.Title = p.mask.clean(title, maxText)
	case title != "" && p.mask.clean(title, maxText) != p.e.Title:
		p.detail(title)
	}
	at := ""
	if loc, ok := take("loc").([]any); ok {
		at = "/" + strings.Join(texts(loc, 0), "/")
	}
	switch src := take("source").(type) {
	case Object:
		if at = flatten(src["pointer"], 0); at == "" {
			at = flatten(src["parameter"], 0)
		}
	case string:
		at = src
	}
	// The first error's place is the Pointer; any other stands behind its text.
	first := p.e.Pointer == ""
	p.point(at)
	switch d := take("detail", "msg", "message", "description").(type) {
	case []any: // FastAPI
		p.list(d)
	default:
		text := flatten(d, 0)
		if at != "" && len(p.e.Places) < maxPlaces {
			p.e.Places = append(p.e.Places, Place{p.mask.clean(at, maxText), p.mask.clean(cmp.Or(text, title), maxText)})
		}
		if text != "" && at != "" && !first {
			text += " (" + at + ")"
		}
		p.detail(text)
	}
	if !known {
		p.detail(flatten(o, 0))
	}
}

// fields takes over {"outbound": ["can't be blank"]}.
func (p *parser) fields(o Object) {
	for _, name := range slices.Sorted(maps.Keys(o)) {
		p.point("/" + name)
		p.detail(flatten(Object{name: o[name]}, 0))
	}
}

func (p *parser) point(s string) {
	if p.e.Pointer == "" {
		p.e.Pointer = p.mask.clean(s, maxText)
	}
}

func (p *parser) detail(s string) {
	// Fifty are more than fit in what is shown; the rest only costs memory.
	if s != "" && len(p.details) < 50 {
		p.details = append(p.details, s)
	}
}

func scalar(v any) bool {
	switch v.(type) {
	case string, json.Number:
		return true
	}
	return false
}

func texts(list []any, depth int) []string {
	out := make([]string, 0, len(list))
	for _, v := range list {
		out = append(out, flatten(v, depth+1))
	}
	return out
}

// flatten writes any value as text, keys sorted and secret fields masked.
func flatten(v any, depth int) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return fmt.Sprint(v)
	}
	if depth >= maxDepth {
		return "…"
	}
	switch v := v.(type) {
	case []any:
		return strings.Join(slices.DeleteFunc(texts(v[:min(len(v), 50)], depth), func(s string) bool { return s == "" }), ", ")
	case Object:
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if v[k] == nil {
				continue
			}
			s := masked
			if !secretField(k) {
				s = flatten(v[k], depth+1)
			}
			if parts = append(parts, k+": "+s); len(parts) == 50 {
				break
			}
		}
		return strings.Join(parts, ", ")
	}
	return fmt.Sprint(v)
}
