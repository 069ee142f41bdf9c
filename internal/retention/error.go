package retention

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"telnyxsync/internal/resource"
)

// Error is why nothing may be deleted: a code with its arguments. Its words are the renderer's.
type Error struct{ Why resource.Reason }

func fail(code resource.Code, args resource.Args) *Error {
	return &Error{resource.Reason{Code: code, Args: args}}
}

// Reason is the code and its arguments.
func (e *Error) Reason() (code string, args map[string]any) { return string(e.Why.Code), e.Why.Args }

// Error is the code with its arguments, for where nobody puts it into words.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Why.Code))
	for i, name := range slices.Sorted(maps.Keys(e.Why.Args)) {
		b.WriteByte("(,"[min(i, 1)])
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(argument(e.Why.Args[name]))
	}
	if len(e.Why.Args) > 0 {
		b.WriteByte(')')
	}
	return b.String()
}

func argument(v any) string {
	if text, ok := v.(string); ok {
		return strconv.Quote(text)
	}
	return resource.Text(v)
}

// clip keeps a text from outside to what a line bears.
func clip(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		return string(r[:most])
	}
	return text
}
