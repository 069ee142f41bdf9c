package numbers

import (
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/resource"
)

// The verdict on one number, by what is known of it.
func TestDecide(t *testing.T) {
	order := func(op string, target resource.Target, age time.Duration, ticket string, settled bool) resource.Order {
		return resource.Order{ID: "o", Op: op, Target: target, Numbers: set(n1), Ticket: ticket, At: now.Add(-age), Settled: settled}
	}
	trouble := func(op string, target resource.Target, ticket string, next time.Duration) resource.Trouble {
		tr := resource.Trouble{Number: n1, Target: target, Op: op, Ticket: ticket, Reason: resource.Said("why"), Attempts: 1}
		if next != 0 {
			tr.Next = now.Add(next)
		}
		return tr
	}
	free, assigned := new(account).owns("", n1), new(account).owns(here, n1)
	coming := assigned0().uploading(here, upload("T", "in_progress", map[resource.Number]string{n1: "pending"}))
	failed := assigned0().uploading(here, upload("T", "error", map[resource.Number]string{n1: "internal_error"}))
	allow := func(g *Group) { g.AllowMove = true }
	any := func(g *Group) { g.AnyPlace = true }
	const up, as, re, mv = resource.OrderUpload, resource.OrderAssign, resource.OrderRetry, resource.OrderRelocate
	for name, c := range map[string]struct {
		target  resource.Target
		account *account
		order   *resource.Order
		trouble *resource.Trouble
		edit    func(g *Group)
		want    Op // "" is in place
		why     string
		next    time.Duration // when to look again; 0 is never
	}{
		// on its way by an order of ours
		"uploading":                {atL1, coming, ptr(order(up, atL1, 0, "T", false)), nil, nil, Wait, "it is being uploaded (ticket T)", 15 * time.Second},
		"uploading for long":       {atL1, coming, ptr(order(up, atL1, 23*time.Hour, "T", false)), nil, nil, Wait, "it is being uploaded (ticket T)", 10 * time.Minute},
		"uploading for too long":   {atL1, coming, ptr(order(re, atL1, 25*time.Hour, "T", false)), nil, nil, Stuck, "it is being uploaded (ticket T) since 2026-02-28T11:00:00Z: ask Telnyx support", 10 * time.Minute},
		"uploaded, not yet listed": {atL1, assigned0(), ptr(order(up, atL1, time.Minute, "T", true)), nil, nil, Wait, "it was uploaded (ticket T) and is not listed yet", 15 * time.Second},
		"uploaded for another":     {atL2, coming, ptr(order(up, atL1, 0, "T", false)), nil, nil, Wait, "it is being uploaded (ticket T)", 15 * time.Second},
		"assigning":                {atL1, withJob("in_progress"), ptr(order(as, atL1, time.Hour, "J", false)), nil, nil, Wait, "it is being assigned (job J)", 10 * time.Minute},
		"assigning, answer lost":   {atL1, free, ptr(order(as, atL1, time.Minute, "", false)), nil, nil, Wait, "an assignment was sent and its answer lost: whether it is done shows", 15 * time.Second},
		"moving":                   {atL2, onL1(), ptr(order(mv, atL2, time.Minute, "", false)), nil, nil, Wait, "it is being moved to another location", 15 * time.Second},
		"moving elsewhere":         {atL2, onL1(), ptr(order(mv, atA2, time.Minute, "", false)), nil, nil, Relocate, "it is at the location L1", 15 * time.Second},

		// failed, for this very target
		"failed":               {atL1, failed, nil, ptr(trouble(up, atL1, "T", time.Hour)), nil, Wait, "the upload failed (why) and is tried again at 2026-03-01T13:00:00Z", time.Hour},
		"failed and due":       {atL1, failed, nil, ptr(trouble(up, atL1, "T", -time.Hour)), nil, Retry, "the upload failed: why", 15 * time.Second},
		"due at this moment":   {atL1, failed, nil, &resource.Trouble{Number: n1, Target: atL1, Op: up, Ticket: "T", Next: now}, nil, Retry, "the upload failed: ", 15 * time.Second},
		"failed, no ticket":    {atL1, failed, nil, ptr(trouble(up, atL1, "", -1)), nil, Upload, "it is not on Microsoft Teams", 15 * time.Second},
		"ticket is gone":       {atL1, assigned, nil, ptr(trouble(up, atL1, "T", -1)), nil, Upload, "it is not on Microsoft Teams", 15 * time.Second},
		"ticket unreadable":    {atL1, new(account).owns(here, n1).breaks("ticket"), nil, ptr(trouble(up, atL1, "T", -1)), nil, Wait, "the upload T failed, and how could not be read: broken", 0},
		"uploads unreadable":   {atL1, new(account).owns(here, n1).uploading(here, failed.uploads[here][0]).breaks("uploads"), nil, ptr(trouble(up, atL1, "T", -1)), nil, Wait, "the upload failed, and what is being uploaded could not be read", 0},
		"account unreadable":   {atL1, new(account).owns(here, n1).uploading(here, failed.uploads[here][0]).breaks("account"), nil, ptr(trouble(up, atL1, "T", -1)), nil, Wait, "the upload T failed, and how could not be read: broken", 0},
		"failed, taken away":   {atL1, new(account).owns("", n1).uploading(here, failed.uploads[here][0]), nil, ptr(trouble(up, atL1, "T", -1)), nil, Assign, "it is on no connection", 15 * time.Second},
		"parked":               {atL1, failed, nil, ptr(trouble(up, atL1, "T", 0)), nil, Parked, "why", 0},
		"parked for another":   {atL1, failed, nil, ptr(trouble(up, atL2, "T", 0)), nil, Upload, "it is not on Microsoft Teams", 15 * time.Second},
		"assignment failed":    {atL1, free, nil, ptr(trouble(as, atL1, "", time.Hour)), nil, Wait, "the assign failed (why) and is tried again at 2026-03-01T13:00:00Z", time.Hour},
		"assignment is due":    {atL1, free, nil, ptr(trouble(as, atL1, "", -1)), nil, Assign, "it is on no connection", 15 * time.Second},
		"move failed":          {atL2, onL1(), nil, ptr(trouble(mv, atL2, "", time.Hour)), nil, Wait, "the relocate failed (why) and is tried again at 2026-03-01T13:00:00Z", time.Hour},
		"move is due":          {atL2, onL1(), nil, ptr(trouble(mv, atL2, "", -1)), nil, Relocate, "it is at the location L1", 15 * time.Second},
		"move parked":          {atL2, onL1(), nil, ptr(trouble(mv, atL2, "", 0)), nil, Parked, "why", 0},
		"move parked, off":     {atL2, assigned, nil, ptr(trouble(mv, atL2, "", 0)), nil, Upload, "it is not on Microsoft Teams", 15 * time.Second},
		"upload parked, on":    {atL2, onL1(), nil, ptr(trouble(up, atL2, "T", 0)), nil, Relocate, "it is at the location L1", 15 * time.Second},
		"parked, and in place": {atL1, onL1(), nil, ptr(trouble(up, atL1, "T", 0)), nil, "", "", 0},

		// listed at another place
		"at another location":   {atL2, onL1(), nil, nil, nil, Relocate, "it is at the location L1", 15 * time.Second},
		"at another address":    {atA1, new(account).shows(here, "L3", n1), nil, nil, nil, Relocate, "it is at the location L3", 15 * time.Second},
		"no default to move to": {atA2, onL1(), nil, nil, nil, BadPlace, "the civic address A2 has no default location to move it to: write location_id", 0},
		"anywhere":              {atL2, onL1(), nil, nil, any, "", "", 0},
		"in place":              {atL1, onL1(), nil, nil, nil, "", "", 0},
		"anywhere in the house": {atA1, new(account).shows(here, "L2", n1), nil, nil, nil, "", "", 0},

		// listed without place, or assigned
		"assigned":               {atL1, assigned, nil, nil, nil, Upload, "it is not on Microsoft Teams", 15 * time.Second},
		"listed":                 {atL1, new(account).shows(here, "", n1), nil, nil, nil, Upload, "it is not on Microsoft Teams", 15 * time.Second},
		"listed, any place":      {atL1, new(account).shows(here, "", n1), nil, nil, any, Upload, "it is not on Microsoft Teams", 15 * time.Second},
		"by address":             {atA2, assigned, nil, nil, nil, Upload, "it is not on Microsoft Teams", 15 * time.Second},
		"no such place":          {resource.Target{Connection: here, Location: "L9"}, assigned, nil, nil, nil, BadPlace, "the connection has no location L9; it has L1 (); L2 (); L3 ()", 0},
		"places unreadable":      {atL1, new(account).owns(here, n1).breaks("civic"), nil, nil, nil, Unread, "the civic addresses of the connection could not be read, so nothing is sent there: broken", 0},
		"uploads cannot be read": {atL1, new(account).owns(here, n1).breaks("uploads"), nil, nil, nil, Unread, "what is being uploaded could not be read: broken", 0},
		"coming by somebody":     {atL1, coming, nil, nil, nil, Wait, "it is being uploaded (ticket T), which was not begun here", 15 * time.Second},
		"failed for somebody":    {atL1, failed, nil, nil, nil, Upload, "it is not on Microsoft Teams", 15 * time.Second},
		"failed before others":   {atL1, assigned0().uploading(here, upload("T", "in_progress", map[resource.Number]string{n1: "internal_error", n2: "pending"})), nil, nil, nil, Upload, "it is not on Microsoft Teams", 15 * time.Second},
		"coming in a new way":    {atL1, assigned0().uploading(here, resource.Upload{Ticket: "T", Status: "new", Entries: []resource.UploadEntry{{Number: n1, Status: "new"}}}), nil, nil, nil, Wait, "it is being uploaded (ticket T), which was not begun here", 15 * time.Second},

		// on no connection, or another
		"free":                      {atL1, free, nil, nil, nil, Assign, "it is on no connection", 15 * time.Second},
		"on Zoom":                   {atL1, new(account).owns(zoom, n1), nil, nil, nil, Elsewhere, "it is on the connection 200: write allow_move: true to take it from there", 0},
		"on Zoom, may be moved":     {atL1, new(account).owns(zoom, n1), nil, nil, allow, Assign, "it is on the connection 200", 15 * time.Second},
		"on Teams":                  {atL1, new(account).shows(there, "L1", n1), nil, nil, nil, Elsewhere, "it is on the connection 109: write allow_move: true to take it from there, which releases it from Microsoft Teams and disconnects its user", 0},
		"on Teams, may be moved":    {atL1, new(account).shows(there, "L1", n1), nil, nil, allow, Assign, "it is on the connection 109; this releases 1 number from Microsoft Teams on 109, which disconnects the users there", 15 * time.Second},
		"coming to other Teams":     {atL1, new(account).owns(there, n1).uploading(there, upload("T", "pending", map[resource.Number]string{n1: "pending"})), nil, nil, allow, Wait, "it is being uploaded (ticket T), which was not begun here", 15 * time.Second},
		"on who knows what":         {atL1, new(account).owns(there, n1).breaks("connection"), nil, nil, allow, Unread, "it is on the connection 109, which could not be read, so whether that releases it from Microsoft Teams is not known: broken", 0},
		"not owned":                 {atL1, new(account).owns("", n2), nil, nil, nil, NotOwned, "the account does not own it: order it, port it in, or take it out of the group", 0},
		"account cannot be read":    {atL1, new(account).owns("", n1).breaks("account"), nil, nil, nil, Unread, "the account's numbers could not be read: broken", 0},
		"free, no such place":       {resource.Target{Connection: here, CivicAddress: "A9"}, free, nil, nil, nil, BadPlace, "the connection has no civic address A9; it has A1 (); A2 ()", 0},
		"toll-free, to users":       {resource.Target{Connection: here, Location: "L1", Usage: callingUser}, tollFree(""), nil, nil, nil, BadUsage, "it is toll-free, and those cannot be used for calling_user_assignment", 0},
		"toll-free, to users too":   {resource.Target{Connection: here, Location: "L1", Additional: "calling_user_assignment"}, tollFree(here), nil, nil, nil, BadUsage, "it is toll-free, and those cannot be used for calling_user_assignment", 0},
		"toll-free, to apps":        {resource.Target{Connection: here, Location: "L1", Usage: "first_party_app_assignment"}, tollFree(""), nil, nil, nil, Assign, "it is on no connection", 15 * time.Second},
		"connection is yet to come": {resource.Target{Location: "L1"}, free, nil, nil, nil, Assign, "it is on no connection", 15 * time.Second},

		// Zoom
		"to Zoom":                {onZoom, free, nil, nil, nil, Assign, "it is on no connection", 15 * time.Second},
		"at Zoom":                {onZoom, new(account).owns(zoom, n1), nil, nil, nil, "", "", 0},
		"Zoom is yet to come":    {resource.Target{}, free, nil, nil, nil, Assign, "it is on no connection", 15 * time.Second},
		"from Teams to Zoom":     {onZoom, coming, nil, nil, allow, Wait, "it is being uploaded (ticket T), which was not begun here", 15 * time.Second},
		"to Zoom, parked":        {onZoom, free, nil, ptr(trouble(as, onZoom, "", 0)), nil, Parked, "why", 0},
		"to Zoom, answer lost":   {onZoom, free, ptr(order(as, onZoom, time.Minute, "", false)), nil, nil, Wait, "an assignment was sent and its answer lost: whether it is done shows", 15 * time.Second},
		"Zoom cannot be read":    {onZoom, new(account).owns("", n1).breaks("assigned"), nil, nil, nil, "", "broken", 0},
		"numbers cannot be read": {atL1, new(account).owns("", n1).breaks("teams"), nil, nil, nil, "", "broken", 0},
	} {
		t.Run(name, func(t *testing.T) {
			g := groupOf(c.target, set(n1))
			g.Known = map[string]resource.Numbers{Usage(c.target): set(n1)}
			if c.edit != nil {
				c.edit(&g)
			}
			in := Input{Groups: []Group{g}}
			if c.order != nil {
				in.Orders = []resource.Order{*c.order}
			}
			if c.trouble != nil {
				in.Troubles = []resource.Trouble{*c.trouble}
			}
			p := c.account.decide(t, in)
			d := p.Groups[0]
			switch {
			case d.Err != nil:
				if c.want != "" || d.Err.Error() != c.why {
					t.Errorf("the group could not be read: %v", d.Err)
				}
			case c.want == "":
				if !d.Placed.Has(n1) || len(d.Verdicts) > 0 {
					t.Errorf("it is not in place: %+v", d)
				}
			case len(d.Verdicts) != 1 || d.Verdicts[0].Op != c.want || words(d.Verdicts[0].Reasons...) != c.why || len(d.Placed) > 0:
				t.Errorf("got %+v, want %s: %s", d.Verdicts, c.want, c.why)
			}
			if next := max(p.Next.Sub(now), 0); p.Next.IsZero() != (c.next == 0) || !p.Next.IsZero() && next != c.next {
				t.Errorf("it is looked at again in %v, want %v", next, c.next)
			}
		})
	}
}

