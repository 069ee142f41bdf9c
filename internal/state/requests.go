package state

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"telnyxsync/internal/resource"
)

// requestsDir is where people's requests wait, below the state's directory, until a writer takes them in. A request needs
// no lock: it is a file of its own, which is there whole or not at all.
const requestsDir = "requests"

// Request asks, without the writers' lock, that an approval be stored: a new one, or one that is revoked. Who reads the
// state sees it at once.
func Request(dir string, a resource.Approval) (err error) {
	into := filepath.Join(dir, requestsDir)
	if err := os.Mkdir(into, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return &unwritable{err}
	}
	random := make([]byte, 8)
	if _, err := rand.Read(random); err != nil {
		return err
	}
	// By their names they are in the order in which they were made.
	name := filepath.Join(into, fmt.Sprintf("%s-%s.json", a.Requested().UTC().Format("20060102T150405.000000000"), hex.EncodeToString(random)))
	f, err := os.OpenFile(name+".new", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return &unwritable{err}
	}
	_, err = f.WriteString(resource.Text(a))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(name+".new", name)
	}
	if err != nil {
		return errors.Join(&unwritable{err}, os.Remove(name+".new"))
	}
	return syncDirectory(into)
}

func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return &unwritable{err}
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return &unwritable{err}
	}
	return nil
}

// Waiting is a request that waits to be taken in.
type Waiting struct {
	File string
	resource.Approval
}

// Requests are those that wait, the oldest first.
func Requests(dir string) ([]Waiting, error) {
	names, err := requests(dir)
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	var list []Waiting
	for _, name := range names {
		text, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a writer has taken it in meanwhile
		}
		w := Waiting{File: name}
		if err == nil {
			err = json.Unmarshal(text, &w.Approval)
		}
		if err != nil {
			return nil, fmt.Errorf("state: the request %s cannot be read, remove it: %w", name, err)
		}
		list = append(list, w)
	}
	return list, nil
}

func requests(dir string) (names []string, err error) {
	entries, err := os.ReadDir(filepath.Join(dir, requestsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".json") {
			names = append(names, filepath.Join(dir, requestsDir, e.Name()))
		}
	}
	slices.Sort(names)
	return names, err
}

// takeIn stores what waits and removes it. One that is killed in between finds the same request stored already.
func (d *DB) takeIn(ctx context.Context, dir string) error {
	list, err := Requests(dir)
	if err != nil || len(list) == 0 {
		return err
	}
	snap, err := d.Snapshot(ctx)
	if err != nil {
		return err
	}
	if err := d.Commit(ctx, resource.Record{Approvals: requestedOver(snap.Approvals, list)}); err != nil {
		return err
	}
	for i := range list {
		if err := os.Remove(list[i].File); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("state: %w", err)
		}
	}
	return nil
}

// requestedOver are approvals as requests make them: what is revoked stays so, whichever came first.
func requestedOver(stored []resource.Approval, list []Waiting) []resource.Approval {
	by := map[string]int{}
	out := slices.Clone(stored)
	for i := range out {
		by[out[i].ID] = i
	}
	for k := range list {
		a := list[k].Approval
		i, known := by[a.ID]
		switch {
		case !known:
			by[a.ID] = len(out)
			out = append(out, a)
		case out[i].Revoked.IsZero():
			out[i].Revoked = a.Revoked
		}
	}
	sortApprovals(out)
	return out
}
