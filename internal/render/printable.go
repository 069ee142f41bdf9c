package render

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// oneLine keeps a text from looking like more lines of the plan than one.
func oneLine(s string) string { return strings.ReplaceAll(Printable(s), "\n", `\u000a`) }

// Printable escapes what a terminal would act upon or hide: control characters, also those above
// ASCII, and marks that reorder text. Newlines stay. Inside JSON the result is the same JSON.
func Printable(s string) string {
	bad := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
	if utf8.ValidString(s) && !strings.ContainsFunc(s, bad) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !bad(r):
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
