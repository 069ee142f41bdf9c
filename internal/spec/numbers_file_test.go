package spec_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/spec"
)

// rightLine is a line of which nothing is left to say but whether the country has such numbers.
var rightLine = regexp.MustCompile(`^\s*\+[1-9][0-9]{6,14}( *- *\+[1-9][0-9]{6,14})?\s*$`)

// FuzzNumbersFile: whatever a file holds, an error names a place in it; what is read is what stands
// there, and what a set prints is read as the same set.
func FuzzNumbersFile(f *testing.F) {
	for _, text := range []string{
		"", "\n", "#", "+15125550100", "\ufeff+15125550100\r\n+15125550101-+15125550199 # desks\r\n", "+1 512 555 0100\n", "+15125550100\r+15125550101",
		"+15125550100-+15125550099", "+999999999999999", "\x00", "\xff\xfe+\x00", "+15125550100\u00a0\u2028+1", "+15125550100 - +15125550100", "-+1", "+-+", "(0)", "+15125550100 +", "\u202a+15125550100\u202c",
	} {
		f.Add([]byte(text))
	}
	dir := f.TempDir()
	yaml, list := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "n.txt")
	must(f, os.WriteFile(yaml, []byte("phone_numbers:\n"+group("a", "numbers_file: n.txt")), 0o600))
	kinds := realKinds()
	read := func(t *testing.T, text []byte) (resource.Numbers, error) {
		must(t, os.WriteFile(list, text, 0o600))
		c, err := spec.Load(kinds, dir)
		if err != nil {
			return nil, err
		}
		return c.Entries[0].Object["numbers_file"].(resource.Numbers), nil
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		n, err := read(t, text)
		if err != nil {
			for _, one := range err.(interface{ Unwrap() []error }).Unwrap() {
				e, ok := one.(*spec.Error)
				lines := strings.Count(string(text), "\n") + 1
				switch {
				case !ok, e.Path != "phone_numbers.a.numbers_file" && e.Path != "phone_numbers.a", strings.ContainsAny(e.Error(), "\n\r\x1b\x00"):
					t.Fatalf("%q: %v", text, one)
				case e.Pos.File == yaml: // nothing is in it, or too much
				case e.Pos.File != list || e.Pos.Line < 1 || e.Pos.Line > lines || e.Pos.Col < 1 || e.Pos.Col > len(text)+1:
					t.Fatalf("%q: a place out of the file: %v", text, e)
				}
			}
			return
		}
		var ranges []resource.Range
		for line := range strings.SplitSeq(strings.TrimPrefix(string(text), "\ufeff"), "\n") {
			line, _, _ = strings.Cut(line, "#")
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			r, err := resource.ParseRange(line)
			if err != nil || !rightLine.MatchString(line) {
				t.Fatalf("%q: %q was taken", text, line)
			}
			ranges = append(ranges, r)
		}
		if want := resource.NumbersOf(ranges...); !n.Equal(want) || len(n) == 0 {
			t.Fatalf("%q: got %v, want %v", text, n.Texts(), want.Texts())
		}
		if again, err := read(t, []byte(strings.Join(n.Texts(), "\n"))); len(n) < 1000 && (err != nil || !again.Equal(n)) && short(n) {
			t.Fatalf("%v is read as %v (%v)", n.Texts(), again.Texts(), err)
		}
	})
}

// short tells whether every range could be written as one: neighbours join to longer ones.
func short(n resource.Numbers) bool {
	for _, r := range n {
		if r.To-r.From >= spec.MaxRange {
			return false
		}
	}
	return true
}

// BenchmarkNumbers loads 100,000 single numbers, of two groups.
func BenchmarkNumbers(b *testing.B) {
	for _, way := range []string{"file", "list"} {
		b.Run(way, func(b *testing.B) {
			dir := b.TempDir()
			for g := range 2 {
				var text strings.Builder
				for i := range 50_000 {
					indent := ""
					if way == "list" {
						indent = "    - "
					}
					fmt.Fprintf(&text, "%s+1512%d%06d\n", indent, 2+g, 2*i)
				}
				if way == "list" {
					write(b, filepath.Join(dir, fmt.Sprint(g, ".yaml")), fmt.Sprintf("phone_numbers:\n  g%d:\n    connection: {id: 5}\n    numbers:\n%s", g, &text))
					continue
				}
				write(b, filepath.Join(dir, fmt.Sprint(g, ".txt")), text.String())
				write(b, filepath.Join(dir, fmt.Sprint(g, ".yaml")), "phone_numbers:\n"+group(fmt.Sprint("g", g), fmt.Sprintf("numbers_file: %d.txt", g)))
			}
			b.ReportAllocs()
			for b.Loop() {
				if c, err := spec.Load(realKinds(), dir); err != nil || len(c.Entries) != 2 {
					b.Fatal(err)
				}
			}
		})
	}
}
