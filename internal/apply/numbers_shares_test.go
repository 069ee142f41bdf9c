package apply_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
	"telnyxsync/internal/telnyxsim"
)

// teamsRig is an account with a connection on Microsoft Teams, a civic address with the locations L and M, and numbers
// from +15125550100 on that are assigned to it. Those of placed are at L.
func teamsRig(t *testing.T, count, placed int, more map[string]any) *rig {
	t.Helper()
	owned, live := []any{}, []any{}
	for i := range count {
		id, number := fmt.Sprintf("n%04d", i), fmt.Sprintf("+1512555%04d", 100+i)
		owned = append(owned, map[string]any{"id": id, "phone_number": number, "connection_id": "100"})
		if i < placed {
			live = append(live, map[string]any{"number_id": id, "telephone_number": number, "location_id": "L", "civic_address_id": "A"})
		}
	}
	account := map[string]any{
		"external_connections":     []any{map[string]any{"id": "100", "external_sip_connection": "operator_connect"}},
		"civic_addresses":          map[string]any{"100": []any{map[string]any{"id": "A", "locations": []any{map[string]any{"id": "L"}, map[string]any{"id": "M"}}}}},
		"connection_phone_numbers": map[string]any{"100": live},
		"phone_numbers":            owned,
	}
	for name, v := range more {
		account[name] = v
	}
	r := newRig(t, checked(t), account)
	t.Cleanup(r.close)
	return r
}

// groupAt is a group of so many numbers that are wanted at a location.
func groupAt(name, location string, from resource.Number, count int) resource.Entry {
	return entry("phone_numbers", name, resource.Object{
		"connection": resource.Ref{ID: "100"}, "location_id": location, "numbers": resource.Numbers{{From: from, To: from + resource.Number(count) - 1}},
	})
}

// told are outcomes of phone numbers with what of them was refused, and what nobody knows.
func told(r plan.Result) (out []string) {
	text := func(items plan.Items) string {
		s, _ := items.(resource.Numbers)
		return strings.Join(s.Texts(), ",")
	}
	for _, o := range r.Outcomes {
		line := fmt.Sprintf("%s %s %s: %s", o.Op, o.Addr.Name, text(o.Items), o.Status)
		if failed := text(o.Failed); failed != "" {
			line += ", failed " + failed
		}
		if unknown := text(o.Unknown); unknown != "" {
			line += ", unknown " + unknown
		}
		if o.Error != "" {
			line += ", with an error"
		}
		out = append(out, line)
	}
	return out
}

// rows are the newest rows of the history, the oldest of them first.
func (r *rig) rows(most int) (out []string) {
	r.Helper()
	r.db(func(ctx context.Context, db *state.DB) {
		events, err := db.History(ctx, nil, most)
		if err != nil {
			r.Fatal(err)
		}
		for _, e := range slices.Backward(events) {
			line := fmt.Sprintf("%s %s %s: %s", e.Op, e.Addr.Name, words.Of(e.Reason), e.Outcome)
			if e.Error != "" {
				line += ", " + words.Of(resource.ParseReason(e.Error))
			}
			out = append(out, line)
		}
	})
	return out
}

// One call carries numbers of two changes, or one call for each number. What is refused is told of the change that it
// belongs to.
func TestEachChangeHasItsOwnOutcome(t *testing.T) {
	const upload, move = "POST /external_connections/*/uploads", "PATCH /external_connections/*/phone_numbers/"
	const a, b = "+15125550100", "+15125550101-+15125550102"
	for name, c := range map[string]struct {
		placed int
		fault  telnyxsim.Fault
		want   []string
		rows   []string // without what Telnyx says
		writes int
	}{
		"an upload is refused": {0, telnyxsim.Fault{Match: upload, Do: "status", Status: 422}, []string{
			"upload a " + a + ": failed, failed " + a + ", with an error", "upload b " + b + ": failed, failed " + b + ", with an error",
		}, []string{"upload a 1 number: failed", "upload b 2 numbers: failed"}, 1},
		"an upload is lost": {0, telnyxsim.Fault{Match: upload, Do: "drop-before-commit", Times: -1}, []string{
			"upload a " + a + ": unknown, unknown " + a + ", with an error", "upload b " + b + ": unknown, unknown " + b + ", with an error",
		}, []string{"upload a 1 number: unknown", "upload b 2 numbers: unknown"}, 3},
		"one move is refused": {3, telnyxsim.Fault{Match: move + "n0001", Do: "status", Status: 422}, []string{
			"relocate a " + a + ": submitted", "relocate b " + b + ": failed, failed +15125550101, with an error",
		}, []string{"relocate a 1 number: submitted", "relocate b 1 number: failed", "relocate b 1 number: submitted"}, 3},
		"the only move of a change is refused": {3, telnyxsim.Fault{Match: move + "n0000", Do: "status", Status: 422}, []string{
			"relocate a " + a + ": failed, failed " + a + ", with an error", "relocate b " + b + ": submitted",
		}, []string{"relocate a 1 number: failed", "relocate b 2 numbers: submitted"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			r := teamsRig(t, 3, c.placed, nil)
			desired := func(at string) resource.Config {
				return config("/root", nil, groupAt("a", at, 15125550100, 1), groupAt("b", at, 15125550101, 2))
			}
			if c.placed > 0 {
				r.apply(desired("L"), apply.Options{Writing: true})
			}
			if err := r.sim.AddFaults(c.fault); err != nil {
				t.Fatal(err)
			}
			p, result := r.apply(desired("M"), apply.Options{Writing: true})
			if len(p.Calls) != 1 || len(p.Calls[0].Changes) != 2 {
				t.Fatalf("%+v", p.Calls)
			}
			same(t, "outcomes", told(result), c.want)
			for _, o := range result.Outcomes {
				if o.Status == plan.Failed && len(o.Requests) != 1 {
					t.Errorf("requests of %s: %q", o.Addr, o.Requests)
				}
			}
			var rows []string
			for _, row := range r.rows(len(c.rows)) {
				how, _, _ := strings.Cut(row, ",")
				rows = append(rows, how)
			}
			same(t, "history", rows, c.rows)
			if w := writes(r.sim); len(w) != c.writes {
				t.Errorf("%q was written, want %d writes", w, c.writes)
			}
		})
	}
}

