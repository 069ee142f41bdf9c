package numbers

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
)

// The connections, places and numbers of the tests. The connections of Teams, here and there, have the places
// L1 and L2 in the address A1, and L3 in A2, which has no default.
const (
	here, there, zoom = "100", "109", "200"

	n1 resource.Number = 15125550101
	n2                 = n1 + 1
	n3                 = n1 + 2
)

var (
	now       = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	errBroken = errors.New("broken")

	atL1   = resource.Target{Connection: here, Location: "L1"}
	atL2   = resource.Target{Connection: here, Location: "L2"}
	atA1   = resource.Target{Connection: here, CivicAddress: "A1"}
	atA2   = resource.Target{Connection: here, CivicAddress: "A2"}
	onZoom = resource.Target{Connection: zoom}
)

func set(list ...resource.Number) resource.Numbers {
	ranges := make([]resource.Range, len(list))
	for i, n := range list {
		ranges[i] = resource.Range{From: n, To: n}
	}
	return resource.NumbersOf(ranges...)
}

func span(from resource.Number, count int) resource.Numbers {
	return resource.Numbers{{From: from, To: from + resource.Number(count) - 1}}
}

func groupOf(t resource.Target, s resource.Numbers) Group {
	return Group{Addr: resource.Addr{Kind: "phone_numbers", Name: cmp.Or(t.Location, t.CivicAddress, t.Connection)}, Target: t, Wanted: s}
}

// account is what Telnyx has, and what of it cannot be read.
type account struct {
	on       map[resource.Number]string // the connections of the numbers that it owns; "" is none
	at       map[resource.Number]string // where on Teams they are; "" is listed, and nowhere
	tollFree map[resource.Number]bool
	uploads  map[string][]resource.Upload
	jobs     map[string]*resource.BulkJob
	broken   []string
	asked    []string // in the order of the rounds
}

// owns puts numbers on a connection.
func (a *account) owns(connection string, list ...resource.Number) *account {
	if a.on == nil {
		a.on, a.at, a.uploads = map[resource.Number]string{}, map[resource.Number]string{}, map[string][]resource.Upload{}
		a.tollFree, a.jobs = map[resource.Number]bool{}, map[string]*resource.BulkJob{}
	}
	for _, n := range list {
		a.on[n] = connection
	}
	return a
}

// shows lists a number of Teams.
func (a *account) shows(connection, place string, list ...resource.Number) *account {
	a.owns(connection, list...)
	for _, n := range list {
		a.at[n] = place
	}
	return a
}

// uploading adds an upload to a connection.
func (a *account) uploading(connection string, u resource.Upload) *account {
	a.owns("")
	a.uploads[connection] = append(a.uploads[connection], u)
	return a
}

func (a *account) breaks(what ...string) *account {
	a.owns("")
	a.broken = append(a.broken, what...)
	return a
}

func (a *account) is(broken string) (err error) {
	a.asked = append(a.asked, broken)
	if slices.Contains(a.broken, broken) {
		return errBroken
	}
	return nil
}

func (a *account) numbersOn(connection string) (out []resource.LiveNumber) {
	for n, on := range a.on {
		if on == connection {
			out = append(out, resource.LiveNumber{Number: n, ID: "id-" + n.String()})
		}
	}
	slices.SortFunc(out, func(x, y resource.LiveNumber) int { return cmp.Compare(x.Number, y.Number) })
	return out
}

func (a *account) listed(connection string) (out []resource.LiveNumber) {
	for _, l := range a.numbersOn(connection) {
		if at, is := a.at[l.Number]; is {
			if l.Location = at; at != "" {
				l.CivicAddress = map[string]string{"L1": "A1", "L2": "A1", "L3": "A2"}[at]
			}
			out = append(out, l)
		}
	}
	return out
}

