package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"telnyxsync/internal/contract"
	"telnyxsync/internal/telnyxsim"
)

// killer stands before a simulator and kills a run when its n-th request, or POST, arrives: before it is
// handled, when it is handled and not answered, or when it is answered. Between two requests a
// run does nothing but write its state, so these are all the steps there are.
type killer struct {
	next  http.Handler
	posts bool // counts POSTs alone

	mu     sync.Mutex
	n      int
	mode   string
	seen   int
	strike func()
	refuse bool // what still arrives is of a run that is dead

	started chan struct{} // closed when the process is there to be killed
}

// arm is for the process that run starts; nil disarms.
func (k *killer) arm(n int, mode string, cmd *exec.Cmd) {
	started := make(chan struct{})
	strike := func() {
		<-started
		_ = cmd.Process.Kill()
	}
	if cmd == nil {
		strike = nil
	}
	k.armInside(n, mode, strike)
	k.started = started
}

// armInside is for a run in this process, which strike puts to its end.
func (k *killer) armInside(n int, mode string, strike func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.n, k.mode, k.seen, k.strike, k.refuse = n, mode, 0, strike, false
}

// run runs the process that was armed.
func (k *killer) run(cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	close(k.started)
	return cmd.Wait()
}

func (k *killer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/v2") {
		k.next.ServeHTTP(w, r)
		return
	}
	k.mu.Lock()
	counts := !k.posts || r.Method == http.MethodPost
	if counts {
		k.seen++
	}
	strike, mode, n, refuse := k.strike, k.mode, k.n, k.refuse
	hit := counts && k.seen == n && strike != nil
	k.refuse = refuse || hit && mode != "answered"
	k.mu.Unlock()
	if refuse {
		panic(http.ErrAbortHandler)
	}
	if !hit {
		k.next.ServeHTTP(w, r)
		return
	}
	switch mode {
	case "before":
		strike()
		panic(http.ErrAbortHandler)
	case "committed":
		k.next.ServeHTTP(httptest.NewRecorder(), r)
		strike()
		panic(http.ErrAbortHandler)
	default: // answered: it may get as far as it gets
		k.next.ServeHTTP(w, r)
		_ = http.NewResponseController(w).Flush()
		time.Sleep(time.Duration(n%4) * time.Millisecond)
		strike()
	}
}

// story is an account in the middle of its life, and files that ask for every operation.
const storyBefore = `
external_connections:
  keep: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: "1"}, tags: [a]}
  change: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: "1"}, inbound: {channel_limit: 1}}
  old-name: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: "2"}}
  gone: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: "1"}}
siprec_connectors:
  change: {host: a.example.com, port: 5060, app_subdomain: x}
  gone: {host: b.example.com, port: 5060}
  moved: {name: first, host: c.example.com, port: 5060}
media:
  change: {file: audio/a.wav}
  gone: {file: audio/a.wav}
  moved: {media_name: first, file: audio/a.wav}
custom_storage_credentials:
  change: {connection_id: "901", backend: gcs, configuration: {bucket: b, credentials: {env: SECRET_A}}}
  gone: {connection_id: "902", backend: gcs, configuration: {bucket: b, credentials: {env: SECRET_A}}}
  moved: {connection_id: "903", backend: gcs, configuration: {bucket: b, credentials: {env: SECRET_A}}}
dialogflow_connections:
  change: {connection_id: "911", dialogflow_api: es, location: global, service_account: {env: ACCOUNT_A}}
  gone: {connection_id: "912", dialogflow_api: es, location: global, service_account: {env: ACCOUNT_A}}
`

const storyAfter = `
external_connections:
  keep: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: "1"}, tags: [a]}
  change: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: "1"}, inbound: {channel_limit: 2}}
  new-name: {external_sip_connection: zoom, id: "%s", outbound: {outbound_voice_profile_id: "2"}}
  new-1: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: "1"}, tags: [b]}
  new-2: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: "1"}}
siprec_connectors:
  change: {host: a.example.com, port: 5061}
  moved: {name: second, host: c.example.com, port: 5060}
  new-1: {host: d.example.com, port: 5060}
media:
  change: {file: audio/b.wav}
  moved: {media_name: second, file: audio/a.wav}
  new-1: {file: audio/b.wav}
custom_storage_credentials:
  change: {connection_id: "901", backend: gcs, configuration: {bucket: b, credentials: {env: SECRET_B}}}
  moved: {connection_id: "904", backend: gcs, configuration: {bucket: b, credentials: {env: SECRET_A}}}
  new-1: {connection: new-1, backend: gcs, configuration: {bucket: b, credentials: {env: SECRET_A}}}
dialogflow_connections:
  change: {connection_id: "911", dialogflow_api: cx, location: global, conversation_profile_id: p, service_account: {env: ACCOUNT_A}}
  new-1: {connection_id: "913", dialogflow_api: es, location: global, service_account: {env: ACCOUNT_B}}
`

