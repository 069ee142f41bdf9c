package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// ticketFlags are the flags of what lists the tickets of Microsoft Teams.
type ticketFlags struct {
	output        string
	connections   []string
	statuses      []string
	open, verbose bool

	known    []string // statuses that Telnyx documents
	finished []string // of these, those that nothing comes after
}

func (f *ticketFlags) add(a *app, cmd *cobra.Command) {
	outputFlag(cmd, &f.output, "text", "json")
	flags := cmd.Flags()
	flags.StringArrayVar(&f.connections, "connection", nil, "only of this connection: its id, or the name of its entry; may be repeated")
	flags.StringArrayVar(&f.statuses, "status", nil, "only with this status; may be repeated")
	flags.BoolVar(&f.open, "open", false, "only those that are not finished")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "name all tickets and all phone numbers")
	_ = cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions(f.known, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("connection", a.completeConnections)
}

// wanted tells whether tickets of a status were asked for. A status that nobody knows is not finished.
func (f *ticketFlags) wanted(status string) bool {
	return len(f.statuses) == 0 && !f.open || slices.Contains(f.statuses, status) || f.open && !slices.Contains(f.finished, status)
}

// check refuses a status that neither is documented nor was seen: it is mistyped.
func (f *ticketFlags) check(seen map[string]bool) error {
	for _, s := range f.statuses {
		if !slices.Contains(f.known, s) && !seen[s] {
			return fmt.Errorf("--status %q: there is none such; Telnyx has %s", s, strings.Join(f.known, ", "))
		}
	}
	return nil
}
