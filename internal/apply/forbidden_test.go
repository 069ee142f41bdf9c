package apply_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
	"telnyxsync/internal/telnyxsim"
)

func refusal(status int) error {
	return &client.Error{Method: "PUT", Path: "/toys", Sent: true, Status: status, Codes: []string{"10010"}, Detail: "no grant"}
}

// What the key may not write fails alone, with what Telnyx says; a key that is refused ends the run.
func TestForbiddenAndRefusedWrites(t *testing.T) {
	var entries []resource.Entry
	var all, first []string
	for i := range 9 {
		name := fmt.Sprint("l", i)
		entries = append(entries, entry("lines", name, resource.Object{"host": "h"}))
		how := "done"
		if i == 0 {
			how = "failed"
			first = append(first, "create lines/l0: failed")
		} else {
			first = append(first, "create lines/"+name+": not started")
		}
		all = append(all, "create lines/"+name+": "+how)
	}
	for status, want := range map[int][]string{http.StatusForbidden: all, http.StatusUnauthorized: first} {
		y := newToys(t)
		y.engine.Concurrency = 1
		y.lines.before = func(call string) error {
			if call == "create l0" {
				return refusal(status)
			}
			return nil
		}
		_, result, err := y.apply(t.Context(), config("/root", nil, entries...), apply.Options{})
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprint(status), outcomes(result), want)
		if !strings.Contains(result.Outcomes[0].Error, "no grant") || result.OK() {
			t.Errorf("%d: %+v", status, result.Outcomes[0])
		}
	}
}

// A proof that the key may not read says nothing: another proves the account, and without any the error says why.
func TestTheAccountOfAKeyThatMayNotReadAll(t *testing.T) {
	account := object{"external_connections": []any{}}
	r := newRig(t, checked(t), account)
	defer r.close()
	var entries []resource.Entry
	for i := range 9 {
		entries = append(entries, entry("external_connections", fmt.Sprint("c", i), resource.Object{
			"external_sip_connection": "zoom", "outbound": resource.Object{"outbound_voice_profile_id": "1"},
		}))
	}
	desired := config("/root", []string{"external_connections", "media"}, entries...)
	if _, result := r.apply(desired, apply.Options{}); !result.OK() {
		t.Fatalf("%+v", result)
	}
	r.engine.Key = "KEY-another"
	for _, c := range []struct {
		forbid string
		reads  int // by id
		want   string
	}{
		{"GET /external_connections", 1, ""}, // the list alone: one by its id proves it
		{"external_connections", 1, "could not be read: GET /external_connections/"},
	} {
		forbid(r, r.sim, c.forbid)
		p, err := r.engine.Plan(t.Context(), desired, r.snapshot(), apply.Options{})
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(words.Error(err), c.want) || !strings.Contains(words.Error(err), "lacks the grant")) {
			t.Errorf("%s: %v", c.forbid, err)
		}
		if err == nil && (len(p.Problems) != 1 || p.Problems[0].Reason.Code != "kind_unread") {
			t.Errorf("%s: %+v", c.forbid, p.Problems)
		}
		reads := slices.DeleteFunc(r.reads(), func(call string) bool { return !strings.HasPrefix(call, "GET /external_connections/") })
		if len(reads) != c.reads {
			t.Errorf("%s: read %q", c.forbid, reads)
		}
		r.sim.ClearJournal()
	}
}

// forbid lets no key of the account do some things any more, and nothing else.
func forbid(t tb, sim *telnyxsim.Sim, what ...string) {
	t.Helper()
	account := object{}
	if err := json.Unmarshal(sim.Account(), &account); err != nil {
		t.Fatal(err)
	}
	account["_forbidden"] = what
	if err := sim.SetAccount(must(t, account)); err != nil {
		t.Fatal(err)
	}
}

