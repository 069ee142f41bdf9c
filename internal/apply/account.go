package apply

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// CheckAccount makes sure that state, URL and key belong together: with another account, all that
// we own would look deleted, and what has the name of something that we own would look ours. live is
// what has been read already.
func (e *Engine) CheckAccount(ctx context.Context, snap state.Snapshot, live map[string]diff.Observed, o Options) error {
	if !snap.Exists || o.AcceptAccount || o.Stateless {
		return nil
	}
	if snap.BaseURL != "" && snap.BaseURL != e.BaseURL {
		return fmt.Errorf("the state belongs to %s, not to %s: choose another directory with --state, or move it over with --accept-account", snap.BaseURL, e.BaseURL)
	}
	if remembersNothing(&snap) || !snap.KeyChanged(e.Key) {
		return nil
	}
	// Only an id that Telnyx made proves anything: another account may have a connector of the same name.
	proofs := slices.DeleteFunc(slices.Clone(snap.Owned), func(own resource.Owned) bool {
		return !slices.ContainsFunc(e.Kinds, func(k resource.Kind) bool { return k.Name == own.Addr.Kind && k.IDs })
	})
	for _, own := range proofs {
		for _, l := range live[own.Addr.Kind].Objects {
			if l.ID == own.ID {
				return nil
			}
		}
	}
	// What was read for the plan holds nothing that we know; a few more may tell.
	const enough = 5
	for _, own := range proofs[:min(len(proofs), enough)] {
		l, err := e.Operations[own.Addr.Kind].Read(ctx, own.ID)
		if err != nil {
			return fmt.Errorf("the API key is not the one that the state was made with, and whether it is of the same account could not be read: %w", err)
		}
		if l != nil {
			return nil
		}
	}
	if len(proofs) == 0 {
		return errors.New("the API key is not the one that the state was made with, and nothing that the state knows can prove that it is of the same account: " +
			"if it is, run `telnyxsync apply --accept-account` once; if not, use the right key or another directory with --state")
	}
	return errors.New("the API key seems to be of another account: nothing that the state knows can be read with it. " +
		"Use the right key, another directory with --state, or --accept-account if all of it was really deleted")
}

// otherRoots are the configurations that own something in the state, are still there, and are not
// part of this run: what is theirs is not for this run to take.
func otherRoots(desired resource.Config, snap state.Snapshot) map[string]bool {
	others := map[string]bool{}
	for _, root := range roots(&snap) {
		if root == "" || desired.Root(root) != nil {
			continue
		}
		info, err := os.Stat(root)
		if err != nil {
			continue // it was moved: its entries move along
		}
		same := slices.ContainsFunc(desired.Roots, func(r resource.Root) bool {
			other, err := os.Stat(r.Path)
			return within(r.Path, root) || within(root, r.Path) || err == nil && os.SameFile(info, other)
		})
		if !same {
			others[root] = true
		}
	}
	return others
}

// roots are the configurations that what state remembers came from, each as often as it has something there.
func roots(snap *state.Snapshot) (roots []string) {
	for i := range snap.Owned {
		roots = append(roots, snap.Owned[i].Root)
	}
	for i := range snap.Groups {
		roots = append(roots, snap.Groups[i].Root)
	}
	for i := range snap.Rules {
		roots = append(roots, snap.Rules[i].Root)
	}
	return roots
}

func remembersNothing(snap *state.Snapshot) bool {
	return len(roots(snap))+len(snap.Intents)+len(snap.Deletions) == 0
}

// within tells whether a path lies below another.
func within(path, dir string) bool {
	return strings.HasPrefix(path, strings.TrimSuffix(dir, string(filepath.Separator))+string(filepath.Separator))
}
