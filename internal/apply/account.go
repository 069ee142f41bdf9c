package apply

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// The codes of a state, a URL and a key that do not belong together.
const (
	StateOfOtherURL plan.Code = "state_of_other_url" // state, url
	KeyUnread       plan.Code = "key_unread"         // error: whether another key is of the same account
	KeyUnproven     plan.Code = "key_unproven"       // nothing that the state knows can prove it
	KeyOfOther      plan.Code = "key_of_other_account"
)

func accountProblem(code plan.Code, args plan.Args) *resource.ReasonError {
	return &resource.ReasonError{Why: plan.Reason{Code: code, Args: args}}
}

// accountError is such a problem that came from an error of Telnyx.
type accountError struct {
	*resource.ReasonError
	err error
}

// Unwrap is the error that it came from.
func (e *accountError) Unwrap() error { return e.err }

// CheckAccount makes sure that state, URL and key belong together: with another account, all that
// we own would look deleted, and what has the name of something that we own would look ours. live is
// what has been read already.
func (e *Engine) CheckAccount(ctx context.Context, snap state.Snapshot, live map[string]diff.Observed, o Options) error {
	if !snap.Exists || o.AcceptAccount || o.Stateless {
		return nil
	}
	if snap.BaseURL != "" && snap.BaseURL != e.BaseURL {
		return accountProblem(StateOfOtherURL, plan.Args{"state": snap.BaseURL, "url": e.BaseURL})
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
	proven, unread := e.proven(ctx, proofs)
	if proven {
		return nil
	}
	if unread != nil {
		return &accountError{accountProblem(KeyUnread, plan.Args{"error": unread.Error()}), unread}
	}
	if len(proofs) == 0 {
		return accountProblem(KeyUnproven, nil)
	}
	return accountProblem(KeyOfOther, nil)
}

// proven tells whether the account has one of some objects. One that cannot be read says nothing of that; where the key
// may not read a kind, no more of it is asked for.
func (e *Engine) proven(ctx context.Context, proofs []resource.Owned) (proven bool, unread error) {
	const enough = 5
	forbidden := map[string]bool{}
	for i, asked := 0, 0; i < len(proofs) && asked < enough; i++ {
		own := &proofs[i]
		if forbidden[own.Addr.Kind] {
			continue
		}
		asked++
		l, err := e.Operations[own.Addr.Kind].Read(ctx, own.ID)
		if l != nil && err == nil {
			return true, nil
		}
		if fatal(ctx, err) != nil {
			return false, err
		}
		if err != nil && unread == nil {
			unread = err
		}
		forbidden[own.Addr.Kind] = client.Forbidden(err)
	}
	return false, unread
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

// partsOf are the rules that were read from a file, or from a directory, which this run loads as part of a larger one. The
// file is gone, or entries of it were read.
func partsOf(desired resource.Config, rules []resource.Rule) map[resource.RuleKey]string {
	read := map[string]bool{}
	for i := range desired.Entries {
		e := &desired.Entries[i]
		read[filepath.Join(e.Root, e.File)] = true
	}
	parts := map[resource.RuleKey]string{}
	for i := range rules {
		r := &rules[i]
		file := r.Root
		if filepath.Base(file) != r.File {
			file = filepath.Join(file, r.File)
		}
		at := slices.IndexFunc(desired.Roots, func(root resource.Root) bool { return within(r.Root, root.Path) })
		if at < 0 || desired.Root(r.Root) != nil || r.File == "" {
			continue
		}
		if _, err := os.Lstat(file); read[file] || errors.Is(err, fs.ErrNotExist) {
			parts[r.Key()] = desired.Roots[at].Path
		}
	}
	return parts
}

func remembersNothing(snap *state.Snapshot) bool {
	return len(roots(snap))+len(snap.Intents)+len(snap.Deletions) == 0
}

// within tells whether a path lies below another.
func within(path, dir string) bool {
	return strings.HasPrefix(path, strings.TrimSuffix(dir, string(filepath.Separator))+string(filepath.Separator))
}
