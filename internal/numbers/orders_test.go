package numbers

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/resource"
)

// orderOf is an order that was begun some time ago.
func orderOf(op string, t resource.Target, s resource.Numbers, ticket string, age time.Duration) resource.Order {
	return resource.Order{ID: "o", Op: op, Target: t, Numbers: s, Ticket: ticket, At: now.Add(-age)}
}

// left are the orders that a plan leaves, in short.
func left(p *Plan) (out []string) {
	for _, o := range p.Open {
		text := fmt.Sprint(o.Op, " ", o.Numbers.Texts(), " ", o.Ticket)
		if o.Settled {
			text += " settled"
		}
		out = append(out, text)
	}
	return out
}

// troubles are what is remembered of numbers that failed, in short.
func troubles(p *Plan) (out []string) {
	for _, t := range p.Settle.Troubles {
		text := fmt.Sprintf("%s %s %s #%d %s", t.Number, t.Op, t.Code, t.Attempts, t.Ticket)
		if t.Parked() {
			text += " parked"
		} else {
			text += fmt.Sprint(" in ", t.Next.Sub(now))
		}
		out = append(out, text+": "+words(t.Reason))
	}
	return out
}

// endings are what is told of what ended, in short.
func endings(p *Plan) string {
	var out []string
	for _, e := range p.Settle.Ended {
		out = append(out, fmt.Sprint(e.How, " ", e.Numbers.Texts()))
	}
	return strings.Join(out, "; ")
}

// An upload is followed entry by entry, and the list has the last word.
func TestUploadIsFollowed(t *testing.T) {
	const up = resource.OrderUpload
	entries := func(status string, states map[resource.Number]string) *account {
		return new(account).owns(here, n1, n2, n3).uploading(here, upload("T", status, states))
	}
	for name, c := range map[string]struct {
		a        *account
		age      time.Duration
		before   []resource.Trouble
		left     string
		troubles string
		ended    string
		said     string
	}{
		"going": {
			a:    entries("in_progress", map[resource.Number]string{n1: "pending", n2: "pending", n3: "pending"}),
			left: "[upload [+15125550101-+15125550103] T]", said: "[wait [+15125550101-+15125550103]]",
		},
		"some in place, others not": {
			a:    entries("in_progress", map[resource.Number]string{n1: "success", n2: "success", n3: "pending"}).shows(here, "L1", n1),
			left: "[upload [+15125550102-+15125550103] T]", ended: "done [+15125550101]", said: "[wait [+15125550102-+15125550103]]",
		},
		"listed, and not called a success yet": {
			a:    entries("in_progress", map[resource.Number]string{n1: "pending", n2: "pending", n3: "pending"}).shows(here, "L1", n1),
			left: "[upload [+15125550101-+15125550103] T]", said: "[wait [+15125550102-+15125550103]]",
		},
		"called a success, and not listed": {
			a:    entries("success", map[resource.Number]string{n1: "success", n2: "success", n3: "success"}),
			left: "[upload [+15125550101-+15125550103] T settled]", said: "[wait [+15125550101-+15125550103]]",
		},
		"failures": {
			a:    entries("partial_success", map[resource.Number]string{n1: "internal_error", n2: "unknown_country_code", n3: "success"}).shows(here, "L1", n3),
			left: "[]", ended: "failed [+15125550101]; parked [+15125550102]; done [+15125550103]", said: "[parked [+15125550102] wait [+15125550101]]",
			troubles: "[+15125550101 upload internal_error #1 T in 1m0s: internal_error +15125550102 upload unknown_country_code #1 T parked: unknown_country_code]",
		},
		"for the third time": {
			a:      entries("error", map[resource.Number]string{n1: "internal_error", n2: "internal_error", n3: "internal_error"}),
			before: []resource.Trouble{{Number: n1, Target: atL1, Op: up, Attempts: 2}, {Number: n2, Target: atL2, Op: up, Attempts: 2}, {Number: n3, Target: atL1, Op: resource.OrderAssign, Attempts: 2}},
			left:   "[]", ended: "failed [+15125550101-+15125550103]", said: "[wait [+15125550101-+15125550103]]", // together, with the last of them
			troubles: "[+15125550101 upload internal_error #3 T in 4m0s: internal_error +15125550102 upload internal_error #1 T in 1m0s: internal_error +15125550103 upload internal_error #1 T in 1m0s: internal_error]",
		},
		"for the last time": {
			a:      entries("error", map[resource.Number]string{n1: "internal_error", n2: "success", n3: "success"}).shows(here, "L1", n2, n3),
			before: []resource.Trouble{{Number: n1, Target: atL1, Op: up, Attempts: 23, Next: now}},
			left:   "[]", ended: "parked [+15125550101]; done [+15125550102-+15125550103]", said: "[parked [+15125550101]]",
			troubles: "[+15125550101 upload internal_error #24 T parked: it failed 24 times, the last time with: internal_error]",
		},
		"in a way that nobody knows": {
			a: entries("error", map[resource.Number]string{n1: "brand_new", n2: "success", n3: "success"}), age: 24 * time.Hour,
			left: "[upload [+15125550101-+15125550103] T]", said: "[wait [+15125550101-+15125550103]]",
		},
		"and still so after the deadline": {
			a: entries("error", map[resource.Number]string{n1: "brand_new", n2: "success", n3: "success"}), age: 24*time.Hour + 1,
			left: "[upload [+15125550102-+15125550103] T settled]", ended: "parked [+15125550101]", said: "[parked [+15125550101] stuck [+15125550102-+15125550103]]",
			troubles: "[+15125550101 upload brand_new #1 T parked: brand_new]",
		},
		"without some of its numbers": {
			a:    entries("success", map[resource.Number]string{n1: "success"}).shows(here, "L1", n1),
			left: "[]", ended: "failed [+15125550102-+15125550103]; done [+15125550101]", said: "[wait [+15125550102-+15125550103]]",
			troubles: "[+15125550102 upload  #1 T in 1m0s: the upload T ended without it +15125550103 upload  #1 T in 1m0s: the upload T ended without it]",
		},
		"gone": {
			a:    new(account).owns(here, n1, n2, n3).shows(here, "L1", n1),
			left: "[]", ended: "done [+15125550101]; failed [+15125550102-+15125550103]", said: "[upload [+15125550102-+15125550103]]",
		},
		"unreadable": {
			a:    entries("error", map[resource.Number]string{n1: "internal_error"}).breaks("ticket"),
			left: "[upload [+15125550101-+15125550103] T]", said: "[wait [+15125550101-+15125550103]]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := Input{Groups: []Group{groupOf(atL1, set(n1, n2, n3))}, Orders: []resource.Order{orderOf(up, atL1, set(n1, n2, n3), "T", c.age)}, Troubles: c.before}
			in.Groups[0].Known = map[string]resource.Numbers{"": in.Groups[0].Wanted}
			p := c.a.decide(t, in)
			same(t, "left", left(&p), c.left)
			same(t, "troubles", troubles(&p), cmp.Or(c.troubles, "[]"))
			same(t, "ended", endings(&p), c.ended)
			same(t, "said", said(&p.Groups[0]), c.said)
		})
	}
}

