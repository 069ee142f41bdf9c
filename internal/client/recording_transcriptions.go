package client

import "context"

const recordingTranscriptions = "recording_transcriptions"

// RecordingTranscriptions is /recording_transcriptions: what was said in recordings, as text. Their key is the id. The text
// stands in transcription_text, and is shown in no error and no trace.
type RecordingTranscriptions struct{ c *Client }

// RecordingTranscriptions gives the collection.
func (c *Client) RecordingTranscriptions() RecordingTranscriptions {
	return RecordingTranscriptions{c}
}

// List reads all that pass a filter, or fails; see [ErrIncomplete]. It holds them all, with their texts: see
// [RecordingTranscriptions.Each].
//
// Telnyx documents page numbers for the request and cursors for the answer. The answer decides. Pages with cursors do not
// say how many entries there are: one that is missing at the very end cannot be told from none.
func (x RecordingTranscriptions) List(ctx context.Context, f TranscriptionFilter) ([]Object, error) {
	return x.c.list(ctx, transcriptionList(f))
}

// Each hands all that pass a filter to take, page by page, as [Recordings.Each] does.
func (x RecordingTranscriptions) Each(ctx context.Context, f TranscriptionFilter, take func(Object) error) error {
	return x.c.each(ctx, transcriptionList(f), take)
}

// Get reads one.
func (x RecordingTranscriptions) Get(ctx context.Context, id string) (Object, error) {
	return x.c.getPrivate(ctx, recordingTranscriptions, id)
}

// Delete removes one for good; 404 counts as removed.
func (x RecordingTranscriptions) Delete(ctx context.Context, id string) (Meta, error) {
	return x.c.expunge(ctx, recordingTranscriptions, id)
}

func transcriptionList(f TranscriptionFilter) listing {
	return listing{
		path: "/" + recordingTranscriptions, query: f.query(), data: "data", key: "id", cursors: true, private: true,
	}
}
