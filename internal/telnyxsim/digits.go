package telnyxsim

import (
	"sort"
	"strings"
)

// digits finds numbers by a part of them: all in one text, so that many can be searched
// for in accounts of many. It holds for as long as the account, of which no operation
// adds, removes or renames a number.
type digits struct {
	text string   // the numbers, a line each
	ends []int    // of the lines
	ids  []string // of the numbers
}

// numbersWith returns the numbers that contain some digits.
func (a *account) numbersWith(value string) []*record {
	if value == "" || strings.Trim(value, "0123456789") != "" {
		return nil
	}
	numbers := a.collections[phoneNums]
	if a.digits == nil {
		d := &digits{}
		var b strings.Builder
		for _, r := range numbers.records {
			b.WriteString(r.fields["phone_number"].(string) + "\n")
			d.ends, d.ids = append(d.ends, b.Len()), append(d.ids, r.fields["id"].(string))
		}
		d.text = b.String()
		a.digits = d
	}
	var found []*record
	for at := 0; ; {
		i := strings.Index(a.digits.text[at:], value)
		if i < 0 {
			return found
		}
		line := sort.SearchInts(a.digits.ends, at+i+1)
		found = append(found, numbers.index[a.digits.ids[line]])
		at = a.digits.ends[line]
	}
}
