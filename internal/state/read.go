package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"telnyxsync/internal/resource"
)

// Snapshot reads all but the history, in one transaction.
func (d *DB) Snapshot(ctx context.Context) (Snapshot, error) {
	s := Snapshot{Exists: true}
	err := d.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		meta := map[string]string{}
		err := query(ctx, tx, `SELECT name, value FROM meta`, func(scan scanner) error {
			var name, value string
			err := scan(&name, &value)
			meta[name] = value
			return err
		})
		if err != nil {
			return err
		}
		s.BaseURL, s.keyPrint, s.hmacKey = meta["base_url"], meta["key_print"], meta["hmac_key"]
		// The format is asked for anew: a writer may have brought the state up to date since it was opened for reading.
		var version int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		if err := checkVersion(d.path, version); err != nil {
			return err
		}
		return s.read(ctx, tx, version)
	})
	return s, err
}

// read reads the tables that a format has.
func (s *Snapshot) read(ctx context.Context, tx *sql.Tx, version int) error {
	owned, err := readOwned(ctx, tx, version)
	if err != nil {
		return err
	}
	intents, err := readIntents(ctx, tx)
	if err != nil {
		return err
	}
	if version < 4 {
		old := sortOut(owned, intents)
		s.Owned, s.Groups, s.Rules, s.Intents, s.Deletions = old.owned, old.groups, old.rules, old.intents, old.deletions
	} else {
		s.Owned, s.Intents = owned, intents
		if s.Groups, err = readGroups(ctx, tx); err != nil {
			return err
		}
		if s.Rules, err = readRules(ctx, tx); err != nil {
			return err
		}
		if s.Deletions, err = readDeletions(ctx, tx); err != nil {
			return err
		}
	}
	if version < 3 {
		return nil
	}
	if s.Orders, err = readOrders(ctx, tx); err != nil {
		return err
	}
	if s.Troubles, err = readTroubles(ctx, tx); err != nil {
		return err
	}
	if s.Messages, err = readMessages(ctx, tx); err != nil || version < 5 {
		return err
	}
	return s.readGuards(ctx, tx)
}

// readOwned reads owned as a format has it.
func readOwned(ctx context.Context, tx *sql.Tx, version int) (owned []resource.Owned, err error) {
	file, times, incarnation := "file", "renewed, ends", "incarnation"
	if version < 5 {
		incarnation = "''"
	}
	if version < 4 {
		file = "''"
	}
	if version < 2 {
		times = "'', ''"
	}
	err = query(ctx, tx, `SELECT kind, name, id, root, `+file+`, applied, protect, taken_down, attempts, `+times+`, `+incarnation+` FROM owned ORDER BY kind, name`,
		func(scan scanner) error {
			o, err := scanOwned(scan)
			owned = append(owned, o)
			return err
		})
	return owned, err
}

func readIntents(ctx context.Context, tx *sql.Tx) (intents []resource.Intent, err error) {
	err = query(ctx, tx, `SELECT kind, name, root, natural_key, hash, seen, at FROM intents ORDER BY kind, name`, func(scan scanner) error {
		var (
			i        resource.Intent
			seen, at string
		)
		if err := scan(&i.Addr.Kind, &i.Addr.Name, &i.Root, &i.Key, &i.Hash, &seen, &at); err != nil {
			return err
		}
		if i.At, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return err
		}
		intents = append(intents, i)
		return json.Unmarshal([]byte(seen), &intents[len(intents)-1].Seen)
	})
	return intents, err
}

func scanOwned(scan scanner) (resource.Owned, error) {
	var (
		o                                resource.Owned
		applied, attempts, renewed, ends string
	)
	err := scan(&o.Addr.Kind, &o.Addr.Name, &o.ID, &o.Root, &o.File, &applied, &o.Protect, &o.TakenDown, &attempts, &renewed, &ends, &o.Incarnation)
	if err != nil {
		return o, err
	}
	if o.Applied, err = resource.DecodeObject(applied); err != nil {
		return o, fmt.Errorf("%s: applied: %w", o.Addr, err)
	}
	if err = json.Unmarshal([]byte(attempts), &o.Attempts); err != nil {
		return o, fmt.Errorf("%s: attempts: %w", o.Addr, err)
	}
	if o.Renewed, err = timeOrNone(renewed); err != nil {
		return o, fmt.Errorf("%s: %w", o.Addr, err)
	}
	if o.Ends, err = timeOrNone(ends); err != nil {
		return o, fmt.Errorf("%s: %w", o.Addr, err)
	}
	return o, nil
}

// History reads the newest events, newest first; at most limit of them, of one address if addr is not nil.
func (d *DB) History(ctx context.Context, addr *resource.Addr, limit int) (events []resource.Event, err error) {
	where, args, guards := "", []any{}, "losses, let"
	if d.version < 5 {
		guards = "'', ''"
	}
	if addr != nil {
		where, args = "WHERE kind = ? AND name = ?", []any{addr.Kind, addr.Name}
	}
	err = d.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return query(ctx, tx, `SELECT seq, at, kind, name, op, object_id, reason, deltas, outcome, error, request_id, fingerprint, `+guards+`
			FROM history `+where+` ORDER BY seq DESC LIMIT ?`, func(scan scanner) error {
			var (
				e                          resource.Event
				at, reason, deltas, losses string
			)
			err := scan(
				&e.Seq, &at, &e.Addr.Kind, &e.Addr.Name, &e.Op, &e.ID, &reason, &deltas, &e.Outcome, &e.Error, &e.RequestID, &e.Fingerprint, &losses, &e.Let,
			)
			if err != nil {
				return err
			}
			if e.Losses, err = readLosses(losses); err != nil {
				return err
			}
			e.Reason = resource.ParseReason(reason)
			e.Deltas = json.RawMessage(deltas)
			e.At, err = time.Parse(time.RFC3339Nano, at)
			events = append(events, e)
			return err
		}, append(args, limit)...)
	})
	return events, err
}

type scanner = func(dest ...any) error

func query(ctx context.Context, tx *sql.Tx, text string, row func(scanner) error, args ...any) error {
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
