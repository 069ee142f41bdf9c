package main

import (
	"context"
	"errors"
	"fmt"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/export"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// mostRanges is how many ranges of numbers stand in the YAML of a directory; more are a file of their own.
const mostRanges = 500

// leftOut says what an export has not, as the key may not read it: objects, and the phone numbers of connections. One
// without connections lacks also what can only be found by them.
func leftOut(kinds []resource.Kind, unread, noNumbers []apply.Unread, words func(error) string) (lines []string) {
	for _, u := range unread {
		what := u.Addr.Kind
		if u.Addr.Name != "" {
			what = u.Addr.String()
		}
		for i := range kinds {
			if k := &kinds[i]; u.Addr == (resource.Addr{Kind: connectionsKind}) && (k.Groups || k.Blind) {
				what += ", " + k.Name
			}
		}
		lines = append(lines, "not exported: "+what+": "+words(u.Err))
	}
	for _, u := range noNumbers {
		lines = append(lines, "not exported: the phone numbers of the connection "+u.Addr.Name+": "+words(u.Err))
	}
	return lines
}

// asEachTime is the text of an error without the id of its request: what is exported twice is the same.
func asEachTime(err error) string {
	if e, ok := errors.AsType[*client.Error](err); ok {
		return e.Same()
	}
	return err.Error()
}

// exportNumbers adds what the account's connections hold of phone numbers, and what state knows of them. Those of some
// the key may not read.
func (a *app) exportNumbers(ctx context.Context, engine *apply.Engine, snap *state.Snapshot, src *export.Source) ([]apply.Unread, error) {
	connections := src.Live[connectionsKind]
	facts, unread, err := engine.NumbersOn(ctx, connections)
	if err != nil {
		return nil, err
	}
	for i := range connections {
		l := &connections[i]
		c := export.Connection{ID: l.ID, Teams: apply.OnTeams(l), Numbers: facts.Assigned[l.ID].Value}
		if c.Teams {
			civic := facts.Civic[l.ID]
			c.Numbers, c.Civic, c.NoCivic = facts.OnTeams[l.ID].Value, civic.Value, civic.Err != nil
			if c.NoCivic {
				fmt.Fprintf(a.err, "telnyxsync: the civic addresses of the connection %s could not be read, so of its locations those are exported that hold numbers or that state knows: %s\n",
					render.Printable(l.ID), render.Printable(civic.Err.Error()))
			}
		}
		src.Connections = append(src.Connections, c)
	}
	for i := range src.Kinds {
		if k := &src.Kinds[i]; k.Groups {
			src.Groups = knownGroups(snap.Groups)
		}
	}
	return unread, nil
}

// knownGroups are the groups that state has. Numbers that were uploaded for something else than their group
// says now are not the group's own: what they are used for is not what would be written there.
func knownGroups(remembered []resource.Group) (groups []export.Group) {
	by := map[string]resource.Numbers{} // what they were uploaded for, see [numbers.Usage]; in whichever group
	for i := range remembered {
		for usage, s := range remembered[i].Uploaded {
			by[usage] = by[usage].Plus(s)
		}
	}
	for i := range remembered {
		row := &remembered[i]
		g := export.Group{Name: row.Addr.Name, Target: row.Target, Protect: row.Protect, Numbers: row.All()}
		for usage, s := range by {
			if own := numbers.Usage(g.Target); usage != "" && own != "" && usage != own {
				g.Numbers = g.Numbers.Minus(s)
			}
		}
		groups = append(groups, g)
	}
	return groups
}
