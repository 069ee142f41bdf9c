package client

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
)

// maxDownload leaves some room above MaxMedia: Telnyx may count otherwise than we do, and what it has taken it may give.
const maxDownload = MaxMedia + 1<<20

// sniffed is how many bytes [http.DetectContentType] looks at.
const sniffed = 512

var (
	errSize   = errors.New("the content has not the size that its answer says")
	errUnread = errors.New("it was not read to its end")
)

// Into reads a content into a file, from its beginning at each attempt, and says in size how much it was; size may be nil.
func Into(f *os.File, size *int64) func(io.Reader) error {
	return func(r io.Reader) error {
		if err := f.Truncate(0); err != nil { // an attempt before may have written some of it
			return err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		n, err := io.Copy(f, r)
		if size != nil {
			*size = n
		}
		return err
	}
}

// stream hands a body to who wants it, and tells how much of it was read.
func stream(r request, resp *http.Response) (int64, error) {
	c := &content{r: bufio.NewReaderSize(resp.Body, sniffed), want: -1}
	if r.elsewhere != nil {
		c.want = resp.ContentLength
	}
	if err := c.check(r, resp); err != nil {
		return 0, err
	}
	err := r.stream(c)
	switch {
	case c.err != nil:
		// Also where read has not noticed, or says something else: what it got is not all.
		err = c.err
	case err != nil:
		err = r.mask.ours("reading the content", err)
	case c.want > c.size:
		err = r.mask.ours("reading the content", errUnread)
	}
	return c.size, err
}

// content is a body that is handed out: bounded, and with its own failure kept apart from that of its reader.
type content struct {
	r    *bufio.Reader
	size int64 // so far
	want int64 // -1: not known
	err  error
}

// check refuses what is not a medium's content. Telnyx documents application/octet-stream. Where the answer claims that, or
// some medium's own type, it is taken at its word; a web page or a message of the API with status 200 must not become what
// calls play. A recording is looked at by the same rules. It comes from a storage, which says how large it is.
func (c *content) check(r request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: %d brings no content", ErrUnreadable, resp.StatusCode)
	}
	switch {
	case r.elsewhere == nil && resp.ContentLength > maxDownload:
		return tooLarge(maxDownload)
	case r.elsewhere != nil && resp.ContentLength < 1:
		return fmt.Errorf("%w: it does not say its size, or is empty", ErrUnreadable)
	}
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		kind = ""
	}
	family, _, _ := strings.Cut(kind, "/")
	switch {
	case kind == "application/octet-stream", family == "audio", family == "video", family == "image":
		return nil
	case kind == "text/html", kind == "application/xhtml+xml":
		return ErrHTML
	case kind == "application/json", strings.HasSuffix(kind, "+json"):
		return fmt.Errorf("%w: it is JSON, not a medium's content", ErrUnreadable)
	case r.elsewhere != nil && (kind == "application/xml" || family == "text"):
		return fmt.Errorf("%w: it is text, not a recording", ErrUnreadable)
	}
	// An error shows again when it is read.
	if head, _ := c.r.Peek(sniffed); strings.HasPrefix(http.DetectContentType(head), "text/html") {
		return ErrHTML
	}
	return nil
}

func (c *content) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.r.Read(p)
	switch most := c.size + int64(n); {
	case c.want < 0 && most > maxDownload:
		c.err = tooLarge(maxDownload)
		return 0, c.err
	case c.want >= 0 && (most > c.want || errors.Is(err, io.EOF) && most < c.want):
		c.err = errSize
		return 0, c.err
	}
	c.size += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}
