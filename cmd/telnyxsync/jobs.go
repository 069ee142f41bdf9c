package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

func (a *app) jobsCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "jobs",
		Short: "List the jobs of the daemon, or run one by hand",
	}, a.jobsListCommand(), a.jobsRunCommand())
}

func (a *app) jobsListCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the jobs with their default schedules",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if output == "json" {
				list := []map[string]string{}
				for _, j := range apply.Jobs() {
					list = append(list, map[string]string{"name": j.Name, "schedule": j.Schedule, "about": j.About})
				}
				return a.printJSON(map[string]any{"version": 1, "jobs": list})
			}
			w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "JOB\tSCHEDULE\tABOUT")
			for _, j := range apply.Jobs() {
				fmt.Fprintf(w, "%s\t%s\t%s\n", j.Name, j.Schedule, j.About)
			}
			return w.Flush()
		},
	}
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

// jobFlags are the flags of a job beside those of every plan.
type jobFlags struct {
	planFlags
	enforce bool
	yes     bool
}

func (a *app) jobsRunCommand() *cobra.Command {
	var flags jobFlags
	cmd := &cobra.Command{
		Use:   "run NAME [PATH…]",
		Short: "Run a job now, as the daemon would",
		Long: `Runs a job once, under the writers' lock. The paths are those of the desired state, as for
apply; without one, the current directory.

recording_retention and transcription_retention show what is due, and delete it only with --enforce:
then they ask, or take --yes, as deleted recordings are gone for good. What was not shown is not
deleted. All other jobs ask nothing.

Exit code 0 if all was done, 1 if something failed or is held, 4 if a guard withheld something that
was to be deleted.`,
		Example: `  telnyxsync jobs run operator_connect_refresh
  telnyxsync jobs run reconcile configs
  telnyxsync jobs run recording_retention configs                  # only shows what is due
  telnyxsync jobs run recording_retention --enforce configs        # and asks whether to delete it
  telnyxsync jobs run recording_retention --enforce --yes --limit recordings=5000 configs`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var job *apply.Job
			for _, j := range apply.Jobs() {
				if j.Name == args[0] {
					job = &j
				}
			}
			if job == nil {
				return fmt.Errorf("there is no job %q: `telnyxsync jobs list` shows them", args[0])
			}
			if (flags.enforce || flags.yes) && !job.Deletes {
				return fmt.Errorf("--enforce and --yes are for the jobs of retention, not for %s", job.Name)
			}
			return a.runJob(cmd.Context(), job, args[1:], &flags)
		},
	}
	flags.add(cmd, "markdown")
	cmd.Flags().BoolVar(&flags.enforce, "enforce", false, "delete what policies of retention say, for good; without it they report")
	cmd.Flags().BoolVarP(&flags.yes, "yes", "y", false, "do not ask")
	return cmd
}

func (a *app) runJob(ctx context.Context, job *apply.Job, paths []string, flags *jobFlags) (err error) {
	s := apply.Situation{Enforce: flags.enforce}
	if s.Options, err = flags.options(); err != nil {
		return err
	}
	limits, err := flags.limits()
	if err != nil {
		return err
	}
	if job.Desired {
		if s.Desired, err = a.load(paths); err != nil {
			return configError{err}
		}
	}
	dir, err := a.state()
	if err != nil {
		return err
	}
	engine, c, err := a.connect(false, tuning{limits: limits})
	if err != nil {
		return err
	}
	defer c.Close()
	if flags.enforce && !flags.yes {
		if s.Shown, err = a.confirm(ctx, engine, job, s, dir, flags); err != nil || s.Shown == nil {
			return err
		}
	}
	var report apply.Report
	err = state.Write(ctx, dir, lockWait, func(db *state.DB, snap state.Snapshot) error {
		s.DB, s.Snap = db, snap
		report, err = apply.RunJob(ctx, *job, engine, s)
		return err
	})
	if printErr := a.printReport(job, &report, s.Shown != nil, flags, err); printErr != nil {
		return printErr
	}
	if err != nil {
		return err
	}
	if job.Deletes && !flags.enforce && !report.Failed {
		return nil // it only reports
	}
	return code(report.Exit())
}

