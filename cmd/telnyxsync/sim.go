package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"telnyxsync/internal/telnyxsim"

	"github.com/lmittmann/tint"
	"github.com/spf13/cobra"
)

func (a *app) simCommand() *cobra.Command {
	var (
		listen, account, rate string
		latency, uploadTime   time.Duration
	)
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "Serve a simulated Telnyx account to rehearse against",
		Long: `Serves a simulated Telnyx account. The first line on stdout is its URL; the API is under
URL/v2. Point other commands at it with TELNYX_BASE_URL=URL/v2 and any TELNYX_API_KEY.

The controls need no key:

  GET  /_sim/journal   the requests that were made: [{seq,time,method,path,query,status,request_id}]
  DELETE /_sim/journal
  POST /_sim/clock     {"advance":"10m"}
  POST /_sim/faults    [{"match":"POST /external_connections","times":1,
                         "do":"delay|drop-before-commit|drop-after-commit|commit-late|status|short-page|html",
                         "status":503,"headers":{"Retry-After":"1"},"delay":"2s","after":"10s"}]
  GET, DELETE /_sim/faults
  GET, PUT /_sim/account   the whole account, also the format of --account: one key per collection,
                         named as in the API, with its objects as the API returns them; what the API
                         never returns stands in fields that begin with "_"

The clock moves the account alone: commands keep the time of the machine, and so what expires does so behind their
back. To rehearse a renewal, set a medium's expires_at with PUT /_sim/account.

"path" and "match" are the path after /v2; in a match * is any segment or method, and times -1 is
for ever. Any key is accepted, unless the account has "api_keys":["…"]; what stands in its
"_forbidden":["GET /recordings","media"] is answered with 403, as where a key may not do all. While the
account has no "connections" or "outbound_voice_profiles", any id of one is accepted.`,
		Example: `  telnyxsync sim --listen 127.0.0.1:4010
  telnyxsync sim --account account.json --latency 50ms --rate 20/s
  curl -X POST http://127.0.0.1:4010/_sim/faults -d '[{"match":"POST /siprec_connectors","do":"drop-after-commit"}]'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg := telnyxsim.Config{Latency: latency, UploadTime: uploadTime}
			var err error
			if cfg.Rate, err = parseRate(rate); err != nil {
				return err
			}
			if account != "" {
				if cfg.Account, err = os.ReadFile(account); err != nil {
					return fmt.Errorf("--account: %w", err)
				}
			}
			sim, err := telnyxsim.New(cfg)
			if err != nil {
				return err
			}
			l, err := (&net.ListenConfig{}).Listen(cmd.Context(), "tcp", listen)
			if err != nil {
				return fmt.Errorf("--listen: %w", err)
			}
			url := "http://" + reachable(l.Addr())
			fmt.Fprintln(a.out, url)
			a.log().Info("simulated account; stop it with Ctrl-C", "api", url+"/v2")
			return serve(cmd.Context(), l, sim)
		},
	}
	f := cmd.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:4010", "HOST:PORT; port 0 picks one")
	f.StringVar(&account, "account", "", "JSON file of the account to begin with")
	f.DurationVar(&latency, "latency", 0, "delay of every answer")
	f.DurationVar(&uploadTime, "upload-time", 5*time.Second, "how long uploads, assignments and moves of phone numbers take, by the clock of the account")
	f.StringVar(&rate, "rate", "", "requests allowed per second, as in 20/s")
	return cmd
}

// reachable is an address that a client on this machine can use, also where all are listened on.
func reachable(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", tcp.Port)
	}
	return addr.String()
}

// log is for what is neither a result nor an error.
func (a *app) log() *slog.Logger {
	return slog.New(tint.NewTextHandler(a.err, &tint.Options{NoColor: !color(a.err), TimeFormat: time.TimeOnly}))
}

func parseRate(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(strings.TrimSuffix(text, "/s"))
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("--rate %q: write requests per second, as in 20/s", text)
	}
	return n, nil
}

// serve serves until ctx ends.
func serve(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		err := srv.Shutdown(patience)
		if errors.Is(err, context.DeadlineExceeded) {
			err = srv.Close() // somebody still waits for a delayed answer
		}
		stopped <- err
	})
	err := srv.Serve(l)
	if stop() {
		return err // it ended by itself
	}
	return <-stopped
}
