package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

// moment is an account and a state that can be put back.
type moment struct {
	account []byte
	state   string
}

func (r *teams) moment() moment {
	r.t.Helper()
	m := moment{r.sim.Account(), filepath.Join(r.t.TempDir(), "saved")}
	if err := os.CopyFS(m.state, os.DirFS(r.state)); err != nil {
		r.t.Fatal(err)
	}
	return m
}

func (r *teams) back(m moment) {
	r.t.Helper()
	r.killer.arm(0, "", nil)
	r.sim.ClearFaults()
	r.clear()
	r.mu.Lock()
	r.uploads = nil
	r.mu.Unlock()
	err := r.sim.SetAccount(m.account)
	if err == nil {
		err = os.RemoveAll(r.state)
	}
	if err == nil {
		err = os.CopyFS(r.state, os.DirFS(m.state))
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// numberStory is an account of which the files ask for everything that can be done with numbers: an
// emergency address is set, numbers are moved to another location, one that failed is tried again, one is
// uploaded, and others are assigned first. The moments are those before each pass that does something.
type numberStory struct {
	*teams
	moments []moment
}

const numberStoryBefore = theOffice + `
locations:
  office: {connection: hq, location_id: floor-14, static_emergency_address_id: emergency-14}
phone_numbers:
  moved: {connection: hq, location: office, numbers: ["+15125550200-+15125550201"]}
  failing: {connection: hq, location: office, usage: calling_user_assignment, numbers: ["+15125550300-+15125550301"]}
`

const numberStoryAfter = theOffice + `
locations:
  office: {connection: hq, location_id: floor-14, static_emergency_address_id: emergency-14}
  upstairs: {connection: hq, location_id: floor-15, static_emergency_address_id: emergency-15}
phone_numbers:
  moved: {connection: hq, location: upstairs, numbers: ["+15125550200-+15125550201"]}
  failing: {connection: hq, location: office, usage: calling_user_assignment, numbers: ["+15125550300-+15125550301"]}
  assigned: {connection: hq, location_id: lobby, numbers: ["+15125550400"]}
  fresh: {connection: hq, civic_address_id: lamar, usage: first_party_app_assignment, numbers: ["+15125550500-+15125550502"], allow_move: true}
`

func numberStoryEnd() map[string]string {
	return map[string]string{
		"+15125550200": "floor-15", "+15125550201": "floor-15", "+15125550300": "floor-14", "+15125550301": "floor-14",
		"+15125550400": "lobby", "+15125550500": "lobby", "+15125550501": "lobby", "+15125550502": "lobby",
	}
}

// storyTime is how long Telnyx takes in the story, by the clock of the account.
const storyTime = time.Minute

func newNumberStory(t *testing.T, switches map[string]string) *numberStory {
	t.Helper()
	s := &numberStory{teams: newTeams(t, telnyxsim.Config{UploadTime: storyTime})}
	s.own("+15125550200@100", "+15125550201@100", "+15125550300@100", "+15125550301@100", "+15125550400@100",
		"+15125550500", "+15125550501", "+15125550502@200")
	s.edit("connection_phone_numbers", map[string]any{"200": []any{
		map[string]any{"number_id": "15125550502", "telephone_number": "+15125550502", "location_id": "attic", "civic_address_id": "elsewhere"},
	}})
	s.edit("_upload_failures", []any{map[string]any{"telephone_number": "+15125550300"}})
	for name, value := range switches {
		s.edit(name, value)
	}
	s.write("a.yaml", numberStoryBefore)
	s.times.RetryBase = time.Millisecond
	s.apply()
	s.sim.Advance(storyTime)
	s.apply() // it learns of the failure
	s.sim.Advance(2 * storyTime)
	time.Sleep(2 * time.Millisecond)
	if p, _ := s.look(); p.PhoneNumbers.Counts.Placed != 3 || len(p.PhoneNumbers.Changes) != 1 {
		t.Fatalf("the story begins with %+v", p)
	}
	s.write("a.yaml", numberStoryAfter)
	s.back(s.moment())
	for last := false; !last; { // the last one writes no more than the state
		m := s.moment()
		p, code := s.look()
		last = code == exitOK && len(p.PhoneNumbers.Waiting) == 0
		s.apply()
		s.sim.Advance(storyTime)
		if s.moments = append(s.moments, m); len(s.moments) > 5 {
			t.Fatalf("the story does not end:\n%s", s.shown())
		}
	}
	s.check("undisturbed")
	return s
}

// finish lets passes follow: at once, when what was sent is still on its way, and after so long a time
// that what has not shown never will.
func (s *numberStory) finish(what string) {
	s.t.Helper()
	s.times.ChangeDeadline = 0
	for range 2 {
		s.apply()
		s.sim.Advance(storyTime / 4)
	}
	s.sim.Advance(storyTime)
	s.times.ChangeDeadline = time.Millisecond
	const most = 8
	for range most {
		if p, code := s.look(); code == exitOK && len(p.PhoneNumbers.Waiting) == 0 {
			break
		}
		s.apply()
		s.sim.Advance(storyTime)
	}
	s.check(what)
}

// check wants the end of the story.
func (s *numberStory) check(what string) {
	s.t.Helper()
	if got, want := s.placed("100"), numberStoryEnd(); !maps.Equal(got, want) {
		s.t.Errorf("%s: on Teams are %v, want %v", what, got, want)
	}
	if got := s.emergency("100"); got != "floor-14: emergency-14, floor-15: emergency-15" {
		s.t.Errorf("%s: emergency addresses: %s", what, got)
	}
	if n := len(s.assigned("100")); n != len(numberStoryEnd()) {
		s.t.Errorf("%s: %d numbers are assigned", what, n)
	}
	if p, code := s.look(); code != exitOK || len(p.PhoneNumbers.Waiting) > 0 {
		s.t.Errorf("%s: the next diff ends with %d:\n%s", what, code, s.shown())
	}
	if out := s.ends(0, "state", "list"); strings.Contains(out, "in doubt:") {
		s.t.Errorf("%s: %s", what, out)
	}
	for id, n := range s.uploaded() {
		if n > 1 {
			s.t.Errorf("%s: %s was uploaded %d times", what, id, n)
		}
	}
	if v := s.sim.Violations(); len(v) > 0 {
		s.t.Errorf("%s: violations: %q", what, v)
		s.sim.ClearViolations()
	}
}

// emergency lists the emergency addresses of a connection's locations.
func (r *teams) emergency(connection string) string {
	var all []string
	for _, a := range r.objects("civic_addresses", connection) {
		for _, l := range a["locations"].([]any) {
			if l := l.(map[string]any); l["_static_emergency_address_id"] != nil {
				all = append(all, fmt.Sprintf("%v: %v", l["id"], l["_static_emergency_address_id"]))
			}
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func TestKilledAtEveryStepWithNumbers(t *testing.T) {
	t.Parallel()
	otherwise := map[string]string{"_retry_ticket": "same", "_numbers_listed": "when_assigned", "_location_repatch": "accept"}
	for _, c := range []struct {
		mode     string
		switches map[string]string
	}{{"before", nil}, {"committed", nil}, {"committed", otherwise}, {"answered", otherwise}} {
		t.Run(c.mode, func(t *testing.T) {
			t.Parallel()
			s := newNumberStory(t, c.switches)
			s.killOnWrites.Store(c.mode == "committed") // a read changes nothing: see before
			steps := 0
			for i, m := range s.moments {
				for n := 1; ; n += stride {
					s.back(m)
					if !s.killer.killed(s.rig, n, c.mode, "apply", "--yes", "--settle", "5ms", "--retry-base", "1ms", s.dir) {
						break
					}
					steps++
					s.finish(fmt.Sprintf("killed at step %d of pass %d", n, i+1))
				}
			}
			t.Logf("%d steps of %d passes", steps, len(s.moments))
		})
	}
}

func TestLostAnswersForNumbers(t *testing.T) {
	t.Parallel()
	const uploads = "POST /external_connections/*/uploads"
	passes := [][]string{
		{
			"PATCH /external_connections/*/locations/*", "PATCH /external_connections/*/phone_numbers/*",
			"POST /phone_numbers/jobs/update_phone_numbers", uploads, uploads + "/*/retry",
		},
		{uploads},
	}
	for _, c := range []struct {
		do       string
		switches map[string]string
		late     bool // when anybody looks, Telnyx has done it
	}{
		{do: "drop-before-commit"},
		{do: "drop-after-commit"},
		{do: "html"},
		{do: "status"},
		{do: "drop-after-commit", switches: map[string]string{"_retry_ticket": "same", "_numbers_listed": "when_assigned", "_location_repatch": "accept"}},
		{do: "html", switches: map[string]string{"_retry_ticket": "same", "_numbers_lag": "90s"}, late: true},
		{do: "drop-before-commit", switches: map[string]string{"_retry_ticket": "same", "_numbers_listed": "when_assigned"}, late: true},
	} {
		t.Run(fmt.Sprint(c.do, c.switches), func(t *testing.T) {
			t.Parallel()
			s := newNumberStory(t, c.switches)
			for i, matches := range passes {
				for _, match := range matches {
					for _, times := range []string{"1", "-1"} {
						if times == "-1" && match[:5] == "PATCH" && c.switches != nil {
							continue // the client is patient, and nothing of it depends on the switches
						}
						s.back(s.moments[i])
						s.fault(match, c.do, "times", times)
						s.times.ChangeDeadline = 0
						out, _ := s.apply()
						if left := strings.TrimSpace(string(s.control("GET", "/faults", nil))); times == "1" && left != "[]" {
							t.Fatalf("pass %d has no %s: %s", i+1, match, out)
						}
						s.sim.ClearFaults()
						if c.late {
							s.sim.Advance(storyTime)
						}
						s.finish(fmt.Sprintf("pass %d, %s of %s, times %s", i+1, c.do, match, times))
						if t.Failed() {
							t.Fatalf("it began with\n%s", out)
						}
					}
				}
			}
		})
	}
}

// An assignment whose answer was lost leaves no trace until the numbers are on their connection: that is
// waited for, and only then is it sent again.
func TestALostAssignment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		do  string
		all int // jobs in all
	}{
		{"drop-after-commit", 1},
		{"drop-before-commit", 2},
	} {
		t.Run(c.do, func(t *testing.T) {
			t.Parallel()
			r := newTeams(t, telnyxsim.Config{UploadTime: storyTime})
			r.own(from(15125550100, 2)...)
			r.write("a.yaml", theOffice+`phone_numbers: {users: {connection: hq, location_id: lobby, numbers: ["+15125550100-+15125550101"]}}`)
			r.fault("POST /phone_numbers/jobs/update_phone_numbers", c.do)
			const job = "POST /phone_numbers/jobs/update_phone_numbers"
			out, code := r.apply()
			if code != exitOK || !strings.Contains(out, "submitted: assign 2 numbers") {
				t.Errorf("exit code %d\n%s", code, out)
			}
			for range 3 { // whatever is asked meanwhile
				r.apply()
			}
			p, code := r.look()
			if n := p.PhoneNumbers; code != exitOK || len(n.Changes) > 0 || len(n.Waiting) != 1 || n.Waiting[0].why() != "an assignment was sent and its answer lost: whether it is done shows" {
				t.Errorf("exit code %d, %+v", code, p)
			}
			if n := r.posts()[job]; n != 1 {
				t.Errorf("%d jobs, want one", n)
			}
			r.sim.Advance(storyTime)
			for range 2 {
				r.apply()
			}
			if n := r.posts()[job]; n != 1 {
				t.Errorf("%d jobs before the deadline, want one", n)
			}
			r.times.ChangeDeadline, r.times.RetryBase = time.Nanosecond, time.Millisecond
			const most = 6
			for range most {
				r.apply()
				r.sim.Advance(storyTime)
				time.Sleep(2 * time.Millisecond)
			}
			if n := r.posts()[job]; n != c.all || len(r.placed("100")) != 2 {
				t.Errorf("%d jobs, want %d; on Teams: %v\n%s", n, c.all, r.placed("100"), r.shown())
			}
		})
	}
}

// What is on its way is seen without any state, too, and whoever began it.
func TestNumbersOnTheirWayThatNobodyRemembers(t *testing.T) {
	t.Parallel()
	s := newNumberStory(t, map[string]string{"_location_repatch": "accept"}) // what was accepted there is forgotten, too
	forgets := func() {
		if err := os.RemoveAll(s.state); err != nil {
			t.Fatal(err)
		}
	}
	for i, m := range s.moments {
		s.back(m)
		s.times.ChangeDeadline = 0
		s.apply()
		for range 2 {
			forgets()
			s.here("diff", "--no-state")
			s.apply()
			s.sim.Advance(storyTime / 4)
		}
		s.finish(fmt.Sprintf("forgotten after pass %d", i+1))
	}
}