// confirm shows what a retention would delete and asks. Nil without an error: nothing is to be asked, as nothing would
// be deleted, and that has been said.
func (a *app) confirm(ctx context.Context, engine *apply.Engine, job *apply.Job, s apply.Situation, dir string, flags *jobFlags) (*plan.Plan, error) {
	snap, err := state.Load(ctx, dir)
	if err != nil {
		return nil, err
	}
	p, err := engine.PlanRetention(ctx, job.Name, s.Desired, snap, s.Options)
	if err != nil {
		return nil, fmt.Errorf("%w; nothing was changed", err)
	}
	switch flags.output {
	case "text":
		fmt.Fprint(a.out, a.words().Text(&p, a.textOptions(&flags.planFlags)))
	case "markdown":
		fmt.Fprint(a.out, a.words().Markdown(&p))
	}
	if len(p.Calls) > 0 {
		if _, err := a.ask(ctx, &p); err != nil {
			if flags.output == "json" {
				report := apply.Report{Plan: &p}
				err = errors.Join(err, a.printReport(job, &report, true, flags, err))
			}
			return nil, err
		}
	}
	return &p, nil
}

func (a *app) textOptions(f *planFlags) render.TextOptions {
	return render.TextOptions{Color: color(a.out), Verbose: f.verbose}
}

// printReport says what a job did; shown tells that its plan has been, and failure what ended it early.
func (a *app) printReport(job *apply.Job, r *apply.Report, shown bool, flags *jobFlags, failure error) error {
	words := a.words()
	p := r.Plan
	if p == nil {
		p = &plan.Plan{}
	}
	cutShort := failure != nil && r.Result == nil // what there is of the plan would say that nothing is due
	switch flags.output {
	case "json":
		says := []any{}
		for _, n := range r.Says {
			says = append(says, words.Reason(n.Reason))
		}
		doc := map[string]any{
			"version": render.Version, "job": job.Name, "plan": json.RawMessage(words.JSON(p, nil)), "says": says, "failed": r.Failed || failure != nil,
			"result": words.Result(r.Result), "log_messages": append([]resource.Message{}, r.Messages...),
		}
		if failure != nil {
			doc["error"] = words.Failure(failure, nil)
		}
		return a.printJSON(doc)
	case "markdown":
		if !shown && !cutShort {
			fmt.Fprint(a.out, words.Markdown(p))
		}
		return nil
	}
	if job.Deletes {
		if !shown && !cutShort {
			fmt.Fprint(a.out, words.Text(p, a.textOptions(&flags.planFlags)))
		}
		if r.Result != nil {
			fmt.Fprint(a.out, a.words().ResultText(r.Result, len(p.Problems), false))
		}
		return nil
	}
	for _, line := range words.Lines(&render.Report{Plan: r.Plan, Whole: r.Whole, Result: r.Result, Says: r.Says}) {
		fmt.Fprintln(a.out, render.Printable(line))
	}
	return nil
}

// addRetention adds to a plan what is due of recordings and transcriptions, where policies are written. What would not
// be deleted, as the daemon only reports, is due all the same.
func (a *app) addRetention(ctx context.Context, engine *apply.Engine, desired resource.Config, snap state.Snapshot, o apply.Options, p plan.Plan) (plan.Plan, error) {
	for _, job := range apply.Jobs() {
		written := slices.ContainsFunc(desired.Entries, func(e resource.Entry) bool { return e.Kind == job.Name })
		if !job.Deletes || !written {
			continue
		}
		due, err := engine.PlanRetention(ctx, job.Name, desired, snap, o)
		if _, unread := errors.AsType[*client.Error](err); unread && !client.Unauthorized(err) && ctx.Err() == nil {
			due = plan.Plan{Problems: []plan.Problem{{ // the rest of the plan is as it is
				Addr: resource.Addr{Kind: job.Name}, Reason: plan.Reason{Code: diff.KindUnread, Args: plan.Args{"error": err.Error()}}, Unread: true, Err: err,
			}}}
		} else if err != nil {
			return p, err
		}
		p.Merge(due)
	}
	return p, nil
}
