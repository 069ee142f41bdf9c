package client

import (
	"net/url"
	"time"
)

// RecordingFilter says which recordings are meant: those that pass all of it. An empty field filters nothing, so that the
// zero value means all recordings. It is Telnyx that filters: who deletes by it looks at the entries as well.
type RecordingFilter struct {
	ConnectionID     string
	From, To         string // as Telnyx writes them in the recording
	CallLegID        string // a UUID, as is CallSessionID
	CallSessionID    string
	CallControlID    string
	ConferenceID     string
	ConferenceRegion string
	SIPCallID        string
	CreatedAt        Period
	StartTime        Period // of recording_started_at
	EndTime          Period // of recording_ended_at
}

// TranscriptionFilter says which transcriptions are meant, as [RecordingFilter] does.
type TranscriptionFilter struct {
	RecordingID string // a UUID
	CreatedAt   Period
}

// Period is a stretch of time, its ends included. A zero time leaves an end open. It is asked for in whole seconds, as in
// Telnyx's documentation, and never wider than it is.
type Period struct{ GTE, LTE time.Time }

func (f RecordingFilter) query() url.Values {
	q := query{}
	q.text("connection_id", f.ConnectionID)
	q.text("from", f.From)
	q.text("to", f.To)
	q.text("call_leg_id", f.CallLegID)
	q.text("call_session_id", f.CallSessionID)
	q.text("call_control_id", f.CallControlID)
	q.text("conference_id", f.ConferenceID)
	q.text("conference_region", f.ConferenceRegion)
	q.text("sip_call_id", f.SIPCallID)
	q.period("created_at", f.CreatedAt)
	q.period("start_time", f.StartTime)
	q.period("end_time", f.EndTime)
	return url.Values(q)
}

func (f TranscriptionFilter) query() url.Values {
	q := query{}
	q.text("recording_id", f.RecordingID)
	q.period("created_at", f.CreatedAt)
	return url.Values(q)
}

// query is made of filters.
type query url.Values

func (q query) text(name, value string) {
	if value != "" {
		q["filter["+name+"]"] = []string{value}
	}
}

func (q query) period(name string, p Period) {
	const whole = "2006-01-02T15:04:05Z"
	if from := p.GTE.UTC(); !p.GTE.IsZero() {
		if t := from.Truncate(time.Second); t.Before(from) {
			from = t.Add(time.Second)
		}
		q["filter["+name+"][gte]"] = []string{from.Format(whole)}
	}
	if !p.LTE.IsZero() {
		q["filter["+name+"][lte]"] = []string{p.LTE.UTC().Truncate(time.Second).Format(whole)}
	}
}
