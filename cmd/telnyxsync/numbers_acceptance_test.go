package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

// An account of 2,500 numbers that nobody has assigned ends with all of them on Teams, but for three that
// can never get there: by one command, in the least number of uploads.
func TestNumbersComeToTeams(t *testing.T) {
	t.Parallel()
	parked := map[string]string{
		"+15125550007": "unable_to_match_geography_entry", "+15125551500": "unknown_country_code", "+15125552499": "unable_to_retrieve_location",
	}
	for _, c := range []struct {
		name     string
		switches map[string]string
	}{
		{name: "as documented"},
		{name: "as it may be", switches: map[string]string{"_retry_ticket": "same", "_numbers_listed": "when_assigned", "_numbers_lag": "1500ms"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newTeams(t, telnyxsim.Config{UploadTime: 200 * time.Millisecond})
			r.own(from(15125550000, 2500)...)
			r.failures(parked)
			for name, value := range c.switches {
				r.edit(name, value)
			}
			r.write("a.yaml", theOffice+`
locations:
  office: {connection: hq, location_id: floor-14, static_emergency_address_id: emergency-14}
phone_numbers:
  by-entry: {connection: hq, location: office, usage: calling_user_assignment, numbers: ["+15125550000-+15125550999"]}
  by-location: {connection: hq, location_id: floor-15, usage: calling_user_assignment, numbers: ["+15125551000-+15125552000"]}
  by-address: {connection: hq, civic_address_id: lamar, usage: calling_user_assignment, numbers: ["+15125552001-+15125552499"]}
`)
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // it takes seconds where nothing else runs
			defer cancel()
			cmd := r.process(ctx, "apply", "--yes", "--wait=8m", "--retry-base", "50ms", "--batch-settle", "8m", "--state", r.state)
			var stdout, said bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &said
			_ = cmd.Run() // the code tells
			out, stderr := stdout.String(), said.String()
			if code := cmd.ProcessState.ExitCode(); code != exitError {
				t.Fatalf("exit code %d, want 1: three numbers are parked\n%s%s", code, out, stderr)
			}

			// The calls: each place as few uploads as Telnyx allows, all else retries.
			posts := r.posts()
			retries := posts["POST /external_connections/100/uploads/*/retry"]
			delete(posts, "POST /external_connections/100/uploads/*/retry")
			if want := map[string]int{
				"PATCH /external_connections/100/locations/floor-14": 1,
				"POST /phone_numbers/jobs/update_phone_numbers":      4,
				"POST /external_connections/100/uploads":             4,
			}; !maps.Equal(posts, want) || retries < 3 {
				t.Errorf("writes: %v and %d retries, want %v and a few", posts, retries, want)
			}
			sizes := map[string][]int{}
			for _, u := range r.seen() {
				if u.retried == "" {
					sizes[u.place] = append(sizes[u.place], len(u.ids))
					slices.Sort(sizes[u.place])
				}
			}
			if got, want := fmt.Sprint(sizes), "map[floor-14:[1000] floor-15:[1 1000] lamar:[499]]"; got != want {
				t.Errorf("uploads: %s, want %s", got, want)
			}

			// The account: each number where it is wanted.
			places := map[string]int{}
			on := r.placed("100")
			for _, place := range on {
				places[place]++
			}
			if got, want := fmt.Sprint(places), "map[floor-14:999 floor-15:1000 lobby:498]"; got != want {
				t.Errorf("on Teams: %s, want %s", got, want)
			}
			for n, code := range parked {
				if on[n] != "" {
					t.Errorf("%s is on Teams", n)
				}
				if !strings.Contains(out, n) || !strings.Contains(out, "parked: "+code) {
					t.Errorf("%s and %s are missing in the output", n, code)
				}
			}
			for _, text := range []string{"3 problems, see below.", "; 3 numbers parked.", "uploads retry +15125550007"} {
				if !strings.Contains(out, text) {
					t.Errorf("missing: %q", text)
				}
			}
			if !strings.Contains(stderr, "2497 in place, 3 failed, 0 waiting") {
				t.Errorf("stderr: %s", stderr)
			}
			if t.Failed() {
				t.Logf("%s%s", out, stderr)
			}

			// What is left are the three, and nothing is sent for them.
			r.clear()
			text, _ := r.run(1, "diff", "--output", "json")
			p, err := teamsPlanOf(text)
			if err != nil {
				t.Fatal(err)
			}
			if n := p.PhoneNumbers; len(n.Changes)+len(n.Waiting)+len(p.Changes) > 0 || len(p.Problems) != 3 || n.Counts.Placed != 2497 || n.Counts.Parked != 3 {
				t.Errorf("diff: %s", text)
			}
			r.run(1, "apply", "--yes")
			r.run(1, "apply", "--yes", "--wait=5s")
			r.wrote()
		})
	}
}

