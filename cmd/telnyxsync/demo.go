package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"telnyxsync/examples"
	"telnyxsync/internal/telnyxsim"

	"github.com/spf13/cobra"
)

func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "See the whole story on a simulated account; no key needed",
		Long: `Runs the real commands against a simulated Telnyx account inside this program: validate, diff,
apply, an empty diff, drift made behind its back, its repair. Nothing leaves this machine.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context()) },
	}
}

// demo tells the story. Each step is a command that anybody could type; a step that does not end
// as the story says is an error.
func (a *app) demo(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "telnyxsync-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	configs := filepath.Join(dir, "configs")
	if err := copyExamples(configs); err != nil {
		return err
	}
	sim, err := telnyxsim.New(telnyxsim.Config{Latency: 100 * time.Millisecond})
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- serve(ctx, l, sim) }()
	defer func() {
		cancel()
		err = errors.Join(err, <-served)
	}()

	d := &demo{app: a, dir: dir, url: "http://" + l.Addr().String()}
	d.say("A simulated Telnyx account listens inside this program. It is empty, and the YAML files of examples/configs say what should be there.")
	d.run(ctx, exitOK, "validate", configs)
	d.say("What would be done? A diff only reads; exit code 2 says that there are changes.")
	d.run(ctx, exitChanges, "diff", configs)
	d.say("Apply it (--yes answers the question that it asks otherwise).")
	d.run(ctx, exitOK, "apply", "--yes", configs)
	d.say("Now the account is equal to the files: the second diff is empty.")
	d.run(ctx, exitOK, "diff", configs)
	d.say("Somebody clicks in the portal: the Zoom trunk loses half its channels, the recorder moves to another port.")
	if d.err == nil {
		d.err = tamper(ctx, sim)
	}
	d.say("diff tells drift from changes of the YAML; exit code 3 says that there is only drift.")
	d.run(ctx, exitDrift, "diff", "--drift-only", configs)
	d.say("apply repairs it.")
	d.run(ctx, exitOK, "apply", "--yes", configs)
	d.run(ctx, exitOK, "diff", configs)
	d.say("And the history knows what was done.")
	d.run(ctx, exitOK, "history")
	if d.err == nil {
		fmt.Fprintln(a.out, "\nThat is all. With a key of your own: README.md, \"First use with a key\".")
	}
	return d.err
}

func copyExamples(to string) error {
	sub, err := fs.Sub(examples.Configs, "configs")
	if err != nil {
		return err
	}
	return os.CopyFS(to, sub)
}

// tamper changes two objects behind telnyxsync's back, through the API as the portal would.
func tamper(ctx context.Context, sim http.Handler) error {
	call := func(method, path string, body, into any) error {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, method, "/v2"+path, bytes.NewReader(text))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer somebody")
		req.Header.Set("Content-Type", "application/json")
		w := &memoryResponse{header: http.Header{}, status: http.StatusOK}
		sim.ServeHTTP(w, req)
		if w.status != http.StatusOK {
			return fmt.Errorf("%s %s: %d: %s", method, path, w.status, w.body.String())
		}
		if into == nil {
			return nil
		}
		return json.Unmarshal(w.body.Bytes(), into)
	}
	var list struct {
		Data []struct {
			ID     string
			Active bool
		}
	}
	if err := call("GET", "/external_connections?page[number]=1&page[size]=250", nil, &list); err != nil {
		return err
	}
	for _, c := range list.Data {
		if !c.Active {
			continue
		}
		profile := map[string]any{"outbound_voice_profile_id": "1911630617284445511", "channel_limit": 25}
		if err := call("PATCH", "/external_connections/"+c.ID, map[string]any{"outbound": profile}, nil); err != nil {
			return err
		}
	}
	return call("PUT", "/siprec_connectors/compliance",
		map[string]any{"name": "compliance", "host": "srs.example.com", "port": 5062, "app_subdomain": "my-app"}, nil)
}

// memoryResponse is an http.ResponseWriter that keeps the answer.
type memoryResponse struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (m *memoryResponse) Header() http.Header         { return m.header }
func (m *memoryResponse) WriteHeader(status int)      { m.status = status }
func (m *memoryResponse) Write(p []byte) (int, error) { return m.body.Write(p) }

// demo runs steps until one goes wrong.
type demo struct {
	*app
	dir, url string
	err      error
}

func (d *demo) say(text string) {
	if d.err == nil {
		fmt.Fprintf(d.out, "\n# %s\n", text)
	}
}

// run types one command. It is the program itself, with the demo's account, key and state.
func (d *demo) run(ctx context.Context, want int, args ...string) {
	if d.err != nil {
		return
	}
	fmt.Fprintf(d.out, "$ telnyxsync %s\n", strings.ReplaceAll(strings.Join(args, " "), d.dir+string(filepath.Separator), ""))
	out := &relative{w: d.out, dir: d.dir + string(filepath.Separator)}
	key := filepath.Join(d.dir, "key")
	if d.err = os.WriteFile(key, []byte("demo\n"), 0o600); d.err != nil {
		return
	}
	args = append(args, "--state", filepath.Join(d.dir, "state"), "--api-url", d.url, "--api-key-file", key)
	sub := &app{in: strings.NewReader(""), out: out, err: d.app.err, secrets: demoSecret}
	if code := sub.execute(ctx, args); code != want {
		d.err = fmt.Errorf("the demo went wrong: that step ended with exit code %d, not %d", code, want)
	}
}

// demoSecret stands for the environment that the examples refer to.
func demoSecret(name string) (string, bool) {
	if name == "DIALOGFLOW_SERVICE_ACCOUNT" {
		return `{"type": "service_account", "project_id": "demo"}`, true
	}
	return "the demo's " + name, true
}

// relative shortens the demo's temporary paths.
type relative struct {
	w   io.Writer
	dir string
}

func (r *relative) Write(p []byte) (int, error) {
	_, err := io.WriteString(r.w, strings.ReplaceAll(string(p), r.dir, ""))
	return len(p), err
}
