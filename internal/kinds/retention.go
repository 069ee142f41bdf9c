package kinds

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/resource"
)

// TimeRange is a filter of a time: from one to another, both included.
type TimeRange struct {
	GTE string `yaml:"gte" doc:"From this time on, as in 2026-01-31T00:00:00Z."`
	LTE string `yaml:"lte" doc:"Up to this time, as in 2026-01-31T23:59:59Z."`
}

// RecordingRetention is an entry of recording_retention: which recordings are deleted at which age, or held.
type RecordingRetention struct {
	Connection       resource.RefTo[ExternalConnection] `yaml:"connection" doc:"Only recordings of this connection."`
	ConnectionID     resource.ID                        `yaml:"connection_id" doc:"Only recordings of the connection of this id, of whatever kind."`
	From             string                             `yaml:"from" doc:"Only calls from this number, however written; another party as the recording has it."`
	To               string                             `yaml:"to" doc:"Only calls to this party, likewise."`
	CallLegID        resource.ID                        `yaml:"call_leg_id" doc:"Only recordings of this leg of a call."`
	CallSessionID    resource.ID                        `yaml:"call_session_id" doc:"Only recordings of this call."`
	CallControlID    string                             `yaml:"call_control_id" doc:"Only recordings of this leg, by its id of Call Control."`
	ConferenceID     resource.ID                        `yaml:"conference_id" doc:"Only recordings of this conference."`
	ConferenceRegion string                             `yaml:"conference_region" doc:"Only recordings of conferences in this region."`
	SIPCallID        string                             `yaml:"sip_call_id" doc:"Only recordings of the call with this Call-ID."`
	CreatedAt        TimeRange                          `yaml:"created_at" doc:"Only recordings that were made then."`
	StartTime        TimeRange                          `yaml:"start_time" doc:"Only recordings that began then."`
	EndTime          TimeRange                          `yaml:"end_time" doc:"Only recordings that ended then."`
	DeleteAfter      resource.Duration                  `yaml:"delete_after" doc:"The age at which they are deleted for good, as in 90d; a day at least."`
	Keep             bool                               `yaml:"keep" doc:"Holds them, whatever another policy says; defaults to false."`
	MaxDeletesPerRun int                                `yaml:"max_deletes_per_run" rule:"min=1" doc:"At most so many are deleted in one run, the oldest first; defaults to all."`
	Archive          string                             `yaml:"archive" doc:"Directory, absolute, where each is kept before it is deleted."`
	WhenInOwnStorage string                             `yaml:"when_in_own_storage" rule:"enum=keep|delete" doc:"What is done with those in your own storage: keep, the default, or delete what Telnyx knows."`
}

// TranscriptionRetention is an entry of transcription_retention.
type TranscriptionRetention struct {
	RecordingID      resource.ID       `yaml:"recording_id" doc:"Only transcriptions of this recording."`
	CreatedAt        TimeRange         `yaml:"created_at" doc:"Only transcriptions that were made then."`
	DeleteAfter      resource.Duration `yaml:"delete_after" doc:"The age at which they are deleted for good, as in 30d; a day at least."`
	Keep             bool              `yaml:"keep" doc:"Holds them, whatever another policy says; defaults to false."`
	MaxDeletesPerRun int               `yaml:"max_deletes_per_run" rule:"min=1" doc:"At most so many are deleted in one run, the oldest first; defaults to all."`
}

// LogMessageRule is an entry of log_message_rules: which log messages of Telnyx are known.
type LogMessageRule struct {
	Code            string                             `yaml:"code" doc:"Only messages of this code, as in \"10015\"."`
	TitleContains   string                             `yaml:"title_contains" doc:"Only messages with this text in their title."`
	DetailContains  string                             `yaml:"detail_contains" doc:"Only messages with this text in their detail."`
	Connection      resource.RefTo[ExternalConnection] `yaml:"connection" doc:"Only messages about this connection."`
	TelephoneNumber string                             `yaml:"telephone_number" doc:"Only messages about this number, in E.164."`
	Dismiss         bool                               `yaml:"dismiss" doc:"Dismisses them on Telnyx; else they are known, and not reported as new."`
}

// The kinds whose entries are rules of a job.
const (
	RecordingRetentionKind     = "recording_retention"
	TranscriptionRetentionKind = "transcription_retention"
	LogMessageRulesKind        = "log_message_rules"
)

func noKey(string, resource.Object) string { return "" }

func recordingRetention() Row {
	return Row{Kind: resource.Kind{
		Name:   RecordingRetentionKind,
		Doc:    "Which recordings are deleted at which age; only reported unless the daemon is told to enforce it.",
		Schema: resource.SchemaOf[RecordingRetention](),
		Key:    noKey, Check: checkRecordingRetention, Rules: true,
	}}
}

func transcriptionRetention() Row {
	return Row{Kind: resource.Kind{
		Name:   TranscriptionRetentionKind,
		Doc:    "Which transcriptions of recordings are deleted at which age, likewise.",
		Schema: resource.SchemaOf[TranscriptionRetention](),
		Key:    noKey, Check: checkRetention, Rules: true,
	}}
}