// What Telnyx calls done and never lists was taken away; what is still on the connection is stuck.
func TestUploadedAndTakenAway(t *testing.T) {
	o := orderOf(resource.OrderUpload, atL1, set(n1, n2, n3), "T", 15*time.Minute+1)
	o.Settled = true
	a := new(account).owns(here, n1).owns("", n2).owns(zoom, n3)
	in := Input{Groups: []Group{groupOf(atL1, set(n1, n2, n3))}, Orders: []resource.Order{o}}
	p := a.decide(t, in)
	same(t, "left", left(&p), "[upload [+15125550101] T settled]")
	same(t, "troubles", troubles(&p), "[+15125550102 upload  #1  in 1m0s: it was uploaded (ticket T), and then taken from the connection "+
		"+15125550103 upload  #1  in 1m0s: it was uploaded (ticket T), and then taken from the connection]")
	in.Now, in.Orders, in.Troubles = now.Add(time.Minute), p.Settle.Orders, p.Settle.Troubles
	p = a.decide(t, in)
	same(t, "then", said(&p.Groups[0]), "[elsewhere [+15125550103] assign [+15125550102] wait [+15125550101]]")
	in.Now = now.Add(25 * time.Hour)
	p = a.decide(t, in)
	same(t, "at last", said(&p.Groups[0]), "[elsewhere [+15125550103] stuck [+15125550101] assign [+15125550102]]")

	in.Now, in.Orders = now, []resource.Order{orderOf(resource.OrderUpload, atL1, set(n2), "T", 15*time.Minute)}
	in.Orders[0].Settled = true
	if p := a.decide(t, in); len(p.Settle.Troubles) > 0 || len(p.Open) != 1 {
		t.Errorf("the list may be behind: %+v", p.Settle)
	}
}

