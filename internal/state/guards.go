package state

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"telnyxsync/internal/resource"
)

// mostTaken is of how many of the newest losses guards are told. More than limits allow within 24 hours are only there
// where somebody let them through, and those do not count.
const mostTaken = 20_000

// readGuards reads what guards judge by.
func (s *Snapshot) readGuards(ctx context.Context, tx *sql.Tx) (err error) {
	if s.Taken, err = readTaken(ctx, tx); err != nil {
		return err
	}
	if s.Baselines, err = readBaselines(ctx, tx); err != nil {
		return err
	}
	if s.Withheld, err = readWithheld(ctx, tx); err != nil {
		return err
	}
	s.Approvals, err = readApprovals(ctx, tx)
	return err
}

func readLosses(text string) (losses []resource.Loss, err error) {
	if text == "" {
		return nil, nil
	}
	if err = json.Unmarshal([]byte(text), &losses); err != nil {
		return nil, fmt.Errorf("losses: %w", err)
	}
	return losses, nil
}

// readTaken reads what counts of the history. A row is no younger than one that was written after it, whatever the clock
// said that was ahead at the time.
func readTaken(ctx context.Context, tx *sql.Tx) (taken []resource.Taken, err error) {
	var newest string
	err = tx.QueryRowContext(ctx, `SELECT at FROM history ORDER BY seq DESC LIMIT 1`).Scan(&newest)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	last, err := time.Parse(time.RFC3339Nano, newest)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	err = query(ctx, tx, `SELECT at, kind, name, object_id, deltas, losses FROM history WHERE losses <> '' AND let = '' AND outcome <> 'failed'
		ORDER BY seq DESC LIMIT ?`, func(scan scanner) error {
		var (
			t                  resource.Taken
			at, deltas, losses string
		)
		if err := scan(&at, &t.Addr.Kind, &t.Addr.Name, &t.ID, &deltas, &losses); err != nil {
			return err
		}
		if t.At, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return fmt.Errorf("history: %w", err)
		}
		if t.At.After(last) {
			t.At = last
		}
		last = t.At
		list, err := readLosses(losses)
		for _, l := range list {
			t.Class, t.Count, t.Items = l.Class, l.Count, numbersIn(deltas)
			taken = append(taken, t)
		}
		return err
	}, mostTaken)
	return taken, err
}

// numbersIn are the phone numbers that a row of the history is about; none where it is about something else.
func numbersIn(deltas string) resource.Numbers {
	var list []struct {
		Path string
		New  json.RawMessage
	}
	if json.Unmarshal([]byte(deltas), &list) != nil || len(list) != 1 || list[0].Path != "/numbers" {
		return nil
	}
	var ranges []any
	if json.Unmarshal(list[0].New, &ranges) != nil {
		return nil
	}
	s, err := resource.ToNumbers(ranges)
	if err != nil {
		return nil
	}
	return s
}

func forgetBaseline(exec execute, kind, root string) {
	exec(`DELETE FROM baselines WHERE kind = ? AND root = ?`, kind, root)
}

func putBaseline(exec execute, b *resource.Baseline) {
	forgetBaseline(exec, b.Kind, b.Root)
	exec(`INSERT INTO baselines (kind, root, at, rules) VALUES (?, ?, ?, ?)`, b.Kind, b.Root, stamp(b.At), resource.Text(b.Rules))
}

func readBaselines(ctx context.Context, tx *sql.Tx) (list []resource.Baseline, err error) {
	err = query(ctx, tx, `SELECT kind, root, at, rules FROM baselines ORDER BY kind, root`, func(scan scanner) error {
		var (
			b         resource.Baseline
			at, rules string
		)
		if err := scan(&b.Kind, &b.Root, &at, &rules); err != nil {
			return err
		}
		if b.At, err = time.Parse(time.RFC3339Nano, at); err == nil {
			err = json.Unmarshal([]byte(rules), &b.Rules)
		}
		list = append(list, b)
		return err
	})
	return list, err
}

// putWithheld puts all withheld sets in the place of all before.
func putWithheld(exec execute, sets []resource.WithheldSet) {
	exec(`DELETE FROM withheld`)
	for i := range sets {
		s := &sets[i]
		exec(`INSERT INTO withheld (name, code, at, says) VALUES (?, ?, ?, ?)`, s.Name, s.Code, stamp(s.At), resource.Text(s))
	}
}

func readWithheld(ctx context.Context, tx *sql.Tx) (sets []resource.WithheldSet, err error) {
	err = query(ctx, tx, `SELECT says FROM withheld ORDER BY name`, func(scan scanner) error {
		var (
			s    resource.WithheldSet
			says string
		)
		if err := scan(&says); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(says), &s)
		sets = append(sets, s)
		return err
	})
	return sets, err
}

func putApproval(exec execute, a *resource.Approval) {
	exec(`DELETE FROM approvals WHERE id = ?`, a.ID)
	exec(`INSERT INTO approvals (id, name, code, at, approver, revoked, says) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		a.ID, a.Set, a.Code, stamp(a.At), a.By, stampOrNone(a.Revoked), resource.Text(a))
}

func readApprovals(ctx context.Context, tx *sql.Tx) (list []resource.Approval, err error) {
	err = query(ctx, tx, `SELECT says FROM approvals`, func(scan scanner) error {
		var (
			a    resource.Approval
			says string
		)
		if err := scan(&says); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(says), &a)
		list = append(list, a)
		return err
	})
	sortApprovals(list)
	return list, err
}

func sortApprovals(list []resource.Approval) {
	slices.SortFunc(list, func(a, b resource.Approval) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
}
