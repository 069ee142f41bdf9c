package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"sync"
	"sync/atomic"
)

var (
	errShort = errors.New("it ends before the size it was said to have: was it changed meanwhile?")
	errLong  = errors.New("it goes on after the size it was said to have: was it changed meanwhile?")
	errEarly = errors.New("answered before the whole file was sent")
)

// field is a part of a form that is not a file.
type field struct{ name, value string }

// form is a multipart/form-data body with a file in it. What stands around the file is made beforehand, so that the length
// is known; the file is read while it is sent.
type form struct {
	contentType string
	head, tail  []byte
	file        File
	mask        *masker
}

// newForm puts the file last: a server that reads as it receives knows everything else by then.
func newForm(fields []field, name string, file File, m *masker) (*form, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		if err := w.WriteField(f.name, f.value); err != nil {
			return nil, err
		}
	}
	if file.Name == "" {
		file.Name = media
	}
	if file.ContentType == "" {
		file.ContentType = "application/octet-stream"
	}
	kind, params, err := mime.ParseMediaType(file.ContentType)
	if err != nil {
		return nil, fmt.Errorf("the file's content type %q: %w", file.ContentType, err)
	}
	_, err = w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition(name, printable(file.Name))},
		"Content-Type":        {mime.FormatMediaType(kind, params)}, // one line, whatever it was
	})
	if err != nil {
		return nil, err
	}
	f := &form{contentType: w.FormDataContentType(), head: bytes.Clone(b.Bytes()), file: file, mask: m}
	b.Reset()
	if err := w.Close(); err != nil {
		return nil, err
	}
	f.tail = b.Bytes()
	return f, nil
}

// printable writes control characters as a browser writes line breaks in a file name. Quotes are for the header's writer.
func printable(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c < ' ' || c == 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func (f *form) size() int64 { return int64(len(f.head)) + f.file.Size + int64(len(f.tail)) }

// attach gives a request the form. The file is opened here, before anything is sent; should the transport need it again,
// on a connection that proved dead, it is opened anew.
func (f *form) attach(req *http.Request, up *atomic.Pointer[upload]) error {
	open := func() (io.ReadCloser, error) {
		file, err := f.file.Open()
		if err != nil {
			return nil, f.ours(err)
		}
		u := &upload{
			form: f, file: file, left: f.size(),
			r: io.MultiReader(bytes.NewReader(f.head), &exactly{file, f.file.Size}, bytes.NewReader(f.tail)),
		}
		up.Store(u)
		return u, nil
	}
	body, err := open()
	if err != nil {
		return err
	}
	req.Body, req.GetBody, req.ContentLength = body, open, f.size()
	req.Header.Set("Content-Type", f.contentType)
	return nil
}

func (f *form) ours(err error) error { return f.mask.ours("the file "+f.file.Name, err) }

// upload is a form being sent. It remembers why its file failed: the transport reports that in words of its own, or goes
// on to report what came of it.
type upload struct {
	form *form
	file io.ReadCloser
	r    io.Reader

	mu     sync.Mutex
	left   int64 // bytes that were not handed out yet
	closed bool
	err    error
}

func (u *upload) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.left -= int64(n)
	// A file that was closed while it was read did not fail: the transport gave up before.
	if err != nil && !errors.Is(err, io.EOF) && !u.closed && u.err == nil {
		u.err = u.form.ours(err)
	}
	if u.err != nil {
		return n, u.err
	}
	return n, err
}

func (u *upload) Close() error {
	u.mu.Lock()
	before := u.closed
	u.closed = true
	u.mu.Unlock()
	if before {
		return nil
	}
	return u.file.Close()
}

// failure is the error of the file, if it had one.
func (u *upload) failure() error {
	if u == nil {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.err
}

// unfinished says why an answer of success cannot be one for the whole form.
func (u *upload) unfinished() error {
	if u == nil {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.err == nil && u.left > 0 {
		return errEarly
	}
	return u.err
}

// exactly reads what has to have so many bytes left, and fails where it has not. That it has no more is known before the
// end is reported, and so before the form is completed.
type exactly struct {
	r    io.Reader
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		var more [1]byte
		n, err := io.ReadFull(e.r, more[:])
		if n > 0 {
			return 0, errLong
		}
		return 0, err
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	if errors.Is(err, io.EOF) {
		if e.left > 0 {
			return n, errShort
		}
		return n, io.EOF
	}
	return n, err
}
