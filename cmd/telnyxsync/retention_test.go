package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"telnyxsync/internal/contract"
	"telnyxsync/internal/telnyxsim"
)

// retentionAccount has as many recordings that are old enough, one that is held and one that is young.
func retentionAccount(t *testing.T, due int) []byte {
	t.Helper()
	list := []any{
		map[string]any{"id": "held", "created_at": "2020-01-01T00:00:00Z", "_sip_call_id": "complaint"}, map[string]any{"id": "young"},
	}
	for i := range due {
		list = append(list, map[string]any{"id": fmt.Sprint("r", i), "created_at": "2020-01-01T00:00:00Z", "from": "+15125550100"})
	}
	// Whoever deletes one that is gone is refused, so that it shows.
	text, err := json.Marshal(map[string]any{"recordings": list, "_recordings_batch_missing": "refuse"})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const retentionYAML = "recording_retention:\n  all: {delete_after: 30d}\n  held: {sip_call_id: complaint, keep: true}\n"

// Killed at every step, another run deletes what is left of what is due, and the history has each once.
func TestRetentionProcessKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	const due = 203
	for _, mode := range []string{"before", "committed", "answered"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			sim, err := telnyxsim.New(telnyxsim.Config{})
			if err != nil {
				t.Fatal(err)
			}
			k := &killer{next: contract.Wrap(t, sim)}
			srv := httptest.NewServer(k)
			t.Cleanup(srv.Close)
			r := newRigAt(t, srv.URL)
			r.write("a.yaml", retentionYAML)
			account := retentionAccount(t, due)
			for n := 1; ; n += stride {
				if err := sim.SetAccount(account); err != nil {
					t.Fatal(err)
				}
				r.state = filepath.Join(t.TempDir(), "state")
				if !k.killed(r, n, mode, "jobs", "run", "recording_retention", "--enforce", "--yes", "--limit", "recordings=1000") {
					if n < 7 {
						t.Errorf("only %d steps", n-1)
					}
					return
				}
				r.run(0, "jobs", "run", "recording_retention", "--enforce", "--yes", "--limit", "recordings=1000")
				left := map[string]bool{}
				for _, o := range r.account(nil)["recordings"] {
					left[fmt.Sprint(o["id"])] = true
				}
				if len(left) != 2 || !left["held"] || !left["young"] {
					t.Errorf("step %d: left %v", n, left)
				}
				out, _ := r.run(0, "history", "--output", "json", "--limit", "1000")
				for i := range due {
					if got := strings.Count(out, fmt.Sprintf(`"id": "r%d"`, i)); got != 1 {
						t.Errorf("step %d: the history has r%d %d times", n, i, got)
					}
				}
				if list, _ := r.run(0, "state", "list"); strings.Contains(list, "in doubt") {
					t.Errorf("step %d: %s", n, list)
				}
			}
		})
	}
}

// What people said, and where it can be heard, shows in nothing that is printed or written.
func TestRetentionCanary(t *testing.T) {
	t.Parallel()
	const said, where = "cAnArY said this", "https://127.0.0.1:1/cAnArY-bucket/x.mp3?X-Amz-Signature=cAnArY"
	for _, paging := range []string{"cursors", "numbers"} {
		text, err := json.Marshal(map[string]any{
			"_transcription_paging": paging,
			"recordings": []any{
				map[string]any{"id": "a", "created_at": "2020-01-01T00:00:00Z"},
				map[string]any{"id": "b", "created_at": "2020-01-01T00:00:00Z", "download_urls": map[string]any{"mp3": where}},
				map[string]any{"id": "c", "created_at": "soon", "download_urls": map[string]any{"mp3": where}},
			},
			"recording_transcriptions": []any{
				map[string]any{"id": "d", "created_at": "2020-01-01T00:00:00Z", "transcription_text": said},
				map[string]any{"id": "e", "created_at": "2020-01-01T00:00:00Z", "transcription_text": said},
				map[string]any{"id": "f", "created_at": "soon", "transcription_text": said},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		r, sim := newRig(t)
		if err := sim.SetAccount(text); err != nil {
			t.Fatal(err)
		}
		archive := filepath.Join(t.TempDir(), "archive")
		r.write("a.yaml", fmt.Sprintf("recording_retention:\n  all: {delete_after: 30d, archive: %q}\ntranscription_retention:\n  all: {delete_after: 30d}\n", archive))
		look := func(what string, text []byte) {
			for _, canary := range []string{"cAnArY", "X-Amz", "KEY-of-the-test"} {
				if i := bytes.Index(text, []byte(canary)); i >= 0 {
					t.Errorf("%s holds %s: %q", what, canary, text[max(i-80, 0):min(i+80, len(text))])
				}
			}
		}
		run := func(args ...string) {
			out, _ := r.exits(args...)
			what := strings.Join(args, " ")
			look(what, []byte(out))
			for _, dir := range []string{r.state, archive} {
				tree := os.DirFS(dir)
				_ = fs.WalkDir(tree, ".", func(path string, _ fs.DirEntry, _ error) error {
					text, _ := fs.ReadFile(tree, path) // a directory, or what is not there, holds nothing
					look("after "+what+": "+path, text)
					return nil
				})
			}
		}
		faults := []telnyxsim.Fault{
			{Match: "GET /recordings/*", Do: "status", Status: 500},
			{Match: "GET /recordings/*", Do: "html"},
			{Match: "DELETE /recording_transcriptions/*", Do: "html"},
			{Match: "DELETE /recording_transcriptions/*", Do: "status", Status: 422},
			{Match: "GET /recording_transcriptions", Do: "short-page"},
			{Match: "GET /recordings", Do: "short-page"},
		}
		if paging == "numbers" {
			faults = nil
		}
		for _, fault := range append(faults, telnyxsim.Fault{Match: "GET /nothing", Do: "status"}) {
			if err := sim.AddFaults(fault); err != nil {
				t.Fatal(err)
			}
			if err := sim.SetAccount(text); err != nil {
				t.Fatal(err)
			}
			for _, job := range []string{"recording_retention", "transcription_retention"} {
				run("jobs", "run", job, "--enforce", "--yes", "--debug", "--output", map[bool]string{true: "json", false: "text"}[fault.Do == "html"])
			}
			sim.ClearFaults()
		}
		run("jobs", "run", "recording_retention", "--debug")
		run("history", "--output", "json")
		run("history")
		run("state", "list", "--output", "json")
		left := r.account(nil)
		if len(left["recordings"]) != 2 || len(left["recording_transcriptions"]) != 1 {
			t.Errorf("left %v: what was tested?", left)
		}
	}
}
