package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// source is a file that counts how often it is opened and closed.
type source struct {
	opened, closed atomic.Int32
	read           func() io.Reader
}

func (s *source) open() (io.ReadCloser, error) {
	s.opened.Add(1)
	var once sync.Once
	return struct {
		io.Reader
		io.Closer
	}{s.read(), closer(func() { once.Do(func() { s.closed.Add(1) }) })}, nil
}

type closer func()

func (c closer) Close() error { c(); return nil }

// medium is content of a file that says it has so many bytes and yields what read gives.
func medium(size int64, read func() io.Reader) (MediaContent, *source) {
	s := &source{read: read}
	return MediaContent{TTL: time.Hour, File: &File{Name: "hold.mp3", ContentType: "audio/mpeg", Size: size, Open: s.open}}, s
}

func text(s string) (MediaContent, *source) {
	return medium(int64(len(s)), func() io.Reader { return strings.NewReader(s) })
}

func TestUploadIsAForm(t *testing.T) {
	type part struct{ name, file, kind, body string }
	var method, uri string
	var length int64
	var got []part
	c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		method, uri, length, got = r.Method, r.RequestURI, r.ContentLength, nil
		raw, err := io.ReadAll(r.Body)
		if err != nil || int64(len(raw)) != length || len(r.TransferEncoding) > 0 {
			t.Errorf("%d bytes of %d, %v, %v", len(raw), length, r.TransferEncoding, err)
		}
		kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || kind != "multipart/form-data" {
			t.Errorf("%s: %v", kind, err)
		}
		for f := multipart.NewReader(bytes.NewReader(raw), params["boundary"]); ; {
			p, err := f.NextRawPart()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			_, params, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
			if err != nil {
				t.Error(err)
			}
			b, err := io.ReadAll(p)
			if err != nil || params["name"] != p.FormName() {
				t.Error(err, params)
			}
			got = append(got, part{p.FormName(), params["filename"], p.Header.Get("Content-Type"), string(b)})
			if len(p.Header) > 2 {
				t.Errorf("more headers than were meant: %v", p.Header)
			}
		}
		fmt.Fprint(w, `{"data":{"media_name":"x"}}`)
	})
	large := strings.Repeat("0123456789abcdef", 1<<16)
	for _, tc := range []struct{ name, file, kind, body, wantFile, wantKind string }{
		{"hold-music", "hold.mp3", "audio/mpeg", "ID3", "hold.mp3", "audio/mpeg"},
		{"hold-music", "", "", "", "media", "application/octet-stream"},
		{`a "b"` + "\r\n--x--\n;c=ü", `q"u\o;te` + "\r\nX-Evil: 1\x00\x7f\t.wav", `Audio/X; a="b\"c"`, "\r\n--\r\n\x00", `q"u\o;te%0D%0AX-Evil: 1%00%7F%09.wav`, `audio/x; a="b\"c"`},
		{"../ü", "ü☎.mp3", "audio/mpeg", large, "ü☎.mp3", "audio/mpeg"},
	} {
		m, s := text(tc.body)
		m.File.Name, m.File.ContentType = tc.file, tc.kind
		file := part{"media", tc.wantFile, tc.wantKind, tc.body}
		ttl := part{name: "ttl_secs", body: "3600"}

		o, meta, err := c.Media().Create(t.Context(), tc.name, m)
		want := fmt.Sprint([]part{{name: "media_name", body: tc.name}, ttl, file})
		if err != nil || fmt.Sprint(got) != want || method != "POST" || uri != "/v2/media" || o["media_name"] != "x" || meta.Status != 200 {
			t.Errorf("%v, %s %s, %v, %+v\ngot  %.300q\nwant %.300q", err, method, uri, o, meta, fmt.Sprint(got), want)
		}
		_, _, err = c.Media().Update(t.Context(), tc.name, m)
		want = fmt.Sprint([]part{ttl, file})
		if path, _ := c.path("media", tc.name); err != nil || fmt.Sprint(got) != want || method != "PUT" || uri != "/v2"+path {
			t.Errorf("%v, %s %s\ngot  %.300q\nwant %.300q", err, method, uri, fmt.Sprint(got), want)
		}
		if s.opened.Load() != 2 || s.closed.Load() != 2 {
			t.Errorf("opened %d times, closed %d times", s.opened.Load(), s.closed.Load())
		}
	}
}

var errDisk = errors.New("input/output error")

