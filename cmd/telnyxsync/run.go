package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/daemon"
	"telnyxsync/internal/kinds"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/secret"
	"telnyxsync/internal/spec"
)

const daemonConfig = "/etc/telnyxsync/telnyxsync.yaml"

func (a *app) runCommand() *cobra.Command {
	var (
		file  string
		check bool
	)
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Keep the account equal to the files, as a daemon",
		Long: `Watches the files, applies what changes, repairs drift, and runs jobs on schedules, until it is
told to stop. SIGHUP re-reads everything, SIGUSR1 starts a pass, SIGTERM and SIGINT finish what is
under way and end it. docs/running-as-a-service.md shows it under systemd.

A wrong configuration of the daemon itself ends the start. Wrong desired state does not: the last
good one stays in force, nothing is deleted, and the fix is picked up.`,
		Example: `  telnyxsync run --check --config telnyxsync.yaml
  telnyxsync run --config telnyxsync.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := daemon.LoadConfig(file, apply.Jobs())
			if err != nil {
				return configError{err}
			}
			if check {
				return a.printEffective(cfg)
			}
			return a.daemon(cmd.Context(), cfg)
		},
	}
	cmd.Flags().StringVar(&file, "config", daemonConfig, "the daemon's configuration")
	cmd.Flags().BoolVar(&check, "check", false, "check the configuration, print the effective one and the next runs, and end")
	return cmd
}

func (a *app) daemon(ctx context.Context, cfg daemon.Config) error {
	log, err := a.daemonLog(cfg.LogLevel, cfg.LogFormat)
	if err != nil {
		return err
	}
	d := &daemon.Daemon{
		File: cfg.File, Jobs: apply.Jobs(), Log: log,
		Load: func(paths ...string) (resource.Config, error) {
			return spec.Load(kinds.Pure(kinds.Table()), paths...)
		},
		Connect: a.connectDaemon,
	}
	return d.Run(ctx)
}

// connectDaemon makes the engine for a configuration of the daemon. What the file leaves open comes
// from flags, environment and credentials, as for every other command.
func (a *app) connectDaemon(cfg daemon.Config, onCall func(method, path string, status int)) (*apply.Engine, string, func(), error) {
	flags := *a
	if cfg.BaseURL != "" {
		flags.apiURL = cfg.BaseURL
	}
	if cfg.KeyFile != "" {
		flags.keyFile = cfg.KeyFile
	}
	if cfg.State != "" {
		flags.stateDir = cfg.State
	}
	flags.concurrency = cfg.Concurrency
	dir, err := flags.state()
	if err != nil {
		return nil, "", nil, err
	}
	engine, c, err := flags.connectWith(client.Config{
		ReadOnly: cfg.Observe, Rate: float64(cfg.Rate),
		OnCall: func(c client.Call) { onCall(c.Method, c.Path, c.Status) },
	}, secret.Reader{Env: cfg.References.Env, Directories: cfg.References.Directories, Names: cfg.References.Credentials}, tuning{limits: cfg.Limits, times: cfg.Times})
	if err != nil {
		return nil, "", nil, err
	}
	return engine, dir, c.Close, nil
}

// printEffective prints the configuration with its defaults, as YAML, and when jobs run next.
func (a *app) printEffective(cfg daemon.Config) error {
	mode, prune, retention := "apply", "never", "report"
	if cfg.Observe {
		mode = "observe"
	}
	if cfg.Prune {
		prune = "owned"
	}
	if cfg.Enforce {
		retention = "enforce"
	}
	schedules := map[string]string{}
	for name, s := range cfg.Schedules {
		schedules[name] = s.String()
	}
	api := map[string]any{"concurrency": cfg.Concurrency}
	if cfg.KeyFile != "" {
		api["key_file"] = cfg.KeyFile
	}
	if cfg.Rate > 0 {
		api["rate"] = cfg.Rate
	}
	doc := map[string]any{
		"configs": cfg.Configs, "api": api, "mode": mode, "prune": prune, "retention": retention,
		"limits": limitsDoc(cfg.Limits),
		"uploads": map[string]any{
			"retry_base": resource.DurationText(cfg.Times.RetryBase), "retry_cap": resource.DurationText(cfg.Times.RetryCap), "retry_attempts": cfg.Times.Attempts,
			"deadline": resource.DurationText(cfg.Times.UploadDeadline), "change_deadline": resource.DurationText(cfg.Times.ChangeDeadline),
			"batch_settle": resource.DurationText(cfg.Times.BatchSettle),
		},
		"schedules": schedules, "timezone": cfg.Location.String(), "listen": cfg.Listen,
		"log": map[string]any{"level": cfg.LogLevel, "format": cfg.LogFormat},
	}
	// What the file leaves open comes from flags and environment: these two decide which account is touched.
	flags := *a
	flags.stateDir, flags.apiURL = cmp.Or(cfg.State, a.stateDir), cmp.Or(cfg.BaseURL, a.apiURL)
	api["base_url"] = cmp.Or(baseURL(flags.apiURL), client.DefaultBaseURL)
	dir, err := flags.state()
	if err != nil {
		return err
	}
	doc["state"] = dir
	references := map[string]any{}
	for name, list := range map[string][]string{
		"env": cfg.References.Env, "directories": cfg.References.Directories, "credentials": cfg.References.Credentials,
	} {
		if list != nil {
			references[name] = list
		}
	}
	if len(references) > 0 {
		doc["references"] = references
	}
	text, err := yaml.Marshal(doc)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "# effective configuration of %s\n%s\n# next runs\n", cfg.File, text)
	now := time.Now()
	for _, name := range slices.Sorted(maps.Keys(cfg.Schedules)) {
		s, at := cfg.Schedules[name], now
		for range 3 {
			if at = s.Next(at); at.IsZero() {
				return errors.New(name + ": it never runs")
			}
			fmt.Fprintf(a.out, "# %s: %s\n", name, at.In(cfg.Location).Format("Mon 2006-01-02 15:04:05 MST"))
		}
	}
	return nil
}

// limitsDoc are limits as the daemon's configuration has them.
func limitsDoc(limits apply.Limits) map[string]any {
	out := map[string]any{}
	for class, l := range limits {
		doc := map[string]any{"max": l.Max}
		if l.Percent > 0 {
			doc["max_percent"] = l.Percent
		}
		out[string(class)] = doc
	}
	return out
}
