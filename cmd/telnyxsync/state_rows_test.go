package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// Whatever state remembers under an address is listed, shown and forgotten by it.
func TestStateOfEachKindOfRow(t *testing.T) {
	r := newRigAt(t, "http://127.0.0.1:1")
	says := func(texts []string, args ...string) (out string) {
		t.Helper()
		out, _ = r.run(0, args...)
		for _, text := range texts {
			if !strings.Contains(out, text) {
				t.Errorf("telnyxsync %q: %q is missing in\n%s", args, text, out)
			}
		}
		return out
	}
	addr := func(kind, name string) resource.Addr { return resource.Addr{Kind: kind, Name: name} }
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	numbers := resource.NumbersOf(resource.Range{From: 15125550100, To: 15125550103})
	hold := addr("recording_retention", "case-7")
	err := state.Write(context.Background(), r.state, time.Second, func(db *state.DB, _ state.Snapshot) error {
		return db.Commit(context.Background(), resource.Record{
			Own: []resource.Owned{{Addr: addr("media", "music"), ID: "m-1", Root: "/a", Protect: true, Attempts: map[string]resource.Attempt{
				"/x": {Value: "1", Count: 3, Note: resource.Said("it may not be there")},
				"/y": {Value: "1", Count: 3, Note: resource.Reason{Code: apply.Unverifiable, Args: resource.Args{"text": "no GET returns it"}}},
			}}},
			Groups:    []resource.Group{{Addr: addr("phone_numbers", "hq"), Root: "/a", Target: resource.Target{Connection: "7"}, Placed: numbers}},
			Rules:     []resource.Rule{{Addr: hold, Root: "/a", Hold: true, Says: resource.Object{"keep": true}}, {Addr: hold, Root: "/b", Hold: true}},
			Deletions: []resource.Deletion{{ID: "recordings/batch 1", Unit: "recording", At: at}},
			Events:    []resource.Event{{Addr: hold, Op: "delete", Reason: resource.Said("it is old"), Outcome: "done"}},
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	says([]string{
		"media/music                      m-1          yes        /a\n",
		"phone_numbers/hq                 hq           no         /a\n",
		"recording_retention/case-7       case-7       no         /a\n",
		"recording_retention/case-7 (/b)  case-7 (/b)  no         /b\n",
		"in doubt: recordings/batch 1, begun at 2026-01-02T03:04:05Z\n",
	}, "state", "list")
	var music struct {
		Attempts map[string]struct{ Note string }
	}
	shown := says(nil, "state", "show", "media/music")
	if err := json.Unmarshal([]byte(shown), &music); err != nil || music.Attempts["/x"].Note != "it may not be there" || !strings.Contains(music.Attempts["/y"].Note, "no GET returns it") || strings.Contains(music.Attempts["/y"].Note, "{") {
		t.Errorf("%+v, %v", music, err)
	}
	says([]string{`"connection": "7"`, `"+15125550100-+15125550103"`}, "state", "show", "phone_numbers/hq")
	says([]string{`"keep": true`}, "state", "show", "recording_retention/case-7")
	says([]string{`"text": "it is old"`}, "history", "--output", "json")
	for _, a := range []string{"media/music", "phone_numbers/hq", "recording_retention/case-7", "recording_retention/case-7", "recordings/batch 1"} {
		says([]string{"forgotten: " + a}, "state", "forget", a)
	}
	if out := says(nil, "state", "list"); strings.Count(out, "\n") != 1 {
		t.Errorf("left: %s", out)
	}
	r.run(1, "state", "forget", "phone_numbers/hq")
}
