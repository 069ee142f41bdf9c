package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"telnyxsync/internal/contract"
	"telnyxsync/internal/telnyxsim"
)

// The canaries: they must sing nowhere. Their characters are those that escapes change.
var canaries = map[string]string{
	"API key":         `KEY-cAnArY/0+one="two"&three`,
	"key id":          `AKIAcAnArY/1+<b>`,
	"secret key":      `cAnArY/2+"quoted"\back&amp=`,
	"credential":      "cAnArY-3 with spaces and ümlauts",
	"private key":     "-----BEGIN PRIVATE KEY-----\nMIIcAnArY4abcdefghijklmnopqrstuvwxyz0123456789\nMIIcAnArY5/+abcdefghijklmnopqrstuvwxyz012345678\n-----END PRIVATE KEY-----\n",
	"private key id":  "cAnArY6fedcba9876543210",
	"rotated account": "cAnArY7-rotated/+key",
}

// forms are the ways in which a secret could show: as it is, escaped, and encoded wherever it stands
// in a longer text.
func forms(secret string) (out []string) {
	lines := []string{secret}
	for line := range strings.Lines(secret) {
		if line = strings.TrimSpace(line); len(line) >= 20 && !strings.HasPrefix(line, "-----") {
			lines = append(lines, line)
		}
	}
	for _, s := range lines {
		plain, _ := json.Marshal(s)
		var unescaped bytes.Buffer
		enc := json.NewEncoder(&unescaped)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(s)
		out = append(out, s, url.QueryEscape(s), url.PathEscape(s), strings.Trim(string(plain), `"`),
			strings.Trim(strings.TrimSpace(unescaped.String()), `"`), strings.ReplaceAll(s, "/", `\/`), strings.Trim(fmt.Sprintf("%q", s), `"`),
			hex.EncodeToString([]byte(s)))
		for lead := range 3 { // what stands before it shifts the bits
			raw := append(make([]byte, lead), s...)
			for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
				text := e.EncodeToString(raw)[(lead*8+5)/6:]
				out = append(out, text[:len(text)-1])
			}
		}
	}
	return out
}

// sings fails the test if a text holds a canary in any form.
func sings(t *testing.T, where string, text []byte) {
	t.Helper()
	for name, secret := range canaries {
		for _, form := range forms(secret) {
			if i := bytes.Index(text, []byte(form)); i >= 0 {
				t.Errorf("%s holds the %s as %q: …%q", where, name, form, text[max(i-60, 0):min(i+len(form)+20, len(text))])
				return
			}
		}
	}
}

func TestCanariesAreFound(t *testing.T) {
	t.Parallel()
	secret := canaries["secret key"]
	for _, text := range []string{
		"x" + secret, base64.StdEncoding.EncodeToString([]byte("Bearer " + secret + "!")), url.QueryEscape("a=" + secret), fmt.Sprintf("%q", secret),
	} {
		found := slices.ContainsFunc(forms(secret), func(f string) bool { return strings.Contains(text, f) })
		if !found {
			t.Errorf("it would not be found in %q", text)
		}
	}
}

const canaryYAML = `
media:
  hold: {file: audio/a.wav, verify_content: true}
custom_storage_credentials:
  s3:
    connection_id: "1"
    backend: s3
    configuration: {bucket: calls, aws_access_key_id: {env: CANARY_ID}, aws_secret_access_key: {file: secrets/key}}
  gcs: {connection_id: "2", backend: gcs, configuration: {bucket: calls, credentials: {credential: gcs}}}
  missing: {connection_id: "3", backend: azure, configuration: {bucket: calls, account_key: {env: NOT_THERE}}}
dialogflow_connections:
  bot:
    {connection_id: "4", dialogflow_api: cx, location: global, conversation_profile_id: p, service_account: {file: secrets/account.json}}
  broken: {connection_id: "5", dialogflow_api: es, location: global, service_account: {file: secrets/key}}
`

