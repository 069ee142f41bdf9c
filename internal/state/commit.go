package state

import (
	"context"
	"database/sql"
	"encoding/json"

	"telnyxsync/internal/resource"
)

// Record is what one change leaves behind, stored as a whole or not at all. What is ended or
// forgotten goes first, so that it can be put anew in the same record.
type Record struct {
	Own        *resource.Owned             // remember or replace this one
	Forget     *resource.Addr              // forget this one; with Own, a rename
	EndIntent  *resource.Addr              // the create is over, one way or the other
	Attempts   map[string]resource.Attempt // replaces those of AttemptsOf
	AttemptsOf *resource.Addr

	EndOrders   []string           // ids of those that are over, one way or the other
	Orders      []resource.Order   // remember these, each in the place of one with its id
	EndTroubles []resource.Number  // all is well with these, or nobody wants them any more
	Troubles    []resource.Trouble // remember these, each in the place of one of its number

	EndMessages []string           // keys of those that Telnyx no longer has
	Messages    []resource.Message // remember these, each in the place of one with its key

	Event  *Event
	Events []Event // after Event, where one change concerns several entries
}

// Commit stores records in one transaction.
func (d *DB) Commit(ctx context.Context, records ...Record) error {
	return d.tx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		for i := range records {
			if err := records[i].readable(); err != nil {
				return err
			}
		}
		prepared := map[string]*sql.Stmt{} // as there may be a hundred thousand rows
		exec := func(query string, args ...any) {
			if err == nil && prepared[query] == nil {
				prepared[query], err = tx.PrepareContext(ctx, query) //nolint:sqlclosecheck // it ends with the transaction
			}
			if err == nil {
				_, err = prepared[query].ExecContext(ctx, args...)
			}
		}
		for i := range records {
			d.commit(exec, &records[i])
		}
		return err
	})
}

type execute = func(query string, args ...any)

func (d *DB) commit(exec execute, r *Record) {
	if r.Forget != nil {
		exec(`DELETE FROM owned WHERE kind = ? AND name = ?`, r.Forget.Kind, r.Forget.Name)
	}
	if o := r.Own; o != nil {
		exec(`DELETE FROM owned WHERE kind = ? AND (name = ? OR id = ?)`, o.Addr.Kind, o.Addr.Name, o.ID)
		exec(`INSERT INTO owned (kind, name, id, root, applied, protect, taken_down, attempts, renewed, ends) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			o.Addr.Kind, o.Addr.Name, o.ID, o.Root, resource.Text(o.Applied), bit(o.Protect), bit(o.TakenDown), resource.Text(o.Attempts),
			stampOrNone(o.Renewed), stampOrNone(o.Ends))
	}
	if a := r.AttemptsOf; a != nil {
		exec(`UPDATE owned SET attempts = ? WHERE kind = ? AND name = ?`, resource.Text(r.Attempts), a.Kind, a.Name)
	}
	if a := r.EndIntent; a != nil {
		exec(`DELETE FROM intents WHERE kind = ? AND name = ?`, a.Kind, a.Name)
	}
	for _, id := range r.EndOrders {
		endOrder(exec, id)
	}
	for i := range r.Orders {
		endOrder(exec, r.Orders[i].ID)
		putOrder(exec, &r.Orders[i])
	}
	for _, n := range r.EndTroubles {
		endTrouble(exec, n)
	}
	for i := range r.Troubles {
		endTrouble(exec, r.Troubles[i].Number)
		putTrouble(exec, &r.Troubles[i])
	}
	for _, key := range r.EndMessages {
		endMessage(exec, key)
	}
	for i := range r.Messages {
		endMessage(exec, r.Messages[i].Key)
		putMessage(exec, &r.Messages[i])
	}
	if r.Event != nil {
		d.putEvent(exec, r.Event)
	}
	for i := range r.Events {
		d.putEvent(exec, &r.Events[i])
	}
}

func (d *DB) putEvent(exec execute, e *Event) {
	deltas := e.Deltas
	if deltas == nil {
		deltas = json.RawMessage("[]")
	}
	exec(`INSERT INTO history (seq, at, kind, name, op, object_id, reason, deltas, outcome, error, request_id, fingerprint)
		SELECT COALESCE(MAX(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM history`,
		stamp(d.now()), e.Addr.Kind, e.Addr.Name, e.Op, e.ID, e.Reason, string(deltas), e.Outcome, e.Error, e.RequestID, e.Fingerprint)
}
