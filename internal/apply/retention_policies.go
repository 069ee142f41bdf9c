package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"
)

// policies are those that are written, and the holds that other runs wrote. What cannot be told of a hold
// forbids the run; a policy of which something cannot be told deletes nothing, and what may be meant by it
// is not deleted before its time.
func (x *retainer) policies(ctx context.Context) (list []retention.Policy, err error) {
	in, err := x.withConnections(ctx, x.s, x.kind)
	if err != nil {
		return nil, err
	}
	in.OtherRoots = otherRoots(x.s.Desired, x.s.Snap)
	if err := x.rememberHolds(ctx, in); err != nil {
		return nil, err
	}
	connection := x.connection(in)
	for i := range in.Desired.Entries {
		e := &in.Desired.Entries[i]
		if e.Kind != x.kind {
			continue
		}
		p, untold, err := policyOf(e.Addr, e.Object, connection)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", e.Addr, err)
		case untold != nil && p.Keep:
			return nil, fmt.Errorf("the hold %s: %w", e.Addr, untold)
		case untold != nil:
			x.report.Failed = true
			x.say("%s deletes nothing: %v", e.Addr, untold)
		}
		p.Observe = e.Observe
		list = append(list, p)
	}
	remembered := x.s.Snap.OldOwned()
	for i := range remembered {
		row := &remembered[i]
		if row.Addr.Kind != x.kind || diff.SaysHolds(x.s.Desired.Root(row.Root), x.kind) {
			continue // of what is loaded, the files tell
		}
		p, untold, err := policyOf(row.Addr, row.Applied, connection)
		if err = errors.Join(err, untold); err == nil && !p.Keep {
			err = errors.New("it does not say that it holds")
		}
		if err != nil {
			return nil, fmt.Errorf("the hold %s, which state remembers from %s: %w", row.Addr, row.Root, err)
		}
		x.say("%s holds too, as state remembers from %s, which this run does not load or does not write", row.Addr, row.Root)
		list = append(list, p)
	}
	return list, nil
}

// rememberHolds takes down which holds there are, for runs that do not see them.
func (x *retainer) rememberHolds(ctx context.Context, in diff.Input) error {
	put, gone := diff.Holds(in)
	if x.s.Observe || len(put)+len(gone) == 0 {
		return nil
	}
	return x.s.DB.Commit(ctx, x.s.Snap.FromOld(put, gone))
}

// withConnections reads the connections, where entries of a kind name some.
func (e *Engine) withConnections(ctx context.Context, s *Situation, kind string) (diff.Input, error) {
	in := e.input(s.Desired, s.Snap, s.Options)
	named := slices.ContainsFunc(s.Desired.Entries, func(d resource.Entry) bool {
		ref, ok := d.Object["connection"].(resource.Ref)
		return d.Kind == kind && ok && ref.ID == ""
	})
	if !named {
		return in, nil
	}
	const connections = "external_connections"
	k := &e.Kinds[slices.IndexFunc(e.Kinds, func(k resource.Kind) bool { return k.Name == connections })]
	in.Live = map[string]diff.Observed{}
	if err := e.observeKinds(ctx, []*resource.Kind{k}, s.Desired, s.Snap, in.Live); err != nil {
		return in, err
	}
	return in, in.Live[connections].Err
}

// connection finds the id of an entry of external_connections.
func (x *retainer) connection(in diff.Input) func(a resource.Addr) string {
	ids := diff.IDs(in)
	return func(a resource.Addr) string {
		if id := ids[a]; id != "" {
			return id
		}
		for _, o := range x.s.Snap.Owned {
			if o.Addr == a {
				return o.ID
			}
		}
		return ""
	}
}

// filterNames are the fields of an entry that are filters of Telnyx's as they stand.
var filterNames = []string{
	"connection_id", "from", "to", "call_leg_id", "call_session_id", "call_control_id", "conference_id", "conference_region", "sip_call_id", "recording_id",
}

// policyOf reads an entry, or what state remembers of one. untold is what it leaves open as something that
// it refers to is not known; the error is that it cannot be read at all.
func policyOf(a resource.Addr, o resource.Object, connection func(resource.Addr) string) (p retention.Policy, untold, err error) {
	p = retention.Policy{
		Addr: a, Filters: map[string]string{}, Keep: o["keep"] == true, After: resource.GetDuration(o, "/delete_after", 0),
		Archive: resource.GetString(o, "/archive"),
	}
	if n, ok := o["max_deletes_per_run"].(int64); ok {
		p.Max = int(n)
	}
	for _, name := range filterNames {
		if v := resource.GetString(o, "/"+name); v != "" {
			p.Filters[name] = v
		}
	}
	var addr resource.Addr
	id := ""
	switch ref := o["connection"].(type) {
	case resource.Ref:
		id, addr = ref.ID, ref.Addr
	case string: // as state remembers it: an id, or the address of an entry whose id was not known
		id = ref
		if other, parseErr := resource.ParseAddr(ref); parseErr == nil {
			id, addr = "", other
		}
	}
	if id == "" && addr.Name != "" {
		id = connection(addr)
	}
	switch {
	case id != "":
		p.Filters["connection_id"] = id
	case addr.Name != "":
		p.Untold++
		untold = fmt.Errorf("the id of %s is not known: apply that first", addr)
	}
	for _, field := range []string{"created_at", "start_time", "end_time"} {
		b := retention.Between{Field: field}
		for path, into := range map[string]*time.Time{"gte": &b.GTE, "lte": &b.LTE} {
			if text := resource.GetString(o, resource.Pointer(field, path)); text != "" {
				t, parseErr := time.Parse(time.RFC3339, text)
				if parseErr == nil && t.IsZero() {
					parseErr = fmt.Errorf("%s means no time", text) // and a filter of none would pass all
				}
				err = errors.Join(err, parseErr)
				*into = t
			}
		}
		if !b.GTE.IsZero() || !b.LTE.IsZero() {
			p.Between = append(p.Between, b)
		}
	}
	if !p.Keep && p.After < 24*time.Hour {
		err = errors.Join(err, errors.New("its delete_after is less than a day"))
	}
	return p, untold, err
}