// Where one of what is deleted one by one is forbidden, the others go; where all are, five tell.
func TestForbiddenDeletions(t *testing.T) {
	account, due := transcripts("cursors")
	k := newKeeper(t, checked(t), account, telnyxsim.Config{})
	t.Cleanup(k.close)
	k.connect(client.Config{Concurrency: 1})
	enforced := apply.Situation{Desired: k.load("a", transcriptionYAML), Enforce: true}
	there := k.ids("recording_transcriptions")

	forbid(k, k.sim, "DELETE /recording_transcriptions/*")
	report, err := k.run(t.Context(), transcriptionJob, enforced)
	if err != nil || report.Exit() != plan.ExitProblems || len(writes(k.sim)) != maxForbidden || !maps.Equal(there, k.ids("recording_transcriptions")) {
		t.Errorf("%v, sent %q, %q", err, writes(k.sim), linesOf(report))
	}
	has(t, linesOf(report), "stopped: 5 batches in a row were forbidden; ")
	has(t, linesOf(report), "403 10010 Not authorized: The API key lacks the grant for DELETE /recording_transcriptions/")

	oldest := sorted(due)[0]
	forbid(k, k.sim, "DELETE /recording_transcriptions/"+oldest)
	report, err = k.run(t.Context(), transcriptionJob, enforced)
	if got := minus(there, k.ids("recording_transcriptions")); err != nil || report.Exit() != plan.ExitProblems || len(got) != len(due)-1 || got[oldest] {
		t.Errorf("%v, gone are %q of %q, %q", err, sorted(got), sorted(due), linesOf(report))
	}

	forbid(k, k.sim, "GET /recordings")
	if report, err = k.run(t.Context(), transcriptionJob, enforced); err != nil || report.Failed {
		t.Errorf("%v %q", err, linesOf(report))
	}
	k.inHistory("in the end", due)
}

const maxForbidden = 5

// A job that may not read its collection says so, and writes nothing.
func TestJobsThatMayNotRead(t *testing.T) {
	desired := "recording_retention:\n  all: {delete_after: 30d}\ntranscription_retention:\n  all: {delete_after: 30d}\nlog_message_rules:\n  noise: {code: \"10\", dismiss: true}\n"
	for name, forbidden := range map[string]string{
		recordingJob: "GET /recordings", transcriptionJob: "GET /recording_transcriptions", "log_messages": "GET /external_connections/log_messages",
	} {
		k := plainly(t, object{
			"recordings":               []any{object{"id": "r", "created_at": ago(50 * aDay)}},
			"recording_transcriptions": []any{object{"id": "t", "created_at": ago(50 * aDay)}},
			"log_messages":             []any{logged("1", "10", "noise", nil)}, "_log_message_ids": "shown", "_forbidden": []string{forbidden},
		})
		s := apply.Situation{Desired: k.load("a", desired), Enforce: true}
		_, err := k.run(t.Context(), name, s)
		if !client.Forbidden(err) || !strings.Contains(err.Error(), forbidden+": 403 10010 Not authorized: The API key lacks the grant for "+forbidden) || len(writes(k.sim)) > 0 {
			t.Errorf("%s: %v, sent %q", name, err, writes(k.sim))
		}
		for _, other := range []string{recordingJob, transcriptionJob, "log_messages"} {
			if other == name {
				continue
			}
			if report, err := k.run(t.Context(), other, s); err != nil || report.Failed {
				t.Errorf("%s beside %s: %v %q", other, name, err, linesOf(report))
			}
		}
		if len(writes(k.sim)) != 2 {
			t.Errorf("beside %s: sent %q", name, writes(k.sim))
		}
	}
}

// Where a hold names a connection and connections may not be read, nothing can be told of it, and nothing is deleted.
func TestAHoldOfAConnectionThatMayNotBeRead(t *testing.T) {
	k := plainly(t, object{"recordings": aged(40, 50), "_forbidden": []string{"GET /external_connections"}})
	desired := k.load("a", zoomYAML+"recording_retention:\n  all: {delete_after: 30d}\n  held: {connection: zoom, keep: true}\n")
	k.refused("a hold", desired, "GET /external_connections: 403 10010 Not authorized: The API key lacks the grant for GET /external_connections.")
	k.enforce(k.load("a", "recording_retention:\n  all: {delete_after: 30d}\n"))
}