// answer reads what a plan asks for.
func (a *account) answer(m *Missing, f *Facts) {
	for c := range m.OnTeams {
		f.OnTeams[c] = Read[[]resource.LiveNumber]{a.listed(c), a.is("teams")}
	}
	for c := range m.Assigned {
		f.Assigned[c] = Read[[]resource.LiveNumber]{a.numbersOn(c), a.is("assigned")}
	}
	for c := range m.Civic {
		f.Civic[c] = Read[[]resource.CivicAddress]{[]resource.CivicAddress{
			{ID: "A1", Default: "L1", Locations: []resource.Location{{ID: "L1"}, {ID: "L2"}}},
			{ID: "A2", Locations: []resource.Location{{ID: "L3"}}},
		}, a.is("civic")}
	}
	for c := range m.Uploads {
		f.Uploads[c] = Read[[]resource.Upload]{a.uploads[c], a.is("uploads")}
	}
	for t := range m.Tickets {
		r := Read[*resource.Upload]{Err: a.is("ticket")}
		for i := range a.uploads[t.Connection] {
			if u := &a.uploads[t.Connection][i]; u.Ticket == t.Ticket && r.Err == nil {
				r.Value = u
			}
		}
		f.Tickets[t] = r
	}
	for id := range m.Jobs {
		f.Jobs[id] = Read[*resource.BulkJob]{a.jobs[id], a.is("job")}
	}
	for id := range m.Connections {
		f.Connections[id] = Read[Connection]{Connection{Teams: id == here || id == there}, a.is("connection")}
	}
	if len(m.Lookup) == 0 {
		return
	}
	if f.AccountErr = a.is("account"); f.AccountErr != nil {
		return
	}
	f.Looked = f.Looked.Plus(m.Lookup)
	for n := range m.Lookup.All() {
		if on, owned := a.on[n]; owned {
			f.Account[n] = resource.AccountNumber{Number: n, ID: "id-" + n.String(), Connection: on, TollFree: a.tollFree[n]}
		}
	}
}

// decide makes the plan as apply does: it reads what is asked for until nothing is.
func (a *account) decide(t testing.TB, in Input) Plan {
	t.Helper()
	a.owns("")
	a.asked = nil
	in.Now = cmp.Or(in.Now, now)
	f := Facts{
		OnTeams: map[string]Read[[]resource.LiveNumber]{}, Assigned: map[string]Read[[]resource.LiveNumber]{},
		Account: map[resource.Number]resource.AccountNumber{}, Civic: map[string]Read[[]resource.CivicAddress]{},
		Uploads: map[string]Read[[]resource.Upload]{}, Tickets: map[Ticket]Read[*resource.Upload]{},
		Jobs: map[string]Read[*resource.BulkJob]{}, Connections: map[string]Read[Connection]{},
	}
	for range 8 { // as many rounds as apply allows
		in.Facts = f
		p := Decide(in)
		if p.Missing.Empty() {
			return p
		}
		a.answer(&p.Missing, &f)
	}
	t.Fatalf("it goes on asking, for %q", a.asked)
	return Plan{}
}

// said are the verdicts on one group, in short.
func said(d *Decided) (out []string) {
	for _, v := range d.Verdicts {
		out = append(out, fmt.Sprintf("%s %s", v.Op, v.Numbers.Texts()))
	}
	return out
}

// words are reasons as people read them.
func words(reasons ...resource.Reason) string {
	var w *render.Words // those of numbers are its own
	return w.All(reasons)
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s: got\n%s\nwant\n%s", what, g, w)
	}
}

// upload is one with entries in a state each: "pending", "success", or the code that they failed with.
func upload(ticket, status string, entries map[resource.Number]string) resource.Upload {
	u := resource.Upload{Ticket: ticket, Status: status}
	for n, state := range entries {
		e := resource.UploadEntry{Number: n, Status: state, Location: "L1"}
		if state != "pending" && state != "success" {
			e.Status, e.Code = resource.UploadError, state
		}
		u.Entries = append(u.Entries, e)
	}
	slices.SortFunc(u.Entries, func(x, y resource.UploadEntry) int { return cmp.Compare(x.Number, y.Number) })
	return u
}
