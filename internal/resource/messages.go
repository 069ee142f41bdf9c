package resource

import "time"

// Message is a log message of Telnyx about an external connection.
type Message struct {
	Key        string    `json:"-"`  // what tells it from others: its id, or else a digest of all that it says
	ID         string    `json:"id"` // "" where Telnyx shows none: then it cannot be dismissed
	Code       string    `json:"code"`
	Title      string    `json:"title"`
	Detail     string    `json:"detail"`
	Pointer    string    `json:"pointer,omitempty"`
	Connection string    `json:"external_connection_id,omitempty"`
	Number     string    `json:"telephone_number,omitempty"`
	Ticket     string    `json:"ticket_id,omitempty"`
	First      time.Time `json:"first_seen"` // by us
	Rule       string    `json:"rule,omitempty"`
}
