package kinds

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"

	"golang.org/x/sync/errgroup"
)

// look downloads media and takes down what they are. One that cannot be read does not stop the others.
func (m *mediaOps) look(ctx context.Context, seen *resource.Observation, names []string) error {
	at := map[string]int{}
	for i := range seen.Objects {
		at[seen.Objects[i].ID] = i
	}
	failed := make([]error, len(names))
	g, gctx := errgroup.WithContext(ctx)
	for i, name := range names {
		j, there := at[name]
		if !there {
			continue
		}
		g.Go(func() error {
			if failed[i] = m.digest(gctx, &seen.Objects[j]); client.Unauthorized(failed[i]) {
				return failed[i]
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, err := range failed {
		if err != nil {
			if seen.Doubts == nil {
				seen.Doubts = map[string]error{}
			}
			seen.Doubts[names[i]] = err
		}
	}
	return ctx.Err()
}

// digest downloads a medium to see what it is. One that is gone by now, or has expired, holds nothing.
func (m *mediaOps) digest(ctx context.Context, l *resource.Live) error {
	var sum []byte
	err := m.api.Download(ctx, l.ID, func(r io.Reader) error {
		h := sha256.New()
		_, err := io.Copy(h, r)
		sum = h.Sum(nil)
		return err
	})
	switch {
	case client.NotFound(err):
		l.Object["file"] = "(no content)"
		return nil
	case err != nil:
		return err
	}
	l.Object["file"] = resource.FileDigest(sum)
	return nil
}

func (m *mediaOps) Create(ctx context.Context, w resource.Write) (resource.Receipt, error) {
	content, closeContent, err := m.content(ctx, w)
	if err != nil {
		return resource.Receipt{}, err
	}
	defer closeContent()
	raw, meta, err := m.api.Create(ctx, w.Key, content)
	return m.receipt(ctx, w.Key, w, raw, meta, err)
}

// Update sends the content and the life, whichever of them changes: a PUT without ttl_secs may shorten
// the life, and what one without content does is undocumented.
func (m *mediaOps) Update(ctx context.Context, w resource.Write) (resource.Receipt, error) {
	name := w.Live.ID
	content, closeContent, err := m.content(ctx, w)
	if err != nil {
		return resource.Receipt{}, err
	}
	defer closeContent()
	raw, meta, err := m.api.Update(ctx, name, content)
	if client.NotFound(err) && !w.Live.Expires.IsZero() && !w.Now.Before(w.Live.Expires) {
		// It was shown although it has expired: there is nothing left to update.
		raw, meta, err = m.api.Create(ctx, name, content)
	}
	return m.receipt(ctx, name, w, raw, meta, err)
}

func (m *mediaOps) receipt(ctx context.Context, name string, w resource.Write, raw client.Object, meta client.Meta, err error) (resource.Receipt, error) {
	r := resource.Receipt{RequestID: meta.RequestID}
	if err != nil {
		return r, err
	}
	raw["media_name"] = name
	r.Live = m.live(raw)
	if w.Deep {
		// Whether what was sent is what is there decides whether it is sent again; see [resource.Write].
		if err := m.digest(ctx, r.Live); err != nil {
			delete(r.Live.Object, "file")
		}
	}
	return r, nil
}

// content is what a medium is to be made of: what the entry says, or else what Telnyx has. A URL is
// fetched anew only when it changes: by the time of a renewal it may lead to nothing.
func (m *mediaOps) content(ctx context.Context, w resource.Write) (c client.MediaContent, closeContent func(), err error) {
	life, _ := mediumLife(w.Desired)
	c.TTL = life
	closeContent = func() {}
	file, isFile := w.Desired["file"].(resource.File)
	address := resource.GetString(w.Desired, "/media_url")
	_, newURL := w.Patch["media_url"]
	_, newFile := w.Patch["file"]
	if isFile && w.Live != nil && !newFile && gone(file) {
		isFile = false // only its life matters, and what Telnyx has is what was applied
	}
	switch {
	case isFile:
		c.File = &client.File{Name: filepath.Base(file.Name), ContentType: file.Type, Size: file.Size, Open: func() (io.ReadCloser, error) { return open(file) }}
	case address != "" && (w.Live == nil || newURL):
		c.URL = address
	default:
		switch fetched, closeFile, err := m.fetch(ctx, w.Live); {
		case err == nil:
			c.File, closeContent = fetched, closeFile
		case client.NotFound(err) && address != "":
			c.URL = address // it has expired
		default:
			return c, nil, err
		}
	}
	return c, closeContent, nil
}

// fetch downloads a medium into a file without a name, in order to send it again.
func (m *mediaOps) fetch(ctx context.Context, l *resource.Live) (*client.File, func(), error) {
	if l == nil {
		return nil, nil, errors.New("nothing says what it is to be made of: write file or media_url")
	}
	temp, err := os.CreateTemp("", "telnyxsync-media-*")
	if err != nil {
		return nil, nil, err
	}
	closeTemp := func() { _ = temp.Close() }
	if err := os.Remove(temp.Name()); err != nil {
		closeTemp()
		return nil, nil, err
	}
	var size int64
	err = m.api.Download(ctx, l.ID, client.Into(temp, &size))
	if err == nil && size == 0 {
		err = errors.New("what Telnyx has is empty: write file or media_url")
	}
	if err != nil {
		closeTemp()
		return nil, nil, fmt.Errorf("its content, to be sent again: %w", err)
	}
	return &client.File{
		Name: filepath.Base(l.ID), ContentType: resource.GetString(l.Hints, "/content_type"), Size: size,
		Open: func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(temp, 0, size)), nil },
	}, closeTemp, nil
}

var errFileChanged = errors.New("the file changed since the plan was made: nothing was sent; run this again")

// open opens a file as the configuration saw it: what was looked at is what is sent.
func open(f resource.File) (io.ReadCloser, error) {
	root, err := os.OpenRoot(f.Root)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	file, err := root.OpenFile(f.Name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := unchanged(f, file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &checked{File: file, want: f, sum: sha256.New()}, nil
}

// checked reads a file and ends with an error if what was read is not what the configuration saw: it may
// be written to while it is sent.
type checked struct {
	*os.File
	want resource.File
	sum  hash.Hash
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.File.Read(p)
	c.sum.Write(p[:n])
	if err == io.EOF && resource.FileDigest(c.sum.Sum(nil)) != c.want.Digest() {
		err = errFileChanged
	}
	return n, err
}

// gone tells whether a file is no longer what the configuration saw, as while a broken one is being mended.
func gone(f resource.File) bool {
	file, err := open(f)
	if err != nil {
		return true
	}
	_ = file.Close()
	return false
}

// unchanged leaves a file at its beginning if it is what the configuration saw. What has become a pipe
// is not read: that may wait for ever.
func unchanged(f resource.File, file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errFileChanged
	}
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(file, f.Size+1))
	if err != nil {
		return err
	}
	if n != f.Size || resource.FileDigest(sum.Sum(nil)) != f.Digest() {
		return errFileChanged
	}
	_, err = file.Seek(0, io.SeekStart)
	return err
}
