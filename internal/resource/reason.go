package resource

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// Code says why something is so, as a word for programs: no blank, no argument, no sentence. It goes into JSON,
// state and history and is never given another meaning.
type Code string

// Args are what a sentence about a reason needs. They are what JSON has: texts, whole numbers, truth values and lists
// of texts. A time is RFC 3339 in UTC, an address KIND/NAME, an error its text, a value of a tree itself. What a reason
// stands on is a reason of its own within, or a list of them.
type Args map[string]any

// Reason is why something is so: a code with its arguments. The words are the renderer's.
type Reason struct {
	Code Code `json:"code"`
	Args Args `json:"args,omitempty"`
}

// Plain is the code of a text that has no code of its own: what an older telnyxsync stored, and what others say.
const Plain Code = "text"

// Said is a reason that is nothing but a text; an empty one is none.
func Said(text string) Reason {
	if text == "" {
		return Reason{}
	}
	return Reason{Plain, Args{"text": text}}
}

// Key is the same for equal reasons, and for no others; that of none is empty.
func (r Reason) Key() string {
	if r.IsZero() {
		return ""
	}
	return Text(r)
}

// String is the text of a reason that is nothing but that, and the key of any other: who has words for it uses them.
func (r Reason) String() string {
	if text, is := r.Args["text"].(string); is && r.Code == Plain {
		return text
	}
	return r.Key()
}

// IsZero tells whether there is no reason at all.
func (r Reason) IsZero() bool { return r.Code == "" }

// ParseReason reads what [Reason.Key] wrote. Any other text is a reason of its own, as older states hold them; an
// empty one is none.
func ParseReason(text string) Reason {
	var r Reason
	if err := r.decode([]byte(text)); err != nil || r.IsZero() {
		return Said(text)
	}
	for name, v := range r.Args {
		if inner, ok := ToReason(v); ok {
			r.Args[name] = inner
		}
	}
	return r
}

// UnmarshalJSON reads a reason, and also a text that stands in the place of one, as in what older states hold.
func (r *Reason) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil { // null is the empty text
		*r = Said(text)
		return nil
	}
	return r.decode(data)
}

func (r *Reason) decode(data []byte) error {
	type fields Reason // without its methods
	var read fields
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber() // as they were written
	d.DisallowUnknownFields()
	if err := d.Decode(&read); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is more behind the reason")
	}
	*r = Reason(read)
	return nil
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