// echo is a service that says back what it was sent, in every place of an answer that has one.
type echo struct {
	next http.Handler
	on   atomic.Bool
}

func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !e.on.Load() || r.Method == http.MethodGet || !strings.HasPrefix(r.URL.Path, "/v2") {
		e.next.ServeHTTP(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	text := string(body) + " " + r.Header.Get("Authorization")
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Sim-Fault", "echo") // the contract does not check it
	w.Header().Set("X-Request-Id", base64.StdEncoding.EncodeToString([]byte(text)))
	w.WriteHeader(http.StatusUnprocessableEntity)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]any{
		"code": "10027", "title": text, "detail": url.QueryEscape(text), "source": map[string]any{"pointer": text}, "meta": map[string]any{"sent": text},
	}}})
}

// canary is an account, files and an environment full of canaries. Whatever is printed or written is
// searched for them.
type canary struct {
	*rig
	t    *testing.T
	echo *echo
}

func newCanary(t *testing.T) *canary {
	t.Helper()
	sim, err := telnyxsim.New(telnyxsim.Config{Account: []byte(`{"_storage_secrets":"returned","_dialogflow_service_account":"returned"}`)})
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{next: sim}
	checked := contract.Wrap(t, e)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		// Secrets travel in bodies, and the key in its header: nothing else of a request is kept from logs on its way.
		header := req.Header.Clone()
		header.Del("Authorization")
		sings(t, "the URL and headers of "+req.Method, []byte(fmt.Sprint(req.RequestURI, " ", req.URL.Path, " ", header)))
		checked.ServeHTTP(w, req)
	}))
	t.Cleanup(srv.Close)
	c := &canary{rig: newRigAt(t, srv.URL), t: t, echo: e}
	c.writeMedia()
	c.write("a.yaml", canaryYAML)
	c.write("secrets/key", canaries["secret key"]+"\n")
	c.serviceAccount(canaries["private key"])
	c.write(".credentials/gcs", canaries["credential"])
	c.more = []string{
		"TELNYX_API_KEY=" + canaries["API key"], "CANARY_ID=" + canaries["key id"], "CREDENTIALS_DIRECTORY=" + filepath.Join(c.dir, ".credentials"),
	}
	return c
}

func (c *canary) serviceAccount(privateKey string) {
	text, err := json.Marshal(map[string]any{"type": "service_account", "private_key_id": canaries["private key id"], "private_key": privateKey})
	if err != nil {
		c.t.Fatal(err)
	}
	c.write("secrets/account.json", string(text))
}

// run runs a command and searches what it prints, and then everything that it may have written.
func (c *canary) run(want int, args ...string) string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := c.process(ctx, args...)
	out, _ := cmd.CombinedOutput()
	what := "telnyxsync " + strings.Join(args, " ")
	if got := cmd.ProcessState.ExitCode(); got != want {
		c.t.Errorf("%s: exit code %d, want %d\n%s", what, got, want, out)
	}
	sings(c.t, what, out)
	c.searchFiles("after " + what)
	return string(out)
}

// searchFiles searches the state and all files but those that the secrets were put into.
func (c *canary) searchFiles(when string) {
	c.t.Helper()
	for _, dir := range []string{c.state, c.dir} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				if d != nil && d.IsDir() && (d.Name() == "secrets" || d.Name() == ".credentials") {
					return filepath.SkipDir
				}
				return nil
			}
			text, err := os.ReadFile(path)
			if err == nil {
				sings(c.t, when+": "+path, text)
			}
			return nil
		})
		if err != nil {
			c.t.Fatal(err)
		}
	}
}

