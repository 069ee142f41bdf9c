package client

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRecordingFilters(t *testing.T) {
	at := time.Date(2026, 7, 16, 12, 0, 0, 0, time.FixedZone("", 2*3600))
	some := func(f func(*RecordingFilter)) (out RecordingFilter) { f(&out); return out }
	for want, f := range map[string]RecordingFilter{
		"":                                                  {},
		"filter[connection_id]=1%262":                       {ConnectionID: "1&2"},
		"filter[from]=%2B1&filter[to]=sip":                  {From: "+1", To: "sip"},
		"filter[call_leg_id]=a":                             {CallLegID: "a"},
		"filter[call_session_id]=a":                         {CallSessionID: "a"},
		"filter[call_control_id]=v3:a":                      {CallControlID: "v3:a"},
		"filter[conference_id]=a":                           {ConferenceID: "a"},
		"filter[conference_region]=us":                      {ConferenceRegion: "us"},
		"filter[sip_call_id]=a@b":                           {SIPCallID: "a@b"},
		"filter[start_time][gte]=" + "2026-07-16T10:00:00Z": {StartTime: Period{GTE: at}},
		"filter[end_time][lte]=" + "2026-07-16T10:00:00Z":   {EndTime: Period{LTE: at}},
		"filter[created_at][gte]=2026-07-16T10:00:01Z&filter[created_at][lte]=2026-07-16T10:00:02Z": some(func(f *RecordingFilter) {
			f.CreatedAt = Period{GTE: at.Add(1), LTE: at.Add(3*time.Second - 1)} // never wider than it is
		}),
	} {
		got := strings.NewReplacer("%5B", "[", "%5D", "]", "%3A", ":", "%40", "@").Replace(f.query().Encode())
		if got != want {
			t.Errorf("%+v:\ngot  %s\nwant %s", f, got, want)
		}
	}
	f := TranscriptionFilter{RecordingID: "r", CreatedAt: Period{LTE: at}}
	if got := f.query().Encode(); got != "filter%5Bcreated_at%5D%5Blte%5D=2026-07-16T10%3A00%3A00Z&filter%5Brecording_id%5D=r" {
		t.Error(got)
	}
}

// What a recording says comes as it was written, dates that are none and all.
func TestRecordingsComeAsTheyAre(t *testing.T) {
	const odd = `{"created_at":"yesterday","duration_millis":60000.50,"id":"r","status":"new","x":[null]}`
	var path string
	c := newClient(t, Config{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		path = r.Method + " " + r.URL.RequestURI()
		if r.URL.Path == "/v2/recordings" {
			return respond(200, `{"data":[`+odd+`],"meta":{"total_results":1}}`), nil
		}
		return respond(200, `{"data":`+odd+`}`), nil
	})})
	same := func(o Object, err error, want string) {
		t.Helper()
		if err != nil || jsonText(t, o) != odd || path != want {
			t.Errorf("%s: %s, %v", path, jsonText(t, o), err)
		}
	}
	const all = "GET /v2/recordings?filter%5Bconnection_id%5D=7&page%5Bnumber%5D=1&page%5Bsize%5D=250"
	list, err := c.Recordings().List(t.Context(), RecordingFilter{ConnectionID: "7"})
	same(list[0], err, all)
	var each Object
	err = c.Recordings().Each(t.Context(), RecordingFilter{ConnectionID: "7"}, func(o Object) error { each = o; return nil })
	same(each, err, all)
	one, err := c.Recordings().Get(t.Context(), "a/b")
	same(one, err, "GET /v2/recordings/a%2Fb")
}

// That a recording is gone is believed of the API alone.
func TestDeleteOfWhatCannotBeMadeAgain(t *testing.T) {
	for _, tc := range []struct {
		status      int
		body        string
		ok, unknown bool
	}{
		{200, `{"data":{"id":"r"}}`, true, false},
		{200, `{"data":{"id":"another"}}`, true, false},
		{200, `{"success":true}`, true, false},
		{200, `{}`, true, false},
		{200, "\n", true, false},
		{204, ``, true, false},
		{202, `{}`, true, false},
		{404, `{"errors":[{"code":"10005","title":"Resource not found"}]}`, true, false},
		{404, ``, true, false},
		{200, `{"success":false}`, false, true},
		{200, `<html>`, false, true},
		{200, `ok`, false, true},
		{200, `[]`, false, true},
		{200, `{"data":{}`, false, true},
		{404, `<html>`, false, false},
		{302, ``, false, true},
		{403, ``, false, false},
		{422, ``, false, false},
	} {
		c, n := always(t, tc.status, tc.body, "X-Request-Id", "r-1")
		m1, err1 := c.Recordings().Delete(t.Context(), "r")
		m2, err2 := c.RecordingTranscriptions().Delete(t.Context(), "r")
		m3, err3 := c.LogMessages().Dismiss(t.Context(), "r")
		for i, err := range []error{err1, err2, err3} {
			if (err == nil) != tc.ok || Unknown(err) != tc.unknown || NotFound(err) {
				t.Errorf("%d, %d %s: unknown %v, %v", i, tc.status, tc.body, Unknown(err), err)
			}
		}
		if want := (Meta{tc.status, "r-1"}); m1 != want || m2 != want || m3 != want || n.Load() != 3 {
			t.Errorf("%d %s: %+v, %+v, %+v by %d requests", tc.status, tc.body, m1, m2, m3, n.Load())
		}
	}
	c, n := always(t, 200, `{}`)
	for _, id := range []string{"", ".", ".."} {
		_, err1 := c.Recordings().Delete(t.Context(), id)
		_, err2 := c.RecordingTranscriptions().Delete(t.Context(), id)
		_, err3 := c.LogMessages().Dismiss(t.Context(), id)
		if err1 == nil || err2 == nil || err3 == nil || n.Load() != 0 {
			t.Errorf("the id %q is accepted", id)
		}
	}
}

