package state

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"telnyxsync/internal/resource"
)

func forgetRule(exec execute, k resource.RuleKey) {
	exec(`DELETE FROM rules WHERE kind = ? AND name = ? AND root = ?`, k.Addr.Kind, k.Addr.Name, k.Root)
}

func putRule(exec execute, r *resource.Rule) {
	forgetRule(exec, r.Key())
	exec(`INSERT INTO rules (kind, name, root, file, hold, says) VALUES (?, ?, ?, ?, ?, ?)`,
		r.Addr.Kind, r.Addr.Name, r.Root, r.File, bit(r.Hold), resource.Text(r.Says))
}

func readRules(ctx context.Context, tx *sql.Tx) (rules []resource.Rule, err error) {
	err = query(ctx, tx, `SELECT kind, name, root, file, hold, says FROM rules`, func(scan scanner) error {
		var (
			r    resource.Rule
			says string
		)
		if err := scan(&r.Addr.Kind, &r.Addr.Name, &r.Root, &r.File, &r.Hold, &says); err != nil {
			return err
		}
		if r.Says, err = resource.DecodeObject(says); err != nil {
			return fmt.Errorf("%s: says: %w", r.Addr, err)
		}
		rules = append(rules, r)
		return nil
	})
	sortRules(rules)
	return rules, err
}

func sortRules(rules []resource.Rule) {
	slices.SortFunc(rules, func(a, b resource.Rule) int { return cmp.Or(a.Addr.Compare(b.Addr), cmp.Compare(a.Root, b.Root)) })
}

func endDeletion(exec execute, id string) { exec(`DELETE FROM deletions WHERE id = ?`, id) }

func putDeletion(exec execute, d *resource.Deletion) {
	items := slices.Clone(d.Items)
	for i := range items {
		items[i].Created = items[i].Created.UTC()
	}
	endDeletion(exec, d.ID)
	exec(`INSERT INTO deletions (id, unit, at, items) VALUES (?, ?, ?, ?)`, d.ID, d.Unit, stampOrNone(d.At), resource.Text(items))
}

func readDeletions(ctx context.Context, tx *sql.Tx) (deletions []resource.Deletion, err error) {
	err = query(ctx, tx, `SELECT id, unit, at, items FROM deletions`, func(scan scanner) error {
		var (
			d         resource.Deletion
			at, items string
		)
		if err := scan(&d.ID, &d.Unit, &at, &items); err != nil {
			return err
		}
		if d.At, err = timeOrNone(at); err != nil {
			return fmt.Errorf("deletion %s: %w", d.ID, err)
		}
		if err := json.Unmarshal([]byte(items), &d.Items); err != nil {
			return fmt.Errorf("deletion %s: items: %w", d.ID, err)
		}
		deletions = append(deletions, d)
		return nil
	})
	sortDeletions(deletions)
	return deletions, err
}

// sortDeletions brings the oldest to the front. Not in SQL: as texts, 05.5 comes before 05Z.
func sortDeletions(deletions []resource.Deletion) {
	slices.SortFunc(deletions, func(a, b resource.Deletion) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
}
