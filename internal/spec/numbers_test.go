package spec_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/spec"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"
)

// What is said of numbers, and where, is in testdata/numbers*.txtar; here is what an archive cannot hold.

// group is an entry of phone_numbers.
func group(name, rest string) string {
	return fmt.Sprintf("  %s: {connection: {id: 5}, %s}\n", name, rest)
}

// inFile loads a group whose numbers stand in a file of that text.
func inFile(t *testing.T, text string) (resource.Numbers, []string) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), "phone_numbers:\n"+group("a", "numbers_file: n.txt"))
	write(t, filepath.Join(dir, "n.txt"), text)
	c, got := load(t, realKinds(), dir)
	if got != nil {
		for i := range got {
			got[i] = strings.ReplaceAll(got[i], dir+"/", "")
		}
		return nil, got
	}
	n, _ := c.Entries[0].Object["numbers_file"].(resource.Numbers)
	return n, nil
}

// TestManyWrongNumbers: a file that is wrong all over is answered with the beginning and a count.
func TestManyWrongNumbers(t *testing.T) {
	var file, list strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&file, "1512555%04d\n", i)
		fmt.Fprintf(&list, "    - 1512555%04d\n", i)
	}
	_, got := inFile(t, file.String())
	if len(got) != 101 || got[100] != "n.txt:101:1: phone_numbers.a.numbers_file: from here on 4900 more are wrong: correct those above and run this again" ||
		got[99] != `n.txt:100:1: phone_numbers.a.numbers_file: "15125550099" does not begin with a plus and a country code: write it in E.164, as in +15125550100` {
		t.Errorf("%d errors: %q", len(got), got[max(0, len(got)-2):])
	}
	got = loadText(t, "phone_numbers:\n  a:\n    connection: {id: 5}\n    numbers:\n"+list.String())
	if len(got) != 101 || got[100] != "a.yaml:105:7: phone_numbers.a.numbers: from here on 4900 more are wrong: correct those above and run this again" {
		t.Errorf("%d errors: %q", len(got), got[max(0, len(got)-2):])
	}
}

// TestManyOverlaps: of what was copied, the beginning is shown, and how much more there is.
func TestManyOverlaps(t *testing.T) {
	var b strings.Builder
	for i := range 30_000 {
		fmt.Fprintf(&b, "+1512%07d\n", 2*i) // none has a neighbour
	}
	b.WriteString("+15129000000-+15129000009\n")
	t.Chdir(t.TempDir())
	write(t, "n.txt", b.String())
	write(t, "a.yaml", "phone_numbers:\n"+group("a", "numbers_file: n.txt")+group("b", "numbers_file: n.txt"))
	_, got := load(t, realKinds(), ".")
	const in = ": phone_numbers.b.numbers_file: "
	if len(got) != 21 ||
		got[19] != "n.txt:20:1"+in+"+15120000038 is in phone_numbers/a too, at n.txt:20:1: a number belongs to one entry, take it out of the other" ||
		got[20] != "n.txt:21:1"+in+"29990 more numbers, +15120000040 first, are each in two entries: take each out of one of them" {
		t.Errorf("%d errors: %q", len(got), got[max(0, len(got)-2):])
	}
}

// TestTooManyNumbers: ten ranges of the largest size are as many as a configuration may have.
func TestTooManyNumbers(t *testing.T) {
	var b strings.Builder
	b.WriteString("phone_numbers:\n")
	for i := range 10 {
		b.WriteString(group(fmt.Sprint("g", i), fmt.Sprintf("numbers: +1512%d000000-+1512%d099999", i, i)))
	}
	wantErrors(t, loadText(t, b.String()))
	// What is written twice in one entry counts once.
	wantErrors(t, loadText(t, strings.Replace(b.String(), "numbers: +15120000000-+15120099999", "numbers: [+15120000000-+15120099999, +15120000005]", 1)))
	wantErrors(t, loadText(t, b.String()+group("h", "numbers: +15129999999")+group("i", "numbers: +15129999998")),
		"a.yaml:12:3: phone_numbers.h: with this entry there are 1000001 numbers, more than the 1000000 that a configuration may have: correct its ranges, or split the configuration")
}

