package state

import (
	"context"
	"database/sql"
	"time"

	"telnyxsync/internal/resource"
)

// Sent reads when each upload was sent last, by its ticket: the orders of those that have ended are
// gone, the history knows them.
func (d *DB) Sent(ctx context.Context) (map[string]time.Time, error) {
	const submitted = "submitted" // the outcome of what Telnyx took
	sent := map[string]time.Time{}
	err := d.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return query(ctx, tx, `SELECT object_id, at FROM history WHERE op IN (?, ?) AND outcome = ? ORDER BY seq`, func(scan scanner) error {
			var ticket, at string
			if err := scan(&ticket, &at); err != nil || ticket == "" {
				return err
			}
			t, err := time.Parse(time.RFC3339Nano, at)
			sent[ticket] = t
			return err
		}, resource.OrderUpload, resource.OrderRetry, submitted)
	})
	return sent, err
}
