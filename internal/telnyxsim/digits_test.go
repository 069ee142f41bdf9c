package telnyxsim

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Searching all numbers at once finds what looking at each one finds.
func TestDigitsProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var docs []string
		for i, n := range rapid.SliceOfN(rapid.StringMatching(`[12]{3,6}`), 0, 6).Draw(t, "numbers") {
			docs = append(docs, fmt.Sprintf(`{"id":"%d","phone_number":"+%s"}`, i*111, n))
		}
		sim, err := New(Config{Account: []byte(`{"phone_numbers":[` + strings.Join(docs, ",") + `]}`)})
		if err != nil {
			t.Fatal(err)
		}
		value := rapid.StringMatching(`[12]{0,4}|\+12|\n1|12\n`).Draw(t, "value")
		want := ""
		for _, r := range sim.acc.collections[phoneNums].records {
			if value != "" && containsDigits(sim.acc, value)(r.fields) {
				want += r.fields["id"].(string) + " "
			}
		}
		got := ""
		for _, r := range sim.acc.numbersWith(value) {
			got += r.fields["id"].(string) + " "
		}
		if got != want {
			t.Fatalf("%q found %q, want %q", value, got, want)
		}
	})
}
