package retention_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"

	"pgregory.net/rapid"
)

// thing is a recording as it really is: Telnyx's own filter sees all of it, an answer shows some.
type thing struct {
	id       string
	fields   map[string]string
	hides    map[string]bool
	created  time.Time
	started  time.Time
	text     string // created as Telnyx writes it
	from, to string
	millis   int64
	own      bool // it lies in the customer's own storage
}

func (r *thing) shown() *resource.Recording {
	out := &resource.Recording{
		ID: r.id, From: r.from, To: r.to, Millis: r.millis, Own: r.own, Fields: map[string]string{},
		Times: map[string]string{"created_at": r.text, "start_time": r.started.Format(time.RFC3339Nano), "end_time": r.started.Format(time.RFC3339Nano)},
	}
	for name, v := range r.fields {
		if !r.hides[name] {
			out.Fields[name] = v
		}
	}
	return out
}

// The oracle, from the words of the requirement and from nothing else.

func passes(p *retention.Policy, r *thing) bool {
	for name, v := range p.Filters {
		if r.fields[name] != v {
			return false
		}
	}
	for _, b := range p.Between {
		at := map[string]time.Time{"created_at": r.created, "start_time": r.started, "end_time": r.started}[b.Field]
		if !b.GTE.IsZero() && at.Before(b.GTE) || !b.LTE.IsZero() && at.After(b.LTE) {
			return false
		}
	}
	return true
}

func asksFor(p *retention.Policy) (n int) {
	for _, b := range p.Between {
		for _, t := range []time.Time{b.GTE, b.LTE} {
			if !t.IsZero() {
				n++
			}
		}
	}
	return n + len(p.Filters)
}

// deletedBy is the policy by which a recording is deleted; nil where it is kept.
func deletedBy(policies []retention.Policy, r *thing, now time.Time) *retention.Policy {
	p := dueBy(policies, r, now)
	if p != nil && r.own && !p.DeletesOwn {
		return nil
	}
	return p
}

// dueBy is the policy by which a recording is old enough; nil where it is kept.
func dueBy(policies []retention.Policy, r *thing, now time.Time) *retention.Policy {
	var best *retention.Policy
	for i := range policies {
		p := &policies[i]
		switch {
		case !passes(p, r):
		case p.Keep:
			return nil
		case best == nil,
			asksFor(p) > asksFor(best),
			asksFor(p) == asksFor(best) && p.After > best.After,
			asksFor(p) == asksFor(best) && p.After == best.After && p.Addr.Compare(best.Addr) < 0:
			best = p
		}
	}
	if best == nil || now.Sub(r.created) < best.After {
		return nil
	}
	return best
}

const day = 24 * time.Hour

var filterNames = []string{"connection_id", "from", "sip_call_id"}

func drawTime(t *rapid.T, now time.Time, what string) time.Time {
	// Around the bounds that policies have, and on them.
	at := now.Add(-time.Duration(rapid.IntRange(0, 6).Draw(t, what)) * day)
	return at.Add(rapid.SampledFrom([]time.Duration{0, 0, 1, -1, time.Millisecond, -time.Second, 12 * time.Hour}).Draw(t, what+" off"))
}

var zones = []*time.Location{
	time.UTC, time.FixedZone("", 5*3600+1800), time.FixedZone("", -12*3600), time.FixedZone("", 14*3600), time.FixedZone("", -3600-2700),
}

func drawThings(t *rapid.T, now time.Time) (list []thing) {
	for i := range rapid.IntRange(0, 8).Draw(t, "things") {
		r := thing{id: fmt.Sprint("r", i), fields: map[string]string{}, hides: map[string]bool{}}
		for _, name := range filterNames {
			if v := rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, name); v != "" {
				r.fields[name] = v
				r.hides[name] = name == "sip_call_id" || rapid.IntRange(0, 3).Draw(t, "hidden") == 0
			}
		}
		r.millis = int64(rapid.IntRange(0, 5000).Draw(t, "ms"))
		r.own = rapid.IntRange(0, 3).Draw(t, "own") == 0
		r.created, r.started = drawTime(t, now, "created"), drawTime(t, now, "started")
		r.text = r.created.In(rapid.SampledFrom(zones).Draw(t, "zone")).Format(time.RFC3339Nano)
		list = append(list, r)
	}
	return list
}

func drawPolicies(t *rapid.T, now time.Time) (list []retention.Policy) {
	for i := range rapid.IntRange(0, 5).Draw(t, "policies") {
		p := retention.Policy{Addr: resource.Addr{Kind: "recording_retention", Name: fmt.Sprint("p", i)}, Filters: map[string]string{}}
		for _, name := range filterNames {
			if v := rapid.SampledFrom([]string{"", "", "1", "2"}).Draw(t, "filter "+name); v != "" {
				p.Filters[name] = v
			}
		}
		for _, field := range []string{"created_at", "start_time"} {
			b := retention.Between{Field: field}
			if rapid.IntRange(0, 4).Draw(t, "gte") == 0 {
				b.GTE = drawTime(t, now, "from")
			}
			if rapid.IntRange(0, 4).Draw(t, "lte") == 0 {
				b.LTE = drawTime(t, now, "until")
			}
			if b != (retention.Between{Field: field}) {
				p.Between = append(p.Between, b)
			}
		}
		if p.Keep = rapid.IntRange(0, 3).Draw(t, "hold") == 0; !p.Keep {
			p.After = time.Duration(rapid.IntRange(1, 5).Draw(t, "after")) * day
			p.DeletesOwn = rapid.Bool().Draw(t, "deletes own")
		}
		list = append(list, p)
	}
	return list
}

