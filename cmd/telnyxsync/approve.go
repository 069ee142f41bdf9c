package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"

	"github.com/spf13/cobra"
)

// approver is who approves where nobody says so: whom sudo, GitHub, GitLab or the system name.
func approver() string {
	u, err := user.Current()
	name := ""
	if err == nil {
		name = u.Username
	}
	return cmp.Or(os.Getenv("SUDO_USER"), os.Getenv("GITHUB_ACTOR"), os.Getenv("GITLAB_USER_LOGIN"), name)
}

func (a *app) approveCommand() *cobra.Command {
	var (
		flags planFlags
		yes   bool
		by    string
	)
	cmd := &cobra.Command{
		Use:   "approve CODE [PATH…]",
		Short: "Let exactly one set of changes through that guards withheld",
		Long: `Guards withhold what looks like a mistake, and name a code. approve shows what the code stands
for, asks, and stores the approval: from then on exactly those changes are let through, as long as
they are planned unchanged, for 7 days. Of retention, it lets through what was due when it was
withheld, by the policies and holds as they were.

It looks among what the last run withheld, and, where paths are given, among what a plan of them
withholds now. It needs no lock: a daemon takes the approval up within 10 seconds.`,
		Example: `  telnyxsync approve QK3M5ZT2AB
  telnyxsync approve --yes --by 'on-call, ticket 4711' QK3M5ZT2AB
  telnyxsync approve QK3M5ZT2AB configs     # of a diff that nothing has applied yet`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.approve(cmd.Context(), strings.ToUpper(args[0]), args[1:], &flags, by, yes)
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmd.Flags().StringVar(&by, "by", approver(), "who approves")
	return cmd
}

func (a *app) approve(ctx context.Context, code string, paths []string, flags *planFlags, by string, yes bool) error {
	dir, err := a.state()
	if err != nil {
		return err
	}
	snap, err := state.Load(ctx, dir)
	if err != nil {
		return err
	}
	if !snap.Exists {
		return errors.New("there is no state yet, so nothing was withheld: use `telnyxsync apply --approve CODE`")
	}
	sets := snap.Withheld
	if !hasCode(sets, code) && len(paths) > 0 {
		if sets, err = a.withheldNow(ctx, paths, snap, flags); err != nil {
			return err
		}
	}
	at := slices.IndexFunc(sets, func(s resource.WithheldSet) bool { return s.Code == code })
	if at < 0 {
		return apply.ErrNoSet(code)
	}
	set := &sets[at]
	asJSON := flags.output == "json"
	words := a.words()
	approval := apply.Approve(set, by, time.Now())
	if !asJSON {
		for _, line := range words.Approved(approval.Changes, approval.Rules) {
			fmt.Fprintln(a.out, render.Printable(line))
		}
		for _, r := range set.Guards {
			fmt.Fprintln(a.out, render.Printable("withheld: "+words.Of(r)))
		}
	}
	if !yes {
		if err := a.confirmed(ctx, "Let this through"); err != nil {
			return err
		}
	}
	if err := state.Request(dir, approval); err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(approvalJSON(&approval, time.Now()))
	}
	fmt.Fprintf(a.out, "Approved %s by %s, until %s. A daemon takes it up within 10 seconds; else run apply again.\n",
		code, render.Printable(by), local(approval.At.Add(resource.ApprovalLasts)))
	return nil
}

func hasCode(sets []resource.WithheldSet, code string) bool {
	return slices.ContainsFunc(sets, func(s resource.WithheldSet) bool { return s.Code == code })
}

// withheldNow plans, with retention, and returns what guards withhold of it.
func (a *app) withheldNow(ctx context.Context, paths []string, snap state.Snapshot, flags *planFlags) (sets []resource.WithheldSet, err error) {
	desired, err := a.load(paths)
	if err != nil {
		return nil, configError{err}
	}
	o, err := flags.options()
	if err != nil {
		return nil, err
	}
	limits, err := flags.limits()
	if err != nil {
		return nil, err
	}
	engine, c, err := a.connect(true, tuning{limits: limits})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	p, err := engine.Plan(ctx, desired, snap, o)
	if err != nil {
		return nil, err
	}
	if p, err = a.addRetention(ctx, engine, desired, snap, o, p); err != nil {
		return nil, err
	}
	return apply.Withheld(&p, time.Now()), nil
}

