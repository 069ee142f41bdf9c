package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

// connectors are entries c00 to c(n-1), and a connection so that the configuration is never empty.
func connectors(n int) string {
	var b strings.Builder
	b.WriteString("external_connections:\n  zoom: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: \"1\", channel_limit: 5}}\nsiprec_connectors:")
	if n == 0 {
		b.WriteString(" {}")
	}
	for i := range n {
		fmt.Fprintf(&b, "\n  c%02d: {host: a.example.com, port: 5060}", i)
	}
	return b.String() + "\n"
}

// withheldDoc is what a test reads of what a plan withholds.
type withheldDoc struct {
	Changes  []changeDoc
	Withheld []struct {
		Address string
		Guards  []reasonDoc
		Code    string `json:"approval_code"`
	}
	Sets []struct {
		Name string
		Code string `json:"approval_code"`
	} `json:"withheld_sets"`
}

// withheldNow is what a command withholds, and the codes that let it through by set.
func (r *rig) withheldNow(want int, args ...string) (doc withheldDoc, codes map[string]string) {
	r.t.Helper()
	out, _ := r.run(want, append(args, "--output", "json")...)
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		r.t.Fatalf("%v in %s", err, out)
	}
	codes = map[string]string{}
	for _, s := range doc.Sets {
		codes[s.Name] = s.Code
	}
	return doc, codes
}

func (r *rig) count(kind string, want int) {
	r.t.Helper()
	if n := len(r.account(nil)[kind]); n != want {
		r.t.Errorf("%d %s are there, want %d", n, kind, want)
	}
}

// A mistake that comes in small steps is stopped where one at once would be, and stays so whatever else is edited.
func TestWithheldInSmallSteps(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a.yaml", connectors(40))
	r.run(0, "apply", "--yes")
	for _, step := range []struct{ left, exit, there int }{{36, 0, 36}, {32, 0, 32}, {28, 4, 32}} {
		r.write("a.yaml", connectors(step.left))
		r.run(step.exit, "apply", "--yes", "--prune")
		r.count("siprec_connectors", step.there)
	}
	_, codes := r.withheldNow(4, "diff", "--prune")
	// Less of it is withheld all the same, and a run that deletes nothing changes nothing about that.
	r.write("a.yaml", connectors(31))
	r.run(0, "apply", "--yes")
	doc, now := r.withheldNow(4, "apply", "--yes", "--prune")
	if len(doc.Withheld) != 1 || doc.Withheld[0].Guards[0].Code != "withheld_before" || now["siprec_connectors"] == codes["siprec_connectors"] {
		t.Errorf("%+v %v", doc, now)
	}
	r.count("siprec_connectors", 32)
	r.run(1, "approve", "--yes", codes["siprec_connectors"]) // nothing that is withheld is that any more
	r.run(0, "approve", "--yes", "--by", "somebody", now["siprec_connectors"])
	r.run(0, "apply", "--yes", "--prune")
	r.count("siprec_connectors", 31)
}

// An approval lets through what it is about and nothing else; it can be taken back.
func TestApprovals(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a.yaml", connectors(10))
	r.run(0, "apply", "--yes")
	r.write("a.yaml", connectors(5))
	_, codes := r.withheldNow(4, "diff", "--prune")
	code := codes["siprec_connectors"]
	if _, stateless := r.withheldNow(4, "apply", "--yes", "--prune"); stateless["siprec_connectors"] != code {
		t.Errorf("the code is %s and %s", code, stateless)
	}
	if out, _ := r.run(0, "approvals", "list"); !strings.Contains(out, code) {
		t.Errorf("list: %s", out)
	}
	r.run(1, "approve", code) // no terminal
	r.run(1, "approve", "--yes", "AAAAAAAAAA")
	r.run(1, "apply", "--yes", "--prune", "--approve", "AAAAAAAAAA")
	r.count("siprec_connectors", 10)
	r.run(0, "approve", "--yes", strings.ToLower(code))
	r.run(0, "approvals", "revoke", code)
	r.run(4, "apply", "--yes", "--prune")
	r.count("siprec_connectors", 10)
	r.run(0, "approve", "--yes", code)
	// What comes on top is judged without it.
	r.write("a.yaml", connectors(0))
	r.run(4, "apply", "--yes", "--prune")
	r.count("siprec_connectors", 5)
	_, codes = r.withheldNow(4, "diff", "--prune")
	r.run(0, "apply", "--yes", "--prune", "--approve", codes["siprec_connectors"])
	r.count("siprec_connectors", 0)
	var list struct {
		Withheld  []any
		Approvals []struct{ Code, By string }
	}
	out, _ := r.run(0, "approvals", "list", "--output", "json")
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list.Withheld) != 0 || len(list.Approvals) != 3 || list.Approvals[2].Code != codes["siprec_connectors"] {
		t.Errorf("%v %s", err, out)
	}
}

