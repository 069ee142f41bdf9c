package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/client"
)

// archived is what stands in the file beside a recording, besides what Telnyx says of it.
type archived struct {
	Bytes map[string]int64  `json:"archived_bytes"` // by format
	Own   map[string]string `json:"own_storage"`    // by format: where it lies in the customer's own storage
}

// Archive keeps a recording as DIR/2026-01-31/ID.FORMAT, in each format that Telnyx has, and beside it
// what Telnyx says of it, as ID.json. That file comes last: where it is, and what it names, all is there. What lies in the
// customer's own storage stays there, and is only named; without own, a recording of which some does is not archived.
func (x Recordings) Archive(ctx context.Context, id string, created time.Time, dir string, own bool) error {
	if id != filepath.Base(id) || id == "." || id == ".." {
		return fmt.Errorf("the recording's id %q is no name for a file", id)
	}
	day := filepath.Join(dir, created.UTC().Format(time.DateOnly))
	file := func(format string) string { return filepath.Join(day, id+"."+format) }
	if isArchived(file) {
		return nil // by an earlier run
	}
	o, err := x.c.Recordings().Get(ctx, id)
	if err != nil {
		return err
	}
	urls, _ := o["download_urls"].(client.Object)
	switch {
	case text(o, "id") != id:
		return fmt.Errorf("in its place Telnyx answers with the recording %q", text(o, "id"))
	case len(urls) == 0:
		return errors.New("no content of it is on Telnyx to be downloaded")
	}
	if err := os.MkdirAll(day, 0o700); err != nil {
		return err
	}
	if err := errors.Join(syncDir(dir), syncDir(filepath.Dir(dir))); err != nil {
		return err
	}
	kept := archived{Bytes: map[string]int64{}, Own: map[string]string{}}
	for _, format := range slices.Sorted(maps.Keys(urls)) {
		if where, is := ownStorage(text(urls, format)); is && !own {
			return errors.New("by now it is in your own storage: the next run keeps it, or write when_in_own_storage: delete")
		} else if is {
			kept.Own[format] = where
			continue
		}
		if format == aboutFormat || strings.Trim(format, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return fmt.Errorf("%q is no format of a recording", format)
		}
		if kept.Bytes[format], err = x.download(ctx, id, format, file(format)); err != nil {
			return err
		}
	}
	delete(o, "download_urls") // they are as good as keys
	o["archived_bytes"] = kept.Bytes
	if len(kept.Own) > 0 {
		o["own_storage"] = kept.Own
	}
	body, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return err
	}
	_, err = whole(file(aboutFormat), func(f *os.File) error {
		_, err := f.Write(append(body, '\n'))
		return err
	})
	return err
}

const aboutFormat = "json"

// isArchived tells whether all files of a recording are there, and as large as they were.
func isArchived(file func(format string) string) bool {
	body, err := os.ReadFile(file(aboutFormat))
	var kept archived
	if err != nil || json.Unmarshal(body, &kept) != nil {
		return false
	}
	for format, size := range kept.Bytes {
		if info, err := os.Stat(file(format)); err != nil || info.Size() != size {
			return false
		}
	}
	return len(kept.Bytes)+len(kept.Own) > 0
}

func (x Recordings) download(ctx context.Context, id, format, path string) (size int64, err error) {
	return whole(path, func(f *os.File) error {
		written := int64(0)
		size, err := x.c.Recordings().Download(ctx, id, format, client.Into(f, &written))
		if err == nil && written != size {
			err = fmt.Errorf("%d bytes were written of %d", written, size)
		}
		return err
	})
}

// whole puts a file in its place when all of it is on the disk. What was left behind by a run that was killed
// is taken away.
func whole(path string, write func(f *os.File) error) (size int64, err error) {
	part := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".part")
	_ = os.Remove(part) // what it cannot, the next line tells
	f, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(part)
		}
	}()
	err = write(f)
	info, statErr := f.Stat()
	if err = errors.Join(err, statErr, f.Sync(), f.Close()); err != nil {
		return 0, err
	}
	if err = os.Rename(part, path); err != nil {
		return 0, err
	}
	return info.Size(), syncDir(filepath.Dir(path))
}

// syncDir makes sure that the names in a directory are on the disk.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
