package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"text/tabwriter"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"

	"github.com/spf13/cobra"
)

// withState opens the state for reading; creating nothing. What is printed is printed when the state
// is closed again: whoever reads it slowly keeps no writer waiting.
func (a *app) withState(ctx context.Context, f func(db *state.DB) error) error {
	dir, err := a.state()
	if err != nil {
		return err
	}
	db, release, err := state.OpenReadOnly(ctx, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no state in %s: it is made by the first apply; or give --state DIR", dir)
	}
	if err != nil {
		return err
	}
	out := a.out
	var text bytes.Buffer
	a.out = &text
	err = errors.Join(f(db), db.Close())
	release()
	a.out = out
	_, writeErr := text.WriteTo(out)
	return errors.Join(err, writeErr)
}

func (a *app) historyCommand() *cobra.Command {
	var (
		output string
		limit  int
	)
	cmd := &cobra.Command{
		Use:   "history [ADDR]",
		Short: "Show what was changed, when, why and with which request",
		Example: `  telnyxsync history
  telnyxsync history external_connections/zoom-emea --output json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var addr *resource.Addr
			if len(args) == 1 {
				one, err := resource.ParseAddr(args[0])
				if err != nil {
					return err
				}
				addr = &one
			}
			return a.withState(cmd.Context(), func(db *state.DB) error {
				events, err := db.History(cmd.Context(), addr, limit)
				if err != nil {
					return err
				}
				if output == "json" {
					return a.printJSON(map[string]any{"version": 2, "events": a.toEventsJSON(events)})
				}
				return a.printHistory(events)
			})
		},
	}
	outputFlag(cmd, &output, "text", "json")
	cmd.Flags().IntVar(&limit, "limit", 100, "at most so many, the newest first")
	return cmd
}

// eventJSON is a row of the history as JSON shows it: with the reason in words, too.
type eventJSON struct {
	Seq         int64           `json:"seq"`
	At          time.Time       `json:"at"`
	Addr        resource.Addr   `json:"address"`
	Op          string          `json:"op"`
	ID          string          `json:"id"`
	Reason      any             `json:"reason"`
	Deltas      json.RawMessage `json:"deltas"`
	Outcome     string          `json:"outcome"`
	Error       string          `json:"error,omitempty"`
	RequestID   string          `json:"request_id,omitempty"`
	Fingerprint string          `json:"fingerprint"`
}

func (a *app) toEventsJSON(events []resource.Event) []eventJSON {
	words := a.words()
	out := make([]eventJSON, len(events))
	for i := range events {
		e := &events[i]
		out[i] = eventJSON{e.Seq, e.At, e.Addr, e.Op, e.ID, words.Reason(e.Reason), e.Deltas, e.Outcome, words.Of(resource.ParseReason(e.Error)), e.RequestID, e.Fingerprint}
	}
	return out
}

func (a *app) printHistory(events []resource.Event) error {
	words := a.words()
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TIME\tOUTCOME\tOP\tADDRESS\tID\tWHAT\tREQUEST")
	for _, e := range events {
		cells := []string{
			e.At.Local().Format("2006-01-02 15:04:05"), e.Outcome, e.Op, e.Addr.String(), e.ID, what(words, &e), e.RequestID,
		}
		for i := range cells {
			cells[i] = render.Printable(cells[i])
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}

// what is a row's reason and the fields it was about.
func what(words *render.Words, e *resource.Event) string {
	var deltas []struct{ Path string }
	_ = json.Unmarshal(e.Deltas, &deltas) // written by us; what cannot be read is left out
	text := words.Of(e.Reason)
	if op := plan.Op(e.Op); (op == plan.Update || op == plan.Overwrite) && len(deltas) > 0 {
		paths := make([]string, len(deltas))
		for i, d := range deltas {
			paths[i] = d.Path
		}
		text += ": " + strings.Join(paths, " ")
	}
	if e.Error != "" {
		text += "; " + words.Of(resource.ParseReason(e.Error))
	}
	return text
}
