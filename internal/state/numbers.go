package state

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"telnyxsync/internal/resource"
)

func endOrder(exec execute, id string) { exec(`DELETE FROM orders WHERE id = ?`, id) }

func putOrder(exec execute, o *resource.Order) {
	t := &o.Target
	endOrder(exec, o.ID)
	exec(`INSERT INTO orders (id, op, connection, location_id, civic_address_id, usage, additional_usages, numbers, ticket, retried, seen, at, settled)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.ID, o.Op, t.Connection, t.Location, t.CivicAddress, t.Usage, t.Additional, resource.Text(o.Numbers), o.Ticket, o.Retried,
		resource.Text(o.Seen), stampOrNone(o.At), bit(o.Settled))
}

func endTrouble(exec execute, n resource.Number) {
	exec(`DELETE FROM troubles WHERE number = ?`, n.String())
}

func putTrouble(exec execute, r *resource.Trouble) {
	t := &r.Target
	endTrouble(exec, r.Number)
	exec(`INSERT INTO troubles (number, op, connection, location_id, civic_address_id, usage, additional_usages, code, reason, ticket, attempts, at, next)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.Number.String(), r.Op, t.Connection, t.Location, t.CivicAddress, t.Usage, t.Additional, r.Code, r.Reason.Key(), r.Ticket,
		r.Attempts, stampOrNone(r.At), stampOrNone(r.Next))
}

// readable refuses numbers that could not be read again: one of them would make all of the state unreadable.
func readable(r *resource.Record) error {
	for i := range r.Orders {
		if err := readAgain(r.Orders[i].Numbers); err != nil {
			return fmt.Errorf("order %s: %w", r.Orders[i].ID, err)
		}
	}
	for i := range r.Groups {
		g := &r.Groups[i]
		for _, s := range append(slices.Collect(maps.Values(g.Uploaded)), g.Placed) {
			if err := readAgain(s); err != nil {
				return fmt.Errorf("%s: %w", g.Addr, err)
			}
		}
	}
	for i := range r.Troubles {
		n := r.Troubles[i].Number
		if _, err := resource.ParseNumber(n.String()); err != nil {
			return fmt.Errorf("trouble: %s %w", n, err)
		}
	}
	return nil
}

func readAgain(s resource.Numbers) error {
	var again resource.Numbers
	return json.Unmarshal([]byte(resource.Text(s)), &again)
}

func readOrders(ctx context.Context, tx *sql.Tx) (orders []resource.Order, err error) {
	err = query(ctx, tx, `SELECT id, op, connection, location_id, civic_address_id, usage, additional_usages, numbers, ticket, retried, seen, at, settled
		FROM orders`, func(scan scanner) error {
		var (
			o                 resource.Order
			numbers, seen, at string
		)
		t := &o.Target
		err := scan(&o.ID, &o.Op, &t.Connection, &t.Location, &t.CivicAddress, &t.Usage, &t.Additional, &numbers, &o.Ticket, &o.Retried,
			&seen, &at, &o.Settled)
		if err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(numbers), &o.Numbers); err != nil {
			return fmt.Errorf("order %s: numbers: %w", o.ID, err)
		}
		if err := json.Unmarshal([]byte(seen), &o.Seen); err != nil {
			return fmt.Errorf("order %s: seen: %w", o.ID, err)
		}
		if o.At, err = timeOrNone(at); err != nil {
			return fmt.Errorf("order %s: %w", o.ID, err)
		}
		orders = append(orders, o)
		return nil
	})
	// Not in SQL: as texts, 05.5 comes before 05Z.
	slices.SortFunc(orders, func(a, b resource.Order) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return orders, err
}

func readTroubles(ctx context.Context, tx *sql.Tx) (troubles []resource.Trouble, err error) {
	err = query(ctx, tx, `SELECT number, op, connection, location_id, civic_address_id, usage, additional_usages, code, reason, ticket, attempts, at, next
		FROM troubles`, func(scan scanner) error {
		var (
			r                        resource.Trouble
			number, reason, at, next string
		)
		t := &r.Target
		err := scan(&number, &r.Op, &t.Connection, &t.Location, &t.CivicAddress, &t.Usage, &t.Additional, &r.Code, &reason, &r.Ticket,
			&r.Attempts, &at, &next)
		if err != nil {
			return err
		}
		r.Reason = resource.ParseReason(reason)
		if r.Number, err = resource.ParseNumber(number); err != nil {
			return fmt.Errorf("trouble: %q %w", number, err)
		}
		if r.At, err = timeOrNone(at); err != nil {
			return fmt.Errorf("trouble of %s: %w", number, err)
		}
		if r.Next, err = timeOrNone(next); err != nil {
			return fmt.Errorf("trouble of %s: %w", number, err)
		}
		troubles = append(troubles, r)
		return nil
	})
	// Not in SQL: as texts, a longer number may come before a shorter one.
	slices.SortFunc(troubles, func(a, b resource.Trouble) int { return cmp.Compare(a.Number, b.Number) })
	return troubles, err
}
