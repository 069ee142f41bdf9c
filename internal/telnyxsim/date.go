package telnyxsim

import (
	"net/http"
	"time"
)

const dateAhead = "_date_ahead"

// date is the Date header of the answers: the real time, however the clock was moved, and
// what the account's setting adds to it.
func date() part {
	return part{settings: map[string]func(any) string{dateAhead: func(v any) string {
		if _, err := time.ParseDuration(v.(string)); err != nil {
			return "It must be a duration such as 10m or -10m."
		}
		return ""
	}}}
}

// setDate writes the Date header where it is not to be that of the server.
func (s *Sim) setDate(h http.Header) {
	s.mu.Lock()
	text, given := s.acc.switches[dateAhead]
	s.mu.Unlock()
	if given {
		ahead, _ := time.ParseDuration(text) // the part checked it
		h.Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
	}
}
