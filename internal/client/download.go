package client

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// maxDownload leaves some room above MaxMedia: Telnyx may count otherwise than we do, and what it has taken it may give.
const maxDownload = MaxMedia + 1<<20

// sniffed is how many bytes [http.DetectContentType] looks at.
const sniffed = 512

// stream hands a body to who wants it, and tells how much of it was read.
func stream(r request, resp *http.Response) (int64, error) {
	c := &content{r: bufio.NewReaderSize(resp.Body, sniffed)}
	if err := c.check(resp); err != nil {
		return 0, err
	}
	err := r.stream(c)
	switch {
	case c.err != nil:
		// Also where read has not noticed, or says something else: what it got is not all.
		err = c.err
	case err != nil:
		err = r.mask.ours("reading the content", err)
	}
	return c.size, err
}

// content is a body that is handed out: bounded, and with its own failure kept apart from that of its reader.
type content struct {
	r    *bufio.Reader
	size int64
	err  error
}

// check refuses what is not a medium's content. Telnyx documents application/octet-stream. Where the answer claims that, or
// some medium's own type, it is taken at its word; a web page or a message of the API with status 200 must not become what
// calls play.
func (c *content) check(resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: %d brings no content", ErrUnreadable, resp.StatusCode)
	}
	if resp.ContentLength > maxDownload {
		return tooLarge(maxDownload)
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
	if c.size+int64(n) > maxDownload {
		c.err = tooLarge(maxDownload)
		return 0, c.err
	}
	c.size += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}
