package numbers

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

// sent is a batch with the groups that it is for.
type sent struct {
	*Batch
	Groups []resource.Addr
}

// batches are what is sent for the groups that are kept, as changes made of their verdicts have it.
func batches(p *Plan, groups []Group, keep func(resource.Addr) bool) (out []sent) {
	var changes []plan.Change
	for i := range p.Groups {
		g := &groups[i]
		for _, v := range p.Groups[i].Verdicts {
			if keep(g.Addr) && v.Op != Wait && !v.Op.Problem() {
				changes = append(changes, plan.Change{
					Op: plan.Op(v.Op), Addr: g.Addr, Items: v.Numbers, Ticket: v.Ticket, InDoubt: v.InDoubt, Do: p.Work(g),
				})
			}
		}
	}
	for _, c := range Calls(changes) {
		s := sent{Batch: c.Do.(*Batch)}
		for _, i := range c.Changes {
			if n := len(s.Groups); n == 0 || s.Groups[n-1] != changes[i].Addr {
				s.Groups = append(s.Groups, changes[i].Addr)
			}
		}
		out = append(out, s)
	}
	return out
}

func every(resource.Addr) bool { return true }

func drawNumbers(t *rapid.T) resource.Numbers {
	var ranges []resource.Range
	for range rapid.IntRange(0, 6).Draw(t, "ranges") {
		from := n1 + resource.Number(rapid.IntRange(0, 40).Draw(t, "from"))
		ranges = append(ranges, resource.Range{From: from, To: from + resource.Number(rapid.IntRange(0, 8).Draw(t, "more"))})
	}
	return resource.NumbersOf(ranges...)
}

func TestLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawNumbers(t)
		n := rapid.IntRange(0, s.Len()+2).Draw(t, "n")
		before := slices.Clone(s)
		rest, tail := last(s, n)
		switch {
		case !s.Equal(before):
			t.Fatal("it changed what it was given")
		case tail.Len() != min(n, s.Len()), !rest.Plus(tail).Equal(s), len(rest.And(tail)) > 0:
			t.Fatalf("the last %d of %v are %v, the rest %v", n, s.Texts(), tail.Texts(), rest.Texts())
		case len(rest) > 0 && len(tail) > 0 && rest[len(rest)-1].To >= tail[0].From:
			t.Fatalf("%v come after %v", rest.Texts(), tail.Texts())
		case !resource.NumbersOf(rest...).Equal(rest), !resource.NumbersOf(tail...).Equal(tail):
			t.Fatalf("%v and %v are not in their form", rest, tail)
		}
	})
}

// counts counts the numbers of each op.
func counts(p *Plan) string {
	found := map[Op]int{}
	for i := range p.Groups {
		for _, v := range p.Groups[i].Verdicts {
			found[v.Op] += v.Numbers.Len()
		}
	}
	return fmt.Sprint(found)
}

