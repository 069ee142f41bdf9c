package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

func download(ctx context.Context, c *Client) (string, error) {
	var b []byte
	err := c.Media().Download(ctx, "a", func(r io.Reader) (err error) {
		b, err = io.ReadAll(r)
		return err
	})
	return string(b), err
}

func TestDownload(t *testing.T) {
	content := strings.Repeat("\x00<html>\xff{", 200_000)
	var uri, accept string
	c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		uri, accept = r.RequestURI, r.Header.Get("Accept")
		w.Header().Set("Content-Type", "application/octet-stream")
		io.WriteString(w, content)
	})
	got := ""
	err := c.Media().Download(t.Context(), "a/b", func(r io.Reader) error {
		b, err := io.ReadAll(r)
		got = string(b)
		return err
	})
	if err != nil || got != content || uri != "/v2/media/a%2Fb/download" || accept != "" {
		t.Errorf("%d bytes of %s, accept %q: %v", len(got), uri, accept, err)
	}
}

func TestWhatIsContent(t *testing.T) {
	const html, xml = "\n<!DOCTYPE html><p>Log in", `<?xml version="1.0"?><Response/>`
	for _, tc := range []struct {
		status     int
		kind, body string
		want       error // nil: it is
	}{
		{200, "application/octet-stream", html, nil},
		{200, "Application/Octet-Stream; charset=binary", html, nil},
		{200, "application/octet-stream; bad=\"", html, nil},
		{200, "application/octet-stream", "", nil},
		{200, "audio/mpeg", html, nil},
		{200, "video/mp4", "x", nil},
		{200, "application/xml", xml, nil},
		{200, "text/xml; charset=utf-8", xml, nil},
		{200, "text/plain", "x", nil},
		{200, "", "ID3\x03", nil},
		{200, "nonsense;;", "ID3\x03", nil},
		{200, "text/html", html, ErrHTML},
		{200, "TEXT/HTML; charset=utf-8", "x", ErrHTML},
		{200, "text/html", "", ErrHTML},
		{200, "application/xhtml+xml", xml, ErrHTML},
		{200, "", html, ErrHTML},
		{200, "text/plain", html, ErrHTML},
		{200, "application/xml", html, ErrHTML},
		{200, "application/json", `{"data":{}}`, ErrUnreadable},
		{200, "application/problem+json", `{}`, ErrUnreadable},
		{204, "", "", ErrUnreadable},
		{202, "application/octet-stream", "x", ErrUnreadable},
		{206, "application/octet-stream", "x", ErrUnreadable},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, n := always(t, tc.status, tc.body, "Content-Type", tc.kind)
			got, err := download(t.Context(), c)
			if tc.want == nil {
				if err != nil || got != tc.body || n.Load() != 1 {
					t.Errorf("%d %s %q: %q, %v", tc.status, tc.kind, tc.body, got, err)
				}
				return
			}
			if !errors.Is(err, tc.want) || got != "" || n.Load() != 4 || Unknown(err) || NotFound(err) || apiError(t, err).Status != tc.status {
				t.Errorf("%d %s %q: %q, %v after %d requests", tc.status, tc.kind, tc.body, got, err, n.Load())
			}
		})
	}
}

func TestDownloadThatIsRefused(t *testing.T) {
	c, _ := always(t, 404, `{"errors":[{"code":"10005","title":"Resource not found"}]}`)
	if _, err := download(t.Context(), c); !NotFound(err) || !strings.Contains(err.Error(), "10005 Resource not found") {
		t.Error(err)
	}
	c, _ = always(t, 404, "<html>", "Content-Type", "text/html")
	if _, err := download(t.Context(), c); NotFound(err) || !errors.Is(err, ErrHTML) {
		t.Error(err)
	}
	c, n := always(t, 302, "", "Location", "https://storage.example.com/a?X-Amz-Signature=sesame")
	if _, err := download(t.Context(), c); apiError(t, err).Status != 302 || strings.Contains(err.Error(), "sesame") || n.Load() != 1 {
		t.Errorf("%v after %d requests", err, n.Load())
	}
}

func TestDownloadIsBounded(t *testing.T) {
	for _, size := range []int{MaxMedia, maxDownload, maxDownload + 1} {
		for _, known := range []bool{true, false} {
			var n atomic.Int32
			c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
				n.Add(1)
				w.Header().Set("Content-Type", "application/octet-stream")
				if known {
					w.Header().Set("Content-Length", fmt.Sprint(size))
				}
				block := make([]byte, 1<<20)
				for left := size; left > 0; left -= len(block) {
					if _, err := w.Write(block[:min(left, len(block))]); err != nil {
						return
					}
				}
			})
			var got int64
			err := c.Media().Download(t.Context(), "a", func(r io.Reader) (err error) {
				got, err = io.Copy(io.Discard, r)
				return err
			})
			fits := size <= maxDownload
			if fits && (err != nil || got != int64(size)) || !fits && (!errors.Is(err, errTooLarge) || got > maxDownload || known && got > 0) || n.Load() != 1 {
				t.Errorf("%d bytes, known %v: %d bytes, %v after %d requests", size, known, got, err, n.Load())
			}
		}
	}
}

