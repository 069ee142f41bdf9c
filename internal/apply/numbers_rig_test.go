package apply_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/kinds"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
	"telnyxsync/internal/telnyxsim"

	"pgregory.net/rapid"
)

// numberLaw is a random world of numbers, and an engine that looks after it in virtual time.
type numberLaw struct {
	*rapid.T
	w    *numberWorld
	sim  *telnyxsim.Sim
	wire *numberWire
	dir  string

	engine *apply.Engine
	lock   *state.Lock
	db     *state.DB
	times  numbers.Times
	next   time.Time // when the last plan wants to look again

	concurrency int // with 1 a failure can be reproduced

	meddled map[resource.Number]bool // by somebody else
}

// numberWire hands requests to the simulator, until it is cut.
type numberWire struct {
	to    http.RoundTripper
	watch func(r *http.Request, body []byte) // each write before it is done
	only  *resource.Entry                    // the group that is written; nil: any

	mu     sync.Mutex
	writes int    // that are left until it is cut, if any
	cut    func() // what happens then; nil: nothing
	done   bool   // the write that it is cut at is done
	heard  bool   // and answered
	dead   bool   // nothing gets through any more
}

var errCut = errors.New("the wire is cut")

func (w *numberWire) RoundTrip(r *http.Request) (*http.Response, error) {
	reading := r.Method == http.MethodGet
	w.mu.Lock()
	dead, last := w.dead, false
	if !dead && !reading && w.cut != nil {
		if w.writes--; w.writes < 0 {
			w.cut()
			last, w.cut = true, nil
		}
	}
	w.mu.Unlock()
	switch {
	case dead, last && !w.done:
		return nil, errCut
	case reading:
		return w.to.RoundTrip(r)
	}
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	w.watch(r, body)
	res, err := w.to.RoundTrip(r)
	if last && !w.heard {
		return nil, errCut
	}
	return res, err
}

// inBubble runs f in virtual time. What ends a property early ends it outside, too: each in a line of its
// own, as it is by them that rapid tells failures apart.
func inBubble(t *testing.T, f func()) {
	var p any
	var stack []byte
	synctest.Test(t, func(*testing.T) {
		defer func() {
			if p = recover(); p != nil {
				stack = debug.Stack()
			}
		}()
		f()
	})
	switch fmt.Sprintf("%T", p) {
	case "<nil>":
	case "rapid.stopTest":
		panic(p)
	case "rapid.invalidData":
		panic(p)
	default:
		t.Logf("%s", stack)
		panic(p)
	}
}

func newNumberLaw(t *rapid.T, wrap func(http.Handler) http.Handler) *numberLaw {
	l := &numberLaw{T: t, w: drawNumberWorld(t), meddled: map[resource.Number]bool{}}
	text, err := json.Marshal(l.w.account)
	if err != nil {
		t.Fatal(err)
	}
	l.sim, err = telnyxsim.New(telnyxsim.Config{Account: text, UploadTime: l.w.uploadTime, PageCap: pick(t, "page", 0, 0, 3)})
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	l.wire = &numberWire{to: direct{wrap(l.sim)}, watch: l.watch}
	l.times = numbers.Times{
		RetryCap: 4 * time.Minute, Attempts: 6,
		UploadDeadline: pick(t, "deadline", 2*time.Hour, 2*time.Hour, 24*time.Hour),
		BatchSettle:    pick(t, "batch settle", 0, time.Second),
	}
	// In memory, where the system has such a place: it is synced at every step of thousands of passes.
	if l.dir, err = os.MkdirTemp("/dev/shm", "telnyxsync-test-"); err != nil {
		if l.dir, err = os.MkdirTemp("", "telnyxsync-test-"); err != nil {
			t.Fatal(err)
		}
	}
	l.concurrency = pick(t, "concurrency", 1, 1, 10)
	l.open()
	return l
}

// open makes an engine, and opens the state.
func (l *numberLaw) open() {
	c, err := client.New(client.Config{BaseURL: "http://127.0.0.1/v2", Key: "KEY", Transport: l.wire})
	if err != nil {
		l.Fatal(err)
	}
	l.engine = &apply.Engine{
		Limits: unlimited(),
		Kinds:  kinds.Pure(kinds.Table()), Operations: map[string]apply.Operations{}, BaseURL: c.BaseURL(), Key: "KEY",
		Numbers: kinds.NewNumbers(c), Times: l.times, Concurrency: l.concurrency,
	}
	for _, row := range kinds.Table() {
		if row.Open != nil {
			l.engine.Operations[row.Name] = row.Open(c)
		}
	}
	if l.lock, err = state.Acquire(context.Background(), l.dir); err != nil {
		l.Fatal(err)
	}
	if l.db, err = state.Open(context.Background(), l.lock); err != nil {
		l.Fatal(err)
	}
}

// close ends what open began, as the end of the process does.
func (l *numberLaw) close() {
	_ = l.db.Close()
	_ = l.lock.Release()
}

// pass is what the daemon does to reconcile, or a person for some entries; false where it was cut off.
func (l *numberLaw) pass(ctx context.Context, only ...resource.Addr) (made plan.Plan, ok bool) {
	events, seen := l.history(), len(l.sim.Journal())
	snap := l.snapshot()
	desired, o := l.w.config(), apply.Options{Writing: true, Only: only}
	made, err := l.engine.PlanSettled(ctx, desired, snap, o)
	if err == nil {
		_, err = l.engine.Apply(ctx, l.db, desired, made, o)
	}
	if l.wire.dead || ctx.Err() != nil {
		return made, false
	}
	if err != nil {
		l.Fatal(err)
	}
	wholeCalls(l, &made)
	l.next = made.NextLook
	posts, moves := 0, 0
	for _, j := range l.sim.Journal()[seen:] {
		switch {
		case j.Status/100 != 2:
		case j.Method == http.MethodPost && j.Path != "/external_connections":
			posts++
		case j.Method == http.MethodPatch && strings.Contains(j.Path, "/phone_numbers/"):
			moves = 1
		}
	}
	if more := l.history() - events; more < posts+moves {
		l.Errorf("%d events of %d writes", more, posts+moves)
	}
	l.check()
	return made, true
}

func (l *numberLaw) snapshot() state.Snapshot {
	snap, err := l.db.Snapshot(context.Background())
	if err != nil {
		l.Fatal(err)
	}
	return snap
}

// history counts its events.
func (l *numberLaw) history() int {
	newest, err := l.db.History(context.Background(), nil, 1)
	if err != nil {
		l.Fatal(err)
	}
	if len(newest) == 0 {
		return 0
	}
	return int(newest[0].Seq)
}

// check looks at what holds at any time.
func (l *numberLaw) check() {
	if v := l.sim.Violations(); len(v) > 0 {
		l.Fatalf("violations: %q", v)
	}
	for _, j := range l.sim.Journal() {
		if j.Path == "/phone_numbers/jobs/update_phone_numbers" && j.Status == http.StatusUnprocessableEntity && len(l.w.account["phone_numbers_jobs"].([]any)) == 0 {
			l.Fatalf("a job was refused")
		}
	}
}
