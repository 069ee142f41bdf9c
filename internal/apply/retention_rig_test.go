package apply_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/kinds"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/spec"
	"telnyxsync/internal/state"
	"telnyxsync/internal/telnyxsim"
)

// stage stands between an engine and a simulator. It counts requests, and can do something before each.
type stage struct {
	direct
	mu      sync.Mutex
	n       int
	deletes [][]string // the ids of each batch that was sent, of one alone too

	size int // of pages, in the place of what is asked for; 0: as asked

	before func(n int, r *http.Request) error // an error is a lost connection
	after  func(n int, r *http.Request, res *http.Response) (*http.Response, error)
}

func (s *stage) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/recordings/actions/delete") {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		var body struct{ IDs []string }
		if err := json.Unmarshal(text, &body); err != nil {
			return nil, err
		}
		s.deletes = append(s.deletes, body.IDs)
		r = r.WithContext(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(text))
	}
	if id, one := strings.CutPrefix(r.URL.Path, "/v2/recordings/"); one && r.Method == http.MethodDelete {
		s.deletes = append(s.deletes, []string{id})
	}
	if q := r.URL.Query(); s.size > 0 && q.Has("page[size]") {
		q.Set("page[size]", strconv.Itoa(s.size))
		r = r.Clone(r.Context())
		r.URL.RawQuery = q.Encode()
	}
	if s.before != nil {
		if err := s.before(s.n, r); err != nil {
			return nil, err
		}
	}
	res, err := s.direct.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if res.Header.Get("Date") == "" {
		res.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	if s.after != nil {
		return s.after(s.n, r, res)
	}
	return res, nil
}

// keeper is an engine of retention against a simulated account, with files and a state.
type keeper struct {
	strict bool // a hold that means nothing withholds, as it does outside of tests
	tb
	sim    *telnyxsim.Sim
	stage  *stage
	engine *apply.Engine
	dir    string // of everything
	state  string
}

func newKeeper(t tb, wrap func(http.Handler) http.Handler, account any, config telnyxsim.Config) *keeper {
	t.Helper()
	text, given := account.([]byte)
	if !given {
		var err error
		if text, err = json.Marshal(account); err != nil {
			t.Fatal(err)
		}
	}
	config.Account = text
	sim, err := telnyxsim.New(config)
	if err != nil {
		t.Fatalf("%v in %.2000s", err, text)
	}
	dir, err := os.MkdirTemp("", "telnyxsync-test-")
	if err != nil {
		t.Fatal(err)
	}
	k := &keeper{tb: t, sim: sim, dir: dir, state: filepath.Join(dir, "state"), stage: &stage{direct: direct{wrap(sim)}}}
	k.connect(client.Config{})
	return k
}

// connect makes the engine anew, as another process would.
func (k *keeper) connect(cfg client.Config) {
	k.Helper()
	cfg.BaseURL, cfg.Key, cfg.Transport = "http://127.0.0.1/v2", "KEY", k.stage
	c, err := client.New(cfg)
	if err != nil {
		k.Fatal(err)
	}
	rows := kinds.Table()
	k.engine = &apply.Engine{
		Kinds: kinds.Pure(rows), Operations: map[string]apply.Operations{}, BaseURL: c.BaseURL(), Key: "KEY", Settle: time.Microsecond,
		Limits:      unlimited(),
		Concurrency: cfg.Concurrency, ClockSkew: c.ClockSkew, Numbers: kinds.NewNumbers(c), Messages: kinds.NewMessages(c),
		Retention: map[string]apply.Retention{
			kinds.RecordingRetentionKind: kinds.NewRecordings(c), kinds.TranscriptionRetentionKind: kinds.NewTranscriptions(c),
		},
	}
	for _, row := range rows {
		if row.Open != nil {
			k.engine.Operations[row.Name] = row.Open(c)
		}
	}
}

func (k *keeper) close() { _ = os.RemoveAll(k.dir) }

// load writes a file into a configuration and reads it.
func (k *keeper) load(root, yaml string) resource.Config {
	k.Helper()
	dir := filepath.Join(k.dir, root)
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(yaml), 0o600)); err != nil {
		k.Fatal(err)
	}
	return k.loaded(dir)
}

func (k *keeper) write(path, text string) {
	k.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		k.Fatal(err)
	}
}

func (k *keeper) remove(path string) {
	k.Helper()
	if err := os.Remove(path); err != nil {
		k.Fatal(err)
	}
}

func (k *keeper) loaded(dirs ...string) resource.Config {
	k.Helper()
	desired, err := spec.Load(k.engine.Kinds, dirs...)
	if err != nil {
		k.Fatal(err)
	}
	return desired
}

// hushed says of all holds that they may mean nothing: what most tests are about is not that guard.
func hushed(kind string, desired resource.Config) resource.Baseline {
	b := resource.Baseline{Kind: kind, Root: "/nowhere"}
	for _, e := range desired.Entries {
		if e.Object["keep"] == true {
			b.Rules = append(b.Rules, resource.RuleSays{Addr: e.Addr, Root: b.Root, Says: e.Object, Silent: true})
		}
	}
	return b
}