// A file that is not what it was said to be must not become a medium: not its beginning, and not something else.
func TestUploadIsBrokenOff(t *testing.T) {
	const size = 100_000
	read := func(n int, end error) func() io.Reader {
		return func() io.Reader {
			r := io.Reader(strings.NewReader(strings.Repeat("x", n)))
			if end != nil {
				r = io.MultiReader(r, iotest.ErrReader(end))
			}
			return r
		}
	}
	for name, tc := range map[string]struct {
		read func() io.Reader
		size int64
		want error
	}{
		"empty":                  {read(0, nil), size, errShort},
		"short":                  {read(size-1, nil), size, errShort},
		"short, with its end":    {func() io.Reader { return iotest.DataErrReader(read(size-1, nil)()) }, size, errShort},
		"long":                   {read(size+1, nil), size, errLong},
		"long, byte by byte":     {func() io.Reader { return iotest.OneByteReader(read(301, nil)()) }, 300, errLong},
		"not empty":              {read(1, nil), 0, errLong},
		"fails at once":          {read(0, errDisk), size, errDisk},
		"fails in the middle":    {read(size/2, errDisk), size, errDisk},
		"fails at the end":       {read(size, errDisk), size, errDisk},
		"fails and is small":     {read(3, errDisk), 10, errDisk},
		"fails like the network": {read(size/2, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), size, syscall.ECONNREFUSED},
		"fails like a timeout":   {read(size/2, context.DeadlineExceeded), size, context.DeadlineExceeded},
	} {
		for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
			t.Run(name+" "+proto, func(t *testing.T) {
				var begun, whole atomic.Int32
				h := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					begun.Add(1)
					if r.Proto != proto {
						t.Error(r.Proto)
					}
					if _, err := io.Copy(io.Discard, r.Body); err == nil {
						whole.Add(1)
					}
					fmt.Fprint(w, `{"data":{}}`)
				}))
				h.EnableHTTP2 = proto == "HTTP/2.0"
				h.StartTLS()
				defer h.Close()
				c := newClient(t, Config{BaseURL: h.URL, Transport: h.Client().Transport})
				m, s := medium(tc.size, tc.read)
				_, _, err1 := c.Media().Create(t.Context(), "a", m)
				_, _, err2 := c.Media().Update(t.Context(), "a", m)
				for _, err := range []error{err1, err2} {
					if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), "the file hold.mp3: "+tc.want.Error()) && tc.want != syscall.ECONNREFUSED {
						t.Errorf("%v", err)
					}
					// It cannot be proven that nothing came of what was sent.
					if !Unknown(err) || !apiError(t, err).Sent {
						t.Errorf("it is taken for not sent: %v", err)
					}
				}
				h.Close() // waits for the handlers
				if whole.Load() != 0 || begun.Load() > 2 || s.opened.Load() != 2 || s.closed.Load() != 2 {
					t.Errorf("%d requests, %d of them whole; opened %d times, closed %d times", begun.Load(), whole.Load(), s.opened.Load(), s.closed.Load())
				}
			})
		}
	}
}

func TestFileThatCannotBeOpened(t *testing.T) {
	c, n := always(t, 200, `{"data":{}}`)
	m, _ := text("x")
	opened := 0
	m.File.Open = func() (io.ReadCloser, error) {
		opened++
		return nil, &fs.PathError{Op: "open", Path: "hold.mp3", Err: fs.ErrPermission}
	}
	_, _, err1 := c.Media().Create(t.Context(), "a", m)
	_, _, err2 := c.Media().Update(t.Context(), "a", m)
	for _, err := range []error{err1, err2} {
		if !errors.Is(err, fs.ErrPermission) || Unknown(err) || apiError(t, err).Sent || !strings.Contains(err.Error(), "open hold.mp3: permission denied") {
			t.Errorf("%v", err)
		}
	}
	if n.Load() != 0 || opened != 2 {
		t.Errorf("%d requests, opened %d times", n.Load(), opened)
	}
	// Nor is it definite once an attempt went out before.
	synctest.Test(t, func(t *testing.T) {
		c, _ := always(t, 503, "")
		m.File.Open = func() (io.ReadCloser, error) {
			if opened++; opened > 3 {
				return nil, fs.ErrNotExist
			}
			return io.NopCloser(strings.NewReader("x")), nil
		}
		if _, _, err := c.Media().Update(t.Context(), "a", m); !errors.Is(err, fs.ErrNotExist) || !Unknown(err) {
			t.Errorf("%v", err)
		}
	})
}