func TestDeleteBatch(t *testing.T) {
	var sent []string
	c := newClient(t, Config{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		b, err := io.ReadAll(r.Body)
		sent = append(sent, fmt.Sprint(r.Method, " ", r.URL.RequestURI(), " ", string(b)))
		if err != nil {
			t.Error(err)
		}
		return respond(200, `{"status":"ok"}`, "X-Request-Id", "r-1"), nil
	})})
	m, err := c.Recordings().DeleteBatch(t.Context(), []string{"a", `b"c`})
	if want := `POST /v2/recordings/actions/delete {"ids":["a","b\"c"]}`; err != nil || m != (Meta{200, "r-1"}) || len(sent) != 1 || sent[0] != want {
		t.Errorf("%+v, %v, %s", m, err, sent)
	}
	if _, err := c.Recordings().DeleteBatch(t.Context(), ids(MaxDeleteBatch)); err != nil || len(sent) != 2 {
		t.Error(err)
	}
	for name, list := range map[string][]string{"none": nil, "empty": {}, "too many": ids(MaxDeleteBatch + 1), "no id": {"a", ""}} {
		if m, err := c.Recordings().DeleteBatch(t.Context(), list); err == nil || Unknown(err) || m != (Meta{}) || len(sent) != 2 {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

// A batch may be done in part, and nothing tells which: it is sent once, and what is not an "ok" is of unknown fate unless it
// was refused as a whole.
func TestFateOfABatch(t *testing.T) {
	for _, tc := range []struct {
		status      int
		body        string
		ok, unknown bool
	}{
		{200, `{"status":"ok"}`, true, false},
		{202, `{"status":"ok","more":1}`, true, false},
		{200, `{"status":"partial"}`, false, true},
		{200, `{"status":"OK"}`, false, true},
		{200, `{"status":["ok"]}`, false, true},
		{200, `{"data":{"status":"ok"}}`, false, true},
		{200, `{}`, false, true},
		{200, ``, false, true},
		{204, ``, false, true},
		{200, `ok`, false, true},
		{200, `<html>ok`, false, true},
		{302, ``, false, true},
		{400, `{}`, false, false},
		{401, ``, false, false},
		{404, `{"errors":[{"code":"10005","title":"Resource not found"}]}`, false, true},
		{404, ``, false, true},
		{408, ``, false, true},
		{422, `{}`, false, false},
		{500, `{}`, false, true},
		{504, ``, false, true},
	} {
		c, n := always(t, tc.status, tc.body)
		m, err := c.Recordings().DeleteBatch(t.Context(), []string{"a", "b"})
		if (err == nil) != tc.ok || Unknown(err) != tc.unknown || m.Status != tc.status || n.Load() != 1 {
			t.Errorf("%d %s: unknown %v, %v, by %d requests", tc.status, tc.body, Unknown(err), err, n.Load())
		}
	}
	synctest.Test(t, func(t *testing.T) {
		for name, list := range map[string][]any{"lost": {errReset}, "refused for its rate, then lost": {429, errReset}} {
			c, n := answers(t, list...)
			if _, err := c.Recordings().DeleteBatch(t.Context(), []string{"a"}); !Unknown(err) || *n != len(list) {
				t.Errorf("%s: %v after %d requests", name, err, *n)
			}
		}
		c, n := answers(t, errDial, errDial, errDial, errDial)
		if _, err := c.Recordings().DeleteBatch(t.Context(), []string{"a"}); !errors.Is(err, errDial) || Unknown(err) || *n != 4 {
			t.Errorf("never sent: %v after %d requests", err, *n)
		}
	})
}