// want is what the story ends with, each exactly once: connections by their owner tags, the others by
// their names and by what they hold.
var want = []string{
	"change",
	"dialogflow:911 cx key-of-a", "dialogflow:913 es key-of-b",
	"keep",
	"media:change b", "media:new-1 b", "media:second a",
	"new-1", "new-2", "new-name",
	"siprec:change", "siprec:new-1", "siprec:second",
	"storage:901 secret-of-b", "storage:904 secret-of-a", "storage:new-1 secret-of-a",
}

// found lists what the account holds.
func (r *rig) found() (out []string) {
	account := r.account(nil)
	names := map[any]string{}
	for _, c := range account["external_connections"] {
		text := "untagged"
		tags, _ := c["tags"].([]any)
		for _, tag := range tags {
			if name, ok := strings.CutPrefix(fmt.Sprint(tag), "telnyxsync:default:"); ok {
				text = name
				names[c["id"]] = name
			}
		}
		out = append(out, text)
	}
	for _, s := range account["siprec_connectors"] {
		out = append(out, "siprec:"+fmt.Sprint(s["name"]))
	}
	for _, m := range account["media"] {
		content, _ := base64.StdEncoding.DecodeString(fmt.Sprint(m["_content"]))
		out = append(out, fmt.Sprintf("media:%v %s", m["media_name"], content[max(len(content)-1, 0):]))
	}
	for _, s := range account["custom_storage_credentials"] {
		id := fmt.Sprint(s["connection_id"])
		if name := names[s["connection_id"]]; name != "" {
			id = name
		}
		configuration, _ := s["configuration"].(map[string]any)
		out = append(out, fmt.Sprintf("storage:%s %v", id, configuration["credentials"]))
	}
	for _, d := range account["dialogflow_connections"] {
		serviceAccount, _ := d["_service_account"].(map[string]any)
		out = append(out, fmt.Sprintf("dialogflow:%v %v %v", d["connection_id"], d["_dialogflow_api"], serviceAccount["private_key"]))
	}
	slices.Sort(out)
	return out
}

// story prepares an account, files and a state that can be put back as often as a test likes.
type story struct {
	*rig
	killer  *killer
	account []byte
	saved   string
}

func newStory(t *testing.T) *story {
	t.Helper()
	// What a PUT renews could be taken for somebody else's.
	sim, err := telnyxsim.New(telnyxsim.Config{Account: []byte(`{"_siprec_put_created":"renew","_media_put_created":"renew"}`)})
	if err != nil {
		t.Fatal(err)
	}
	k := &killer{next: contract.Wrap(t, sim)}
	srv := httptest.NewServer(k)
	t.Cleanup(srv.Close)
	s := &story{rig: newRigAt(t, srv.URL), killer: k, saved: filepath.Join(t.TempDir(), "saved")}
	s.writeMedia()
	s.write("a.yaml", storyBefore)
	s.run(0, "apply", "--yes")
	id := ""
	for _, c := range s.rig.account(nil)["external_connections"] {
		if strings.Contains(fmt.Sprint(c["tags"]), "old-name") {
			id = fmt.Sprint(c["id"])
		}
	}
	s.write("a.yaml", fmt.Sprintf(storyAfter, id))
	s.account = s.control("GET", "/account", nil)
	if err := os.CopyFS(s.saved, os.DirFS(s.state)); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *story) reset() {
	s.t.Helper()
	s.killer.arm(0, "", nil)
	s.control("DELETE", "/faults", nil)
	s.control("DELETE", "/journal", nil)
	s.control("PUT", "/account", jsonText(s.account))
	s.control("POST", "/clock", map[string]any{"advance": "1m"}) // what is made or renewed from here on is told apart
	if err := os.RemoveAll(s.state); err != nil {
		s.t.Fatal(err)
	}
	if err := os.CopyFS(s.state, os.DirFS(s.saved)); err != nil {
		s.t.Fatal(err)
	}
}

// jsonText is JSON that is sent as it is.
type jsonText []byte

func (j jsonText) MarshalJSON() ([]byte, error) { return j, nil }

func (s *story) applyArgs() []string {
	return []string{"apply", "--yes", "--prune", "--settle", "5ms", "--max-deletes", "100", "--limit", "capacity=100"}
}

func TestKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"before", "committed", "answered"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := newStory(t)
			for n := 1; ; n += stride {
				s.reset()
				if !s.killer.killed(s.rig, n, mode, s.applyArgs()...) {
					t.Logf("%d steps", n-1)
					if n < 15 {
						t.Errorf("only %d steps: the story does not ask for much", n-1)
					}
					return
				}
				s.run(0, s.applyArgs()...)
				if got := s.found(); !slices.Equal(got, want) {
					t.Errorf("killed at step %d: the account holds %v, want %v", n, got, want)
				}
				if p := s.plan(0, "diff", "--prune"); len(p.Changes)+len(p.Orphans) > 0 {
					t.Errorf("killed at step %d: the next diff is not empty: %+v", n, p)
				}
			}
		})
	}
}

