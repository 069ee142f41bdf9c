package render

import "telnyxsync/internal/resource"

// What several examples of retention share.
const (
	aPolicy = "recording_retention/all"
	aHold   = "recording_retention/case-7"
	zoomRef = "external_connections/zoom"
)

// filters is how the filters of a policy change.
var filters = resource.Args{"old": []string{"connection_id=" + aConnection}, "new": []string{"connection_id=" + aConnection, "from=+15125550100"}}

// retentionExamples are those of retentionWords.
var retentionExamples = map[resource.Code]resource.Args{
	"recording_time_unread":   {"id": "r-1", "field": "created_at", "value": "yesterday"},
	"recording_time_too_old":  {"id": "r-1", "field": "created_at", "value": "0001-01-01T00:00:00Z"},
	"retention_rule_unread":   {"policy": aPolicy, "field": "created_at/gte", "value": "soon"},
	"retention_rule_too_soon": {"policy": aPolicy},
	"hold_untold":             {"policy": aHold, "connection": zoomRef},

	"remembered_hold_unread":        {"policy": aHold, "root": aRoot, "field": "created_at/gte", "value": "soon"},
	"remembered_hold_holds_nothing": {"policy": aHold, "root": aRoot},
	"remembered_hold_untold":        {"policy": aHold, "root": aRoot, "connection": zoomRef},

	"policy_untold": {"connection": zoomRef},

	"recordings_due":       {"oldest": began, "newest": "2026-01-20T03:04:05Z", "audio": 5400},
	"recordings_not_asked": {"count": 3, "unit": "recording", "oldest": began, "newest": "2026-01-20T03:04:05Z", "audio": 5400},
	"recordings_wait":      {"count": 1, "unit": "transcription", "max": 500},
	"policy_none_due":      {"unit": "transcription"},
	"in_own_storage":       {"count": 3, "unit": "recording", "oldest": began, "newest": "2026-01-20T03:04:05Z", "audio": 5400},
	"recording_aged":       {"created": began, "age": "365d", "from": "+1512555****", "to": "+1512555****"},

	"policy_new":        {"after": "90d"},
	"policy_removed":    {"after": "90d"},
	"policy_lengthened": {"old": "90d", "new": "365d"},
	"policy_shortened":  {"old": "365d", "new": "90d"},
	"policy_narrowed":   filters,
	"policy_widened":    {"old": filters["new"], "new": filters["old"]},
	"policy_refiltered": {"old": []string{"from=+15125550100"}, "new": []string{"to=+15125550100"}},
	"policy_bound":      {"old": 0, "new": 500},
	"policy_archive":    {"old": "", "new": "/var/lib/telnyxsync/archive"},

	"hold_released":   {"after": "90d"},
	"hold_placed":     {"after": "90d"},
	"hold_narrowed":   filters,
	"hold_widened":    {"old": filters["old"], "new": []string{}},
	"hold_refiltered": {"old": []string{"from=+15125550100"}, "new": []string{"to=+15125550100"}},
	"hold_remembered": {"roots": []string{aRoot}},
	"hold_elsewhere":  {"roots": []string{aRoot, "/srv/telnyxsync"}},
}

// messageExamples are those of messageWords.
var messageExamples = map[resource.Code]resource.Args{
	"message":                aMessage,
	"message_new":            aMessage,
	"message_not_dismissing": {"code": "", "title": "Uploaded", "detail": "", "at": "", "connection": aConnection, "number": "", "ticket": ""},
}

var aMessage = resource.Args{
	"code": "10015", "title": "Bad Request", "detail": "The number is not ready", "at": began, "connection": aConnection,
	"number": "+15125550100", "ticket": aTicket,
}

