package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

func TestTranscriptions(t *testing.T) {
	const one = `{"created_at":"?","id":"t","transcription_text":"` + canary + `"}`
	var path string
	c := newClient(t, Config{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		path = r.Method + " " + r.URL.RequestURI()
		return respond(200, `{"data":`+one+`}`), nil
	})})
	o, err := c.RecordingTranscriptions().Get(t.Context(), "a/b")
	if err != nil || jsonText(t, o) != one || path != "GET /v2/recording_transcriptions/a%2Fb" {
		t.Errorf("%s: %v, %v", path, o, err)
	}
	m, err := c.RecordingTranscriptions().Delete(t.Context(), "a/b")
	if err != nil || m.Status != 200 || path != "DELETE /v2/recording_transcriptions/a%2Fb" {
		t.Errorf("%s: %+v, %v", path, m, err)
	}
	for _, id := range []string{"", ".", ".."} {
		if _, err := c.RecordingTranscriptions().Get(t.Context(), id); err == nil {
			t.Errorf("the id %q is accepted", id)
		}
	}
}

// However an answer is broken: what people said is in no error and no trace of it.
func TestWhatPeopleSaidNeverShows(t *testing.T) {
	const urls = `"download_urls":{"mp3":"https://h/canary-4929?a=b"}`
	answer := func(status int, body string, headers ...string) roundTrip {
		return func(*http.Request) (*http.Response, error) { return respond(status, body, headers...), nil }
	}
	rts := map[string]roundTrip{
		"quoted by the transport": func(*http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("malformed HTTP response %q", canary)
		},
		"broken off": func(*http.Request) (*http.Response, error) {
			resp := respond(200, "")
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(canary), iotest.ErrReader(errors.New("invalid byte in chunk length: "+canary))))
			return resp, nil
		},
	}
	for _, status := range []int{200, 400, 404, 422, 500} {
		for i, body := range []string{
			canary,
			`"` + canary + `"`,
			`["` + canary + `"]`,
			`{"data":{"id":"t","transcription_text":"` + canary + `",` + urls + `}}`,
			`{"data":[{"id":"t","transcription_text":"` + canary + `",` + urls + `},{"id":"t"}],"meta":{"total_results":2}}`,
			`{"data":[{"id":"t","transcription_text":"` + canary + `"},{"id":"t"}],"meta":{"cursors":{}}}`,
			`{"transcription_text":"` + canary + `",` + urls + `}`,
			`{"data":{"id":"t","transcription_text":"` + canary,
			`{"data":{"id":"t",` + urls,
			`{"errors":[{"code":"1","title":"T","detail":{"transcription_text":"` + canary + `"}}]}`,
			`{"errors":[{"transcription_text":"` + canary + `",` + urls + `}]}`,
			`<p>` + canary,
		} {
			rts[fmt.Sprint(status, " ", i)] = answer(status, body, "Content-Type", "text/plain; x=y")
		}
	}
	for name, rt := range rts {
		var out bytes.Buffer
		c, err := New(Config{Key: testKey, Trace: &out, Transport: rt, OnCall: func(c Call) { fmt.Fprintf(&out, "%+v\n", c) }})
		if err != nil {
			t.Fatal(err)
		}
		c.budget.tokens = 0
		ctx := context.Background()
		nothing := func(Object) error { return nil }
		_, err1 := c.RecordingTranscriptions().Get(ctx, "t")
		_, err2 := c.RecordingTranscriptions().Delete(ctx, "t")
		_, err3 := c.RecordingTranscriptions().List(ctx, TranscriptionFilter{})
		err4 := c.RecordingTranscriptions().Each(ctx, TranscriptionFilter{}, nothing)
		_, err5 := c.Recordings().Get(ctx, "t")
		_, err6 := c.Recordings().Delete(ctx, "t")
		err7 := c.Recordings().Each(ctx, RecordingFilter{}, nothing)
		for _, err := range []error{err1, err2, err3, err4, err5, err6, err7} {
			fmt.Fprintf(&out, "%v %+v %#v\n", err, err, err)
			if e, ok := err.(*Error); ok {
				fmt.Fprintf(&out, "%+v\n", *e)
			}
		}
		if shown := out.String(); strings.Contains(shown, "4929") || strings.Contains(shown, "Morgen") {
			t.Errorf("%s shows it:\n%.3000s", name, shown)
		}
	}
}

// Telnyx's own words stay.
func TestErrorsOfTranscriptionsAreReadable(t *testing.T) {
	for body, want := range map[string]string{
		`{"errors":[{"code":"10005","title":"Resource not found","detail":"No such one"}]}`: "404 10005 Resource not found: No such one",
		`{"detail":"Not Found"}`: "404 Not Found: Not Found",
		`{"message":"no"}`:       "404 Not Found: no",
		`no`:                     "404 Not Found",
		`["no"]`:                 "404 Not Found",
		`{"x":"no"}`:             "404 Not Found",
	} {
		c, _ := always(t, 404, body)
		if _, err := c.RecordingTranscriptions().Get(t.Context(), "t"); err == nil || err.Error() != "GET /recording_transcriptions/t: "+want {
			t.Errorf("%s: %v", body, err)
		}
	}
}