// What was lost is looked for and sent again also where other numbers of the same change were refused; these keep
// their error.
func TestALostCallBesideARefusedOne(t *testing.T) {
	for _, faults := range [][]string{{"status", "drop-before-commit"}, {"drop-before-commit", "status"}} {
		r := teamsRig(t, 1001, 0, nil)
		r.engine.Concurrency = 1
		for _, do := range faults {
			f := telnyxsim.Fault{Match: "POST /external_connections/*/uploads", Do: do}
			if do == "status" {
				f.Status = 422
			}
			if err := r.sim.AddFaults(f); err != nil {
				t.Fatal(err)
			}
		}
		first, last := "+15125550100-+15125551099", "+15125551100"
		if faults[0] != "status" {
			first, last = last, first
		}
		_, result := r.apply(config("/root", nil, groupAt("a", "L", 15125550100, 1001)), apply.Options{Writing: true})
		same(t, "outcomes", told(result), []string{"upload a " + first + ": failed, failed " + first + ", with an error", "upload a " + last + ": submitted"})
		if text := result.Outcomes[0].Error; !strings.Contains(text, "422") {
			t.Errorf("the error is %q", text)
		}
	}
}

// A change fails if one of its calls does, and what the others sent is on its way all the same.
func TestWhatIsSentBesideARefusedCallIsOnItsWay(t *testing.T) {
	const upload, move = "POST /external_connections/*/uploads", "PATCH /external_connections/*/phone_numbers/n0000"
	for name, c := range map[string]struct {
		count, placed int
		faults        []telnyxsim.Fault
		sent          bool
	}{
		"one upload of two is refused":              {1001, 0, []telnyxsim.Fault{{Match: upload, Do: "status", Status: 422}}, true},
		"one is refused, the answer to one is lost": {1001, 0, []telnyxsim.Fault{{Match: upload, Do: "status", Status: 422}, {Match: upload, Do: "drop-after-commit"}}, true},
		"both are refused":                          {1001, 0, []telnyxsim.Fault{{Match: upload, Do: "status", Status: 422, Times: 2}}, false},
		"one move of two is refused":                {2, 2, []telnyxsim.Fault{{Match: move, Do: "status", Status: 422}}, true},
		"the only move is refused":                  {1, 1, []telnyxsim.Fault{{Match: move, Do: "status", Status: 422}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := teamsRig(t, c.count, c.placed, nil)
			r.engine.Concurrency = 1
			at := "L"
			if c.placed > 0 {
				at = "M"
			}
			if err := r.sim.AddFaults(c.faults...); err != nil {
				t.Fatal(err)
			}
			_, result := r.apply(config("/root", nil, groupAt("a", at, 15125550100, c.count)), apply.Options{Writing: true})
			if len(result.Outcomes) != 1 || result.Outcomes[0].Status != plan.Failed || result.Sent() != c.sent {
				t.Errorf("sent: %v, want %v; %q", result.Sent(), c.sent, told(result))
			}
		})
	}
}

// Each number goes to the connection of its own group, though both are made in the same run and have no ids before.
func TestNumbersGoToTheConnectionsThatAreMade(t *testing.T) {
	r := newRig(t, checked(t), map[string]any{"phone_numbers": []any{
		map[string]any{"id": "n1", "phone_number": "+15125550101"}, map[string]any{"id": "n2", "phone_number": "+15125550102"},
	}})
	defer r.close()
	var entries []resource.Entry
	for i, name := range []string{"x", "y"} {
		n := resource.Number(15125550101 + i)
		entries = append(entries, entry("external_connections", name, resource.Object{
			"external_sip_connection": "zoom", "outbound": resource.Object{"outbound_voice_profile_id": fmt.Sprint(i + 1)},
		}), entry("phone_numbers", "of-"+name, resource.Object{"connection": ref("external_connections", name), "numbers": resource.Numbers{{From: n, To: n}}}))
	}
	p, result := r.apply(config("/root", nil, entries...), apply.Options{Writing: true})
	if len(p.Calls) != 2 || !result.OK() || len(result.Outcomes) != 4 {
		t.Fatalf("%+v %+v", p.Calls, result)
	}
	ids := map[string]string{}
	for _, o := range r.snapshot().Owned {
		ids[o.Addr.Name] = o.ID
	}
	if ids["x"] == "" || ids["x"] == ids["y"] {
		t.Fatalf("%v", ids)
	}
	want := map[resource.Number]string{15125550101: ids["x"], 15125550102: ids["y"]}
	for _, o := range r.snapshot().Orders {
		for n := range o.Numbers.All() {
			if o.Target.Connection != want[n] {
				t.Errorf("%s was sent to %s, want %s", n, o.Target.Connection, want[n])
			}
			delete(want, n)
		}
	}
	if len(want) > 0 {
		t.Errorf("not sent: %v", want)
	}
}

