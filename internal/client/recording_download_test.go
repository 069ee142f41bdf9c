package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

const (
	storagePath = "/telephony-recorder/047e057e-cb46-4b11/2026-07-16/9977677e-85ae.mp3"
	storageURL  = "https://storage.example.com" + storagePath + "?" + testQuery
)

// storage stands for a storage and the API before it: requests that are not of the API get its answers.
func storage(t testing.TB, cfg Config, url string, answer roundTrip) *Client {
	t.Helper()
	cfg.Key = testKey
	cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host != "api.telnyx.com" {
			if r.Header.Get("Authorization") != "" || r.Method != http.MethodGet {
				t.Errorf("%s with the key to %s", r.Method, r.URL.Host)
			}
			return answer(r)
		}
		return respond(200, `{"data":{"id":"r","download_urls":{"mp3":"`+url+`"}}}`), nil
	})
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// content answers as a storage does.
func storageContent(body string, size int, headers ...string) roundTrip {
	return func(*http.Request) (*http.Response, error) {
		resp := respond(200, body, append([]string{"Content-Type", "binary/octet-stream"}, headers...)...)
		resp.ContentLength = int64(size)
		return resp, nil
	}
}

func save(ctx context.Context, c *Client) (string, int64, error) {
	var b []byte
	n, err := c.Recordings().Download(ctx, "r", "mp3", func(r io.Reader) (err error) {
		b, err = io.ReadAll(r)
		return err
	})
	return string(b), n, err
}

// As it is with real servers on two hosts: the key goes to one of them alone.
func TestDownloadOfARecording(t *testing.T) {
	content := strings.Repeat("\x00<html>\xff{", 3_000_000)
	var got *http.Request
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		w.Header().Set("Content-Type", "audio/mpeg")
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		io.WriteString(w, content)
	}))
	defer other.Close()
	c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		if r.RequestURI != "/v2/recordings/a%2Fb" || r.Header.Get("Authorization") != "Bearer "+testKey {
			t.Errorf("%s by %v", r.RequestURI, r.Header)
		}
		fmt.Fprintf(w, `{"data":{"download_urls":{"wav":"x","mp3":"%s/r.mp3?%s#there"}}}`, other.URL, testQuery)
	})
	var buf bytes.Buffer
	n, err := c.Recordings().Download(t.Context(), "a/b", "mp3", func(r io.Reader) error { _, err := buf.ReadFrom(r); return err })
	if err != nil || n != int64(len(content)) || buf.String() != content {
		t.Errorf("%d of %d bytes, %v", n, len(content), err)
	}
	if got.RequestURI != "/r.mp3?"+testQuery || got.Header.Get("Authorization") != "" || got.Header.Get("Accept-Encoding") != "identity" ||
		got.Header.Get("Accept") != "" || got.Header.Get("Cookie") != "" {
		t.Errorf("%s by %v", got.RequestURI, got.Header)
	}
	if strings.Contains(fmt.Sprint(got.Header), testKey) {
		t.Errorf("the key is in %v", got.Header)
	}
}

func TestURLsThatAreNotFollowed(t *testing.T) {
	for body, want := range map[string]string{
		`{}`:                     "GET /recordings/r#/download_urls/mp3: the recording has no such URL: there is none",
		`{"download_urls":null}`: "there is none",
		`{"download_urls":"x"}`:  "there is none",
		`{"download_urls":{}}`:   "there is none",
		`{"download_urls":{"wav":"https://h","ogg\u001b":"https://h"}}`: `there is ogg\x1b, wav`,
		`{"download_urls":{"mp3":null}}`:                                "there is mp3",
		`{"download_urls":{"mp3":["https://h/sesame"]}}`:                "there is mp3",
		`{"download_urls":{"mp3":"http://h.example/sesame"}}`:           "is not https",
		`{"download_urls":{"mp3":"http://127.0.0.1.example/sesame"}}`:   "is not https",
		`{"download_urls":{"mp3":"http://127.0.0.1/sesame"}}`:           "is not https", // as the API is
		`{"download_urls":{"mp3":"ftp://127.0.0.1/sesame"}}`:            "is not https",
		`{"download_urls":{"mp3":"file:///etc/sesame"}}`:                "is none",
		`{"download_urls":{"mp3":"/v2/recordings/sesame"}}`:             "is none",
		`{"download_urls":{"mp3":"https:sesame"}}`:                      "is none",
		`{"download_urls":{"mp3":"https://h/%zzsesame"}}`:               "is none",
		`{"download_urls":{"mp3":"https://sesame:pass@h/"}}`:            "holds a user",
	} {
		c, n := always(t, 200, `{"data":`+body+`}`)
		_, size, err := save(t.Context(), c)
		if err == nil || !strings.Contains(err.Error(), want) || size != 0 || n.Load() != 1 || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v after %d requests", body, err, n.Load())
		}
	}
	c, n := always(t, 404, `{"errors":[{"code":"10005","title":"gone"}]}`)
	if _, _, err := save(t.Context(), c); !NotFound(err) || n.Load() != 1 {
		t.Error(err)
	}
	if _, err := c.Recordings().Download(t.Context(), "", "mp3", nil); err == nil || n.Load() != 1 {
		t.Error(err)
	}
}