// An upload that is not full waits for what is being assigned, or about to be, for its place; a full one
// does not.
func TestUploadsWaitForAssignments(t *testing.T) {
	const n = 15125560000
	job := func(target resource.Target, age time.Duration, settled bool) []resource.Order {
		return []resource.Order{{ID: "o", Op: resource.OrderAssign, Target: target, Numbers: span(n+9000, 5), Ticket: "J", At: now.Add(-age), Settled: settled}}
	}
	for name, c := range map[string]struct {
		assigned, free int
		orders         []resource.Order
		edit           func(in *Input)
		want           string
	}{
		"nothing is coming":            {assigned: 7, want: "map[upload:7]"},
		"some are to be assigned":      {assigned: 7, free: 3, want: "map[assign:3 wait:7]"},
		"full ones go":                 {assigned: 2007, free: 3, want: "map[assign:3 upload:2000 wait:7]"},
		"exactly full":                 {assigned: 1000, free: 3, want: "map[assign:3 upload:1000]"},
		"some are being assigned":      {assigned: 7, orders: job(atL1, time.Minute, false), want: "map[wait:7]"},
		"for longer than that":         {assigned: 7, orders: job(atL1, 2*time.Minute, false), want: "map[upload:7]"},
		"and almost so long":           {assigned: 7, orders: job(atL1, 2*time.Minute-1, false), want: "map[wait:7]"},
		"their job is done":            {assigned: 7, orders: job(atL1, time.Minute, true), want: "map[wait:7]"},
		"for another place":            {assigned: 7, orders: job(atL2, time.Minute, false), want: "map[upload:7]"},
		"full, others being assigned":  {assigned: 1007, orders: job(atL1, time.Minute, false), want: "map[upload:1000 wait:7]"},
		"nobody assigns what is shown": {assigned: 7, edit: func(in *Input) { in.Groups = append(in.Groups, observed(span(n+9000, 5))) }, want: "map[assign:5 upload:7]"},
	} {
		t.Run(name, func(t *testing.T) {
			a := new(account).owns(here, slices.Collect(span(n, c.assigned).All())...).owns("", slices.Collect(span(n+9000, 5).All())...)
			a.jobs["J"] = &resource.BulkJob{Status: "pending"}
			s := span(n, c.assigned)
			if c.free > 0 {
				s = s.Plus(span(n+9000, c.free))
			}
			in := Input{Groups: []Group{groupOf(atL1, s)}, Orders: c.orders}
			if c.edit != nil {
				c.edit(&in)
			}
			p := a.decide(t, in)
			same(t, "the plan", counts(&p), c.want)
			if p.Next.IsZero() || p.Next.Sub(now) > DefaultBatchSettle {
				t.Errorf("it is looked at again in %v", p.Next.Sub(now))
			}
		})
	}
}

func observed(s resource.Numbers) Group {
	g := groupOf(atL1, s)
	g.Addr.Name, g.Observe = "observed", true
	return g
}

// No more than 20 jobs are unfinished at a time, whatever they are for.
func TestJobsAreLimited(t *testing.T) {
	const n = 15125560000
	for _, c := range []struct {
		wanted, second    int
		unfinished, ended int
		jobs              int // that are sent
		want              string
	}{
		{wanted: 20000, jobs: 20, want: "map[assign:20000]"},
		{wanted: 20001, jobs: 20, want: "map[assign:20000 wait:1]"},
		{wanted: 30500, jobs: 20, want: "map[assign:20000 wait:10500]"},
		{wanted: 2500, unfinished: 18, jobs: 2, want: "map[assign:2000 wait:500]"},
		{wanted: 2500, unfinished: 18, ended: 5, jobs: 2, want: "map[assign:2000 wait:500]"},
		{wanted: 2500, unfinished: 20, want: "map[wait:2500]"},
		{wanted: 2500, unfinished: 25, want: "map[wait:2500]"}, // of whatever came about before
		{wanted: 10, second: 2010, unfinished: 17, jobs: 3, want: "map[assign:2010 wait:10]"},
		{wanted: 10, second: 10, unfinished: 19, jobs: 1, want: "map[assign:10 wait:10]"},
		{wanted: 10, second: 10, unfinished: 25, want: "map[wait:20]"},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			free := span(n, c.wanted+c.second)
			a := new(account).owns("", slices.Collect(free.All())...)
			in := Input{Groups: []Group{groupOf(atL1, span(n, c.wanted))}}
			if c.second > 0 {
				in.Groups = append(in.Groups, groupOf(onZoom, span(n+resource.Number(c.wanted), c.second)))
			}
			for i := range c.unfinished + c.ended {
				num := resource.Number(15125600000 + i)
				a.owns("", num).jobs[fmt.Sprint(i)] = &resource.BulkJob{Status: "in_progress"}
				in.Orders = append(in.Orders, resource.Order{
					ID: fmt.Sprint(i), Op: resource.OrderAssign, Target: atL2, Numbers: set(num), Ticket: fmt.Sprint(i), At: now.Add(-time.Minute), Settled: i >= c.unfinished,
				})
			}
			p := a.decide(t, in)
			jobs := batches(&p, in.Groups, every)
			same(t, "the plan", counts(&p), c.want)
			if len(jobs) != c.jobs {
				t.Errorf("%d jobs are sent, want %d", len(jobs), c.jobs)
			}
		})
	}
}

