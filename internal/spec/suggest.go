package spec

import (
	"fmt"
	"strings"
)

// didYouMean suggests the name that a mistyped word was meant to be, or says nothing.
func didYouMean(word string, names []string) string {
	w := []rune(strings.ToLower(word))
	if len(w) > maxTyped {
		return ""
	}
	best, least := "", max(len(w)/3, 1)+1
	for _, n := range names {
		if d := distance(w, []rune(strings.ToLower(n))); d < least || d == least && best != "" && n < best {
			best, least = n, d
		}
	}
	if best == "" || best == word {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// maxTyped is the length from which a word is none that somebody typed.
const maxTyped = 100

// distance is the number of slips between two words: letters inserted, removed, replaced, or
// swapped with their neighbour.
func distance(a, b []rune) int {
	if len(b) > maxTyped {
		return 2 * maxTyped
	}
	var above, row []int // the last but one row, and the last
	next := make([]int, len(b)+1)
	for j := range next {
		next[j] = j
	}
	for i := range a {
		above, row, next = row, next, make([]int, len(b)+1)
		next[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j+1]+1, next[j]+1, row[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], above[j-1]+1)
			}
		}
	}
	return next[len(b)]
}