// Nothing but the whole content is a recording.
func TestSizeOfARecording(t *testing.T) {
	for name, tc := range map[string]struct {
		rt       roundTrip
		want     error // nil: it is
		attempts int32
	}{
		"whole":             {storageContent("content", 7), nil, 1},
		"of a type":         {storageContent("content", 7, "Content-Type", "audio/x-wav; rate=8000"), nil, 1},
		"of no type":        {storageContent("content", 7, "Content-Type", ""), nil, 1},
		"too short":         {storageContent("conten", 7), errSize, 4},
		"too long":          {storageContent("content!", 7), errSize, 4},
		"nothing":           {storageContent("", 7), errSize, 4},
		"empty":             {storageContent("", 0), ErrUnreadable, 4},
		"of unknown size":   {storageContent("content", -1), ErrUnreadable, 4},
		"HTML":              {storageContent("<html>", 6, "Content-Type", "text/html"), ErrHTML, 4},
		"HTML of no type":   {storageContent("<html>", 6, "Content-Type", ""), ErrHTML, 4},
		"XML":               {storageContent("<Error/>", 8, "Content-Type", "application/xml"), ErrUnreadable, 4},
		"text":              {storageContent("not yet", 7, "Content-Type", "text/plain"), ErrUnreadable, 4},
		"JSON":              {storageContent("{}", 2, "Content-Type", "application/json"), ErrUnreadable, 4},
		"some other 2xx":    {func(*http.Request) (*http.Response, error) { return respond(206, "con"), nil }, ErrUnreadable, 4},
		"broken off":        {func(*http.Request) (*http.Response, error) { return broken("con", 7), nil }, errReset, 4},
		"broken at the end": {func(*http.Request) (*http.Response, error) { return broken("content", 7), nil }, errReset, 4},
	} {
		synctest.Test(t, func(t *testing.T) {
			var n atomic.Int32
			c := storage(t, Config{}, storageURL, func(r *http.Request) (*http.Response, error) {
				n.Add(1)
				return tc.rt(r)
			})
			got, size, err := save(t.Context(), c)
			if tc.want == nil {
				if err != nil || got != "content" || size != 7 {
					t.Errorf("%s: %q, %d, %v", name, got, size, err)
				}
			} else if !errors.Is(err, tc.want) || Unknown(err) {
				t.Errorf("%s: %v", name, err)
			}
			if n.Load() != tc.attempts {
				t.Errorf("%s: %d attempts", name, n.Load())
			}
		})
	}
	for name, read := range map[string]func(io.Reader) error{
		"not at all": func(io.Reader) error { return nil },
		"in part":    func(r io.Reader) error { _, err := r.Read(make([]byte, 3)); return err },
	} {
		c := storage(t, Config{}, storageURL, storageContent("content", 7))
		if _, err := c.Recordings().Download(t.Context(), "r", "mp3", read); !errors.Is(err, errUnread) {
			t.Errorf("read %s: %v", name, err)
		}
	}
	c := storage(t, Config{}, storageURL, storageContent("content", 7))
	if _, err := c.Recordings().Download(t.Context(), "r", "mp3", func(io.Reader) error { return errDisk }); !errors.Is(err, errDisk) {
		t.Error(err)
	}
}

func broken(body string, size int64) *http.Response {
	resp := respond(200, "", "Content-Type", "audio/mpeg")
	resp.ContentLength = size
	resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(body), iotest.ErrReader(errReset)))
	return resp
}

