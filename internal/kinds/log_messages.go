package kinds

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

// Messages reads and dismisses log messages of Telnyx.
type Messages struct{ c *client.Client }

// NewMessages makes it.
func NewMessages(c *client.Client) Messages { return Messages{c} }

// List lists all messages, each once however often Telnyx has it. One without an id is known by what it says.
func (x Messages) List(ctx context.Context) ([]resource.Message, error) {
	list, err := x.c.LogMessages().List(ctx)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var out []resource.Message
	for _, o := range list {
		m := MessageOf(o)
		if !seen[m.Key] {
			seen[m.Key] = true
			out = append(out, m)
		}
	}
	return out, nil
}

// MessageOf reads a message as the API has it. Its texts are bounded: somebody else wrote them.
func MessageOf(o client.Object) resource.Message {
	source, _ := o["source"].(client.Object)
	meta, _ := o["meta"].(client.Object)
	m := resource.Message{
		ID: text(o, "id"), Code: clip(text(o, "code")), Title: clip(text(o, "title")), Detail: clip(text(o, "detail")), Pointer: clip(text(source, "pointer")),
		Connection: text(meta, "external_connection_id"), Number: text(meta, "telephone_number"), Ticket: text(meta, "ticket_id"),
	}
	if m.ID != "" {
		m.Key = "id " + m.ID
		return m
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{
		text(o, "code"), text(o, "title"), text(o, "detail"), text(source, "pointer"), m.Connection, m.Number, m.Ticket,
	}, "\x00")))
	m.Key = "content " + hex.EncodeToString(sum[:])
	return m
}

func clip(s string) string {
	const most = 500
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// Dismiss removes a message for good.
func (x Messages) Dismiss(ctx context.Context, id string) (resource.Receipt, error) {
	meta, err := x.c.LogMessages().Dismiss(ctx, id)
	return resource.Receipt{RequestID: meta.RequestID}, err
}
