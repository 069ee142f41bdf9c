package retention_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"
)

// A date that could mean another moment than it seems to, or none, ends the run.
func TestDatesThatEndTheRun(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	f := retention.NewFold([]retention.Policy{{After: day}}, retention.Options{Now: now})
	for _, text := range []string{
		"", " ", "yesterday", "2026", "2026-11-01", "2026-11-01T00:00:00", "2026-11-01 00:00:00Z", "2026-11-01T00:00:00 Z", "2026-11-01T00:00:00z",
		"2026-11-01t00:00:00Z", "2026-11-01T00:00:60Z", "2016-12-31T23:59:60Z", "2026-11-01T24:00:00Z", "2026-11-31T00:00:00Z", "2026-02-29T00:00:00Z",
		"2026-13-01T00:00:00Z", "2026-00-10T00:00:00Z", "2026-11-00T00:00:00Z", "2026-11-01T0:00:00Z", "2026-11-01T00:00Z", "2026-11-01T00:00:00,5Z",
		"2026-11-01T00:00:00.Z", "2026-11-01T00:00:00+0100", "2026-11-01T00:00:00+01", "2026-11-01T00:00:00+24:00", "2026-11-01T00:00:00+01:60",
		"2026-11-01T00:00:00−01:00", "2026-11-01T00:00:00 01:00", "2026-11-01T00:00:00Europe/Berlin", "12026-11-01T00:00:00Z", "-2026-11-01T00:00:00Z",
		"1793491200", "1793491200000", "Sun, 01 Nov 2026 00:00:00 GMT", "2026-W44-7T00:00:00Z", "2026-305T00:00:00Z", "２０２６-11-01T00:00:00Z",
		"2026-11-01T00:00:00Z\n", "2026-11-01T00:00:00ZZ", "null", "0", "infinity",
		// What stands for no date.
		"0001-01-01T00:00:00Z", "0000-12-31T00:00:00Z", "1900-01-01T00:00:00Z", "1904-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00+01:00",
		"1980-01-01T00:00:00Z", "1989-12-31T23:59:59.999Z",
	} {
		if err := f.Look(&resource.Recording{ID: "r", Times: map[string]string{"created_at": text}}); err == nil {
			t.Errorf("%q is judged", text)
		} else if said := render.NewWords(nil).Error(err); !strings.Contains(said, `"r" has `) || len(said) > 200 {
			t.Errorf("%q: %s", text, said)
		}
	}
	if err := f.Look(&resource.Recording{ID: "r", Times: map[string]string{"created_at": strings.Repeat("x", 1<<16)}}); err == nil || len(err.Error()) > 300 {
		t.Errorf("an error of %d characters", len(fmt.Sprint(err)))
	}
	if err := f.Look(&resource.Recording{Times: map[string]string{"created_at": "2026-11-01T00:00:00Z"}}); err == nil {
		t.Error("one without an id is judged")
	}
	if r := f.Result(nil); len(r.Changes) > 0 {
		t.Errorf("due %+v", r.Changes)
	}
	// So does one that a filter looks at, whatever else the recording is.
	for _, p := range []retention.Policy{
		{After: day, Between: []retention.Between{{Field: "end_time", GTE: now}}},
		{Keep: true, Between: []retention.Between{{Field: "end_time", GTE: now}}, Filters: map[string]string{"from": "x"}},
	} {
		f := retention.NewFold([]retention.Policy{p, {After: day}}, retention.Options{Now: now})
		r := &resource.Recording{ID: "r", Times: map[string]string{"created_at": "2026-11-01T00:00:00Z", "end_time": "soon"}}
		if err := f.Look(r); err == nil {
			t.Error("it is judged")
		}
		if _, err := f.Passes(0, r, p.Filters); err == nil {
			t.Error("it is found to be within")
		}
	}
}

