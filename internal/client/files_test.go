package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestFilesHaveMoreTime(t *testing.T) {
	hang := func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, r.Context().Err()
	}
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, Config{Timeout: time.Second, Transport: roundTrip(hang)})
		c.budget.tokens = 0
		for name, tc := range map[string]struct {
			call func() error
			most time.Duration
		}{
			"get": {func() error { _, err := c.Media().Get(t.Context(), "a"); return err }, time.Second},
			"url": {func() error {
				_, _, err := c.Media().Update(t.Context(), "a", MediaContent{URL: "https://h", TTL: time.Hour})
				return err
			}, time.Second},
			"small": {func() error {
				m, _ := text("x")
				_, _, err := c.Media().Create(t.Context(), "a", m)
				return err
			}, time.Second},
			"large": {func() error {
				m, _ := medium(MaxMedia, func() io.Reader { return strings.NewReader("") })
				_, _, err := c.Media().Create(t.Context(), "a", m)
				return err
			}, 321 * time.Second},
			"download": {func() error {
				return c.Media().Download(t.Context(), "a", func(io.Reader) error { return nil })
			}, 321 * time.Second},
		} {
			start := time.Now()
			err := tc.call()
			if d := time.Since(start); !errors.Is(err, errTimeout) || d < tc.most || d > tc.most+20*time.Millisecond {
				t.Errorf("%s: %v after %v", name, err, d)
			}
		}
	})
}

func TestReadOnlyClientDownloadsAndUploadsNothing(t *testing.T) {
	var writes atomic.Int32
	c := serve(t, Config{ReadOnly: true}, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			writes.Add(1)
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		fmt.Fprint(w, "content")
	})
	m, s := text("content")
	_, _, post := c.Media().Create(t.Context(), "a", m)
	_, _, put := c.Media().Update(t.Context(), "a", m)
	_, _, byURL := c.Media().Update(t.Context(), "a", MediaContent{URL: "https://h", TTL: time.Hour})
	_, del := c.Media().Delete(t.Context(), "a")
	for i, err := range []error{post, put, byURL, del} {
		if !errors.Is(err, ErrReadOnly) || Unknown(err) || apiError(t, err).Sent {
			t.Errorf("write %d: %v", i, err)
		}
	}
	if b, err := download(t.Context(), c); err != nil || b != "content" || writes.Load() != 0 || s.closed.Load() != s.opened.Load() {
		t.Errorf("%q, %v, %d writes, opened %d times, closed %d times", b, err, writes.Load(), s.opened.Load(), s.closed.Load())
	}
}

func TestTraceShowsNoFiles(t *testing.T) {
	var out bytes.Buffer
	c := newClient(t, Config{Trace: &out, Transport: drain(func(n int) (*http.Response, error) {
		switch n {
		case 1:
			return respond(201, `{"data":{"media_name":"a"}}`), nil
		case 2:
			return respond(200, "canary", "Content-Type", "application/octet-stream"), nil
		case 3:
			return respond(200, "<html>canary", "Content-Type", "text/html"), nil
		}
		return respond(404, `{"errors":[{"code":"10005","title":"gone"}]}`), nil
	})})
	c.budget.tokens = 0
	m, _ := text("canary")
	synctest.Test(t, func(*testing.T) {
		c.Media().Create(context.Background(), "a", m)
		for range 3 {
			download(context.Background(), c)
		}
	})
	got := out.String()
	_, rest, _ := strings.Cut(got, "(multipart/form-data, ")
	size, _, _ := strings.Cut(rest, " bytes")
	want := "→ POST /v2/media\n  (multipart/form-data, " + size + " bytes)\n" +
		"← 201 0s POST /media\n" + `  {"data":{"media_name":"a"}}` + "\n" +
		"→ GET /v2/media/a/download\n← 200 0s GET /media/a/download\n  (application/octet-stream, 6 bytes)\n" +
		"→ GET /v2/media/a/download\n← 200 0s GET /media/a/download: " + ErrHTML.Error() + "\n  (text/html, 0 bytes)\n" +
		"→ GET /v2/media/a/download\n← 404 0s GET /media/a/download\n" + `  {"errors":[{"code":"10005","title":"gone"}]}` + "\n"
	if got != want {
		t.Errorf("\ngot  %s\nwant %s", got, want)
	}
}