// What a storage refuses says nothing about the recording and the key.
func TestStorageThatRefuses(t *testing.T) {
	const xml = `<?xml version="1.0"?><Error><Code>AccessDenied</Code><StringToSign>sesame</StringToSign></Error>`
	for status, attempts := range map[int]int32{401: 1, 403: 1, 404: 1, 416: 1, 302: 1, 503: 4, 429: 4} {
		synctest.Test(t, func(t *testing.T) {
			var n atomic.Int32
			c := storage(t, Config{}, storageURL, func(*http.Request) (*http.Response, error) {
				n.Add(1)
				return respond(status, xml, "Content-Type", "application/xml", "Location", "https://h/sesame?sesame"), nil
			})
			_, _, err := save(t.Context(), c)
			if NotFound(err) || Unauthorized(err) || Unknown(err) || errors.Is(err, ErrHTML) || apiError(t, err).Status != status || n.Load() != attempts {
				t.Errorf("%d: %v after %d requests", status, err, n.Load())
			}
			if want := fmt.Sprintf("GET /recordings/r#/download_urls/mp3: %d %s: so answers the storage", status, http.StatusText(status)); !strings.HasPrefix(err.Error(), want) {
				t.Error(err)
			}
			if strings.Contains(err.Error(), "sesame") || strings.Contains(err.Error(), "API key") {
				t.Error(err)
			}
		})
	}
}

// Wherever the URL comes back, and whatever happens on the way, it is shown nowhere.
func TestDownloadURLsNeverShow(t *testing.T) {
	for way, write := range ways(t) {
		betray := pieces(way, write, storagePath, "AKIA0123456789ABCDEF%2F20260716", "9f86d081884c7d659a2feaa0c55ad015")
		for place, rt := range places(t, write(storageURL)) {
			var out bytes.Buffer
			c := storage(t, Config{Trace: &out, OnCall: func(c Call) { fmt.Fprintf(&out, "%+v\n", c) }}, storageURL, rt)
			c.budget.tokens = 0
			_, _, err := save(t.Context(), c)
			fmt.Fprintf(&out, "%v %+v %#v\n", err, err, err)
			if e, ok := err.(*Error); ok {
				fmt.Fprintf(&out, "%+v\n", *e)
			}
			shown := strings.ReplaceAll(out.String(), "/recordings/r", "")
			check(t, way+" in "+place, shown, betray)
		}
	}
}

func TestDownloadOfARecordingTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 64 << 20 // 1024 seconds at the slowest
		var trace bytes.Buffer
		hang := time.Duration(0)
		c := storage(t, Config{Timeout: time.Second, Rate: 1, Concurrency: 1, Trace: &trace}, storageURL, func(r *http.Request) (*http.Response, error) {
			resp := respond(200, "", "Content-Type", "audio/mpeg", "X-Ratelimit-Limit", "1", "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", "50")
			resp.ContentLength = size
			resp.Body = io.NopCloser(readerFunc(func(p []byte) (int, error) {
				select {
				case <-r.Context().Done():
					return 0, r.Context().Err()
				case <-time.After(hang):
				}
				hang = 0
				return len(p), nil
			}))
			return resp, nil
		})
		c.budget.tokens = 0
		read := func(r io.Reader) error {
			if len(c.slots) != 1 {
				t.Error("it takes no place among the requests in flight")
			}
			_, err := io.CopyN(io.Discard, r, size)
			return err
		}
		start := time.Now()
		hang = 1000 * time.Second
		if n, err := c.Recordings().Download(t.Context(), "r", "mp3", read); err != nil || n != size || time.Since(start) != hang+1000*time.Second {
			t.Errorf("%d bytes, %v after %v", n, err, time.Since(start))
		}
		start, hang = time.Now(), time.Hour
		if _, err := c.Recordings().Download(t.Context(), "r", "mp3", read); !errors.Is(err, errTimeout) || time.Since(start) != 1025*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if !strings.Contains(trace.String(), "→ GET /recordings/r#/download_urls/mp3\n") || !strings.Contains(trace.String(), "(audio/mpeg, 67108864 bytes)") {
			t.Error(trace.String())
		}
		// The storage's own limits are none of Telnyx's.
		if c.pace.limit != 0 {
			t.Error("the storage's limit counts")
		}
	})
}

// A dry run may listen.
func TestReadOnlyClientDownloads(t *testing.T) {
	c := storage(t, Config{ReadOnly: true}, storageURL, storageContent("content", 7))
	if got, _, err := save(t.Context(), c); err != nil || got != "content" {
		t.Errorf("%q, %v", got, err)
	}
	for name, call := range map[string]func() error{
		"delete": func() error { _, err := c.Recordings().Delete(t.Context(), "r"); return err },
		"batch":  func() error { _, err := c.Recordings().DeleteBatch(t.Context(), []string{"r"}); return err },
		"text":   func() error { _, err := c.RecordingTranscriptions().Delete(t.Context(), "r"); return err },
		"log":    func() error { _, err := c.LogMessages().Dismiss(t.Context(), "r"); return err },
	} {
		if err := call(); !errors.Is(err, ErrReadOnly) || Unknown(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
