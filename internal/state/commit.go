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
		return write(ctx, tx, func(exec execute) {
			for i := range records {
				d.commit(exec, &records[i])
			}
		})
	})
}

// execute changes something within a transaction, unless something has gone wrong there.
type execute = func(query string, args ...any)

// write runs f, and tells what went wrong in it first.
func write(ctx context.Context, tx *sql.Tx, f func(exec execute)) (err error) {
	prepared := map[string]*sql.Stmt{} // as there may be a hundred thousand rows
	f(func(query string, args ...any) {
		if err == nil && prepared[query] == nil {
			prepared[query], err = tx.PrepareContext(ctx, query) //nolint:sqlclosecheck // it ends with the transaction
		}
		if err == nil {
			_, err = prepared[query].ExecContext(ctx, args...)
		}
	})
	return err
}

// commit puts what is ended or forgotten first, so that the same record can put it anew.
func (d *DB) commit(exec execute, r *resource.Record) {
	each(exec, r.Forget, forget)
	each(exec, r.EndIntents, endIntent)
	each(exec, r.ForgetGroups, forgetGroup)
	each(exec, r.ForgetRules, forgetRule)
	each(exec, r.ForgetBaselines, func(exec execute, k resource.RuleKey) { forgetBaseline(exec, k.Addr.Kind, k.Root) })
	each(exec, r.EndDeletions, endDeletion)
	each(exec, r.EndOrders, endOrder)
	each(exec, r.EndTroubles, endTrouble)
	each(exec, r.EndMessages, endMessage)

	putAll(exec, r.Own, putOwned)
	putAll(exec, r.Groups, putGroup)
	putAll(exec, r.Rules, putRule)
	putAll(exec, r.Baselines, putBaseline)
	if r.Withheld != nil {
		putWithheld(exec, *r.Withheld)
	}
	putAll(exec, r.Approvals, putApproval)
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

func forget(exec execute, a resource.Addr) {
	exec(`DELETE FROM owned WHERE kind = ? AND name = ?`, a.Kind, a.Name)
}

func putOwned(exec execute, o *resource.Owned) {
	exec(`DELETE FROM owned WHERE kind = ? AND (name = ? OR id = ?)`, o.Addr.Kind, o.Addr.Name, o.ID)
	exec(`INSERT INTO owned (kind, name, id, root, file, applied, protect, taken_down, attempts, renewed, ends, incarnation)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.Addr.Kind, o.Addr.Name, o.ID, o.Root, o.File, resource.Text(o.Applied), bit(o.Protect), bit(o.TakenDown), resource.Text(o.Attempts),
		stampOrNone(o.Renewed), stampOrNone(o.Ends), o.Incarnation)
}

func endIntent(exec execute, a resource.Addr) {
	exec(`DELETE FROM intents WHERE kind = ? AND name = ?`, a.Kind, a.Name)
}

func (d *DB) putEvent(exec execute, e *resource.Event) {
	deltas := e.Deltas
	if deltas == nil {
		deltas = json.RawMessage("[]")
	}
	losses, at := "", e.At
	if len(e.Losses) > 0 {
		losses = resource.Text(e.Losses)
	}
	if at.IsZero() {
		at = d.now()
	}
	exec(`INSERT INTO history (seq, at, kind, name, op, object_id, reason, deltas, outcome, error, request_id, fingerprint, losses, let)
		SELECT COALESCE(MAX(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM history`,
		stamp(at), e.Addr.Kind, e.Addr.Name, e.Op, e.ID, e.Reason.Key(), string(deltas), e.Outcome, e.Error, e.RequestID, e.Fingerprint, losses, e.Let)
}
