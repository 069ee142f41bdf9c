package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

const recordings = "recordings"

// MaxDeleteBatch is how many recordings are deleted with one call. Telnyx documents no limit: this one is ours.
const MaxDeleteBatch = 100

// Recordings is /recordings: what calls and conferences left behind. Their key is the id. There may be a hundred thousand.
type Recordings struct{ c *Client }

// Recordings gives the collection.
func (c *Client) Recordings() Recordings { return Recordings{c} }

// List reads all that pass a filter, or fails; see [ErrIncomplete]. It holds them all: see [Recordings.Each].
func (x Recordings) List(ctx context.Context, f RecordingFilter) ([]Object, error) {
	return x.c.list(ctx, recordingList(f))
}

// Each hands all that pass a filter to take, in the order of the pages, of which it holds no more than requests may be in
// flight. What take was given counts only when Each returns nil: as all listings, this one is complete or an error
// ([ErrIncomplete]), yet it is read but once. An error of take ends it.
//
// A deletion shifts the pages. Collect first, then delete, then read again.
func (x Recordings) Each(ctx context.Context, f RecordingFilter, take func(Object) error) error {
	return x.c.each(ctx, recordingList(f), take)
}

// Get reads one, with download_urls that hold for some minutes; see [Recordings.Download].
func (x Recordings) Get(ctx context.Context, id string) (Object, error) {
	return x.c.getPrivate(ctx, recordings, id)
}

// Delete removes one for good; 404 counts as removed.
func (x Recordings) Delete(ctx context.Context, id string) (Meta, error) {
	return x.c.expunge(ctx, recordings, id)
}

// DeleteBatch removes up to [MaxDeleteBatch] for good. Telnyx answers for all of them at once, and does not document what it
// does where one is gone already: a 404 is therefore of unknown fate, as is every answer that does not say "ok". See
// [Unknown], and read again before anything counts as deleted or as kept.
func (x Recordings) DeleteBatch(ctx context.Context, ids []string) (Meta, error) {
	const call = "POST /recordings/actions/delete"
	if len(ids) < 1 || len(ids) > MaxDeleteBatch {
		// Of a batch without any, Telnyx might take all.
		return Meta{}, fmt.Errorf("%s: %d recordings: want 1 to %d", call, len(ids), MaxDeleteBatch)
	}
	for i, id := range ids {
		if id == "" {
			return Meta{}, fmt.Errorf("%s: the id of recording %d of %d is missing", call, i+1, len(ids))
		}
	}
	meta, err := x.c.submit(ctx, http.MethodPost, Object{"ids": ids}, func(raw []byte) error {
		o, err := decodeObject(raw)
		if err == nil && o["status"] != "ok" {
			err = errors.New(`status is not "ok"`)
		}
		return err
	}, recordings, "actions", "delete")
	var e *Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound {
		e.doubt = true
	}
	return meta, err
}

func recordingList(f RecordingFilter) listing {
	return listing{path: "/" + recordings, query: f.query(), data: "data", key: "id", private: true}
}
