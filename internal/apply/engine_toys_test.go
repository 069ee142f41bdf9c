package apply_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// toys is an engine over the toy kinds, with a state.
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
		Limits: unlimited(),
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
func (y *toys) apply(ctx context.Context, desired resource.Config, o apply.Options) (made plan.Plan, result plan.Result, err error) {
	y.Helper()
	y.db(func(db *state.DB, snap state.Snapshot) {
		if made, err = y.engine.PlanSettled(ctx, desired, snap, o); err != nil {
			y.Fatal(err)
		}
		result, err = y.engine.Apply(ctx, db, desired, made, o)
	})
	return made, result, err
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

func outcomes(r plan.Result) (out []string) {
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