// What is gone all at once is not made anew: a wrong answer looks like that. Once the answer is right nothing is withheld.
func TestAnEmptyAnswerMakesNothingAnew(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a.yaml", connectors(6))
	r.run(0, "apply", "--yes")
	before := r.account(nil)["siprec_connectors"]
	set := func(list []map[string]any) {
		r.account(func(account map[string][]map[string]any) { account["siprec_connectors"] = list })
	}
	set([]map[string]any{})
	r.clear()
	doc, _ := r.withheldNow(4, "apply", "--yes")
	if len(doc.Changes) != 0 || len(doc.Withheld) != 6 {
		t.Errorf("%+v", doc)
	}
	r.wrote()
	set(before)
	r.run(0, "apply", "--yes")
	r.run(0, "diff")
	r.wrote()
}

// Trunks that lose all their channels, or get another voice profile, are counted.
func TestCapacityIsGuarded(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	trunks := func(profile string, channels int) string {
		var b strings.Builder
		b.WriteString("external_connections:\n")
		for i := range 60 {
			fmt.Fprintf(&b, "  t%02d: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: %q, channel_limit: %d}}\n", i, profile, channels)
		}
		return b.String()
	}
	r.write("a.yaml", trunks("1", 5))
	r.run(0, "apply", "--yes")
	for what, text := range map[string]string{"no channels": trunks("1", 0), "another profile": trunks("2", 5)} {
		r.write("a.yaml", text)
		r.clear()
		doc, _ := r.withheldNow(4, "apply", "--yes")
		if len(doc.Changes) != 0 || len(doc.Withheld) != 60 || len(doc.Withheld[0].Guards) != 2 || doc.Withheld[0].Guards[0].Code != "over_limit" || doc.Withheld[0].Guards[1].Code != "all_of_kind" {
			t.Errorf("%s: %d changes, %d withheld", what, len(doc.Changes), len(doc.Withheld))
		}
		r.wrote()
		r.write("a.yaml", trunks("1", 5))
		r.run(0, "apply", "--yes")
	}
	r.write("a.yaml", trunks("1", 7)) // that is no loss
	r.run(0, "apply", "--yes")
}

