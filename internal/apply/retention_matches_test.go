package apply_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"
)

// report is what a run of retention that deletes nothing finds.
func (k *keeper) report(desired resource.Config) *plan.Plan {
	k.Helper()
	p, err := k.engine.PlanRetention(context.Background(), recordingJob, desired, k.snapshot(), apply.Options{})
	if err != nil {
		k.Fatal(err)
	}
	return &p
}

// due are the ids that a plan deletes, or would.
func due(p *plan.Plan) map[string]bool {
	out := map[string]bool{}
	changes := slices.Concat(p.Changes, p.Observed)
	for i := range p.Withheld {
		changes = append(changes, p.Withheld[i].Change)
	}
	for i := range changes {
		for id := range changes[i].Items.IDs() {
			out[id] = true
		}
	}
	return out
}

// note is what a plan notes with a code.
func note(p *plan.Plan, code plan.Code) (plan.Note, bool) {
	i := slices.IndexFunc(p.Notes, func(n plan.Note) bool { return n.Reason.Code == code })
	if i < 0 {
		return plan.Note{}, false
	}
	return p.Notes[i], true
}

const (
	sessionID = "428c31b6-7af4-4bcb-b7f5-5013ef9657c1"
	anyID     = "00000000-0000-4000-8000-00000000%04d"
)

// complained are recordings of 5, 40, 41, 42 and 43 days, of which some are of a caller, and one is of a call.
func complained() object {
	list := aged(5, 40, 41, 42, 43)
	for i, from := range []string{"+15125550100", "+15125550100", "15125550100", "+15125550199", "sip:+15125550100@example.com"} {
		r := list[i].(object)
		r["id"], r["from"] = fmt.Sprintf(anyID, i), from
	}
	list[3].(object)["call_session_id"] = sessionID
	return object{"recordings": list}
}

// A hold means what people write, and says how much that is; one that means nothing says so.
func TestAHoldAsPeopleWriteIt(t *testing.T) {
	k := plainly(t, complained())
	id := func(i int) string { return fmt.Sprintf(anyID, i) }
	number := []string{id(0), id(1), id(2)}
	for _, c := range []struct {
		hold  string
		keeps []string
		due   int // of these
	}{
		{`from: "+1 (512) 555-0100"`, number, 2},
		{`from: "15125550100"`, number, 2},
		{`from: "+15125550100"`, number, 2},
		{`from: "1.512.555-0100", to: "+49 30 123456789"`, number, 2},
		{`from: "sip:+15125550100@example.com"`, []string{id(4)}, 1},
		{`call_session_id: ` + strings.ToUpper(sessionID), []string{id(3)}, 1},
		{`call_leg_id: ` + id(3), nil, 0}, // the id of a recording is none of a leg
		{`from: "+15125550101"`, nil, 0},
		{`from: "+15125550100", call_session_id: ` + sessionID, nil, 0},
	} {
		p := k.report(k.load("a", policyYAML+"  complaint: {"+c.hold+", keep: true}\n"))
		want := minus(setOf(id(1), id(2), id(3), id(4)), setOf(c.keeps...))
		if got := due(p); !maps.Equal(got, want) {
			t.Errorf("%s: %v are due, want %v", c.hold, sorted(got), sorted(want))
		}
		if len(p.Kept) != 1 || p.Kept[0].Due != c.due || p.Kept[0].More || !slices.Equal(slices.Sorted(p.Kept[0].Items.IDs()), c.keeps) {
			t.Errorf("%s: it keeps %+v, want %v", c.hold, p.Kept, c.keeps)
		}
		code := map[bool]plan.Code{true: apply.HoldMatchesNothing, false: apply.HoldKeeps}[len(c.keeps) == 0]
		n, noted := note(p, code)
		if !noted || n.Addr.Name != "complaint" || n.Source == nil || n.Reason.Args["count"] != len(c.keeps) {
			t.Errorf("%s: it notes %+v", c.hold, p.Notes)
		}
	}
}

// A policy means what people write as well, and no more than that.
func TestAPolicyAsPeopleWriteIt(t *testing.T) {
	k := plainly(t, complained())
	for yaml, want := range map[string][]int{
		`from: "+1 (512) 555-0100"`:                      {1, 2},
		`from: "+15125550199"`:                           {3},
		`from: "5125550100"`:                             nil, // which country that is nobody knows
		`call_session_id: ` + strings.ToUpper(sessionID): {3},
	} {
		wants := map[string]bool{}
		for _, i := range want {
			wants[fmt.Sprintf(anyID, i)] = true
		}
		if got := due(k.report(k.load("a", "recording_retention:\n  x: {delete_after: 30d, "+yaml+"}\n"))); !maps.Equal(got, wants) {
			t.Errorf("%s: %v are due", yaml, sorted(got))
		}
	}
}

// What recordings do not show is asked for together with a number in any of its spellings.
func TestANumberBesideWhatIsNotShown(t *testing.T) {
	account := complained()
	for i, r := range account["recordings"].([]any) {
		if i != 3 {
			r.(object)["_sip_call_id"] = "x"
		}
	}
	k := plainly(t, account)
	p := k.report(k.load("a", policyYAML+"  complaint: {sip_call_id: x, from: \"+1 512 555 0100\", keep: true}\n"))
	if got, want := due(p), setOf(fmt.Sprintf(anyID, 3), fmt.Sprintf(anyID, 4)); !maps.Equal(got, want) || p.Kept[0].Items.Len() != 3 || p.Kept[0].Due != 2 {
		t.Errorf("%v are due, it keeps %+v", sorted(got), p.Kept[0])
	}
	if got := due(k.report(k.load("a", "recording_retention:\n  x: {sip_call_id: x, from: \"1 512 555 0100\", delete_after: 30d}\n"))); !maps.Equal(got, setOf(fmt.Sprintf(anyID, 1), fmt.Sprintf(anyID, 2))) {
		t.Errorf("%v are due", sorted(got))
	}
}

