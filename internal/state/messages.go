package state

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"telnyxsync/internal/resource"
)

func endMessage(exec execute, key string) { exec(`DELETE FROM messages WHERE message_key = ?`, key) }

func putMessage(exec execute, m *resource.Message) {
	endMessage(exec, m.Key)
	exec(`INSERT INTO messages (message_key, id, code, title, detail, pointer, connection, number, ticket, first_seen, rule)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		m.Key, m.ID, m.Code, m.Title, m.Detail, m.Pointer, m.Connection, m.Number, m.Ticket, stampOrNone(m.First), m.Rule)
}

func readMessages(ctx context.Context, tx *sql.Tx) (messages []resource.Message, err error) {
	err = query(ctx, tx, `SELECT message_key, id, code, title, detail, pointer, connection, number, ticket, first_seen, rule
		FROM messages`, func(scan scanner) error {
		var (
			m     resource.Message
			first string
		)
		err := scan(&m.Key, &m.ID, &m.Code, &m.Title, &m.Detail, &m.Pointer, &m.Connection, &m.Number, &m.Ticket, &first, &m.Rule)
		if err != nil {
			return err
		}
		if m.First, err = timeOrNone(first); err != nil {
			return fmt.Errorf("message %s: %w", m.Key, err)
		}
		messages = append(messages, m)
		return nil
	})
	slices.SortFunc(messages, func(a, b resource.Message) int { return strings.Compare(a.Key, b.Key) })
	return messages, err
}
