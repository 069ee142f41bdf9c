package resource

import (
	"bytes"
	"encoding/json"
)

// Code says why something is so, as a word for programs: no blank, no argument, no sentence. It goes into JSON,
// state and history and is never given another meaning.
type Code string

// Args are what a sentence about a reason needs. They are what JSON has: texts, whole numbers, truth values and lists
// of texts. A time is RFC 3339 in UTC, an address KIND/NAME, an error its text. Why something failed that is tried again
// is a reason of its own within.
type Args map[string]any

// Reason is why something is so: a code with its arguments. The words are the renderer's.
type Reason struct {
	Code Code `json:"code"`
	Args Args `json:"args,omitempty"`
}

// Plain is the code of a text that has no code of its own: what an older telnyxsync stored, and what others say.
const Plain Code = "text"

// Said is a reason that is nothing but a text.
func Said(text string) Reason { return Reason{Plain, Args{"text": text}} }

// Key is the same for equal reasons, and for no others.
func (r Reason) Key() string { return Text(r) }

// IsZero tells whether there is no reason at all.
func (r Reason) IsZero() bool { return r.Code == "" }

// ParseReason reads what [Reason.Key] wrote. Any other text is a reason of its own, as older states hold them; an
// empty one is none.
func ParseReason(text string) Reason {
	if text == "" {
		return Reason{}
	}
	var r Reason
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber() // as they were written
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil || r.Code == "" || d.More() {
		return Said(text)
	}
	for name, v := range r.Args {
		if inner, ok := ToReason(v); ok {
			r.Args[name] = inner
		}
	}
	return r
}

// ToReason reads a reason that is an argument, be it one of this run or one that was stored.
func ToReason(v any) (Reason, bool) {
	m, stored := v.(map[string]any)
	if !stored {
		r, ok := v.(Reason)
		return r, ok
	}
	code, ok := m["code"].(string)
	args, _ := m["args"].(map[string]any)
	for name, v := range args {
		if inner, is := ToReason(v); is {
			args[name] = inner
		}
	}
	return Reason{Code(code), args}, ok
}
