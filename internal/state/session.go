package state

import (
	"context"
	"errors"
	"time"
)

// Write is a writer's whole visit: it takes the lock, waiting for another holder for as long as
// patience says, opens the state, and gives both back when f has ended.
func Write(ctx context.Context, dir string, patience time.Duration, f func(db *DB, snap Snapshot) error) (err error) {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	lock, err := Acquire(waiting, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	db, err := Open(ctx, lock)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.takeIn(ctx, dir); err != nil {
		return err
	}
	snap, err := db.Snapshot(ctx)
	if err != nil {
		return err
	}
	return f(db, snap)
}