// guardExamples are those of guardWords.
var guardExamples = map[resource.Code]resource.Args{
	"dependents_unread":   {"error": anError},
	"holds_numbers":       {"count": 3},
	"over_limit":          {"class": "deletes", "kind": "external_connections", "count": 12, "taken": 3, "limit": 10, "base": 60, "disconnects": 3, "users": 0},
	"all_of_kind":         {"class": "numbers", "kind": "", "count": 2, "disconnects": 0, "users": 2},
	"hold_silent":         {"policy": aHold},
	"withheld_before":     {"at": began, "why": []resource.Reason{{Code: "root_empty", Args: resource.Args{"root": aRoot}}}},
	"no_such_set":         {"code": "QK3M5ZT2AB"},
	"protected":           {"address": aTrunk},
	"root_empty":          {"root": aRoot},
	"waits_for_withheld":  {"address": aTrunk},
	"disconnects_numbers": {"count": 1},
}

// applyExamples are those of applyWords.
var applyExamples = map[resource.Code]resource.Args{
	"state_of_other_url": {"state": "https://api.telnyx.com/v2", "url": "https://api.example.com/v2"},
	"key_unread":         {"error": anError},

	"several": {"reasons": []resource.Reason{{Code: "yaml_changed"}, {Code: "disconnects_numbers", Args: resource.Args{"count": 1}}}},

	"unverifiable":      {"text": "Telnyx accepts it, and shows it nowhere"},
	"holds_numbers_now": {"count": 3},

	"numbers_sent":    {"count": 3},
	"numbers_adopted": {"count": 3},
	"numbers_asked":   {"count": 1},
	"adopted_by_hand": nil, "forgotten_by_hand": nil,

	"not_failed":    {"op": "upload"},
	"only_observed": {"address": "phone_numbers/hq"},
	"in_place":      {"address": "phone_numbers/hq"},

	"clocks_apart":   {"skew": "-6m0s", "ahead": true},
	"clock_set_back": {"by": "1h0m0s"},

	"no_policy":             {"unit": "recording"},
	"hold_keeps":            {"count": 7, "due": 2, "unit": "recording", "more": false},
	"hold_matches_nothing":  {"count": 0, "unit": "recording"},
	"message_dismissed":     {"rule": "log_message_rules/noise", "code": "10015", "title": "Number not ready", "detail": "It is being ported.", "at": "/phone_numbers/0", "connection": "1293384261075731499", "number": "+15125550100", "ticket": "542f2d35"},
	"message_not_dismissed": {"error": "DELETE /external_connections/log_messages/1: 422 Unprocessable Entity", "code": "10015", "title": "Number not ready", "detail": "It is being ported.", "at": "/phone_numbers/0", "connection": "1293384261075731499", "number": "+15125550100", "ticket": "542f2d35"},
	"archived":              {"count": 50, "unit": "recording"},
	"not_archived":          {"count": 2, "unit": "recording"},
	"still_there":           {"count": 1, "called": 1, "unit": "transcription"},
	"stopped_lost":          {"count": 500, "batches": 5, "unit": "recording"},
	"stopped_forbidden":     {"count": 500, "batches": 5, "unit": "recording"},
	"cut_off":               {"count": 50, "gone": 12, "unit": "recording", "recorded": true},
	"only_reports":          {"count": 7, "unit": "recording", "kind": "recording_retention"},

	"messages_read": {"count": 40, "new": 2},

	"not_refreshed":    {"connection": aConnection},
	"refresh_started":  {"connection": aConnection, "request": "r-1"},
	"refresh_running":  {"connection": "", "request": "r-1"},
	"uploads_pending":  {"connection": aConnection, "count": 30, "uploads": 2},
	"pending_unread":   {"connection": aConnection, "error": anError},
	"foreign_operator": {"id": aConnection, "label": "Contoso"},
}

// approvalExamples are those of approvalWords.
var approvalExamples = map[resource.Code]resource.Args{
	"approve_set":   {"set": "siprec_connectors", "code": "QK3M5ZT2AB", "count": 4},
	"approve_rules": {"count": 50, "cutoff": began},
}
