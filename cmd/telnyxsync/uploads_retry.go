package main

import (
	"cmp"
	"context"
	"fmt"

	"telnyxsync/internal/apply"
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
		return a.configErrors(err)
	}
	dir, err := a.state()
	if err != nil {
		return err
	}
	if snap, err := state.Load(ctx, dir); err != nil || !snap.Exists {
		return cmp.Or(err, fmt.Errorf("there is no state in %s, so nothing is known to have failed: give --state DIR, or run `telnyxsync apply`", dir))
	}
	engine, c, err := a.connect(false)
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
		not := append([]apply.NotRetried{}, r.Not...)
		sent := append([]apply.NumberOutcome{}, r.Result.Numbers...)
		if err := a.printJSON(map[string]any{"version": 1, "phone_numbers": sent, "not_retried": not}); err != nil {
			return err
		}
	} else {
		a.printResult(&r.Result, 0, false)
		p := &page{}
		for _, n := range r.Not {
			p.line("not retried: %s: %s", named(n.Numbers, false), n.Why)
		}
		if r.Result.Count(apply.Submitted) > 0 {
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
