package render

import (
	"slices"

	"telnyxsync/internal/plan"
)

// Differences says what two plans do not have in common, a line each; before is the older one.
func Differences(before, now *plan.Essence) (lines []string) {
	old, fresh := essences(before), essences(now)
	for address, text := range old {
		switch other, still := fresh[address]; {
		case !still:
			lines = append(lines, address+": no longer planned: "+text[0])
		case other[0] != text[0]:
			lines = append(lines, address+": "+text[0]+" became "+other[0])
		case other[1] != text[1]:
			lines = append(lines, address+": "+text[0]+", with other values")
		}
	}
	for address, text := range fresh {
		if _, was := old[address]; !was {
			lines = append(lines, address+": new: "+text[0])
		}
	}
	slices.Sort(lines)
	return lines
}

// essences say of each address what is to be done, in a word and in full.
func essences(e *plan.Essence) map[string][2]string {
	out := map[string][2]string{}
	add := func(address, word string, all any) {
		was := out[address]
		if was[0] != "" {
			word = was[0] + ", " + word
		}
		out[address] = [2]string{word, was[1] + plan.Canonical(all)}
	}
	for _, c := range e.Changes {
		word := verb(c.Op)
		if n := len(c.Items); n > 0 {
			word += " " + itemTexts(c.Items)
		}
		add(c.Address, word, c)
	}
	for _, c := range e.Withheld {
		add(c.Address, verb(c.Op)+" (withheld)", c)
	}
	for _, address := range e.Problems {
		add(address, "a problem", address)
	}
	return out
}
