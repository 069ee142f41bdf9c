package apply

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"telnyxsync/internal/numbers"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// Everything reads all objects of the account: of kinds that cannot be listed, those that state knows
// and those that are named. One that was named and is not there is an error. Phone numbers and their
// places are none of it, see [Engine.NumbersOn].
func (e *Engine) Everything(ctx context.Context, snap state.Snapshot, named func(kind string) []string) (map[string][]resource.Live, error) {
	live := map[string][]resource.Live{}
	for i := range e.Kinds {
		k := &e.Kinds[i]
		if k.Groups || k.Blind || k.Rules {
			continue
		}
		var want resource.Want
		if !k.Listed {
			want.IDs = append(want.IDs, named(k.Name)...)
			for _, o := range snap.Owned {
				if o.Addr.Kind == k.Name {
					want.IDs = append(want.IDs, o.ID)
				}
			}
			slices.Sort(want.IDs)
			want.IDs = slices.Compact(want.IDs)
		}
		seen, err := e.Operations[k.Name].Observe(ctx, want)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", k.Name, err)
		}
		for _, id := range want.IDs {
			if err := seen.Failed[id]; err != nil {
				return nil, fmt.Errorf("read %s/%s: %w", k.Name, id, err)
			}
		}
		live[k.Name] = seen.Objects
		for _, id := range named(k.Name) {
			if !slices.ContainsFunc(seen.Objects, func(l resource.Live) bool { return l.ID == id }) {
				return nil, fmt.Errorf("telnyx has no object %q of %s", id, k.Name)
			}
		}
	}
	return live, nil
}

// NumbersOn reads the numbers that external connections hold: of those on Microsoft Teams the connection's
// own list and its civic addresses, of all others what the account has assigned to them. A list that
// cannot be read is an error; civic addresses that cannot be, which are Microsoft's, are told as such.
func (e *Engine) NumbersOn(ctx context.Context, connections []resource.Live) (numbers.Facts, error) {
	f := newFacts()
	if e.Numbers == nil {
		return f.Facts, nil
	}
	m := numbers.Missing{OnTeams: map[string]bool{}, Assigned: map[string]bool{}, Civic: map[string]bool{}}
	for i := range connections {
		switch c := &connections[i]; {
		case !resource.ValidName(c.ID): // it can neither stand in a path nor be written
		case OnTeams(c):
			m.OnTeams[c.ID], m.Civic[c.ID] = true, true
		default:
			m.Assigned[c.ID] = true
		}
	}
	if err := e.read(ctx, f, &m); err != nil {
		return f.Facts, fmt.Errorf("read phone numbers: %w", err)
	}
	for _, lists := range []map[string]numbers.Read[[]resource.LiveNumber]{f.OnTeams, f.Assigned} {
		for _, id := range slices.Sorted(maps.Keys(lists)) {
			if err := lists[id].Err; err != nil {
				return f.Facts, fmt.Errorf("read the phone numbers of the connection %s: %w", id, err)
			}
		}
	}
	return f.Facts, nil
}

// OnTeams tells whether an external connection leads to Microsoft Teams.
func OnTeams(l *resource.Live) bool {
	return resource.GetString(l.Object, "/external_sip_connection") == "operator_connect"
}
