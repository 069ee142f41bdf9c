package apply_test

import (
	"context"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
	"telnyxsync/internal/telnyxsim"
)

// wholeCalls looks whether the calls of a plan send all that its changes of phone numbers are about, each number once,
// and nothing else.
func wholeCalls(t tb, p *plan.Plan) {
	t.Helper()
	sent := make([]resource.Numbers, len(p.Changes))
	for i := range p.Calls {
		call := &p.Calls[i]
		items, _ := call.Items.(resource.Numbers)
		var all resource.Numbers
		for _, c := range call.Changes {
			own, _ := p.Changes[c].Items.(resource.Numbers)
			own = own.And(items)
			if p.Changes[c].Op != call.Op || len(own) == 0 || len(own.And(sent[c])) > 0 || len(own.And(all)) > 0 {
				t.Errorf("%s of %s and %s of %s %s, of which %s was sent, are one call", call.Op, items.Texts(), p.Changes[c].Op, p.Changes[c].Addr, own.Texts(), sent[c].Texts())
			}
			sent[c], all = sent[c].Plus(own), all.Plus(own)
		}
		if !all.Equal(items) || items.Len() > numbers.MaxBatch && call.Op != plan.Relocate && call.Op != plan.Retry {
			t.Errorf("a call of %s sends %s, and its changes have %s", call.Op, items.Texts(), all.Texts())
		}
	}
	for i := range p.Changes {
		c := &p.Changes[i]
		want, _ := c.Items.(resource.Numbers)
		if c.Op == plan.Adopt {
			want = nil // it is in place
		}
		if !sent[i].Equal(want) {
			t.Errorf("%s of %s is about %s, and its calls send %s", c.Op, c.Addr, want.Texts(), sent[i].Texts())
		}
	}
}

// What a change could not send, as another in its call waits in vain, is not called submitted once the rest is found.
func TestALostCallBesideABlockedOne(t *testing.T) {
	r := teamsRig(t, 1002, 0, nil)
	for match, do := range map[string]string{"PATCH /external_connections/*/locations/*": "status", "POST /external_connections/*/uploads": "drop-after-commit"} {
		f := telnyxsim.Fault{Match: match, Do: do}
		if do == "status" {
			f.Status, f.Times = 422, -1
		}
		if err := r.sim.AddFaults(f); err != nil {
			t.Fatal(err)
		}
	}
	last := groupAt("b", "L", 15125551101, 1)
	delete(last.Object, "location_id")
	last.Object["location"] = ref("locations", "l")
	steps := 0
	tellCalls := func(_, total int, o plan.Outcome) {
		if steps++; o.Op == plan.Upload && (total != 2 || o.Status != plan.InDoubt && o.Status != plan.Blocked) {
			t.Errorf("of %d calls one is told as %+v", total, o)
		}
	}
	p, result := r.apply(config("/root", nil, groupAt("a", "L", 15125550100, 1001), last, emergency()), apply.Options{Writing: true, Progress: tellCalls})
	wholeCalls(t, &p)
	if steps != len(p.Calls)+1 {
		t.Errorf("%d steps were told of %d calls and an object", steps, len(p.Calls))
	}
	if len(p.Calls) != 2 || result.Outcomes[0].Status != plan.Failed {
		t.Fatalf("%+v %+v", p.Calls, result)
	}
	result.Outcomes = result.Outcomes[1:]
	same(t, "outcomes", outcomes(result), []string{"upload phone_numbers/a: blocked by locations/l", "upload phone_numbers/b: blocked by locations/l"})
	same(t, "of them", told(result), []string{"upload a +15125550100-+15125551100: blocked", "upload b +15125551101: blocked"})
}

// emergency is the location L, with an emergency address that it does not have.
func emergency() resource.Entry {
	return entry("locations", "l", resource.Object{"connection": resource.Ref{ID: "100"}, "location_id": "L", "static_emergency_address_id": "E"})
}

// What is in place waits for nothing, so that it is told when it is remembered.
func TestWhatIsInPlaceWaitsForNothing(t *testing.T) {
	r := teamsRig(t, 1, 1, nil)
	group := groupAt("a", "L", 15125550100, 1)
	delete(group.Object, "location_id")
	group.Object["location"] = ref("locations", "l")
	var report apply.Report
	r.db(func(ctx context.Context, db *state.DB) {
		snap, err := db.Snapshot(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range apply.Jobs() {
			if j.Name == "reconcile" {
				report, err = j.Run(ctx, r.engine, apply.Situation{
					DB: db, Snap: snap, Desired: config("/root", nil, group, emergency()), Skip: func(a resource.Addr) bool { return a.Kind == "locations" },
				})
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	if len(report.Plan.Changes) != 2 {
		t.Errorf("%s", inShort(report.Plan))
	}
	same(t, "outcomes", told(*report.Result), []string{"adopt a +15125550100: done"})
	same(t, "history", r.rows(5), []string{"adopt a 1 number: they are in place already, and state does not know them: done"})
	if g := r.snapshot().Groups; len(g) != 1 || g[0].Placed.Len() != 1 {
		t.Errorf("%+v", g)
	}
}
