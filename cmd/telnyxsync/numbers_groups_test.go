package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/state"
	"telnyxsync/internal/telnyxsim"
)

// groups writes a file of groups, each "NAME: LOCATION NUMBERS MORE", beside their connection.
func (r *teams) groups(lines ...string) {
	r.t.Helper()
	text := theOffice + "phone_numbers:\n"
	if len(lines) == 0 {
		text = theOffice + "phone_numbers: {}\n"
	}
	for _, line := range lines {
		name, rest, _ := strings.Cut(line, ": ")
		location, rest, _ := strings.Cut(rest, " ")
		numbers, more, _ := strings.Cut(rest, " ")
		text += "  " + name + ": {connection: hq, location_id: " + location + ", numbers: [\"" + numbers + "\"]"
		if more != "" {
			text += ", " + more
		}
		text += "}\n"
	}
	r.write("a.yaml", text)
}

// on is a rig of which some numbers are on Teams by groups.
func on(t *testing.T, numbers int, groups ...string) *teams {
	t.Helper()
	r := newTeams(t, telnyxsim.Config{})
	for _, n := range from(15125550100, numbers) {
		r.own(n + "@100")
	}
	r.groups(groups...)
	const most = 5
	r.until(most)
	return r
}

const forCalls = "usage: calling_user_assignment"

// What a group's numbers are used for cannot be read: it is known as long as any group has them.
func TestARenamedGroupKnowsItsUsage(t *testing.T) {
	t.Parallel()
	const usage = "they were uploaded for calling_user_assignment, and Telnyx cannot change that"
	for _, c := range []struct {
		name string
		do   func(r *teams)
	}{
		{"as it is", func(*teams) {}},
		{"applied", func(r *teams) { r.says(0, anApply, nil) }},
		{"while its numbers cannot be read", func(r *teams) {
			r.fault("GET /external_connections/*/phone_numbers", "status", "times", "-1", "status", "404")
			r.says(1, anApply, nil, "so they are left alone")
			r.sim.ClearFaults()
		}},
		{"while it is only observed", func(r *teams) {
			r.groups("people: floor-14 +15125550100-+15125550101 " + forCalls + ", observe: true")
			r.says(0, anApply, nil)
		}},
		{"while its connection is not there", func(r *teams) {
			r.edit("external_connections", []any{})
			r.ends(1, anApply...)
			r.edit("external_connections", []any{map[string]any{
				"id": "100", "external_sip_connection": "operator_connect", "outbound": map[string]any{"outbound_voice_profile_id": "1"},
				"tags": []any{"telnyxsync:default:hq"},
			}})
			r.clear()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := on(t, 2, "users: floor-14 +15125550100-+15125550101 "+forCalls)
			r.groups("people: floor-14 +15125550100-+15125550101 " + forCalls)
			r.says(0, aDiff, nil, "Plan: nothing to do; 2 unchanged.")
			c.do(r)
			r.groups("people: floor-14 +15125550100-+15125550101 usage: first_party_app_assignment")
			r.says(1, aDiff, nil, "! phone_numbers/people", "2 numbers (+15125550100-+15125550101): bad usage: "+usage)
			r.says(1, anApply, nil, usage)
			r.groups("people: floor-14 +15125550100-+15125550101 " + forCalls)
			r.says(0, anApply, nil)
			if out := r.ends(0, "state", "list"); strings.Contains(out, "phone_numbers/users") {
				t.Errorf("state: %s", out)
			}
		})
	}
}

// A number is in one group at a time: what is on its way follows it to another.
func TestANumberThatChangesItsGroupOnItsWay(t *testing.T) {
	t.Parallel()
	r := newTeams(t, telnyxsim.Config{UploadTime: storyTime})
	r.own(from(15125550100, 3)...)
	r.groups("users: floor-14 +15125550100-+15125550102")
	r.apply() // assigned
	r.groups("users: floor-14 +15125550100-+15125550101", "others: floor-14 +15125550102")
	r.sim.Advance(storyTime)
	r.apply() // uploaded
	r.groups("users: floor-14 +15125550100", "others: floor-14 +15125550101-+15125550102")
	r.says(0, aDiff, nil, "On the way, nothing to be done:", "; 3 numbers on the way.")
	// Elsewhere it goes when it has arrived: nothing tells Telnyx otherwise before.
	r.groups("users: floor-14 +15125550100", "others: lobby +15125550101-+15125550102")
	r.apply()
	r.sim.Advance(storyTime)
	for range 3 {
		r.apply()
		r.sim.Advance(storyTime)
	}
	if got := r.placed("100"); got["+15125550100"] != "floor-14" || got["+15125550101"] != "lobby" || got["+15125550102"] != "lobby" {
		t.Errorf("on Teams: %v\n%s", got, r.shown())
	}
	for id, n := range r.uploaded() {
		if n != 1 {
			t.Errorf("%s was uploaded %d times", id, n)
		}
	}
	r.says(0, aDiff, nil, "nothing to do; 3 unchanged.")
}

