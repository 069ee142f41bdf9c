package render

import "telnyxsync/internal/resource"

// What several examples of phone numbers share.
const (
	aConnection = "1293384261075731499"
	aTicket     = "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"
	aJob        = "7f2b1a84-9d7c-4c55-8f0e-3c3f7d2a5b11"
	usersUse    = "calling_user_assignment"
)

// aFailure is how an upload ends for a number.
var aFailure = resource.Reason{Code: "upload_entry_failed", Args: resource.Args{"code": "internal_error", "message": "try again later"}}

// numberExamples are those of numberWords.
var numberExamples = map[resource.Code]resource.Args{
	"on_connection": {"connection": aConnection, "label": "zoom"},
	"at_location":   {"location": "lobby"},
	"leaves_teams":  {"count": 3, "connection": aConnection},
	"retry_due":     {"failure": aFailure},

	"answer_lost":       {"op": "upload", "since": began},
	"being_assigned":    {"job": aJob, "since": began},
	"being_moved":       {"since": began},
	"being_uploaded":    {"ticket": aTicket, "since": began},
	"uploaded_unlisted": {"ticket": aTicket, "since": began},
	"upload_of_others":  {"ticket": aTicket},
	"jobs_busy":         {"most": 20},
	"retry_waits":       {"op": "upload", "failure": aFailure, "at": began},
	"failure_unread":    {"ticket": aTicket, "error": anError},
	"failure_not_read":  {"ticket": aTicket},

	"toll_free":           {"usage": usersUse},
	"other_usage":         {"usage": usersUse, "additional": []string{"first_party_app_assignment", "conference_assignment"}},
	"move_not_allowed":    {"connection": aConnection, "label": "Contoso", "leaves_teams": true},
	"no_default_location": {"civic_address": "f1a1"},
	"no_such_place": {
		"location": "l-9", "civic_address": "f1a1", "candidates": []string{"l-1", "l-2"}, "rooms": []string{"lobby", ""},
		"addresses": []string{"1 Main St, Austin", "2 Main St, Austin"}, "more": 4,
	},
	"impossible_event":       {"event": "listed", "state": "failed"},
	"account_unread":         {"error": anError},
	"uploads_unread":         {"error": anError},
	"connection_unread":      {"connection": aConnection, "label": "Contoso", "error": anError},
	"civic_addresses_unread": {"error": anError},

	"upload_entry_failed": aFailure.Args,
	"upload_failed":       {"code": "10015", "message": "Bad Request"},
	"left_out_of_upload":  {"ticket": aTicket},
	"upload_gone":         {"ticket": aTicket},
	"taken_away":          {"ticket": aTicket},
	"job_entry_failed":    {"message": "the number is being ported out"},
	"job_without_effect":  {"job": aJob},
	"move_without_effect": {"at": began},
	"refused":             {"message": "422 Unprocessable Entity: 10015 Bad Request"},
	"exhausted":           {"attempts": 24, "failure": aFailure},
}
