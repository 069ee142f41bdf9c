package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"

	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"

	"golang.org/x/sync/errgroup"
)

// observe reads the kinds whose section is written, or in which a create was begun, at the same time. Those whose
// natural keys refer to other entries come after them.
func (e *Engine) observe(ctx context.Context, desired resource.Config, snap state.Snapshot, o Options) (map[string]diff.Observed, error) {
	live := map[string]diff.Observed{}
	var first, then []*resource.Kind
	for i := range e.Kinds {
		k := &e.Kinds[i]
		written := slices.ContainsFunc(desired.Roots, func(r resource.Root) bool { return r.Sections[k.Name] })
		begun := slices.ContainsFunc(snap.Intents, func(in resource.Intent) bool {
			return in.Addr.Kind == k.Name && desired.Root(in.Root) != nil
		})
		switch foreign := o.Foreign && k.Listed; {
		case !written && !begun && !foreign, k.Rules, k.Groups: // numbers are read as the plan asks for them
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
