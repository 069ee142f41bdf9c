package state_test

import (
	"context"
	"testing"
	"time"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// What the history knows of uploads is when Telnyx took them, not what became of them.
func TestSent(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	begin := time.Now()
	err := state.Write(ctx, dir, time.Second, func(db *state.DB, _ state.Snapshot) error {
		addr := resource.Addr{Kind: "phone_numbers", Name: "hq"}
		row := func(op, ticket, outcome string) resource.Event {
			return resource.Event{Addr: addr, Op: op, ID: ticket, Outcome: outcome}
		}
		return db.Commit(ctx, resource.Record{Events: []resource.Event{
			row("upload", "A", "submitted"), row("upload", "A", "done"), row("retry", "B", "submitted"), row("retry", "", "done"),
			row("assign", "C", "submitted"), row("upload", "D", "failed"), row("upload", "", "submitted"),
		}})
	})
	if err != nil {
		t.Fatal(err)
	}
	db, release, err := state.OpenReadOnly(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	defer db.Close()
	sent, err := db.Sent(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(sent) != 2 || sent["A"].IsZero() || sent["B"].IsZero() {
		t.Fatalf("sent: %v, want A and B", sent)
	}
	if sent["A"].Before(begin.Add(-time.Second)) || sent["A"].After(time.Now()) {
		t.Errorf("A was sent at %v", sent["A"])
	}
}