// judged is which policy deletes what. telnyx tells whether its filter finds a recording for a policy.
func judged(t *rapid.T, policies []retention.Policy, things []thing, now time.Time, telnyx func(p *retention.Policy, r *thing) bool) map[string]*retention.Policy {
	result := foldedBy(t, policies, retention.Options{Unit: "recording", Now: now, Batch: 2}, cutUp(t, things), rapid.Bool().Draw(t, "early"), telnyx)
	out := map[string]*retention.Policy{}
	for _, c := range result.Changes {
		for id := range c.Items.IDs() {
			out[id] = c.Do.(*retention.Policy)
		}
	}
	return out
}

func byFilters(p *retention.Policy, r *thing) bool {
	return passes(&retention.Policy{Filters: p.Filters}, r)
}

func names(due map[string]*retention.Policy) map[string]string {
	out := map[string]string{}
	for id, p := range due {
		out[id] = p.Addr.Name
	}
	return out
}

func TestJudgeAgainstTheOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)
		policies, things := drawPolicies(t, now), drawThings(t, now)
		got := names(judged(t, policies, things, now, byFilters))
		want := map[string]string{}
		for i := range things {
			if p := deletedBy(policies, &things[i], now); p != nil {
				want[things[i].id] = p.Addr.Name
			}
		}
		if !maps.Equal(got, want) {
			t.Fatalf("due %v, want %v", got, want)
		}
	})
}

// Where Telnyx's filter finds more for a hold than is compared here, that is held as well, within the times
// that the hold has.
func TestAHoldTakesWhatTelnyxFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)
		policies, things := drawPolicies(t, now), drawThings(t, now)
		also := map[string]bool{}
		for _, r := range things {
			also[r.id] = rapid.Bool().Draw(t, "found")
		}
		found := func(p *retention.Policy, r *thing) bool { return byFilters(p, r) || p.Keep && also[r.id] }
		got := names(judged(t, policies, things, now, found))
		for i := range things {
			r := &things[i]
			held := slices.ContainsFunc(policies, func(p retention.Policy) bool {
				times := retention.Policy{Between: p.Between}
				return p.Keep && len(p.Filters) > 0 && passes(&times, r) && also[r.id]
			})
			p := deletedBy(policies, r, now)
			if _, due := got[r.id]; due != (p != nil && !held) {
				t.Fatalf("%s is due: %v; it is held: %v", r.id, due, held)
			}
		}
	})
}

// Of a policy whose filter cannot be told, whatever it turns out to be: nothing is deleted that would not
// have been, and what it says of archives and bounds is not passed over.
func TestAPolicyThatCannotBeTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)
		truly, things := drawPolicies(t, now), drawThings(t, now)
		judgedBy := slices.Clone(truly)
		for i := range judgedBy {
			p := &judgedBy[i]
			if _, by := p.Filters["connection_id"]; !by || p.Keep || rapid.Bool().Draw(t, "told") {
				continue
			}
			p.Filters = maps.Clone(p.Filters)
			delete(p.Filters, "connection_id")
			p.Untold = 1
			if rapid.Bool().Draw(t, "archives") {
				p.Archive = "/archive"
			}
		}
		for id, by := range judged(t, judgedBy, things, now, byFilters) {
			r := &things[slices.IndexFunc(things, func(r thing) bool { return r.id == id })]
			p := deletedBy(truly, r, now)
			if p == nil {
				t.Fatalf("%s would be deleted by %s", id, by.Addr)
			}
			i := slices.IndexFunc(judgedBy, func(q retention.Policy) bool { return q.Addr == p.Addr })
			if by.Untold > 0 || judgedBy[i].Archive != "" {
				t.Fatalf("%s would be deleted by %s, and it is %s that says how", id, by.Addr, p.Addr)
			}
		}
	})
}

func TestMaskShowsNoWholeNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		party := rapid.OneOf(rapid.StringMatching(`\+?[0-9]{0,16}`), rapid.String(), rapid.StringMatching(`sips?:[a-z0-9+@.]{0,20}`)).Draw(t, "party")
		got := []rune(retention.Mask(party))
		switch all := []rune(party); {
		case len(all) == 0 && len(got) == 0:
		case len(got) == 1 && got[0] == '…' && len(all) > 0:
		case len(got) == 10 && len(all) >= 11 && string(got[:5]) == string(all[:5]) && got[5] == '…' && string(got[6:]) == string(all[len(all)-4:]):
		default:
			t.Fatalf("%q shows as %q", party, string(got))
		}
	})
}
