package kinds

import (
	"context"
	"encoding/json"
	"errors"
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

// Each hands over the recordings that pass Telnyx's filters and were made in a stretch of time, or fails.
func (x Recordings) Each(ctx context.Context, f map[string]string, since, until time.Time, take func(r *resource.Recording) error) error {
	filter := client.RecordingFilter{
		ConnectionID: f["connection_id"], From: f["from"], To: f["to"], CallLegID: f["call_leg_id"], CallSessionID: f["call_session_id"],
		CallControlID: f["call_control_id"], ConferenceID: f["conference_id"], ConferenceRegion: f["conference_region"], SIPCallID: f["sip_call_id"],
		CreatedAt: client.Period{GTE: since, LTE: until},
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
	urls, _ := o["download_urls"].(client.Object)
	for format := range urls {
		_, own := ownStorage(text(urls, format))
		r.Own = r.Own || own
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

// Transcriptions reads and deletes transcriptions of recordings for their retention.
type Transcriptions struct{ c *client.Client }

// NewTranscriptions makes it.
func NewTranscriptions(c *client.Client) Transcriptions { return Transcriptions{c} }

// Batch is one: Telnyx deletes no more by one call.
func (x Transcriptions) Batch() int { return 1 }

// Each hands over the transcriptions that pass Telnyx's filters and were made in a stretch of time, without their texts.
func (x Transcriptions) Each(ctx context.Context, f map[string]string, since, until time.Time, take func(r *resource.Recording) error) error {
	filter := client.TranscriptionFilter{RecordingID: f["recording_id"], CreatedAt: client.Period{GTE: since, LTE: until}}
	return x.c.RecordingTranscriptions().Each(ctx, filter, func(o client.Object) error { return take(recording(o)) })
}

// Delete deletes one for good.
func (x Transcriptions) Delete(ctx context.Context, ids []string) (resource.Receipt, error) {
	meta, err := x.c.RecordingTranscriptions().Delete(ctx, ids[0])
	return resource.Receipt{RequestID: meta.RequestID}, err
}

// Archive cannot be asked for: transcriptions have no such field.
func (x Transcriptions) Archive(context.Context, string, time.Time, string, bool) error {
	return errors.New("transcriptions are not archived")
}
