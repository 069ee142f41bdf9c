package retention

import (
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

// spelt writes a number as somebody may: with its plus or without, and with punctuation anywhere between its digits.
func spelt(t *rapid.T, n resource.Number) string {
	digits := strings.TrimPrefix(n.String(), "+")
	var b strings.Builder
	between := rapid.SampledFrom([]string{"", "", "", " ", "-", ".", "(", ")", ") ", "/", "\u00a0", "\u2011", "\u202f", "\u2013", "\u200e"})
	b.WriteString(rapid.SampledFrom([]string{"", "tel:", "TEL:"}).Draw(t, "scheme"))
	b.WriteString(rapid.SampledFrom([]string{"", " ", "\u202a", "("}).Draw(t, "before"))
	b.WriteString(rapid.SampledFrom([]string{"", "+", "+ "}).Draw(t, "plus"))
	for _, d := range digits {
		b.WriteRune(d)
		b.WriteString(between.Draw(t, "between"))
	}
	return b.String()
}

func aNumber(t *rapid.T, what string) resource.Number {
	return resource.Number(rapid.Uint64Range(1_000_000, 999_999_999_999_999).Draw(t, what))
}

// However a number is written, it is that number, and no other.
func TestAnySpellingIsThatNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, other := aNumber(t, "number"), aNumber(t, "other")
		one, two := spelt(t, n), spelt(t, n)
		if got, _ := numberOf(one); got != n || !equal("from", one, two) || normal("to", one) != n.String() {
			t.Fatalf("%q is read as %v, and equal to %q: %v", one, got, two, equal("from", one, two))
		}
		if n != other && (equal("to", one, spelt(t, other)) || normal("from", one) == normal("from", spelt(t, other))) {
			t.Fatalf("%v is taken for %v", n, other)
		}
		if as := spellings("from", two); !slices.Equal(as, []string{n.String(), n.String()[1:]}) {
			t.Fatalf("Telnyx is asked for %q", as)
		}
		if equal("call_leg_id", one, spelt(t, other)) && one != two && n != other {
			t.Fatalf("an id is read as a number")
		}
	})
}

func TestParties(t *testing.T) {
	for _, same := range [][2]string{
		{"+15125550100", "+1 (512) 555-0100"},
		{"15125550100", "+15125550100"},
		{"+15125550100", "1.512.555.0100"},
		{"+4930/1234567", "+49 30 1234567"},
		{"sip:a@example.com", "sip:a@example.com"},
		{"anonymous", "anonymous"},
		{"911", "911"},
	} {
		if !equal("from", same[0], same[1]) || !equal("to", same[1], same[0]) {
			t.Errorf("%q is not %q", same[0], same[1])
		}
	}
	for _, c := range []struct {
		have, want string
		may        bool // Telnyx is asked
	}{
		{"+15125550100", "+15125550101", false},
		{"+15125550100", "15125550101", false},
		{"5125550100", "+15125550100", true},
		{"+15125550100", "5125550100", true},
		{"05125550100", "+15125550100", true},
		{"05125550100", "+5125550100", true},
		{"sip:+15125550100@example.com", "+15125550100", true},
		{"911", "+1911", true},
		{"", "+15125550100", true},
		{"+15125550100", "++15125550100", true},
		{"+15125550100", "1+5125550100", true},
		{"+1512555010000000", "+15125550100", true},
		{"+15125550100 ext. 7", "+15125550100", true},
		{"sip:A@example.com", "sip:a@example.com", true},
	} {
		if equal("from", c.have, c.want) || mayBeOne(c.have, c.want) != c.may || mayBeOne(c.want, c.have) != c.may {
			t.Errorf("%q and %q: equal %v, may be %v", c.have, c.want, equal("from", c.have, c.want), mayBeOne(c.have, c.want))
		}
	}
}