// A job is followed until the account shows what it did.
func TestAssignmentIsFollowed(t *testing.T) {
	job := func(status string, failed map[resource.Number]string) *account {
		a := new(account).owns("", n1, n2, n3)
		a.jobs["J"] = &resource.BulkJob{ID: "J", Status: status, Failed: failed}
		return a
	}
	for name, c := range map[string]struct {
		a        *account
		ticket   string
		age      time.Duration
		settled  bool
		left     string
		troubles string
		ended    string
		said     string
	}{
		"going":           {job("in_progress", nil), "J", 23 * time.Hour, false, "[assign [+15125550101-+15125550103] J]", "", "", "[wait [+15125550101-+15125550103]]"},
		"in a new way":    {job("brand_new", nil), "J", time.Hour, false, "[assign [+15125550101-+15125550103] J]", "", "", "[wait [+15125550101-+15125550103]]"},
		"for too long":    {job("pending", nil), "J", 25 * time.Hour, false, "[assign [+15125550101-+15125550103] J]", "", "", "[stuck [+15125550101-+15125550103]]"},
		"unreadable":      {job("completed", nil).breaks("job"), "J", time.Hour, false, "[assign [+15125550101-+15125550103] J]", "", "", "[wait [+15125550101-+15125550103]]"},
		"done":            {job("completed", nil).owns(here, n1, n2, n3), "J", time.Minute, false, "[]", "", "done [+15125550101-+15125550103]", "[upload [+15125550101-+15125550103]]"},
		"done, for some":  {job("completed", nil).owns(here, n1), "J", time.Minute, false, "[assign [+15125550102-+15125550103] J settled]", "", "done [+15125550101]", "[wait [+15125550101] wait [+15125550102-+15125550103]]"},
		"done before":     {new(account).owns("", n2, n3).owns(here, n1), "J", time.Minute, true, "[assign [+15125550102-+15125550103] J settled]", "", "done [+15125550101]", "[wait [+15125550101] wait [+15125550102-+15125550103]]"},
		"accounts broken": {job("completed", nil).breaks("account"), "J", time.Hour, false, "[assign [+15125550101-+15125550103] J settled]", "", "", "[wait [+15125550101-+15125550103]]"},
		"of nothing": {
			job("completed", nil), "J", 15*time.Minute + 1, false, "[]", "[+15125550101 assign  #1  in 1m0s: the job J has ended, and the number is not on the connection " +
				"+15125550102 assign  #1  in 1m0s: the job J has ended, and the number is not on the connection +15125550103 assign  #1  in 1m0s: the job J has ended, and the number is not on the connection]",
			"failed [+15125550101-+15125550103]", "[wait [+15125550101-+15125550103]]",
		},
		"failures": {
			job("failed", map[resource.Number]string{n1: "why"}).owns(here, n2), "J", time.Minute, false, "[assign [+15125550103] J settled]",
			"[+15125550101 assign  #1  in 1m0s: why]", "failed [+15125550101]; done [+15125550102]", "[wait [+15125550102] wait [+15125550101] wait [+15125550103]]",
		},
		"failures at first": {
			job("in_progress", map[resource.Number]string{n1: "why"}), "J", time.Minute, false, "[assign [+15125550102-+15125550103] J]",
			"[+15125550101 assign  #1  in 1m0s: why]", "failed [+15125550101]", "[wait [+15125550101] wait [+15125550102-+15125550103]]",
		},
		"expired":            {job("expired", nil).owns(here, n1, n2, n3), "J", time.Minute, false, "[]", "", "done [+15125550101-+15125550103]", "[upload [+15125550101-+15125550103]]"},
		"gone":               {new(account).owns(here, n1, n2).owns("", n3), "J", time.Minute, false, "[assign [+15125550103] J settled]", "", "done [+15125550101-+15125550102]", "[wait [+15125550101-+15125550102] wait [+15125550103]]"},
		"no longer owned":    {new(account).owns(here, n1, n2), "J", time.Minute, false, "[]", "", "done [+15125550101-+15125550103]", "[not_owned [+15125550103] upload [+15125550101-+15125550102]]"},
		"answer lost":        {new(account).owns(here, n1).owns("", n2, n3), "", time.Minute, false, "[assign [+15125550102-+15125550103] ]", "", "done [+15125550101]", "[wait [+15125550102-+15125550103] wait [+15125550101]]"},
		"nothing came of it": {new(account).owns(here, n1).owns("", n2, n3), "", 15*time.Minute + 1, false, "[]", "", "done [+15125550101]; failed [+15125550102-+15125550103]", "[assign [+15125550102-+15125550103] wait [+15125550101]]"},
	} {
		t.Run(name, func(t *testing.T) {
			o := orderOf(resource.OrderAssign, atL1, set(n1, n2, n3), c.ticket, c.age)
			o.Settled = c.settled
			p := c.a.decide(t, Input{Groups: []Group{groupOf(atL1, set(n1, n2, n3))}, Orders: []resource.Order{o}})
			same(t, "left", left(&p), c.left)
			same(t, "troubles", troubles(&p), cmp.Or(c.troubles, "[]"))
			same(t, "ended", endings(&p), c.ended)
			same(t, "said", said(&p.Groups[0]), c.said)
		})
	}
}

