package apply_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// The toy kinds: lines refer to carriers and to one another. Telnyx has kinds that refer like this,
// those that telnyxsync knows today do not.

type carrier struct {
	Host string `yaml:"host"`
}

func (carrier) KindName() string { return "carriers" }

type line struct {
	Carrier resource.RefTo[carrier] `yaml:"carrier"`
	Next    resource.RefTo[line]    `yaml:"next" rule:"null"`
	Host    string                  `yaml:"host"`
}

func (line) KindName() string { return "lines" }

// memory keeps the objects of one kind; what is made of the entry x gets the id id-x.
type memory struct {
	kind string

	mu      sync.Mutex
	objects map[string]resource.Object // by id
	calls   []string                   // those that write, "create x"
	sent    map[string]resource.Object // by call

	// What a test may put in. Each may be nil.
	numbers  func(id string) int
	observed func()                             // before each look
	before   func(call string) error            // of each write; an error refuses it
	after    func(call string, err error) error // the answer to a write
	late     func(add func())                   // what is written shows when add is called
}

func (m *memory) Observe(context.Context, resource.Want) (seen resource.Observation, err error) {
	if m.observed != nil {
		m.observed()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(m.objects)) {
		seen.Objects = append(seen.Objects, m.live(id))
	}
	return seen, nil
}

func (m *memory) live(id string) resource.Live {
	return resource.Live{ID: id, Object: resource.Overlay(m.objects[id], nil), Keys: []string{id}, Label: m.kind}
}

func (m *memory) Read(_ context.Context, id string) (*resource.Live, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.objects[id] == nil {
		return nil, nil
	}
	l := m.live(id)
	return &l, nil
}

// write does a write unless before refuses it.
func (m *memory) write(call string, sent resource.Object, do func()) error {
	m.mu.Lock()
	m.calls = append(m.calls, call)
	if m.sent == nil {
		m.sent = map[string]resource.Object{}
	}
	m.sent[call] = sent
	before, after, late := m.before, m.after, m.late
	m.mu.Unlock()
	var err error
	if before != nil {
		err = before(call)
	}
	if err == nil {
		locked := func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			do()
		}
		if late != nil {
			late(locked)
		} else {
			locked()
		}
	}
	if after != nil {
		return after(call, err)
	}
	return err
}

func (m *memory) Create(_ context.Context, w resource.Write) (resource.Receipt, error) {
	id := "id-" + w.Name
	err := m.write("create "+w.Name, w.Desired, func() { m.objects[id] = resource.Overlay(w.Desired, nil) })
	return resource.Receipt{Live: &resource.Live{ID: id}}, err
}

func (m *memory) Update(_ context.Context, w resource.Write) (resource.Receipt, error) {
	err := m.write("update "+w.Name, w.Patch, func() { m.objects[w.Live.ID] = resource.Overlay(m.objects[w.Live.ID], w.Patch) })
	return resource.Receipt{}, err
}

func (m *memory) Delete(_ context.Context, l *resource.Live) (resource.Receipt, error) {
	return resource.Receipt{}, m.write("delete "+l.ID, nil, func() { delete(m.objects, l.ID) })
}

func (m *memory) Numbers(_ context.Context, l *resource.Live) (int, error) {
	if m.numbers == nil {
		return 0, nil
	}
	return m.numbers(l.ID), nil
}

// How a write can end.
var (
	errRefused = errors.New("refused")
	errLost    = &client.Error{Method: "POST", Path: "/toys", Sent: true, Err: io.ErrUnexpectedEOF}
)

// toys is an engine over two toy kinds, with a state.
type toys struct {
	*testing.T
	engine          *apply.Engine
	carriers, lines *memory
	dir             string
}

func newToys(t *testing.T) *toys {
	t.Helper()
	key := func(name string, _ resource.Object) string { return "id-" + name }
	y := &toys{
		T: t, dir: t.TempDir(),
		carriers: &memory{kind: "carriers", objects: map[string]resource.Object{}},
		lines:    &memory{kind: "lines", objects: map[string]resource.Object{}},
	}
	y.engine = &apply.Engine{
		Kinds: []resource.Kind{
			{Name: "carriers", Schema: resource.SchemaOf[carrier](), Key: key, Listed: true, IDs: true},
			{Name: "lines", Schema: resource.SchemaOf[line](), Key: key, Listed: true},
		},
		Operations: map[string]apply.Operations{"carriers": y.carriers, "lines": y.lines},
		BaseURL:    "http://toys/v2", Key: "KEY",
	}
	return y
}

func (y *toys) db(f func(db *state.DB, snap state.Snapshot)) {
	y.Helper()
	err := state.Write(context.Background(), y.dir, 0, func(db *state.DB, snap state.Snapshot) error {
		f(db, snap)
		return nil
	})
	if err != nil {
		y.Fatal(err)
	}
}

// apply plans and applies as the command does, and returns what there is to see.
func (y *toys) apply(ctx context.Context, desired resource.Config, o apply.Options) (plan diff.Plan, result apply.Result, err error) {
	y.Helper()
	y.db(func(db *state.DB, snap state.Snapshot) {
		if plan, err = y.engine.PlanSettled(ctx, desired, snap, o); err != nil {
			y.Fatal(err)
		}
		result, err = y.engine.Apply(ctx, db, desired, plan, o)
	})
	return plan, result, err
}

// must is apply where all is to be done.
func (y *toys) must(desired resource.Config) {
	y.Helper()
	if _, result, err := y.apply(y.Context(), desired, apply.Options{}); err != nil || !result.OK() {
		y.Fatalf("%+v %v", result, err)
	}
}

func (y *toys) snapshot() state.Snapshot {
	y.Helper()
	snap, err := state.Load(context.Background(), y.dir)
	if err != nil {
		y.Fatal(err)
	}
	return snap
}

// owned are the addresses and ids that state knows, in order.
func (y *toys) owned() (out []string) {
	for _, o := range y.snapshot().Owned {
		out = append(out, fmt.Sprintf("%s=%s", o.Addr, o.ID))
	}
	return out
}

// begun are the addresses of the intents.
func (y *toys) begun() (out []string) {
	for _, i := range y.snapshot().Intents {
		out = append(out, i.Addr.String())
	}
	return out
}

func same(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func outcomes(r apply.Result) (out []string) {
	for _, o := range r.Outcomes {
		text := fmt.Sprintf("%s %s: %s", o.Op, o.Addr, o.Status)
		if o.BlockedBy != "" {
			text += " by " + o.BlockedBy
		}
		out = append(out, text)
	}
	return out
}

func entry(kind, name string, o resource.Object) resource.Entry {
	return resource.Entry{Addr: resource.Addr{Kind: kind, Name: name}, Object: o}
}

func ref(kind, name string) resource.Ref {
	return resource.Ref{Addr: resource.Addr{Kind: kind, Name: name}}
}
