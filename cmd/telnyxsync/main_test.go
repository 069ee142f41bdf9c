package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	neturl "net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/contract"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/telnyxsim"
	"telnyxsync/internal/testrun"

	"github.com/rogpeppe/go-internal/testscript"
)

// asProgram makes the test binary behave as telnyxsync itself, for tests that need real processes.
const asProgram = "TELNYXSYNC_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	// Hundreds of short runs make much garbage and keep nothing.
	debug.SetGCPercent(400)
	if os.Getenv(asProgram) != "" {
		main()
	}
	testscript.Main(tests{testrun.Tests{M: m, Checks: 40}}, map[string]func(){"telnyxsync": main})
}

// tests are those of this package, with the environment of the commands that run in this process.
type tests struct{ testrun.Tests }

func (t tests) Run() int {
	for _, variable := range append([]string{"TELNYX_API_KEY=KEY-of-the-test", "NO_PROXY=127.0.0.1"}, secrets...) {
		name, value, _ := strings.Cut(variable, "=")
		if err := os.Setenv(name, value); err != nil {
			log.Fatal(err)
		}
	}
	return t.Tests.Run()
}

// rig is a simulated account with a directory of files and a state, for one test.
type rig struct {
	t     testing.TB
	dir   string // of the files
	state string
	url   string   // of the simulator, without /v2
	more  []string // of the environment of its processes
	apart bool     // its commands run as processes of their own
}

