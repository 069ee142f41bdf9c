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
	"telnyxsync/internal/resource"
)

// Recordings reads, archives and deletes recordings for their retention.
type Recordings struct{ c *client.Client }

// NewRecordings makes it.
func NewRecordings(c *client.Client) Recordings { return Recordings{c} }

// Batch is how many are deleted by one call.
func (x Recordings) Batch() int { return client.MaxDeleteBatch }

// shownFields are the filters whose fields recordings show, where Telnyx writes them.
var shownFields = []string{"connection_id", "from", "to", "call_leg_id", "call_session_id", "call_control_id", "conference_id", "recording_id"}

// Each hands over the recordings that pass Telnyx's filters and were made by a time, or fails.
func (x Recordings) Each(ctx context.Context, f map[string]string, until time.Time, take func(r *resource.Recording) error) error {
	filter := client.RecordingFilter{
		ConnectionID: f["connection_id"], From: f["from"], To: f["to"], CallLegID: f["call_leg_id"], CallSessionID: f["call_session_id"],
		CallControlID: f["call_control_id"], ConferenceID: f["conference_id"], ConferenceRegion: f["conference_region"], SIPCallID: f["sip_call_id"],
		CreatedAt: client.Period{LTE: until},
	}
	return x.c.Recordings().Each(ctx, filter, func(o client.Object) error { return take(recording(o)) })
}

func recording(o client.Object) *resource.Recording {
	r := &resource.Recording{
		ID: text(o, "id"), From: text(o, "from"), To: text(o, "to"), Fields: map[string]string{},
		Times: map[string]string{"created_at": text(o, "created_at"), "start_time": text(o, "recording_started_at"), "end_time": text(o, "recording_ended_at")},
	}
	for _, field := range shownFields {
		if v := text(o, field); v != "" { // nothing is no value, either: Telnyx may find it by one
			r.Fields[field] = v
		}
	}
	if n, ok := o["duration_millis"].(json.Number); ok {
		r.Millis, _ = n.Int64() // only for a report
	}
	return r
}

// Delete deletes recordings for good.
func (x Recordings) Delete(ctx context.Context, ids []string) (resource.Receipt, error) {
	if len(ids) == 1 { // what becomes of one alone, its answer tells
		meta, err := x.c.Recordings().Delete(ctx, ids[0])
		return resource.Receipt{RequestID: meta.RequestID}, err
	}
	meta, err := x.c.Recordings().DeleteBatch(ctx, ids)
	return resource.Receipt{RequestID: meta.RequestID}, err
}

// archived is what stands in the file beside a recording, besides what Telnyx says of it.
type archived struct {
	Bytes map[string]int64 `json:"archived_bytes"` // by format
}

// Archive keeps a recording as DIR/2026-01-31/ID.FORMAT, in each format that Telnyx has, and beside it
// what Telnyx says of it, as ID.json. That file comes last: where it is, and what it names, all is there.
func (x Recordings) Archive(ctx context.Context, id string, created time.Time, dir string) error {
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
	kept := archived{Bytes: map[string]int64{}}
	for _, format := range slices.Sorted(maps.Keys(urls)) {
		if format == aboutFormat || strings.Trim(format, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return fmt.Errorf("%q is no format of a recording", format)
		}
		if kept.Bytes[format], err = x.download(ctx, id, format, file(format)); err != nil {
			return err
		}
	}
	delete(o, "download_urls") // they are as good as keys
	o["archived_bytes"] = kept.Bytes
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
	return len(kept.Bytes) > 0
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

// Transcriptions reads and deletes transcriptions of recordings for their retention.
type Transcriptions struct{ c *client.Client }

// NewTranscriptions makes it.
func NewTranscriptions(c *client.Client) Transcriptions { return Transcriptions{c} }

// Batch is one: Telnyx deletes no more by one call.
func (x Transcriptions) Batch() int { return 1 }

// Each hands over the transcriptions that pass Telnyx's filters and were made by a time, without their texts.
func (x Transcriptions) Each(ctx context.Context, f map[string]string, until time.Time, take func(r *resource.Recording) error) error {
	filter := client.TranscriptionFilter{RecordingID: f["recording_id"], CreatedAt: client.Period{LTE: until}}
	return x.c.RecordingTranscriptions().Each(ctx, filter, func(o client.Object) error { return take(recording(o)) })
}

// Delete deletes one for good.
func (x Transcriptions) Delete(ctx context.Context, ids []string) (resource.Receipt, error) {
	meta, err := x.c.RecordingTranscriptions().Delete(ctx, ids[0])
	return resource.Receipt{RequestID: meta.RequestID}, err
}

// Archive cannot be asked for: transcriptions have no such field.
func (x Transcriptions) Archive(context.Context, string, time.Time, string) error {
	return errors.New("transcriptions are not archived")
}
