package apply_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"testing"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/telnyxsim"
)

const transcriptionYAML = `
transcription_retention:
  all: {delete_after: 30d}
  of: {recording_id: 00000000-0000-4000-8000-000000000001, delete_after: 60d}
  legal: {recording_id: 00000000-0000-4000-8000-000000000002, keep: true}
`

// transcripts are transcriptions of three recordings, of different ages; due are those that the policies above mean.
func transcripts(paging string) (account object, due map[string]bool) {
	due = map[string]bool{}
	var list []any
	for i := range 24 {
		days, of := i*4+3, i%3
		id := fmt.Sprint("t", i)
		list = append(list, object{
			"id": id, "recording_id": fmt.Sprint("00000000-0000-4000-8000-00000000000", of), "created_at": ago(time.Duration(days) * aDay), "transcription_text": "cAnArY of " + id,
		})
		if of == 0 && days >= 30 || of == 1 && days >= 60 {
			due[id] = true
		}
	}
	return object{"recording_transcriptions": list, "_transcription_paging": paging}, due
}

// Transcriptions go one by one, however their pages are told apart.
func TestTranscriptionRetention(t *testing.T) {
	for _, paging := range []string{"cursors", "numbers"} {
		account, due := transcripts(paging)
		k := newKeeper(t, checked(t), account, telnyxsim.Config{})
		k.stage.size = 5
		t.Cleanup(k.close)
		desired := k.load("a", transcriptionYAML)
		before := k.ids("recording_transcriptions")
		report, err := k.run(context.Background(), transcriptionJob, apply.Situation{Desired: desired})
		if err != nil || report.Failed || len(writes(k.sim)) > 0 {
			t.Errorf("%s: %v %q %v", paging, err, linesOf(report), writes(k.sim))
		}
		has(t, linesOf(report), fmt.Sprintf("%d transcriptions would be deleted; nothing is, as this only reports: the daemon's `retention: enforce`, or `telnyxsync jobs run transcription_retention --enforce`, deletes", len(due)))
		if report, err = k.run(context.Background(), transcriptionJob, apply.Situation{Desired: desired, Enforce: true}); err != nil || report.Failed {
			t.Errorf("%s: %v %q", paging, err, linesOf(report))
		}
		if got := minus(before, k.ids("recording_transcriptions")); !maps.Equal(got, due) {
			t.Errorf("%s: %v were deleted, want %v", paging, sorted(got), sorted(due))
		}
		sent := map[string]int{}
		for _, w := range writes(k.sim) {
			sent[w]++
		}
		for id := range due {
			if sent["DELETE /recording_transcriptions/"+id] != 1 {
				t.Errorf("%s: %s was deleted %d times", paging, id, sent["DELETE /recording_transcriptions/"+id])
			}
		}
		if len(sent) != len(due) {
			t.Errorf("%s: sent %v", paging, sent)
		}
		k.inHistory(paging, due)
	}
}

func TestTranscriptionRetentionKilledAtEveryStep(t *testing.T) {
	for _, paging := range []string{"cursors", "numbers"} {
		t.Run(paging, func(t *testing.T) { t.Parallel(); transcriptionsKilled(t, paging) })
	}
}

func transcriptionsKilled(t *testing.T, paging string) {
	account, due := transcripts(paging)
	k := newKeeper(t, checked(t), account, telnyxsim.Config{})
	k.stage.size = 10
	t.Cleanup(k.close)
	desired := k.load("a", transcriptionYAML)
	c := &cut{keeper: k, desired: desired}
	for n := 1; ; n++ {
		what := fmt.Sprintf("%s, stopped at step %d", paging, n)
		if err := k.sim.SetAccount(must(t, account)); err != nil {
			t.Fatal(err)
		}
		c.state = fmt.Sprintf("%s/state-%s-%d", k.dir, paging, n)
		k.connect(client.Config{Concurrency: 1})
		ctx, cancel := context.WithCancel(context.Background())
		k.stage.n, k.stage.before = 0, func(i int, r *http.Request) error {
			if i < n {
				return nil
			}
			cancel()
			if i == n && n%2 == 0 {
				_, err := k.stage.direct.RoundTrip(r.WithContext(context.Background()))
				if err != nil {
					return err
				}
			}
			return io.ErrUnexpectedEOF
		}
		_, _ = k.run(ctx, transcriptionJob, apply.Situation{Desired: desired, Enforce: true})
		stopped := ctx.Err() != nil
		cancel()
		k.stage.before = nil
		if !stopped {
			if n < 12 {
				t.Errorf("only %d steps", n-1)
			}
			break
		}
		if left := k.ids("recording_transcriptions"); len(minus(left, due)) != 24-len(due) {
			t.Errorf("%s: something was deleted that is not due: left %v", what, sorted(left))
		}
		k.connect(client.Config{Concurrency: 1})
		if report, err := k.run(context.Background(), transcriptionJob, apply.Situation{Desired: desired, Enforce: true}); err != nil || report.Failed {
			t.Errorf("%s: %v %q", what, err, linesOf(report))
		}
		if left := k.ids("recording_transcriptions"); len(left) != 24-len(due) {
			t.Errorf("%s: left %v", what, sorted(left))
		}
		k.inHistory(what, due)
	}
}

