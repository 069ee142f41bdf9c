package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/daemon"
	"telnyxsync/internal/messages"
	"telnyxsync/internal/render"
)

func (a *app) statusCommand() *cobra.Command {
	var file, address, output string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Ask the daemon how it is; exit code 1 if it needs somebody",
		Example: `  telnyxsync status
  telnyxsync status --listen unix:/run/telnyxsync/status.sock --output json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if address == "" {
				cfg, err := daemon.LoadConfig(file, apply.Jobs())
				if err != nil {
					return fmt.Errorf("%w\nwhere the daemon listens is in its configuration: give --config FILE, or --listen ADDRESS", err)
				}
				address = cfg.Listen
			}
			s, err := askDaemon(cmd.Context(), address)
			if err != nil {
				return fmt.Errorf("no answer at %s: is the daemon running? %w", address, err)
			}
			if output == "json" {
				if err := a.printJSON(s); err != nil {
					return err
				}
			} else {
				a.printStatus(s)
			}
			if !s.OK() {
				return exit(exitError)
			}
			return nil
		},
	}
	outputFlag(cmd, &output, "text", "json")
	cmd.Flags().StringVar(&file, "config", daemonConfig, "the daemon's configuration, which says where it listens")
	cmd.Flags().StringVar(&address, "listen", "", "where the daemon listens: HOST:PORT or unix:PATH")
	return cmd
}

func askDaemon(ctx context.Context, address string) (*daemon.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	url := "http://" + address + "/status"
	if path, unix := strings.CutPrefix(address, "unix:"); unix {
		url = "http://localhost/status"
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	const most = 16 << 20
	text, err := io.ReadAll(io.LimitReader(res.Body, most))
	if err != nil {
		return nil, err
	}
	var s daemon.Status
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %s", res.Status)
	}
	return &s, json.Unmarshal(text, &s)
}

func (a *app) printStatus(s *daemon.Status) {
	say := func(format string, args ...any) { fmt.Fprintln(a.out, render.Printable(fmt.Sprintf(format, args...))) }
	word := "ok"
	if !s.OK() {
		word = "needs somebody"
	}
	say("%s: %s", word, s.Line())
	if len(s.Silent) > 0 {
		say("not alive: %s", strings.Join(s.Silent, ", "))
	}
	commit := ""
	if s.Config.Commit != "" {
		commit = ", commit " + s.Config.Commit
	}
	say("configuration: %s in force, %d entries, fingerprint %s%s, unchanged since %s",
		s.Config.InForce, s.Config.Entries, s.Config.Fingerprint, commit, local(s.Config.Since))
	for _, e := range s.Config.Errors {
		say("  error: %s", e)
	}
	say("mode %s, running since %s", s.Mode, local(s.Started))
	if p := s.LastPass; p != nil {
		say("last pass: %s, %.1f s, because of %s", local(p.Started), p.Seconds, joined(p.Why))
	}
	if s.Success != nil {
		say("last success: %s", local(*s.Success))
	}
	say("drift: %d", s.Drift)
	if n := s.Numbers; n != (daemon.NumberStatus{}) {
		line := fmt.Sprintf("phone numbers: %d in place, %d to be written, %d waiting, %d parked, %d held", n.Placed, n.Todo, n.Waiting, n.Parked, n.Wrong)
		if n.Oldest != nil {
			line += fmt.Sprintf("; %s on the way, the oldest since %s", counted(n.Tickets, "ticket", "tickets"), local(*n.Oldest))
		}
		say("%s", line)
	}
	for i := range s.Messages {
		if s.Messages[i].Rule == "" {
			say("log message of Telnyx: %s, since %s", a.words().Of(messages.Because(&s.Messages[i])), local(s.Messages[i].First))
		}
	}
	for _, list := range []struct {
		name    string
		entries []daemon.EntryStatus
	}{{"failed", s.Failed}, {"problem", s.Problems}, {"withheld", s.Withheld}, {"note", s.Notes}} {
		for _, e := range list.entries {
			if e.Address != "" {
				e.Address += ": "
			}
			say("%s: %s%s", list.name, e.Address, e.Text)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Jobs)) {
		for _, e := range s.Jobs[name].Problems {
			say("problem of %s: %s: %s", name, e.Address, e.Text)
		}
		for _, e := range s.Jobs[name].Withheld {
			say("withheld by %s: %s: %s", name, e.Address, e.Text)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.NextRuns)) {
		line := fmt.Sprintf("job %s: next %s", name, local(s.NextRuns[name]))
		if j, ran := s.Jobs[name]; ran {
			line += ", last " + local(j.Started)
			if j.Error != "" {
				line += " failed: " + j.Error
			}
		}
		say("%s", line)
	}
}

func joined[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return strings.Join(out, ", ")
}

func local(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}
