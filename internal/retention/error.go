package retention

import "telnyxsync/internal/resource"

// Error is why nothing may be deleted: a code with its arguments. Its words are the renderer's.
type Error = resource.ReasonError

func fail(code resource.Code, args resource.Args) *Error {
	return &Error{Why: resource.Reason{Code: code, Args: args}}
}

// clip keeps a text from outside to what a line bears.
func clip(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		return string(r[:most])
	}
	return text
}
