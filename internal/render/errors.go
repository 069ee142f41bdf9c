package render

import (
	"strings"

	"telnyxsync/internal/resource"
)

// reasoned is an error that holds a code with its arguments, and no sentence.
type reasoned interface {
	error
	Reason() (code string, args map[string]any)
}

// Error is an error's own text, with words in the place of the codes that it holds.
func (w *Words) Error(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	for _, r := range reasons(err, nil) {
		code, args := r.Reason()
		text = strings.ReplaceAll(text, r.Error(), w.Of(resource.Reason{Code: resource.Code(code), Args: args}))
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
