package render

import (
	"errors"

	"telnyxsync/internal/resource"
)

// reasoner is an error that knows a code for what helps. Rooms that render may not import offer it without knowing of
// it.
type reasoner interface {
	Reason() (code string, args map[string]any)
}

// remedy is what helps against an error, in words; "" where nobody knows.
func (ws *Words) remedy(err error) string {
	var r reasoner
	if err == nil || !errors.As(err, &r) {
		return ""
	}
	code, args := r.Reason()
	return ws.Of(resource.Reason{Code: resource.Code(code), Args: args})
}
