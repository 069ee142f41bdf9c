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
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// The toy kinds: lines refer to carriers and to one another. Telnyx has kinds that refer like this,
// those that telnyxsync knows today do not. Safes belong to a carrier, whose id is their key, and hold a
// secret; reels expire, and show what they are made of to a closer look alone.

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

type safe struct {
	Carrier   resource.RefTo[carrier] `yaml:"carrier" rule:"local"`
	CarrierID resource.ID             `yaml:"carrier_id" rule:"local"`
	Code      resource.Secret         `yaml:"code"`
	Host      string                  `yaml:"host"`
}

func (safe) KindName() string { return "safes" }

type reel struct {
	File   string            `yaml:"file" rule:"writeonly"`
	TTL    resource.Duration `yaml:"ttl" rule:"writeonly,assumed"`
	Verify bool              `yaml:"verify" rule:"policy"`
	Host   string            `yaml:"host"`
}

func (reel) KindName() string { return "reels" }

func reelLife(o resource.Object) (life, before time.Duration) {
	life = resource.GetDuration(o, "/ttl", 100*time.Hour)
	return life, life / 10
}

func safeKey(_ string, o resource.Object) string {
	if ref, ok := o["carrier"].(resource.Ref); ok {
		return ref.ID
	}
	return resource.GetString(o, "/carrier_id")
}

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
	keyed    bool                               // objects are called by their natural keys
	hidden   []string                           // what only a closer look shows
	becomes  func(field string, v any) any      // of what is hidden, once it is there
	ends     map[string]time.Time               // when objects expire
	life     func(w resource.Write) time.Time   // when what is written expires
}

func (m *memory) Observe(_ context.Context, want resource.Want) (seen resource.Observation, err error) {
	if m.observed != nil {
		m.observed()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(m.objects)) {
		seen.Objects = append(seen.Objects, m.live(id, slices.Contains(want.Deep, id)))
	}
	return seen, nil
}

func (m *memory) live(id string, deep bool) resource.Live {
	o := resource.Overlay(m.objects[id], nil)
	for _, field := range m.hidden {
		switch v, there := o[field]; {
		case !deep:
			delete(o, field)
		case there && m.becomes != nil:
			o[field] = m.becomes(field, v)
		}
	}
	return resource.Live{ID: id, Object: o, Keys: []string{id}, Label: m.kind, Expires: m.ends[id]}
}

func (m *memory) Read(_ context.Context, id string) (*resource.Live, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.objects[id] == nil {
		return nil, nil
	}
	l := m.live(id, false)
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
	if m.keyed {
		id = w.Key
	}
	err := m.write("create "+w.Name, w.Desired, func() { m.put(id, w, resource.Overlay(w.Desired, nil)) })
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.live(id, w.Deep)
	return resource.Receipt{Live: &l}, err
}

func (m *memory) Update(_ context.Context, w resource.Write) (resource.Receipt, error) {
	id := w.Live.ID
	if err := m.write("update "+w.Name, w.Patch, func() { m.put(id, w, resource.Overlay(m.objects[id], w.Patch)) }); err != nil {
		return resource.Receipt{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.live(id, w.Deep)
	return resource.Receipt{Live: &l}, nil
}

func (m *memory) put(id string, w resource.Write, o resource.Object) {
	m.objects[id] = o
	if m.life != nil {
		m.ends[id] = m.life(w)
	}
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
	engine                        *apply.Engine
	carriers, lines, safes, reels *memory
	secrets                       map[string]string // of the environment; what is not there cannot be read
	dir                           string
}

func newToys(t *testing.T) *toys {
	t.Helper()
	key := func(name string, _ resource.Object) string { return "id-" + name }
	y := &toys{
		T: t, dir: t.TempDir(),
		carriers: &memory{kind: "carriers", objects: map[string]resource.Object{}},
		lines:    &memory{kind: "lines", objects: map[string]resource.Object{}},
		safes:    &memory{kind: "safes", objects: map[string]resource.Object{}, keyed: true, hidden: []string{"code"}},
		reels:    &memory{kind: "reels", objects: map[string]resource.Object{}, hidden: []string{"file", "ttl"}, ends: map[string]time.Time{}},
		secrets:  map[string]string{},
	}
	y.reels.life = func(w resource.Write) time.Time {
		life, _ := reelLife(w.Desired)
		return time.Now().Add(life)
	}
	y.engine = &apply.Engine{
		Kinds: []resource.Kind{
			{Name: "carriers", Schema: resource.SchemaOf[carrier](), Key: key, Listed: true, IDs: true},
			{Name: "lines", Schema: resource.SchemaOf[line](), Key: key, Listed: true},
			{Name: "safes", Schema: resource.SchemaOf[safe](), Key: safeKey, KeyField: "/carrier_id", KeyRef: "/carrier", Rekeying: true},
			{
				Name: "reels", Schema: resource.SchemaOf[reel](), Key: key, Listed: true, Renewal: reelLife,
				Deep: func(o resource.Object) bool { return o["verify"] == true },
			},
		},
		Operations: map[string]apply.Operations{"carriers": y.carriers, "lines": y.lines, "safes": y.safes, "reels": y.reels},
		BaseURL:    "http://toys/v2", Key: "KEY",
		Secret: func(ref resource.SecretRef) (string, error) {
			text, ok := y.secrets[ref.Env]
			if !ok {
				return "", errors.New("the secret " + ref.String() + ": it is not there")
			}
			return text, nil
		},
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