// one is what becomes of one recording, which Telnyx's filter finds for whatever is asked, or not; nil where it is kept.
func one(t tb, policies []retention.Policy, now time.Time, found bool, r *resource.Recording) (*retention.Item, *retention.Policy) {
	t.Helper()
	f := retention.NewFold(policies, retention.Options{Unit: "recording", Now: now})
	if err := f.Look(r); err != nil {
		t.Fatal(err)
	}
	for rounds := 0; ; rounds++ {
		open, err := f.Ask()
		if err != nil || rounds > len(policies) {
			t.Fatalf("round %d: %v", rounds, err)
		}
		if len(open) == 0 {
			break
		}
		for _, i := range open {
			f.Tell(i, map[string]bool{r.ID: found})
		}
	}
	changes := f.Result(nil).Changes
	if len(changes) == 0 {
		return nil, nil
	}
	items := changes[0].Items.(retention.Items)
	if len(changes) != 1 || items.Len() != 1 {
		t.Fatalf("%+v", changes)
	}
	return &items.List[0], changes[0].Do.(*retention.Policy)
}

// A recording is due at the very moment at which it is as old as its policy says, wherever its date was written.
func TestDueAtItsAge(t *testing.T) {
	created := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)
	for _, text := range []string{
		"2026-10-25T00:30:00Z", "2026-10-25T02:30:00+02:00", "2026-10-24T12:30:00-12:00", "2026-10-25T14:30:00+14:00", "2026-10-25T00:30:00.000000000Z", "2026-10-25T00:30:00+00:00",
		"2026-10-25T00:30:00-00:00", "2026-10-25T06:15:00+05:45",
	} {
		for _, test := range []struct {
			off time.Duration
			due bool
		}{{0, true}, {-1, false}, {1, true}, {-day, false}} {
			due, _ := one(t, []retention.Policy{{After: 30 * day}}, created.Add(30*day+test.off), false,
				&resource.Recording{ID: "r", Times: map[string]string{"created_at": text}})
			if (due != nil) != test.due {
				t.Errorf("%s, %v after its time: due %v", text, test.off, due)
			}
			if due != nil && !due.Created.Equal(created) {
				t.Errorf("%s is taken for %v", text, due.Created)
			}
		}
	}
}

func TestMask(t *testing.T) {
	for party, want := range map[string]string{
		"": "", "+15125550100": "+1512…0100", "+4930123456789": "+4930…6789", "15125550100": "15125…0100", "+1512555010": "+1512…5010",
		"+151255501": "…", "911": "…", "anonymous": "…", "sip:alice@example.com": "…", "+1512555 0100": "…", "＋１５１２５５５０１００": "…", "Jane Doe": "…",
	} {
		if got := retention.Mask(party); got != want {
			t.Errorf("%q shows as %q, want %q", party, got, want)
		}
	}
}

// A report says what it saw of each policy, and a deletion of whom it was, masked.
func TestDueIsMasked(t *testing.T) {
	p := retention.Policy{Addr: resource.Addr{Kind: "recording_retention", Name: "p"}, After: day, Archive: "/a", Max: 3}
	due, by := one(t, []retention.Policy{p}, time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC), false,
		&resource.Recording{ID: "r", From: "+15125550100", To: "sip:bob@example.com", Millis: 7, Times: map[string]string{"created_at": "2026-11-01T00:00:00Z"}})
	if due == nil || due.From != "+1512…0100" || due.To != "…" || due.Millis != 7 || by.Addr != p.Addr || by.Archive != "/a" || by.Max != 3 {
		t.Errorf("%+v by %+v", due, by)
	}
}

