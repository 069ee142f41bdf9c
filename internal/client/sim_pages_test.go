package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/client"
)

// Both styles of pages, and both ends of what they can say.
func TestPagesOfTranscriptions(t *testing.T) {
	const one = `"recording_id":"84a97d76-e40f-11ed-9074-02420a0daa69","transcription_text":"what was said"`
	for _, style := range []string{"cursors", "numbers"} {
		t.Run(style, func(t *testing.T) {
			r := newRig(t, `{"_transcription_paging":"`+style+`","recording_transcriptions":`+many(1100, one)+`}`)
			c := r.client.RecordingTranscriptions()
			f := client.TranscriptionFilter{
				RecordingID: "84a97d76-e40f-11ed-9074-02420a0daa69",
				CreatedAt:   client.Period{GTE: r.sim.Now(), LTE: r.sim.Now()},
			}
			var k taker
			if err := c.Each(t.Context(), f, k.take); err != nil || !slices.Equal(k.ids, numbered(0, 1100)) || r.calls() != 5 {
				t.Errorf("%d by each, %v", len(k.ids), err)
			}
			list, err := c.List(t.Context(), f)
			if err != nil || len(list) != 1100 || list[7]["transcription_text"] != "what was said" || r.calls() != 5 {
				t.Errorf("%d in a list, %v", len(list), err)
			}
			o, err := c.Get(t.Context(), "7")
			if err != nil || o["transcription_text"] != "what was said" || o["duration_millis"] != json.Number("60000") {
				t.Errorf("%v, %v", o, err)
			}
			for _, status := range []int{200, 404} {
				if m, err := c.Delete(t.Context(), "7"); err != nil || m.Status != status {
					t.Errorf("%+v, %v", m, err)
				}
			}
			if _, err := c.Get(t.Context(), "7"); !client.NotFound(err) {
				t.Error(err)
			}
			// A page that lacks one is noticed where another follows, or the number is known.
			r.fail("GET /recording_transcriptions", "short-page", 0, 1)
			if err := c.Each(t.Context(), f, k.take); !errors.Is(err, client.ErrIncomplete) {
				t.Errorf("a short page: %v", err)
			}
			r.fail("GET /recording_transcriptions", "short-page", 0, 1)
			if list, err := c.List(t.Context(), f); err != nil || len(list) != 1099 {
				t.Errorf("%d in a list that was short once, %v", len(list), err)
			}
			if strings.Contains(r.seen.String(), "what was") {
				t.Error("what was said is in the trace")
			}
		})
	}
}

func TestLogMessagesOfASimulator(t *testing.T) {
	const message = `"code":"10015","title":"Invalid attribute","meta":{"external_connection_id":"5"}`
	for _, ids := range []string{"shown", "hidden"} {
		t.Run(ids, func(t *testing.T) {
			r := newRig(t, `{"_log_message_ids":"`+ids+`","log_messages":`+many(600, message)+`}`)
			list, err := r.client.LogMessages().List(t.Context())
			if err != nil || len(list) != 600 || r.calls() != 3 || (list[599]["id"] == "599") != (ids == "shown") {
				t.Errorf("%d messages, %v", len(list), err)
			}
			if o, err := r.client.LogMessages().Get(t.Context(), "3"); err != nil || o["code"] != "10015" {
				t.Errorf("%v, %v", o, err)
			}
			for _, status := range []int{200, 404} {
				if m, err := r.client.LogMessages().Dismiss(t.Context(), "3"); err != nil || m.Status != status {
					t.Errorf("%+v, %v", m, err)
				}
			}
			r.fail("GET /external_connections/log_messages", "short-page", 0, -1)
			if list, err := r.client.LogMessages().List(t.Context()); !errors.Is(err, client.ErrIncomplete) || list != nil {
				t.Errorf("%d messages in short pages, %v", len(list), err)
			}
		})
	}
}

func TestClocksThatDiffer(t *testing.T) {
	for ahead, want := range map[string]time.Duration{"": 0, "6m": 6 * time.Minute, "-1h": -time.Hour} {
		account := `{}`
		if ahead != "" {
			account = `{"_date_ahead":"` + ahead + `"}`
		}
		r := newRig(t, account)
		if _, err := r.client.Recordings().List(context.Background(), client.RecordingFilter{}); err != nil {
			t.Fatal(err)
		}
		if skew, known := r.client.ClockSkew(); !known || (skew-want).Abs() > 30*time.Second {
			t.Errorf("%s: %v, %v", ahead, skew, known)
		}
	}
}