// shown is what a diff says.
func (r *teams) shown() string {
	out, _ := r.here("diff")
	return out
}

// failures lets one upload in twenty of a number fail, and some numbers for ever.
func (r *teams) failures(forEver map[string]string) {
	r.t.Helper()
	rules := []map[string]any{}
	for _, n := range slices.Sorted(maps.Keys(forEver)) {
		rules = append(rules, map[string]any{"telephone_number": n, "error_code": forEver[n], "times": -1})
	}
	r.edit("_upload_failures", append(rules, map[string]any{"every": 20}))
}

// Whichever way Telnyx turns out to be where its documents say nothing, a few numbers come to Teams in one
// upload for each place.
func TestNumbersComeToTeamsInAnyWay(t *testing.T) {
	t.Parallel()
	parked := map[string]string{
		"+15125550107": "unable_to_match_geography_entry", "+15125550140": "unknown_country_code", "+15125550199": "unable_to_retrieve_location",
	}
	for i := range 8 {
		switches := map[string]string{
			"_retry_ticket":   [...]string{"new", "same"}[i&1],
			"_numbers_listed": [...]string{"after_upload", "when_assigned"}[i>>1&1],
			"_numbers_lag":    [...]string{"0s", "40s"}[i>>2],
		}
		t.Run(fmt.Sprint(switches), func(t *testing.T) {
			t.Parallel()
			r := newTeams(t, telnyxsim.Config{UploadTime: time.Minute}) // by its clock, which is moved
			r.times.RetryBase = time.Millisecond
			r.own(from(15125550100, 100)...)
			r.failures(parked)
			for name, value := range switches {
				r.edit(name, value)
			}
			r.write("a.yaml", theOffice+`
locations:
  office: {connection: hq, location_id: floor-14, static_emergency_address_id: emergency-14}
phone_numbers:
  by-entry: {connection: hq, location: office, numbers: ["+15125550100-+15125550139"]}
  by-location: {connection: hq, location_id: floor-15, additional_usages: [first_party_app_assignment], numbers: ["+15125550140-+15125550180"]}
  by-address: {connection: hq, civic_address_id: lamar, usage: calling_user_assignment, numbers: ["+15125550181-+15125550199"]}
`)
			const most = 40
			passes := 0
			for ; passes < most; passes++ {
				out, code := r.apply()
				if strings.Contains(out, "\nunknown: ") || strings.Contains(out, "\nfailed: ") {
					t.Fatalf("pass %d: %s", passes, out)
				}
				if p, _ := r.look(); code == 1 && len(p.PhoneNumbers.Changes)+len(p.PhoneNumbers.Waiting) == 0 {
					break
				}
				r.sim.Advance(15 * time.Second)
				time.Sleep(3 * time.Millisecond) // what failed is due
			}
			if n := len(r.placed("100")); n != 97 || passes == most {
				t.Errorf("after %d passes %d numbers are on Teams, want 97\n%s", passes, n, r.shown())
			}
			for id, n := range r.uploaded() {
				if _, bad := parked["+"+id]; n > 4 && !bad {
					t.Errorf("%s was uploaded %d times", id, n)
				}
			}
			posts := r.posts()
			if jobs, uploads := posts["POST /phone_numbers/jobs/update_phone_numbers"], posts["POST /external_connections/100/uploads"]; jobs != 3 || uploads != 3 {
				t.Errorf("%d jobs and %d uploads, want 3 of each", jobs, uploads)
			}
			p, code := r.look()
			if code != 1 || len(p.Problems) != 3 || p.PhoneNumbers.Counts.Parked != 3 {
				t.Errorf("exit code %d, %+v", code, p)
			}
		})
	}
}
