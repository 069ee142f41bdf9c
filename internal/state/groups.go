package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"telnyxsync/internal/resource"
)

func forgetGroup(exec execute, a resource.Addr) {
	exec(`DELETE FROM groups WHERE kind = ? AND name = ?`, a.Kind, a.Name)
}

func putGroup(exec execute, g *resource.Group) {
	t := &g.Target
	forgetGroup(exec, g.Addr)
	exec(`INSERT INTO groups (kind, name, root, file, protect, connection, location_id, civic_address_id, usage, additional_usages, uploaded, placed)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		g.Addr.Kind, g.Addr.Name, g.Root, g.File, bit(g.Protect), t.Connection, t.Location, t.CivicAddress, t.Usage, t.Additional,
		resource.Text(g.Uploaded), resource.Text(g.Placed))
}

func readGroups(ctx context.Context, tx *sql.Tx) (groups []resource.Group, err error) {
	err = query(ctx, tx, `SELECT kind, name, root, file, protect, connection, location_id, civic_address_id, usage, additional_usages, uploaded, placed
		FROM groups`, func(scan scanner) error {
		var (
			g                resource.Group
			uploaded, placed string
		)
		t := &g.Target
		err := scan(&g.Addr.Kind, &g.Addr.Name, &g.Root, &g.File, &g.Protect, &t.Connection, &t.Location, &t.CivicAddress, &t.Usage, &t.Additional,
			&uploaded, &placed)
		if err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(uploaded), &g.Uploaded); err != nil {
			return fmt.Errorf("%s: uploaded: %w", g.Addr, err)
		}
		if err := json.Unmarshal([]byte(placed), &g.Placed); err != nil {
			return fmt.Errorf("%s: placed: %w", g.Addr, err)
		}
		groups = append(groups, g)
		return nil
	})
	sortGroups(groups)
	return groups, err
}

func sortGroups(groups []resource.Group) {
	slices.SortFunc(groups, func(a, b resource.Group) int { return a.Addr.Compare(b.Addr) })
}
