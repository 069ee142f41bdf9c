package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"

	"github.com/spf13/cobra"
)

// lockWait is how long a command waits for another writer.
const lockWait = 15 * time.Second

// applyFlags are the flags of apply beside those of every plan.
type applyFlags struct {
	planFlags
	yes      bool
	settle   time.Duration
	lockWait time.Duration
	wait     time.Duration
	times    numbers.Times
	approve  []string
	by       string
}

func (a *app) applyCommand() *cobra.Command {
	var flags applyFlags
	cmd := &cobra.Command{
		Use:   "apply [PATH…|PLAN]",
		Short: "Make the account as the files say",
		Long: `Shows the plan that diff shows, asks, and carries it out: creates and updates in the order
of their references, deletions last and only with --prune. What fails blocks only what needs
it. It takes the writers' lock, observes again, and goes on only if the plan is still the same.

PLAN is a file that was saved with diff --out: it is applied with its paths and options, and only
if it is still exactly what would be done.

Phone numbers take time: apply ends once they are submitted, and says how to follow them. With
--wait it goes on until nothing is on its way any more, or the time is over.

Exit code 0 if all was done or submitted, 1 if something failed, is blocked, parked or held, 4 if a
guard withheld something.`,
		Example: `  telnyxsync apply configs
  telnyxsync apply --yes configs                              # no question, for scripts
  telnyxsync apply --yes --wait=2h configs                    # until all numbers are on Teams
  telnyxsync apply --only external_connections/zoom-emea configs
  telnyxsync apply --prune --approve QK3M5ZT2AB configs       # what a guard withheld under that code
  telnyxsync diff --out plan.json configs && telnyxsync apply plan.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			saved, paths, err := a.takePlan(cmd, args, &flags)
			if err != nil {
				return err
			}
			return a.apply(cmd.Context(), paths, saved, &flags)
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVarP(&flags.yes, "yes", "y", false, "do not ask")
	cmd.Flags().DurationVar(&flags.settle, "settle", 3*time.Second, "time between two looks for a create whose answer was lost")
	cmd.Flags().DurationVar(&flags.wait, "wait", 0, "go on until nothing is on its way, for this long at most")
	cmd.Flags().Lookup("wait").NoOptDefVal = "30m"
	timesFlags(cmd, &flags.times)
	cmd.Flags().StringArrayVar(&flags.approve, "approve", nil, "the code of a withheld set: let exactly that through as well; may be repeated")
	cmd.Flags().StringVar(&flags.by, "by", approver(), "who approves")
	cmd.Flags().DurationVar(&flags.lockWait, "lock-wait", lockWait, "how long to wait for another telnyxsync that is writing")
	return cmd
}

// apply applies what the files at the paths say; saved is the plan that it must be, nil for any.
func (a *app) apply(ctx context.Context, paths []string, saved *planFile, flags *applyFlags) error {
	desired, err := a.load(paths)
	if err != nil {
		return configError{err}
	}
	o, err := flags.options()
	if err != nil {
		return err
	}
	o.Writing = true
	dir, err := a.state()
	if err != nil {
		return err
	}
	snap, err := state.Load(ctx, dir)
	if err != nil {
		return err
	}
	if err := checkOnly(o.Only, desired, snap); err != nil {
		return err
	}
	limits, err := flags.limits()
	if err != nil {
		return err
	}
	times := flags.times
	if flags.wait > 0 {
		times.Poll = soonest
	}
	engine, c, err := a.connect(false, tuning{limits: limits, settle: flags.settle, times: times})
	if err != nil {
		return err
	}
	defer c.Close()
	words := a.words()

	p, err := engine.PlanSettled(ctx, desired, snap, o)
	if err != nil {
		return err
	}
	if saved != nil {
		if err := saved.check(engine.BaseURL, &p); err != nil {
			return err
		}
	}
	if o.By = flags.by; len(flags.approve) > 0 {
		o.Approve = flags.approve
		if p, err = engine.PlanSettled(ctx, desired, snap, o); err != nil {
			return err
		}
	}
	asJSON := flags.output == "json"
	if !asJSON {
		fmt.Fprint(a.out, words.Text(&p, render.TextOptions{Color: color(a.out), Verbose: flags.verbose}))
	}
	var result *plan.Result
	if len(p.Changes) > 0 || !p.Remember.Empty() {
		if offers := len(p.Sets) > 0 && isTerminal(a.in); (asks(&p) || offers) && !flags.yes {
			code, err := a.ask(ctx, &p)
			if err != nil {
				if asJSON {
					_, writeErr := a.out.Write(words.Failed(&p, nil, err))
					err = errors.Join(err, writeErr)
				}
				return err
			}
			if code != "" { // it stands for what was shown: what is planned with it is that, and what was shown beside
				o.Approve = append(o.Approve, code)
				if p, err = engine.PlanSettled(ctx, desired, snap, o); err != nil {
					return err
				}
			}
		}
		err = state.Write(ctx, dir, flags.lockWait, func(db *state.DB, snap state.Snapshot) (err error) {
			result, err = a.locked(ctx, engine, db, snap, desired, p, o)
			return err
		})
		if err != nil && result == nil {
			return err
		}
	}
	if result == nil {
		result = &plan.Result{}
	}
	if flags.wait > 0 && err == nil {
		p, err = a.follow(ctx, engine, dir, desired, p, result, o, flags)
	}
	if asJSON {
		if _, writeErr := a.out.Write(words.Failed(&p, result, err)); writeErr != nil {
			return writeErr
		}
	} else {
		fmt.Fprint(a.out, words.ResultText(result, len(p.Problems), flags.wait > 0))
		if flags.wait > 0 {
			fmt.Fprint(a.out, "Now:\n"+words.Text(&p, render.TextOptions{Color: color(a.out), Verbose: flags.verbose}))
		}
	}
	if err != nil {
		return err
	}
	if result.Sent() && flags.wait == 0 && !asJSON {
		fmt.Fprintln(a.out, "Phone numbers are on their way: follow them with `telnyxsync uploads`, or run this again, with --wait to wait for them.")
	}
	if result.Count(plan.NotStarted) > 0 {
		fmt.Fprintln(a.err, "telnyxsync: it was stopped before all was done: run it again")
	}
	switch {
	case !result.OK() || len(p.Problems) > 0:
		return exit(exitError)
	case len(p.Withheld) > 0:
		return exit(exitWithheld)
	}
	return nil
}

// locked does the writing part: observe again, compare, apply.
func (a *app) locked(ctx context.Context, engine *apply.Engine, db *state.DB, snap state.Snapshot, desired resource.Config, p plan.Plan, o apply.Options) (*plan.Result, error) {
	again, err := engine.Plan(ctx, desired, snap, o)
	if err != nil {
		return nil, err
	}
	again.Settle(&p)
	before, now := plan.EssenceOf(&p), plan.EssenceOf(&again)
	if !before.Same(&now) {
		return nil, errors.New("the account or the state changed since the plan was made; nothing was changed: look again, with the same command")
	}
	bar := a.progress(steps(&again))
	o.Progress = bar.step
	defer context.AfterFunc(ctx, func() {
		fmt.Fprintln(a.err, "telnyxsync: stopping: what was sent is waited for; once more to end at once")
	})()
	r, err := engine.Apply(ctx, db, desired, again, o)
	bar.stop()
	return &r, err
}
