package resource

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Number is a phone number in E.164, as its digits: +15125550100 is 15125550100. None begins with a
// zero, so nothing is lost.
type Number uint64

// ParseNumber reads a number as E.164 writes it: a plus and 7 to 15 digits. Whether there is such a
// number in the numbering plan of its country is not looked at.
func ParseNumber(text string) (Number, error) {
	digits, plus := strings.CutPrefix(text, "+")
	switch {
	case !plus:
		return 0, errors.New("does not begin with a plus and a country code: write it in E.164, as in +15125550100")
	case len(digits) < 7 || len(digits) > 15 || digits[0] == '0' || strings.Trim(digits, "0123456789") != "":
		return 0, errors.New("is not a number in E.164: write a plus, the country code and the number, in 7 to 15 digits without spaces, as in +15125550100")
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	return Number(n), err
}

// String is the number in E.164.
func (n Number) String() string { return "+" + strconv.FormatUint(uint64(n), 10) }

// MarshalText gives the number in E.164.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (n *Number) UnmarshalText(text []byte) (err error) {
	*n, err = ParseNumber(string(text))
	return err
}

// Range is all numbers from one to another, both included.
type Range struct{ From, To Number }

// ParseRange reads a number, or two with a dash between them, which may have spaces beside it.
func ParseRange(text string) (r Range, err error) {
	from, to, isRange := strings.Cut(text, "-")
	if isRange {
		from, to = strings.TrimRight(from, " "), strings.TrimLeft(to, " ")
	}
	if r.From, err = ParseNumber(from); err != nil || !isRange {
		r.To = r.From
		return r, err
	}
	if r.To, err = ParseNumber(to); err != nil {
		return r, err
	}
	switch {
	case digitsOf(r.From) != digitsOf(r.To):
		return r, errors.New("is not a range: its ends have different lengths: write both out in full")
	case r.To < r.From:
		return r, errors.New("is not a range: its end comes before its beginning: swap them")
	}
	return r, nil
}

func digitsOf(n Number) (digits int) {
	for ; n > 0; n /= 10 {
		digits++
	}
	return digits
}

// String is the only number, or the first and the last with a dash between them.
func (r Range) String() string {
	if r.From == r.To {
		return r.From.String()
	}
	return r.From.String() + "-" + r.To.String()
}

// Numbers is a set of numbers: ranges in ascending order that neither overlap nor touch.
type Numbers []Range

// NumbersOf makes a set of ranges in any order, which may overlap.
func NumbersOf(ranges ...Range) Numbers {
	ranges = slices.Clone(ranges)
	slices.SortFunc(ranges, func(a, b Range) int {
		switch {
		case a.From < b.From:
			return -1
		case a.From > b.From:
			return 1
		}
		return 0
	})
	s := Numbers(ranges[:0]) // it never gets ahead of what is read
	for _, r := range ranges {
		s.append(r)
	}
	return s
}

// Add adds a number that is above all that are in the set.
func (s *Numbers) Add(n Number) { s.append(Range{n, n}) }

func (s *Numbers) append(r Range) {
	// Neighbours of different lengths, which no two real numbers are, would make a range that cannot be read.
	if n := len(*s); n > 0 && (r.From <= (*s)[n-1].To || r.From == (*s)[n-1].To+1 && digitsOf(r.From) == digitsOf((*s)[n-1].To)) {
		(*s)[n-1].To = max((*s)[n-1].To, r.To)
		return
	}
	*s = append(*s, r)
}

// Len counts the numbers.
func (s Numbers) Len() (n int) {
	for _, r := range s {
		n += int(r.To-r.From) + 1 // of 15 digits: no sum is too large
	}
	return n
}

// Has tells whether a number is in the set.
func (s Numbers) Has(n Number) bool {
	i := sort.Search(len(s), func(i int) bool { return s[i].To >= n })
	return i < len(s) && s[i].From <= n
}

// All goes through the numbers in ascending order.
func (s Numbers) All() iter.Seq[Number] {
	return func(yield func(Number) bool) {
		for _, r := range s {
			for n := r.From; n <= r.To; n++ {
				if !yield(n) {
					return
				}
			}
		}
	}
}

// Plus is what is in one of two sets, or in both.
func (s Numbers) Plus(t Numbers) Numbers {
	switch {
	case len(t) == 0:
		return s
	case len(s) == 0:
		return t
	}
	return NumbersOf(slices.Concat(s, t)...)
}

// Minus is what is in the set and not in another.
func (s Numbers) Minus(t Numbers) (out Numbers) {
	i := 0
	for _, r := range s {
		for i < len(t) && t[i].To < r.From {
			i++
		}
		for j := i; j < len(t) && t[j].From <= r.To; j++ {
			if t[j].From > r.From {
				out = append(out, Range{r.From, t[j].From - 1})
			}
			r.From = t[j].To + 1
		}
		if r.From <= r.To {
			out = append(out, r)
		}
	}
	return out
}

// And is what is in both sets.
func (s Numbers) And(t Numbers) Numbers { return s.Minus(s.Minus(t)) }

// Equal tells whether two sets hold the same numbers.
func (s Numbers) Equal(t Numbers) bool { return slices.Equal(s, t) }

// Texts writes each range out.
func (s Numbers) Texts() []string {
	out := make([]string, len(s))
	for i, r := range s {
		out[i] = r.String()
	}
	return out
}

// IDs are the numbers as texts, one by one.
func (s Numbers) IDs() iter.Seq[string] {
	return func(yield func(string) bool) {
		for n := range s.All() {
			if !yield(n.String()) {
				return
			}
		}
	}
}

// Unit is what one of them is called.
func (s Numbers) Unit() string { return "number" }

// MarshalJSON writes a list of ranges.
func (s Numbers) MarshalJSON() ([]byte, error) { return json.Marshal(s.Texts()) }

// UnmarshalJSON is the inverse of MarshalJSON.
func (s *Numbers) UnmarshalJSON(text []byte) error {
	var list []any
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	out, err := ToNumbers(list)
	*s = out
	return err
}

// ToNumbers reads what a tree holds of a set: the set itself, or the list that it was stored as.
func ToNumbers(v any) (Numbers, error) {
	list, ok := v.([]any)
	if s, is := v.(Numbers); is || v == nil {
		return s, nil
	}
	switch {
	case !ok:
		return nil, fmt.Errorf("%v is no list of phone numbers", v)
	case len(list) == 0:
		return nil, nil // the only empty set
	}
	ranges := make([]Range, len(list))
	for i, e := range list {
		text, _ := e.(string)
		r, err := ParseRange(text)
		if err != nil {
			return nil, errors.New(strconv.Quote(text) + " " + err.Error())
		}
		ranges[i] = r
	}
	return NumbersOf(ranges...), nil
}
