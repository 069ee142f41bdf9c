package resource_test

import (
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

const (
	second = time.Second
	day    = 24 * time.Hour
)

// longest is the length that durations are bounded by.
const longest = 100_000 * day

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"1s": second, "90d": 90 * day, "12h": 12 * time.Hour, "1d12h": 36 * time.Hour, "1d2h3m4s": day + 2*time.Hour + 3*time.Minute + 4*second,
		"1d4s": day + 4*second, "24h": day, "86400s": day, "1440m": day, "100h": 100 * time.Hour, "007d": 7 * day, "0d1s": second, "1d0s": day,
		"100000d": longest, "2400000h": longest, "144000000m": longest, "8640000000s": longest, "99999d24h": longest, "50000d1200000h": longest,
	} {
		if got, err := resource.ParseDuration(text); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "0s", "0d0h0m0s", "0", "1", "90", "d", "1 d", " 1d", "1d ", "1D", "1H", "-1d", "+1d", "1.5d", "1,5d", "1e3d", "0x1d", "1_000s", "1d-1h", "1w", "1y", "1ms", "1us", "1µs", "1ns",
		"1h1d", "1s1m", "1m1h", "1d1d", "1h2h", "1d1s1h", "1dd", "1d1", "١d", "1day", "P1D", "1d\n", "1\x00d", "1d\xff", "\xff",
		// Beyond the bound, alone or together; together they would overflow, and some come out positive again.
		"100001d", "2400001h", "144000001m", "8640000001s", "100000d1s", "99999d25h", "100000d2400000h", "100000d2400000h144000000m",
		"100000d2400000h144000000m8640000000s", "100000d2400000h144000000m1s", "99999999999999999999d", "9223372036854775807s", "9223372036854775808s", "18446744073709551617s",
		strings.Repeat("9", 1000) + "d",
	} {
		got, err := resource.ParseDuration(text)
		if err == nil || got != 0 || !strings.Contains(err.Error(), "90d, 12h or 1d12h") {
			t.Errorf("ParseDuration(%.50q) = %v, %v, want an error that says what to write", text, got, err)
		}
	}
}

func TestDurationText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		day: "1d", 36 * time.Hour: "1d12h", day + second: "1d1s", 90 * time.Minute: "1h30m", 61 * second: "1m1s", 365 * day: "365d", longest: "100000d",
		0: "0s", -day: "0s", second - 1: "0s", second + second/2: "1s", 1<<63 - 1: "106751d23h47m16s",
	} {
		if got := resource.DurationText(d); got != want {
			t.Errorf("DurationText(%v) = %q, want %q", d, got, want)
		}
	}
}

// TestDurationIsReadAsWritten, whichever units it is written in.
func TestDurationIsReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(1, int64(longest/second)).Draw(t, "seconds")) * second
		text := resource.DurationText(d)
		if got, err := resource.ParseDuration(text); err != nil || got != d {
			t.Fatalf("%v became %q, which is read as %v, %v", d, text, got, err)
		}
		// Another way to write it: the larger units hold less, and what is nothing may stand there.
		var other strings.Builder
		rest := d
		for _, u := range []struct {
			name   string
			length time.Duration
		}{{"d", day}, {"h", time.Hour}, {"m", time.Minute}, {"s", second}} {
			n := rest / u.length
			if u.name != "s" {
				n = time.Duration(rapid.Int64Range(0, int64(n)).Draw(t, u.name))
			}
			rest -= n * u.length
			if n > 0 || rapid.Bool().Draw(t, "zero") {
				other.WriteString(strings.Repeat("0", rapid.IntRange(0, 2).Draw(t, "zeros")) + itoa(int64(n)) + u.name)
			}
		}
		got, err := resource.ParseDuration(other.String())
		if err != nil || got != d || resource.DurationText(got) != text {
			t.Fatalf("%q is %v, %v, want %v", other.String(), got, err, d)
		}
	})
}

func itoa(n int64) string { return resource.Text(n) }

func TestGetDuration(t *testing.T) {
	o := resource.Object{"ttl": "2d", "wrong": "x", "number": int64(5), "below": resource.Object{"ttl": "3h"}, "null": nil}
	for pointer, want := range map[string]time.Duration{"/ttl": 2 * day, "/below/ttl": 3 * time.Hour, "/wrong": second, "/number": second, "/nothing": second, "/null": second, "/below": second} {
		if got := resource.GetDuration(o, pointer, second); got != want {
			t.Errorf("%s: %v, want %v", pointer, got, want)
		}
	}
}

// FuzzParseDuration: what is read is within the bounds, is what a plain sum of the parts says, and is
// read back from how it is written.
func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"", "90d", "12h", "1d12h", "1d2h3m4s", "0s", "1h1d", "100000d", "100000d2400000h144000000m", "9223372036854775807s", "1.5d", "-1d", "١d", "1d\xff", "000000000000000000000000000001s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := resource.ParseDuration(s)
		if err != nil {
			if d != 0 {
				t.Fatalf("%q: %v beside an error", s, d)
			}
			return
		}
		if d < second || d > longest || d%second != 0 {
			t.Fatalf("%q: %v is out of bounds", s, d)
		}
		if sum := plainSum(s); sum != float64(d/second) {
			t.Fatalf("%q: %v, want %v seconds", s, d, sum)
		}
		text := resource.DurationText(d)
		if again, err := resource.ParseDuration(text); err != nil || again != d {
			t.Fatalf("%q: %v is written %q, which is read as %v, %v", s, d, text, again, err)
		}
	})
}

// plainSum adds up digits and units in seconds, in numbers that do not wrap around.
func plainSum(s string) (sum float64) {
	n := 0.0
	for _, r := range s {
		length := map[rune]float64{'d': 86400, 'h': 3600, 'm': 60, 's': 1}[r]
		if length > 0 {
			sum, n = sum+n*length, 0
		} else {
			n = n*10 + float64(r-'0')
		}
	}
	return sum
}