func TestLostAnswersToEveryPOST(t *testing.T) {
	t.Parallel()
	for _, do := range []string{"drop-before-commit", "drop-after-commit", "html", "status"} {
		for _, times := range []string{"1", "-1"} {
			t.Run(do+" "+times, func(t *testing.T) {
				t.Parallel()
				s := newStory(t)
				for _, match := range []string{"POST /external_connections", "POST /siprec_connectors", "POST /media", "POST /custom_storage_credentials/*", "POST /dialogflow_connections/*", "POST /*"} {
					s.reset()
					s.fault(match, do, "times", times)
					out, _ := s.exits(s.applyArgs()...)
					s.control("DELETE", "/faults", nil)
					s.run(0, s.applyArgs()...)
					if got := s.found(); !slices.Equal(got, want) {
						t.Errorf("%s: the account holds %v, want %v\n%s", match, got, want, out)
					}
					if p := s.plan(0, "diff", "--prune"); len(p.Changes)+len(p.Orphans) > 0 {
						t.Errorf("%s: the next diff is not empty: %+v", match, p)
					}
				}
			})
		}
	}
}

// exits runs a command whatever its exit code.
func (r *rig) exits(args ...string) (out string, code int) {
	var text buffer
	code = r.command(&text, &text, args...)
	return text.String(), code
}

// One lost answer is made good within the run itself: nobody has to run it again.
func TestALostAnswerIsMadeGoodInTheSameRun(t *testing.T) {
	t.Parallel()
	for _, do := range []string{"drop-before-commit", "drop-after-commit", "html"} {
		t.Run(do, func(t *testing.T) {
			r, _ := newRig(t)
			r.write("a.yaml", "external_connections:\n  one: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: \"1\"}}\n")
			r.fault("POST /external_connections", do)
			r.run(0, "apply", "--yes", "--settle", "5ms")
			if got := r.found(); !slices.Equal(got, []string{"one"}) {
				t.Errorf("the account holds %v", got)
			}
		})
	}
}

// Before a second POST the account is read back, twice.
func TestReadBackBeforeSecondPOST(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a.yaml", "external_connections:\n  one: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: \"1\"}}\n")
	r.fault("POST /external_connections", "drop-before-commit")
	r.run(0, "apply", "--yes", "--settle", "5ms")
	all, _ := r.calls()
	first := slices.Index(all, "POST /external_connections")
	second := first + 1 + slices.Index(all[first+1:], "POST /external_connections")
	if reads := second - first - 1; first < 0 || second <= first || reads < 2 {
		t.Errorf("%d reads between the two POSTs, want at least 2: %v", reads, all)
	}
}

// Where nothing tells whether an object is the one that a lost create made, a person decides.
func TestALostCreateThatCannotBeToldApartIsHeld(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a.yaml", "external_connections:\n  one: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: \"1\"}}\n")
	r.fault("POST /external_connections", "drop-before-commit", "times", "-1")
	r.run(1, "apply", "--yes", "--settle", "5ms")
	r.control("DELETE", "/faults", nil)
	r.account(func(account map[string][]map[string]any) {
		account["external_connections"] = []map[string]any{{
			"id": "77", "external_sip_connection": "zoom", "outbound": map[string]any{"outbound_voice_profile_id": "1"},
		}}
	})
	r.clear()
	p := r.plan(1, "diff")
	if len(p.Problems) != 1 || !p.Problems[0].Held || !strings.Contains(p.Problems[0].text(), "telnyxsync state adopt external_connections/one ID") ||
		!strings.Contains(p.Problems[0].text(), "77") {
		t.Errorf("problems: %+v", p.Problems)
	}
	r.run(1, "apply", "--yes", "--settle", "5ms")
	if _, writes := r.calls(); len(writes) > 0 {
		t.Errorf("writes: %v", writes)
	}
	t.Run("adopt", func(t *testing.T) {
		r.run(0, "state", "adopt", "external_connections/one", "77")
		r.run(0, "apply", "--yes")
		if got := r.found(); !slices.Equal(got, []string{"one"}) {
			t.Errorf("the account holds %v", got)
		}
		r.run(0, "diff")
	})
}

func TestIntentIsStoredBeforePOST(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	// The run dies when its POST arrives: what state knows then was stored before.
	all := 0
	for n := 1; all == 0 && n < 60; n++ {
		s.reset()
		s.killer.killed(s.rig, n, "committed", append(s.applyArgs(), "--concurrency", "1")...)
		calls, _ := s.calls()
		for _, c := range calls {
			if strings.HasPrefix(c, "POST ") {
				all++
			}
		}
	}
	out, _ := s.run(0, "state", "list")
	if all != 1 || !strings.Contains(out, "in doubt:") {
		t.Errorf("after %d POST(s) state knows of none begun:\n%s", all, out)
	}
}
