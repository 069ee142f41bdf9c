package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/kinds"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/secret"
	"telnyxsync/internal/spec"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// load reads the desired state of the paths; all errors are printed, one a line.
func (a *app) load(paths []string) (resource.Config, error) {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	for _, path := range paths {
		p, err := readPlan(path)
		if err != nil {
			return resource.Config{}, err
		}
		if p != nil {
			return resource.Config{}, fmt.Errorf("%s is a saved plan, not desired state: apply it with `telnyxsync apply %s`", path, path)
		}
	}
	return spec.Load(kinds.Pure(kinds.Table()), paths...)
}

// connect makes the client and the engine. A read-only client cannot send anything but GET.
func (a *app) connect(readOnly bool, t tuning) (*apply.Engine, *client.Client, error) {
	return a.connectWith(client.Config{ReadOnly: readOnly}, secret.Reader{}, t)
}

// tuning is what a command says of how its engine works; the zero value is the defaults.
type tuning struct {
	limits apply.Limits
	settle time.Duration
	times  numbers.Times
}

// words puts reasons into words.
func (a *app) words() *render.Words { return render.NewWords(kinds.Pure(kinds.Table())) }

// connectWith fills in what flags, environment and credentials say.
func (a *app) connectWith(cfg client.Config, secrets secret.Reader, t tuning) (*apply.Engine, *client.Client, error) {
	key, file, err := a.apiKey()
	if err != nil {
		return nil, nil, err
	}
	if err := checkInstance(a.instance); err != nil {
		return nil, nil, err
	}
	cfg.BaseURL, cfg.Key, cfg.Concurrency, cfg.UserAgent = baseURL(a.apiURL), key, a.concurrency, "telnyxsync/"+version()
	if a.debug {
		cfg.Trace = a.err
	}
	if cfg.OnCall == nil {
		cfg.OnCall = a.sayWaiting()
	}
	if a.onConnect != nil {
		a.onConnect(&cfg)
	}
	c, err := client.New(cfg)
	if err != nil {
		return nil, nil, err
	}
	secrets.APIKey, secrets.APIKeyFile = key, file
	secrets.Credentials, secrets.Lookup = os.Getenv("CREDENTIALS_DIRECTORY"), a.secrets
	rows := kinds.Table()
	e := &apply.Engine{
		Kinds: kinds.Pure(rows), Operations: map[string]apply.Operations{},
		BaseURL: c.BaseURL(), Key: key, Instance: a.instance, Concurrency: a.concurrency,
		ClockSkew: c.ClockSkew, OperatorConnect: c.OperatorConnect(), Numbers: kinds.NewNumbers(c), Secret: secrets.Read,
		Messages: kinds.NewMessages(c), Limits: t.limits, Settle: t.settle, Times: t.times,
		Retention: map[string]apply.Retention{
			kinds.RecordingRetentionKind: kinds.NewRecordings(c), kinds.TranscriptionRetentionKind: kinds.NewTranscriptions(c),
		},
	}
	for _, r := range rows {
		if r.Open != nil { // groups of phone numbers have none
			e.Operations[r.Name] = r.Open(c)
		}
	}
	return e, c, nil
}

// sayWaiting tells once that Telnyx asks to wait, as that may take a minute in which nothing moves.
func (a *app) sayWaiting() func(client.Call) {
	var once sync.Once
	return func(c client.Call) {
		if c.Status == http.StatusTooManyRequests {
			once.Do(func() {
				fmt.Fprintln(a.err, "telnyxsync: Telnyx limits the rate of requests (429): waiting as it asks, then going on")
			})
		}
	}
}

// baseURL takes the flag before the environment. An address without a path means the API under it,
// as in the line that `telnyxsync sim` prints.
func baseURL(flag string) string {
	text := flag
	if text == "" {
		text = os.Getenv("TELNYX_BASE_URL")
	}
	if u, err := url.Parse(text); err == nil && u.Host != "" && strings.Trim(u.Path, "/") == "" {
		u.Path = "/v2"
		return u.String()
	}
	return text
}

// apiKey reads the key: from the file that a flag names, the systemd credential, the environment. file
// is where it stood; "" where that was no file.
func (a *app) apiKey() (key, file string, err error) {
	file = a.keyFile
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); file == "" && dir != "" {
		if candidate := filepath.Join(dir, "api-key"); exists(candidate) {
			file = candidate
		}
	}
	if file == "" {
		if key := os.Getenv("TELNYX_API_KEY"); key != "" {
			return key, "", nil
		}
		return "", "", errors.New("no API key: set TELNYX_API_KEY, or give --api-key-file; keys are made at https://portal.telnyx.com (API Keys)")
	}
	const longest = 4096
	f, err := os.Open(file)
	if err != nil {
		return "", "", fmt.Errorf("API key: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, longest))
	if err != nil {
		return "", "", fmt.Errorf("API key: %w", err)
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), file, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func checkInstance(name string) error {
	if name == "" || strings.Contains(name, ":") || !resource.ValidName(name) {
		return fmt.Errorf("--instance %q: write a short name without colons", name)
	}
	return nil
}

// state is the directory of the state.
func (a *app) state() (string, error) {
	if a.stateDir != "" {
		return a.stateDir, nil
	}
	// systemd lists several directories with colons between them; the first is the service's own.
	if dir, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":"); dir != "" {
		return dir, nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "telnyxsync"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no place for the state (%w): give --state DIR", err)
	}
	return filepath.Join(home, ".local", "state", "telnyxsync"), nil
}

// color tells whether a stream may be coloured.
func color(w io.Writer) bool { return isTerminal(w) && os.Getenv("NO_COLOR") == "" }

func isTerminal(stream any) bool {
	if o, is := stream.(*output); is {
		stream = o.Writer
	}
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// outputFlag adds --output and checks it before the command runs.
func outputFlag(cmd *cobra.Command, into *string, formats ...string) {
	cmd.Flags().StringVarP(into, "output", "o", formats[0], "output format: "+strings.Join(formats, ", "))
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	cmd.PreRunE = func(*cobra.Command, []string) error {
		for _, f := range formats {
			if *into == f {
				return nil
			}
		}
		return fmt.Errorf("--output %q: choose one of %s", *into, strings.Join(formats, ", "))
	}
}
