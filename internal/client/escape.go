package client

import (
	"encoding/hex"
	"fmt"
	"html"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// escape writes out every character that a terminal would act on, or that would reorder or hide text, and bytes that are
// not UTF-8.
func escape(s string) string {
	clean := true
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		i += n
	}
	return b.String()
}

// unescape undoes one layer of percent, backslash and HTML escapes, all that there are. It is for finding a text in
// another, not for reading it: what only looks escaped is changed as well.
func unescape(s string) string {
	if !strings.ContainsAny(s, `%\&`) {
		return s
	}
	var b strings.Builder
	for {
		i := strings.IndexAny(s, `%\`)
		if i < 0 {
			b.WriteString(s)
			return html.UnescapeString(b.String())
		}
		b.WriteString(s[:i])
		text, n := escaped(s[i:])
		b.WriteString(text)
		s = s[i+n:]
	}
}

// escaped reads the escape that a text begins with: what it stands for, and its length.
func escaped(s string) (string, int) {
	if s[0] == '%' {
		return escapedByte(s, 1)
	}
	if len(s) == 1 {
		return s, 1
	}
	switch s[1] {
	case '"', '\'', '/', '\\':
		return s[1:2], 2
	case 'n':
		return "\n", 2
	case 'r':
		return "\r", 2
	case 't':
		return "\t", 2
	case 'b':
		return "\b", 2
	case 'f':
		return "\f", 2
	case 'x':
		return escapedByte(s, 2)
	case 'u':
		if r, ok := escapedUnit(s); ok {
			if low, ok := escapedUnit(s[6:]); ok {
				if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
					return string(pair), 12
				}
			}
			return string(r), 6
		}
	}
	return s[:1], 1
}

// escapedByte reads two hexadecimal digits.
func escapedByte(s string, at int) (string, int) {
	if len(s) >= at+2 {
		if b, err := hex.DecodeString(s[at : at+2]); err == nil {
			return string(b), at + 2
		}
	}
	return s[:1], 1
}

// escapedUnit reads one \uXXXX.
func escapedUnit(s string) (rune, bool) {
	if len(s) < 6 || s[:2] != `\u` {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}