func ptr[V any](v V) *V { return &v }

func assigned0() *account { return new(account).owns(here, n1) }
func onL1() *account      { return new(account).shows(here, "L1", n1) }

func withJob(status string) *account {
	a := new(account).owns("", n1)
	a.jobs["J"] = &resource.BulkJob{ID: "J", Status: status}
	return a
}

func tollFree(on string) *account {
	a := new(account).owns(on, n1)
	a.tollFree[n1] = true
	return a
}

// What was in place and is no more has drifted; what was never there has not.
func TestDrift(t *testing.T) {
	a := new(account).owns("", n1).owns(here, n2).shows(here, "L2", n3)
	for had, want := range map[bool]string{true: "; it was in place before", false: ""} {
		g := groupOf(atL1, set(n1, n2, n3))
		if had {
			g.Had = g.Wanted
		}
		for _, v := range a.decide(t, Input{Groups: []Group{g}, Times: Times{BatchSettle: -1}}).Groups[0].Verdicts {
			if v.Op != Wait && (v.Drift != had || !strings.HasSuffix(words(v.Reasons...), want)) {
				t.Errorf("had %t: %+v", had, v)
			}
		}
	}
}

// Only what is to be written costs more than the connection's list.
func TestWhatIsInPlaceCostsOneQuestion(t *testing.T) {
	for target, a := range map[resource.Target]*account{atL1: onL1(), onZoom: new(account).owns(zoom, n1)} {
		if a.decide(t, Input{Groups: []Group{groupOf(target, set(n1))}}); len(a.asked) != 1 {
			t.Errorf("it asked for %q", a.asked)
		}
	}
	a := new(account).owns("", n1)
	a.decide(t, Input{Groups: []Group{groupOf(atL1, set(n1))}})
	if slices.Sort(a.asked); !slices.Equal(a.asked, []string{"account", "civic", "teams"}) {
		t.Errorf("an assignment asked for %q", a.asked)
	}
}

