package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/diff"
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

func (a *app) jobsRunCommand() *cobra.Command {
	var (
		flags   planFlags
		enforce bool
	)
	cmd := &cobra.Command{
		Use:   "run NAME [PATH…]",
		Short: "Run a job now, as the daemon would",
		Long: `Runs a job once, under the writers' lock. The paths are those of the desired state, as for
apply; without one, the current directory. Nothing is asked.

recording_retention and transcription_retention only report what they would delete, unless --enforce is
given: deleted recordings are gone for good.`,
		Example: `  telnyxsync jobs run operator_connect_refresh
  telnyxsync jobs run reconcile configs
  telnyxsync jobs run recording_retention --enforce configs`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			var job *apply.Job
			for _, j := range apply.Jobs() {
				if j.Name == args[0] {
					job = &j
				}
			}
			if job == nil {
				return fmt.Errorf("there is no job %q: `telnyxsync jobs list` shows them", args[0])
			}
			s := apply.Situation{Enforce: enforce}
			if enforce && !job.Deletes {
				return fmt.Errorf("--enforce is for the jobs of retention, not for %s", job.Name)
			}
			var err error
			if s.Options, err = flags.options(); err != nil {
				return err
			}
			if job.Desired {
				if s.Desired, err = a.load(args[1:]); err != nil {
					return a.configErrors(err)
				}
			}
			dir, err := a.state()
			if err != nil {
				return err
			}
			engine, c, err := a.connect(false)
			if err != nil {
				return err
			}
			defer c.Close()
			engine.Limits = flags.limits()
			var report apply.Report
			err = state.Write(ctx, dir, lockWait, func(db *state.DB, snap state.Snapshot) error {
				s.DB, s.Snap = db, snap
				report, err = apply.RunJob(ctx, *job, engine, s)
				return err
			})
			if flags.output == "json" {
				doc := map[string]any{"version": 1, "job": job.Name, "lines": append([]string{}, report.Lines...), "result": report.Result, "log_messages": append([]resource.Message{}, report.Messages...)}
				if err := a.printJSON(doc); err != nil {
					return err
				}
			} else {
				for _, line := range report.Lines {
					fmt.Fprintln(a.out, diff.Printable(line))
				}
			}
			if err != nil {
				return err
			}
			return code(report.Exit())
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVar(&enforce, "enforce", false, "delete what policies of retention say, for good; without it they report")
	return cmd
}
