package render

import (
	"fmt"
	"strings"

	"telnyxsync/internal/resource"
)

// shownRanges is how many ranges of numbers a line names.
const shownRanges = 3

// countedNumbers counts numbers and names them, or the first.
func countedNumbers(s resource.Numbers) string {
	word := "numbers"
	if s.Len() == 1 {
		word = "number"
	}
	return fmt.Sprintf("%s %s (%s)", thousands(s.Len()), word, rangesText(s, shownRanges))
}

func rangesText(s resource.Numbers, most int) string {
	more := ""
	if rest := len(s) - most; most > 0 && rest > 0 {
		s = s[:most]
		more = fmt.Sprintf(" and %s more %s", thousands(rest), plural(rest, "range"))
	}
	return strings.Join(s.Texts(), ", ") + more
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// thousands writes a count with commas.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
