// Command telnyxsync keeps a Telnyx account equal to YAML in a repository.
//
// The manners of its commands: results go to stdout, everything else (questions, progress, notes,
// errors, traces) to stderr; colour and moving bars only on a terminal, and no colour with
// NO_COLOR; the exit code says how it went and is the same in every output format.
//
// This package holds flags and wiring; what the commands do stands in internal/.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // schedules know their timezones on machines without

	"telnyxsync/internal/client"
	"telnyxsync/internal/render"

	"github.com/spf13/cobra"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// The exit codes, the same for all commands; the first that fits is taken.
const (
	exitOK       = 0 // nothing to do, or all done
	exitError    = 1 // an error, an incomplete read, something failed, blocked or held
	exitWithheld = 4 // a guard withheld something
	exitChanges  = 2 // there is something to write, adopt or rename
	exitDrift    = 3 // there is only drift
)

// exit ends a command with a code; what there is to say has been said.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// run is the program without its process: arguments and streams in, exit code out.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// The first signal lets what is under way finish; after it the default is back: a second one ends
	// the program at once.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	return (&app{in: stdin, out: stdout, err: stderr}).execute(ctx, args)
}

// execute runs one command line.
func (a *app) execute(ctx context.Context, args []string) int {
	out := &output{Writer: a.out}
	a.out = out
	root := a.command()
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	cmd, err := root.ExecuteContextC(ctx)
	var code exit
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	}
	var wrong configError
	var list []render.Misspelt
	if errors.As(err, &wrong) {
		fmt.Fprintln(a.err, render.Printable(wrong.all.Error())) // one a line
		list = misspelt(wrong.all)
	}
	fmt.Fprintln(a.err, "telnyxsync: "+render.Printable(strings.ReplaceAll(a.words().Error(err), "\t", "  ")))
	if f := cmd.Flags().Lookup("output"); f != nil && f.Value.String() == "json" && !out.used {
		// A document that is there already holds the error, or is a result that stands.
		_ = a.printJSON(map[string]any{"version": render.Version, "error": a.words().Failure(err, list)})
	}
	return exitError
}

// output is stdout, and whether anything was written to it.
type output struct {
	io.Writer
	used bool
}

func (o *output) Write(p []byte) (int, error) {
	o.used = true
	return o.Writer.Write(p)
}

// app is what all commands share: the streams and the global flags.
type app struct {
	in       io.Reader
	out, err io.Writer

	apiURL      string
	keyFile     string
	stateDir    string
	instance    string
	concurrency int
	debug       bool

	secrets   func(name string) (string, bool) // stands for the environment that secrets are read from; may be nil
	onConnect func(*client.Config)             // tests see and set with what a command connects; may be nil
}

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "telnyxsync",
		Short: "Keep a Telnyx account equal to YAML in a repository",
		Long: `telnyxsync keeps a Telnyx account equal to YAML files: it shows what differs,
applies it in the right order, and never touches what it does not own.

Exit codes: 0 nothing to do, 1 an error or something failed, 2 there are changes,
3 there is only drift, 4 a guard withheld something.

The API key is read from --api-key-file, from the systemd credential "api-key", or
from TELNYX_API_KEY. It is made at https://portal.telnyx.com (API Keys).`,
		Example: `  telnyxsync demo                 # the whole story, no key needed
  telnyxsync validate configs     # offline
  telnyxsync diff configs         # what would be done; can only read
  telnyxsync apply configs        # shows it, asks, does it`,
		Version:           version(),
		SilenceUsage:      true,
		SilenceErrors:     true,
		PersistentPreRunE: a.checkFlags,
	}
	f := root.PersistentFlags()
	f.StringVar(&a.apiURL, "api-url", "", "base URL of the API; without a path /v2 is meant (default $TELNYX_BASE_URL, else https://api.telnyx.com/v2)")
	f.StringVar(&a.keyFile, "api-key-file", "", "file that holds the API key and nothing else")
	f.StringVar(&a.stateDir, "state", "", "directory of the state (default $STATE_DIRECTORY, else telnyxsync in the XDG state directory)")
	f.StringVar(&a.instance, "instance", "default", "name in owner tags, where several telnyxsync share an account")
	f.IntVar(&a.concurrency, "concurrency", 10, "API requests at a time")
	f.BoolVar(&a.debug, "debug", false, "trace HTTP on stderr, masked")
	root.AddCommand(
		a.demoCommand(), a.validateCommand(), a.schemaCommand(), a.diffCommand(), a.applyCommand(), a.approveCommand(), a.approvalsCommand(),
		a.runCommand(), a.statusCommand(), a.jobsCommand(), a.uploadsCommand(), a.releasesCommand(), a.locationsCommand(),
		a.getCommand(), a.logMessagesCommand(),
		a.exportCommand(), a.historyCommand(), a.stateCommand(), a.simCommand(), a.versionCommand(),
	)
	return root
}

// checkFlags refuses global flags that mean nothing, such as those of a variable that is not set.
func (a *app) checkFlags(cmd *cobra.Command, _ []string) error {
	if f := cmd.Flags().Lookup("state"); f != nil && f.Changed && a.stateDir == "" {
		return errors.New("--state is empty: give a directory, or leave the flag out")
	}
	if a.concurrency < 1 {
		return fmt.Errorf("--concurrency %d: at least one request has to go at a time", a.concurrency)
	}
	return nil
}

// group is a command that does nothing but hold others.
func group(cmd *cobra.Command, commands ...*cobra.Command) *cobra.Command {
	cmd.Args = cobra.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.AddCommand(commands...)
	return cmd
}
