package apply_test

import (
	"telnyxsync/internal/apply"
	"telnyxsync/internal/kinds"
	"telnyxsync/internal/render"
)

// words are those of the kinds that there are, beside render's own.
var words = render.NewWords(kinds.Pure(kinds.Table()))

// linesOf are what a report says to a person.
func linesOf(r apply.Report) []string {
	return words.Lines(&render.Report{Plan: r.Plan, Whole: r.Whole, Result: r.Result, Says: r.Says})
}