// A figure that is mistyped, a hold that is dropped and one that is mistyped withhold retention, for three nights, until
// somebody approves exactly that.
func TestRetentionIsApproved(t *testing.T) {
	t.Parallel()
	const held = "  case-7: {keep: true, from: \"+15125550100\"}\n"
	for name, c := range map[string]struct{ was, is, code string }{
		"shortened":       {"  all: {delete_after: 365d}\n", "  all: {delete_after: 1d}\n", "over_limit"},
		"released":        {"  all: {delete_after: 30d}\n" + held, "  all: {delete_after: 30d}\n", "over_limit"},
		"matches nothing": {"  all: {delete_after: 30d}\n" + held, "  all: {delete_after: 30d}\n" + held + "  typo: {keep: true, from: \"+15125559999\"}\n", "hold_silent"},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := newRig(t)
			list := []map[string]any{}
			for i := range 150 {
				from := "+15125550200"
				if i%3 == 0 {
					from = "+15125550100"
				}
				age := 40*24*time.Hour + time.Duration(i)*time.Minute
				list = append(list, map[string]any{"id": fmt.Sprint("r", i), "from": from, "created_at": time.Now().Add(-age).UTC().Format(time.RFC3339)})
			}
			r.account(func(account map[string][]map[string]any) { account["recordings"] = list })
			enforce := func(want int, more ...string) string {
				out, _ := r.run(want, append([]string{"jobs", "run", "recording_retention", "--enforce", "--yes"}, more...)...)
				return out
			}
			r.write("a.yaml", "recording_retention:\n"+c.was)
			enforce(0, "--limit", "recordings=1000")
			if name == "matches nothing" { // so that something is due
				r.account(func(account map[string][]map[string]any) { account["recordings"] = list })
			}
			there := len(r.account(nil)["recordings"])
			r.write("a.yaml", "recording_retention:\n"+c.is)
			var code string
			for range 3 {
				enforce(4)
				r.count("recordings", there)
				_, codes := r.withheldNow(4, "diff", "--retention")
				if code = codes["recording_retention"]; code == "" {
					t.Fatalf("no code: %v", codes)
				}
			}
			r.run(0, "approve", "--yes", code)
			enforce(0)
			if n := len(r.account(nil)["recordings"]); n >= there {
				t.Errorf("%d are there, of %d", n, there)
			}
			enforce(0)
		})
	}
}

// One edit that takes a floor off Microsoft Teams is withheld and says how many users that is; one approval moves all of
// them, over several calls, lost answers and a run that is killed in between, and nothing else.
func TestOneApprovalMovesAFloor(t *testing.T) {
	t.Parallel()
	const count, first = 2400, 15125550000
	last := "+" + strconv.Itoa(first+count-1)
	r := newTeams(t, telnyxsim.Config{})
	var own []string
	for _, n := range from(first, count) {
		own = append(own, n+"@100")
	}
	r.own(own...)
	r.groups("users: floor-14 +" + strconv.Itoa(first) + "-" + last + " " + forCalls)
	const most = 12
	r.until(most)
	moved := fmt.Sprintf(`phone_numbers: {users: {connection: {id: "200"}, location_id: attic, usage: calling_user_assignment, numbers: ["+%d-%s"], allow_move: true}}`, first, last)
	r.write("a.yaml", theOffice+moved)
	doc, codes := r.withheldNow(4, "apply", "--yes")
	if len(doc.Withheld) != 1 || doc.Withheld[0].Guards[0].Code != "over_limit" || !strings.Contains(doc.Withheld[0].Guards[0].Text, "2400 planned") ||
		!strings.Contains(doc.Withheld[0].Guards[0].Text, "up to 2400 users cannot be called") {
		t.Fatalf("%+v", doc.Withheld)
	}
	if n := len(r.placed("100")); n != count {
		t.Fatalf("%d are left on Teams", n)
	}
	r.run(0, "approve", "--yes", codes["phone_numbers"])
	r.fault("POST /phone_numbers/jobs/update_phone_numbers", "drop-after-commit")
	if !r.killer.killed(r.rig, 9, "committed", "apply", "--yes", "--settle", "5ms", "--retry-base", "1ms", r.dir) {
		t.Log("it ended before it could be killed")
	}
	r.until(most)
	if n := len(r.placed("200")); n != count {
		t.Errorf("%d are placed, want %d", n, count)
	}
	// Back again is another change, which nobody approved.
	r.write("a.yaml", theOffice+fmt.Sprintf(`phone_numbers: {users: {connection: hq, location_id: floor-14, usage: calling_user_assignment, numbers: ["+%d-%s"], allow_move: true}}`, first, last))
	if doc, _ := r.withheldNow(4, "diff"); len(doc.Changes) != 0 || len(doc.Withheld) != 1 {
		t.Errorf("back again: %+v", doc)
	}
}
