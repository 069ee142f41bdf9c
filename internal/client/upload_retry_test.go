package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// drain answers as a server that has received everything.
func drain(answer func(n int) (*http.Response, error)) roundTrip {
	n := 0
	return func(r *http.Request) (*http.Response, error) {
		n++
		if r.Body != nil {
			_, err := io.Copy(io.Discard, r.Body)
			r.Body.Close()
			if err != nil {
				return nil, err
			}
		}
		return answer(n)
	}
}

func TestUploadsAreSentAgainLikeAnyWrite(t *testing.T) {
	for _, tc := range []struct {
		first     any // a status or an error, of the first attempt
		post, put int // attempts
	}{
		{200, 1, 1}, {429, 2, 2}, {503, 1, 2}, {408, 1, 2}, {422, 1, 1}, {errReset, 1, 2}, {errDial, 2, 2},
	} {
		for method, want := range map[string]int{"POST": tc.post, "PUT": tc.put} {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				c := newClient(t, Config{Transport: drain(func(n int) (*http.Response, error) {
					if attempts = n; n > 1 {
						return respond(201, `{"data":{}}`), nil
					}
					if err, ok := tc.first.(error); ok {
						return nil, err
					}
					return respond(tc.first.(int), `{"data":{}}`), nil
				})})
				m, s := text("content")
				_, _, err := upload1(t.Context(), c, method, m)
				ok := want == 2 || tc.first == 200
				if attempts != want || int(s.opened.Load()) != want || s.closed.Load() != s.opened.Load() || (err == nil) != ok {
					t.Errorf("%v, %s: %d attempts, opened %d times, closed %d times: %v",
						tc.first, method, attempts, s.opened.Load(), s.closed.Load(), err)
				}
				if !ok && Unknown(err) != (tc.first != 422) {
					t.Errorf("%v, %s: unknown %v", tc.first, method, Unknown(err))
				}
			})
		}
	}
}

func upload1(ctx context.Context, c *Client, method string, m MediaContent) (Object, Meta, error) {
	if method == "POST" {
		return c.Media().Create(ctx, "a", m)
	}
	return c.Media().Update(ctx, "a", m)
}

// A success that comes before the file was sent is none.
func TestUploadThatIsAnsweredEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c := newClient(t, Config{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			n++
			_, err := io.ReadFull(r.Body, make([]byte, 100))
			r.Body.Close()
			return respond(201, `{"data":{}}`), err
		})})
		m, s := text("content")
		if _, meta, err := c.Media().Create(t.Context(), "a", m); !errors.Is(err, errEarly) || !Unknown(err) || n != 1 || meta.Status != 201 {
			t.Errorf("%v after %d attempts", err, n)
		}
		if _, _, err := c.Media().Update(t.Context(), "a", m); !errors.Is(err, errEarly) || !Unknown(err) || n != 5 {
			t.Errorf("%v after %d attempts", err, n)
		}
		if s.closed.Load() != 5 {
			t.Errorf("closed %d times", s.closed.Load())
		}
	})
	// A refusal is one whenever it comes.
	c := newClient(t, Config{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		r.Body.Close()
		return respond(413, ""), nil
	})})
	m, _ := text("content")
	if _, _, err := c.Media().Create(t.Context(), "a", m); Unknown(err) || apiError(t, err).Status != 413 {
		t.Error(err)
	}
}

// A transport may close the form and read on, or ask for it anew, or fail for a reason of its own.
func TestUploadByOddTransports(t *testing.T) {
	file := func() (MediaContent, *source) {
		m, s := text("content")
		open := m.File.Open
		m.File.Open = func() (io.ReadCloser, error) {
			f, err := open()
			closed := false
			return struct {
				io.Reader
				io.Closer
			}{
				readerFunc(func(p []byte) (int, error) {
					if closed {
						return 0, fs.ErrClosed
					}
					return f.Read(p)
				}),
				closer(func() { closed = true; f.Close() }),
			}, err
		}
		return m, s
	}
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c := newClient(t, Config{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			n++
			r.Body.Close()
			_, _ = io.ReadAll(r.Body)
			return nil, errReset
		})})
		m, s := file()
		if _, _, err := c.Media().Update(t.Context(), "a", m); !errors.Is(err, errReset) || errors.Is(err, fs.ErrClosed) || n != 4 || s.closed.Load() != 4 {
			t.Errorf("%v after %d attempts, %d files closed", err, n, s.closed.Load())
		}
	})
	c := newClient(t, Config{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		_, _ = r.Body.Read(make([]byte, 400))
		r.Body.Close()
		again, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		defer again.Close()
		if b, err := io.ReadAll(again); err != nil || int64(len(b)) != r.ContentLength {
			t.Errorf("%d bytes of %d, %v", len(b), r.ContentLength, err)
		}
		return respond(201, `{"data":{}}`), nil
	})})
	m, s := file()
	if _, _, err := c.Media().Create(t.Context(), "a", m); err != nil || s.opened.Load() != 2 || s.closed.Load() != 2 {
		t.Errorf("%v, opened %d times, closed %d times", err, s.opened.Load(), s.closed.Load())
	}
	// The file's own error looks as if nothing had been sent.
	c = newClient(t, Config{Transport: drain(nil)})
	m, _ = medium(9, func() io.Reader { return iotest.ErrReader(errDial) })
	if _, _, err := c.Media().Create(t.Context(), "a", m); !errors.Is(err, errDial) || !Unknown(err) {
		t.Errorf("%v", err)
	}
}

// On a connection that proves dead before anything was written the transport itself takes another one.
func TestUploadOnADeadConnection(t *testing.T) {
	var posts atomic.Int32
	conns := make(chan net.Conn, 10)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if b, err := io.ReadAll(r.Body); r.Method == "POST" && err == nil && bytes.Contains(b, []byte("content")) {
			posts.Add(1)
		}
		fmt.Fprint(w, `{"data":{}}`)
	}))
	s.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateIdle {
			conns <- c
		}
	}
	s.Start()
	defer s.Close()
	c := newClient(t, Config{BaseURL: s.URL})
	for range 20 {
		if err := calls["GET"](t.Context(), c); err != nil {
			t.Fatal(err)
		}
		(<-conns).Close()
		m, f := text("content")
		_, _, err := c.Media().Create(t.Context(), "a", m)
		// Whether the transport knows in time is not for us to say; that nothing is sent twice is.
		if err != nil && !Unknown(err) || f.closed.Load() != f.opened.Load() || posts.Swap(0) > 1 {
			t.Errorf("%v, opened %d times, closed %d times", err, f.opened.Load(), f.closed.Load())
		}
		if err == nil {
			(<-conns).Close()
		}
	}
}

func TestUploadThatIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, Config{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			_, _ = io.ReadFull(r.Body, make([]byte, 10))
			<-r.Context().Done()
			// The transport may go on reading for a moment.
			_, _ = io.ReadAll(r.Body)
			r.Body.Close()
			return nil, r.Context().Err()
		})})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		m, _ := text("x")
		m.File.Open = func() (io.ReadCloser, error) {
			return struct {
				io.Reader
				io.Closer
			}{readerFunc(func(p []byte) (int, error) {
				if ctx.Err() != nil {
					return 0, fs.ErrClosed
				}
				return copy(p, "x"), nil
			}), closer(func() {})}, nil
		}
		_, _, err := c.Media().Create(ctx, "a", m)
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, fs.ErrClosed) || !Unknown(err) {
			t.Errorf("%v", err)
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