// run runs a job, as the daemon or a command does.
func (k *keeper) run(ctx context.Context, name string, s apply.Situation) (report apply.Report, err error) {
	k.Helper()
	jobs := apply.Jobs()
	j := jobs[slices.IndexFunc(jobs, func(j apply.Job) bool { return j.Name == name })]
	if s.Observe {
		if s.Snap, err = state.Load(ctx, k.state); err != nil {
			k.Fatal(err)
		}
		return j.Run(ctx, k.engine, s)
	}
	err = state.Write(context.WithoutCancel(ctx), k.state, 10*time.Second, func(db *state.DB, snap state.Snapshot) error {
		if !k.strict {
			snap.Baselines = append(snap.Baselines, hushed(name, s.Desired))
		}
		s.DB, s.Snap = db, snap
		report, err = apply.RunJob(ctx, j, k.engine, s)
		return err
	})
	return report, err
}

const recordingJob, transcriptionJob = "recording_retention", "transcription_retention"

// enforce runs the retention of recordings, and wants it to succeed.
func (k *keeper) enforce(desired resource.Config) apply.Report {
	k.Helper()
	report, err := k.run(context.Background(), recordingJob, apply.Situation{Desired: desired, Enforce: true})
	if err != nil || report.Failed {
		k.Fatalf("%v %q", err, linesOf(report))
	}
	return report
}

// refused runs it, and wants it to delete nothing, with an error.
func (k *keeper) refused(what string, desired resource.Config, want string) {
	k.Helper()
	before := k.ids("recordings")
	report, err := k.run(context.Background(), recordingJob, apply.Situation{Desired: desired, Enforce: true})
	if err == nil || !strings.Contains(words.Error(err), want) || !strings.HasSuffix(words.Error(err), "; nothing more is deleted") {
		k.Errorf("%s: the error is %s, want %q; %q", what, words.Error(err), want, linesOf(report))
	}
	if got := k.ids("recordings"); !maps.Equal(got, before) {
		k.Errorf("%s: of %d recordings %d are left", what, len(before), len(got))
	}
}

// ids are those of the objects of a collection.
func (k *keeper) ids(collection string) map[string]bool {
	k.Helper()
	var list []struct{ ID string }
	if err := json.Unmarshal(k.sim.Part(collection), &list); err != nil {
		k.Fatal(err)
	}
	out := map[string]bool{}
	for _, o := range list {
		out[o.ID] = true
	}
	return out
}

func (k *keeper) db(f func(db *state.DB, snap state.Snapshot)) {
	k.Helper()
	err := state.Write(context.Background(), k.state, 10*time.Second, func(db *state.DB, snap state.Snapshot) error {
		f(db, snap)
		return nil
	})
	if err != nil {
		k.Fatal(err)
	}
}

func (k *keeper) snapshot() state.Snapshot {
	k.Helper()
	snap, err := state.Load(context.Background(), k.state)
	if err != nil {
		k.Fatal(err)
	}
	return snap
}

// history is the history, the oldest first.
func (k *keeper) history() (events []resource.Event) {
	k.Helper()
	k.db(func(db *state.DB, _ state.Snapshot) {
		var err error
		if events, err = db.History(context.Background(), nil, 1<<20); err != nil {
			k.Fatal(err)
		}
	})
	slices.Reverse(events)
	return events
}

// inHistory wants the history to say of exactly these ids, of each once, that they were deleted.
func (k *keeper) inHistory(what string, want map[string]bool) {
	k.Helper()
	got := map[string]bool{}
	for _, e := range k.history() {
		if e.Op != "delete" || e.Outcome != string(plan.Done) {
			continue
		}
		if got[e.ID] {
			k.Errorf("%s: the history says twice that %s was deleted", what, e.ID)
		}
		got[e.ID] = true
	}
	if !maps.Equal(got, want) {
		k.Errorf("%s: the history says that %v were deleted, want %v", what, sorted(got), sorted(want))
	}
}

func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

func minus(a, b map[string]bool) map[string]bool {
	out := maps.Clone(a)
	maps.DeleteFunc(out, func(id string, _ bool) bool { return b[id] })
	return out
}

func setOf(ids ...string) map[string]bool {
	out := map[string]bool{}
	for _, id := range ids {
		out[id] = true
	}
	return out
}

// has fails where no line holds a text.
func has(t tb, lines []string, want string) {
	t.Helper()
	if !slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, want) }) {
		t.Errorf("no line has %q: %q", want, lines)
	}
}

type object = map[string]any

// ago is a time so long ago, as Telnyx writes it.
func ago(d time.Duration) string {
	return time.Now().Add(-d).UTC().Format("2006-01-02T15:04:05.000Z")
}

const aDay = 24 * time.Hour

// aged are recordings that are so many days old, called d1, d2 and so on.
func aged(days ...int) (list []any) {
	for _, d := range days {
		list = append(list, object{"id": fmt.Sprint("d", d), "created_at": ago(time.Duration(d)*aDay + time.Hour), "from": "+15125550100", "to": "+4930123456789"})
	}
	return list
}

// plainly is a rig whose traffic is held against the contract.
func plainly(t *testing.T, account any) *keeper {
	t.Helper()
	k := newKeeper(t, checked(t), account, telnyxsim.Config{})
	t.Cleanup(k.close)
	return k
}

// must is a document as JSON.
func must(t tb, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
