package apply_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/contract"
	"telnyxsync/internal/kinds"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
	"telnyxsync/internal/telnyxsim"
)

// tb is what both *testing.T and *rapid.T offer.
type tb interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// direct hands requests to a handler without a network; an aborted answer is a lost connection.
type direct struct{ h http.Handler }

func (d direct) RoundTrip(r *http.Request) (res *http.Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler {
				panic(p)
			}
			res, err = nil, io.ErrUnexpectedEOF
		}
	}()
	r = r.WithContext(r.Context()) // a copy, as it would arrive: nobody can ask for the body anew
	if r.GetBody = nil; r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	d.h.ServeHTTP(w, r)
	res = w.Result()
	res.Request = r
	return res, nil
}

// rig is an engine against a simulated account, with a state.
type rig struct {
	tb
	sim    *telnyxsim.Sim
	engine *apply.Engine
	dir    string
}

// newRig needs the document's checks wrapped once per test: rapid runs a property many times.
func newRig(t tb, wrap func(http.Handler) http.Handler, account any) *rig {
	t.Helper()
	text, err := json.Marshal(account)
	if err != nil {
		t.Fatal(err)
	}
	sim, err := telnyxsim.New(telnyxsim.Config{Account: text})
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	c, err := client.New(client.Config{BaseURL: "http://127.0.0.1/v2", Key: "KEY", Transport: direct{wrap(sim)}})
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "telnyxsync-test-")
	if err != nil {
		t.Fatal(err)
	}
	rows := kinds.Table()
	e := &apply.Engine{
		Limits: unlimited(),
		Kinds:  kinds.Pure(rows), Operations: map[string]apply.Operations{},
		BaseURL: c.BaseURL(), Key: "KEY", Settle: time.Microsecond, ClockSkew: c.ClockSkew,
	}
	e.Numbers = kinds.NewNumbers(c)
	for _, row := range rows {
		if row.Open != nil {
			e.Operations[row.Name] = row.Open(c)
		}
	}
	return &rig{tb: t, sim: sim, engine: e, dir: dir}
}

func (r *rig) close() { _ = os.RemoveAll(r.dir) }

// checked wraps handlers with the contract; d is nil where the document is missing.
func checked(t testing.TB) func(http.Handler) http.Handler {
	// The document's handler is made anew for each account, the report goes to the one test.
	return func(h http.Handler) http.Handler { return contract.Wrap(t, h) }
}

func (r *rig) db(f func(ctx context.Context, db *state.DB)) {
	r.Helper()
	ctx := context.Background()
	lock, err := state.Acquire(ctx, r.dir)
	if err != nil {
		r.Fatal(err)
	}
	defer lock.Release()
	db, err := state.Open(ctx, lock)
	if err != nil {
		r.Fatal(err)
	}
	defer db.Close()
	f(ctx, db)
}

func (r *rig) snapshot() (snap state.Snapshot) {
	r.Helper()
	snap, err := state.Load(context.Background(), r.dir)
	if err != nil {
		r.Fatal(err)
	}
	return snap
}

func (r *rig) plan(desired resource.Config, o apply.Options) plan.Plan {
	r.Helper()
	before := len(writes(r.sim))
	made, err := r.engine.Plan(context.Background(), desired, r.snapshot(), o)
	if err != nil {
		r.Fatal(err)
	}
	if len(writes(r.sim)) != before {
		r.Fatalf("planning wrote: %v", writes(r.sim))
	}
	return made
}

func (r *rig) apply(desired resource.Config, o apply.Options) (made plan.Plan, result plan.Result) {
	r.Helper()
	r.db(func(ctx context.Context, db *state.DB) {
		snap, err := db.Snapshot(ctx)
		if err != nil {
			r.Fatal(err)
		}
		if made, err = r.engine.PlanSettled(ctx, desired, snap, o); err != nil {
			r.Fatal(err)
		}
		if result, err = r.engine.Apply(ctx, db, desired, made, o); err != nil {
			r.Fatal(err)
		}
	})
	return made, result
}

func writes(sim *telnyxsim.Sim) (out []string) {
	for _, j := range sim.Journal() {
		if j.Method != "GET" {
			out = append(out, j.Method+" "+j.Path)
		}
	}
	return out
}

// objects are the account's objects of the kinds that are managed, by "kind/id", as JSON.
func (r *rig) objects() map[string]string {
	r.Helper()
	out := map[string]string{}
	for kind, key := range map[string]string{
		"external_connections": "id", "siprec_connectors": "name", "media": "media_name",
		"custom_storage_credentials": "connection_id", "dialogflow_connections": "connection_id",
	} {
		var list []map[string]any
		if err := json.Unmarshal(r.sim.Part(kind), &list); err != nil {
			r.Fatal(err)
		}
		for _, o := range list {
			out[kind+"/"+o[key].(string)] = resource.Text(o)
		}
	}
	return out
}

// config makes a configuration of entries that all stand in one root.
func config(root string, sections []string, entries ...resource.Entry) resource.Config {
	r := resource.Root{Path: root, Sections: map[string]bool{}, Entries: len(entries)}
	for _, s := range sections {
		r.Sections[s] = true
	}
	for i := range entries {
		entries[i].Root = root
		entries[i].Pos = resource.Position{File: "test.yaml", Line: i + 1, Col: 1}
		r.Sections[entries[i].Kind] = true
	}
	return resource.Config{Roots: []resource.Root{r}, Entries: sortEntries(entries)}
}

func sortEntries(entries []resource.Entry) []resource.Entry {
	for i := range entries {
		for j := i; j > 0 && entries[j].Compare(entries[j-1].Addr) < 0; j-- {
			entries[j], entries[j-1] = entries[j-1], entries[j]
		}
	}
	return entries
}