// A move that never shows is sent a few times.
func TestMoveIsFollowed(t *testing.T) {
	a := new(account).shows(here, "L1", n1).shows(here, "L2", n2)
	in := Input{Groups: []Group{groupOf(atL2, set(n1, n2))}, Orders: []resource.Order{orderOf(resource.OrderRelocate, atL2, set(n1, n2), "", 15*time.Minute)}}
	in.Groups[0].Known = map[string]resource.Numbers{"": set(n1, n2)}
	p := a.decide(t, in)
	same(t, "left", left(&p), "[relocate [+15125550101] ]")
	same(t, "ended", endings(&p), "done [+15125550102]")
	same(t, "said", said(&p.Groups[0]), "[wait [+15125550101]]")
	why := "Telnyx took the move of 2026-03-01T11:44:59Z, and it is still where it was"
	in.Orders[0].At = now.Add(-15*time.Minute - time.Second)
	for i, want := range []string{"relocate  #1  in 1m0s: " + why, "relocate  #2  in 2m0s: " + why, "relocate  #3  parked: it failed 3 times, the last time with: " + why} {
		p = a.decide(t, in)
		same(t, fmt.Sprint("move ", i), troubles(&p), "["+n1.String()+" "+want+"]")
		same(t, "left", left(&p), "[]")
		in.Troubles = p.Settle.Troubles
	}
	same(t, "said", said(&p.Groups[0]), "[parked [+15125550101]]")

	// Once it shows, or something else is wanted, all is forgotten.
	in.Orders = nil
	a.shows(here, "L2", n1)
	for _, next := range []time.Time{{}, now.Add(time.Minute)} { // parked, or to be tried again
		in.Troubles[0].Next, in.Groups[0].Target = next, atL2
		p = a.decide(t, in)
		same(t, "shows", p.Settle.EndTroubles, "[+15125550101]")
		in.Groups[0].Target = atA2
		p = a.decide(t, in)
		same(t, "edited", p.Settle.EndTroubles, "[+15125550101]")
		same(t, "said", said(&p.Groups[0]), "[bad_place [+15125550101-+15125550102]]")
	}
}

// What somebody wants no more is forgotten, also what fails in this very moment.
func TestVoid(t *testing.T) {
	a := new(account).owns(here, n1, n2, n3).uploading(here, upload("T", "error", map[resource.Number]string{n1: "internal_error", n2: "unknown_country_code", n3: "internal_error"}))
	in := Input{
		Groups: []Group{groupOf(atL2, set(n1))}, Left: set(n2),
		Orders:   []resource.Order{orderOf(resource.OrderUpload, atL1, set(n1, n2, n3), "T", time.Minute)},
		Troubles: []resource.Trouble{{Number: n1, Target: atL1, Op: resource.OrderUpload}, {Number: n2, Target: atL1, Op: resource.OrderUpload}},
	}
	p := a.decide(t, in)
	same(t, "ended", p.Settle.EndTroubles, "[+15125550101 +15125550102]")
	same(t, "kept", troubles(&p), "[+15125550103 upload internal_error #1 T in 1m0s: internal_error]") // it is another configuration's
	same(t, "said", said(&p.Groups[0]), "[upload [+15125550101]]")
}
