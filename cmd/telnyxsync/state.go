package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"

	"github.com/spf13/cobra"
)

func (a *app) stateCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "state",
		Short: "Show and mend what is remembered of the objects that we own",
		Long: `The state says which objects on Telnyx are ours: only those are ever deleted. adopt, adopt-duplicate
and forget decide what telnyxsync cannot know; all change the state alone, nothing on Telnyx.`,
	}, a.stateListCommand(), a.stateShowCommand(), a.stateAdoptCommand(), a.stateAdoptDuplicateCommand(), a.stateForgetCommand())
}

// ownedJSON is an owned object as JSON shows it.
type ownedJSON struct {
	Address   string                 `json:"address"`
	ID        string                 `json:"id"`
	Root      string                 `json:"root"`
	Protected bool                   `json:"protected"`
	CreatedAt string                 `json:"created_at,omitempty"` // of the object, where that tells it from others of its id
	Applied   resource.Object        `json:"applied"`
	Attempts  map[string]attemptJSON `json:"attempts,omitempty"`
	Orders    []orderJSON            `json:"orders,omitempty"`   // of a group of phone numbers: what is on its way
	Troubles  []troubleJSON          `json:"troubles,omitempty"` // and what failed
}

type attemptJSON struct {
	Value string `json:"value"`
	Count int    `json:"count"`
	Note  string `json:"note,omitempty"`
}

func toOwnedJSON(r *row, words *render.Words) ownedJSON {
	doc := ownedJSON{
		Address: r.Addr.String(), ID: r.ID, Root: r.Root, Protected: r.Protected, CreatedAt: r.CreatedAt, Applied: r.Applied, Attempts: map[string]attemptJSON{},
	}
	for path, a := range r.Attempts {
		doc.Attempts[path] = attemptJSON{a.Value, a.Count, words.Of(a.Note)}
	}
	return doc
}

type intentJSON struct {
	Address string `json:"address"`
	Key     string `json:"key,omitempty"`
	At      string `json:"at"`
}

func (a *app) stateListCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the objects that we own, creates whose outcome is not known, and phone numbers that are on their way or failed",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withState(cmd.Context(), func(db *state.DB) error {
				snap, err := db.Snapshot(cmd.Context())
				if err != nil {
					return err
				}
				known, open := rows(&snap), doubts(&snap)
				if output == "json" {
					owned, intents := []ownedJSON{}, []intentJSON{}
					for i := range known {
						owned = append(owned, toOwnedJSON(&known[i], a.words()))
					}
					for i := range open {
						intents = append(intents, open[i].intentJSON)
					}
					return a.printJSON(map[string]any{
						"version": 1, "base_url": snap.BaseURL, "owned": owned, "intents": intents,
						"orders":   orders(&snap, func(*resource.Order) bool { return true }),
						"troubles": troubles(&snap, func(*resource.Trouble) bool { return true }),
					})
				}
				w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
				fmt.Fprintln(w, "ADDRESS\tID\tPROTECTED\tROOT")
				for _, r := range known {
					protected := "no"
					if r.Protected {
						protected = "yes"
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", render.Printable(r.Addr.String()), render.Printable(r.ID), protected, render.Printable(r.Root))
				}
				if err := w.Flush(); err != nil {
					return err
				}
				for _, d := range open {
					fmt.Fprintf(a.out, "in doubt: %s, begun at %s\n", render.Printable(d.Address), d.At)
				}
				return a.printMoving(&snap)
			})
		},
	}
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

func (a *app) stateShowCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "show ADDR",
		Short:   "Show all that is remembered of one object",
		Example: "  telnyxsync state show external_connections/zoom-emea",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			addr, err := resource.ParseAddr(args[0])
			if err != nil {
				return err
			}
			return a.withState(cmd.Context(), func(db *state.DB) error {
				snap, err := db.Snapshot(cmd.Context())
				if err != nil {
					return err
				}
				for _, r := range rows(&snap) {
					if r.Addr == addr {
						doc := toOwnedJSON(&r, a.words())
						doc.Orders, doc.Troubles = groupOrders(&snap, r.Numbers), groupTroubles(&snap, r.Numbers)
						return a.printJSON(doc)
					}
				}
				for _, d := range doubts(&snap) {
					if d.Address == addr.String() {
						return a.printJSON(d.intentJSON)
					}
				}
				return fmt.Errorf("state knows no %s: `telnyxsync state list` shows what it knows", addr)
			})
		},
	}
	outputFlag(cmd, &output, "json")
	return cmd
}

