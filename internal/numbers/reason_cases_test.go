package numbers

import (
	"fmt"
	"time"

	"telnyxsync/internal/resource"
)

// reasonCase is the least that a reason comes of: what the account has and what is planned over it, or what of it was
// read where not all was.
type reasonCase struct {
	account *account
	in      Input
	read    *Facts
	args    resource.Args
}

func reasonCases() map[resource.Code]reasonCase {
	const up, as, mv = resource.OrderUpload, resource.OrderAssign, resource.OrderRelocate
	args := func(list ...any) resource.Args {
		out := resource.Args{}
		for i := 0; i < len(list); i += 2 {
			out[list[i].(string)] = list[i+1]
		}
		return out
	}
	wants := func(t resource.Target) Input { return Input{Groups: []Group{groupOf(t, set(n1))}} }
	moves := func(t resource.Target) Input {
		in := wants(t)
		in.Groups[0].AllowMove = true
		return in
	}
	after := func(op string, t resource.Target, ticket string, age time.Duration) Input {
		in := wants(t)
		in.Orders = []resource.Order{orderOf(op, t, set(n1), ticket, age)}
		return in
	}
	failed := func(next time.Duration) Input {
		in := wants(atL1)
		in.Troubles = failedIn("T", atL1, now.Add(next), n1)
		return in
	}
	settled := after(up, atL1, "T", 16*time.Minute)
	settled.Orders[0].Settled = true
	exhausted := after(up, atL1, "T", time.Minute)
	exhausted.Times.Attempts = 1
	had, used := wants(atL1), wants(resource.Target{Connection: here, Location: "L1", Usage: "first_party_app_assignment"})
	had.Groups[0].Had = set(n1)
	used.Groups[0].Known = map[string]resource.Numbers{callingUser + "+a,b": set(n1)}
	both := Input{Groups: []Group{groupOf(atL1, set(n1, n2))}}
	fails := func(status, entry string) *account {
		return assigned0().uploading(here, upload("T", status, map[resource.Number]string{n1: entry}))
	}
	free, onTeams := new(account).owns("", n1), new(account).shows(there, "L1", n1)
	jobFails := withJob("failed")
	jobFails.jobs["J"].Failed = map[resource.Number]string{n1: "no"}
	whole := upload("T", "error", map[resource.Number]string{n1: "pending"})
	whole.Code, whole.Message = "c", "m"
	listed := Facts{OnTeams: map[string]Read[[]resource.LiveNumber]{here: {}}}
	looked := listed
	looked.Looked, looked.Account = set(n1), map[resource.Number]resource.AccountNumber{n1: {Number: n1, Connection: here}}
	uploads := looked
	uploads.Uploads = map[string]Read[[]resource.Upload]{here: {}}
	why := resource.Said("why")
	return map[resource.Code]reasonCase{
		CodeNotInState:     {account: onL1(), in: wants(atL1)},
		CodeOnNoConnection: {account: free, in: wants(atL1)},
		CodeOnConnection:   {account: new(account).owns(zoom, n1), in: moves(atL1), args: args("connection", zoom)},
		CodeNotOnTeams:     {account: assigned0(), in: wants(atL1)},
		CodeAtLocation:     {account: onL1(), in: wants(atL2), args: args("location", "L1")},
		CodeWasInPlace:     {account: assigned0(), in: had},
		CodeLeavesTeams:    {account: onTeams, in: moves(atL1), args: args("count", 1, "connection", there)},
		CodeRetryDue:       {account: fails("error", "internal_error"), in: failed(-time.Hour), args: args("failure", why)},

		CodeAnswerLost:       {account: free, in: after(as, atL1, "", time.Minute), args: args("op", as)},
		CodeBeingAssigned:    {account: withJob("pending"), in: after(as, atL1, "J", 25*time.Hour), args: args("job", "J", "since", "2026-02-28T11:00:00Z")},
		CodeBeingMoved:       {account: onL1(), in: after(mv, atL2, "", time.Minute)},
		CodeBeingUploaded:    {account: fails("pending", "pending"), in: after(up, atL1, "T", 25*time.Hour), args: args("ticket", "T", "since", "2026-02-28T11:00:00Z")},
		CodeUploadedUnlisted: {account: assigned0(), in: settled, args: args("ticket", "T")},
		CodeAssignedUnlisted: {read: &Facts{
			Assigned: map[string]Read[[]resource.LiveNumber]{zoom: {}}, Looked: set(n1), Account: map[resource.Number]resource.AccountNumber{n1: {Connection: zoom}},
		}, in: wants(onZoom)},
		CodeUploadOfOthers: {account: fails("pending", "pending"), in: wants(atL1), args: args("ticket", "T")},
		CodeBatchFills:     {account: new(account).owns(here, n1).owns("", n2), in: both},
		CodeJobsBusy:       {account: busy(), in: manyJobs(), args: args("most", MaxJobs)},
		CodeRetryWaits:     {account: assigned0(), in: failed(time.Hour), args: args("op", up, "failure", why, "at", "2026-03-01T13:00:00Z")},
		CodeRetryBlocked:   {account: fails("error", "internal_error").breaks("uploads"), in: failed(-time.Hour), args: args("ticket", "T")},
		CodeFailureUnread:  {account: assigned0().breaks("ticket"), in: failed(-time.Hour), args: args("ticket", "T", "error", "broken")},
		CodeFailureNotRead: {read: &listed, in: failed(-time.Hour), args: args("ticket", "T")},
		CodeNotLookedUp:    {read: &listed, in: wants(atL1)},
		CodeUploadsNotRead: {read: &looked, in: wants(atL1)},
		CodePlacesNotRead:  {read: &uploads, in: wants(atL1)},

		CodeNotInAccount:      {account: new(account).owns("", n2), in: wants(atL1)},
		CodeTollFree:          {account: tollFree(""), in: wants(use(atL1)), args: args("usage", callingUser)},
		CodeOtherUsage:        {account: onL1(), in: used, args: args("usage", callingUser, "additional", []string{"a", "b"})},
		CodeMoveNotAllowed:    {account: onTeams, in: wants(atL1), args: args("connection", there, "leaves_teams", true)},
		CodeNoDefaultLocation: {account: onL1(), in: wants(atA2), args: args("civic_address", "A2")},
		CodeNoSuchPlace: {account: assigned0(), in: wants(resource.Target{Connection: here, CivicAddress: "A9"}), args: args(
			"civic_address", "A9", "candidates", []string{"A1", "A2"}, "rooms", []string{"", ""}, "addresses", []string{"", ""})},
		CodeImpossibleEvent:      {account: onL1(), in: failed(time.Hour), args: args("state", "failed", "event", "listed")}, // see below,
		CodeAccountUnread:        {account: free.but("account"), in: wants(atL1), args: args("error", "broken")},
		CodeUploadsUnread:        {account: assigned0().breaks("uploads"), in: wants(atL1), args: args("error", "broken")},
		CodeConnectionUnread:     {account: onTeams.but("connection"), in: moves(atL1), args: args("connection", there, "error", "broken")},
		CodeCivicAddressesUnread: {account: assigned0().breaks("civic"), in: wants(atL1), args: args("error", "broken")},

		CodeUploadEntryFailed: {account: fails("error", "internal_error"), in: after(up, atL1, "T", time.Minute), args: args("code", "internal_error", "message", "")},
		CodeUploadFailed:      {account: assigned0().uploading(here, whole), in: after(up, atL1, "T", time.Minute), args: args("code", "c", "message", "m")},
		CodeLeftOutOfUpload:   {account: assigned0().uploading(here, upload("T", "success", nil)), in: after(up, atL1, "T", time.Minute), args: args("ticket", "T")},
		CodeUploadGone:        {account: assigned0(), in: after(up, atL1, "T", time.Minute), args: args("ticket", "T")},
		CodeTakenAway:         {account: free, in: settled, args: args("ticket", "T")},
		CodeJobEntryFailed:    {account: jobFails, in: after(as, atL1, "J", time.Minute), args: args("message", "no")},
		CodeJobWithoutEffect:  {account: withJob("completed"), in: after(as, atL1, "J", 16*time.Minute), args: args("job", "J")},
		CodeAssignmentLost:    {account: free, in: after(as, atL1, "", 16*time.Minute)},
		CodeMoveWithoutEffect: {account: onL1(), in: after(mv, atL2, "", 16*time.Minute), args: args("at", "2026-03-01T11:44:00Z")},
		CodeExhausted: {account: fails("error", "internal_error"), in: exhausted, args: args("attempts", 1,
			"failure", resource.Reason{Code: CodeUploadEntryFailed, Args: args("code", "internal_error", "message", "")})},
		CodeRefused: {args: args("message", "no")}, // see below
	}
}

// but is another account that is the same, but for what cannot be read.
func (a *account) but(broken string) *account {
	other := *a
	return other.breaks(broken)
}

// busy is an account with as many unfinished jobs as it may have, which manyJobs remembers.
func busy() *account {
	a := new(account).owns("", n1)
	for i := range MaxJobs {
		a.jobs[fmt.Sprint(i)] = &resource.BulkJob{Status: "pending"}
	}
	return a
}

func manyJobs() Input {
	in := Input{Groups: []Group{groupOf(atL1, set(n1))}}
	for i := range MaxJobs {
		o := orderOf(resource.OrderAssign, atL2, set(n3+resource.Number(i)), fmt.Sprint(i), time.Minute)
		o.ID = fmt.Sprint(i)
		in.Orders = append(in.Orders, o)
	}
	return in
}