func logMessageRules() Row {
	return Row{Kind: resource.Kind{
		Name:   LogMessageRulesKind,
		Doc:    "Which log messages of Telnyx about external connections are known, or dismissed.",
		Schema: resource.SchemaOf[LogMessageRule](),
		Key:    noKey, Check: checkLogMessageRule, Rules: true,
	}}
}

func isHold(o resource.Object) bool { return o["keep"] == true }

// ranges are the filters of times.
var ranges = []string{"created_at", "start_time", "end_time"}

func checkRetention(_ string, o resource.Object) (bad []resource.Invalid) {
	fail := func(path, format string, args ...any) {
		bad = append(bad, resource.Invalid{Path: path, Text: fmt.Sprintf(format, args...)})
	}
	after, deletes := o["delete_after"]
	switch hold := isHold(o); {
	case hold && deletes:
		fail("/delete_after", "it is held, and would be deleted: write keep: true or delete_after, not both")
	case !hold && !deletes:
		fail("", "delete_after is missing: write an age, as in 90d, or keep: true to hold what passes the filters")
	}
	if text, _ := after.(string); deletes {
		if d, err := resource.ParseDuration(text); err == nil && d < 24*time.Hour {
			fail("/delete_after", "%s is less than a day: write 1d or more", text)
		}
	}
	if isHold(o) {
		for _, field := range []string{"max_deletes_per_run", "archive", "when_in_own_storage"} {
			if _, written := o[field]; written {
				fail("/"+field, "what is held is not deleted: remove this")
			}
		}
	}
	for _, field := range ranges {
		if r, written := o[field].(resource.Object); written && len(r) == 0 {
			fail("/"+field, "an empty filter passes everything: remove it, or write gte or lte")
		}
		var ends [2]time.Time
		for i, end := range []string{"gte", "lte"} {
			path := resource.Pointer(field, end)
			text := resource.GetString(o, path)
			if _, written := resource.Get(o, path); !written {
				continue
			}
			var err error
			if ends[i], err = time.Parse(time.RFC3339, text); err != nil || ends[i].IsZero() {
				fail(path, "%q is no time with its offset from UTC: write it as in 2026-01-31T00:00:00Z", text)
			}
		}
		if !ends[0].IsZero() && !ends[1].IsZero() && ends[1].Before(ends[0]) {
			fail("/"+field, "it ends before it begins: swap gte and lte")
		}
	}
	return bad
}

func checkRecordingRetention(name string, o resource.Object) (bad []resource.Invalid) {
	bad = checkRetention(name, o)
	_, ref := o["connection"]
	if _, id := o["connection_id"]; ref && id {
		bad = append(bad, resource.Invalid{Path: "/connection_id", Text: "write connection or connection_id, not both"})
	}
	for _, field := range []string{"from", "to", "call_control_id", "conference_region", "sip_call_id"} {
		if v, written := o[field]; written && v == "" {
			bad = append(bad, resource.Invalid{Path: "/" + field, Text: "an empty filter passes nothing that is meant: remove it, or write what to look for"})
		}
	}
	for _, field := range []string{"from", "to", "call_control_id", "conference_region"} {
		if why := noLiteral(field, resource.GetString(o, "/"+field)); why != "" {
			bad = append(bad, resource.Invalid{Path: "/" + field, Text: why})
		}
	}
	if dir, ok := o["archive"].(string); ok && !filepath.IsAbs(dir) {
		bad = append(bad, resource.Invalid{Path: "/archive", Text: fmt.Sprintf("%q is not absolute: write the whole path of the directory", dir)})
	}
	return bad
}

// noLiteral is why a filter would find nothing, written as it is; "" where it may.
func noLiteral(field, value string) string {
	isParty := field == "from" || field == "to"
	wild := strings.IndexAny(value, "*?%")
	if isURI(value) { // there a percent sign begins an escape, and a question mark what is not compared
		wild = strings.IndexByte(value, '*')
	}
	switch {
	case wild >= 0 && isParty:
		return fmt.Sprintf("%q has the wildcard %q, which a filter does not know: write one number in full, as in +15125550100, and an entry for each", value, value[wild])
	case wild >= 0:
		return fmt.Sprintf("%q has the wildcard %q, which a filter does not know: write it in full, and an entry for each", value, value[wild])
	case isParty && strings.Contains(strings.ReplaceAll(value, " ", ""), "(0)"):
		return fmt.Sprintf("%q has a (0) that is not dialled with the country code: leave it out, as in +442079460000", value)
	}
	return ""
}

func isURI(value string) bool {
	scheme, _, found := strings.Cut(value, ":")
	return found && slices.Contains([]string{"sip", "sips", "tel"}, strings.ToLower(scheme))
}

func checkLogMessageRule(_ string, o resource.Object) (bad []resource.Invalid) {
	filters := slices.DeleteFunc([]string{"code", "title_contains", "detail_contains", "connection", "telephone_number"}, func(field string) bool {
		v, written := o[field]
		if written && v == "" {
			bad = append(bad, resource.Invalid{Path: "/" + field, Text: "it is empty: remove it, or write what to look for"})
		}
		return !written
	})
	if len(filters) == 0 {
		bad = append(bad, resource.Invalid{Text: "it would mean every message: write code, title_contains, detail_contains, connection or telephone_number"})
	}
	return bad
}