// TestOverlaps: what is reported is exactly what is in two entries.
func TestOverlaps(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		b.WriteString("phone_numbers:\n")
		var sets []resource.Numbers
		for i := range rapid.IntRange(1, 4).Draw(t, "entries") {
			var ranges []resource.Range
			var texts []string
			for range rapid.IntRange(1, 4).Draw(t, "ranges") {
				r := resource.Range{From: resource.Number(15125550000 + rapid.IntRange(0, 40).Draw(t, "from"))}
				r.To = r.From + resource.Number(rapid.IntRange(0, 9).Draw(t, "more"))
				ranges, texts = append(ranges, r), append(texts, r.String())
			}
			sets = append(sets, resource.NumbersOf(ranges...))
			b.WriteString(group(fmt.Sprint("g", i), "numbers: ["+strings.Join(texts, ", ")+"]"))
		}
		path := filepath.Join(dir, "a.yaml")
		must2(t, os.WriteFile(path, []byte(b.String()), 0o600))
		_, err := spec.Load(realKinds(), path)

		var want, got resource.Numbers
		for i, s := range sets {
			for _, u := range sets[:i] {
				want = want.Plus(s.And(u))
			}
		}
		if err != nil {
			for _, one := range err.(interface{ Unwrap() []error }).Unwrap() {
				var e *spec.Error
				if !errors.As(one, &e) {
					t.Fatal(one)
				}
				text, _, _ := strings.Cut(e.Text, " ")
				r, bad := resource.ParseRange(text)
				var later, sooner int
				_, at, _ := strings.Cut(e.Text, "in phone_numbers/g")
				_, err1 := fmt.Sscan(at[:1], &sooner)
				_, err2 := fmt.Sscan(strings.TrimPrefix(e.Path, "phone_numbers.g")[:1], &later)
				if bad != nil || err1 != nil || err2 != nil || sooner >= later ||
					!resource.NumbersOf(r).Minus(sets[sooner].And(sets[later])).Equal(nil) {
					t.Fatalf("%v\n%s", e, &b)
				}
				got = got.Plus(resource.NumbersOf(r))
			}
		}
		if !got.Equal(want) {
			t.Fatalf("found %v, want %v\n%v\n%s", got.Texts(), want.Texts(), err, &b)
		}
	})
}

// TestFilesOfNumbersAreWatched, wrong ones too, and nothing is read outside of the root or may block.
func TestFilesOfNumbersAreWatched(t *testing.T) {
	t.Chdir(t.TempDir())
	here := mustAbs(t, ".")
	write(t, "conf/n.txt", "+15125550100\n")
	write(t, "conf/empty.txt", "")
	write(t, "secret.txt", "+15125550101\n")
	must(t, os.Symlink("../secret.txt", "conf/link.txt"))
	must(t, syscall.Mkfifo("conf/fifo.txt", 0o644))
	write(t, "conf/huge.txt", "")
	must(t, os.Truncate("conf/huge.txt", 8<<40))
	write(t, "conf/sub/a.yaml", "phone_numbers:\n"+
		group("absolute", "numbers_file: "+here+"/conf/sub/../n.txt")+
		group("outside", "numbers_file: "+here+"/secret.txt")+
		group("link", "numbers_file: ../link.txt")+
		group("fifo", "numbers_file: ../fifo.txt")+
		group("huge", "numbers_file: ../huge.txt")+
		group("empty", "numbers_file: ../empty.txt"))
	c, got := load(t, realKinds(), "conf")
	for i := range got {
		_, got[i], _ = strings.Cut(got[i], "phone_numbers.")
	}
	slices.Sort(got)
	wantErrors(t, got,
		"empty.numbers_file: the file ../empty.txt: it is empty: was it written completely?",
		"fifo.numbers_file: the file ../fifo.txt: not a regular file: only plain files are read, no pipes, sockets or devices",
		"huge.numbers_file: the file ../huge.txt: it has 8796093022208 bytes, more than the 10 MB that a file of numbers may have: write ranges, or several entries",
		"link.numbers_file: the file ../link.txt: path escapes from parent: files must lie inside the configuration's root",
		"outside.numbers_file: "+clipped(here+"/secret.txt")+" lies outside of the configuration's root conf: move it there, or give the directory above as PATH")
	want := []string{here + "/conf/empty.txt", here + "/conf/fifo.txt", here + "/conf/huge.txt", here + "/conf/link.txt", here + "/conf/n.txt"}
	if !slices.Equal(c.Files, want) {
		t.Errorf("watched are %q, want %q", c.Files, want)
	}
	// What is wrong in it is shown under the path that was written.
	write(t, "conf/n.txt", "x\n")
	if _, got := load(t, realKinds(), "conf"); !slices.ContainsFunc(got, func(s string) bool {
		return strings.HasPrefix(s, here+"/conf/n.txt:1:1: phone_numbers.absolute.numbers_file: ")
	}) {
		t.Errorf("got %q", got)
	}
}

