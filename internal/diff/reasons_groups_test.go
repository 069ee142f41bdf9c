package diff_test

import (
	"errors"
	"slices"
	"testing"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/kinds"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

var errBroken = errors.New("broken")

// groupReasons are inputs for the reasons about phone numbers and places.
func groupReasons() map[plan.Code]minimal {
	return map[plan.Code]minimal{
		diff.GroupUnread: group("placed", func(in *diff.Input, c string) {
			in.Facts.OnTeams[c] = numbers.Read[[]resource.LiveNumber]{Err: errBroken}
		}),
		diff.GroupConnectionUnread: group("placed", func(in *diff.Input, _ string) {
			in.Desired.Entries[0].Object["connection"] = resource.Ref{Addr: addr("external_connections/c")}
			in.Live = map[string]diff.Observed{"external_connections": {Err: errBroken}}
		}),
		diff.LocationAddressesUnread: group("placed", func(in *diff.Input, c string) {
			in.Desired.Entries = []resource.Entry{{Addr: addr("locations/l"), Root: "/c", Object: resource.Object{
				"connection": resource.Ref{ID: c}, "location_id": "7", "static_emergency_address_id": "8",
			}}}
			in.Live = map[string]diff.Observed{"locations": {Observation: resource.Observation{Objects: []resource.Live{{ID: c + "/7", Keys: []string{c + "/7"}}}}}}
			in.Facts.Civic[c] = numbers.Read[[]resource.CivicAddress]{Err: errBroken}
		}),
		diff.GroupOfOtherConfiguration: group("placed", func(in *diff.Input, _ string) {
			otherRoot(in)
			in.Groups = []resource.Group{{Addr: in.Desired.Entries[0].Addr, Root: "/other"}}
		}),
		diff.NumbersOfOther: group("placed", func(in *diff.Input, _ string) {
			otherRoot(in)
			known := map[string]resource.Numbers{"": diff.WantedNumbers(in.Desired.Entries[0].Object)}
			in.Groups = []resource.Group{{Addr: addr("phone_numbers/other"), Root: "/other", Uploaded: known}}
		}),
		diff.NumbersWrong: group("nowhere", func(*diff.Input, string) {}),
		diff.NumbersParked: group("assigned", func(in *diff.Input, c string) {
			e := in.Desired.Entries[0].Object
			to := resource.Target{Connection: c, Location: e["location_id"].(string), Usage: e["usage"].(string)}
			n := diff.WantedNumbers(e)[0].From
			in.Troubles = []resource.Trouble{{Number: n, Target: to, Op: resource.OrderUpload}}
		}),
		diff.NumbersWait: {in: func(t *testing.T) diff.Input {
			return onRoute(t, minimal{desired: `routes: {r: {trunk: none}}`})
		}},
	}
}

// group is a group of numbers on a connection c, which have one fate.
func group(fate string, more func(in *diff.Input, c string)) minimal {
	return minimal{in: func(*testing.T) diff.Input {
		in := manyNumbers(1, func(int) string { return fate })
		more(&in, in.Desired.Entries[0].Object["connection"].(resource.Ref).ID)
		return in
	}}
}

// onRoute adds a group of one number whose connection is the route r, which is not there yet.
func onRoute(t *testing.T, m minimal) diff.Input {
	in := m.input(t)
	all := kinds.Pure(kinds.Table())
	in.Kinds = append(in.Kinds, all[slices.IndexFunc(all, func(k resource.Kind) bool { return k.Groups })])
	const n resource.Number = 15125550100
	in.Desired.Roots[0].Sections["phone_numbers"] = true
	in.Desired.Entries = append(in.Desired.Entries, resource.Entry{
		Addr: addr("phone_numbers/g"), Root: "/root",
		Object: resource.Object{"connection": resource.Ref{Addr: addr("routes/r")}, "numbers": resource.Numbers{{From: n, To: n}}},
	})
	in.Facts.Looked = resource.Numbers{{From: n, To: n}}
	in.Facts.Account = map[resource.Number]resource.AccountNumber{n: {Number: n, ID: "1"}}
	return in
}
