package render

import "telnyxsync/internal/resource"

// messageWords are what log messages of Telnyx say, and what becomes of them.
var messageWords = map[resource.Code]string{
	"message":                messageText,
	"message_new":            "new: " + messageText,
	"message_not_dismissing": "new: " + messageText + "; it has no id, so it cannot be dismissed, and is not said again",
}

// messageText is a message in one line.
const messageText = `{{with .code}}{{.}} {{end}}{{.title}}{{if and .detail (ne .detail .title)}}: {{.detail}}{{end}}` +
	`{{about "at" .at "connection" .connection "number" .number "ticket" .ticket}}`

// about puts what there is of named values into brackets.
func about(pairs ...any) string {
	text := ""
	for i := 0; i+1 < len(pairs); i += 2 {
		if of, _ := pairs[i+1].(string); of != "" {
			name, _ := pairs[i].(string)
			text += ", " + name + " " + of
		}
	}
	if text == "" {
		return ""
	}
	return " (" + text[2:] + ")"
}