// A retry sends again all that failed of an upload: those of other groups are on their way too, and are told of.
func TestARetryTakesItsWholeUploadAlong(t *testing.T) {
	var fails []any
	for _, n := range []string{"+15125550100", "+15125550101"} {
		fails = append(fails, map[string]any{"telephone_number": n, "error_code": "internal_error", "times": 1})
	}
	r := teamsRig(t, 2, 0, map[string]any{"_upload_failures": fails})
	desired := config("/root", nil, groupAt("a", "L", 15125550100, 1), groupAt("b", "L", 15125550101, 1))
	o := apply.Options{Writing: true}
	for range 2 { // it is uploaded, and seen to have failed
		r.apply(desired, o)
	}
	rows := r.rows(2)
	for i, name := range []string{"a", "b"} {
		if want := "upload " + name + " 1 number: failed, "; !strings.HasPrefix(rows[i], want) || !strings.Contains(rows[i], "internal_error") {
			t.Errorf("the history has %q, want %q and why", rows[i], want)
		}
	}
	if err := r.sim.AddFaults(telnyxsim.Fault{Match: "POST /external_connections/*/uploads/*/retry", Do: "drop-before-commit", Times: -1}); err != nil {
		t.Fatal(err)
	}
	var again apply.Retried
	r.db(func(ctx context.Context, db *state.DB) {
		snap, err := db.Snapshot(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if again, err = r.engine.RetryNumbers(ctx, db, snap, desired, []resource.Range{{From: 15125550100, To: 15125550100}}, o); err != nil {
			t.Fatal(err)
		}
	})
	same(t, "outcomes", told(again.Result), []string{
		"retry a +15125550100: unknown, unknown +15125550100, with an error", "retry b +15125550101: unknown, unknown +15125550101, with an error",
	})
	var sent resource.Numbers
	for _, o := range r.snapshot().Orders {
		sent = sent.Plus(o.Numbers)
	}
	if sent.Len() != 2 {
		t.Errorf("on their way are %v", sent.Texts())
	}
}

// The job that tries again what failed finds others in place: which these are is remembered, and is in the history.
func TestTheRetryJobTellsWhatItFindsInPlace(t *testing.T) {
	r := teamsRig(t, 1, 1, nil)
	desired := config("/root", nil, groupAt("a", "L", 15125550100, 1))
	for _, j := range apply.Jobs() {
		if j.Name != "upload_retry" {
			continue
		}
		r.db(func(ctx context.Context, db *state.DB) {
			snap, err := db.Snapshot(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := j.Run(ctx, r.engine, apply.Situation{DB: db, Snap: snap, Desired: desired}); err != nil {
				t.Fatal(err)
			}
		})
	}
	same(t, "history", r.rows(5), []string{"adopt a 1 number: they are in place already, and state does not know them: done"})
	if p := r.plan(desired, apply.Options{}); len(p.Changes) > 0 {
		t.Errorf("it is to be done again: %s", inShort(&p))
	}
}

// The history says all that the plan did of a change.
func TestTheHistoryHoldsAllReasons(t *testing.T) {
	r := newRig(t, checked(t), map[string]any{
		"external_connections": []any{map[string]any{
			"id": "100", "external_sip_connection": "zoom", "active": true, "outbound": map[string]any{"outbound_voice_profile_id": "1"},
		}},
		"phone_numbers": []any{map[string]any{"id": "n1", "phone_number": "+15125550101", "connection_id": "100"}},
	})
	defer r.close()
	desired := func(active bool) resource.Config {
		return config("/root", nil, entry("external_connections", "x", resource.Object{"external_sip_connection": "zoom", "id": "100", "active": active}))
	}
	r.apply(desired(true), apply.Options{Writing: true})
	p, result := r.apply(desired(false), apply.Options{Writing: true})
	if !result.OK() || len(p.Changes) != 1 || len(p.Changes[0].Reasons) < 2 {
		t.Fatalf("%+v %s", result, words.JSON(&p, nil))
	}
	same(t, "history", r.rows(1), []string{"update x " + words.All(p.Changes[0].Reasons) + ": done"})
	if row := r.rows(1)[0]; !strings.Contains(row, "it disconnects 1 number") {
		t.Error(row)
	}
}