// A party may be written in another way than it is asked for. What Telnyx's own filter finds all the same is
// kept for as long as the policy says that asks for it, and then goes by whichever other means it.
func TestAPartyThatIsWrittenInAnotherWay(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	policy := func(name string, after time.Duration, filters map[string]string) retention.Policy {
		return retention.Policy{Addr: resource.Addr{Kind: "recording_retention", Name: name}, Filters: filters, After: after}
	}
	sales := policy("sales", 365*day, map[string]string{"from": "+15125550100"})
	archived, bounded, observed := sales, sales, sales
	archived.Archive, bounded.Max, observed.Observe = "/archive", 1, true
	for _, c := range []struct {
		special retention.Policy
		age     time.Duration
		from    string
		found   bool   // by Telnyx
		want    string // the policy that deletes it
	}{
		{sales, 200 * day, "sip:+15125550100@example.com", true, ""},
		{sales, 400 * day, "sip:+15125550100@example.com", true, "default"},
		{archived, 400 * day, "sip:+15125550100@example.com", true, ""},
		{bounded, 400 * day, "sip:+15125550100@example.com", true, ""},
		{observed, 400 * day, "sip:+15125550100@example.com", true, ""}, // else the default would delete what it only tells
		{sales, 200 * day, "sip:+15125550199@example.com", false, "default"},
		{sales, 200 * day, "+15125550199", true, "default"}, // it is another number, whatever Telnyx finds
		{sales, 200 * day, "+15125550100", false, ""},       // as it is asked for, Telnyx need not say so
		{sales, 400 * day, "+15125550100", true, "sales"},
	} {
		r := &resource.Recording{
			ID: "r", From: c.from, Fields: map[string]string{"from": c.from}, Times: map[string]string{"created_at": now.Add(-c.age).Format(time.RFC3339)},
		}
		got := ""
		if due, by := one(t, []retention.Policy{policy("default", 90*day, nil), c.special}, now, c.found, r); due != nil {
			got = by.Addr.Name
		}
		if got != c.want {
			t.Errorf("%s, %v old, found %t: deleted by %q, want %q", c.from, c.age, c.found, got, c.want)
		}
	}
}

// What a policy may mean and leaves in one's own storage no other policy deletes.
func TestWhatMayStayInOnesOwnStorage(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	policies := []retention.Policy{
		{Addr: resource.Addr{Kind: "recording_retention", Name: "default"}, After: 90 * day, DeletesOwn: true},
		{Addr: resource.Addr{Kind: "recording_retention", Name: "sales"}, After: 100 * day, Filters: map[string]string{"from": "+15125550100"}},
	}
	for own, want := range map[bool]string{true: "", false: "default"} {
		r := &resource.Recording{
			ID: "r", Own: own, Fields: map[string]string{"from": "sip:+15125550100@example.com"}, Times: map[string]string{"created_at": now.Add(-400 * day).Format(time.RFC3339)},
		}
		got := ""
		if due, by := one(t, policies, now, true, r); due != nil {
			got = by.Addr.Name
		}
		if got != want {
			t.Errorf("in one's own storage: %v, deleted by %q, want %q", own, got, want)
		}
	}
}

// Nothing that may be due, or that an earlier run had begun to delete, is younger than what is looked at.
func TestUntil(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	policies := []retention.Policy{{After: 90 * day}, {After: 30 * day}, {Keep: true}}
	begun := func(age time.Duration) []resource.Deletion {
		return []resource.Deletion{{Items: []resource.Deleted{{Created: now.Add(-99 * day)}, {Created: now.Add(-age)}}}}
	}
	for _, c := range []struct {
		policies []retention.Policy
		begun    []resource.Deletion
		want     time.Duration // before now
	}{
		{policies, nil, 30 * day},
		{policies, begun(60 * day), 30 * day},
		{policies, begun(10*day + time.Millisecond), 10*day - time.Second + time.Millisecond}, // Telnyx is asked in whole seconds
		{policies[2:], begun(10 * day), 10*day - time.Second},
	} {
		if got := now.Sub(retention.Until(c.policies, c.begun, now)); got != c.want {
			t.Errorf("of %d policies and %d deletions it is %v ago, want %v", len(c.policies), len(c.begun), got, c.want)
		}
	}
}