// Holds are counted whatever is due: also of what is too young, and where no policy deletes anything.
func TestHoldsAreCounted(t *testing.T) {
	k := plainly(t, object{"recordings": aged(1, 2, 40, 41)})
	young := fmt.Sprintf("  young: {created_at: {gte: %q}, from: \"+15125550100\", keep: true}\n", ago(3*aDay))
	for _, c := range []struct {
		yaml  string
		count int
		due   int
		more  bool
	}{
		{policyYAML + young, 2, 0, false},
		{"recording_retention:\n" + young, 2, 0, false},
		{"recording_retention:\n  all: {delete_after: 300d}\n" + young, 2, 0, false},
		{policyYAML + "  young: {from: \"+15125550100\", keep: true}\n", 4, 2, false},
		{policyYAML + "  all-of-it: {keep: true}\n", 2, 2, true},          // the rest is not read
		{"recording_retention:\n  all-of-it: {keep: true}\n", 1, 0, true}, // one is enough
		{policyYAML + "  old: {created_at: {lte: \"2020-01-01T00:00:00Z\"}, keep: true}\n", 0, 0, false},
	} {
		p := k.report(k.load("a", c.yaml))
		if len(p.Kept) != 1 || p.Kept[0].Items.Len() != c.count || p.Kept[0].Due != c.due || p.Kept[0].More != c.more {
			t.Errorf("%s: it keeps %+v", c.yaml, p.Kept)
		}
		for d := range p.Kept[0].Items.(plan.Detailed).Details() {
			if want := map[bool]string{true: "recording_retention/all"}[strings.HasPrefix(d.Age, "4") && c.due > 0]; d.By != want || d.Age == "" || d.Created == "" {
				t.Errorf("%s: %+v", c.yaml, d)
			}
		}
	}
	k = plainly(t, object{"recordings": []any{}})
	if _, none := note(k.report(k.load("a", "recording_retention:\n  all-of-it: {keep: true}\n")), apply.HoldMatchesNothing); !none {
		t.Error("a hold of an empty account matches something")
	}
}

// What a hold keeps is counted while others come and go: a listing that does not add up is read again, and no reason to
// stop.
func TestCountingIsPatient(t *testing.T) {
	k := plainly(t, object{"recordings": aged(1, 2, 3, 4)})
	k.stage.size = 2
	k.stage.before = func(n int, r *http.Request) error {
		if !r.URL.Query().Has("filter[created_at][gte]") {
			return nil
		}
		return k.sim.SetAccount(must(t, object{"recordings": aged(1, 2, 3, 4)[n%2:]}))
	}
	p := k.report(k.load("a", policyYAML+"  x: {from: \"+15125550100\", keep: true}\n"))
	if n := p.Kept[0].Items.Len(); n < 2 || n > 4 {
		t.Errorf("it keeps %+v", p.Kept[0])
	}
}

// Each policy says what is due by it, also if that is nothing.
func TestEachPolicyIsReported(t *testing.T) {
	k := plainly(t, object{"recordings": aged(5, 40, 100)})
	p := k.report(k.load("a", policyYAML+"  later: {from: \"+15125550199\", delete_after: 90d}\n"))
	n, noted := note(p, retention.NoneDue)
	if !noted || n.Addr.Name != "later" || n.Source == nil || len(p.Changes) != 1 || p.Changes[0].Addr.Name != "all" {
		t.Errorf("%+v", p.Notes)
	}
}

// A file that was loaded alone, and is gone from its directory, holds no longer; while it is there, it does.
func TestAHoldOfAFileThatIsGone(t *testing.T) {
	k := plainly(t, calls())
	k.load("a", policyYAML)
	holds := filepath.Join(k.dir, "a", "holds.yaml")
	k.write(holds, "recording_retention:\n"+holdYAML)
	alone, all := k.loaded(holds), k.loaded(filepath.Join(k.dir, "a"))
	k.gone("with the file", calls(), all, "d41", "d42")
	for _, desired := range []resource.Config{alone, all, alone} {
		if _, err := k.run(context.Background(), recordingJob, apply.Situation{Desired: desired}); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.sim.SetAccount(must(t, calls())); err != nil {
		t.Fatal(err)
	}
	k.remove(holds)
	p := k.report(k.loaded(filepath.Join(k.dir, "a")))
	if n, released := note(p, retention.HoldRemoved); !released || n.Addr.Name != "legal" || !due(p)["d40"] {
		t.Errorf("%+v", p.Notes)
	}
	for _, n := range p.Notes {
		if n.Reason.Code == retention.HoldRemembered || n.Reason.Code == retention.HoldElsewhere {
			t.Errorf("it is also said that %+v", n)
		}
	}
}

// The file with the hold goes from the directory: the hold is released, and that is said.
func TestTheFileWithTheHoldGoes(t *testing.T) {
	k := plainly(t, calls())
	dir := filepath.Join(k.dir, "a")
	k.load("a", policyYAML)
	k.write(filepath.Join(dir, "holds.yaml"), "recording_retention:\n"+holdYAML)
	k.gone("with it", calls(), k.loaded(dir), "d41", "d42")
	k.remove(filepath.Join(dir, "holds.yaml"))
	p := k.report(k.loaded(dir))
	if n, released := note(p, retention.HoldRemoved); !released || n.Addr.Name != "legal" {
		t.Errorf("%+v", p.Notes)
	}
	if got := due(p); !got["d40"] {
		t.Errorf("%v are due", sorted(got))
	}
}
