package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/kinds"
	"telnyxsync/internal/messages"
	"telnyxsync/internal/resource"

	"github.com/spf13/cobra"
)

func (a *app) logMessagesCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "log-messages",
		Short: "Show Telnyx's log messages about external connections",
		Long: `Shows the log messages that Telnyx has now: what went wrong with external connections, their numbers
and uploads. Telnyx does not say when; the time is when telnyxsync saw a message first, where the job
log_messages has run. A message that a rule of log_message_rules knows says so.

It only reads: the job log_messages dismisses what rules say.`,
		Example: `  telnyxsync log-messages
  telnyxsync jobs run log_messages configs`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			snap, _, err := a.remembered(ctx)
			if err != nil {
				return err
			}
			_, api, err := a.connect(true, tuning{})
			if err != nil {
				return err
			}
			defer api.Close()
			list, err := kinds.NewMessages(api).List(ctx)
			if err != nil {
				return err
			}
			for i := range list {
				for _, seen := range snap.Messages {
					if seen.Key == list[i].Key {
						list[i].First, list[i].Rule = seen.First, seen.Rule
					}
				}
			}
			slices.SortStableFunc(list, func(x, y resource.Message) int {
				if c := x.First.Compare(y.First); c != 0 {
					return c
				}
				return strings.Compare(x.Key, y.Key)
			})
			if output == "json" {
				return a.printJSON(map[string]any{"version": 1, "log_messages": append([]resource.Message{}, list...)})
			}
			p := page{}
			for i := range list {
				line := a.words().Of(messages.Because(&list[i]))
				if !list[i].First.IsZero() {
					line = fmt.Sprintf("%s (%s ago): %s", local(list[i].First), age(time.Since(list[i].First)), line)
				}
				if list[i].Rule != "" {
					line += "; known by " + list[i].Rule
				}
				p.line("%s", line)
			}
			p.line("%s", counted(len(list), "log message", "log messages"))
			_, err = a.out.Write(p.Bytes())
			return err
		},
	}
	outputFlag(cmd, &output, "text", "json")
	return cmd
}