// A group that is no longer written is forgotten, with what is on its way; nothing is taken back.
func TestAGroupThatIsRemovedOnItsWay(t *testing.T) {
	t.Parallel()
	r := newTeams(t, telnyxsim.Config{UploadTime: storyTime})
	r.own(from(15125550100, 2)...)
	r.groups("users: floor-14 +15125550100-+15125550101")
	r.apply()
	r.groups()
	for range 3 {
		r.clear()
		out, code := r.apply()
		if code != exitOK {
			t.Errorf("exit code %d: %s", code, out)
		}
		r.wrote()
		r.sim.Advance(storyTime)
	}
	if got := r.assigned("100"); len(got) != 2 {
		t.Errorf("assigned: %v", got)
	}
	r.says(0, aDiff, nil, "Plan: nothing to do; 1 unchanged.")
	// It comes back, and goes on from where it is.
	r.groups("users: floor-14 +15125550100-+15125550101")
	r.says(2, aDiff, nil, "2 numbers to upload")
	r.apply()
	r.sim.Advance(storyTime)
	const most = 3
	r.until(most)
	if n := len(r.placed("100")); n != 2 {
		t.Errorf("%d numbers on Teams, want 2", n)
	}
}

// With an upload time that is over, what has failed for good is let go by an edit.
func TestAParkedNumberIsLetGo(t *testing.T) {
	t.Parallel()
	r := newTeams(t, telnyxsim.Config{})
	r.own("+15125550100@100", "+15125550101@100")
	r.edit("_upload_failures", []any{map[string]any{"telephone_number": "+15125550101", "error_code": "unable_to_retrieve_location", "times": 1}})
	r.groups("users: floor-14 +15125550100-+15125550101")
	r.apply()
	r.apply()
	time.Sleep(2 * time.Millisecond)
	r.says(1, aDiff, nil, "1 number (+15125550101): parked: unable_to_retrieve_location: ", "uploads retry +15125550101")
	r.says(1, anApply, nil)
	// Taken out of the group it is nobody's trouble any more.
	r.groups("users: floor-14 +15125550100")
	r.says(0, anApply, nil, "No longer managed from the next apply on (not a change):\n  phone_numbers/users: 1 number (+15125550101)")
	r.says(0, aDiff, nil)
	// Elsewhere it is tried anew.
	r.groups("users: floor-14 +15125550100", "more: lobby +15125550101")
	r.says(2, aDiff, nil, "↑ upload phone_numbers/more")
	const most = 3
	r.until(most)
	if got := r.placed("100"); got["+15125550101"] != "lobby" {
		t.Errorf("on Teams: %v", got)
	}
}