// Connections that are to be made in the same run have no ids yet, and are as many as there are.
func TestJobsForConnectionsThatAreToBeMade(t *testing.T) {
	const n, most = 15125560000, MaxJobs + 5
	var in Input
	for i := range most {
		g := groupOf(resource.Target{}, span(n+resource.Number(i), 1))
		g.Addr.Name = fmt.Sprint("g", i)
		g.Waits = resource.Addr{Kind: "external_connections", Name: g.Addr.Name}
		in.Groups = append(in.Groups, g)
	}
	a := new(account).owns("", slices.Collect(span(n, most).All())...)
	p := a.decide(t, in)
	same(t, "the plan", counts(&p), "map[assign:20 wait:5]")
	jobs := batches(&p, in.Groups, every)
	if len(jobs) != MaxJobs {
		t.Errorf("%d jobs are sent, want %d", len(jobs), MaxJobs)
	}
	for _, b := range jobs {
		if len(b.Groups) != 1 || b.Waits.Name != b.Groups[0].Name {
			t.Errorf("%v goes to %s", b.Groups, b.Waits)
		}
	}
}

// What is sent for one place goes in as few calls as possible, and the numbers keep their ids.
func TestBatches(t *testing.T) {
	const n = 15125560000
	a := new(account).owns(here, slices.Collect(span(n, 2500).All())...).shows(here, "L1", n+2500, n+2501)
	second := groupOf(atL1, span(n+1200, 1000))
	second.Addr.Name = "second"
	third := groupOf(atL2, span(n+2200, 302))
	in := Input{Groups: []Group{groupOf(atL1, span(n, 1200)), second, third}}
	a.uploading(here, resource.Upload{Ticket: "z", Status: "success"}).uploading(here, resource.Upload{Ticket: "a", Status: "error"})
	p := a.decide(t, in)
	show := func(all []sent) (out []string) {
		for i := range all {
			b := &all[i]
			for j, num := range slices.Collect(b.Numbers.All()) {
				if len(b.IDs) != b.Numbers.Len() || b.IDs[j] != "id-"+num.String() {
					t.Fatalf("the ids of %v are %v", b.Numbers.Texts(), b.IDs)
				}
			}
			var names []string
			for _, g := range b.Groups {
				names = append(names, g.Name)
			}
			out = append(out, fmt.Sprint(b.Op, " ", b.Target.Location, " ", b.Numbers.Texts(), " ", names, " ", b.Place, " ", b.Seen))
		}
		return out
	}
	same(t, "all", show(batches(&p, in.Groups, every)), []string{
		"upload L1 [+15125560000-+15125560999] [L1] L1 [a z]", "upload L1 [+15125561000-+15125561999] [L1 second] L1 [a z]",
		"upload L1 [+15125562000-+15125562199] [second] L1 [a z]", "upload L2 [+15125562200-+15125562499] [L2] L2 [a z]",
		"relocate L2 [+15125562500-+15125562501] [L2] L2 [a z]",
	})
	same(t, "of one group", show(batches(&p, in.Groups, func(a resource.Addr) bool { return a.Name == "second" })), []string{
		"upload L1 [+15125561200-+15125562199] [second] L1 [a z]",
	})
	same(t, "of none", batches(&p, in.Groups, func(resource.Addr) bool { return false }), []sent{})
}

// A move to an address goes to its default location.
func TestMovesGoToALocation(t *testing.T) {
	a := new(account).shows(here, "L3", n1)
	in := Input{Groups: []Group{groupOf(atA1, set(n1))}}
	p := a.decide(t, in)
	if b := batches(&p, in.Groups, every); len(b) != 1 || b[0].Op != Relocate || b[0].Place != "L1" {
		t.Errorf("%+v", b)
	}
}