// An upload of somebody else is followed to where it goes, with all numbers that any group wants and no others.
func TestFollow(t *testing.T) {
	a := new(account).owns(here, n1, n2, n3).uploading(here, upload("T", "pending", map[resource.Number]string{n1: "pending", n2: "pending", n3: "pending"}))
	in := Input{Groups: []Group{groupOf(atL2, set(n1)), groupOf(onZoom, set(n2))}}
	p := a.decide(t, in)
	want := resource.Order{ID: "upload T", Op: resource.OrderUpload, Target: atL1, Numbers: set(n1, n2), Ticket: "T", At: now}
	same(t, "followed", resource.Text(p.Settle.Orders), resource.Text([]resource.Order{want}))
	if !Followed(&p.Settle.Orders[0]) || len(p.Open) != 1 {
		t.Errorf("open: %+v", p.Open)
	}
	// Its failure says nothing of ours, which goes elsewhere: that comes at once.
	in.Orders = p.Settle.Orders
	a.uploads[here][0] = upload("T", "error", map[resource.Number]string{n1: "unknown_country_code", n2: "internal_error", n3: "internal_error"})
	p = a.decide(t, in)
	same(t, "after its failure", said(&p.Groups[0]), "[upload [+15125550101]]")
	if len(p.Settle.Troubles) > 0 || len(p.Open) > 0 {
		t.Errorf("%+v", p.Settle)
	}
	// Where ours goes the same way it is not retried, nor parked: what it is for is not known.
	in.Groups, in.Left = []Group{groupOf(atL1, set(n1))}, set(n2)
	p = a.decide(t, in)
	same(t, "same place", said(&p.Groups[0]), "[wait [+15125550101]]")
	if tr := p.Settle.Troubles; len(tr) != 1 || tr[0].Ticket != "" || tr[0].Parked() {
		t.Errorf("%+v", tr)
	}
}
