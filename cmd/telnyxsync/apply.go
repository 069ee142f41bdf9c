package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/diff"
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

Exit code 0 if all was done, 1 if something failed, is blocked or held, 4 if a guard withheld
something.`,
		Example: `  telnyxsync apply configs
  telnyxsync apply --yes configs                              # no question, for scripts
  telnyxsync apply --only external_connections/zoom-emea configs
  telnyxsync apply --prune --max-deletes 25 configs
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
	cmd.Flags().DurationVar(&flags.lockWait, "lock-wait", lockWait, "how long to wait for another telnyxsync that is writing")
	return cmd
}

// apply applies what the files at the paths say; saved is the plan that it must be, nil for any.
func (a *app) apply(ctx context.Context, paths []string, saved *planFile, flags *applyFlags) error {
	desired, err := a.load(paths)
	if err != nil {
		return a.configErrors(err)
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
	engine, c, err := a.connect(false)
	if err != nil {
		return err
	}
	defer c.Close()
	engine.Limits, engine.Settle = flags.limits(), flags.settle

	plan, err := engine.PlanSettled(ctx, desired, snap, o)
	if err != nil {
		return err
	}
	if saved != nil {
		if err := saved.check(engine.BaseURL, &plan); err != nil {
			return err
		}
	}
	asJSON := flags.output == "json"
	if !asJSON {
		fmt.Fprint(a.out, diff.Text(&plan, diff.TextOptions{Color: color(a.out)}))
	}
	var result *apply.Result
	if len(plan.Changes) > 0 || len(plan.Settle) > 0 || len(plan.Gone) > 0 {
		if len(plan.Changes) > 0 && !flags.yes {
			if err := a.ask(ctx, &plan); err != nil {
				if asJSON {
					_, writeErr := a.out.Write(diff.JSON(&plan, nil))
					err = errors.Join(err, writeErr)
				}
				return err
			}
		}
		err = state.Write(ctx, dir, flags.lockWait, func(db *state.DB, snap state.Snapshot) (err error) {
			result, err = a.locked(ctx, engine, db, snap, desired, plan, o)
			return err
		})
		if err != nil && result == nil {
			return err
		}
	}
	if result == nil {
		result = &apply.Result{}
	}
	if asJSON {
		if _, err := a.out.Write(diff.JSON(&plan, result)); err != nil {
			return err
		}
	} else {
		a.printResult(result, len(plan.Problems))
	}
	if err != nil {
		return err
	}
	if result.Count(apply.NotStarted) > 0 {
		fmt.Fprintln(a.err, "telnyxsync: it was stopped before all was done: run it again")
	}
	switch {
	case !result.OK() || len(plan.Problems) > 0:
		return exit(exitError)
	case len(plan.Withheld) > 0:
		return exit(exitWithheld)
	}
	return nil
}

// ask wants a yes. It is given by a person at a terminal, or by --yes.
func (a *app) ask(ctx context.Context, plan *diff.Plan) error {
	if !isTerminal(a.in) {
		return errors.New("there is no terminal to ask on: look at the plan and give --yes; nothing was changed")
	}
	calls := 0
	for _, c := range plan.Changes {
		calls += c.Calls
	}
	fmt.Fprintf(a.err, "Apply %d change(s) with up to %d writing API call(s)? [y/N] ", len(plan.Changes), calls)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.in).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.err)
	case line := <-answer:
		if line == "y" || line == "yes" {
			return nil
		}
	}
	return errors.New("declined; nothing was changed")
}

// locked does the writing part: observe again, compare, apply.
func (a *app) locked(ctx context.Context, engine *apply.Engine, db *state.DB, snap state.Snapshot, desired resource.Config, plan diff.Plan, o apply.Options) (*apply.Result, error) {
	again, err := engine.Plan(ctx, desired, snap, o)
	if err != nil {
		return nil, err
	}
	before, now := diff.EssenceOf(&plan), diff.EssenceOf(&again)
	if !before.Same(&now) {
		return nil, errors.New("the account or the state changed since the plan was made; nothing was changed: look again, with the same command")
	}
	bar := a.progress(len(again.Changes))
	engine.Progress = bar.step
	defer context.AfterFunc(ctx, func() {
		fmt.Fprintln(a.err, "telnyxsync: stopping: what was sent is waited for; once more to end at once")
	})()
	r, err := engine.Apply(ctx, db, desired, again, o)
	bar.stop()
	return &r, err
}

// printResult says how each change ended, what went wrong last, where the eye rests.
func (a *app) printResult(r *apply.Result, problems int) {
	if len(r.Outcomes) == 0 {
		return
	}
	var done, wrong []string
	for _, o := range r.Outcomes {
		line := fmt.Sprintf("%s: %s %s", o.Status, o.Op, o.Addr)
		if o.ID != "" && o.ID != o.Addr.Name {
			line += " [" + o.ID + "]"
		}
		if o.BlockedBy != "" {
			line += " (by " + o.BlockedBy + ")"
		}
		if o.RequestID != "" {
			line += " request " + o.RequestID
		}
		if o.Error != "" {
			line += "\n    " + o.Error
		}
		if o.Status == apply.Done {
			done = append(done, line)
		} else {
			wrong = append(wrong, line)
		}
	}
	for _, line := range append(done, wrong...) {
		fmt.Fprintln(a.out, diff.Printable(line))
	}
	fmt.Fprintf(a.out, "Applied: %d done", r.Count(apply.Done))
	for _, s := range []apply.Status{apply.Failed, apply.Blocked, apply.InDoubt, apply.NotStarted} {
		if n := r.Count(s); n > 0 {
			fmt.Fprintf(a.out, ", %d %s", n, s)
		}
	}
	if problems > 0 {
		fmt.Fprintf(a.out, "; %s, see above", counted(problems, "problem", "problems"))
	}
	fmt.Fprintln(a.out, ".")
	if n := r.Count(apply.InDoubt); n > 0 {
		fmt.Fprintln(a.out, "Run apply again: it looks for what was made before it sends anything.")
	}
}
