package client_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/contract"
	"telnyxsync/internal/telnyxsim"
)

// rig is a simulated account whose traffic is held against Telnyx's document, and a client of it.
type rig struct {
	*testing.T
	sim    *telnyxsim.Sim
	client *client.Client
	seen   bytes.Buffer // everything that a user could see of it
}

func newRig(t *testing.T, account string) *rig {
	t.Helper()
	start := time.Date(2026, 7, 16, 12, 0, 0, 0, time.UTC)
	sim, err := telnyxsim.New(telnyxsim.Config{Account: []byte(account), Now: func() time.Time { return start }})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, sim: sim}
	server := httptest.NewServer(contract.Wrap(t, sim))
	t.Cleanup(server.Close)
	r.client, err = client.New(client.Config{
		Key: "KEY-of-the-account", BaseURL: server.URL + "/v2", Trace: &r.seen, Concurrency: 4,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.client.Close)
	t.Cleanup(func() {
		if v := sim.Violations(); len(v) > 0 {
			t.Errorf("violations: %q", v)
		}
	})
	return r
}

// fail arms a fault.
func (r *rig) fail(match, do string, status, times int) {
	r.Helper()
	if err := r.sim.AddFaults(telnyxsim.Fault{Match: match, Do: do, Status: status, Times: times}); err != nil {
		r.Fatal(err)
	}
}

// calls counts the requests since the last time.
func (r *rig) calls() int {
	defer r.sim.ClearJournal()
	return len(r.sim.Journal())
}

// many is the objects of a collection, with ids from 0 on.
func many(n int, object string) string {
	objs := make([]string, n)
	for i := range objs {
		objs[i] = fmt.Sprintf(`{"id":"%d",`+object+`}`, i)
	}
	return "[" + strings.Join(objs, ",") + "]"
}

// taker collects what Each hands out.
type taker struct{ ids []string }

func (k *taker) take(o client.Object) error {
	id, _ := o["id"].(string)
	k.ids = append(k.ids, id)
	return nil
}

func numbered(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprint(i))
	}
	return out
}

// Every filter is one that Telnyx's document has.
func TestFiltersOfRecordings(t *testing.T) {
	r := newRig(t, `{"recordings":[{"id":"a"},{"id":"b","connection_id":"1","from":"f","to":"t","call_leg_id":"84a97d76-e40f-11ed-9074-02420a0daa69",
		"call_session_id":"84a97d76-e40f-11ed-9074-02420a0daa6a","call_control_id":"c","conference_id":"C","_conference_region":"us","_sip_call_id":"s",
		"created_at":"2026-07-01T00:00:00Z"}]}`)
	at := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	day := client.Period{GTE: at.Add(-time.Hour), LTE: at}
	for _, f := range []client.RecordingFilter{
		{ConnectionID: "1"},
		{From: "f"},
		{To: "t"},
		{CallLegID: "84a97d76-e40f-11ed-9074-02420a0daa69"},
		{CallSessionID: "84a97d76-e40f-11ed-9074-02420a0daa6a"},
		{CallControlID: "c"},
		{ConferenceID: "C"},
		{ConferenceRegion: "us"},
		{SIPCallID: "s"},
		{CreatedAt: day},
		{StartTime: day},
		{EndTime: day},
		{ConnectionID: "1", From: "f", To: "t", CreatedAt: client.Period{LTE: at}, EndTime: client.Period{GTE: at}},
	} {
		if list, err := r.client.Recordings().List(t.Context(), f); err != nil || len(list) != 1 || list[0]["id"] != "b" {
			t.Errorf("%+v: %v, %v", f, list, err)
		}
	}
	if list, err := r.client.Recordings().List(t.Context(), client.RecordingFilter{}); err != nil || len(list) != 2 {
		t.Errorf("%v, %v", list, err)
	}
}

// Collect, delete in batches, read again: what a retention does.
func TestDeletionOfManyRecordings(t *testing.T) {
	r := newRig(t, `{"recordings":`+many(1234, `"created_at":"2026-01-01T00:00:00Z"`)+`}`)
	old := client.RecordingFilter{CreatedAt: client.Period{LTE: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)}}
	var found taker
	if err := r.client.Recordings().Each(t.Context(), old, found.take); err != nil || !slices.Equal(found.ids, numbered(0, 1234)) || r.calls() != 5 {
		t.Fatalf("%d are found, %v", len(found.ids), err)
	}
	for ids := range slices.Chunk(found.ids[:1000], client.MaxDeleteBatch) {
		if m, err := r.client.Recordings().DeleteBatch(t.Context(), ids); err != nil || m.Status != 200 {
			t.Fatalf("%+v, %v", m, err)
		}
	}
	if m, err := r.client.Recordings().Delete(t.Context(), "1000"); err != nil || m.Status != 200 {
		t.Errorf("%+v, %v", m, err)
	}
	if m, err := r.client.Recordings().Delete(t.Context(), "1000"); err != nil || m.Status != 404 {
		t.Errorf("%+v, %v", m, err)
	}
	if r.calls() != 12 {
		t.Error("deleting takes other calls than one for each batch")
	}
	var left taker
	if err := r.client.Recordings().Each(t.Context(), old, left.take); err != nil || !slices.Equal(left.ids, numbered(1001, 1234)) {
		t.Errorf("%d are left, %v", len(left.ids), err)
	}
}

