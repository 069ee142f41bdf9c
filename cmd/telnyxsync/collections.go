package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"telnyxsync/internal/client"
)

// collection is one that can be read.
type collection struct {
	name, about, long string
	key               string // what one is named by; "" where one cannot be read alone
	under             bool   // it can be that of a connection
	needs             bool   // it is always that of a connection
	dated             bool   // it can be filtered by when they were made
	filters           []string
	columns           []column // the first of them is what rows are sorted by

	list func(ctx context.Context, c *client.Client, f *getFlags, take func(client.Object) error) error
	one  func(ctx context.Context, c *client.Client, f *getFlags, id string) (client.Object, error)
}

// column is a column of a table.
type column struct {
	head string
	text func(o client.Object, now time.Time) string
}

func plainText(head string, path ...string) column {
	return column{head, func(o client.Object, _ time.Time) string { return textAt(o, path...) }}
}

// since is a time, here, with how long ago it was.
func since(head string, path ...string) column {
	return column{head, func(o client.Object, now time.Time) string {
		text := textAt(o, path...)
		t, err := time.Parse(time.RFC3339, text)
		switch {
		case err != nil:
			return text
		case t.After(now):
			return fmt.Sprintf("%s (in %s)", local(t), age(t.Sub(now)))
		}
		return fmt.Sprintf("%s (%s ago)", local(t), age(now.Sub(t)))
	}}
}

// lengthOf is how many elements a list has.
func lengthOf(head, name string) column {
	return column{head, func(o client.Object, _ time.Time) string {
		list, _ := o[name].([]any)
		return fmt.Sprint(len(list))
	}}
}

func textAt(o client.Object, path ...string) string {
	var v any = o
	for _, name := range path {
		m, _ := v.(client.Object)
		v = m[name]
	}
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return fmt.Sprint(v)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = fmt.Sprint(e)
		}
		return strings.Join(parts, ",")
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

// all hands over a list that was read as a whole.
func all(list []client.Object, err error, take func(client.Object) error) error {
	for i := 0; err == nil && i < len(list); i++ {
		err = take(list[i])
	}
	return err
}

const onlyOne = "Telnyx has no list of them: one is read by its name or id."

// collections are all that the API has.
func collections() []*collection {
	return []*collection{
		{
			name: "external-connections", about: "Trunks to Zoom and Microsoft Teams", key: "ID",
			columns: []column{
				plainText("ID", "id"), plainText("TYPE", "external_sip_connection"), plainText("ACTIVE", "active"), plainText("TAGS", "tags"), since("CREATED", "created_at"),
			},
			list: func(ctx context.Context, c *client.Client, _ *getFlags, take func(client.Object) error) error {
				list, err := c.ExternalConnections().List(ctx)
				return all(list, err, take)
			},
			one: func(ctx context.Context, c *client.Client, _ *getFlags, id string) (client.Object, error) {
				return c.ExternalConnections().Get(ctx, id)
			},
		},
		civicAddresses(), locationsOf(), phoneNumbersOf(), uploadsOf(), releasesOf(),
		{
			name: "log-messages", about: "What went wrong with external connections, as Telnyx says", key: "ID",
			columns: []column{
				plainText("CODE", "code"), plainText("TITLE", "title"), plainText("DETAIL", "detail"), plainText("CONNECTION", "meta", "external_connection_id"),
				plainText("NUMBER", "meta", "telephone_number"), plainText("TICKET", "meta", "ticket_id"), plainText("ID", "id"),
			},
			list: func(ctx context.Context, c *client.Client, _ *getFlags, take func(client.Object) error) error {
				list, err := c.LogMessages().List(ctx)
				return all(list, err, take)
			},
			one: func(ctx context.Context, c *client.Client, _ *getFlags, id string) (client.Object, error) {
				return c.LogMessages().Get(ctx, id)
			},
		},
		recordingsOf(), transcriptionsOf(),
		{
			name: "media", about: "Sounds that calls can play", key: "NAME",
			columns: []column{plainText("NAME", "media_name"), plainText("TYPE", "content_type"), since("CREATED", "created_at"), since("EXPIRES", "expires_at")},
			list: func(ctx context.Context, c *client.Client, _ *getFlags, take func(client.Object) error) error {
				list, err := c.Media().List(ctx)
				return all(list, err, take)
			},
			one: func(ctx context.Context, c *client.Client, _ *getFlags, id string) (client.Object, error) {
				return c.Media().Get(ctx, id)
			},
		},
		{
			name: "siprec-connectors", about: "Session recording servers", long: onlyOne, key: "NAME",
			columns: []column{plainText("NAME", "name"), plainText("HOST", "host"), plainText("PORT", "port"), plainText("SUBDOMAIN", "app_subdomain")},
			one: func(ctx context.Context, c *client.Client, _ *getFlags, id string) (client.Object, error) {
				return c.SIPRECConnectors().Get(ctx, id)
			},
		},
		{
			name: "storage-credentials", about: "Where a connection's recordings are stored", long: onlyOne, key: "CONNECTION_ID",
			columns: []column{plainText("CONNECTION", "connection_id"), plainText("BACKEND", "backend"), plainText("BUCKET", "configuration", "bucket")},
			one: func(ctx context.Context, c *client.Client, _ *getFlags, id string) (client.Object, error) {
				return c.StorageCredentials().Get(ctx, id)
			},
		},
		{
			name: "dialogflow-connections", about: "The Dialogflow agent of a connection", long: onlyOne, key: "CONNECTION_ID",
			columns: []column{plainText("CONNECTION", "connection_id"), plainText("PROFILE", "conversation_profile_id"), plainText("ENVIRONMENT", "environment")},
			one: func(ctx context.Context, c *client.Client, _ *getFlags, id string) (client.Object, error) {
				return c.DialogflowConnections().Get(ctx, id)
			},
		},
	}
}

