package resource

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time, as in 90d, 12h or 1d12h: days, hours, minutes and seconds.
type Duration string

func (Duration) fieldSchema() *Schema { return &Schema{Type: String, Format: FormatDuration} }

var units = []struct {
	name   byte
	length time.Duration
}{{'d', 24 * time.Hour}, {'h', time.Hour}, {'m', time.Minute}, {'s', time.Second}}

// maxDuration keeps durations from where they overflow.
const maxDuration = 100_000 * 24 * time.Hour

// ParseDuration reads a duration: whole numbers with units, the larger ones first, each once.
func ParseDuration(text string) (time.Duration, error) {
	var sum time.Duration
	rest, next := text, 0
	for rest != "" {
		i := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if i <= 0 {
			return 0, errDuration
		}
		n, err := strconv.ParseInt(rest[:i], 10, 64)
		u := next
		for u < len(units) && units[u].name != rest[i] {
			u++
		}
		if err != nil || u == len(units) || n > int64((maxDuration-sum)/units[u].length) { // the sum is not made: it could wrap around
			return 0, errDuration
		}
		sum += time.Duration(n) * units[u].length
		rest, next = rest[i+1:], u+1
	}
	if sum <= 0 {
		return 0, errDuration
	}
	return sum, nil
}

var errDuration = errors.New("is not a length of time: write days, hours, minutes or seconds, as in 90d, 12h or 1d12h")

// DurationText writes a duration as [ParseDuration] reads it, in whole seconds.
func DurationText(d time.Duration) string {
	var b strings.Builder
	for _, u := range units {
		if n := d / u.length; n > 0 {
			fmt.Fprintf(&b, "%d%c", n, u.name)
			d -= n * u.length
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}

// GetDuration returns the duration at a pointer, otherwise where none is written.
func GetDuration(o Object, pointer string, otherwise time.Duration) time.Duration {
	if d, err := ParseDuration(GetString(o, pointer)); err == nil {
		return d
	}
	return otherwise
}

// LifeText is how long an object is to live, as it stands where the time of its end would: "in 2d".
func LifeText(d time.Duration) string { return "in " + DurationText(d) }