// newRig serves a simulator in this process; its traffic is held against the contract.
func newRig(t testing.TB) (*rig, *telnyxsim.Sim) {
	t.Helper()
	sim, err := telnyxsim.New(telnyxsim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(contract.Wrap(t, sim))
	t.Cleanup(srv.Close)
	return newRigAt(t, srv.URL), sim
}

func newRigAt(t testing.TB, url string) *rig {
	return &rig{t: t, dir: t.TempDir(), state: filepath.Join(t.TempDir(), "state"), url: url}
}

// write puts a file among the configuration.
func (r *rig) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// env is the environment of a command that runs as a process of its own.
func (r *rig) env() []string {
	return slices.Concat(os.Environ(), secrets, []string{
		asProgram + "=1", "TELNYX_BASE_URL=" + r.url + "/v2", "TELNYX_API_KEY=KEY-of-the-test", "NO_PROXY=127.0.0.1", "STATE_DIRECTORY=" + r.state,
	}, r.more)
}

// process is a command of telnyxsync as a process of its own.
func (r *rig) process(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = r.env()
	cmd.Dir = r.dir
	return cmd
}

// run runs a command and wants an exit code.
func (r *rig) run(want int, args ...string) (stdout, stderr string) {
	r.t.Helper()
	var out, err bytes.Buffer
	if got := r.command(&out, &err, args...); got != want {
		r.t.Fatalf("telnyxsync %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, want, out.String(), err.String())
	}
	return out.String(), err.String()
}

// command runs a command whatever its exit code: in this process, or as one of its own where it needs an
// environment or a working directory of its own.
func (r *rig) command(stdout, stderr io.Writer, args ...string) (code int) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if !r.apart && len(r.more) == 0 && !r.relative(args) {
		return r.inside(ctx, stdout, stderr, args...)
	}
	cmd := r.process(ctx, args...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		r.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

// inside runs a command in this process. What else it would take from its environment is in that of all
// tests.
func (r *rig) inside(ctx context.Context, stdout, stderr io.Writer, args ...string) (code int) {
	a := &app{in: strings.NewReader(""), out: stdout, err: stderr}
	return a.execute(ctx, r.located(args))
}

// relative tells whether arguments name files by paths that only a process of its own can resolve.
func (r *rig) relative(args []string) bool {
	for i, arg := range args[1:] {
		if (args[i] == "--out" || args[i] == "--file") && !filepath.IsAbs(arg) {
			return true
		}
		if _, err := os.Lstat(filepath.Join(r.dir, arg)); err == nil && !filepath.IsAbs(arg) {
			return true
		}
	}
	return false
}

// located adds to a command what tells it where all is: the API, the state, and the files where it would
// read the working directory.
func (r *rig) located(args []string) []string {
	where := []string{"--api-url", r.url, "--state", r.state}
	reads := args[0] == "diff" || args[0] == "apply" || args[0] == "validate" || len(args) > 2 && args[0] == "jobs" && args[1] == "run"
	if len(args) > 1 && args[0] == "uploads" && args[1] == "retry" && !slices.Contains(args, "--configs") {
		where = append(where, "--configs", r.dir)
	}
	if reads && !slices.ContainsFunc(args, filepath.IsAbs) {
		where = append(where, r.dir)
	}
	return slices.Concat(args, where)
}

// planDoc is what a test reads of the JSON plan.
type planDoc struct {
	Version  int
	Summary  map[string]int
	Changes  []changeDoc
	Withheld []changeDoc
	Waiting  []changeDoc
	Observed []changeDoc
	Orphans  []struct {
		Address, ID string
		Reason      reasonDoc
	}
	Problems []problemDoc
	Notes    []struct {
		Address string
		Reason  reasonDoc
	}
	Numbers plan.Counts
	Result  struct {
		Outcomes []struct {
			Address, Op, Status, Error string
			Items                      itemsDoc
			Tickets                    []string
		}
	}
}

type changeDoc struct {
	Op, Address, ID, Source, Ticket string
	Items                           *itemsDoc // nil of an object
	To                              struct{ From string }
	Reasons, Guards                 []reasonDoc
	Deltas                          []struct {
		Path     string
		Old, New any
		Origin   string
	}
	Needs []string
	Calls int
	Drift bool
}

type itemsDoc struct {
	Unit  string
	Count int
	List  []string
}

type reasonDoc struct {
	Code, Text string
	Args       map[string]any
}

type problemDoc struct {
	Address, Source, Remedy string
	Held                    bool
	Reason                  reasonDoc
}

// text is a problem as people read it.
func (p *problemDoc) text() string { return p.Reason.Text + "; " + p.Remedy }

// why is why a change is made.
func (c *changeDoc) why() string { return texts(c.Reasons) }

// withheld is why a change is not made.
func (c *changeDoc) withheld() string { return texts(c.Guards) }

func texts(reasons []reasonDoc) string {
	var out []string
	for _, r := range reasons {
		out = append(out, r.Text)
	}
	return strings.Join(out, "; ")
}

// plan runs diff or apply with --output json.
func (r *rig) plan(want int, args ...string) (p planDoc) {
	r.t.Helper()
	out, _ := r.run(want, append(args, "--output", "json")...)
	if err := json.Unmarshal([]byte(out), &p); err != nil {
		r.t.Fatalf("%v in %s", err, out)
	}
	return p
}

// control calls the simulator's controls.
func (r *rig) control(method, path string, body any) []byte {
	r.t.Helper()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			r.t.Fatal(err)
		}
	}
	req, err := http.NewRequest(method, r.url+"/_sim"+path, bytes.NewReader(text))
	if err != nil {
		r.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode/100 != 2 {
		r.t.Fatalf("%s /_sim%s: %v %s %s", method, path, err, res.Status, answer)
	}
	return answer
}

// account reads the collections of the simulated account, lets edit change them, and writes them back.
func (r *rig) account(edit func(account map[string][]map[string]any)) map[string][]map[string]any {
	r.t.Helper()
	whole, account := map[string]json.RawMessage{}, map[string][]map[string]any{}
	if err := json.Unmarshal(r.control("GET", "/account", nil), &whole); err != nil {
		r.t.Fatal(err)
	}
	for name, text := range whole {
		var list []map[string]any
		if json.Unmarshal(text, &list) == nil { // what is no list is a switch, or belongs to connections
			account[name] = list
		}
	}
	if edit != nil {
		edit(account)
		for name, list := range account {
			text, err := json.Marshal(list)
			if err != nil {
				r.t.Fatal(err)
			}
			whole[name] = text
		}
		r.control("PUT", "/account", whole)
	}
	return account
}

// calls are the requests since the journal was last cleared, as "METHOD /path".
func (r *rig) calls() (all, writes []string) {
	r.t.Helper()
	var journal []struct{ Method, Path string }
	if err := json.Unmarshal(r.control("GET", "/journal", nil), &journal); err != nil {
		r.t.Fatal(err)
	}
	for _, j := range journal {
		all = append(all, j.Method+" "+j.Path)
		if j.Method != "GET" {
			writes = append(writes, j.Method+" "+j.Path)
		}
	}
	return all, writes
}

func (r *rig) clear() { r.control("DELETE", "/journal", nil) }

func (r *rig) fault(match, do string, more ...string) {
	r.t.Helper()
	fault := map[string]any{"match": match, "do": do}
	for i := 0; i+1 < len(more); i += 2 {
		fault[more[i]] = json.RawMessage(more[i+1])
	}
	r.control("POST", "/faults", []any{fault})
}

// startSim starts `telnyxsync sim` as a process of its own. What is sent to it and what it answers
// passes through this process, where it is held against the contract.
func startSim(t testing.TB, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	cmd := exec.CommandContext(ctx, os.Args[0], append([]string{"sim", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // killed by us
	})
	var url string
	if _, err := fmt.Fscanln(out, &url); err != nil {
		t.Fatal(err)
	}
	target, err := neturl.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		// An answer that does not come stays away here, too.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:     log.New(io.Discard, "", 0),
	}
	srv := httptest.NewServer(contract.Wrap(t, proxy))
	t.Cleanup(srv.Close)
	return srv.URL
}
