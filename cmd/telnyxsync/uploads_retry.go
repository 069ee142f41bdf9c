package main

import (
	"cmp"
	"context"
	"fmt"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"

	"github.com/spf13/cobra"
)

func (a *app) uploadsRetryCommand() *cobra.Command {
	var (
		configs []string
		output  string
	)
	cmd := &cobra.Command{
		Use:   "retry NUMBER…",
		Short: "Try phone numbers again that failed, parked ones too, now",
		Long: `Tries numbers again that failed and wait for their time, or that are parked: at once, and as if
they had never failed. NUMBER is one in E.164, or a range, which stands for those in it that failed.
Telnyx retries an upload as a whole: what else failed in the same one is sent along. Nothing else is
sent, and nothing is asked.

Where they are to be is what the files of --configs say, as for apply.

Exit code 1 if one of them is refused or not tried: it says why.`,
		Example: `  telnyxsync uploads retry +15125550100 --configs configs
  telnyxsync uploads retry +15125550100-+15125550199 +15125550300`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			asked := make([]resource.Range, len(args))
			for i, text := range args {
				var err error
				if asked[i], err = resource.ParseRange(text); err != nil {
					return fmt.Errorf("%q %w", text, err)
				}
			}
			return a.retry(cmd.Context(), asked, configs, output)
		},
	}
	outputFlag(cmd, &output, "text", "json")
	cmd.Flags().StringArrayVar(&configs, "configs", []string{"."}, "file or directory of the desired state; may be repeated")
	return cmd
}

func (a *app) retry(ctx context.Context, asked []resource.Range, configs []string, output string) error {
	desired, err := a.load(configs)
	if err != nil {
		return configError{err}
	}
	dir, err := a.state()
	if err != nil {
		return err
	}
	if snap, err := state.Load(ctx, dir); err != nil || !snap.Exists {
		return cmp.Or(err, fmt.Errorf("there is no state in %s, so nothing is known to have failed: give --state DIR, or run `telnyxsync apply`", dir))
	}
	engine, c, err := a.connect(false, tuning{})
	if err != nil {
		return err
	}
	defer c.Close()
	var r apply.Retried
	err = state.Write(ctx, dir, lockWait, func(db *state.DB, snap state.Snapshot) (err error) {
		r, err = engine.RetryNumbers(ctx, db, snap, desired, asked, apply.Options{})
		return err
	})
	if err != nil {
		return err
	}
	if output == "json" {
		type notJSON struct {
			Numbers resource.Numbers `json:"numbers"`
			Reason  string           `json:"reason"`
			Codes   []plan.Reason    `json:"reasons"`
		}
		not := []notJSON{}
		for i := range r.Not {
			not = append(not, notJSON{r.Not[i].Numbers, a.notRetried(&r.Not[i]), r.Not[i].Reasons})
		}
		if err := a.printJSON(map[string]any{"version": 2, "result": a.words().Result(&r.Result), "not_retried": not}); err != nil {
			return err
		}
	} else {
		fmt.Fprint(a.out, a.words().ResultText(&r.Result, 0, false))
		p := &page{}
		for _, n := range r.Not {
			p.line("not retried: %s: %s", named(n.Numbers, false), a.notRetried(&n))
		}
		if r.Result.Sent() {
			p.line("Phone numbers are on their way: follow them with `telnyxsync uploads`.")
		}
		if _, err := p.WriteTo(a.out); err != nil {
			return err
		}
	}
	if len(r.Not) > 0 || !r.Result.OK() {
		return exit(exitError)
	}
	return nil
}

// notRetried is why nothing is sent for numbers, in words.
func (a *app) notRetried(n *apply.NotRetried) string {
	text := a.words().All(n.Reasons)
	if n.Addr.Name != "" {
		text = n.Addr.String() + ": " + text
	}
	if n.Due {
		text += "; it is due, and is tried by the next pass that can"
	}
	return text
}
