package resource

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// ReasonError is an error that is a reason and no sentence. Its words are the renderer's.
type ReasonError struct{ Why Reason }

// Because is the reason.
func (e *ReasonError) Because() Reason { return e.Why }

// Error is the code with its arguments, for where nobody puts it into words.
func (e *ReasonError) Error() string {
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
	return Text(v)
}