// The pages of a reading that something is deleted from do not add up.
func TestRecordingsThatGoWhileTheyAreRead(t *testing.T) {
	r := newRig(t, `{"recordings":`+many(3000, `"status":"completed"`)+`}`)
	n := 0
	err := r.client.Recordings().Each(t.Context(), client.RecordingFilter{}, func(client.Object) error {
		if n++; n == 1 {
			_, err := r.client.Recordings().Delete(t.Context(), "0")
			return err
		}
		return nil
	})
	if !errors.Is(err, client.ErrIncomplete) || !strings.Contains(err.Error(), "3000 entries on page 1, 2999 on page") {
		t.Errorf("%v after %d", err, n)
	}
	for name, fault := range map[string]string{"short": "short-page", "web pages": "html"} {
		r.fail("GET /recordings", fault, 0, 4)
		var k taker
		if err := r.client.Recordings().Each(t.Context(), client.RecordingFilter{}, k.take); err == nil {
			t.Errorf("%s: %d recordings and no error", name, len(k.ids))
		}
		r.sim.ClearFaults()
	}
}

// Whether a batch was done is known of an "ok" alone.
func TestFateOfBatches(t *testing.T) {
	for name, tc := range map[string]struct {
		account, do string
		status      int
		unknown     bool
		left        int
	}{
		"done":                  {"", "", 0, false, 2},
		"some are gone":         {"", "", 0, false, 2},
		"refused for them":      {`"_recordings_batch_missing":"refuse",`, "", 0, true, 4},
		"done in part":          {`"_recordings_batch_missing":"partial",`, "", 0, true, 2},
		"lost before it":        {"", "drop-before-commit", 0, true, 4},
		"lost behind it":        {"", "drop-after-commit", 0, true, 2},
		"a web page":            {"", "html", 0, true, 2},
		"unavailable":           {"", "status", 503, true, 4},
		"204":                   {"", "status", 204, true, 4},
		"refused by its status": {"", "status", 422, false, 4},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, `{`+tc.account+`"recordings":`+many(4, `"status":"completed"`)+`}`)
			ids := []string{"0", "1"}
			if tc.account != "" || name == "some are gone" {
				ids = append(ids, "none")
			}
			if tc.do != "" {
				r.fail("POST /recordings/actions/delete", tc.do, tc.status, 1)
			}
			_, err := r.client.Recordings().DeleteBatch(t.Context(), ids)
			if client.Unknown(err) != tc.unknown || (err == nil) != (!tc.unknown && tc.status == 0) || r.calls() != 1 {
				t.Errorf("unknown %v: %v", client.Unknown(err), err)
			}
			if list, err := r.client.Recordings().List(t.Context(), client.RecordingFilter{}); err != nil || len(list) != tc.left {
				t.Errorf("%d are left, %v", len(list), err)
			}
		})
	}
}

func TestContentIsDownloaded(t *testing.T) {
	r := newRig(t, `{"recordings":[{"id":"a/b","_bytes":100000},{"id":"x","download_urls":{"wav":"http://127.0.0.1:1/sesame.wav?sesame=open"}}]}`)
	var content bytes.Buffer
	n, err := r.client.Recordings().Download(t.Context(), "a/b", "wav", func(r io.Reader) error { _, err := content.ReadFrom(r); return err })
	if want := strings.Repeat("a/b as wav\n", 10_000)[:100_000]; err != nil || n != 100_000 || content.String() != want {
		t.Errorf("%d bytes, %v", n, err)
	}
	_, err1 := r.client.Recordings().Download(t.Context(), "x", "wav", func(io.Reader) error { return nil })
	_, err2 := r.client.Recordings().Download(t.Context(), "x", "mp3", func(io.Reader) error { return nil })
	_, err3 := r.client.Recordings().Download(t.Context(), "y", "mp3", func(io.Reader) error { return nil })
	if err1 == nil || err2 == nil || client.NotFound(err1) || client.NotFound(err2) || !client.NotFound(err3) {
		t.Errorf("%v, %v, %v", err1, err2, err3)
	}
	shown := fmt.Sprint(r.seen.String(), err1, err2, err3)
	for _, secret := range []string{"X-Amz", "_sim", "sesame", "KEY-of"} {
		if strings.Contains(shown, secret) {
			t.Errorf("%s shows in\n%.2000s", secret, shown)
		}
	}
}