// What is known of numbers: for what they were uploaded, and which of them are found in place.
func TestKnown(t *testing.T) {
	user, app := callingUser, "first_party_app_assignment"
	target := func(usage, more string) resource.Target {
		return resource.Target{Connection: here, Location: "L1", Usage: usage, Additional: more}
	}
	onTeams := func(list ...resource.Number) *account { return new(account).shows(here, "L1", list...).owns("", n3) }
	for name, c := range map[string]struct {
		target resource.Target
		known  map[string]resource.Numbers
		a      *account
		orders []resource.Order
		want   string // what is known afterwards
		said   string
	}{
		"adopted":         {target(user, ""), nil, onTeams(n1, n2), nil, `{"":["+15125550101-+15125550102"]}`, "[adopt [+15125550101-+15125550102]]"},
		"known":           {target(user, ""), map[string]resource.Numbers{user + "+": set(n1)}, onTeams(n1, n2), nil, `{"":["+15125550102"],"calling_user_assignment+":["+15125550101"]}`, "[adopt [+15125550102]]"},
		"for another use": {target(app, ""), map[string]resource.Numbers{user + "+": set(n1, n2)}, onTeams(n1, n2), nil, `{"calling_user_assignment+":["+15125550101-+15125550102"]}`, "[bad_usage [+15125550101-+15125550102]]"},
		"for two other uses": {
			target(app, ""),
			map[string]resource.Numbers{user + "+": set(n1), user + "+none": set(n2)},
			onTeams(n1, n2), nil,
			`{"calling_user_assignment+":["+15125550101"],"calling_user_assignment+none":["+15125550102"]}`, "[bad_usage [+15125550101-+15125550102]]",
		},
		"use is not written": {target("", ""), map[string]resource.Numbers{user + "+": set(n1)}, onTeams(n1), nil, `{"calling_user_assignment+":["+15125550101"]}`, "[]"},
		"use was not known":  {target(app, ""), map[string]resource.Numbers{"": set(n1)}, onTeams(n1), nil, `{"":["+15125550101"]}`, "[]"},
		"on their way": {
			target(app, ""),
			map[string]resource.Numbers{user + "+": set(n1)},
			new(account).owns(here, n1).uploading(here, upload("T", "pending", map[resource.Number]string{n1: "pending"})),
			[]resource.Order{{ID: "o", Op: resource.OrderUpload, Target: target(user, ""), Numbers: set(n1), Ticket: "T", At: now}},
			`{"calling_user_assignment+":["+15125550101"]}`, "[wait [+15125550101]]",
		},
		"not there yet": {target(user, "none"), nil, onTeams(), nil, `{"calling_user_assignment+none":["+15125550103"]}`, "[assign [+15125550103]]"},
		"not ours":      {target("", ""), map[string]resource.Numbers{"": set(n1)}, new(account).owns(zoom, n1), nil, `{}`, "[elsewhere [+15125550101]]"},
	} {
		t.Run(name, func(t *testing.T) {
			wanted := set(n1, n2)
			if len(c.a.at) < 2 {
				wanted = set(n1)
			}
			if name == "not there yet" {
				wanted = set(n3)
			}
			g := groupOf(c.target, wanted)
			g.Known = c.known
			p := c.a.decide(t, Input{Groups: []Group{g}, Orders: c.orders})
			same(t, "known", resource.Text(p.Groups[0].Uploaded), c.want)
			same(t, "said", said(&p.Groups[0]), c.said)
		})
	}
	g := groupOf(target(user, ""), set(n1))
	if p := onTeams(n1).decide(t, Input{Groups: []Group{g}, Stateless: true}); p.Groups[0].Uploaded != nil || len(p.Groups[0].Verdicts) > 0 {
		t.Errorf("without a state: %+v", p.Groups[0])
	}
}
