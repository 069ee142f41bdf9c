package client

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestClockSkew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const way = 3 * time.Second // there, and as long back
		date, status, body := "", 200, `{"data":{}}`
		c := newClient(t, Config{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			time.Sleep(way)
			header := date
			if d, err := time.ParseDuration(date); err == nil {
				header = time.Now().Add(d).UTC().Format(http.TimeFormat)
			}
			time.Sleep(way)
			return respond(status, body, "Date", header), nil
		})})
		c.budget.tokens = 0
		if skew, known := c.ClockSkew(); skew != 0 || known {
			t.Errorf("before any answer: %v, %v", skew, known)
		}
		for _, tc := range []struct {
			date string
			min  time.Duration
			max  time.Duration
		}{
			{"0s", 0, 0},
			{"2s", 0, 0}, // no more than the way explains
			{"-2s", 0, 0},
			{"10m", 10*time.Minute - way - time.Second, 10 * time.Minute},
			{"-10m", -10 * time.Minute, -10*time.Minute + way + time.Second},
			{"87600h", 87600*time.Hour - way - time.Second, 87600 * time.Hour},
		} {
			date = tc.date
			if _, err := c.ExternalConnections().Get(t.Context(), "1"); err != nil {
				t.Fatal(err)
			}
			if skew, known := c.ClockSkew(); !known || skew < tc.min || skew > tc.max {
				t.Errorf("%s: %v, %v", tc.date, skew, known)
			}
		}
		// A write tells, too.
		date = "1h"
		if _, err := c.Recordings().Delete(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
		if skew, known := c.ClockSkew(); !known || skew < 59*time.Minute {
			t.Errorf("after a DELETE: %v, %v", skew, known)
		}
		// What is not understood tells nothing: it may be of another server.
		date, body = "0s", "<html>"
		if _, err := c.ExternalConnections().Get(t.Context(), "1"); !errors.Is(err, ErrHTML) {
			t.Fatal(err)
		}
		if skew, known := c.ClockSkew(); !known || skew < 59*time.Minute {
			t.Errorf("after a web page: %v, %v", skew, known)
		}
		body = `{"data":{}}`
		for _, date = range []string{"", "soon", "2026-07-16T12:00:00Z"} {
			if _, err := c.ExternalConnections().Get(t.Context(), "1"); err != nil {
				t.Fatal(err)
			}
			if skew, known := c.ClockSkew(); skew != 0 || known {
				t.Errorf("%q: %v, %v", date, skew, known)
			}
		}
	})
}

// Of a real server the clock is ours, however long it takes. A storage's clock is not asked.
func TestClockSkewOfAServer(t *testing.T) {
	c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/mp3" {
			w.Header().Set("Date", "Thu, 01 Jan 1970 00:00:00 GMT")
			w.Header().Set("Content-Type", "audio/mpeg")
			io.WriteString(w, "ID3")
			return
		}
		io.WriteString(w, `{"data":{"download_urls":{"mp3":"http://`+r.Host+`/mp3"}}}`)
	})
	if _, err := c.Recordings().Download(t.Context(), "r", "mp3", func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err }); err != nil {
		t.Fatal(err)
	}
	if skew, known := c.ClockSkew(); skew != 0 || !known {
		t.Errorf("%v, %v", skew, known)
	}
}
