package apply

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"telnyxsync/internal/client"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// Unread is what a key may not read: an object, or with an address without a name its whole kind.
type Unread struct {
	Addr resource.Addr
	Err  error
}

// Everything reads all objects of the account: of kinds that cannot be listed, those that state knows
// and those that are named. One that was named and is not there is an error. What the key may not read is told
// beside. Phone numbers and their places are none of it, see [Engine.NumbersOn].
func (e *Engine) Everything(ctx context.Context, snap state.Snapshot, named func(kind string) []string) (map[string][]resource.Live, []Unread, error) {
	live := map[string][]resource.Live{}
	var unread []Unread
	for i := range e.Kinds {
		k := &e.Kinds[i]
		if k.Groups || k.Blind || k.Rules {
			continue
		}
		var want resource.Want
		if !k.Listed {
			want.IDs = wantedBeside(k, snap, named)
		}
		seen, err := e.Operations[k.Name].Observe(ctx, want)
		if client.Forbidden(err) {
			unread = append(unread, Unread{resource.Addr{Kind: k.Name}, err})
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", k.Name, err)
		}
		for _, id := range want.IDs {
			switch err := seen.Failed[id]; {
			case client.Forbidden(err):
				unread = append(unread, Unread{resource.Addr{Kind: k.Name, Name: id}, err})
			case err != nil:
				return nil, nil, fmt.Errorf("read %s/%s: %w", k.Name, id, err)
			}
		}
		live[k.Name] = seen.Objects
		for _, id := range named(k.Name) {
			if seen.Failed[id] == nil && !slices.ContainsFunc(seen.Objects, func(l resource.Live) bool { return l.ID == id }) {
				return nil, nil, fmt.Errorf("telnyx has no object %q of %s", id, k.Name)
			}
		}
	}
	return live, unread, nil
}

// wantedBeside are the objects of a kind without a list that are asked for.
func wantedBeside(k *resource.Kind, snap state.Snapshot, named func(kind string) []string) []string {
	ids := slices.Clone(named(k.Name))
	for _, o := range snap.Owned {
		if o.Addr.Kind == k.Name {
			ids = append(ids, o.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// NumbersOn reads the numbers that external connections hold: of those on Microsoft Teams the connection's
// own list and its civic addresses, of all others what the account has assigned to them. A list that
// cannot be read is an error, but for those that the key may not read, which are told beside, with the connection's id;
// civic addresses that cannot be read, which are Microsoft's, are told as such.
func (e *Engine) NumbersOn(ctx context.Context, connections []resource.Live) (numbers.Facts, []Unread, error) {
	f := newFacts()
	if e.Numbers == nil {
		return f.Facts, nil, nil
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
		return f.Facts, nil, fmt.Errorf("read phone numbers: %w", err)
	}
	var unread []Unread
	for _, lists := range []map[string]numbers.Read[[]resource.LiveNumber]{f.OnTeams, f.Assigned} {
		for _, id := range slices.Sorted(maps.Keys(lists)) {
			switch err := lists[id].Err; {
			case client.Forbidden(err):
				unread = append(unread, Unread{resource.Addr{Kind: connectionsKind, Name: id}, err})
			case err != nil:
				return f.Facts, nil, fmt.Errorf("read the phone numbers of the connection %s: %w", id, err)
			}
		}
	}
	return f.Facts, unread, nil
}

// OnTeams tells whether an external connection leads to Microsoft Teams.
func OnTeams(l *resource.Live) bool {
	return resource.GetString(l.Object, "/external_sip_connection") == "operator_connect"
}
