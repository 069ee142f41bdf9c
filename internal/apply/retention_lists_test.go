package apply_test

import (
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

// What a listing is when it cannot be trusted: then nothing is deleted.
func TestListingsThatCannotBeTrusted(t *testing.T) {
	t.Parallel()
	c := newCut(t)
	for name, f := range map[string]telnyxsim.Fault{
		"a short page": {Do: "short-page"}, "a page of HTML, for ever": {Do: "html", Times: -1}, "422": {Do: "status", Status: 422}, "401": {Do: "status", Status: 401},
	} {
		for page := range 5 { // of all, and of what is held
			if f.Times < 0 && page%3 > 0 {
				continue // it is tried again, for a while
			}
			c.reset()
			f.Match = "GET /recordings"
			c.stage.before = func(n int, _ *http.Request) error {
				if n == page+1 {
					return c.sim.AddFaults(f)
				}
				return nil
			}
			c.refused(fmt.Sprint(name, " at call ", page+1), c.desired, map[bool]string{true: "incomplete listing", false: "GET /recordings"}[f.Do == "short-page"])
			c.again(name)
		}
	}
	for name, f := range map[string]telnyxsim.Fault{
		"a page of HTML": {Do: "html"}, "503": {Do: "status"}, "429": {Do: "status", Status: 429, Headers: map[string]string{"Retry-After": "0"}}, "a lost page": {Do: "drop-after-commit"},
	} {
		c.reset()
		f.Match = "GET /recordings"
		if err := c.sim.AddFaults(f); err != nil {
			t.Fatal(err)
		}
		c.enforce(c.desired)
		c.finished(name)
	}
}

func TestClocksThatDoNotAgree(t *testing.T) {
	t.Parallel()
	for ahead, want := range map[string]string{
		"6m": "the clocks of Telnyx and of this machine are", "-6m": "set that of this machine", "8760h": "are 8", "-8760h": "are -8", "4m50s": "", "-4m50s": "", "0s": "",
	} {
		k := plainly(t, object{"recordings": aged(5, 40), "_date_ahead": ahead})
		desired := k.load("a", "recording_retention:\n  all: {delete_after: 15d}\n")
		if want != "" {
			k.refused(ahead, desired, want)
			continue
		}
		k.enforce(desired)
		if left := k.ids("recordings"); !maps.Equal(left, setOf("d5")) {
			t.Errorf("%s: left %v", ahead, sorted(left))
		}
	}
	// A list in which nothing is says what time it is, too.
	k := plainly(t, object{"recordings": []any{}, "_date_ahead": "6m"})
	k.refused("an empty list", k.load("a", "recording_retention:\n  all: {delete_after: 15d}\n"), "the clocks of Telnyx and of this machine are")
	// One page of many is enough, and so is none that says what time it is.
	for name, date := range map[string]string{"another day": "Mon, 02 Nov 2026 10:00:00 GMT", "no Date": "", "no time": "now"} {
		c := newCut(t)
		for call := 1; call <= 5; call++ {
			c.reset()
			c.stage.after = func(n int, _ *http.Request, res *http.Response) (*http.Response, error) {
				if res.Header.Del("Date"); n != call {
					res.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
				} else if date != "" {
					res.Header.Set("Date", date)
				}
				return res, nil
			}
			c.refused(fmt.Sprint(name, " at call ", call), c.desired, "Telnyx")
		}
	}
}