func clipped(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

// TestLargestFileOfNumbers is read; its numbers can be as many as there may be.
func TestLargestFileOfNumbers(t *testing.T) {
	text := "+15125550100\n" + strings.Repeat("#\n", (spec.MaxFileSize-13)/2) + "\n"
	if n, got := inFile(t, text); got != nil || n.Len() != 1 || len(text) != spec.MaxFileSize {
		t.Errorf("%d bytes: %v, %.300q", len(text), n.Texts(), got)
	}
	if _, got := inFile(t, text+"#"); len(got) != 1 || !strings.Contains(got[0], "it has 10485761 bytes, more than the 10 MB") {
		t.Errorf("%.300q", got)
	}
}

// TestExamplesOfAllCountries: whatever country a number is of, it is taken, without any metadata of
// what its first digits may be.
func TestExamplesOfAllCountries(t *testing.T) {
	var lines []string
	add := func(n *phonenumbers.PhoneNumber) {
		if n != nil && phonenumbers.IsPossibleNumberWithReason(n) == phonenumbers.IS_POSSIBLE {
			lines = append(lines, phonenumbers.Format(n, phonenumbers.E164))
		}
	}
	for region := range phonenumbers.GetSupportedRegions() {
		for _, typ := range []phonenumbers.PhoneNumberType{phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.TOLL_FREE, phonenumbers.VOIP} {
			add(phonenumbers.GetExampleNumberForType(region, typ))
		}
	}
	codes := phonenumbers.GetSupportedCallingCodes()
	for code := range codes {
		alone := fmt.Sprintf("+%d", code)
		if _, got := inFile(t, alone); len(got) != 1 || !strings.Contains(got[0], fmt.Sprintf("%q is too short: write the ", alone)) {
			t.Errorf("%s: %q", alone, got)
		}
		add(phonenumbers.GetExampleNumberForNonGeoEntity(code))
		for c := code / 10; c > 0; c /= 10 { // so the code ends where the first one is found
			if codes[c] {
				t.Errorf("+%d is the beginning of +%d", c, code)
			}
		}
	}
	if len(lines) < 600 {
		t.Errorf("only %d examples", len(lines))
	}
	slices.Sort(lines)
	if n, got := inFile(t, strings.Join(lines, "\n")); got != nil || n.Len() != len(slices.Compact(lines)) {
		t.Errorf("%d of %d are there, %q", n.Len(), len(lines), got)
	}
}

// TestPossibleAsPhonenumbersSays: looking up the length alone says the same as reading the number whole.
func TestPossibleAsPhonenumbersSays(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	must(t, os.WriteFile(path, []byte("phone_numbers:\n"+group("a", "numbers_file: n.txt")), 0o600))
	codes := []string{"1", "7", "33", "39", "44", "49", "54", "61", "225", "290", "683", "800", "881"}
	rapid.Check(t, func(t *rapid.T) {
		text := "+" + rapid.OneOf(rapid.SampledFrom(codes), rapid.StringMatching(`[1-9][0-9]{0,2}`)).Draw(t, "code") + rapid.StringMatching(`[0-9]{4,14}`).Draw(t, "number")
		if len(text) < 8 || len(text) > 16 {
			t.Skip("that is not for phonenumbers to say")
		}
		must2(t, os.WriteFile(filepath.Join(dir, "n.txt"), []byte(text), 0o600))
		_, err := spec.Load(realKinds(), path)
		n, unknown := phonenumbers.Parse(text, "")
		if unknown == nil && phonenumbers.Format(n, phonenumbers.E164) != text {
			t.Skip("it was mended")
		}
		if want := unknown == nil && phonenumbers.IsPossibleNumberWithReason(n) == phonenumbers.IS_POSSIBLE; (err == nil) != want {
			t.Fatalf("%s: %v, but phonenumbers says %t (%v)", text, err, want, unknown)
		}
	})
}
