package spec

import "fmt"

// didYouMean suggests the name that a mistyped word was meant to be, or says nothing.
func didYouMean(word string, names []string) string {
	best, least := "", max(len(word)/3, 1)+1
	for _, n := range names {
		if d := distance(word, n); d < least || d == least && best != "" && n < best {
			best, least = n, d
		}
	}
	if best == "" || best == word {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// distance is the number of letters to insert, remove or replace (Levenshtein), cut off for words
// that are too long to be typed.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 100 || len(y) > 100 {
		return 100
	}
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(y)]
}
