package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"telnyxsync/internal/contract"
	"telnyxsync/internal/telnyxsim"
)

// A dismissed message is gone for good. So each stands in the history once, whenever a run is killed.
func TestMessagesKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	const noise = 6
	list := []any{map[string]any{"id": "stays", "code": "20", "title": "news"}}
	for i := range noise {
		list = append(list, map[string]any{"id": fmt.Sprint("m", i), "code": "10", "title": "noise"})
	}
	account, err := json.Marshal(map[string]any{"log_messages": list, "_log_message_ids": "shown"})
	if err != nil {
		t.Fatal(err)
	}
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
			r.write("a.yaml", "log_message_rules:\n  noise: {code: \"10\", dismiss: true}\n")
			for n := 1; ; n += stride {
				if err := sim.SetAccount(account); err != nil {
					t.Fatal(err)
				}
				r.state = filepath.Join(t.TempDir(), "state")
				if !k.killed(r, n, mode, "jobs", "run", "log_messages") {
					if n < noise {
						t.Errorf("only %d steps", n-1)
					}
					return
				}
				r.run(0, "jobs", "run", "log_messages")
				if left := r.account(nil)["log_messages"]; len(left) != 1 || left[0]["id"] != "stays" {
					t.Errorf("step %d: left %v", n, left)
				}
				out, _ := r.run(0, "history", "--output", "json", "--limit", "100")
				for i := range noise {
					if got := strings.Count(out, fmt.Sprintf(`"id": "m%d"`, i)); got != 1 {
						t.Errorf("step %d: the history has m%d %d times", n, i, got)
					}
				}
				if list, _ := r.run(0, "state", "list"); strings.Contains(list, "in doubt") {
					t.Errorf("step %d: %s", n, list)
				}
			}
		})
	}
}
