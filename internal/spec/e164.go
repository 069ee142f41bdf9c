package spec

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"telnyxsync/internal/resource"
)

// readRange reads a number, or two with a dash between them, and says what is wrong with it. Of a
// range, only the ends are looked up: what lies between them has their length.
func readRange(text string) (r resource.Range, wrong string) {
	from, to, isRange := cutRange(text)
	ends := []string{from, to}
	if !isRange {
		ends = ends[:1]
	}
	for _, end := range ends {
		if wrong = wrongEnd(end); wrong == "" {
			continue
		}
		switch fixed := tidied(text); {
		case strings.Contains(text, "(0)"): // to be left out, except where it is not, as in Italy
			return r, fmt.Sprintf("%q has a (0) in it: write the number as it is dialled from abroad, as in +15125550100", clip(text))
		case fixed != text && valid(fixed):
			return r, fmt.Sprintf("%q is not in E.164: write %s", clip(text), fixed)
		case isRange && end == to && !strings.HasPrefix(to, "+"):
			return r, fmt.Sprintf("%q is not a range: write both ends out, as in +15125550100-+15125550199", clip(text))
		}
		return r, fmt.Sprintf("%q %s", clip(end), wrong)
	}
	r, err := resource.ParseRange(text)
	if err != nil {
		return r, fmt.Sprintf("%q %s", clip(text), err)
	}
	if n := uint64(r.To-r.From) + 1; n > MaxRange {
		return r, fmt.Sprintf("%q has %d numbers, more than the %d that one range may have: correct its ends, or write several ranges", clip(text), n, MaxRange)
	}
	return r, ""
}

func valid(text string) bool {
	_, wrong := readRange(text)
	return wrong == ""
}

// cutRange finds the ends of a range; a single number is both. The dash in +1-512-555-0100 makes no
// range of it.
func cutRange(text string) (from, to string, isRange bool) {
	from, to, isRange = strings.Cut(text, "-")
	from, to = strings.TrimRight(from, " "), strings.TrimLeft(to, " ")
	if _, err := resource.ParseNumber(from); isRange && from != "" && (err == nil || strings.HasPrefix(to, "+")) {
		return from, to, true
	}
	return text, text, false
}

// wrongEnd says what is wrong with one number.
func wrongEnd(text string) string {
	_, err := resource.ParseNumber(text)
	if digits, plus := strings.CutPrefix(text, "+"); plus && digits != "" && strings.Trim(digits, "0123456789") == "" {
		if wrong := wrongLength(digits); wrong != "" {
			return wrong
		}
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// The digits of a number in E.164, with the country code.
const minDigits, maxDigits = 7, 15

// wrongLength says what is wrong with a number by the numbering plan of its country. Plans change, and
// what we know of them is as old as this program: so only the length counts, which hardly ever changes,
// and not whether numbers that begin so are in use ("possible", not "valid", as libphonenumber calls it).
func wrongLength(digits string) string {
	code := countryCode(digits)
	if code == "" {
		return "begins with no country code that there is: write a plus, the country code and the number, as in +15125550100"
	}
	n := len(digits) - len(code)
	if possible(code, n) {
		return ""
	}
	var lengths []int
	for i := 1; i <= maxDigits; i++ {
		if possible(code, i) {
			lengths = append(lengths, i)
		}
	}
	what := "has a wrong length"
	if n < lengths[0] {
		what = "is too short"
	} else if n > lengths[len(lengths)-1] {
		what = "is too long"
	}
	return fmt.Sprintf("%s: write the %s digits that follow +%s, not %d", what, inWords(lengths), code, n)
}

// countryCode is the code that a number begins with; none is the beginning of another. "" is none.
func countryCode(digits string) string {
	for n := 1; n <= min(3, len(digits)); n++ {
		if callingCodes[digits[:n]] != 0 {
			return digits[:n]
		}
	}
	return ""
}

// possible tells whether numbers of a country have so many digits behind its code.
func possible(code string, digits int) bool {
	return digits >= 1 && len(code)+digits >= minDigits && len(code)+digits <= maxDigits && callingCodes[code]&(1<<digits) != 0
}

// inWords writes ascending numbers out: "10", "9 or 10", "4, 7 or 8", "5 to 13".
func inWords(list []int) string {
	first, last := strconv.Itoa(list[0]), strconv.Itoa(list[len(list)-1])
	switch n := len(list); {
	case n == 1:
		return first
	case n > 2 && list[n-1]-list[0] == n-1:
		return first + " to " + last
	}
	words := first
	for _, n := range list[1 : len(list)-1] {
		words += ", " + strconv.Itoa(n)
	}
	return words + " or " + last
}

// tidied takes out of a number, or of both ends of a range, what people write between digits to read
// them. What has anything else in it stays as it is: it would be a guess.
func tidied(text string) string {
	var b strings.Builder
	dash := false // before a plus it makes a range
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
			dash = false
		case r == '+':
			if dash {
				b.WriteRune('-')
			}
			b.WriteRune(r)
			dash = false
		case unicode.Is(unicode.Pd, r) && i > 0:
			dash = true
		case unicode.IsSpace(r), unicode.Is(unicode.Cf, r), strings.ContainsRune("()./", r): // Cf: a phone book's invisible marks
		default:
			return text
		}
	}
	if dash {
		return text
	}
	return b.String()
}
