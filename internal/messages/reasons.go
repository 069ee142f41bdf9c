package messages

import "telnyxsync/internal/resource"

// What is said of log messages. The arguments of each are code, title, detail, at, connection, number and ticket, as
// Telnyx has them; what it does not have is empty.
const (
	About         resource.Code = "message"                // what a message says, where it is dismissed
	New           resource.Code = "message_new"            // no rule knows it
	NotDismissing resource.Code = "message_not_dismissing" // a rule would dismiss it, and it has no id
)
