package state

import (
	"context"
	"database/sql"
	"time"
)

// JobRun is the last run of a job.
type JobRun struct {
	Name    string    `json:"name"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	Error   string    `json:"error,omitempty"` // "" where it succeeded
}

// RecordJob remembers a run in the place of the one before it.
func (d *DB) RecordJob(ctx context.Context, r JobRun) error {
	return d.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM jobs WHERE name = ?`, r.Name); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO jobs (name, started, ended, error) VALUES (?, ?, ?, ?)`,
			r.Name, stamp(r.Started), stamp(r.Ended), r.Error)
		return err
	})
}

// Jobs reads the last run of each job that ever ran, by name.
func (d *DB) Jobs(ctx context.Context) (map[string]JobRun, error) {
	runs := map[string]JobRun{}
	err := d.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return query(ctx, tx, `SELECT name, started, ended, error FROM jobs`, func(scan scanner) error {
			var (
				r              JobRun
				started, ended string
				err            error
			)
			if err := scan(&r.Name, &started, &ended, &r.Error); err != nil {
				return err
			}
			if r.Started, err = time.Parse(time.RFC3339Nano, started); err != nil {
				return err
			}
			r.Ended, err = time.Parse(time.RFC3339Nano, ended)
			runs[r.Name] = r
			return err
		})
	})
	return runs, err
}
