package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

const media = "media"

// MaxMedia is the size, in bytes, of the largest medium that Telnyx takes.
const MaxMedia = 20 << 20

// maxTTL is in seconds. Telnyx documents one more, and is reported to refuse that.
const maxTTL = 630719999

// Media is /media: what calls play. Their key is the name, and they expire. No answer tells the size or a hash of the
// content: whether it is what it should be shows only by [Media.Download].
type Media struct{ c *Client }

// Media gives the collection.
func (c *Client) Media() Media { return Media{c} }

// MediaContent is what a medium is made of: a URL that Telnyx fetches, or a file that is uploaded.
type MediaContent struct {
	URL  string        // media_url
	File *File         // at most MaxMedia bytes
	TTL  time.Duration // always sent, in whole seconds, at most 630719999; less than a second is refused
}

// File is a file to upload. It is streamed, never held in memory.
type File struct {
	Name        string // the file name of the part; "" means media
	ContentType string // "" means application/octet-stream
	Size        int64  // what Open gives has to have exactly as many bytes; otherwise the upload is broken off
	Open        func() (io.ReadCloser, error)
}

// List reads all of them, or fails; see [ErrIncomplete].
func (x Media) List(ctx context.Context) ([]Object, error) {
	return x.c.list(ctx, listing{path: "/" + media, data: "data", key: "media_name", plain: true})
}

// Get reads one, without its content.
func (x Media) Get(ctx context.Context, name string) (Object, error) {
	return x.c.get(ctx, media, name)
}

// Create makes one. What Telnyx does for a name that exists is not documented: read first. See [Unknown] before repeating
// it.
func (x Media) Create(ctx context.Context, name string, m MediaContent) (Object, Meta, error) {
	return x.write(ctx, http.MethodPost, name, m)
}

// Update puts new content in the place of the old, and a new life.
func (x Media) Update(ctx context.Context, name string, m MediaContent) (Object, Meta, error) {
	return x.write(ctx, http.MethodPut, name, m)
}

// Delete removes one; 404 counts as removed.
func (x Media) Delete(ctx context.Context, name string) (Meta, error) {
	return x.c.remove(ctx, media, name)
}

// Download hands the content to read, once for each attempt, from its beginning. An error of read ends it and is found
// by [errors.Is]. What read has taken counts only when Download returns nil.
//
// One of the client's requests in flight is taken for as long as read runs.
func (x Media) Download(ctx context.Context, name string, read func(io.Reader) error) error {
	path, err := x.c.path(media, name, "download")
	if err != nil {
		return fmt.Errorf("GET /media: %w", err)
	}
	_, err = x.c.do(ctx, request{method: http.MethodGet, path: path, stream: read})
	return err
}

func (x Media) write(ctx context.Context, method, name string, m MediaContent) (Object, Meta, error) {
	// For a new one too: a name that cannot stand in a path could be neither read nor removed again.
	path, err := x.c.path(media, name)
	if err == nil {
		err = m.check()
	}
	if err != nil {
		return nil, Meta{}, fmt.Errorf("%s /media: %w", method, err)
	}
	segments := []string{media, name}
	fields := []field{{"ttl_secs", strconv.FormatInt(m.ttl(), 10)}}
	body := Object{"media_url": m.URL, "ttl_secs": m.ttl()}
	if method == http.MethodPost {
		path, segments = "/"+media, segments[:1]
		fields = append([]field{{"media_name", name}}, fields...)
		body["media_name"] = name
	}
	if m.File == nil {
		return x.c.write(ctx, method, body, segments...)
	}
	f, err := newForm(fields, media, *m.File, x.c.mask)
	if err != nil {
		return nil, Meta{}, fmt.Errorf("%s /media: %w", method, err)
	}
	return x.c.exchange(ctx, request{method: method, path: path, form: f})
}

func (m MediaContent) ttl() int64 { return min(int64(m.TTL/time.Second), maxTTL) }

// check refuses what cannot be sent as it stands.
func (m MediaContent) check() error {
	switch f := m.File; {
	case (m.URL == "") == (f == nil):
		return errors.New("a medium is made of a URL or of a file: want exactly one of them")
	case m.ttl() < 1:
		// As it is, it would be gone at once; left out, Telnyx would make it two days.
		return fmt.Errorf("a life of %v: want at least a second", m.TTL)
	case f == nil:
		return nil
	case f.Open == nil:
		return errors.New("the file has no Open")
	case f.Size < 0:
		return fmt.Errorf("a file of %d bytes", f.Size)
	case f.Size > MaxMedia:
		return fmt.Errorf("the file has %d bytes: Telnyx takes at most %d", f.Size, int64(MaxMedia))
	}
	return nil
}