func (a *app) approvalsCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "approvals",
		Short: "Show what waits for an approval and what was approved, or take an approval back",
	}, a.approvalsListCommand(), a.approvalsRevokeCommand())
}

// approvalDoc is an approval as JSON shows it.
type approvalDoc struct {
	resource.Approval
	Until   time.Time `json:"until"`
	InForce bool      `json:"in_force"`
}

func approvalJSON(a *resource.Approval, now time.Time) approvalDoc {
	return approvalDoc{*a, a.At.Add(resource.ApprovalLasts), a.InForce(now)}
}

func (a *app) approvalsListCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what is withheld with the codes that let it through, and all approvals",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := a.state()
			if err != nil {
				return err
			}
			snap, err := state.Load(cmd.Context(), dir)
			if err != nil {
				return err
			}
			if output == "json" {
				list := []approvalDoc{}
				for i := range snap.Approvals {
					list = append(list, approvalJSON(&snap.Approvals[i], time.Now()))
				}
				return a.printJSON(map[string]any{
					"version": 1, "withheld": append([]resource.WithheldSet{}, snap.Withheld...), "approvals": list,
				})
			}
			a.printApprovals(&snap)
			return nil
		},
	}
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

func (a *app) printApprovals(snap *state.Snapshot) {
	words, now := a.words(), time.Now()
	for i := range snap.Withheld {
		s := &snap.Withheld[i]
		fmt.Fprintf(a.out, "Withheld since %s: %s, %s\n", local(s.At), render.Printable(s.Name), counted(len(s.Coded()), "change", "changes"))
		for _, line := range words.Withheld(s) {
			fmt.Fprintln(a.out, render.Printable("  "+line))
		}
	}
	if len(snap.Withheld)+len(snap.Approvals) == 0 {
		fmt.Fprintln(a.out, "Nothing is withheld, and nothing was approved.")
	}
	if len(snap.Approvals) == 0 {
		return
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CODE\tOF\tCHANGES\tAT\tBY\tIN FORCE")
	for i := range snap.Approvals {
		p := &snap.Approvals[i]
		force := "until " + local(p.At.Add(resource.ApprovalLasts))
		switch {
		case !p.Revoked.IsZero():
			force = "no, revoked " + local(p.Revoked)
		case !p.InForce(now):
			force = "no, over"
		}
		n := len(p.Changes)
		if p.Rules != nil {
			n = p.Rules.Count
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\n", p.Code, render.Printable(p.Set), n, local(p.At), render.Printable(p.By), force)
	}
	_ = w.Flush()
}

func (a *app) approvalsRevokeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke CODE",
		Short: "Take an approval back: what is left of its changes is judged like all others",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := a.state()
			if err != nil {
				return err
			}
			snap, err := state.Load(cmd.Context(), dir)
			if err != nil {
				return err
			}
			code, now, found := strings.ToUpper(args[0]), time.Now(), 0
			for i := range snap.Approvals {
				p := snap.Approvals[i]
				if p.Code != code || !p.InForce(now) {
					continue
				}
				found++
				p.Revoked = now
				if err := state.Request(dir, p); err != nil {
					return err
				}
			}
			if found == 0 {
				return fmt.Errorf("no approval in force has the code %s: `telnyxsync approvals list` shows them", code)
			}
			fmt.Fprintf(a.out, "Revoked %s.\n", code)
			return nil
		},
	}
}

// offered is a code that a person typed where a plan asks, of a set that it withholds.
func offered(p *plan.Plan, line string) (code string, is bool) {
	code = strings.ToUpper(strings.TrimSpace(line))
	return code, slices.ContainsFunc(p.Sets, func(s plan.Set) bool { return s.Code == code })
}