func recordingsOf() *collection {
	return &collection{
		name: "recordings", about: "Recordings of calls and conferences", key: "ID", under: true, dated: true,
		filters: []string{"from", "to", "call-leg-id", "call-session-id", "call-control-id", "conference-id", "conference-region", "sip-call-id"},
		columns: []column{
			since("CREATED", "created_at"), plainText("ID", "id"), plainText("FROM", "from"), plainText("TO", "to"),
			{"LENGTH", func(o client.Object, _ time.Time) string {
				n, _ := o["duration_millis"].(json.Number)
				ms, _ := n.Int64()
				return (time.Duration(ms) * time.Millisecond).Round(time.Second).String()
			}},
			plainText("STATUS", "status"),
		},
		list: func(ctx context.Context, c *client.Client, f *getFlags, take func(client.Object) error) error {
			return c.Recordings().Each(ctx, client.RecordingFilter{
				ConnectionID: f.connection, From: f.filter("from"), To: f.filter("to"), CallLegID: f.filter("call-leg-id"),
				CallSessionID: f.filter("call-session-id"), CallControlID: f.filter("call-control-id"), ConferenceID: f.filter("conference-id"),
				ConferenceRegion: f.filter("conference-region"), SIPCallID: f.filter("sip-call-id"), CreatedAt: f.period,
			}, take)
		},
		one: func(ctx context.Context, c *client.Client, _ *getFlags, id string) (client.Object, error) {
			return c.Recordings().Get(ctx, id)
		},
	}
}

func transcriptionsOf() *collection {
	return &collection{
		name: "recording-transcriptions", about: "What was said in recordings, as text", key: "ID", dated: true,
		long:    "A table leaves the texts out; YAML and JSON have them.",
		filters: []string{"recording-id"},
		columns: []column{since("CREATED", "created_at"), plainText("ID", "id"), plainText("RECORDING", "recording_id"), plainText("STATUS", "status")},
		list: func(ctx context.Context, c *client.Client, f *getFlags, take func(client.Object) error) error {
			return c.RecordingTranscriptions().Each(ctx, client.TranscriptionFilter{RecordingID: f.filter("recording-id"), CreatedAt: f.period}, take)
		},
		one: func(ctx context.Context, c *client.Client, _ *getFlags, id string) (client.Object, error) {
			return c.RecordingTranscriptions().Get(ctx, id)
		},
	}
}
