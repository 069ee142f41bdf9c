package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"

	"github.com/spf13/cobra"
)

// planFlags are the flags of what plans: diff and apply.
type planFlags struct {
	output        string
	only          []string
	prune         bool
	acceptAccount bool
	maxDeletes    int
	maxPercent    int
	limit         []string
	changed       func(flag string) bool
	verbose       bool
}

// add adds them to a command, which may know more formats than all do.
func (f *planFlags) add(cmd *cobra.Command, formats ...string) {
	outputFlag(cmd, &f.output, append([]string{"text", "json"}, formats...)...)
	flags := cmd.Flags()
	f.changed = flags.Changed
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "show each change and each reason where many are alike, and name all phone numbers")
	flags.StringArrayVar(&f.only, "only", nil, "only this address (KIND/NAME) and what it needs; may be repeated")
	flags.BoolVar(&f.prune, "prune", false, "delete what we own and is no longer written")
	flags.BoolVar(&f.acceptAccount, "accept-account", false, "go on although the state belongs to another account or URL")
	flags.StringArrayVar(&f.limit, "limit", nil, "CLASS=N: the limit of guards on a class in this run alone, instead of all others ("+limitClasses()+"); may be repeated")
	flags.IntVar(&f.maxDeletes, "max-deletes", apply.DefaultLimits()[plan.Deletes].Max, "the same as --limit deletes=N --limit vanished=N")
	flags.IntVar(&f.maxPercent, "max-delete-percent", apply.DefaultLimits()[plan.Deletes].Percent, "most deletions, replacements and deactivations in 24 hours, in percent of what is owned of a kind")
}

// limitClasses lists the classes that have limits.
func limitClasses() string {
	var names []string
	for _, c := range apply.LimitClasses() {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}

// limits are those of guards: of the flags' older names, and over them those by class.
func (f *planFlags) limits() (apply.Limits, error) {
	out := apply.DefaultLimits()
	given := f.changed
	if given == nil {
		given = func(string) bool { return false } // there is no command line
	}
	if given("max-delete-percent") {
		limit := out[plan.Deletes]
		limit.Percent = f.maxPercent
		out[plan.Deletes] = limit
	}
	if given("max-deletes") {
		out[plan.Deletes] = apply.Limit{Max: f.maxDeletes, Once: true}
		out[plan.Vanished] = out[plan.Deletes]
	}
	for _, text := range f.limit {
		class, number, _ := strings.Cut(text, "=")
		_, known := out[plan.Class(class)]
		n, err := strconv.Atoi(number)
		if !known || err != nil || n < 0 {
			return nil, fmt.Errorf("--limit %s: write CLASS=N, with a class of %s, and a whole number", text, limitClasses())
		}
		out[plan.Class(class)] = apply.Limit{Max: n, Once: true}
	}
	return out, nil
}

func (f *planFlags) options() (apply.Options, error) {
	if f.maxDeletes < 0 || f.maxPercent < 0 {
		return apply.Options{}, errors.New("--max-deletes and --max-delete-percent cannot be negative; 0 is none")
	}
	o := apply.Options{Prune: f.prune, AcceptAccount: f.acceptAccount}
	for _, text := range f.only {
		addr, err := resource.ParseAddr(text)
		if err != nil {
			return o, fmt.Errorf("--only: %w", err)
		}
		o.Only = append(o.Only, addr)
	}
	return o, nil
}

// checkOnly refuses addresses that mean nothing here: they are mistyped.
func checkOnly(only []resource.Addr, desired resource.Config, snap state.Snapshot) error {
	for _, a := range only {
		known := desired.Find(a) != nil || slices.ContainsFunc(rows(&snap), func(r row) bool { return r.Addr == a }) ||
			slices.ContainsFunc(snap.Intents, func(in resource.Intent) bool { return in.Addr == a })
		if !known {
			return fmt.Errorf("--only %s: neither written nor owned; `telnyxsync state list` and `telnyxsync validate` show what there is", a)
		}
	}
	return nil
}

func (a *app) diffCommand() *cobra.Command {
	var (
		flags                         planFlags
		driftOnly, foreign, stateless bool
		withRetention                 bool
		out                           string
	)
	cmd := &cobra.Command{
		Use:   "diff [PATH…]",
		Short: "Show what apply would do; a dry run that can only read",
		Long: `Compares the files with the account and with what was applied last, and shows what apply
would do, each difference with where it comes from: the YAML (config), Telnyx (drift), what a
reference leads to (secret), the end of a life (expiry), or unknown where nothing was applied yet.

It sends nothing but GET: its transport refuses everything else.`,
		Example: `  telnyxsync diff configs
  telnyxsync diff --output json configs | jq .summary
  telnyxsync diff --output markdown configs > comment.md   # for a pull request
  telnyxsync diff --drift-only configs   # what was changed behind our back
  telnyxsync diff --retention configs    # and which recordings are due
  telnyxsync diff --foreign configs      # and what is there that is not ours`,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			desired, err := a.load(args)
			if err != nil {
				return configError{err}
			}
			o, err := flags.options()
			if err != nil {
				return err
			}
			o.Foreign, o.Stateless = foreign, stateless
			if o.Writing = out != ""; o.Writing && (stateless || driftOnly) {
				return errors.New("--out saves what apply would do, which --no-state and --drift-only do not tell: leave one of them out")
			}
			var snap state.Snapshot
			if !stateless {
				dir, err := a.state()
				if err != nil {
					return err
				}
				if snap, err = state.Load(ctx, dir); err != nil {
					return err
				}
			}
			if err := checkOnly(o.Only, desired, snap); err != nil {
				return err
			}
			limits, err := flags.limits()
			if err != nil {
				return err
			}
			engine, c, err := a.connect(true, tuning{limits: limits})
			if err != nil {
				return err
			}
			defer c.Close()
			p, err := engine.Plan(ctx, desired, snap, o)
			if err != nil {
				return err
			}
			if withRetention {
				if p, err = a.addRetention(ctx, engine, desired, snap, o, p); err != nil {
					return err
				}
			}
			if driftOnly {
				p = p.DriftOnly()
			}
			if out != "" {
				if err := a.savePlan(out, engine, desired, &flags, o, &p); err != nil {
					return err
				}
			}
			var text string
			switch flags.output {
			case "json":
				text = string(a.words().JSON(&p, nil))
			case "markdown":
				text = a.words().Markdown(&p)
			default:
				text = a.words().Text(&p, render.TextOptions{Color: color(a.out), Verbose: flags.verbose})
			}
			if _, err := fmt.Fprint(a.out, text); err != nil {
				return err
			}
			return code(p.Exit())
		},
	}
	flags.add(cmd, "markdown")
	cmd.Flags().StringVar(&out, "out", "", "save the plan to this file, for telnyxsync apply FILE")
	cmd.Flags().BoolVar(&driftOnly, "drift-only", false, "leave out all but drift")
	cmd.Flags().BoolVar(&withRetention, "retention", false, "show the recordings and transcriptions that are due, too")
	cmd.Flags().BoolVar(&foreign, "foreign", false, "list the objects that are not ours, too")
	cmd.Flags().BoolVar(&stateless, "no-state", false, "do without state, as on a machine that has none (in CI); less can be told then")
	return cmd
}

func code(n int) error {
	if n == exitOK {
		return nil
	}
	return exit(n)
}