// Many messages that the key may not dismiss are not all tried; the others' rule is none the worse for one.
func TestForbiddenDismissals(t *testing.T) {
	var list []any
	for i := range 9 {
		list = append(list, logged(fmt.Sprint(i), "10", fmt.Sprint("noise ", i), nil))
	}
	k := plainly(t, object{"_log_message_ids": "shown", "log_messages": list, "_forbidden": []string{"DELETE /external_connections/log_messages/*"}})
	s := apply.Situation{Desired: k.load("a", "log_message_rules:\n  noise: {code: \"10\", dismiss: true}\n")}
	report, err := k.run(t.Context(), "log_messages", s)
	if err != nil || report.Exit() != plan.ExitProblems || len(writes(k.sim)) != maxForbidden || len(titles(report)) != 9 {
		t.Errorf("%v, sent %q, %q", err, writes(k.sim), linesOf(report))
	}
	has(t, linesOf(report), "lacks the grant for DELETE /external_connections/log_messages/")
	forbid(k, k.sim, "DELETE /external_connections/log_messages/3")
	if report, err = k.run(t.Context(), "log_messages", s); err != nil || report.Exit() != plan.ExitProblems {
		t.Errorf("%v %q", err, linesOf(report))
	}
	same(t, "left", titles(report), []string{"noise 3"})
}

// Of one of two connections of Microsoft Teams the key may not refresh the uploads: the other is, and the job says why.
func TestForbiddenRefreshes(t *testing.T) {
	for status, want := range map[int][]string{
		http.StatusForbidden:    {"refresh external_connections/7: failed", "refresh external_connections/8: done"},
		http.StatusUnauthorized: {"refresh external_connections/7: failed", "refresh external_connections/8: not started"},
	} {
		k := plainly(t, object{"external_connections": []any{teamsConnection("7"), teamsConnection("8")}})
		if err := k.sim.AddFaults(telnyxsim.Fault{Match: "POST /external_connections/7/uploads/refresh", Do: "status", Status: status}); err != nil {
			t.Fatal(err)
		}
		groups := []resource.Group{
			{Addr: resource.Addr{Kind: "phone_numbers", Name: "a"}, Root: "/r", Target: resource.Target{Connection: "7", Location: "l"}},
			{Addr: resource.Addr{Kind: "phone_numbers", Name: "b"}, Root: "/r", Target: resource.Target{Connection: "8", Location: "l"}},
		}
		k.db(func(db *state.DB, _ state.Snapshot) {
			if err := db.Commit(t.Context(), resource.Record{Groups: groups}); err != nil {
				t.Fatal(err)
			}
		})
		report, err := k.run(t.Context(), "upload_refresh", apply.Situation{})
		if err == nil || !strings.Contains(err.Error(), fmt.Sprint("POST /external_connections/7/uploads/refresh: ", status)) {
			t.Errorf("%d: %v", status, err)
		}
		same(t, fmt.Sprint(status), outcomes(*report.Result), want)
	}
}

func teamsConnection(id string) object {
	return object{"id": id, "external_sip_connection": "operator_connect", "outbound": object{"outbound_voice_profile_id": "1"}}
}

// Of two assignments of phone numbers one is forbidden, or refused together with the key: the other is sent, or not begun.
func TestForbiddenAssignments(t *testing.T) {
	const yaml = "phone_numbers:\n  a: {connection: {id: \"8\"}, numbers: [\"+15125550000\"]}\n  b: {connection: {id: \"9\"}, numbers: [\"+15125550001\"]}\n"
	for status, want := range map[int][]string{
		http.StatusForbidden:    {"assign phone_numbers/a: failed", "assign phone_numbers/b: submitted"},
		http.StatusUnauthorized: {"assign phone_numbers/a: failed", "assign phone_numbers/b: not started"},
	} {
		account := everyKindAccount()
		account["external_connections"] = []any{zoomConnection("8"), zoomConnection("9")}
		k := plainly(t, account)
		k.engine.Concurrency = 1
		if err := k.sim.AddFaults(telnyxsim.Fault{Match: "POST /phone_numbers/jobs/update_phone_numbers", Do: "status", Status: status}); err != nil {
			t.Fatal(err)
		}
		report, err := k.run(t.Context(), "reconcile", apply.Situation{Desired: k.load("a", yaml)})
		if err != nil || report.Exit() != plan.ExitProblems {
			t.Errorf("%d: %v %q", status, err, linesOf(report))
		}
		same(t, fmt.Sprint(status), outcomes(*report.Result), want)
	}
}

func zoomConnection(id string) object {
	return object{"id": id, "external_sip_connection": "zoom", "outbound": object{"outbound_voice_profile_id": "1"}}
}
