package retention

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"telnyxsync/internal/resource"
)

// isParty tells whether a field names a call party. All others that recordings show are ids.
func isParty(field string) bool { return field == "from" || field == "to" }

// equal tells whether a field of a recording means what is asked for: a phone number however it is written, and an id in
// capitals or not.
func equal(field, have, want string) bool {
	if have == want {
		return true
	}
	if !isParty(field) {
		return strings.EqualFold(have, want)
	}
	a, _ := numberOf(have)
	b, _ := numberOf(want)
	return a != 0 && a == b
}

// numberOf reads a phone number as people write it: +1 (512) 555-0100, 15125550100, tel:+1-512-555-0100. It is 0 for whatever is none, also
// where digits begin with a zero: which country they are of nobody knows. plus tells whether it was written.
func numberOf(party string) (n resource.Number, plus bool) {
	const scheme = "tel:"
	if len(party) > len(scheme) && strings.EqualFold(party[:len(scheme)], scheme) {
		party = party[len(scheme):]
	}
	digits := 0
	for _, r := range party {
		switch {
		case r >= '0' && r <= '9':
			if digits++; r == '0' && digits == 1 || digits > maxDigits {
				return 0, false
			}
			n = n*10 + resource.Number(r-'0')
		case r == '+' && digits == 0 && !plus:
			plus = true
		case !isPunctuation(r):
			return 0, false
		}
	}
	if digits < minDigits {
		return 0, false
	}
	return n, plus
}

// How many digits a number has in E.164.
const minDigits, maxDigits = 7, 15

// isPunctuation tells what people write between digits, and what comes along unseen where a number is copied.
func isPunctuation(r rune) bool {
	return strings.ContainsRune(".()/−", r) || unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Cf)
}

// mayBeOne tells whether two parties that differ may be one all the same: sip:+15125550100@example.com, or a number
// without its country code.
func mayBeOne(have, want string) bool {
	a, aPlus := numberOf(have)
	b, bPlus := numberOf(want)
	if a == 0 || b == 0 {
		return true
	}
	if aPlus && bPlus {
		return false
	}
	shift := resource.Number(1)
	for n := min(a, b); n > 0; n /= 10 {
		shift *= 10
	}
	return max(a, b)%shift == min(a, b)
}

// uuid is an id whose capitals mean nothing. Telnyx writes none.
var uuid = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// spellings are the ways in which Telnyx may have what is asked for, the one that it documents first: its own filters
// compare letter by letter.
func spellings(field, value string) []string {
	if isParty(field) {
		if n, _ := numberOf(value); n != 0 {
			return []string{n.String(), strings.TrimPrefix(n.String(), "+")}
		}
	}
	if lower := strings.ToLower(value); uuid.MatchString(value) && lower != value {
		return []string{lower, value}
	}
	return []string{value}
}

// normal is the one text of all that mean the same.
func normal(field, value string) string {
	if uuid.MatchString(value) || isParty(field) {
		return spellings(field, value)[0]
	}
	return value
}

// unshown are the filters whose fields no recording shows.
var unshown = []string{"conference_region", "sip_call_id"}

// Queries are what Telnyx's own filters are asked to find what a policy means; what any of them finds and
// [Fold.Passes] is meant. The last of several may leave out what recordings show.
func (p *Policy) Queries() (list []map[string]string) {
	list = []map[string]string{{}}
	for _, field := range slices.Sorted(maps.Keys(p.Filters)) {
		var more []map[string]string
		for _, as := range spellings(field, p.Filters[field]) {
			for _, q := range list {
				q = maps.Clone(q)
				q[field] = as
				more = append(more, q)
			}
		}
		list = more
	}
	hidden := map[string]string{}
	for _, field := range unshown {
		if v, asked := p.Filters[field]; asked {
			hidden[field] = v
		}
	}
	if len(hidden) > 0 && len(hidden) < len(p.Filters) {
		list = append(list, hidden)
	}
	return list
}

// shows tells whether a recording shows what a query left out.
func (p *Policy) shows(r *resource.Recording, query map[string]string) bool {
	for field, want := range p.Filters {
		if _, asked := query[field]; asked {
			continue
		}
		if have, shown := r.Fields[field]; !shown || !equal(field, have, want) {
			return false
		}
	}
	return true
}

// same tells whether two holds of one name are one: they hold the same.
func (p *Policy) same(q *Policy) bool {
	as := func(filters map[string]string) map[string]string {
		out := map[string]string{}
		for field, v := range filters {
			out[field] = normal(field, v)
		}
		return out
	}
	return p.Addr == q.Addr && p.Keep == q.Keep && p.Untold+q.Untold == 0 && maps.Equal(as(p.Filters), as(q.Filters)) &&
		slices.EqualFunc(p.Between, q.Between, func(a, b Between) bool {
			return a.Field == b.Field && a.GTE.Equal(b.GTE) && a.LTE.Equal(b.LTE)
		})
}
