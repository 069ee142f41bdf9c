// Package apply observes Telnyx, guards plans and carries them out. It is the only package that
// changes anything on Telnyx.
//
// It does not know YAML, the command line, or how a kind's objects are read and written: that it
// is handed as Operations.
package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"

	"golang.org/x/sync/errgroup"
)

// Operations read and write the objects of one kind.
type Operations interface {
	// Observe reads what is wanted, or all there is where the kind can be listed.
	Observe(ctx context.Context, want resource.Want) (resource.Observation, error)
	// Read reads one object; nil if it is not there.
	Read(ctx context.Context, id string) (*resource.Live, error)
	Create(ctx context.Context, w resource.Write) (resource.Receipt, error)
	Update(ctx context.Context, w resource.Write) (resource.Receipt, error)
	// Delete takes an object down and removes it; one that is gone already is a success.
	Delete(ctx context.Context, l *resource.Live) (resource.Receipt, error)
	// Numbers counts the phone numbers that would lose their service with the object.
	Numbers(ctx context.Context, l *resource.Live) (int, error)
}

// Engine plans and applies against one account.
type Engine struct {
	Kinds       []resource.Kind
	Operations  map[string]Operations // by kind
	BaseURL     string                // of the API; state is bound to it
	Key         string                // the API key; state remembers its keyed hash
	Instance    string                // in owner tags; "" is "default"
	Concurrency int                   // changes at a time; 0 is 10
	Settle      time.Duration         // between two looks for a create whose answer was lost; 0 is 3 s
	Limits      Limits

	// Secret reads what a reference leads to; nil where no kind has secrets.
	Secret func(ref resource.SecretRef) (string, error)

	OperatorConnect OperatorConnect // for the job that refreshes it; may be nil
	Numbers         Numbers         // nil where no kind has groups of phone numbers
	Times           numbers.Times   // of what is on its way

	Retention map[string]Retention // by the kind of the policies
	Messages  Messages             // may be nil

	// Progress is told of each change that ended. It is called by one goroutine at a time.
	Progress func(done, total int, o Outcome)
	// NumberProgress is told of each call for phone numbers that ended, likewise.
	NumberProgress func(o NumberOutcome)
}

// Options are what a user asks of one run.
type Options struct {
	Prune         bool
	Stateless     bool
	Foreign       bool
	AcceptAccount bool
	Only          []resource.Addr
	Writing       bool // the plan is to be applied: entries whose secrets cannot be had are left alone
}

func (e *Engine) concurrency() int {
	if e.Concurrency <= 0 {
		return 10
	}
	return e.Concurrency
}

func (e *Engine) settle() time.Duration {
	if e.Settle == 0 {
		return 3 * time.Second
	}
	return e.Settle
}

// Plan observes and compares, and lets the guards look at the outcome. It writes nothing anywhere.
func (e *Engine) Plan(ctx context.Context, desired resource.Config, snap state.Snapshot, o Options) (diff.Plan, error) {
	live, err := e.observe(ctx, desired, snap, o)
	if err != nil {
		return diff.Plan{}, err
	}
	if err := e.CheckAccount(ctx, snap, live, o); err != nil {
		return diff.Plan{}, err
	}
	in := e.input(desired, snap, o)
	in.Live, in.Secrets, in.OtherRoots = live, e.secrets(desired, snap), otherRoots(desired, snap)
	plan, err := e.compute(ctx, in)
	if err != nil {
		return plan, err
	}
	if !snap.Exists && !o.Stateless {
		plan.Notes = append(plan.Notes, "there is no state yet: what exists already and belongs to an entry is adopted")
	}
	e.guard(ctx, &plan)
	return plan, nil
}

func (e *Engine) input(desired resource.Config, snap state.Snapshot, o Options) diff.Input {
	return diff.Input{
		Kinds: e.Kinds, Desired: desired, Owned: snap.OldOwned(), Intents: snap.Intents, Instance: e.Instance, Now: time.Now(),
		Orders: snap.Orders, Troubles: snap.Troubles, Times: e.Times,
		NeedSecrets: o.Writing, Prune: o.Prune, Stateless: o.Stateless, Foreign: o.Foreign, Only: o.Only,
	}
}

// secrets follows the references of all entries.
func (e *Engine) secrets(desired resource.Config, snap state.Snapshot) map[resource.SecretRef]resource.Resolved {
	schemas := map[string]*resource.Schema{}
	for i := range e.Kinds {
		schemas[e.Kinds[i].Name] = e.Kinds[i].Schema
	}
	found := map[resource.SecretRef]resource.Resolved{}
	for i := range desired.Entries {
		schema := schemas[desired.Entries[i].Kind]
		if schema == nil {
			continue
		}
		schema.Leaves(desired.Entries[i].Object, func(_ string, _ *resource.Schema, v any) {
			ref, ok := v.(resource.SecretRef)
			if _, known := found[ref]; ok && !known {
				found[ref] = e.resolve(ref, snap)
			}
		})
	}
	return found
}

