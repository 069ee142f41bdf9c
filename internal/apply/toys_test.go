package apply_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
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
	told    time.Time                  // what time it is, by the last update

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
	m.told = w.Now
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
