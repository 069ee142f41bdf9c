package client

import (
	"net/http"
	"time"
)

// ClockSkew tells how far Telnyx's clock is ahead of ours, by the Date of the last answer that was understood. Of what a
// second's resolution and the time on the way explain nothing is counted. known is false where no answer came yet, or the
// last one has no Date that can be read.
func (c *Client) ClockSkew() (skew time.Duration, known bool) {
	s := c.skew.Load()
	if s == nil {
		return 0, false
	}
	return *s, true
}

// skewOf is how far the Date of an answer lies outside of the time in which it must have been written, nil where there is
// none.
func skewOf(h http.Header, asked, answered time.Time) *time.Duration {
	from, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return nil
	}
	to := from.Add(time.Second)
	var skew time.Duration
	switch {
	case from.After(answered):
		skew = from.Sub(answered)
	case to.Before(asked):
		skew = to.Sub(asked)
	}
	return &skew
}
