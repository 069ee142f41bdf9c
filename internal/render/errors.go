package render

import (
	"errors"
	"strings"

	"telnyxsync/internal/resource"
)

// reasoned is an error that is a reason and no sentence, as planners have it.
type reasoned interface {
	error
	Because() resource.Reason
}

// remedied is an error with a sentence of its own that knows a code for what helps. Rooms that render may not import
// offer it without knowing of it.
type remedied interface {
	Reason() (code string, args map[string]any)
}

// Error is an error's own text, with words in the place of the codes that it holds, and with what helps.
func (ws *Words) Error(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	for _, r := range reasons(err, nil) {
		text = strings.ReplaceAll(text, r.Error(), ws.Of(r.Because()))
	}
	if remedy := ws.remedy(err); remedy != "" {
		text += ": " + remedy
	}
	return text
}

// reasons are those that an error wraps.
func reasons(err error, found []reasoned) []reasoned {
	if r, ok := err.(reasoned); ok { //nolint:errorlint // the tree is walked here
		return append(found, r)
	}
	switch err := err.(type) { //nolint:errorlint // likewise
	case interface{ Unwrap() error }:
		if below := err.Unwrap(); below != nil {
			return reasons(below, found)
		}
	case interface{ Unwrap() []error }:
		for _, below := range err.Unwrap() {
			found = reasons(below, found)
		}
	}
	return found
}

// remedy is what helps against an error, in words; "" where nobody knows.
func (ws *Words) remedy(err error) string {
	var r remedied
	if err == nil || !errors.As(err, &r) {
		return ""
	}
	code, args := r.Reason()
	return ws.Of(resource.Reason{Code: resource.Code(code), Args: args})
}