// No secret shows in anything that any command prints or writes.
func TestCanary(t *testing.T) {
	t.Parallel()
	c := newCanary(t)
	c.run(0, "validate")
	for _, output := range []string{"text", "json", "markdown"} {
		c.run(1, "diff", "--debug", "--output", output)
		c.run(1, "diff", "--no-state", "--output", output)
	}
	c.run(1, "diff", "--out", "plan.json")
	c.echo.on.Store(true)
	c.run(1, "apply", "--yes", "--debug")
	c.run(1, "apply", "--yes", "--output", "json")
	c.run(1, "jobs", "run", "reconcile", ".", "--debug")
	c.echo.on.Store(false)
	c.run(1, "apply", "plan.json", "--yes", "--debug") // two entries have secrets that are none
	if n := len(strings.Split(c.run(0, "state", "list"), "\n")); n < 5 {
		t.Errorf("%d lines of state: nothing was applied", n)
	}

	c.serviceAccount(canaries["rotated account"])
	if out := c.run(1, "diff", "--debug"); !strings.Contains(out, "/service_account: (secret) changed") {
		t.Errorf("the rotation does not show:\n%s", out)
	}
	c.run(1, "diff", "--out", "plan.json", "--output", "json")
	c.run(1, "apply", "--yes", "--debug", "--output", "json")
	c.run(1, "diff")
	c.run(0, "history", "--output", "json")
	c.run(0, "history")
	c.run(0, "state", "list", "--output", "json")
	for _, address := range []string{"custom_storage_credentials/s3", "custom_storage_credentials/gcs", "dialogflow_connections/bot", "media/hold"} {
		c.run(0, "state", "show", address)
	}
	c.run(0, "export", "--debug")
	c.run(0, "export", "--out", "exported", "--storage", "1", "--dialogflow", "4")
	c.run(0, "schema")
	c.run(1, "status", "--listen", "unix:/nowhere")
	// What stands in the YAML by mistake is not repeated either. The file itself is the user's.
	c.write("secrets/bad.yaml", "custom_storage_credentials:\n  x: {connection_id: \"9\", backend: gcs, configuration: {bucket: b, credentials: '"+canaries["credential"]+"'}}\n")
	c.run(1, "validate")
	c.run(1, "validate", "--output", "json")
	c.run(1, "diff")
	c.run(1, "apply", "--yes")
}

// privateKey is what the account's Dialogflow connection has; "" where there is none.
func (c *canary) privateKey() (key string) {
	c.raw(func(account map[string]any) {
		for _, d := range account["dialogflow_connections"].([]any) {
			serviceAccount, _ := d.(map[string]any)["_service_account"].(map[string]any)
			key, _ = serviceAccount["private_key"].(string)
		}
	})
	return key
}

// Nor in what the daemon logs, serves and tells systemd, also when it is brought down in the middle.
func TestCanaryOfTheDaemon(t *testing.T) {
	t.Parallel()
	c := newCanary(t)
	c.echo.on.Store(true)
	d := startDaemon(t, c.rig, "prune: owned")
	look := func(when string) {
		t.Helper()
		for _, path := range []string{"/status", "/metrics", "/readyz", "/healthz"} {
			sings(t, when+" "+path, []byte(d.served(path)))
		}
		sings(t, when+": log", []byte(d.out.String()))
		sings(t, when+": notices", []byte(strings.Join(d.notices.list(), "\n")))
		c.searchFiles(when)
	}
	until(t, "a pass that fails", func() bool { return strings.Contains(d.served("/status"), "custom_storage_credentials/s3") })
	look("refused")
	c.echo.on.Store(false)
	d.signal(syscall.SIGUSR1)
	until(t, "all that can be applied", func() bool { return c.privateKey() == canaries["private key"] })
	look("applied")
	// A secret that is rotated in its file is sent without anybody asking.
	c.serviceAccount(canaries["rotated account"])
	until(t, "the rotated account", func() bool { return c.privateKey() == canaries["rotated account"] })
	look("rotated")
	d.signal(syscall.SIGQUIT) // the runtime prints all goroutines
	until(t, "the crash", func() bool { return strings.Contains(d.out.String(), "SIGQUIT") })
	sings(t, "crash", []byte(d.out.String()))
	c.searchFiles("crash")
}