func (e *Engine) resolve(ref resource.SecretRef, snap state.Snapshot) resource.Resolved {
	if e.Secret == nil {
		return resource.Resolved{Err: errors.New("no secrets can be read here")}
	}
	text, err := e.Secret(ref)
	return resource.Resolved{Secret: snap.Secret(text), Err: err}
}

// PlanSettled is Plan, but where a create is in doubt it looks a second time, some time after the
// first: what Telnyx has made may take a moment to show.
func (e *Engine) PlanSettled(ctx context.Context, desired resource.Config, snap state.Snapshot, o Options) (diff.Plan, error) {
	plan, err := e.Plan(ctx, desired, snap, o)
	doubt := slices.ContainsFunc(plan.Changes, func(c diff.Change) bool { return c.InDoubt }) ||
		slices.ContainsFunc(plan.Numbers.Changes, func(c diff.NumberChange) bool { return c.InDoubt })
	if err != nil || !doubt {
		return plan, err
	}
	if err := wait(ctx, e.settle()); err != nil {
		return plan, err
	}
	return e.Plan(ctx, desired, snap, o)
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// observe reads the kinds whose section is written, at the same time. Those whose natural keys refer
// to other entries come after them.
func (e *Engine) observe(ctx context.Context, desired resource.Config, snap state.Snapshot, o Options) (map[string]diff.Observed, error) {
	live := map[string]diff.Observed{}
	var first, then []*resource.Kind
	for i := range e.Kinds {
		k := &e.Kinds[i]
		written := slices.ContainsFunc(desired.Roots, func(r resource.Root) bool { return r.Sections[k.Name] })
		switch foreign := o.Foreign && k.Listed; {
		case !written && !foreign, k.Rules, k.Groups: // numbers are read as the plan asks for them
		case diff.KeysRefer(k, desired):
			then = append(then, k)
		default:
			first = append(first, k)
		}
	}
	if err := e.observeKinds(ctx, first, desired, snap, live); err != nil || len(then) == 0 {
		return live, err
	}
	in := e.input(desired, snap, o)
	in.Live = live
	return live, e.observeKinds(ctx, then, diff.Identified(in), snap, live)
}

func (e *Engine) observeKinds(ctx context.Context, kinds []*resource.Kind, desired resource.Config, snap state.Snapshot, live map[string]diff.Observed) error {
	var mu sync.Mutex
	var g errgroup.Group
	for _, k := range kinds {
		want := wanted(k, desired, snap)
		g.Go(func() error {
			seen, err := e.Operations[k.Name].Observe(ctx, want)
			if client.Unauthorized(err) || ctx.Err() != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			live[k.Name] = diff.Observed{Observation: seen, Err: err}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

func wanted(k *resource.Kind, desired resource.Config, snap state.Snapshot) (w resource.Want) {
	for i := range desired.Entries {
		if d := &desired.Entries[i]; d.Kind == k.Name {
			key := k.Key(d.Name, d.Object)
			if key != "" {
				w.Keys = append(w.Keys, key)
			}
			if key != "" && k.Deep != nil && k.Deep(d.Object) {
				w.Deep = append(w.Deep, key)
			}
		}
	}
	for _, in := range snap.Intents {
		if in.Addr.Kind == k.Name && in.Key != "" {
			w.Keys = append(w.Keys, in.Key) // what it may have made
		}
	}
	for i := range snap.Owned {
		o := &snap.Owned[i]
		root := desired.Root(o.Root)
		orphan := root != nil && root.Sections[k.Name]
		if o.Addr.Kind == k.Name && (orphan || desired.Find(o.Addr) != nil) {
			w.IDs = append(w.IDs, o.ID)
		}
	}
	return w
}

// Fingerprint identifies a desired state in the history.
func Fingerprint(desired resource.Config) string {
	h := sha256.New()
	for _, r := range desired.Roots {
		fmt.Fprintf(h, "%s\x00%s\n", r.Path, resource.Text(r.Sections))
	}
	for i := range desired.Entries {
		e := &desired.Entries[i]
		fmt.Fprintf(h, "%s\x00%s\x00%s\x00%s\x00%v\x00%v\n", e.Addr, e.Root, resource.Text(e.Object), resource.Text(e.Protect), e.Observe, e.Ignore)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}