func TestLostAnswersOfTranscriptions(t *testing.T) {
	t.Parallel()
	for _, do := range []string{"drop-before-commit", "drop-after-commit", "html", "status"} {
		account, due := transcripts("cursors")
		k := newKeeper(t, checked(t), account, telnyxsim.Config{})
		t.Cleanup(k.close)
		desired := k.load("a", transcriptionYAML)
		if err := k.sim.AddFaults(telnyxsim.Fault{Match: "DELETE /recording_transcriptions/*", Do: do, Times: 5}); err != nil {
			t.Fatal(err)
		}
		if _, err := k.run(context.Background(), transcriptionJob, apply.Situation{Desired: desired, Enforce: true}); err != nil {
			t.Errorf("%s: %v", do, err)
		}
		k.inHistory(do, minus(due, k.ids("recording_transcriptions")))
		if _, err := k.run(context.Background(), transcriptionJob, apply.Situation{Desired: desired, Enforce: true}); err != nil {
			t.Errorf("%s: then %v", do, err)
		}
		if left := k.ids("recording_transcriptions"); len(left) != 24-len(due) || len(minus(left, due)) != len(left) {
			t.Errorf("%s: left %v", do, sorted(left))
		}
		k.inHistory(do, due)
	}
}

// Cursors that lead in circles, or nowhere, or leave some out: nothing is deleted.
func TestTranscriptionPagesThatCannotBeTrusted(t *testing.T) {
	for name, edit := range map[string]func(meta, answer object){
		"in circles": func(meta, _ object) {
			meta["next"] = "/v2/recording_transcriptions?page[after]=x"
			meta["cursors"] = object{"after": "x"}
		},
		"nowhere":        func(meta, _ object) { meta["next"], meta["cursors"] = "/v2/recording_transcriptions", object{} },
		"a short page":   func(_, answer object) { answer["data"] = answer["data"].([]any)[1:] },
		"without a meta": func(_, answer object) { delete(answer, "meta") },
		"twice the same": func(_, answer object) { d := answer["data"].([]any); d[1] = d[0] },
		"without an id":  func(_, answer object) { delete(answer["data"].([]any)[1].(object), "id") },
	} {
		account, _ := transcripts("cursors")
		k := newKeeper(t, checked(t), account, telnyxsim.Config{})
		k.stage.size = 8
		t.Cleanup(k.close)
		desired := k.load("a", transcriptionYAML)
		k.stage.before = func(_ int, r *http.Request) error {
			q := r.URL.Query()
			if q.Get("page[after]") == "x" {
				q.Del("page[after]")
				r.URL.RawQuery = q.Encode()
			}
			return nil
		}
		k.stage.after = func(n int, _ *http.Request, res *http.Response) (*http.Response, error) {
			if n != 2 {
				return res, nil
			}
			return edited(t, res, edit), nil
		}
		report, err := k.run(context.Background(), transcriptionJob, apply.Situation{Desired: desired, Enforce: true})
		if err == nil || len(k.ids("recording_transcriptions")) != 24 || len(writes(k.sim)) > 0 {
			t.Errorf("%s: %v %q, sent %v", name, err, linesOf(report), writes(k.sim))
		}
	}
}

// edited is an answer with another body.
func edited(t tb, res *http.Response, edit func(meta, answer object)) *http.Response {
	t.Helper()
	text, err := io.ReadAll(res.Body)
	var answer object
	if err := errors.Join(err, json.Unmarshal(text, &answer)); err != nil {
		t.Fatal(err)
	}
	meta, _ := answer["meta"].(object)
	edit(meta, answer)
	res.Body = io.NopCloser(bytes.NewReader(must(t, answer)))
	return res
}
