package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"telnyxsync/internal/client"

	"github.com/spf13/cobra"
)

// getFlags are the flags of one get.
type getFlags struct {
	output     string
	connection string
	filters    map[string]*string // by the name of the flag
	from, to   string             // of created_at
	period     client.Period
}

func (f *getFlags) filter(name string) string {
	if v := f.filters[name]; v != nil {
		return *v
	}
	return ""
}

func (a *app) getCommand() *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "get COLLECTION [ID]",
		Short: "Read any collection of the API, as a table, YAML or JSON",
		Long: `Reads one collection of the Telnyx API, or one object of it: all pages of what passes the filters.
It needs no state and no files, and can only read. Secrets and the addresses of downloads are masked.

A table is for people: sorted, with local times and ages. --output json is one array of objects as
the API returns them, which is written as it is read: where something goes wrong on the way, it is cut
off and the exit code is 1.`,
		Example: `  telnyxsync get external-connections
  telnyxsync get recordings --connection zoom-emea --created-before 2026-01-01 --output json | jq length
  telnyxsync get siprec-connectors compliance --output yaml
  telnyxsync get media download hold-music --file hold.mp3`,
	})
	for _, c := range collections() {
		cmd.AddCommand(a.getCollection(c))
	}
	return cmd
}

func (a *app) getCollection(c *collection) *cobra.Command {
	f := &getFlags{filters: map[string]*string{}}
	use := c.name
	switch {
	case c.list == nil:
		use += " " + c.key
	case c.one != nil:
		use += " [" + c.key + "]"
	}
	cmd := &cobra.Command{
		Use: use, Short: c.about, Long: c.long,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 1, len(args) == 1 && c.one == nil:
				return fmt.Errorf("too many arguments: write %s", use)
			case len(args) == 0 && c.list == nil:
				return fmt.Errorf("%s: Telnyx has no list of them: write the %s of one", c.name, c.key)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			id := ""
			if len(args) == 1 {
				id = args[0]
			}
			return a.get(cmd.Context(), c, f, id)
		},
	}
	outputFlag(cmd, &f.output, "table", "yaml", "json")
	if c.under {
		cmd.Flags().StringVar(&f.connection, "connection", "", "the connection: its id, or the name of its entry")
		_ = cmd.RegisterFlagCompletionFunc("connection", a.completeConnections)
	}
	for _, name := range c.filters {
		f.filters[name] = cmd.Flags().String(name, "", "only those with this "+strings.ReplaceAll(name, "-", " "))
	}
	if c.dated {
		cmd.Flags().StringVar(&f.from, "created-after", "", "only those made at or after this date or time, as in 2026-01-31 or 2026-01-31T08:00:00Z")
		cmd.Flags().StringVar(&f.to, "created-before", "", "only those made at or before this")
	}
	if c.name == "media" {
		cmd.AddCommand(a.getDownload())
	}
	return cmd
}

func (a *app) get(ctx context.Context, c *collection, f *getFlags, id string) error {
	var err error
	if f.period.GTE, err = readTime(f.from); err != nil {
		return fmt.Errorf("--created-after: %w", err)
	}
	if f.period.LTE, err = readTime(f.to); err != nil {
		return fmt.Errorf("--created-before: %w", err)
	}
	if c.needs && f.connection == "" {
		return fmt.Errorf("%s belong to a connection: give --connection NAME or ID", c.name)
	}
	if f.connection != "" {
		snap, _, err := a.remembered(ctx)
		if err != nil {
			return err
		}
		if f.connection, err = readConnection(&snap, f.connection); err != nil {
			return fmt.Errorf("--connection: %w", err)
		}
	}
	_, api, err := a.connect(true, tuning{})
	if err != nil {
		return err
	}
	defer api.Close()
	w := a.sink(f.output, c)
	take := func(o client.Object) error { return w.add(api.Masked(o)) }
	if id == "" {
		err = c.list(ctx, api, f, take)
	} else {
		var o client.Object
		if o, err = c.one(ctx, api, f, id); err == nil {
			err = take(o)
		}
	}
	if err != nil {
		return err
	}
	return w.end()
}

// readTime reads a date, which begins at midnight here, or a time.
func readTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, time.Local); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("%q is no date and no time: write 2026-01-31, or 2026-01-31T08:00:00Z", text)
	}
	return t, nil
}
