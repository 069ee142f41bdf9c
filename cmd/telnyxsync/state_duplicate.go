package main

import (
	"context"
	"fmt"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"

	"github.com/spf13/cobra"
)

func (a *app) stateAdoptDuplicateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "adopt-duplicate ID",
		Short: "Remember that the object ID is one too many, which --prune may delete",
		Long: `Remembers an object that carries the owner tag of an entry which has another one already, after
having read it: under the address KIND/NAME~ID, which no file writes, it is an orphan of the
entry's configuration, and the next apply with --prune deletes it. Nothing is changed on Telnyx.

To keep it in place of the object that the entry has, use adopt: then the other one is too many.`,
		Example: "  telnyxsync state adopt-duplicate 1930241863466354012",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			engine, c, err := a.connect(true, tuning{})
			if err != nil {
				return err
			}
			defer c.Close()
			return a.changeState(cmd.Context(), func(ctx context.Context, db *state.DB, snap state.Snapshot) error {
				if err := engine.CheckAccount(ctx, snap, nil, apply.Options{}); err != nil {
					return err
				}
				own, of, err := duplicate(ctx, engine, &snap, args[0])
				if err != nil {
					return err
				}
				err = db.Commit(ctx, resource.Record{Own: []resource.Owned{own}, Events: []resource.Event{{
					Addr: own.Addr, Op: string(plan.Adopt), ID: own.ID, Reason: plan.Reason{Code: apply.AdoptedByHand}, Outcome: string(plan.Done),
				}}})
				if err == nil {
					fmt.Fprintf(a.out, "adopted: %s, a duplicate of %s: apply --prune deletes it\n",
						render.Printable(own.Addr.String()), render.Printable(of.String()))
				}
				return err
			})
		},
	}
}

// duplicate is what to remember of an object that carries the owner tag of an entry with another object, and that entry.
func duplicate(ctx context.Context, engine *apply.Engine, snap *state.Snapshot, id string) (own resource.Owned, of resource.Addr, _ error) {
	kind, live, err := taggedObject(ctx, engine, id)
	if err != nil {
		return own, of, err
	}
	var tagged *resource.Owned
	for i := range snap.Owned {
		o := &snap.Owned[i]
		switch {
		case o.Addr.Kind != kind:
		case o.ID == live.ID:
			return own, of, fmt.Errorf("state knows the object %s already: it is %s", live.ID, o.Addr)
		case live.OwnedBy(resource.Owner{Instance: engine.Instance, Name: o.Addr.Name}):
			tagged = o
		}
	}
	switch {
	case tagged == nil && len(live.Owners) == 0:
		return own, of, fmt.Errorf("the object %s carries no owner tag, so nothing says that it is ours: delete it in the portal", live.ID)
	case tagged == nil:
		return own, of, fmt.Errorf("the object %s carries the owner tag %s, and state knows no other object of such an entry: "+
			"`telnyxsync state adopt %s/NAME %s` makes it that of an entry", live.ID, live.Owners[0].Tag(), kind, live.ID)
	case tagged.Root == "":
		return own, of, fmt.Errorf("no configuration has applied %s yet: run `telnyxsync apply` first", tagged.Addr)
	}
	own = resource.Owned{
		Addr: resource.Addr{Kind: kind, Name: tagged.Addr.Name + "~" + live.ID}, ID: live.ID,
		Root: tagged.Root, File: tagged.File, Incarnation: live.Incarnation,
	}
	return own, tagged.Addr, nil
}

// taggedObject finds an object by its id among the kinds whose objects carry owner tags.
func taggedObject(ctx context.Context, engine *apply.Engine, id string) (kind string, live *resource.Live, _ error) {
	for i := range engine.Kinds {
		k := &engine.Kinds[i]
		if !k.Tagged {
			continue
		}
		if live, err := engine.Operations[k.Name].Read(ctx, id); err != nil || live != nil {
			return k.Name, live, err
		}
	}
	return "", nil, fmt.Errorf("telnyx has no object %q that could carry an owner tag", id)
}
