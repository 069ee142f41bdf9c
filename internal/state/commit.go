package state

import (
	"context"
	"database/sql"
	"encoding/json"

	"telnyxsync/internal/resource"
)

// Commit stores records in one transaction, one after the other: all of them, or nothing.
func (d *DB) Commit(ctx context.Context, records ...resource.Record) error {
	return d.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for i := range records {
			if err := readable(&records[i]); err != nil {
				return err
			}
		}
		w := &writer{ctx: ctx, tx: tx, prepared: map[string]*sql.Stmt{}}
		for i := range records {
			d.commit(w.exec, &records[i])
		}
		return w.err
	})
}

// writer writes within a transaction until something goes wrong, and remembers that.
type writer struct {
	ctx      context.Context //nolint:containedctx // that of the transaction, and gone with it
	tx       *sql.Tx
	prepared map[string]*sql.Stmt // as there may be a hundred thousand rows
	err      error
}

type execute = func(query string, args ...any)

func (w *writer) exec(query string, args ...any) {
	if w.err == nil && w.prepared[query] == nil {
		w.prepared[query], w.err = w.tx.PrepareContext(w.ctx, query) //nolint:sqlclosecheck // it ends with the transaction
	}
	if w.err == nil {
		_, w.err = w.prepared[query].ExecContext(w.ctx, args...)
	}
}

// commit puts what is ended or forgotten first, so that the same record can put it anew.
func (d *DB) commit(exec execute, r *resource.Record) {
	for _, a := range r.Forget {
		exec(`DELETE FROM owned WHERE kind = ? AND name = ?`, a.Kind, a.Name)
	}
	for _, a := range r.EndIntents {
		endIntent(exec, a)
	}
	each(exec, r.ForgetGroups, forgetGroup)
	each(exec, r.ForgetRules, forgetRule)
	each(exec, r.EndDeletions, endDeletion)
	each(exec, r.EndOrders, endOrder)
	each(exec, r.EndTroubles, endTrouble)
	each(exec, r.EndMessages, endMessage)

	putAll(exec, r.Own, putOwned)
	putAll(exec, r.Groups, putGroup)
	putAll(exec, r.Rules, putRule)
	putAll(exec, r.Deletions, putDeletion)
	putAll(exec, r.Orders, putOrder)
	putAll(exec, r.Troubles, putTrouble)
	putAll(exec, r.Messages, putMessage)
	putAll(exec, r.Events, d.putEvent)
}

// each does something with the key of each row.
func each[K any](exec execute, keys []K, do func(execute, K)) {
	for _, k := range keys {
		do(exec, k)
	}
}

// putAll stores rows, each in the place of the one with its key.
func putAll[T any](exec execute, rows []T, put func(execute, *T)) {
	for i := range rows {
		put(exec, &rows[i])
	}
}

func putOwned(exec execute, o *resource.Owned) {
	exec(`DELETE FROM owned WHERE kind = ? AND (name = ? OR id = ?)`, o.Addr.Kind, o.Addr.Name, o.ID)
	exec(`INSERT INTO owned (kind, name, id, root, file, applied, protect, taken_down, attempts, renewed, ends) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.Addr.Kind, o.Addr.Name, o.ID, o.Root, o.File, resource.Text(o.Applied), bit(o.Protect), bit(o.TakenDown), resource.Text(o.Attempts),
		stampOrNone(o.Renewed), stampOrNone(o.Ends))
}

func endIntent(exec execute, a resource.Addr) {
	exec(`DELETE FROM intents WHERE kind = ? AND name = ?`, a.Kind, a.Name)
}

func (d *DB) putEvent(exec execute, e *resource.Event) {
	deltas := e.Deltas
	if deltas == nil {
		deltas = json.RawMessage("[]")
	}
	exec(`INSERT INTO history (seq, at, kind, name, op, object_id, reason, deltas, outcome, error, request_id, fingerprint)
		SELECT COALESCE(MAX(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM history`,
		stamp(d.now()), e.Addr.Kind, e.Addr.Name, e.Op, e.ID, e.Reason.Key(), string(deltas), e.Outcome, e.Error, e.RequestID, e.Fingerprint)
}
