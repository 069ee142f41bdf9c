package numbers

import (
	"fmt"
	"testing"
	"time"

	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

func failedIn(ticket string, t resource.Target, next time.Time, list ...resource.Number) (out []resource.Trouble) {
	for _, n := range list {
		out = append(out, resource.Trouble{Number: n, Target: t, Op: resource.OrderUpload, Ticket: ticket, Reason: resource.Said("why"), Attempts: 1, Next: next})
	}
	return out
}

// A retry sends again all that failed of an upload: none of that may be a number that is not wanted there.
func TestWhatIsRetried(t *testing.T) {
	const bad = "internal_error"
	all := map[resource.Number]string{n1: bad, n2: bad, n3: "success"}
	due, parked := now.Add(-time.Minute), time.Time{}
	for name, c := range map[string]struct {
		entries  map[resource.Number]string
		status   string
		troubles []resource.Trouble
		groups   []Group
		on       string // the connection of n2
		want     []string
	}{
		"all that failed":          {all, "partial_success", failedIn("T", atL1, due, n1, n2), []Group{groupOf(atL1, set(n1, n2))}, here, []string{"retry [+15125550101-+15125550102]"}},
		"of two groups":            {all, "partial_success", failedIn("T", atL1, due, n1, n2), []Group{groupOf(atL1, set(n1)), named("b", groupOf(atL1, set(n2)))}, here, []string{"retry [+15125550101]", "retry [+15125550102]"}},
		"one is not wanted":        {all, "partial_success", failedIn("T", atL1, due, n1), []Group{groupOf(atL1, set(n1))}, here, []string{"upload [+15125550101]"}},
		"one is wanted elsewhere":  {all, "partial_success", failedIn("T", atL1, due, n1, n2), []Group{groupOf(atL1, set(n1)), groupOf(atL2, set(n2))}, here, []string{"upload [+15125550101]", "upload [+15125550102]"}},
		"for another use":          {all, "partial_success", failedIn("T", atL1, due, n1, n2), []Group{groupOf(atL1, set(n1)), groupOf(use(atL1), set(n2))}, here, []string{"upload [+15125550101]", "upload [+15125550102]"}},
		"one is only observed":     {all, "partial_success", failedIn("T", atL1, due, n1, n2), []Group{groupOf(atL1, set(n1)), observed(set(n2))}, here, []string{"upload [+15125550101]", "upload [+15125550102]"}},
		"one did not fail for us":  {all, "partial_success", failedIn("T", atL1, due, n1), []Group{groupOf(atL1, set(n1, n2))}, here, []string{"upload [+15125550101-+15125550102]"}},
		"one failed in another":    {all, "partial_success", append(failedIn("T", atL1, due, n1), failedIn("S", atL1, due, n2)...), []Group{groupOf(atL1, set(n1, n2))}, here, []string{"upload [+15125550101-+15125550102]"}},
		"one is parked":            {all, "partial_success", append(failedIn("T", atL1, due, n1), failedIn("T", atL1, parked, n2)...), []Group{groupOf(atL1, set(n1, n2))}, here, []string{"parked [+15125550102] retry [+15125550101]"}},
		"all are parked":           {all, "partial_success", failedIn("T", atL1, parked, n1, n2), []Group{groupOf(atL1, set(n1, n2))}, here, []string{"parked [+15125550101-+15125550102]"}},
		"one is due later":         {all, "partial_success", append(failedIn("T", atL1, due, n1), failedIn("T", atL1, now.Add(time.Minute), n2)...), []Group{groupOf(atL1, set(n1, n2))}, here, []string{"wait [+15125550101-+15125550102]"}},
		"one was unassigned":       {all, "partial_success", failedIn("T", atL1, due, n1, n2), []Group{groupOf(atL1, set(n1, n2))}, "", []string{"assign [+15125550102] wait [+15125550101]"}},
		"one was taken away":       {all, "partial_success", failedIn("T", atL1, due, n1, n2), []Group{groupOf(atL1, set(n1, n2))}, zoom, []string{"elsewhere [+15125550102] upload [+15125550101]"}},
		"one was not in it":        {map[resource.Number]string{n1: bad}, "error", failedIn("T", atL1, due, n1, n2), []Group{groupOf(atL1, set(n1, n2))}, here, []string{"upload [+15125550102] retry [+15125550101]"}},
		"one succeeded in it":      {map[resource.Number]string{n1: bad, n2: "success"}, "partial_success", failedIn("T", atL1, due, n1, n2), []Group{groupOf(atL1, set(n1, n2))}, here, []string{"upload [+15125550102] retry [+15125550101]"}},
		"it goes on":               {map[resource.Number]string{n1: bad, n2: "pending"}, "in_progress", failedIn("T", atL1, due, n1), []Group{groupOf(atL1, set(n1))}, here, []string{"upload [+15125550101]"}},
		"nothing of it has failed": {map[resource.Number]string{n1: "success", n2: "success"}, "success", failedIn("T", atL1, due, n1, n2), []Group{groupOf(atL1, set(n1, n2))}, here, []string{"upload [+15125550101-+15125550102]"}},
		"without a ticket":         {all, "partial_success", failedIn("", atL1, due, n1, n2), []Group{groupOf(atL1, set(n1, n2))}, here, []string{"upload [+15125550101-+15125550102]"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := new(account).owns(here, n1, n3).owns(c.on, n2).uploading(here, upload("T", c.status, c.entries))
			p := a.decide(t, Input{Groups: c.groups, Troubles: c.troubles})
			for i := range c.groups {
				got := said(&p.Groups[i])
				same(t, c.groups[i].Addr.Name, fmt.Sprint(got), "["+c.want[i]+"]")
			}
			for _, b := range batches(&p, c.groups, every) {
				if b.Op == Retry && (b.Ticket != "T" || b.IDs != nil || len(b.Seen) != 1 || b.Target != atL1) {
					t.Errorf("%+v", b)
				}
			}
		})
	}
}

func named(name string, g Group) Group {
	g.Addr.Name = name
	return g
}

func use(t resource.Target) resource.Target {
	t.Usage = callingUser
	return t
}

// Where somebody uploads a number that failed before, the retry of its upload would send it a second time:
// it is waited for, and the others are uploaded anew.
func TestNothingIsRetriedThatSomebodyUploads(t *testing.T) {
	failed := upload("T", "error", map[resource.Number]string{n1: "internal_error", n2: "internal_error"})
	theirs := resource.Upload{Ticket: "theirs", Status: "pending", Entries: []resource.UploadEntry{{Number: n2, Status: "pending"}}}
	a := new(account).owns(here, n1, n2).uploading(here, failed).uploading(here, theirs)
	groups := []Group{groupOf(atL1, set(n1, n2))}
	p := a.decide(t, Input{Groups: groups, Troubles: failedIn("T", atL1, now.Add(-time.Minute), n1, n2)})
	same(t, "decided", fmt.Sprint(said(&p.Groups[0])), "[upload [+15125550101] wait [+15125550102]]")
}

// An upload whose answer was lost is the one that was not there before and holds all of its numbers.
func TestFind(t *testing.T) {
	pending := func(ticket string, list ...resource.Number) resource.Upload {
		u := resource.Upload{Ticket: ticket, Status: "pending"}
		for _, n := range list {
			u.Entries = append(u.Entries, resource.UploadEntry{Number: n, Status: "pending"})
		}
		return u
	}
	failed := upload("old", "error", map[resource.Number]string{n1: "internal_error", n2: "internal_error"})
	for name, c := range map[string]struct {
		uploads []resource.Upload
		retried string
		left    string
		said    string
	}{
		"found":            {[]resource.Upload{failed, pending("new", n1, n2)}, "", "[upload [+15125550101-+15125550102] new]", "[wait [+15125550101-+15125550102]]"},
		"with others":      {[]resource.Upload{pending("new", n1, n2, n3)}, "", "[upload [+15125550101-+15125550103] new]", "[wait [+15125550101-+15125550102]]"},
		"not all of it":    {[]resource.Upload{pending("new", n1)}, "", "[upload [+15125550101] new]", "[upload [+15125550102] wait [+15125550101]]"}, // somebody else's
		"there before":     {[]resource.Upload{failed}, "", "[]", "[upload [+15125550101-+15125550102]]"},
		"nothing":          {nil, "", "[]", "[upload [+15125550101-+15125550102]]"},
		"a new retry":      {[]resource.Upload{failed, pending("new", n1, n2)}, "old", "[retry [+15125550101-+15125550102] new]", "[wait [+15125550101-+15125550102]]"},
		"the same ticket":  {[]resource.Upload{pending("old", n1, n2)}, "old", "[retry [+15125550101-+15125550102] old]", "[wait [+15125550101-+15125550102]]"},
		"no retry":         {[]resource.Upload{failed}, "old", "[]", "[retry [+15125550101-+15125550102]]"},
		"the same, done":   {[]resource.Upload{upload("old", "success", map[resource.Number]string{n1: "success", n2: "success"})}, "old", "[retry [+15125550101-+15125550102] old settled]", "[wait [+15125550101-+15125550102]]"},
		"the same, partly": {[]resource.Upload{upload("old", "partial_success", map[resource.Number]string{n1: "success", n2: "internal_error"})}, "old", "[retry [+15125550101] old settled]", "[wait [+15125550102] wait [+15125550101]]"},
	} {
		t.Run(name, func(t *testing.T) {
			a := new(account).owns(here, n1, n2, n3)
			for _, u := range c.uploads {
				a.uploading(here, u)
			}
			o := orderOf(resource.OrderUpload, atL1, set(n1, n2), "", time.Minute)
			o.Seen = []string{"old"}
			in := Input{Groups: []Group{groupOf(atL1, set(n1, n2))}}
			if o.Retried = c.retried; c.retried != "" {
				o.Op = resource.OrderRetry
				in.Troubles = failedIn("old", atL1, now.Add(-time.Minute), n1, n2)
			}
			in.Orders = []resource.Order{o}
			p := a.decide(t, in)
			same(t, "left", left(&p), c.left)
			same(t, "said", said(&p.Groups[0]), c.said)
			for _, v := range p.Groups[0].Verdicts {
				if free := len(p.Open) == 0; v.Op != Wait && v.InDoubt != (free && (v.Op == Upload || v.Op == Retry)) && name != "not all of it" {
					t.Errorf("in doubt: %+v", v)
				}
			}
		})
	}
	o := orderOf(resource.OrderUpload, atL1, set(n1), "", 25*time.Hour)
	for _, what := range []string{"uploads", "teams"} {
		p := new(account).owns(here, n1).breaks(what).decide(t, Input{Groups: []Group{groupOf(atL1, set(n1))}, Orders: []resource.Order{o}})
		same(t, "as long as nobody can say otherwise", left(&p), "[upload [+15125550101] ]")
	}
}

// Numbers that Telnyx names in a refusal are parked, the others are free; where it names none, all wait.
func TestRefused(t *testing.T) {
	before := []resource.Trouble{
		{Number: n1, Target: atL1, Op: resource.OrderUpload, Attempts: 5, Ticket: "T"}, {Number: n2, Target: atL2, Op: resource.OrderUpload, Attempts: 5},
	}
	for name, c := range map[string]struct {
		op       string
		attempts int
		named    map[resource.Number]string
		want     string
	}{
		"none is named": {resource.OrderUpload, 0, nil, "[+15125550101 #6 in 32m0s: no +15125550102 #1 in 1m0s: no +15125550103 #1 in 1m0s: no]"},
		"one is named":  {resource.OrderUpload, 0, map[resource.Number]string{n2: "bad"}, "[+15125550102 #1 parked: bad]"},
		"another is":    {resource.OrderUpload, 0, map[resource.Number]string{n3 + 1: "bad"}, "[]"},
		"once too much": {resource.OrderUpload, 6, nil, "[+15125550101 #6 parked: it failed 6 times, the last time with: no +15125550102 #1 in 1m0s: no +15125550103 #1 in 1m0s: no]"},
		"assignments":   {resource.OrderAssign, 0, nil, "[+15125550101 #1 in 1m0s: no +15125550102 #1 in 1m0s: no +15125550103 #1 in 1m0s: no]"},
	} {
		var got []string
		for _, tr := range Refused(orderOf(c.op, atL1, set(n1, n2, n3), "", 0), before, c.named, "no", Times{Attempts: c.attempts}, now) {
			when := "parked"
			if !tr.Parked() {
				when = fmt.Sprint("in ", tr.Next.Sub(now))
			}
			got = append(got, fmt.Sprintf("%s #%d %s: %s", tr.Number, tr.Attempts, when, words(tr.Reason)))
			if tr.Ticket != "" || tr.Target != atL1 || tr.Op != c.op || !tr.At.Equal(now) {
				t.Errorf("%s: %+v", name, tr)
			}
		}
		same(t, name, got, c.want)
	}
	// That Telnyx is too busy for a move does not mean that the number cannot be moved.
	o := orderOf(resource.OrderRelocate, atL1, set(n1), "", 0)
	var troubles []resource.Trouble
	for range 10 {
		if troubles = Refused(o, troubles, nil, "too many requests", Times{}, now); len(troubles) != 1 || troubles[0].Parked() {
			t.Fatalf("%+v", troubles)
		}
	}
	if r := []rune(words(Refused(o, nil, nil, fmt.Sprint(make([]int, 1000)), Times{}, now)[0].Reason)); len(r) != 301 {
		t.Errorf("a reason of %d characters", len(r))
	}
}

// While Telnyx is not ready they wait, and that is no failure; what it does not retry is uploaded anew.
func TestLaterAndAnew(t *testing.T) {
	before := append(failedIn("T", atL1, now.Add(-time.Hour), n1, n3), failedIn("T", atL1, time.Time{}, n2)...)
	want := before[0]
	want.Next = now.Add(time.Minute)
	same(t, "later", Later(set(n1, n2), before, Times{}, now), []resource.Trouble{want})
	want.Ticket, want.Next = "", now
	same(t, "anew", Anew(set(n1, n2), before, now), []resource.Trouble{want})
	if l, a := Later(set(n1+9), before, Times{}, now), Anew(nil, before, now); l != nil || a != nil {
		t.Errorf("%v %v", l, a)
	}
	in := Input{Groups: []Group{groupOf(atL1, set(n1))}, Troubles: []resource.Trouble{want}}
	p := new(account).owns(here, n1).uploading(here, upload("T", "error", map[resource.Number]string{n1: "internal_error"})).decide(t, in)
	same(t, "then", said(&p.Groups[0]), "[upload [+15125550101]]")
}

// Whatever is known and whatever is read: each number gets exactly one verdict or is in place, what is sent
// for a number is one thing, nothing is sent for what is on its way, and the same input gives the same plan.
func TestPlansAreWhole(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		pick := func(what string, list ...string) string { return rapid.SampledFrom(list).Draw(r, what) }
		a := new(account).owns("")
		var in Input
		targets := []resource.Target{atL1, atL2, atA1, atA2, onZoom, use(atL1), {Location: "L1"}, {}}
		some := func() resource.Target { return rapid.SampledFrom(targets).Draw(r, "target") }
		next := n1
		for i := range rapid.IntRange(1, 4).Draw(r, "groups") {
			g := named(string(rune('a'+i)), groupOf(some(), span(next, rapid.IntRange(1, 6).Draw(r, "count"))))
			next += resource.Number(g.Wanted.Len())
			g.AllowMove, g.Observe, g.AnyPlace = rapid.Bool().Draw(r, "move"), rapid.Bool().Draw(r, "observe"), rapid.Bool().Draw(r, "any")
			g.Known = map[string]resource.Numbers{pick("use", "", "calling_user_assignment+", "+none"): drawNumbers(r)}
			in.Groups = append(in.Groups, g)
		}
		entries := map[resource.Number]string{}
		for n := range span(n1, int(next-n1)+3).All() {
			switch pick("number", "not owned", "free", "here", "here", "listed", "placed", "there", "zoom") {
			case "free":
				a.owns("", n)
			case "here":
				a.owns(here, n)
			case "listed":
				a.shows(here, "", n)
			case "placed":
				a.shows(here, pick("at", "L1", "L2", "L3"), n)
			case "there":
				a.shows(there, "L1", n)
			case "zoom":
				a.owns(zoom, n)
			}
			if state := pick("entry", "", "", "pending", "success", "internal_error", "unknown_country_code", "new"); state != "" {
				entries[n] = state
			}
			if rapid.IntRange(0, 2).Draw(r, "trouble") == 0 {
				tr := failedIn(pick("ticket", "", "T", "gone"), some(), now.Add(time.Duration(rapid.IntRange(-1, 1).Draw(r, "next"))*time.Hour), n)[0]
				if tr.Op = pick("op", resource.OrderUpload, resource.OrderAssign, resource.OrderRelocate); rapid.Bool().Draw(r, "parked") {
					tr.Next = time.Time{}
				}
				in.Troubles = append(in.Troubles, tr)
			}
		}
		a.uploading(here, upload("T", pick("status", "pending", "partial_success", "error", "success", "new"), entries))
		a.jobs["J"] = &resource.BulkJob{ID: "J", Status: pick("job", "pending", "completed", "failed"), Failed: map[resource.Number]string{n1: "why"}}
		for i := range rapid.IntRange(0, 4).Draw(r, "orders") {
			o := orderOf(pick("op", resource.OrderUpload, resource.OrderRetry, resource.OrderAssign, resource.OrderRelocate), some(), drawNumbers(r), "", time.Duration(rapid.IntRange(0, 30).Draw(r, "age"))*time.Hour)
			if o.ID = fmt.Sprint(i); o.Op == resource.OrderAssign {
				o.Ticket = pick("job", "", "J", "gone")
			} else if o.Op != resource.OrderRelocate {
				o.Ticket, o.Retried = pick("ticket", "", "T", "gone"), pick("retried", "", "T")
			}
			if o.Settled = o.Ticket != "" && rapid.Bool().Draw(r, "settled"); len(o.Numbers) > 0 {
				in.Orders = append(in.Orders, o)
			}
		}
		for range rapid.IntRange(0, 2).Draw(r, "broken") {
			a.breaks(pick("what", "teams", "assigned", "account", "uploads", "civic", "job", "connection", "ticket"))
		}
		text := fmt.Sprintf("%+v", in)
		p := a.decide(t, in)
		if again := a.decide(t, in); fmt.Sprintf("%+v", in) != text || fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", p) {
			r.Fatalf("the input was changed, or gives two plans:\n%+v\n%+v", p, again)
		}
		onWay := map[resource.Number]bool{}
		for _, o := range p.Open {
			for n := range o.Numbers.All() { // of what somebody else began, some may be wanted by another connection now
				onWay[n] = onWay[n] || o.Op != resource.OrderRelocate && !Followed(&o)
			}
		}
		for i := range p.Groups {
			d, g := &p.Groups[i], &in.Groups[i]
			if d.Err != nil {
				continue
			}
			for n := range g.Wanted.All() {
				verdicts := 0
				for _, v := range d.Verdicts {
					if v.Numbers.Has(n) && v.Op != Adopt && v.Op != BadUsage {
						verdicts++
					}
					if v.Numbers.Has(n) && onWay[n] && (v.Op == Assign || v.Op == Upload || v.Op == Retry || v.Op == Relocate) {
						r.Errorf("%s is on its way, and to be sent: %+v", n, v)
					}
				}
				if placed := d.Placed.Has(n); placed && verdicts > 0 || !placed && verdicts == 0 {
					r.Errorf("%s has %d verdicts, in place %t: %+v", n, verdicts, placed, d)
				}
			}
			for _, v := range d.Verdicts {
				if v.Op == Confused {
					r.Errorf("what cannot happen happens: %+v", v)
				}
				if len(v.Numbers) == 0 || words(v.Reasons...) == "" || len(v.Numbers.Minus(g.Wanted)) > 0 {
					r.Errorf("%+v", v)
				}
			}
		}
		sent := map[resource.Number]Op{}
		for _, b := range batches(&p, in.Groups, every) {
			for n := range b.Numbers.All() {
				if sent[n] != "" {
					r.Errorf("%s is in two batches, %s and %s", n, sent[n], b.Op)
				}
				sent[n] = b.Op
			}
		}
	})
}