// Each field of a group, changed: what that asks for, by which calls, and that it is enough.
func TestEveryFieldOfAGroup(t *testing.T) {
	t.Parallel()
	const (
		job     = "POST /phone_numbers/jobs/update_phone_numbers"
		uploads = "POST /external_connections/100/uploads"
		moves   = "PATCH /external_connections/100/phone_numbers/*"
	)
	base := map[string]any{
		"connection": "hq", "location_id": "floor-14", "usage": "calling_user_assignment", "additional_usages": []any{"first_party_app_assignment"},
		"numbers": []any{"+15125550100", "+15125550101"}, "allow_move": false,
	}
	for _, c := range []struct {
		path  string
		v     any
		unset string
		code  int
		calls map[string]int // until there is nothing left to do
	}{
		{path: "/connection", v: map[string]any{"id": "200"}, code: 1}, // its location is not there, and nobody said that they may be moved
		{path: "/location_id", v: "lobby", code: 2, calls: map[string]int{moves: 2}},
		{path: "/civic_address_id", v: "congress", unset: "location_id"}, // where they are
		{path: "/civic_address_id", v: "lamar", unset: "location_id", code: 2, calls: map[string]int{moves: 2}},
		{path: "/location", v: "upstairs", unset: "location_id", code: 2, calls: map[string]int{moves: 2}},
		{path: "/usage", v: "first_party_app_assignment", code: 1},
		{path: "/usage", v: nil, unset: "usage"}, // no longer managed
		{path: "/additional_usages", v: []any{}, code: 1},
		{path: "/numbers", v: []any{"+15125550100", "+15125550101", "+15125550102"}, code: 2, calls: map[string]int{job: 1, uploads: 1}},
		{path: "/numbers", v: []any{"+15125550100"}},
		{path: "/numbers", v: []any{"+15125550100-+15125550101"}},
		{path: "/numbers_file", v: "numbers.txt", code: 2, calls: map[string]int{job: 1, uploads: 1}},
		{path: "/allow_move", v: true},
		{path: "/protect", v: true},
		{path: "/observe", v: true},
		{path: "/ignore", v: []any{"/location_id"}},
	} {
		t.Run(c.path, func(t *testing.T) {
			t.Parallel()
			r := newTeams(t, telnyxsim.Config{})
			r.own("+15125550100@100", "+15125550101@100", "+15125550102")
			r.write("numbers.txt", "+15125550101\n+15125550102\n")
			write := func(group map[string]any) {
				r.write("a.yaml", theOffice+"locations: {upstairs: {connection: hq, location_id: floor-15}}\n"+
					yamlEntries("phone_numbers", map[string]map[string]any{"users": group}))
			}
			write(base)
			const most = 5
			r.until(most)
			r.apply()
			changed := with(base, c.path, c.v)
			if c.path == "/numbers_file" {
				changed["numbers"] = []any{"+15125550100"}
			}
			delete(changed, c.unset)
			write(changed)
			r.says(c.code, aDiff, nil)
			if c.code == exitError {
				r.says(1, anApply, nil)
				return
			}
			r.until(most)
			r.wantPosts(c.calls)
			r.apply()
			r.says(0, aDiff, nil)
		})
	}
}

// A connection is another one: its numbers are taken there, and those of Teams come to Teams again.
func TestAGroupGoesToAnotherConnection(t *testing.T) {
	t.Parallel()
	r := on(t, 2, "users: floor-14 +15125550100-+15125550101 "+forCalls)
	r.write("a.yaml", theOffice+`phone_numbers: {users: {connection: {id: "200"}, location_id: attic, usage: first_party_app_assignment, numbers: ["+15125550100-+15125550101"], allow_move: true}}`)
	r.says(4, aDiff, nil, "this releases 2 numbers from Microsoft Teams on 100, which disconnects the users there", "2 planned, which is all there is")
	r.approveAll()
	const most = 5
	r.until(most)
	if got := r.placed("200"); len(got) != 2 || got["+15125550100"] != "attic" || len(r.placed("100")) != 0 {
		t.Errorf("on Teams: %v\n%s", got, r.shown())
	}
}

func TestWaitingIsOverAfterAWhile(t *testing.T) {
	t.Parallel()
	r := newTeams(t, telnyxsim.Config{UploadTime: time.Hour})
	r.own("+15125550100")
	r.groups("users: floor-14 +15125550100")
	r.says(0, []string{"apply", "--yes", "--wait=1s"}, []string{"POST /phone_numbers/jobs/update_phone_numbers"},
		"after 1s some numbers are still on their way: they go on, and `telnyxsync uploads` follows them", "Now:\nOn the way, nothing to be done:", "; 1 number on the way.")
	r.sim.Advance(time.Hour)
	r.says(0, anApply, []string{"POST /external_connections/100/uploads"})
	r.sim.Advance(time.Hour)
	// There is nothing left to wait for: it ends at once.
	r.says(0, []string{"apply", "--yes", "--wait=10m"}, nil, "Plan: nothing to do; 2 unchanged.")
}