// cutOff gives a client whose first answers break off after some bytes.
func cutOff(t *testing.T, times int) *Client {
	n := 0
	return newClient(t, Config{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		resp := respond(200, "content", "Content-Type", "application/octet-stream")
		if n++; n <= times {
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("con"), iotest.ErrReader(errReset)))
		}
		return resp, nil
	})})
}

func TestDownloadIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := 0
		err := cutOff(t, 2).Media().Download(t.Context(), "a", func(r io.Reader) error {
			reads++
			b, err := io.ReadAll(r)
			if want := map[bool]string{true: "con", false: "content"}[reads <= 2]; string(b) != want {
				t.Errorf("reading %d got %q", reads, b)
			}
			return err
		})
		if err != nil || reads != 3 {
			t.Errorf("%v after %d readings", err, reads)
		}
		for name, read := range map[string]func(io.Reader) error{
			"says so":             func(r io.Reader) error { _, err := io.ReadAll(r); return err },
			"does not notice":     func(r io.Reader) error { _, _ = io.ReadAll(r); return nil },
			"says something else": func(r io.Reader) error { _, _ = io.ReadAll(r); return errDisk },
		} {
			if err := cutOff(t, 4).Media().Download(t.Context(), "a", read); !errors.Is(err, errReset) || !strings.Contains(err.Error(), "after 4 attempts") {
				t.Errorf("%s: %v", name, err)
			}
		}
		c, n := answers(t, 503, errReset, 429, 200)
		if _, err := download(t.Context(), c); !errors.Is(err, ErrUnreadable) || *n != 4 { // what it gives is JSON
			t.Errorf("%v after %d requests", err, *n)
		}
	})
}

// A server that closes too early has not given everything, whatever the reader makes of it.
func TestDownloadThatIsCut(t *testing.T) {
	var n atomic.Int32
	c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		if n.Add(1) == 1 {
			w.Header().Set("Content-Length", "100")
		}
		fmt.Fprint(w, "content")
	})
	if got, err := download(t.Context(), c); err != nil || got != "content" || n.Load() != 2 {
		t.Errorf("%q, %v after %d requests", got, err, n.Load())
	}
}

func TestErrorOfReadEndsADownload(t *testing.T) {
	for name, read := range map[string]func(io.Reader) error{
		"at once":       func(io.Reader) error { return errDisk },
		"in the middle": func(r io.Reader) error { _, _ = r.Read(make([]byte, 2)); return fmt.Errorf("write: %w", errDisk) },
		"like the net":  func(io.Reader) error { return &url.Error{Op: "Get", URL: "https://h", Err: errDisk} },
		"at the end":    func(r io.Reader) error { _, _ = io.ReadAll(r); return errors.Join(errDisk, context.Canceled) },
	} {
		c, n := always(t, 200, "content", "Content-Type", "application/octet-stream")
		err := c.Media().Download(t.Context(), "a", read)
		if !errors.Is(err, errDisk) || n.Load() != 1 || Unknown(err) || !strings.Contains(err.Error(), "reading the content: ") {
			t.Errorf("%s: %v after %d requests", name, err, n.Load())
		}
	}
	// To stop early is not an error.
	c, _ := always(t, 200, "content", "Content-Type", "application/octet-stream")
	if err := c.Media().Download(t.Context(), "a", func(io.Reader) error { return nil }); err != nil {
		t.Error(err)
	}
}

func TestDownloadTakesPartInAllLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls []Call
		var trace bytes.Buffer
		n := 0
		c := newClient(t, Config{
			Concurrency: 1, Rate: 1, Trace: &trace,
			OnCall: func(c Call) { calls = append(calls, c) },
			Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				if n++; n == 1 {
					return respond(429, "", "Retry-After", "7"), nil
				}
				return respond(200, "content", "Content-Type", "application/octet-stream", "X-Request-Id", "r2"), nil
			}),
		})
		start := time.Now()
		err := c.Media().Download(t.Context(), "a", func(r io.Reader) error {
			if len(c.slots) != 1 {
				t.Error("it takes no place among the requests in flight")
			}
			time.Sleep(3 * time.Second)
			_, err := io.Copy(io.Discard, r)
			return err
		})
		if d := time.Since(start); err != nil || d < 10*time.Second || d > 11*time.Second || len(c.slots) != 0 {
			t.Errorf("%v after %v", err, d)
		}
		if len(calls) != 2 || calls[0].Status != 429 || calls[1].Status != 200 || calls[1].Attempt != 2 || calls[1].RequestID != "r2" ||
			calls[1].Path != "/media/a/download" || calls[1].Duration != 3*time.Second {
			t.Errorf("%+v", calls)
		}
		if !strings.Contains(trace.String(), "(application/octet-stream, 7 bytes)") || strings.Contains(trace.String(), "content\"") {
			t.Error(trace.String())
		}
	})
}

func TestDownloadThatIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, Config{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			resp := respond(200, "", "Content-Type", "application/octet-stream")
			resp.Body = io.NopCloser(readerFunc(func([]byte) (int, error) {
				<-r.Context().Done()
				return 0, r.Context().Err()
			}))
			return resp, nil
		})})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		if _, err := download(ctx, c); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}
