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
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/kinds"
	"telnyxsync/internal/numbers"
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

	writes int             // that are left until it is cut, if any
	cut    func()          // what happens then; nil: nothing
	after  bool            // the last of them is done, and its answer is lost
	polite bool            // its answer arrives
	only   *resource.Entry // the group that is written; nil: any
	dead   bool
}

var errCut = errors.New("the wire is cut")

func (w *numberWire) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.dead {
		return nil, errCut
	}
	if r.Method == http.MethodGet {
		return w.to.RoundTrip(r)
	}
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	if w.cut != nil {
		if w.writes--; w.writes < 0 {
			w.cut()
			if w.cut = nil; !w.after {
				return nil, errCut
			}
			w.watch(r, body)
			res, err := w.to.RoundTrip(r)
			if w.polite {
				return res, err
			}
			return nil, errCut
		}
	}
	w.watch(r, body)
	return w.to.RoundTrip(r)
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
		Kinds: kinds.Pure(kinds.Table()), Operations: map[string]apply.Operations{}, BaseURL: c.BaseURL(), Key: "KEY",
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
func (l *numberLaw) pass(ctx context.Context, only ...resource.Addr) (plan diff.Plan, ok bool) {
	events, seen := l.history(), len(l.sim.Journal())
	snap := l.snapshot()
	desired, o := l.w.config(), apply.Options{Writing: true, Only: only}
	plan, err := l.engine.PlanSettled(ctx, desired, snap, o)
	if err == nil {
		_, err = l.engine.Apply(ctx, l.db, desired, plan, o)
	}
	if l.wire.dead || ctx.Err() != nil {
		return plan, false
	}
	if err != nil {
		l.Fatal(err)
	}
	l.next = plan.Numbers.Next
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
	return plan, true
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

// fault lets some calls fail. Telnyx is never busy for so long that a number would be given up.
func (l *numberLaw) fault() {
	f := telnyxsim.Fault{
		Match: pick(l.T, "call", "POST /external_connections/*/uploads", "POST /external_connections/*/uploads/*/retry",
			"POST /phone_numbers/jobs/update_phone_numbers", "PATCH /external_connections/*/phone_numbers/*"),
		Do: pick(l.T, "do", "drop-before-commit", "drop-after-commit", "html", "status"),
	}
	statuses := []int{http.StatusInternalServerError, http.StatusGatewayTimeout, http.StatusTooManyRequests}
	if rapid.Bool().Draw(l.T, "reading fails") {
		f.Match = pick(l.T, "reading", "GET /external_connections/*/phone_numbers", "GET /external_connections/*/uploads", "GET /external_connections/*/uploads/*",
			"GET /external_connections/*/civic_addresses", "GET /phone_numbers", "GET /phone_numbers/slim", "GET /phone_numbers/jobs/*", "GET /external_connections/*")
		f.Do = pick(l.T, "do", "short-page", "html", "status", "status")
		statuses = append(statuses, http.StatusNotFound)
	}
	if f.Do == "status" {
		f.Status = pick(l.T, "status", statuses...)
	}
	f.Times = rapid.IntRange(1, 4).Draw(l.T, "times")
	if err := l.sim.AddFaults(f); err != nil {
		l.Fatal(err)
	}
}

// wait lets time pass.
func (l *numberLaw) wait() {
	d := pick(l.T, "wait", 0, time.Second, 20*time.Second, 2*time.Minute, 16*time.Minute, time.Hour, 5*time.Hour)
	if d == 0 && !l.next.IsZero() {
		d = time.Until(l.next)
	}
	time.Sleep(d)
}

// settle lets the daemon work until nothing is left to do or to wait for.
func (l *numberLaw) settle() (plan diff.Plan) {
	l.sim.ClearFaults()
	const most = 60
	for i := range most {
		before := len(writes(l.sim))
		plan, _ = l.pass(context.Background())
		n, truth := &plan.Numbers, l.truth()
		open := len(n.Waiting) > 0 || slices.ContainsFunc(n.Changes, func(c diff.NumberChange) bool { return c.Op != diff.Adopt })
		over := !slices.ContainsFunc(n.Open, func(o resource.Order) bool { // but for what hangs
			for number := range o.Numbers.All() {
				if _, hangs := truth.coming(number); !hangs {
					return true
				}
			}
			return false
		})
		if !open && over && len(n.Changes)+len(plan.Changes) == 0 && len(writes(l.sim)) == before && !truth.moves() {
			return plan
		}
		if open && n.Next.IsZero() {
			l.Fatalf("nobody wakes what waits: %s", inShort(&plan))
		}
		time.Sleep(max(time.Duration(i)*10*time.Minute, l.w.uploadTime/2, time.Until(n.Next)))
	}
	l.Fatalf("after %d passes something is left: %s", most, inShort(&plan))
	return plan
}

// inShort is a plan for whoever has to find out what went wrong.
func inShort(plan *diff.Plan) string {
	var out strings.Builder
	for _, c := range plan.Changes {
		fmt.Fprintf(&out, "\n%s %s", c.Op, c.Addr)
	}
	for what, list := range map[string][]diff.NumberChange{"": plan.Numbers.Changes, "wait: ": plan.Numbers.Waiting, "observed: ": plan.Numbers.Observed} {
		for _, c := range list {
			fmt.Fprintf(&out, "\n%s%s %s %s at %s: %s", what, c.Op, c.Addr, c.Numbers.Texts(), resource.Text(c.Target), c.Reason)
		}
	}
	for _, p := range plan.Problems {
		fmt.Fprintf(&out, "\nproblem %s: %s", p.Addr, p.Text)
	}
	fmt.Fprintf(&out, "\nnext %v %+v", plan.Numbers.Next, plan.Numbers.Counts)
	return out.String()
}

// ended looks at an account that has come to rest.
func (l *numberLaw) ended(before numberTruth, plan diff.Plan) {
	truth := l.truth()
	for _, g := range l.w.groups {
		for n := range g.numbers.All() {
			if !g.observe && !truth.inPlace(n, g) {
				l.excuse(&truth, plan, g, n)
			}
		}
	}
	for n := range l.w.pool.Minus(l.w.ever).All() {
		if l.meddled[n] {
			continue
		}
		was, owned := before.connection(n)
		is, _ := truth.connection(n)
		place, _, _ := before.place(n)
		if at, _, _ := truth.place(n); is != was || owned && at != place && place != "" {
			l.Errorf("%s was on %s at %s, and is on %s at %s, though nobody wanted it", n, was, place, is, at)
		}
	}
	for _, t := range l.snapshot().Troubles {
		if l.w.group(t.Number) == nil {
			l.Errorf("a trouble of a number in no group is remembered: %s", resource.Text(t))
		}
	}
	l.sim.ClearJournal()
	events := l.history()
	for range 2 {
		time.Sleep(10 * time.Minute)
		l.pass(context.Background())
	}
	if w := writes(l.sim); len(w) > 0 || l.history() != events {
		newest, _ := l.db.History(context.Background(), nil, l.history()-events)
		l.Errorf("at rest, %q is written, and told: %s", w, resource.Text(newest))
	}
}

// excuse looks for the reason why a number is not in place, and that the plan names it.
func (l *numberLaw) excuse(truth *numberTruth, plan diff.Plan, g *numberGroup, n resource.Number) {
	on, owned := truth.connection(n)
	_, hangs := truth.coming(n)
	location, _, _ := truth.place(n)
	noDefault := g.civic != "" && defaultOf(g.civic) == ""
	switch {
	case !owned, g.location == "nowhere", hangs, l.w.hopeless[n]:
	case on != "" && on != truth.connectionOf(g) && !g.allowMove:
	case noDefault, l.w.tollFree[n] && g.toUsers():
	default:
		l.Errorf("%s of %s is on %s at %q, and nothing keeps it from %s%s on %s: %s", n, g.name, on, location, g.location, g.civic, g.connection, inShort(&plan))
		return
	}
	for _, p := range plan.Problems {
		if p.Addr.Name == g.name && saysNumber(p.Text, n) {
			return
		}
	}
	l.Errorf("%s of %s is on %s at %q, and no problem names it: %s", n, g.name, on, location, inShort(&plan))
}

// saysNumber tells whether the text of a problem names a number, or may leave it out for brevity.
func saysNumber(text string, n resource.Number) bool {
	_, list, _ := strings.Cut(text, "(")
	list, _, _ = strings.Cut(list, ")")
	if strings.Contains(list, " more ") {
		return true
	}
	var ranges []any
	for r := range strings.SplitSeq(list, ", ") {
		ranges = append(ranges, r)
	}
	s, err := resource.ToNumbers(ranges)
	return err == nil && s.Has(n)
}

// lawOfNumbers does random steps, those given among them, and then lets the account come to rest.
func lawOfNumbers(t *testing.T, r *rapid.T, wrap func(http.Handler) http.Handler, steps map[string]func(l *numberLaw)) {
	inBubble(t, func() {
		l := newNumberLaw(r, wrap)
		defer func() {
			l.close()
			_ = os.RemoveAll(l.dir)
		}()
		pass := func(l *numberLaw) { l.pass(context.Background()) }
		steps["pass"], steps["pass again"], steps["one more pass"], steps["pass of one"] = pass, pass, pass, (*numberLaw).passOfOne
		steps["wait"], steps["wait again"], steps["fault"], steps["retry job"] = (*numberLaw).wait, (*numberLaw).wait, (*numberLaw).fault, (*numberLaw).retryJob
		steps["edit"], steps["meddle"] = func(l *numberLaw) { l.w.edit(r) }, (*numberLaw).somebody
		names, before := slices.Sorted(maps.Keys(steps)), l.truth()
		for range rapid.IntRange(1, 10).Draw(r, "steps") {
			steps[pick(r, "step", names...)](l)
		}
		l.ended(before, l.settle())
	})
}

// Whatever fails, whoever meddles, and whatever is changed on the way: no number is uploaded while it is on its
// way, none is touched that nobody wants, and in the end each is in place or a problem says why not.
func TestLawsOfNumbers(t *testing.T) {
	wrap := checked(t)
	rapid.Check(t, func(r *rapid.T) { lawOfNumbers(t, r, wrap, map[string]func(l *numberLaw){}) })
}