func TestApplyThatWaitsAsJSON(t *testing.T) {
	t.Parallel()
	r := newTeams(t, telnyxsim.Config{})
	r.own("+15125550100")
	r.groups("users: floor-14 +15125550100")
	out, stderr := r.run(0, "apply", "--yes", "--wait=30s", "--output", "json")
	var doc struct {
		Summary map[string]int
		Result  struct {
			Outcomes []struct {
				Op, Status string
				Tickets    []string
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if n := doc.Result.Outcomes; len(n) != 3 || n[0].Op != "adopt" || n[1].Op != "assign" || n[2].Op != "upload" || n[2].Status != "submitted" || len(n[2].Tickets) != 1 || doc.Summary["unchanged"] != 2 {
		t.Errorf("%+v", doc)
	}
	if !strings.Contains(stderr, "telnyxsync: phone numbers: 1 in place, 0 failed, 0 waiting") {
		t.Errorf("stderr: %s", stderr)
	}
}

// However long a plan is, it does not leave out whose numbers it takes: somebody loses their service.
func TestAMoveIsNeverLeftOut(t *testing.T) {
	t.Parallel()
	r := newTeams(t, telnyxsim.Config{})
	r.own(from(15125550100, 24)...)
	r.own("+15125550190@200", "+15125550191@200", "+15125550192@300")
	r.edit("connection_phone_numbers", map[string]any{"200": []any{
		map[string]any{"number_id": "15125550190", "telephone_number": "+15125550190", "location_id": "attic"},
		map[string]any{"number_id": "15125550191", "telephone_number": "+15125550191", "location_id": "attic"},
	}})
	var lines []string
	for i := range 12 {
		lines = append(lines, fmt.Sprintf("group-%02d: floor-14 +1512555%04d-+1512555%04d", i, 100+2*i, 101+2*i))
	}
	r.groups(append(lines, "x: lobby +15125550190-+15125550191 allow_move: true", "y: lobby +15125550192 allow_move: true")...)
	out := r.says(2, aDiff, nil, "⇢ assign 27 numbers of 14 groups, 2 calls", "--verbose shows them all",
		"phone_numbers/x: 2 numbers (+15125550190-+15125550191) to hq, location lobby (Lobby, Contoso, 9 Lamar Street, Houston, TX 77002, US): "+
			"it is on the connection 200 (operator_connect); this releases 2 numbers from Microsoft Teams on 200, which disconnects the users there",
		"phone_numbers/y: 1 number (+15125550192) to hq")
	if n := strings.Count(out, "\n    phone_numbers/group-"); n != 3 || !strings.Contains(out, "\n    and 9 more such changes;") {
		t.Errorf("%d groups are shown, want the first few:\n%s", n, out)
	}
	out = r.says(2, []string{"diff", "--verbose"}, nil)
	if n := strings.Count(out, "\n⇢ assign phone_numbers/"); n != 14 {
		t.Errorf("%d groups are shown, want all:\n%s", n, out)
	}
}

// Nothing comes of what is only observed: it is not waited for, and no reason to look again soon.
func TestObservedNumbersAreNotOnTheirWay(t *testing.T) {
	t.Parallel()
	r := newTeams(t, telnyxsim.Config{})
	r.own("+15125550100", "+15125550101@100")
	r.groups("users: floor-14 +15125550100 observe: true", "others: floor-14 +15125550101")
	const most = 3
	for range most {
		r.apply()
	}
	r.says(3, aDiff, nil, "Observed only (observe: true), nothing is changed:\n⇢ assign phone_numbers/users")
	if p, _ := r.look(); p.PhoneNumbers.Counts != (plan.Counts{Placed: 1}) {
		t.Errorf("counts: %+v", p.PhoneNumbers.Counts)
	}
	if p := r.computed(); !p.NextLook.IsZero() {
		t.Errorf("it is looked at again at %v", p.NextLook)
	}
}

// computed is the plan as the daemon sees it.
func (r *teams) computed() plan.Plan {
	r.t.Helper()
	a := &app{out: io.Discard, err: io.Discard, apiURL: r.url, keyFile: r.key, stateDir: r.state, instance: "default", concurrency: 10}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	desired, err := a.load([]string{r.dir})
	if err != nil {
		r.t.Fatal(err)
	}
	snap, err := state.Load(ctx, r.state)
	if err != nil {
		r.t.Fatal(err)
	}
	engine, c, err := a.connect(true, tuning{})
	if err != nil {
		r.t.Fatal(err)
	}
	defer c.Close()
	p, err := engine.Plan(ctx, desired, snap, apply.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

func TestWaitingIsStopped(t *testing.T) {
	t.Parallel()
	r := newTeams(t, telnyxsim.Config{UploadTime: time.Hour})
	r.own("+15125550100")
	r.groups("users: floor-14 +15125550100")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := r.process(ctx, "apply", "--yes", "--wait")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for waits := false; !waits && ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
		waits = slices.ContainsFunc(r.sim.Journal(), func(j telnyxsim.Request) bool {
			return strings.HasPrefix(j.Path, "/phone_numbers/jobs/") && j.Method == "GET"
		})
	}
	_ = cmd.Process.Signal(os.Interrupt) // it may be over
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitError || !strings.Contains(out.String(), "stopped waiting: what is on its way goes on, and `telnyxsync uploads` follows it") ||
		!strings.Contains(out.String(), "submitted: assign 1 number of phone_numbers/users") {
		t.Errorf("exit code %d\n%s", code, out.String())
	}
}