// Ids are the same in capitals, and Telnyx is asked for them as it writes them.
func TestIDsInCapitals(t *testing.T) {
	const id, capitals = "428c31b6-7af4-4bcb-b7f5-5013ef9657c1", "428C31B6-7AF4-4BCB-B7F5-5013EF9657C1"
	if !equal("call_session_id", id, capitals) || !equal("recording_id", capitals, id) || equal("call_leg_id", id, id[1:]) {
		t.Error("capitals make it another one")
	}
	if got := spellings("call_session_id", capitals); !slices.Equal(got, []string{id, capitals}) {
		t.Errorf("Telnyx is asked for %q", got)
	}
	if got := spellings("call_control_id", "v3:e-31OnvjEM7"); !slices.Equal(got, []string{"v3:e-31OnvjEM7"}) {
		t.Errorf("of what is no UUID for %q", got)
	}
	if normal("conference_id", capitals) != id || normal("call_control_id", "v3:E") != "v3:E" {
		t.Error("the normal form is another")
	}
}

// What recordings do not show Telnyx alone can tell; what they show may be written otherwise there.
func TestQueries(t *testing.T) {
	ask := func(filters map[string]string) (out []string) {
		p := Policy{Filters: filters}
		for _, q := range p.Queries() {
			out = append(out, resource.Text(resource.Object{"q": q})[5:])
		}
		return out
	}
	for _, c := range []struct {
		filters map[string]string
		want    []string
	}{
		{nil, []string{`{}}`}},
		{map[string]string{"connection_id": "7"}, []string{`{"connection_id":"7"}}`}},
		{map[string]string{"from": "1 512 555 0100"}, []string{`{"from":"+15125550100"}}`, `{"from":"15125550100"}}`}},
		{map[string]string{"sip_call_id": "x"}, []string{`{"sip_call_id":"x"}}`}},
		{map[string]string{"sip_call_id": "x", "from": "+15125550100"}, []string{
			`{"from":"+15125550100","sip_call_id":"x"}}`, `{"from":"15125550100","sip_call_id":"x"}}`, `{"sip_call_id":"x"}}`,
		}},
	} {
		if got := ask(c.filters); !slices.Equal(got, c.want) {
			t.Errorf("of %v it asks %q, want %q", c.filters, got, c.want)
		}
	}
	p := Policy{Filters: map[string]string{"sip_call_id": "x", "from": "+1 512 555 0100"}}
	last := p.Queries()[2]
	for from, want := range map[string]bool{"15125550100": true, "+15125550101": false} {
		if got := p.shows(&resource.Recording{Fields: map[string]string{"from": from}}, last); got != want {
			t.Errorf("%s passes: %v", from, got)
		}
	}
	if p.shows(&resource.Recording{}, last) || !p.shows(&resource.Recording{}, p.Queries()[0]) {
		t.Error("what is not shown is seen")
	}
}

// Whatever is read, a number comes out that reads as itself, or none; and comparing is symmetric.
func FuzzParty(f *testing.F) {
	for _, seed := range []string{"+1 (512) 555-0100", "tel:+15125550100", "sip:+15125550100@example.com", "00 49 30 1234567", "+", "(0)", "９１１", "\xff+1", "+1512555010012345678901234567890"} {
		f.Add(seed, "+15125550100")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if n, _ := numberOf(a); n != 0 {
			again, plus := numberOf(n.String())
			if again != n || !plus {
				t.Errorf("%q is %v, which is read as %v", a, n, again)
			}
			if _, err := resource.ParseNumber(n.String()); err != nil {
				t.Errorf("%q: %v", a, err)
			}
		}
		if equal("from", a, b) != equal("from", b, a) || mayBeOne(a, b) != mayBeOne(b, a) {
			t.Errorf("%q and %q: it depends on which comes first", a, b)
		}
		if equal("to", a, b) && normal("to", a) != normal("to", b) && a != b {
			t.Errorf("%q and %q are equal, and have the forms %q and %q", a, b, normal("to", a), normal("to", b))
		}
	})
}