func (a *app) stateAdoptCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "adopt ADDR ID",
		Short: "Remember that the object ID is that of the entry ADDR",
		Long: `Remembers that the object with Telnyx's id ID is that of the entry ADDR, after having read
it. Nothing is changed on Telnyx; the next diff compares it. What a create made whose entry is no
longer written belongs to the configuration that asked for it, and goes with ` + "`apply --prune`" + `.`,
		Example: "  telnyxsync state adopt external_connections/zoom-emea 1930241863466354012",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			addr, err := resource.ParseAddr(args[0])
			if err != nil {
				return err
			}
			engine, c, err := a.connect(true, tuning{})
			if err != nil {
				return err
			}
			defer c.Close()
			ops := engine.Operations[addr.Kind]
			if ops == nil {
				return fmt.Errorf("there is no kind %q", addr.Kind)
			}
			return a.changeState(cmd.Context(), func(ctx context.Context, db *state.DB, snap state.Snapshot) error {
				if err := engine.CheckAccount(ctx, snap, nil, apply.Options{}); err != nil {
					return err
				}
				live, err := ops.Read(ctx, args[1])
				if err != nil {
					return err
				}
				if live == nil {
					return fmt.Errorf("telnyx has no object %q of %s", args[1], addr.Kind)
				}
				own := resource.Owned{Addr: addr, ID: live.ID, Incarnation: live.Incarnation}
				for _, in := range snap.Intents {
					if in.Addr == addr { // where nobody writes it any more, it is an orphan of who asked for it
						own.Root = in.Root
					}
				}
				for _, o := range snap.Owned {
					switch {
					case o.Addr.Kind == addr.Kind && o.ID == live.ID && o.Addr != addr:
						return fmt.Errorf("the object %s belongs to %s: run `telnyxsync state forget %s` first", live.ID, o.Addr, o.Addr)
					case o.Addr == addr:
						own.Root, own.File, own.Protect, own.TakenDown = o.Root, o.File, o.Protect, o.TakenDown && o.ID == live.ID
					}
				}
				if snap.BaseURL == "" { // the first that this state hears of an account
					if err := db.Bind(ctx, engine.BaseURL, engine.Key); err != nil {
						return err
					}
				}
				err = db.Commit(ctx, resource.Record{Own: []resource.Owned{own}, EndIntents: []resource.Addr{addr}, Events: []resource.Event{{
					Addr: addr, Op: string(plan.Adopt), ID: live.ID, Reason: plan.Reason{Code: apply.AdoptedByHand}, Outcome: string(plan.Done),
				}}})
				if err == nil {
					fmt.Fprintf(a.out, "adopted: %s is %s (%s)\n", render.Printable(addr.String()), render.Printable(live.ID), render.Printable(live.Label))
				}
				return err
			})
		},
	}
}

func (a *app) stateForgetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "forget ADDR",
		Short: "Forget what is remembered of ADDR, also a create in doubt",
		Long: `Forgets what is remembered of ADDR. Nothing is changed on Telnyx: the object stays and is
foreign from then on, until an entry means it again.`,
		Example: "  telnyxsync state forget external_connections/zoom-emea",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			addr, err := resource.ParseAddr(args[0])
			if err != nil {
				return err
			}
			return a.changeState(cmd.Context(), func(ctx context.Context, db *state.DB, snap state.Snapshot) error {
				id := ""
				var forget []resource.Record
				for _, r := range rows(&snap) {
					if r.Addr == addr {
						id, forget = r.ID, append(forget, r.forget)
					}
				}
				for _, d := range doubts(&snap) {
					if d.Address == addr.String() {
						forget = append(forget, d.end)
					}
				}
				if forget == nil {
					return fmt.Errorf("state knows no %s: `telnyxsync state list` shows what it knows", addr)
				}
				err := db.Commit(ctx, append(forget, resource.Record{Events: []resource.Event{{
					Addr: addr, Op: string(plan.Forget), ID: id, Reason: plan.Reason{Code: apply.ForgottenByHand}, Outcome: string(plan.Done),
				}}})...)
				if err == nil {
					fmt.Fprintf(a.out, "forgotten: %s\n", render.Printable(addr.String()))
				}
				return err
			})
		},
	}
}

// changeState opens the state for writing, under the lock.
func (a *app) changeState(ctx context.Context, f func(context.Context, *state.DB, state.Snapshot) error) error {
	dir, err := a.state()
	if err != nil {
		return err
	}
	return state.Write(ctx, dir, lockWait, func(db *state.DB, snap state.Snapshot) error { return f(ctx, db, snap) })
}
